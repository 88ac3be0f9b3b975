"""The controlled terms that we write and read: codelists of CDISC by their submission names, with NCI's codes.

A line of ``LISTS`` is: submission name | name | NCI code | closed or open | all or some. Closed: CDISC allows no other term. All: every
term of the list stands here; some: only those that we need. Terms are: term | NCI code, with commas between them; a comma in a term
is written ';', and the code of a term of our own (of an open list) is '-'.
Held against the packages of ``PACKAGES``: docs/terminology.md. Not the whole terminology: that is NCI's, some 40,000 terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from equipoise.standards.dataset import Dataset

#: Publishing set of CDISC's terminology → the package that the lists here are of.
PACKAGES = {"SDTM": "2025-03-28", "ADaM": "2025-03-28"}
#: The lists of the ADaM terminology; the others are SDTM's.
_OF_ADAM = ("DATEFL", "SBJTSTAT", "DTYPE")
#: The code of a term that is ours, not CDISC's.
OWN = "-"

LISTS = """
    SEX|Sex|C66731|closed|all
    RACE|Race|C74457|closed|all
    ETHNIC|Ethnic Group|C66790|closed|all
    AGEU|Age Unit|C66781|closed|all
    NY|No Yes Response|C66742|closed|all
    ND|Not Done|C66789|closed|all
    ARMNULRS|Arm Null Reason|C142179|open|all
    EPOCH|Epoch|C99079|open|some
    DSCAT|Category of Disposition Event|C74558|closed|all
    DSSCAT|Subcategory for Disposition Event|C170443|open|all
    NCOMPLT|Completion/Reason for Non-Completion|C66727|open|some
    PROTMLST|Protocol Milestone|C114118|open|some
    AESEV|Severity/Intensity Scale for Adverse Events|C66769|closed|all
    ACN|Action Taken with Study Treatment|C66767|closed|all
    OUT|Outcome of Event|C66768|closed|all
    UNIT|Unit|C71620|open|some
    FRM|Dosage Form|C66726|open|some
    FREQ|Frequency|C71113|open|some
    ROUTE|Route of Administration Response|C66729|open|some
    LOC|Anatomical Location|C74456|open|some
    LAT|Laterality|C99073|open|all
    METHOD|Method|C85492|open|some
    EVAL|Evaluator|C78735|open|some
    MEDEVAL|Medical Evaluator Identifier|C96777|open|some
    DOMAIN|SDTM Domain Abbreviation|C66734|open|some
    TUTESTCD|Tumor or Lesion Identification Test Code|C96784|open|some
    TUTEST|Tumor or Lesion Identification Test Name|C96783|open|some
    TUIDRS|Tumor or Lesion Identification Test Results|C123650|open|some
    TRTESTCD|Tumor or Lesion Properties Test Code|C96779|open|some
    TRTEST|Tumor or Lesion Properties Test Name|C96778|open|some
    TRPROPRS|Tumor or Lesion Properties Test Result|C124309|open|some
    ONCRTSCD|Oncology Response Assessment Test Code|C96782|open|some
    ONCRTS|Oncology Response Assessment Test Name|C96781|open|some
    ONCRSCAT|Category of Oncology Response Assessment|C124298|open|some
    ONCRSR|Oncology Response Assessment Result|C96785|open|some
    SSTESTCD|Subject Status Test Code|C124305|open|some
    SSTEST|Subject Status Test Name|C124306|open|some
    SSTATRS|Subject Status Response|C124304|open|all
    PKUNIT|PK Units of Measure|C85494|open|some
    PKPARMCD|PK Parameters Code|C85839|open|some
    PKPARM|PK Parameters|C85493|open|some
    PKANMET|PK Analytical Method|C172330|open|all
    SPECTYPE|Specimen Type|C78734|open|some
    DATEFL|Date Imputation Flag|C81223|closed|all
    SBJTSTAT|Subject Trial Status|C124296|open|all
    DTYPE|Derivation Type|C81224|open|some
    """

TERMS = {
    "SEX": "F|C16576, M|C20197, U|C17998, INTERSEX|C45908",
    "RACE": """AMERICAN INDIAN OR ALASKA NATIVE|C41259, ASIAN|C41260, BLACK OR AFRICAN AMERICAN|C16352,
        NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER|C41219, NOT REPORTED|C43234, OTHER|C17649, UNKNOWN|C17998, WHITE|C41261""",
    "ETHNIC": "HISPANIC OR LATINO|C17459, NOT HISPANIC OR LATINO|C41222, NOT REPORTED|C43234, UNKNOWN|C17998",
    "AGEU": "DAYS|C25301, HOURS|C25529, MONTHS|C29846, WEEKS|C29844, YEARS|C29848",
    "NY": "N|C49487, NA|C48660, U|C17998, Y|C49488",
    "ND": "NOT DONE|C49484",
    "ARMNULRS": "ASSIGNED; NOT TREATED|C142238, NOT ASSIGNED|C142239, SCREEN FAILURE|C49628, UNPLANNED TREATMENT|C142240",
    "EPOCH": "BASELINE|C125938, FOLLOW-UP|C202578, LONG-TERM FOLLOW-UP|C202577, RUN-IN|C98779, SCREENING|C202487, TREATMENT|C101526",
    "DSCAT": "DISPOSITION EVENT|C74590, OTHER EVENT|C150824, PROTOCOL MILESTONE|C74588",
    "DSSCAT": "STUDY PARTICIPATION|C170569, STUDY TREATMENT|C170570",
    "NCOMPLT": """ADVERSE EVENT|C41331, COMPLETED|C25250, DEATH|C28554, DISEASE RELAPSE|C38155, LACK OF EFFICACY|C48226,
        LOST TO FOLLOW-UP|C48227, NON-COMPLIANCE WITH STUDY DRUG|C49631, OTHER|-, PHYSICIAN DECISION|C48250,
        PREGNANCY|C191656, PROGRESSIVE DISEASE|C35571, PROTOCOL DEVIATION|C50996, PROTOCOL VIOLATION|C142185,
        SCREEN FAILURE|C49628, SITE TERMINATED BY SPONSOR|C106576, STUDY TERMINATED BY SPONSOR|C49632,
        WITHDRAWAL BY SUBJECT|C49634, WITHDRAWAL OF CONSENT|C176342""",
    "PROTMLST": "ELIGIBILITY CRITERIA MET|C132447, ENTERED INTO TRIAL|C161417, INFORMED CONSENT OBTAINED|C16735, RANDOMIZED|C114209",
    "AESEV": "MILD|C41338, MODERATE|C41339, SEVERE|C41340",
    "ACN": """DOSE INCREASED|C49503, DOSE NOT CHANGED|C49504, DOSE RATE REDUCED|C150826, DOSE REDUCED|C49505,
        DRUG INTERRUPTED|C49501, DRUG WITHDRAWN|C49502, NOT APPLICABLE|C48660, UNKNOWN|C17998""",
    "OUT": """FATAL|C48275, NOT RECOVERED/NOT RESOLVED|C49494, RECOVERED/RESOLVED|C49498,
        RECOVERED/RESOLVED WITH SEQUELAE|C49495, RECOVERING/RESOLVING|C49496, UNKNOWN|C17998""",
    "UNIT": "mm|C28251, mg|C28253, mg/kg|C67401, mg/m2|C67402",
    "FRM": "TABLET|C42998",
    "FREQ": "BID|C64496, QD|C25473, QID|C64530, QOD|C64525, TID|C64527",
    "ROUTE": "INTRAVENOUS|C38276, ORAL|C38288",
    "LOC": "LIVER|C12392",
    "LAT": "BILATERAL|C13332, CONTRALATERAL|C25307, IPSILATERAL|C25308, LATERAL|C25230, LEFT|C25229, RIGHT|C25228, UNILATERAL|C28012",
    "METHOD": "CT SCAN|C17204, MRI|C16809, PET SCAN|C17007",
    "EVAL": """ADJUDICATION COMMITTEE|C78726, ADJUDICATOR|C96561, INDEPENDENT ASSESSOR|C78720, INVESTIGATOR|C25936,
        ONCOLOGIST|C17821, RADIOLOGIST|C17824, READER|C28747""",
    "MEDEVAL": """ADJUDICATOR 1|C150867, ADJUDICATOR 2|C150868, ONCOLOGIST 1|C96611, ONCOLOGIST 2|C96612, RADIOLOGIST 1|C94530,
        RADIOLOGIST 2|C94531, RADIOLOGIST 3|C187890, READER 1|C94532, READER 2|C94533, READER 3|C139209""",
    "DOMAIN": "AE|C49562, CM|C49568, DM|C49572, DS|C49576, EX|C49587, PC|C49606, PP|C49607, RS|C107097, SS|C117655, SV|C49617, "
    "TA|C49618, TE|C49619, TI|C49620, TR|C106578, TS|C53483, TU|C106577, TV|C49621",
    "TUTESTCD": "TUMERGE|C94525, TUMIDENT|C94523, TUSPLIT|C96642",
    "TUTEST": "Tumor Identification|C94523, Tumor Merged|C94525, Tumor Split|C96642",
    "TUIDRS": "BENIGN|C14172, NEW|C94522, NEW NON-TARGET|C139126, NEW TARGET|C139127, NON-TARGET|C94521, TARGET|C94520, UNKNOWN|C17998",
    "TRTESTCD": """ACNSD|C112218, DIAMETER|C25285, LDIAM|C96684, LPERP|C96685, PCBSD|C112370, PCNSD|C112373, SUMDIAM|C96631,
        SUMLDIAM|C96632, SUMLPERP|C96633, SUMNLNLD|C103441, TUMSTATE|C96643""",
    "TRTEST": """Absolute Change Nadir in Sum of Diam|C112218, Diameter|C25285, Longest Diameter|C96684, Longest Perpendicular|C96685,
        Percent Change Baseline in Sum of Diam|C112370, Percent Change Nadir in Sum of Diam|C112373, Sum of Diameter|C96631,
        Sum of Longest Diameter|C96632, Sum of Longest Perpendicular|C96633, Sum Diameters of Non Lymph Node Tumors|C103441,
        Tumor State|C96643""",
    "TRPROPRS": """ABSENT|C48190, DECREASED|C25640, EQUIVOCAL|C86071, INCREASED|C25533, NORMAL|C14165, PRESENT|C25626,
        TUMOR MERGED|C94525, UNCHANGED|C71687, UNEQUIVOCAL|C123645""",
    "ONCRTSCD": """BESTRESP|C94536, NEWLIND|C142362, NEWLPROG|C103420, NTRGRESP|C94535, OVRLRESP|C96613, SYMPTDTR|C124434,
        TRGRESP|C94534""",
    "ONCRTS": """Best Overall Response|C94536, New Lesion Indicator|C142362, New Lesion Progression|C103420, Non-target Response|C94535,
        Overall Response|C96613, Symptomatic Deterioration|C124434, Target Response|C94534""",
    "ONCRSCAT": """IRANO 2015|C158263, IWC HALLEK CLL 2018|C178055, KUMAR IMWG 2016|C147478, LUGANO CLASSIFICATION|C126025,
        MRECIST LENCIONI LIVER CANCER 2010|C126032, PCWG SCHER PROSTATE CANCER 2016|C132454,
        PROTOCOL DEFINED RESPONSE CRITERIA|C126042, RANO|C114879, RANO ELLINGSON 2017|C158262, RECIST 1.0|C124414,
        RECIST 1.1|C124415, UNSPECIFIED|C38046, iRECIST|C136711""",
    "ONCRSR": """CR|C4870, EQUIVOCAL|C86071, NE|C62222, NED|C40413, NON-CR/NON-PD|C96700, NON-PD|C123599, NOT ALL EVALUATED|C103424,
        PD|C35571, PR|C18058, SD|C18213, UNEQUIVOCAL|C123645, CMR|C123407, CRi|C103385, MR|C123598, NON-iCR/NON-iUPD|C142361,
        PDu|C123607, PMD|C123608, PMR|C123609, SMD|C123616, VGPR|C123618, iCPD|C142356, iCR|C142357, iPR|C142358, iSD|C142359,
        iUPD|C142360, nPR|C70633, sCR|C123614""",
    "SSTESTCD": "FUAVSTAT|C186215, SURVSTAT|C25717",
    "SSTEST": "Follow-Up Availability Status|C186215, Survival Status|C25717",
    "SSTATRS": "ALIVE|C37987, DEAD|C28554, UNKNOWN|C17998",
    "PKUNIT": """%|C25613, L/h|C69160, h|C25529, h*ng/mL|C85624, h*nmol/L|C85640, h*pg/mL|C85635, h*ug/mL|C85615, ng/mL|C67306,
        nmol/L|C67432, pg/mL|C67327, ug/mL|C64572""",
    "PKPARMCD": """AUCIFO|C85761, AUCLST|C85565, AUCPEO|C85764, CLO|C85773, CMAX|C70918, LAMZHL|C85818, LAMZNPT|C85816, R2ADJ|C85553,
        TLST|C85822, TMAX|C70919""",
    "PKPARM": """AUC Infinity Obs|C85761, AUC to Last Nonzero Conc|C85565, AUC %Extrapolation Obs|C85764, Total CL Obs|C85773,
        Max Conc|C70918, Half-Life Lambda z|C85818, Number of Points for Lambda z|C85816, R Squared Adjusted|C85553,
        Time of Last Nonzero Conc|C85822, Time of CMAX Observation|C70919""",
    "PKANMET": """LIN-LOG TRAPEZOIDAL METHOD|C172579, LINEAR TRAPEZOIDAL - LOG INTERPOLATION METHOD|C172582,
        LINEAR TRAPEZOIDAL METHOD|C172580, LINEAR UP LOG DOWN METHOD|C172581""",
    "SPECTYPE": "BLOOD|C12434, PLASMA|C13356, SERUM|C13325",
    "DATEFL": "D|C81212, M|C81211, Y|C81210",
    "SBJTSTAT": "COMPLETED|C25250, DISCONTINUED|C25484, ONGOING|C53279",
    "DTYPE": "AVERAGE|C81209, LOCF|C81198, MAXIMUM|C82868, MINIMUM|C82867",
}

#: Codelists of ours that join several of CDISC's: DSDECOD takes its terms from one or the other by DSCAT.
_JOINED = {"DSDECOD": ("NCOMPLT", "PROTMLST")}
_JOINED_NAMES = {"DSDECOD": "Standardized Disposition Term"}


@dataclass(frozen=True)
class Codelist:
    """A codelist: submission name, name in words, NCI's code (empty for one of ours), term → NCI's code (``OWN`` for one of ours)."""

    name: str
    label: str
    code: str
    closed: bool
    complete: bool
    terms: Mapping[str, str]

    @property
    def publisher(self) -> str:
        """The publishing set that the list is of; '' for a list of ours."""
        return ("ADaM" if self.name in _OF_ADAM else "SDTM") if self.code else ""


@cache
def codelist(name: str) -> Codelist | None:
    """The codelist of this submission name, or None where we hold none."""
    if name in _JOINED:
        parts = [found for part in _JOINED[name] if (found := codelist(part))]
        return Codelist(
            name, _JOINED_NAMES[name], "", False, False, {t: c for part in parts for t, c in part.terms.items()}
        )
    for line in LISTS.strip().splitlines():
        own, label, code, may_grow, extent = line.strip().split("|")
        if own == name:
            pairs = (pair.strip().split("|") for pair in TERMS[name].split(","))
            terms = {term.replace(";", ","): concept for term, concept in pairs}
            return Codelist(name, label, code, may_grow == "closed", extent == "all", terms)
    return None


def strangers(dataset: Dataset) -> dict[str, list[str]]:
    """Variable → its terms that our codelists do not hold. Words of TUMSTATE (TRSTRESC) are held against TRPROPRS.

    A stranger to a closed list breaks the standard. One to an open list is the sponsor's own term, or one that we do not hold.
    """
    found: dict[str, set[str]] = {}
    for v in dataset.variables:
        known = codelist(v.codelist) if v.codelist and v.kind == "text" else None
        if known is not None and (others := set(dataset.text(v.name)) - {""} - known.terms.keys()):
            found[v.name] = others
    if dataset.has("TRTESTCD") and dataset.has("TRSTRESC"):
        states = {
            r for t, r in zip(dataset.text("TRTESTCD"), dataset.text("TRSTRESC"), strict=True) if t == "TUMSTATE" and r
        }
        if others := states - (codelist("TRPROPRS") or Codelist("", "", "", False, False, {})).terms.keys():
            found["TRSTRESC"] = others
    return {name: sorted(terms) for name, terms in found.items()}
