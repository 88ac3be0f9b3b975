"""The variables of SDTM's trial design domains (SDTMIG 3.4), as ``sdtm_variables`` has those of subjects: TA, TE, TI, TS, TV."""

from __future__ import annotations

DESIGN: dict[str, tuple[str, str, str, str]] = {
    "TA": ("Trial Arms", "One record per planned Element per Arm", "TRIAL DESIGN", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        ARMCD|Planned Arm Code|text|Req||2
        ARM|Description of Planned Arm|text|Req||
        TAETORD|Planned Order of Element within Arm|integer|Req||3
        ETCD|Element Code|text|Req||
        ELEMENT|Description of Element|text|Perm||
        TABRANCH|Branch|text|Exp||
        TATRANS|Transition Rule|text|Exp||
        EPOCH|Epoch|text|Req|EPOCH|
        """),
    "TE": ("Trial Elements", "One record per planned Element", "TRIAL DESIGN", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        ETCD|Element Code|text|Req||2
        ELEMENT|Description of Element|text|Req||
        TESTRL|Rule for Start of Element|text|Req||
        TEENRL|Rule for End of Element|text|Perm||
        TEDUR|Planned Duration of Element|text|Perm||
        """),
    "TI": ("Trial Inclusion/Exclusion Criteria", "One record per I/E criterion", "TRIAL DESIGN", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        IETESTCD|Incl/Excl Criterion Short Name|text|Req||2
        IETEST|Inclusion/Exclusion Criterion|text|Req||
        IECAT|Inclusion/Exclusion Category|text|Req||
        IESCAT|Inclusion/Exclusion Subcategory|text|Perm||
        TIRL|Inclusion/Exclusion Criterion Rule|text|Perm||
        TIVERS|Protocol Criteria Versions|text|Perm||
        """),
    "TS": ("Trial Summary", "One record per trial summary parameter value", "TRIAL DESIGN", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        TSSEQ|Sequence Number|integer|Req||3
        TSGRPID|Group ID|text|Perm||
        TSPARMCD|Trial Summary Parameter Short Name|text|Req||2
        TSPARM|Trial Summary Parameter|text|Req||
        TSVAL|Parameter Value|text|Exp||
        TSVALNF|Parameter Null Flavor|text|Perm||
        TSVALCD|Parameter Value Code|text|Exp||
        TSVCDREF|Name of the Reference Terminology|text|Exp||
        TSVCDVER|Version of the Reference Terminology|text|Exp||
        """),
    "TV": ("Trial Visits", "One record per planned Visit per Arm", "TRIAL DESIGN", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        VISITNUM|Visit Number|float|Req||2
        VISIT|Visit Name|text|Perm||
        VISITDY|Planned Study Day of Visit|integer|Perm||
        ARMCD|Planned Arm Code|text|Exp||3
        ARM|Description of Planned Arm|text|Perm||
        TVSTRL|Visit Start Rule|text|Req||
        TVENRL|Visit End Rule|text|Perm||
        """),
}  # fmt: skip
