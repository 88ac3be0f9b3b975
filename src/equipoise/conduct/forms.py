"""Forms from the definition: for each kind of event that is recorded of a patient the fields that its details ask for.

What may be chosen comes from the trial: criteria, factors, drugs, dose levels, words of the response criterion, outcomes. No form is
written by hand for a trial, and none holds a rule: what is impossible is what ``Conduct.judge`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from equipoise.conduct.filled import PARTIAL
from equipoise.conduct.regimen import in_his_cohort, regimen_of
from equipoise.trial.arm import Treatment
from equipoise.trial.endpoint import Outcome
from equipoise.trial.form import OWN, Choice, FieldKind, FieldSpec, FormSpec
from equipoise.trial.grading import EDITIONS
from equipoise.trial.masked import MASKED
from equipoise.trial.organ_class import ORGAN_CLASSES
from equipoise.trial.own_form import OwnForm
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.seriousness import CRITERIA
from equipoise.trial.trial import Trial

#: CTCAE's grades in its own words, in short.
GRADES = {1: "mild", 2: "moderate", 3: "severe", 4: "life-threatening", 5: "death"}
#: What makes an adverse event serious: ICH E2A, II.B.
_SERIOUS = (
    "It resulted in death, was life-threatening, needed or prolonged a stay in hospital, left a disability, was a congenital anomaly, or was "
    "medically important. The sponsor is told within 24 hours of knowing."
)
_YES_NO = (Choice("yes", "Yes"), Choice("no", "No"))
#: Stands for the patient where nobody is meant: a form of the trial as a whole.
_NOBODY = Patient("")


def forms_of(trial: Trial, patient: Patient = _NOBODY) -> tuple[FormSpec, ...]:
    """Every form that the trial has; of a patient with the choices that are his: his arm's drugs, his cohort's words."""
    found = (form for make in _FORMS.values() if (form := make(trial, patient)) is not None)
    return (*found, *(_own(form) for form in trial.forms))


def form_of(name: str, trial: Trial, patient: Patient = _NOBODY) -> FormSpec | None:
    """The form of a name; None where the trial has none such."""
    make = _FORMS.get(name)
    if make is None:
        return next((_own(f) for f in trial.forms if name == f"{OWN}{f.name}"), None)
    return make(trial, patient)


def form_for(kind: str, trial: Trial, patient: Patient = _NOBODY, own: str = "") -> FormSpec | None:
    """The form that records a kind of event; of kind 'form' the one that the trial file calls ``own``."""
    if kind == "form":
        return form_of(f"{OWN}{own}", trial, patient)
    return next((form for form in forms_of(trial, patient) if form.kind == kind), None)


_OWN_KINDS: Mapping[str, FieldKind] = {
    "number": "number", "whole": "whole", "text": "text", "choice": "choice", "yes-no": "yes-no", "day": "day",
}  # fmt: skip


def _own(form: OwnForm) -> FormSpec:
    """A form of the trial file's own."""
    fields = [_on()]
    if form.visits:
        fields.append(FieldSpec("visit", "Visit", "choice", "data.visit", True, _choices(form.visits)))
    for f in form.fields:
        choices = _YES_NO if f.kind == "yes-no" else _choices(f.levels)
        fields.append(
            FieldSpec(f.name, f.title, _OWN_KINDS[f.kind], f"data.values.{f.name}", f.required, choices, unit=f.unit)
        )
    return FormSpec(f"{OWN}{form.name}", form.title, "form", (*fields, _note()))


# -- fields -------------------------------------------------------------------------------------------------------------


def _on(label: str = "Day") -> FieldSpec:
    return FieldSpec("happened", label, "day", "happened", required=True)


def _partly() -> FieldSpec:
    return FieldSpec(
        "dated", "Month or year, where the day is not known", "text", "data.dated", help="As 2013-05 or 2013. The first day that it can have been stands for it."
    )  # fmt: skip


def _note() -> FieldSpec:
    return FieldSpec("why", "Note", "words", "why", help="Why, where it does not go without saying.")


def _choices(values: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(v, v) for v in values)


def _text(name: str, label: str, *suggestions: str, required: bool = False, help_text: str = "") -> FieldSpec:
    return FieldSpec(name, label, "text", f"data.{name}", required, suggestions=suggestions, help=help_text)


