"""The sections of ICH M11's protocol template, by number: what [protocol.text] may name, and what a protocol's headings are.

Numbers and headings are those of the final template (Step 4, adopted 19 November 2025) as a public reading of it gives them
(github.com/Panikos/Protocol2USDM, docs/M11_ANALYSIS.md), held against CDISC's mapping of the draft of 14 March 2025 (DDF-RA v4.0.0,
m11_mapping.xlsx): they differ in 11.9, 'Source Data' in the draft. We have not seen ICH's own document.
Sections that the template repeats for each objective (3.1.1, 10.4.1 …) are made by whoever writes the document.
"""

from __future__ import annotations

from collections.abc import Mapping

#: What a document says of itself.
EDITION = "ICH M11, Step 4 (19 November 2025)"

_TEXT = """
1 | Protocol Summary
1.1 | Protocol Synopsis
1.1.1 | Primary and Secondary Objectives and Estimands
1.1.2 | Overall Design
1.2 | Trial Schema
1.3 | Schedule of Activities
2 | Introduction
2.1 | Purpose of Trial
2.2 | Assessment of Risks and Benefits
2.2.1 | Risk Summary and Mitigation Strategy
2.2.2 | Benefit Summary
2.2.3 | Overall Risk-Benefit Assessment
3 | Trial Objectives and Associated Estimands
3.1 | Primary Objective(s) and Associated Estimand(s)
3.2 | Secondary Objective(s) and Associated Estimand(s)
3.3 | Exploratory Objective(s)
4 | Trial Design
4.1 | Description of Trial Design
4.1.1 | Stakeholder Input into Design
4.2 | Rationale for Trial Design
4.2.1 | Rationale for Estimand(s)
4.2.2 | Rationale for Intervention Model
4.2.3 | Rationale for Control Type
4.2.4 | Rationale for Trial Duration
4.2.5 | Rationale for Adaptive or Novel Trial Design
4.2.6 | Rationale for Interim Analysis
4.2.7 | Rationale for Other Trial Design Aspects
4.3 | Trial Stopping Rules
4.4 | Start of Trial and End of Trial
4.5 | Access to Trial Intervention After End of Trial
5 | Trial Population
5.1 | Description of Trial Population and Rationale
5.2 | Inclusion Criteria
5.3 | Exclusion Criteria
5.4 | Contraception
5.4.1 | Definitions Related to Childbearing Potential
5.4.2 | Contraception Requirements
5.5 | Lifestyle Restrictions
5.5.1 | Meals and Dietary Restrictions
5.5.2 | Caffeine, Alcohol, Tobacco, and Other Restrictions
5.5.3 | Physical Activity Restrictions
5.5.4 | Other Activity Restrictions
5.6 | Screen Failure and Rescreening
6 | Trial Intervention and Concomitant Therapy
6.1 | Description of Investigational Trial Intervention
6.2 | Rationale for Investigational Trial Intervention Dose and Regimen
6.3 | Investigational Trial Intervention Administration
6.4 | Investigational Trial Intervention Dose Modification
6.5 | Management of Investigational Trial Intervention Overdose
6.6 | Preparation, Storage, Handling and Accountability of Investigational Trial Intervention
6.6.1 | Preparation of Investigational Trial Intervention
6.6.2 | Storage and Handling of Investigational Trial Intervention
6.6.3 | Accountability of Investigational Trial Intervention
6.7 | Investigational Trial Intervention Assignment, Randomisation and Blinding
6.7.1 | Participant Assignment to Investigational Trial Intervention
6.7.2 | Randomisation
6.7.3 | Measures to Maintain Blinding
6.7.4 | Emergency Unblinding at the Site
6.8 | Investigational Trial Intervention Adherence
6.9 | Description of Noninvestigational Trial Intervention
6.9.1 | Background Trial Intervention
6.9.2 | Rescue Therapy
6.9.3 | Other Noninvestigational Trial Intervention
6.10 | Concomitant Therapy
6.10.1 | Prohibited Concomitant Therapy
6.10.2 | Permitted Concomitant Therapy
7 | Participant Discontinuation of Trial Intervention and Discontinuation or Withdrawal from Trial
7.1 | Discontinuation of Trial Intervention for Individual Participants
7.1.1 | Permanent Discontinuation of Trial Intervention
7.1.2 | Temporary Discontinuation of Trial Intervention
7.1.3 | Rechallenge
7.2 | Participant Discontinuation or Withdrawal from the Trial
7.3 | Management of Loss to Follow-Up
8 | Trial Assessments and Procedures
8.1 | Trial Assessments and Procedures Considerations
8.2 | Screening/Baseline Assessments and Procedures
8.3 | Efficacy Assessments and Procedures
8.4 | Safety Assessments and Procedures
8.4.1 | Physical Examination
8.4.2 | Vital Signs
8.4.3 | Electrocardiograms
8.4.4 | Clinical Laboratory Assessments
8.4.5 | Pregnancy Testing
8.4.6 | Suicidal Ideation and Behaviour Risk Monitoring
8.5 | Pharmacokinetics
8.6 | Biomarkers
8.6.1 | Genetics, Genomics, Pharmacogenetics and Pharmacogenomics
8.6.2 | Pharmacodynamic Biomarkers
8.6.3 | Other Biomarkers
8.7 | Immunogenicity Assessments
8.8 | Medical Resource Utilisation and Health Economics
9 | Adverse Events, Serious Adverse Events, Product Complaints, Pregnancy and Postpartum Information, and Special Safety Situations
9.1 | Definitions
9.1.1 | Definitions of Adverse Events
9.1.2 | Definitions of Serious Adverse Events
9.1.3 | Definitions of Product Complaints
9.1.3.1 | Definitions of Medical Device Product Complaints
9.2 | Timing and Procedures for Collection and Reporting
9.2.1 | Timing
9.2.2 | Collection Procedures
9.2.3 | Reporting
9.2.3.1 | Regulatory Reporting Requirements
9.2.4 | Adverse Events of Special Interest
9.2.5 | Disease-Related Events or Outcomes Not Qualifying as AEs or SAEs
9.3 | Pregnancy and Postpartum Information
9.3.1 | Participants Who Become Pregnant During the Trial
9.3.2 | Participants Whose Partners Become Pregnant During the Trial
9.4 | Special Safety Situations
10 | Statistical Considerations
10.1 | General Considerations
10.2 | Analysis Sets
10.3 | Analyses of Demographics and Other Baseline Variables
10.4 | Analyses Associated with the Primary Objective(s)
10.5 | Analyses Associated with the Secondary Objective(s)
10.6 | Analyses Associated with the Exploratory Objective(s)
10.7 | Safety Analyses
10.8 | Other Analyses
10.9 | Interim Analyses
10.10 | Multiplicity Adjustments
10.11 | Sample Size Determination
11 | Trial Oversight and Other General Considerations
11.1 | Regulatory and Ethical Considerations
11.2 | Trial Oversight
11.2.1 | Investigator Responsibilities
11.2.2 | Sponsor Responsibilities
11.3 | Informed Consent Process
11.3.1 | Informed Consent for Rescreening
11.3.2 | Informed Consent for Use of Remaining Samples in Exploratory Research
11.4 | Committees
11.5 | Insurance and Indemnity
11.6 | Risk-Based Quality Management
11.7 | Data Governance
11.8 | Data Protection
11.9 | Source Records
11.10 | Protocol Deviations
11.11 | Early Site Closure
11.12 | Data Dissemination
12 | Appendix: Supporting Details
12.1 | Clinical Laboratory Tests
12.2 | Country/Region-Specific Differences
12.3 | Prior Protocol Amendment(s)
13 | Appendix: Glossary of Terms and Abbreviations
14 | Appendix: References
"""
#: Number → heading, in the template's order.
HEADINGS: Mapping[str, str] = {n: h for n, _, h in (line.partition(" | ") for line in _TEXT.strip().splitlines())}
#: Sections that the template marks as optional: they may be left out, and no gap is shown for them.
OPTIONAL = frozenset(
    [
        "6.7.2",
        "6.7.3",
        "6.7.4",
        "6.9.1",
        "6.9.2",
        "6.9.3",
        "6.10.1",
        "6.10.2",
        "8.4.1",
        "8.4.2",
        "8.4.3",
        "8.4.4",
        "8.4.5",
        "8.4.6",
        "8.6.3",
        "9.1.3.1",
        "9.3.1",
        "9.3.2",
        "11.3.1",
        "11.3.2",
    ]
)
