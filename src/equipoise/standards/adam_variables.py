"""The variables of ADaM datasets (ADaMIG 1.3, OCCDS 1.1) that we write and read. Lines as in ``sdtm_variables``.

The one place of their labels, kinds, cores and codelists; ``adam.written`` says which of them we write, and where each is from.
Held against the tables of the ADaMIG and the OCCDS's rules as public repositories quote them (docs/terminology.md says which and
what was not found). Not standard, so named and labelled by us: ``SPONSOR``. Copies of SDTM variables keep SDTM's labels.
"""

from __future__ import annotations

import re

VERSION = "1.3"

#: Variables that no ADaM document defines; the ADaMIG (section 3.1.6) allows such beside its own.
SPONSOR = ("EFFFL", "RESPEVFL", "NADIR", "CHGNAD", "PCHGNAD", "AEVAL", "AEVALID", "DRVDESC", "EOTDT", "AVALU")
#: Variables whose core [Req, Cond, Perm] in ADAE is from memory: labels and types of OCCDS 1.1 were found, its cores were not.
CORE_FROM_MEMORY = (
    "ASTDT", "ASTDTF", "ASTDY", "AENDT", "AENDTF", "AENDY", "TRTEMFL", "ATOXGR", "ATOXGRN", "AREL", "AESEQ", "AETERM", "AEDECOD", "AEBODSYS",
    "AESOC", "AESTDTC", "AEENDTC", "AESEV", "AETOXGR", "AESER", "AESDTH", "AEREL", "AEACN", "AEOUT",
)  # fmt: skip

_SUBJECT = """
        STUDYID|Study Identifier|text|Req||
        USUBJID|Unique Subject Identifier|text|Req||1
        """
_ADSL = """
        SUBJID|Subject Identifier for the Study|text|Req||
        SITEID|Study Site Identifier|text|Req||
        AGE|Age|float|Req||
        AGEU|Age Units|text|Req|AGEU|
        SEX|Sex|text|Req|SEX|
        RACE|Race|text|Req|RACE|
        ARM|Description of Planned Arm|text|Req||
        ARMCD|Planned Arm Code|text|Perm||
        ACTARM|Description of Actual Arm|text|Perm||
        ACTARMCD|Actual Arm Code|text|Perm||
        TRT01P|Planned Treatment for Period 01|text|Req||
        TRT01PN|Planned Treatment for Period 01 (N)|integer|Perm||
        TRT01A|Actual Treatment for Period 01|text|Cond||
        TRT01AN|Actual Treatment for Period 01 (N)|integer|Perm||
        RANDDT|Date of Randomization|date|Cond||
        TRTSDT|Date of First Exposure to Treatment|date|Cond||
        TRTEDT|Date of Last Exposure to Treatment|date|Cond||
        DTHDT|Date of Death|date|Perm||
        DTHDTF|Date of Death Imputation Flag|text|Cond|DATEFL|
        DTHFL|Subject Death Flag|text|Perm|NY|
        LSTALVDT|Date Last Known Alive|date|Perm||
        EOSSTT|End of Study Status|text|Perm|SBJTSTAT|
        EOSDT|End of Study Date|date|Perm||
        DCSREAS|Reason for Discontinuation from Study|text|Perm||
        EOTSTT|End of Treatment Status|text|Perm|SBJTSTAT|
        EOTDT|End of Treatment Date|date|Perm||
        ITTFL|Intent-To-Treat Population Flag|text|Cond|NY|
        SAFFL|Safety Population Flag|text|Cond|NY|
        FASFL|Full Analysis Set Population Flag|text|Cond|NY|
        PPROTFL|Per-Protocol Population Flag|text|Cond|NY|
        EFFFL|Efficacy Population Flag|text|Perm|NY|
        RESPEVFL|Response Evaluable Population Flag|text|Perm|NY|
        """
#: Which record says that a patient was last known alive: the variables are ADaM's, the labels ours.
_ALIVE = """
        SRCDOM|Source of Date Last Known Alive|text|Perm||
        SRCSEQ|Source Number of Date Last Known Alive|integer|Perm||
        """
#: What ADSL requires, the others may copy.
_ARMS = (
    "\n".join(re.sub(r"\|(Req|Cond)\|", "|Perm|", line) for line in _ADSL.splitlines())
    + """
        TRTP|Planned Treatment|text|Cond||
        TRTPN|Planned Treatment (N)|integer|Perm||
        TRTA|Actual Treatment|text|Cond||
        TRTAN|Actual Treatment (N)|integer|Perm||
        """
)
_VALUE = """
        PARAM|Parameter|text|Req||
        PARAMCD|Parameter Code|text|Req||2
        PARCAT1|Parameter Category 1|text|Perm||
        PARCAT2|Parameter Category 2|text|Perm||
        PARCAT3|Parameter Category 3|text|Perm||
        AVAL|Analysis Value|float|Cond||
        AVALU|Analysis Value Unit|text|Perm||
        AVALC|Analysis Value (C)|text|Cond||
        """