def _yes_no(name: str, label: str, help_text: str = "", *, required: bool = False) -> FieldSpec:
    return FieldSpec(name, label, "yes-no", f"data.{name}", required, _YES_NO, help=help_text)


# -- before treatment ---------------------------------------------------------------------------------------------------

_PERSON = {
    "birth_year": ("Year of birth", "whole"),
    "sex": ("Sex", "text"),
    "initials": ("Initials", "text"),
}


def _screening(trial: Trial, patient: Patient) -> FormSpec:
    fields = [_on("Day of screening")]
    if not patient.name:
        sites = tuple(Choice(s.name, s.label or s.name) for s in trial.sites)
        fields.insert(0, FieldSpec("site", "Site", "choice", "site", True, sites))
    for c in trial.eligibility:
        asked, fails = ("Met", "no") if c.kind == "inclusion" else ("Present", "yes")
        help_text = f"{c.kind.capitalize()} criterion {c.number}. {asked}?"
        fields.append(
            FieldSpec(
                f"criterion_{c.number}", f"{c.number}. {c.text}", "yes-no", f"data.failed.{c.number}", True, _YES_NO,
                help=help_text, fails="no" if fails == "no" else "yes",
            )
        )  # fmt: skip
    asks = trial.patients.asks if trial.patients is not None else ()
    for detail in asks:
        label, kind = _PERSON[detail]
        fields.append(FieldSpec(detail, label, "whole" if kind == "whole" else "text", f"data.{detail}", True))
    if trial.cohorts:
        cohorts = tuple(Choice(c.name, c.title) for c in trial.cohorts)
        fields.append(FieldSpec("cohort", "Screened for the cohort", "choice", "data.cohort", choices=cohorts))
    if asks:
        new = _yes_no("new_person", "Is this nobody who was screened before?", "Asked where somebody alike was.")
        fields.append(FieldSpec(new.name, new.label, new.kind, new.detail, False, _YES_NO, help=new.help, shown=False))
    return FormSpec("screening", "Screening", "screened", (*fields, _note()), once=True)


def _enrolment(trial: Trial, patient: Patient) -> FormSpec:
    fields = [_on("Day of enrolment")]
    for factor in trial.recorded_factors:
        help_text = "" if factor in trial.factors else "May be left open until it is known."
        fields.append(
            FieldSpec(
                f"factor_{factor.name}", factor.label or factor.name, "choice", f"data.factors.{factor.name}",
                factor in trial.factors, _choices(factor.levels), help=help_text,
            )
        )  # fmt: skip
    for b in (b for b in trial.baseline if b.asked):
        kind: FieldKind = "choice" if b.kind == "category" else "number"
        fields.append(
            FieldSpec(
                f"baseline_{b.name}", b.label or b.name, kind, f"data.baseline.{b.name}", choices=_choices(b.levels), unit=b.unit or "",
                help="Of the baseline table; may be left open until it is known.",
            )
        )  # fmt: skip
    if trial.cohorts and any(not c.of for c in trial.cohorts):
        cohorts = tuple(Choice(c.name, c.title) for c in trial.cohorts)
        fields.append(FieldSpec("cohort", "Cohort", "choice", "data.cohort", choices=cohorts))
    if trial.in_parts and trial.finds_dose:
        parts = (Choice("1", "1: phase I"), Choice("2", "2: phase II"))
        fields.append(FieldSpec("part", "Part", "choice", "data.part", choices=parts, whole_numbers=True))
    return FormSpec("enrolment", "Enrolment", "enrolled", (*fields, _note()), once=True)


def _review(trial: Trial, patient: Patient) -> FormSpec | None:
    review = trial.eligibility_review
    if review is None:
        return None
    criteria = tuple(Choice(str(c.number), f"{c.number}. {c.text}") for c in trial.eligibility)
    failed = FieldSpec("failed", "Criteria not met", "many", "data.failed", choices=criteria, whole_numbers=True)
    eligible = _yes_no("eligible", "Eligible?", required=True)
    reason = _text("reason", "Reason", help_text="In words, where no criterion says it.")
    fields = (_on("Day of the review"), eligible, failed, reason, _note())
    return FormSpec(
        "eligibility-review", f"Eligibility review by {review.by}", "eligibility reviewed", fields, once=True
    )


