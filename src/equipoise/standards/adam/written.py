"""What we write as ADaM: which variables in which order, by what key, and where each is from. What they are, ``adam_variables`` says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.metadata import domain, filled, variable

#: Dataset → its variables in their order. A '?' marks one that is left out where no record has it.
WRITTEN: Mapping[str, str] = {
    "ADSL": """
        STUDYID USUBJID SUBJID SITEID AGE AGEU SEX RACE ARM ARMCD ACTARM? ACTARMCD? TRT01P TRT01A RANDDT TRTSDT TRTEDT
        DTHDT DTHDTF DTHFL LSTALVDT EOSSTT EOSDT DCSREAS EOTSTT EOTDT ITTFL SAFFL PPROTFL RESPEVFL SRCDOM SRCSEQ
        """,
    "ADRS": """
        STUDYID USUBJID ARM ARMCD TRT01P ASEQ RANDDT PARAMCD PARAM PARCAT1 PARCAT2 PARCAT3 AVISIT ADT ADTF ADY AVAL AVALC ANL01FL
        SRCDOM SRCVAR SRCSEQ DRVDESC
        """,
    "ADTTE": """
        STUDYID USUBJID ARM ARMCD TRT01P ASEQ PARAMCD PARAM STARTDT ADT ADTF AVAL AVALU CNSR EVNTDESC CNSDTDSC
        SRCDOM SRCVAR SRCSEQ DRVDESC
        """,
    "ADTR": """
        STUDYID USUBJID ARM ARMCD TRT01P ASEQ PARAMCD PARAM PARCAT2 AVISIT ADT ADTF ADY AVAL AVALC? AVALU ABLFL
        BASE CHG PCHG NADIR CHGNAD PCHGNAD SRCDOM SRCVAR SRCSEQ DRVDESC
        """,
    "ADAE": """
        STUDYID USUBJID ARM ARMCD TRT01P TRT01A AESEQ AETERM AEDECOD AEBODSYS AESOC? AESTDTC ASTDT ASTDTF ASTDY AEENDTC AENDT AENDTF
        AENDY TRTEMFL ATOXGR ATOXGRN AESER AREL
        TRTSDT TRTEDT DRVDESC
        """,
}  # fmt: skip

#: What tells one record from another, and orders them.
KEYS: Mapping[str, tuple[str, ...]] = {
    "ADSL": ("STUDYID", "USUBJID"),
    "ADRS": ("STUDYID", "USUBJID", "PARAMCD", "ADT", "ASEQ"),
    "ADTTE": ("STUDYID", "USUBJID", "PARAMCD"),
    "ADTR": ("STUDYID", "USUBJID", "PARAMCD", "ADT", "ASEQ"),
    "ADAE": ("STUDYID", "USUBJID", "ASTDT", "AESEQ"),
}

_ASSIGNED = ("PARAM", "PARAMCD", "PARCAT1", "PARCAT2", "PARCAT3", "AVALU")
#: Copied unchanged from SDTM, as ``export --as sdtm`` writes it.
_COPIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ADSL": ("DM", ("STUDYID", "USUBJID", "SUBJID", "SITEID", "AGE", "AGEU", "SEX", "RACE", "ARM", "ARMCD", "ACTARM", "ACTARMCD", "DTHFL")),
    "ADAE": ("AE", ("AESEQ", "AETERM", "AEDECOD", "AEBODSYS", "AESOC", "AESTDTC", "AEENDTC", "AESER")),
}  # fmt: skip
#: The OCCDS leaves the terms of AREL to the sponsor; ours are Y and N.
_TERMS: Mapping[str, str] = {"AREL": "NY"}

#: How the derived variables are derived, as Define-XML says it.
_METHODS: Mapping[str, str] = {
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
    "AENDY": "AENDT minus TRTSDT, plus 1 from TRTSDT on.",
    "ATOXGR": "The grade that AE.AETOXGR states.",
    "ATOXGRN": "ATOXGR as a number.",
}


@cache
def _ours(name: str, of: str) -> Variable:
    """A variable of a dataset, with its place in the key and where it is from."""
    key = KEYS[name].index(of) + 1 if of in KEYS[name] else None
    source = _copied_from(name, of)
    origin = "Assigned" if of in _ASSIGNED else "Predecessor" if source else "Derived"
    known = variable(name, of)
    return replace(
        known, codelist=_TERMS.get(of, known.codelist), origin=origin, method=source or _METHODS.get(of, ""), key=key
    )


def _copied_from(name: str, of: str) -> str:
    """'DM.AGE' for a copy; '' for what is not one. The others copy from ADSL what it has, but for the source of its last day."""
    domain_name, copied = _COPIES.get(name, ("", ()))
    if of in copied:
        return f"{domain_name}.{of}"
    return f"ADSL.{of}" if name != "ADSL" and of in names("ADSL") and not of.startswith("SRC") else ""


def names(name: str) -> list[str]:
    """The variables of a dataset in their order, the optional ones among them."""
    return WRITTEN[name].replace("?", "").split()


def dataset(name: str, rows: Iterable[Mapping[str, Any]], extra: Iterable[Variable] = ()) -> Dataset:
    """Rows as columns, the trial's ``extra`` variables last. A variable that a row lacks is missing there; a text's length is that of its longest value [bytes]."""
    found = list(rows)
    variables: list[Variable] = []
    columns: dict[str, Any] = {}
    for word in WRITTEN[name].split():
        plain = word.removesuffix("?")
        values = [row.get(plain) for row in found]
        if word != plain and all(x in (None, "") for x in values):
            continue
        v, columns[plain] = filled(_ours(name, plain), values)
        variables.append(v)
    for own in extra:
        v, columns[own.name] = filled(own, [row.get(own.name) for row in found])
        variables.append(v)
    known = domain(name)
    return Dataset(name, known.label if known else name, tuple(variables), columns)
