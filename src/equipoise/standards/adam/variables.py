"""The variables of our ADaM datasets: label, kind, terms and origin, as ADaMIG 1.3 and its occurrence data structure name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np

from equipoise.standards.dataset import Dataset, Kind, Variable

#: Day 0 of SAS dates.
SAS_EPOCH = date(1960, 1, 1)
_NUMBERS: Mapping[str, Kind] = {"i": "integer", "f": "float", "d": "date"}


def _variables(text: str, keys: tuple[str, ...]) -> tuple[Variable, ...]:
    """Variables from lines of: name, kind (t, i, f, d), codelist or '-', label."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        name, kind, codelist, label = line.split(maxsplit=3)
        found.append(
            Variable(
                name,
                label,
                _NUMBERS.get(kind, "text"),
                codelist="" if codelist == "-" else codelist,
                origin="Derived" if name not in _ASSIGNED else "Assigned",
                method=_METHODS.get(name, ""),
                key=keys.index(name) + 1 if name in keys else None,
            )
        )
    return tuple(found)


_ASSIGNED = {"STUDYID", "PARAM", "PARAMCD", "PARCAT1", "PARCAT2", "PARCAT3", "AVALU"}

#: How the derived variables are derived, as Define-XML says it.
_METHODS = {
    "TRTSDT": "Day of the first dose.",
    "TRTEDT": "Last day of exposure; an interval of doses ends on the day it says it does.",
    "LSTALVDT": "Last day of any contact, dose, assessment or adverse event; SRCDOM and SRCSEQ name the record.",
    "ANL01FL": "Y for assessments on or after randomization with a response that has a value; of several on a day the worst.",
    "CNSR": "0 for the endpoint's first event, 1 where a censoring rule of the trial file applies.",
    "CHG": "AVAL minus BASE.",
    "PCHG": "100 times (AVAL minus BASE) over BASE.",
    "NADIR": "Lowest sum with every target lesion evaluated before this record, baseline among them.",
    "CHGNAD": "AVAL minus NADIR.",
    "PCHGNAD": "100 times (AVAL minus NADIR) over NADIR.",
    "TRTEMFL": "Y where it began on or after the first dose and at most 30 days after the last.",
    "ADY": "ADT minus RANDDT, plus 1 from RANDDT on.",
    "ASTDY": "ASTDT minus TRTSDT, plus 1 from TRTSDT on.",
}

_SUBJECT = """
STUDYID  t - Study Identifier
USUBJID  t - Unique Subject Identifier
"""
_ARMS = """
ARM      t - Description of Planned Arm
ARMCD    t - Planned Arm Code
"""
_SOURCE = """
SRCDOM   t - Source Data
SRCVAR   t - Source Variable
SRCSEQ   i - Source Sequence Number
DRVDESC  t - Derivation in Words
"""

