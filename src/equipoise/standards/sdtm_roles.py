"""The roles of SDTM's variables, as the SDTMIG's tables give them: identifier, topic, timing, and five kinds of qualifier.

Held against SDTMIG 3.4 for every variable that we write (see docs/conformance.md).
"""

from __future__ import annotations

_IDENTIFIER = "STUDYID DOMAIN USUBJID RDOMAIN IDVAR IDVARVAL --SEQ --GRPID --REFID --SPID --LNKID --LNKGRP"
_TOPIC = "--TERM --TESTCD --TRT QNAM SUBJID"
_GROUPING = "--CAT --SCAT"
_RESULT = "--ORRES --STRESC --STRESN QVAL"
_SYNONYM = "--DECOD --MODIFY --TEST ACTARM ARM QLABEL"
_VARIABLE = """--BDSYCD --DOSFRM --DOSU --EVALID --HLGT --HLGTCD --HLT --HLTCD --LAT --LLT --LLTCD --ORRESU --PRESP --PTCD --ROUTE
    --SOC --SOCCD --STRESU AGEU"""
_TIMING = (
    "EPOCH VISIT VISITDY VISITNUM --DTC --STDTC --ENDTC --DY --STDY --ENDY --TPT --TPTNUM --ELTM --TPTREF --RFTDTC"
)
_ROLES = {
    name: role
    for role, names in (
        ("Identifier", _IDENTIFIER), ("Topic", _TOPIC), ("Grouping Qualifier", _GROUPING), ("Result Qualifier", _RESULT),
        ("Synonym Qualifier", _SYNONYM), ("Variable Qualifier", _VARIABLE), ("Timing", _TIMING),
    )
    for name in names.split()
}  # fmt: skip
#: A visit is what SV is about.
_OF_VISITS = {"VISITNUM": "Topic", "VISIT": "Synonym Qualifier"}


def role(domain: str, name: str) -> str:
    """The role of a variable of a domain; what has none of its own qualifies the record."""
    if domain == "SV" and name in _OF_VISITS:
        return _OF_VISITS[name]
    general = f"--{name[2:]}" if name.startswith(domain) and len(domain) == 2 else name
    return _ROLES.get(general, _ROLES.get(name, "Record Qualifier"))
