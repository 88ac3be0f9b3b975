"""The controlled terms that USDM asks for and that we write or read: code, codelist and preferred term, of one package.

One line a term: our word | C-code | CDISC's preferred term. Preferred terms are what rules hold `decode` against. Codes are those of
NCI's CDISC terminology (SDTM CT and DDF CT of the day below; the public domain), as the wheel of usdm4 0.29.0 lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Day of the package of every term here.
PACKAGE = "2026-03-27"
SYSTEM = "http://www.cdisc.org"


@dataclass(frozen=True)
class Term:
    """A term of a codelist."""

    code: str
    decode: str


_LISTS = {
    "phase": """
        I | C15600 | Phase I Trial
        I/II | C15693 | Phase I/II Trial
        II | C15601 | Phase II Trial
        III | C15602 | Phase III Trial
        early I | C54721 | Early Phase 1 Trial
        IA | C199990 | Phase Ia Trial
        IB | C199989 | Phase Ib Trial
        IIA | C49686 | Phase IIa Trial
        IIB | C49688 | Phase IIb Trial
        IIIA | C49687 | Phase IIIa Trial
        IIIB | C49689 | Phase IIIb Trial
        I/II/III | C198366 | Phase I/II/III Trial
        I/III | C198367 | Phase I/III Trial
        II/III | C15694 | Phase II/III Trial
        IV | C15603 | Phase IV Trial
        V | C47865 | Phase V Trial
        none | C48660 | Not Applicable""",
    "study type": """
        interventional | C98388 | Interventional Study
        observational | C16084 | Observational Study
        expanded access | C98722 | Expanded Access Study
        registry | C129000 | Patient Registry Study""",
    "trial type": """
        efficacy | C49666 | Efficacy Study
        safety | C49667 | Safety Study
        dose finding | C158289 | Dose Finding Study""",
    "intent": "treatment | C49656 | Treatment Study",
    "model": """
        parallel | C82639 | Parallel Study
        single group | C82640 | Single Group Study
        sequential | C142568 | Group Sequential Design
        crossover | C82637 | Crossover Study
        factorial | C82638 | Factorial Study""",
    "blinding": """
        open label | C49659 | Open Label Study
        single blind | C28233 | Single Blind Study
        double blind | C15228 | Double Blind Study
        observer blind | C187674 | Observer Blind Study
        blind to dose | C156592 | Open Label for Treatment And Double Blind to Dose""",
    "characteristic": """
        randomised | C46079 | Randomized Controlled Clinical Trial
        stratified randomisation | C147145 | Stratified Randomization
        stratification | C25689 | Stratification
        adaptive | C98704 | Adaptive Design
        several centres | C217005 | Multicenter Study
        one centre | C217004 | Single-Center Study
        several countries | C217007 | Multiple Countries
        one country | C217006 | Single Country""",
    "arm type": """
        experimental | C174266 | Investigational Arm
        treatment | C15538 | Protocol Treatment Arm
        active comparator | C174267 | Active Comparator Arm
        no intervention | C174270 | No Intervention Arm
        control | C174226 | Control Arm
        placebo | C174268 | Placebo Control Arm
        sham | C174269 | Sham Comparator Arm""",
    "data origin": "within study | C188866 | Data Generated Within Study",
    "epoch": """
        screening | C202487 | Screening Epoch
        treatment | C101526 | Treatment Epoch
        follow-up | C202578 | Follow-Up Epoch
        baseline | C125938 | Baseline Epoch
        blinded treatment | C102255 | Blinded Treatment Epoch
        continuation | C123452 | Continuation Therapy Epoch
        induction | C123453 | Induction Therapy Epoch
        intervention | C209541 | Investigational Intervention Epoch
        long-term follow-up | C202577 | Long-term Follow-up Epoch
        observation | C165873 | Observation Study Epoch
        open label treatment | C102256 | Open Label Treatment Epoch
        pre-screening | C199844 | Pre-Screening Epoch
        product exposure | C210380 | Product Exposure Epoch
        run-in | C98779 | Run-in Period
        washout | C42872 | Washout Period""",
    "role of intervention": """
        experimental | C41161 | Protocol Agent
        active comparator | C68609 | Active Comparator
        background | C165822 | Background Treatment
        placebo | C753 | Placebo
        additional | C207614 | Additional Required Medicinal Product
        challenge | C158128 | Challenge Agent
        diagnostic | C18020 | Diagnostic Procedure
        rescue | C165835 | Rescue Medications""",
    "kind of intervention": """
        drug | C1909 | Pharmacologic Substance
        device | C16830 | Medical Device
        procedure | C98769 | Physical Medical Procedure
        radiotherapy | C15313 | Radiation Therapy
        biologic | C307 | Biological Agent
        combination | C54696 | Combination Product
        diagnostic | C18020 | Diagnostic Procedure
        supplement | C1505 | Dietary Supplement
        gene therapy | C15238 | Gene Therapy
        behavioural | C15184 | Behavioral Intervention
        surgery | C15329 | Surgical Procedure
        other procedure | C218507 | Non-Surgical Procedure
        vaccine | C923 | Vaccine""",
    "frequency": """
        QD | C25473 | Daily
        BID | C64496 | Twice Daily
        TID | C64527 | Three Times Daily
        QID | C64530 | Four Times Daily
        QOD | C64525 | Every Other Day
        once | C64576 | Once
        intermittent | C71325 | Intermittent
        every 2 weeks | C71127 | Every Two Weeks
        every 3 weeks | C64535 | Every Three Weeks
        every 4 weeks | C64529 | Every Four Weeks
        every 5 weeks | C103390 | Every Five Weeks
        every 6 weeks | C89788 | Every Six Weeks""",
    "route": """
        INTRAVENOUS | C38276 | Intravenous Route of Administration
        INTRAVENOUS DRIP | C38279 | Intravenous Drip
        INTRAVENOUS BOLUS | C38274 | Intravenous Bolus
        ORAL | C38288 | Oral Route of Administration
        SUBCUTANEOUS | C38299 | Subcutaneous Route of Administration
        INTRAMUSCULAR | C28161 | Intramuscular Route of Administration
        INTRADERMAL | C38238 | Intradermal Route of Administration
        INTRAPERITONEAL | C38258 | Intraperitoneal Route of Administration
        INTRATHECAL | C38267 | Intrathecal Route of Administration
        INTRAVESICAL | C38278 | Intravesical Route of Administration
        NASAL | C38284 | Nasal Route of Administration
        RECTAL | C38295 | Rectal Route of Administration
        RESPIRATORY (INHALATION) | C38216 | Inhalation Route of Administration
        SUBLINGUAL | C38300 | Sublingual Route of Administration
        TOPICAL | C38304 | Topical Route of Administration
        TRANSDERMAL | C38305 | Transdermal Route of Administration""",
    "form": """
        UNKNOWN | C150001 | Unknown Dosage Form Category
        NOT APPLICABLE | C48624 | Dosage Form Not Applicable
        CAPSULE | C25158 | Capsule Dosage Form
        TABLET | C42998 | Tablet Dosage Form
        TABLET, FILM COATED | C42931 | Film Coated Tablet Dosage Form
        INJECTION | C42946 | Injectable Dosage Form
        INJECTION, SOLUTION | C42945 | Injectable Solution Dosage Form
        INJECTION, POWDER, FOR SOLUTION | C42974 | Powder for Injectable Solution Dosage Form
        INJECTION, POWDER, LYOPHILIZED, FOR SOLUTION | C42957 | Lyophilized Powder for Injectable Solution Dosage Form
        SOLUTION | C42986 | Solution Dosage Form
        LIQUID | C42953 | Liquid Dosage Form
        POWDER | C42972 | Powder Dosage Form
        POWDER, FOR SOLUTION | C42973 | Powder for Solution Dosage Form
        PATCH | C42968 | Patch Dosage Form
        CREAM | C28944 | Cream Dosage Form
        OINTMENT | C42966 | Ointment Dosage Form
        GAS | C42933 | Gas Dosage Form""",
    "designation": """
        IMP | C202579 | Investigational Medicinal Product
        NIMP | C156473 | Auxiliary Medicinal Product""",
    "unit": """
        mg | C28253 | Milligram
        mg/m2 | C67402 | Milligram per Square Meter
        mg/kg | C67401 | Milligram per Kilogram
        g | C48155 | Gram
        g/m2 | C67282 | Gram per Square Meter
        ug | C48152 | Microgram
        ug/kg | C67396 | Microgram per Kilogram
        ug/m2 | C67312 | Microgram per Square Meter
        Gy | C18063 | Gray
        cGy | C64693 | Centigray
        MBq | C70512 | Megabecquerel
        GBq | C70513 | Gigabecquerel
        IU | C48579 | International Unit
        U | C44278 | Unit
        U/kg | C67465 | Unit per Kilogram
        mL | C28254 | Milliliter
        AUC | C85729 | Minute Times Milligram per Milliliter
        tablet | C48542 | Tablet Dosing Unit
        capsule | C48480 | Capsule Dosing Unit
        patch | C48524 | Patch Dosing Unit
        days | C25301 | Day
        weeks | C29844 | Week
        months | C29846 | Month
        years | C29848 | Year
        hours | C25529 | Hour""",
    "sex": """
        female | C16576 | Female
        male | C20197 | Male
        both | C49636 | Both""",
    "criterion": """
        inclusion | C25532 | Inclusion Criteria
        exclusion | C25370 | Exclusion Criteria""",
    "objective level": """
        primary | C85826 | Trial Primary Objective
        secondary | C85827 | Trial Secondary Objective
        exploratory | C163559 | Trial Exploratory Objective""",
    "endpoint level": """
        primary | C94496 | Primary Endpoint
        secondary | C139173 | Secondary Endpoint
        exploratory | C170559 | Exploratory Endpoint""",
    "encounter": "visit | C25716 | Visit",
    "setting": "clinic | C211570 | Clinic",
    "contact": """
        in person | C175574 | In Person
        telephone | C171537 | Telephone Call""",
    "timing": """
        after | C201356 | After Timing Type
        before | C201357 | Before Timing Type
        fixed | C201358 | Fixed Reference""",
    "relative": "start to start | C201355 | Start to Start",
    "scope": "global | C68846 | Global",
    "date": """
        approval | C71476 | Approval Date
        effective | C215663 | Effective Date
        issued | C215664 | Issued Date""",
    "organisation": """
        company | C54149 | Drug Company
        academic | C18240 | Academia
        government | C199144 | Governmental Agency or Group
        hospital | C21541 | Healthcare Facility
        registry | C93453 | Study Registry
        regulator | C188863 | Regulatory Agency""",
    "role": """
        sponsor | C70793 | Clinical Study Sponsor
        site | C80403 | Study Site""",
    "title": """
        official | C207616 | Official Study Title
        brief | C207615 | Brief Study Title
        public | C207617 | Public Study Title
        scientific | C207618 | Scientific Study Title
        acronym | C207646 | Study Acronym""",
    "document": "protocol | C70817 | Study Protocol",
    "status": """
        draft | C85255 | Draft
        final | C25508 | Final
        approved | C25425 | Approval""",
}  # fmt: skip


def _read(text: str) -> dict[str, Term]:
    found = {}
    for line in text.strip().splitlines():
        word, code, decode = (x.strip() for x in line.split("|"))
        found[word] = Term(code, decode)
    return found


#: Codelist → our word → the term.
TERMS: Mapping[str, Mapping[str, Term]] = {name: _read(text) for name, text in _LISTS.items()}
#: Codelist → C-code → our word.
WORDS: Mapping[str, Mapping[str, str]] = {
    name: {term.code: word for word, term in terms.items()} for name, terms in TERMS.items()
}
_BY_DECODE: Mapping[str, Mapping[str, str]] = {
    name: {term.decode.casefold(): word for word, term in terms.items()} for name, terms in TERMS.items()
}


def word_of(codelist: str, code: Any) -> str:
    """Our word for a code of a document, by its C-code or, where that is not of the list, by its term; '' for none that we know."""
    if not isinstance(code, Mapping):
        return ""
    by_code = WORDS[codelist].get(str(code.get("code")), "")
    return by_code or _BY_DECODE[codelist].get(str(code.get("decode")).casefold(), "")