def _level(trial: Trial, patient: Patient) -> FormSpec | None:
    of_part_1 = trial.finds_dose and (not patient.name or patient.of_phase1)
    if not trial.dose_levels or (trial.in_parts and not of_part_1):
        return None
    levels = tuple(Choice(x.label, f"{x.label}: {x.drug} {x}") for x in trial.dose_levels)
    level = FieldSpec("level", "Dose level", "choice", "data.level", not trial.draws_levels, levels)
    return FormSpec("dose-level", "Dose level", "assigned", (_on(), level, _note()), once=True)


# -- treatment ----------------------------------------------------------------------------------------------------------


def _treatments(trial: Trial, patient: Patient) -> Mapping[str, Treatment]:
    if patient.randomised is not None or patient.of_phase1:
        return regimen_of(patient, trial) or {}
    return {t.drug: t for arm in trial.arms for t in arm.regimen}


def _dose(trial: Trial, patient: Patient) -> FormSpec | None:
    regimen = _treatments(trial, patient)
    if not regimen:
        return None
    drugs = tuple(Choice(d, "The masked treatment" if d == MASKED else d) for d in regimen)
    units = dict.fromkeys(t.unit for t in regimen.values() if t.unit)
    fields = [
        _on("Day on which it was given"),
        FieldSpec("drug", "Drug", "choice", "data.drug", True, drugs),
        FieldSpec("cycle", "Cycle", "whole", "data.cycle", True),
        FieldSpec("day", "Day of the cycle", "whole", "data.day", True),
    ]
    if units:
        fields.append(FieldSpec("dose", "Dose", "number", "data.dose", help="What was given each time."))
        fields.append(FieldSpec("unit", "Unit", "choice", "data.unit", choices=_choices(units)))
    if any(t.times_a_day > 1 for t in regimen.values()):
        fields.append(FieldSpec("times_a_day", "Times a day", "whole", "data.times_a_day"))
    if any(a != b for t in regimen.values() for a, b in t.stretches):
        fields.append(FieldSpec("until", "Last day", "day", "data.until", help="Of a stretch of days."))
    reason = FieldSpec(
        "why", "Reason", "words", "why", help="Why it was reduced, delayed or given otherwise than planned."
    )
    return FormSpec("dose", "Dose", "treated", (*fields, reason))


#: Why a dose is not given: what is asked for most often first; other words are typed.
_NOT_GIVEN = (
    "adverse event",
    "laboratory value",
    "patient's wish",
    "intercurrent illness",
    "missed appointment",
    "drug not there",
)


def _omitted(trial: Trial, patient: Patient) -> FormSpec | None:
    regimen = _treatments(trial, patient)
    if not regimen:
        return None
    drugs = tuple(Choice(d, "The masked treatment" if d == MASKED else d) for d in regimen)
    fields = (
        _on("Day on which it was to be given"),
        FieldSpec("drug", "Drug", "choice", "data.drug", True, drugs),
        FieldSpec("cycle", "Cycle", "whole", "data.cycle", True),
        FieldSpec("day", "Day of the cycle", "whole", "data.day", True),
        _text("reason", "Why it was not given", *_NOT_GIVEN, required=True),
        _note(),
    )
    return FormSpec("dose-not-given", "Dose not given", "dose omitted", fields)