_VISIT = """
        ADT|Analysis Date|date|Cond||3
        ADTF|Analysis Date Imputation Flag|text|Cond|DATEFL|
        ADY|Analysis Relative Day|integer|Cond||
        AVISIT|Analysis Visit|text|Cond||
        AVISITN|Analysis Visit (N)|float|Perm||
        VISIT|Visit Name|text|Perm||
        VISITNUM|Visit Number|float|Perm||
        """
_FLAGS = """
        BASE|Baseline Value|float|Cond||
        NADIR|Lowest Value before this Record|float|Perm||
        CHG|Change from Baseline|float|Perm||
        PCHG|Percent Change from Baseline|float|Perm||
        CHGNAD|Change from Nadir|float|Perm||
        PCHGNAD|Percent Change from Nadir|float|Perm||
        ABLFL|Baseline Record Flag|text|Cond|NY|
        ANL01FL|Analysis Flag 01|text|Cond|NY|
        AEVAL|Evaluator|text|Perm|EVAL|
        AEVALID|Evaluator Identifier|text|Perm|MEDEVAL|
        DTYPE|Derivation Type|text|Cond|DTYPE|
        """
_SOURCE = """
        SRCDOM|Source Data|text|Perm||
        SRCVAR|Source Variable|text|Perm||
        SRCSEQ|Source Sequence Number|integer|Perm||
        ASEQ|Analysis Sequence Number|integer|Perm||
        DRVDESC|Derivation in Words|text|Perm||
        """

DATASETS: dict[str, tuple[str, str, str, str]] = {
    "ADSL": ("Subject-Level Analysis Dataset", "One record per subject", "SUBJECT LEVEL ANALYSIS DATASET", _SUBJECT + _ADSL + _ALIVE),
    "ADRS": ("Response Analysis Dataset", "One record per subject, parameter and date", "BASIC DATA STRUCTURE",
             _SUBJECT + _ARMS + _VALUE + _VISIT + _FLAGS + _SOURCE),
    "ADTR": ("Tumor Results Analysis Dataset", "One record per subject, parameter and date", "BASIC DATA STRUCTURE",
             _SUBJECT + _ARMS + _VALUE + _VISIT + _FLAGS + _SOURCE),
    "ADTTE": ("Time-to-Event Analysis Dataset", "One record per subject and parameter", "BASIC DATA STRUCTURE",
              _SUBJECT + _ARMS + _VALUE + """
        STARTDT|Time-to-Event Origin Date for Subject|date|Perm||
        ADT|Analysis Date|date|Cond||
        ADTF|Analysis Date Imputation Flag|text|Cond|DATEFL|
        CNSR|Censor|integer|Cond||
        EVNTDESC|Event or Censoring Description|text|Perm||
        CNSDTDSC|Censor Date Description|text|Perm||
        """ + _SOURCE),
    "ADAE": ("Adverse Events Analysis Dataset", "One record per subject and adverse event", "OCCURRENCE DATA STRUCTURE",
             _SUBJECT + _ARMS + """
        AESEQ|Sequence Number|integer|Req||2
        AETERM|Reported Term for the Adverse Event|text|Req||
        AEDECOD|Dictionary-Derived Term|text|Cond||
        AEBODSYS|Body System or Organ Class|text|Cond||
        AESOC|Primary System Organ Class|text|Perm||
        AESTDTC|Start Date/Time of Adverse Event|text|Perm||
        AEENDTC|End Date/Time of Adverse Event|text|Perm||
        ASTDT|Analysis Start Date|date|Cond||
        ASTDTF|Analysis Start Date Imputation Flag|text|Cond|DATEFL|
        ASTDY|Analysis Start Relative Day|integer|Perm||
        AENDT|Analysis End Date|date|Cond||
        AENDTF|Analysis End Date Imputation Flag|text|Cond|DATEFL|
        AENDY|Analysis End Relative Day|integer|Perm||
        TRTEMFL|Treatment Emergent Analysis Flag|text|Cond|NY|
        AESEV|Severity/Intensity|text|Perm|AESEV|
        AETOXGR|Standard Toxicity Grade|text|Perm||
        ATOXGR|Analysis Toxicity Grade|text|Perm||
        ATOXGRN|Analysis Toxicity Grade (N)|integer|Perm||
        AESER|Serious Event|text|Req|NY|
        AESDTH|Results in Death|text|Perm|NY|
        AEREL|Causality|text|Perm||
        AREL|Analysis Causality|text|Perm||
        AEACN|Action Taken with Study Treatment|text|Perm|ACN|
        AEOUT|Outcome of Adverse Event|text|Perm|OUT|
        ASEQ|Analysis Sequence Number|integer|Perm||
        DRVDESC|Derivation in Words|text|Perm||
        """),
}  # fmt: skip