ADSL = _variables(
    _SUBJECT
    + """
SUBJID   t - Subject Identifier for the Study
SITEID   t - Study Site Identifier
"""
    + _ARMS
    + """
TRT01P   t - Planned Treatment for Period 01
TRT01A   t - Actual Treatment for Period 01
RANDDT   d - Date of Randomization
TRTSDT   d - Date of First Exposure to Treatment
TRTEDT   d - Date of Last Exposure to Treatment
DTHDT    d - Date of Death
DTHDTF   t DATEFL Date of Death Imputation Flag
DTHFL    t NY Subject Death Flag
LSTALVDT d - Date Last Known Alive
EOSSTT   t SBJTSTAT End of Study Status
EOSDT    d - End of Study Date
DCSREAS  t - Reason for Discontinuation from Study
EOTSTT   t SBJTSTAT End of Treatment Status
EOTDT    d - End of Treatment Date
ITTFL    t NY Intent-To-Treat Population Flag
SAFFL    t NY Safety Population Flag
PPROTFL  t NY Per-Protocol Population Flag
RESPEVFL t NY Response Evaluable Population Flag
SRCDOM   t - Source of Date Last Known Alive
SRCSEQ   i - Source Number of Date Last Known Alive
""",
    ("STUDYID", "USUBJID"),
)
ADRS = _variables(
    _SUBJECT
    + _ARMS
    + """
ASEQ     i - Analysis Sequence Number
RANDDT   d - Date of Randomization
PARAMCD  t - Parameter Code
PARAM    t - Parameter
PARCAT1  t - Parameter Category 1
PARCAT2  t - Parameter Category 2
PARCAT3  t - Parameter Category 3
AVISIT   t - Analysis Visit
ADT      d - Analysis Date
ADTF     t DATEFL Analysis Date Imputation Flag
ADY      i - Analysis Relative Day
AVAL     f - Analysis Value
AVALC    t - Analysis Value (C)
ANL01FL  t NY Analysis Flag 01
"""
    + _SOURCE,
    ("STUDYID", "USUBJID", "PARAMCD", "ADT", "ASEQ"),
)
ADTTE = _variables(
    _SUBJECT
    + _ARMS
    + """
ASEQ     i - Analysis Sequence Number
PARAMCD  t - Parameter Code
PARAM    t - Parameter
STARTDT  d - Time-to-Event Origin Date for Subject
ADT      d - Analysis Date
ADTF     t DATEFL Analysis Date Imputation Flag
AVAL     f - Analysis Value
AVALU    t - Analysis Value Unit
CNSR     i - Censor
EVNTDESC t - Event or Censoring Description
CNSDTDSC t - Censor Date Description
"""
    + _SOURCE,
    ("STUDYID", "USUBJID", "PARAMCD"),
)
ADAE = _variables(
    _SUBJECT
    + _ARMS
    + """
AESEQ    i - Sequence Number
AETERM   t - Reported Term for the Adverse Event
ASTDT    d - Analysis Start Date
ASTDTF   t DATEFL Analysis Start Date Imputation Flag
ASTDY    i - Analysis Start Relative Day
TRTEMFL  t NY Treatment Emergent Analysis Flag
ATOXGRN  i - Analysis Toxicity Grade (N)
AESER    t NY Serious Event
AREL     t NY Analysis Causality
TRTSDT   d - Date of First Exposure to Treatment
TRTEDT   d - Date of Last Exposure to Treatment
"""
    + _SOURCE,
    ("STUDYID", "USUBJID", "ASTDT", "AESEQ"),
)
ADTR = _variables(
    _SUBJECT
    + _ARMS
    + """
ASEQ     i - Analysis Sequence Number
PARAMCD  t - Parameter Code
PARAM    t - Parameter
PARCAT2  t - Parameter Category 2
AVISIT   t - Analysis Visit
ADT      d - Analysis Date
ADTF     t DATEFL Analysis Date Imputation Flag
ADY      i - Analysis Relative Day
AVAL     f - Analysis Value
AVALU    t - Analysis Value Unit
ABLFL    t NY Baseline Record Flag
BASE     f - Baseline Value
CHG      f - Change from Baseline
PCHG     f - Percent Change from Baseline
NADIR    f - Lowest Value before this Record
CHGNAD   f - Change from Nadir
PCHGNAD  f - Percent Change from Nadir
"""
    + _SOURCE,
    ("STUDYID", "USUBJID", "PARAMCD", "ADT", "ASEQ"),
)


def sas_date(day: date | None) -> float:
    """Days since 1960-01-01; NaN without a day."""
    return float((day - SAS_EPOCH).days) if day is not None else float("nan")


def dataset(name: str, label: str, variables: tuple[Variable, ...], rows: Iterable[Mapping[str, Any]]) -> Dataset:
    """Rows as columns. A variable that a row lacks is missing; a text's length is that of its longest value [bytes]."""
    found = list(rows)
    columns: dict[str, Any] = {}
    sized: list[Variable] = []
    for v in variables:
        values = [row.get(v.name) for row in found]
        length = v.length
        if v.kind == "text":
            texts = ["" if x is None else str(x) for x in values]
            length = max((len(t.encode()) for t in texts), default=1) or 1
            columns[v.name] = texts
        elif v.kind == "date":
            columns[v.name] = np.array([sas_date(x) for x in values], dtype=np.float64)
        else:
            columns[v.name] = np.array([np.nan if x is None else float(x) for x in values], dtype=np.float64)
        sized.append(
            Variable(v.name, v.label, v.kind, length, v.codelist, v.origin, v.method, v.core, v.key)
        )  # fmt: skip
    return Dataset(name, label, tuple(sized), columns)