def _sample(trial: Trial, patient: Patient) -> FormSpec | None:
    regimen = _treatments(trial, patient)
    plans = [p for p in trial.samples if p.drug in regimen]
    if not plans:
        return None

    def of(name: str) -> tuple[Choice, ...]:
        return _choices(dict.fromkeys(str(getattr(p, name)) for p in plans))

    clock = "As the clock said, HH:MM."
    fields = (
        _on("Day on which it was taken"),
        FieldSpec("drug", "Drug", "choice", "data.drug", True, of("drug")),
        FieldSpec("analyte", "Analyte", "choice", "data.analyte", True, of("analyte")),
        FieldSpec("specimen", "Specimen", "choice", "data.specimen", choices=of("specimen")),
        FieldSpec("cycle", "Cycle", "whole", "data.cycle", True),
        FieldSpec("day", "Day of the cycle", "whole", "data.day", True, help="Of the dose that the time counts from."),
        FieldSpec("hours", "Planned time after that dose", "number", "data.hours", True, unit="hours", help="0: before the dose."),
        FieldSpec("dose_at", "Time at which the dose began", "text", "data.dose_at", help=clock),
        FieldSpec("at", "Time at which it was taken", "text", "data.at", help=clock),
        FieldSpec("concentration", "Concentration", "number", "data.concentration"),
        FieldSpec("unit", "Unit", "choice", "data.unit", True, of("unit")),
        _yes_no("below_limit", "Below the limit of quantification?"),
        FieldSpec("limit", "Limit of quantification", "number", "data.limit", help="In the unit of the concentration."),
        _note(),
    )  # fmt: skip
    return FormSpec("sample", "Concentration sample", "sampled", fields)


def _consent(trial: Trial, patient: Patient) -> FormSpec:
    version = _text(
        "version", "Version of the consent form", required=True, help_text="As it stands on the form that was signed."
    )
    return FormSpec("consent", "Consent", "consented", (_on("Day on which it was signed"), version, _note()))


def _end_of_treatment(trial: Trial, patient: Patient) -> FormSpec:
    reason = _text(
        "reason",
        "Reason",
        "completed",
        "progression",
        "toxicity",
        "death",
        "patient's wish",
        "physician's decision",
        required=True,
    )
    return FormSpec("end-of-treatment", "End of treatment", "treatment ended", (_on("Day"), reason, _note()), once=True)


def _end_of_study(trial: Trial, patient: Patient) -> FormSpec:
    reason = _text("reason", "Reason", "completed", "death", "withdrawal", "lost to follow-up", required=True)
    return FormSpec("end-of-study", "End of study", "study ended", (_on("Day"), reason, _note()), once=True)


_LEFT = "Left out where lesions are listed: as they say."


# -- the tumour ---------------------------------------------------------------------------------------------------------


def _assessment(trial: Trial, patient: Patient) -> FormSpec:
    here = in_his_cohort(trial, patient)
    glossary = glossary_of(here.assessments)
    words = tuple(Choice(w, w if w == found.label else f"{w}: {found.label}") for w, found in glossary.items() if w)
    criterion = here.assessments.criterion if here.assessments is not None else "RECIST 1.1"
    fields = (
        _on("Day of the assessment"),
        _yes_no("baseline", "Baseline?", "The assessment before treatment."),
        FieldSpec("lesions", "Lesions", "lesions", "data.lesions"),
        FieldSpec("response", "Response", "choice", "data.response", choices=words, help=f"By {criterion}. {_LEFT}"),
        FieldSpec("sum_mm", "Sum of the target lesions", "number", "data.sum_mm", unit="mm", help=_LEFT),
        _yes_no("new_lesion", "New lesion?", _LEFT),
        *_measured(here),
        _note(),
    )
    return FormSpec("assessment", "Tumour assessment", "assessed", fields)


def _measured(here: Trial) -> tuple[FieldSpec, ...]:
    """What the criterion has measured beside lesions, and whether a progression needs no second assessment."""
    words = here.assessments.vocabulary if here.assessments is not None else None
    if words is None or not words.measures:
        return ()
    fields = [
        FieldSpec(
            m.name, m.label, "choice" if m.words else "number", f"data.measurements.{m.name}", choices=_choices(m.words), unit=m.unit
        )
        for m in words.measures
    ]  # fmt: skip
    return (*fields, _yes_no("confirmed", "Progression by imaging?", "It then needs no second assessment."))


def _progression(trial: Trial, patient: Patient) -> FormSpec:
    basis = _text(
        "basis", "Found by", "clinical", "recurrence", required=True, help_text="Otherwise than by an assessment."
    )
    return FormSpec("progression", "Progression", "progressed", (_on(), basis, _note()))


