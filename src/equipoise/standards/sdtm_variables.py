"""The variables of SDTM domains (SDTMIG 3.4) that we read and write, in the order of the standard.

A line is: name | label | kind (text, integer, float) | core | codelist | place in the key. Labels are the standard's.

Held against the tables of SDTMIG 3.4 as public repositories quote them (docs/terminology.md says which): label, type and core of
every line, but for the six timing variables in ``BEYOND``, which the model allows and the guide's tables do not list. Kinds
finer than Num (integer, float) and keys are ours. TRSTRESC has no codelist here: the guide's (TRPROPRS) is for words, not for sizes.
"""

from __future__ import annotations

from equipoise.standards.sdtm_design_variables import DESIGN

VERSION = "3.4"

#: Timing variables of the model that the guide's table of the domain does not list.
BEYOND: dict[str, tuple[str, ...]] = {
    "AE": ("AEDTC",), "DS": ("VISITNUM", "VISIT"), "EX": ("VISITNUM", "VISIT", "VISITDY"),
}  # fmt: skip

#: Domain → its label, what one record is, its class, and its lines.
DOMAINS: dict[str, tuple[str, str, str, str]] = {
    "DM": ("Demographics", "One record per subject", "SPECIAL PURPOSE", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        SUBJID|Subject Identifier for the Study|text|Req||
        RFSTDTC|Subject Reference Start Date/Time|text|Exp||
        RFENDTC|Subject Reference End Date/Time|text|Exp||
        RFXSTDTC|Date/Time of First Study Treatment|text|Exp||
        RFXENDTC|Date/Time of Last Study Treatment|text|Exp||
        RFICDTC|Date/Time of Informed Consent|text|Exp||
        RFPENDTC|Date/Time of End of Participation|text|Exp||
        DTHDTC|Date/Time of Death|text|Exp||
        DTHFL|Subject Death Flag|text|Exp|NY|
        SITEID|Study Site Identifier|text|Req||
        BRTHDTC|Date/Time of Birth|text|Perm||
        AGE|Age|float|Exp||
        AGEU|Age Units|text|Exp|AGEU|
        SEX|Sex|text|Req|SEX|
        RACE|Race|text|Exp|RACE|
        ETHNIC|Ethnicity|text|Perm|ETHNIC|
        ARMCD|Planned Arm Code|text|Exp||
        ARM|Description of Planned Arm|text|Exp||
        ACTARMCD|Actual Arm Code|text|Exp||
        ACTARM|Description of Actual Arm|text|Exp||
        ARMNRS|Reason Arm and/or Actual Arm is Null|text|Exp|ARMNULRS|
        ACTARMUD|Description of Unplanned Actual Arm|text|Exp||
        COUNTRY|Country|text|Req|ISO3166|
        DMDTC|Date/Time of Collection|text|Perm||
        DMDY|Study Day of Collection|integer|Perm||
        """),
    "DS": ("Disposition", "One record per disposition status or protocol milestone per subject", "EVENTS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        DSSEQ|Sequence Number|integer|Req||3
        DSGRPID|Group ID|text|Perm||
        DSREFID|Reference ID|text|Perm||
        DSSPID|Sponsor-Defined Identifier|text|Perm||
        DSTERM|Reported Term for the Disposition Event|text|Req||
        DSDECOD|Standardized Disposition Term|text|Req|DSDECOD|
        DSCAT|Category for Disposition Event|text|Exp|DSCAT|
        DSSCAT|Subcategory for Disposition Event|text|Perm|DSSCAT|
        VISITNUM|Visit Number|float|Perm||
        VISIT|Visit Name|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        DSDTC|Date/Time of Collection|text|Perm||
        DSSTDTC|Start Date/Time of Disposition Event|text|Exp||
        DSSTDY|Study Day of Start of Disposition Event|integer|Exp||
        """),
    "EX": ("Exposure", "One record per protocol-specified study treatment, constant-dosing interval, per subject", "INTERVENTIONS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        EXSEQ|Sequence Number|integer|Req||3
        EXSPID|Sponsor-Defined Identifier|text|Perm||
        EXTRT|Name of Treatment|text|Req||
        EXDOSE|Dose|float|Exp||
        EXDOSTXT|Dose Description|text|Perm||
        EXDOSU|Dose Units|text|Exp|UNIT|
        EXDOSFRM|Dose Form|text|Exp|FRM|
        EXDOSFRQ|Dosing Frequency per Interval|text|Perm|FREQ|
        EXROUTE|Route of Administration|text|Perm|ROUTE|
        EXADJ|Reason for Dose Adjustment|text|Perm||
        VISITNUM|Visit Number|float|Perm||
        VISIT|Visit Name|text|Perm||
        VISITDY|Planned Study Day of Visit|integer|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        EXSTDTC|Start Date/Time of Treatment|text|Exp||
        EXENDTC|End Date/Time of Treatment|text|Exp||
        EXSTDY|Study Day of Start of Treatment|integer|Perm||
        EXENDY|Study Day of End of Treatment|integer|Perm||
        """),
    "AE": ("Adverse Events", "One record per adverse event per subject", "EVENTS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        AESEQ|Sequence Number|integer|Req||3
        AESPID|Sponsor-Defined Identifier|text|Perm||
        AETERM|Reported Term for the Adverse Event|text|Req||
        AEMODIFY|Modified Reported Term|text|Perm||
        AELLT|Lowest Level Term|text|Exp||
        AELLTCD|Lowest Level Term Code|integer|Exp||
        AEDECOD|Dictionary-Derived Term|text|Req||
        AEPTCD|Preferred Term Code|integer|Exp||
        AEHLT|High Level Term|text|Exp||
        AEHLTCD|High Level Term Code|integer|Exp||
        AEHLGT|High Level Group Term|text|Exp||
        AEHLGTCD|High Level Group Term Code|integer|Exp||
        AECAT|Category for Adverse Event|text|Perm||
        AEBODSYS|Body System or Organ Class|text|Exp||
        AEBDSYCD|Body System or Organ Class Code|integer|Exp||
        AESOC|Primary System Organ Class|text|Exp||
        AESOCCD|Primary System Organ Class Code|integer|Exp||
        AESEV|Severity/Intensity|text|Perm|AESEV|
        AESER|Serious Event|text|Exp|NY|
        AEACN|Action Taken with Study Treatment|text|Exp|ACN|
        AEREL|Causality|text|Exp||
        AEOUT|Outcome of Adverse Event|text|Perm|OUT|
        AESCAN|Involves Cancer|text|Perm|NY|
        AESCONG|Congenital Anomaly or Birth Defect|text|Perm|NY|
        AESDISAB|Persist or Signif Disability/Incapacity|text|Perm|NY|
        AESDTH|Results in Death|text|Perm|NY|
        AESHOSP|Requires or Prolongs Hospitalization|text|Perm|NY|
        AESLIFE|Is Life Threatening|text|Perm|NY|
        AESOD|Occurred with Overdose|text|Perm|NY|
        AESMIE|Other Medically Important Serious Event|text|Perm|NY|
        AETOXGR|Standard Toxicity Grade|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        AEDTC|Date/Time of Collection|text|Perm||
        AESTDTC|Start Date/Time of Adverse Event|text|Exp||
        AEENDTC|End Date/Time of Adverse Event|text|Exp||
        AESTDY|Study Day of Start of Adverse Event|integer|Perm||
        AEENDY|Study Day of End of Adverse Event|integer|Perm||
        """),
    "TU": ("Tumor/Lesion Identification", "One record per identified tumor per subject per assessor", "FINDINGS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        TUSEQ|Sequence Number|integer|Req||3
        TUGRPID|Group ID|text|Perm||
        TUREFID|Reference ID|text|Perm||
        TUSPID|Sponsor-Defined Identifier|text|Perm||
        TULNKID|Link ID|text|Exp||
        TULNKGRP|Link Group ID|text|Perm||
        TUTESTCD|Tumor/Lesion ID Short Name|text|Req|TUTESTCD|
        TUTEST|Tumor/Lesion ID Test Name|text|Req|TUTEST|
        TUORRES|Tumor/Lesion ID Result|text|Exp||
        TUSTRESC|Tumor/Lesion ID Result Std. Format|text|Exp|TUIDRS|
        TULOC|Location of the Tumor/Lesion|text|Exp|LOC|
        TULAT|Laterality|text|Perm|LAT|
        TUMETHOD|Method of Identification|text|Exp|METHOD|
        TULOBXFL|Last Observation Before Exposure Flag|text|Exp|NY|
        TUEVAL|Evaluator|text|Exp|EVAL|
        TUEVALID|Evaluator Identifier|text|Perm|MEDEVAL|
        TUACPTFL|Accepted Record Flag|text|Perm|NY|
        VISITNUM|Visit Number|float|Exp||
        VISIT|Visit Name|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        TUDTC|Date/Time of Tumor/Lesion Identification|text|Exp||
        TUDY|Study Day of Tumor/Lesion Identification|integer|Perm||
        """),
    "TR": ("Tumor/Lesion Results", "One record per tumor measurement/assessment per visit per subject per assessor", "FINDINGS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        TRSEQ|Sequence Number|integer|Req||3
        TRGRPID|Group ID|text|Perm||
        TRREFID|Reference ID|text|Perm||
        TRSPID|Sponsor-Defined Identifier|text|Perm||
        TRLNKID|Link ID|text|Exp||
        TRLNKGRP|Link Group ID|text|Perm||
        TRTESTCD|Tumor/Lesion Assessment Short Name|text|Req|TRTESTCD|
        TRTEST|Tumor/Lesion Assessment Test Name|text|Req|TRTEST|
        TRORRES|Result or Finding in Original Units|text|Exp||
        TRORRESU|Original Units|text|Exp|UNIT|
        TRSTRESC|Character Result/Finding in Std Format|text|Exp||
        TRSTRESN|Numeric Result/Finding in Standard Units|float|Exp||
        TRSTRESU|Standard Units|text|Exp|UNIT|
        TRSTAT|Completion Status|text|Perm|ND|
        TRREASND|Reason Not Done|text|Perm||
        TRMETHOD|Method Used to Identify the Tumor/Lesion|text|Exp|METHOD|
        TRLOBXFL|Last Observation Before Exposure Flag|text|Exp|NY|
        TREVAL|Evaluator|text|Exp|EVAL|
        TREVALID|Evaluator Identifier|text|Perm|MEDEVAL|
        TRACPTFL|Accepted Record Flag|text|Perm|NY|
        VISITNUM|Visit Number|float|Exp||
        VISIT|Visit Name|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        TRDTC|Date/Time of Tumor/Lesion Measurement|text|Exp||
        TRDY|Study Day of Tumor/Lesion Measurement|integer|Perm||
        """),
    "RS": ("Disease Response and Clin Classification", "One record per response assessment or clinical classification assessment per time point per visit per subject per assessor per medical evaluator", "FINDINGS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        RSSEQ|Sequence Number|integer|Req||3
        RSGRPID|Group ID|text|Perm||
        RSSPID|Sponsor-Defined Identifier|text|Perm||
        RSLNKID|Link ID|text|Perm||
        RSLNKGRP|Link Group ID|text|Perm||
        RSTESTCD|Assessment Short Name|text|Req|ONCRTSCD|
        RSTEST|Assessment Name|text|Req|ONCRTS|
        RSCAT|Category for Assessment|text|Exp|ONCRSCAT|
        RSORRES|Result or Finding in Original Units|text|Exp||
        RSSTRESC|Character Result/Finding in Std Format|text|Exp|ONCRSR|
        RSSTAT|Completion Status|text|Perm|ND|
        RSREASND|Reason Not Done|text|Perm||
        RSLOBXFL|Last Observation Before Exposure Flag|text|Perm|NY|
        RSEVAL|Evaluator|text|Perm|EVAL|
        RSEVALID|Evaluator Identifier|text|Perm|MEDEVAL|
        RSACPTFL|Accepted Record Flag|text|Perm|NY|
        VISITNUM|Visit Number|float|Exp||
        VISIT|Visit Name|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        RSDTC|Date/Time of Assessment|text|Exp||
        RSDY|Study Day of Assessment|integer|Perm||
        """),
    "PC": ("Pharmacokinetics Concentrations", "One record per sample characteristic or time-point concentration per reference time point or per analyte per subject", "FINDINGS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        PCSEQ|Sequence Number|integer|Req||3
        PCGRPID|Group ID|text|Perm||
        PCREFID|Reference ID|text|Perm||
        PCSPID|Sponsor-Defined Identifier|text|Perm||
        PCTESTCD|Pharmacokinetic Test Short Name|text|Req||
        PCTEST|Pharmacokinetic Test Name|text|Req||
        PCCAT|Test Category|text|Perm||
        PCSCAT|Test Subcategory|text|Perm||
        PCORRES|Result or Finding in Original Units|text|Exp||
        PCORRESU|Original Units|text|Exp|PKUNIT|
        PCSTRESC|Character Result/Finding in Std Format|text|Exp||
        PCSTRESN|Numeric Result/Finding in Standard Units|float|Exp||
        PCSTRESU|Standard Units|text|Exp|PKUNIT|
        PCSTAT|Completion Status|text|Perm|ND|
        PCREASND|Reason Test Not Done|text|Perm||
        PCNAM|Vendor Name|text|Exp||
        PCSPEC|Specimen Material Type|text|Exp|SPECTYPE|
        PCMETHOD|Method of Test or Examination|text|Perm|METHOD|
        PCDRVFL|Derived Flag|text|Perm|NY|
        PCLLOQ|Lower Limit of Quantitation|float|Exp||
        VISITNUM|Visit Number|float|Exp||
        VISIT|Visit Name|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        PCDTC|Date/Time of Specimen Collection|text|Exp||
        PCDY|Actual Study Day of Specimen Collection|integer|Perm||
        PCTPT|Planned Time Point Name|text|Perm||
        PCTPTNUM|Planned Time Point Number|float|Perm||
        PCELTM|Planned Elapsed Time from Time Point Ref|text|Perm||
        PCTPTREF|Time Point Reference|text|Perm||
        PCRFTDTC|Date/Time of Reference Point|text|Perm||
        """),
    "PP": ("Pharmacokinetics Parameters", "One record per PK parameter per time-concentration profile per modeling method per subject", "FINDINGS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        PPSEQ|Sequence Number|integer|Req||3
        PPGRPID|Group ID|text|Perm||
        PPTESTCD|Parameter Short Name|text|Req|PKPARMCD|
        PPTEST|Parameter Name|text|Req|PKPARM|
        PPCAT|Parameter Category|text|Exp||
        PPSCAT|Parameter Subcategory|text|Perm||
        PPORRES|Result or Finding in Original Units|text|Exp||
        PPORRESU|Original Units|text|Exp|PKUNIT|
        PPSTRESC|Character Result/Finding in Std Format|text|Exp||
        PPSTRESN|Numeric Result/Finding in Standard Units|float|Exp||
        PPSTRESU|Standard Units|text|Exp|PKUNIT|
        PPSTAT|Completion Status|text|Perm|ND|
        PPREASND|Reason Parameter Not Calculated|text|Perm||
        PPSPEC|Specimen Material Type|text|Exp|SPECTYPE|
        PPANMETH|Analysis Method|text|Perm|PKANMET|
        EPOCH|Epoch|text|Perm|EPOCH|
        PPTPTREF|Time Point Reference|text|Perm||
        PPRFTDTC|Date/Time of Reference Point|text|Exp||
        """),
    "SV": ("Subject Visits", "One record per actual or planned visit per subject", "SPECIAL PURPOSE", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        VISITNUM|Visit Number|float|Req||3
        VISIT|Visit Name|text|Perm||
        SVPRESP|Pre-specified|text|Exp|NY|
        SVOCCUR|Occurrence|text|Exp|NY|
        SVREASOC|Reason for Occur Value|text|Perm||
        VISITDY|Planned Study Day of Visit|integer|Perm||
        SVSTDTC|Start Date/Time of Observation|text|Exp||
        SVENDTC|End Date/Time of Observation|text|Exp||
        SVSTDY|Study Day of Start of Observation|integer|Perm||
        SVENDY|Study Day of End of Observation|integer|Perm||
        """),
    "SS": ("Subject Status", "One record per status per visit per subject", "FINDINGS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        SSSEQ|Sequence Number|integer|Req||3
        SSSPID|Sponsor-Defined Identifier|text|Perm||
        SSTESTCD|Status Short Name|text|Req|SSTESTCD|
        SSTEST|Status Name|text|Req|SSTEST|
        SSORRES|Result or Finding Original Result|text|Exp||
        SSSTRESC|Character Result/Finding in Std Format|text|Exp|SSTATRS|
        VISITNUM|Visit Number|float|Exp||
        VISIT|Visit Name|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        SSDTC|Date/Time of Assessment|text|Exp||
        SSDY|Study Day of Assessment|integer|Perm||
        """),
    "CM": ("Concomitant/Prior Medications", "One record per recorded intervention occurrence or constant-dosing interval per subject", "INTERVENTIONS", """
        STUDYID|Study Identifier|text|Req||1
        DOMAIN|Domain Abbreviation|text|Req|DOMAIN|
        USUBJID|Unique Subject Identifier|text|Req||2
        CMSEQ|Sequence Number|integer|Req||3
        CMTRT|Reported Name of Drug, Med, or Therapy|text|Req||
        CMCAT|Category for Medication|text|Perm||
        CMSCAT|Subcategory for Medication|text|Perm||
        EPOCH|Epoch|text|Perm|EPOCH|
        CMSTDTC|Start Date/Time of Medication|text|Perm||
        CMENDTC|End Date/Time of Medication|text|Perm||
        CMSTDY|Study Day of Start of Medication|integer|Perm||
        """),
    "SUPP": ("Supplemental Qualifiers", "One record per supplemental qualifier per related parent domain record(s)", "RELATIONSHIP", """
        STUDYID|Study Identifier|text|Req||1
        RDOMAIN|Related Domain Abbreviation|text|Req|DOMAIN|2
        USUBJID|Unique Subject Identifier|text|Req||3
        IDVAR|Identifying Variable|text|Exp||4
        IDVARVAL|Identifying Variable Value|text|Exp||5
        QNAM|Qualifier Variable Name|text|Req||6
        QLABEL|Qualifier Variable Label|text|Req||
        QVAL|Data Value|text|Req||
        QORIG|Origin|text|Req||
        QEVAL|Evaluator|text|Exp|EVAL|
        """),
}  # fmt: skip
DOMAINS |= DESIGN