def _outcome(trial: Trial, patient: Patient) -> FormSpec | None:
    known = [e for e in trial.endpoints if isinstance(e, Outcome)]
    if not known:
        return None
    names = tuple(Choice(e.name, e.label) for e in known)
    results = _choices(dict.fromkeys(r for e in known for r in e.results))
    fields = (
        _on(),
        FieldSpec("outcome", "Outcome", "choice", "data.outcome", True, names),
        FieldSpec("result", "Result", "choice", "data.result", True, results),
        _note(),
    )
    return FormSpec("outcome", "Outcome", "outcome", fields)


# -- safety and follow-up -----------------------------------------------------------------------------------------------


def _adverse_event(trial: Trial, patient: Patient) -> FormSpec:
    edition = trial.adverse_events.version if trial.adverse_events is not None else None
    by = f"CTCAE {edition}" if edition is not None else "CTCAE"
    grades = tuple(Choice(str(g), f"{g}: {words}") for g, words in GRADES.items())
    fields = [
        _text("term", "What happened", required=True, help_text="In a word, as CTCAE names it: 'neutropenia'."),
        _on("First day"),
        _partly(),
        FieldSpec("until", "Last day", "day", "data.until", help="Once it has ended."),
        FieldSpec("grade", f"Grade ({by})", "choice", "data.grade", True, grades, whole_numbers=True),
        FieldSpec("organ_class", "System organ class", "choice", "data.organ_class", choices=_choices(ORGAN_CLASSES)),
        _yes_no("serious", "Serious?", _SERIOUS, required=True),
        FieldSpec("criteria", "What makes it serious", "many", "data.criteria", choices=tuple(Choice(c, c.capitalize()) for c in CRITERIA)),
        _yes_no("related", "Related to the treatment?"),
    ]  # fmt: skip
    if edition is None:
        editions = _choices(str(e) for e in EDITIONS)
        fields.insert(
            5, FieldSpec("ctcae", "Edition of CTCAE", "choice", "data.ctcae", choices=editions, whole_numbers=True)
        )
    return FormSpec("adverse-event", "Adverse event", "adverse event", (*fields, _note()))


def _of_a_day(
    name: str, title: str, kind: str, *fields: FieldSpec, once: bool = False
) -> Callable[[Trial, Patient], FormSpec]:
    """A form that asks for the day and little else, in every trial."""
    partly = (_partly(),) if kind in PARTIAL else ()
    spec = FormSpec(name, title, kind, (_on(), *partly, *fields, _note()), once)
    return lambda trial, patient: spec


def _adjudication(trial: Trial, patient: Patient) -> FormSpec | None:
    if trial.phase1 is None:
        return None
    dlt = _yes_no("dlt", "A dose-limiting toxicity?", required=True)
    fields = (_on(), dlt, _text("reason", "Reason", required=True), _note())
    return FormSpec("dlt", "The committee's word on a DLT", "dlt adjudicated", fields)


_FORMS: Mapping[str, Callable[[Trial, Patient], FormSpec | None]] = {
    "screening": _screening,
    "consent": _consent,
    "enrolment": _enrolment,
    "randomisation": lambda trial, patient: (
        FormSpec("randomisation", "Randomisation", "randomised", (_on(), _note()), once=True)
        if trial.randomisation is not None
        else None
    ),
    "dose-level": _level,
    "eligibility-review": _review,
    "dose": _dose,
    "dose-not-given": _omitted,
    "sample": _sample,
    "assessment": _assessment,
    "adverse-event": _adverse_event,
    "end-of-treatment": _end_of_treatment,
    "progression": _progression,
    "outcome": _outcome,
    "next-therapy": _of_a_day("next-therapy", "Next therapy", "next therapy", _text("therapy", "Therapy")),
    "contact": _of_a_day("contact", "Contact", "contact"),
    "deviation": _of_a_day(
        "deviation", "Deviation", "deviation", _text("what", "What", required=True),
        _yes_no("major", "Major?", "Does it keep the patient out of per protocol?", required=True),
    ),
    "withdrawal": _of_a_day("withdrawal", "Withdrawal", "withdrawn", _text("reason", "Reason"), once=True),
    "loss": _of_a_day("loss", "Lost to follow-up", "lost", once=True),
    "death": _of_a_day("death", "Death", "died", _text("cause", "Cause", "progression", "adverse event"), once=True),
    "end-of-study": _end_of_study,
    "dlt": _adjudication,
}  # fmt: skip
