"""What is impossible in a trial, and why: each rule looks at one event and at the record before it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace

from equipoise.conduct.adverse_event_rules import adverse_event_problems
from equipoise.conduct.form_rules import form_problems
from equipoise.conduct.part_rules import OF_PHASE1, dose_awaited, part_problems
from equipoise.conduct.phase1_rules import adjudicated_problems, assigned_problems
from equipoise.conduct.regimen import in_his_cohort, regimen_of
from equipoise.conduct.same_person import detail_problems
from equipoise.conduct.sample_rules import sampled_problems
from equipoise.conduct.standing import Standing
from equipoise.trial.arm import Treatment
from equipoise.trial.baseline import baseline_problems
from equipoise.trial.check import near
from equipoise.trial.endpoint import Outcome
from equipoise.trial.event import Event
from equipoise.trial.kinds import PATIENT_KINDS
from equipoise.trial.lesion import lesion_problems
from equipoise.trial.masked import MASKED
from equipoise.trial.measured import measurement_problems
from equipoise.trial.oversight import ON_PATIENTS
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.trial import Trial

_AFTER_RANDOMISATION = frozenset(
    {
        "eligibility reviewed",
        "unblinded",
        "treated",
        "dose omitted",
        "sampled",
        "treatment ended",
        "progressed",
        "outcome",
        "next therapy",
        "contact",
        "withdrawn",
        "lost",
    }
)
#: By how much a dose may be off the planned one, either way: beyond it the unit or the point is another one.
_SHARE_OF_DOSE = 100
_NOT_AFTER_WITHDRAWAL = frozenset(
    {"treated", "dose omitted", "sampled", "assessed", "randomised", "assigned", "next therapy"}
)


def subject_problems(event: Event) -> Iterator[Problem]:
    """Of whom it is: a patient's event names the patient, one of the trial's names none; and what only a correction, or an opening, is."""
    kind = event.kind
    if kind in PATIENT_KINDS or kind in ON_PATIENTS:
        if not event.patient:
            yield Problem("missing", "patient", "nothing", f"whom {kind!r} is of", "--patient NUMBER")
        if kind == "screened" and not event.site and not event.source:
            yield Problem("missing", "site", "nothing", "where the patient was screened", "--site NAME")
    elif event.patient and kind != "voided":
        yield Problem("no-patient", "patient", repr(event.patient), f"nobody: {kind!r} is the trial's")
    if kind == "opened" and event.number != 1:
        yield Problem("opened-twice", "kind", repr(kind), "a log is opened once, by its first event")
    if kind == "voided" and event.corrects is None:
        yield Problem("missing", "event", "nothing", "the event that is taken back")


def site_problems(event: Event, trial: Trial, standing: Standing, added: bool = False) -> Iterator[Problem]:
    """A site that is unknown, opened twice, or opened before the trial. ``added``: by an amendment, which may not be in force there yet."""
    known = trial.site_by_name
    if event.site not in known:
        step = "an amendment adds it: conduct approve comes first" if added else ""
        yield Problem("unknown-site", "site", repr(event.site), f"a site of the trial: {_list(known)}", step)
    elif event.site in standing.sites:
        yield Problem("site-open", "site", repr(event.site), f"open since {standing.sites[event.site]}")


def enrolment_problems(event: Event, patients: Iterable[Patient], standing: Standing) -> Iterator[Problem]:
    """A pause or an end of enrolment that comes late, before patients who were enrolled since."""
    since = [p.enrolled for p in patients if p.enrolled is not None and p.enrolled.happened >= event.happened]
    if not since:
        return
    later = replace(standing, enrolment=list(standing.enrolment))
    later.change(event)
    names = [e.patient for e in since if later.enrolment_before(e) != "open"]
    if names:
        allowed = f"a day after the last enrolment: {_list(names[:5])}{' …' if len(names) > 5 else ''} enrolled since"
        yield Problem("enrolled-since", "on", f"{event.kind!r} on {event.happened}", allowed)


def safety_problems(event: Event, trial: Trial) -> Iterator[Problem]:
    """A look at a safety rule that the trial does not have."""
    names, name = [rule.name for rule in trial.safety], event.data["rule"]
    if name not in names:
        yield Problem(
            "unknown-safety-rule",
            "rule",
            repr(name),
            f"a rule of [[safety]]: {_list(names) or 'none is defined'}",
            near(name, names),
        )


def cohort_problems(event: Event, trial: Trial) -> Iterator[Problem]:
    """A cohort that is not the trial's; none, where an enrolment or a decision is one cohort's."""
    if "cohort" not in event.data:
        if trial.cohorts and event.kind in ("enrolled", "decided") and event.data.get("part") != 1:
            yield Problem(
                "no-cohort", "cohort", "none", f"a cohort of {trial.id}: {_list(trial.cohort_names)}",
                "--cohort NAME; where levels make the members, one that these levels belong to",
            )  # fmt: skip
        return
    name = event.data["cohort"]
    if name not in trial.cohort_names:
        names = list(trial.cohort_names)
        allowed = f"a cohort of {trial.id}: {_list(names)}" if names else f"nothing: {trial.id} has no cohorts"
        yield Problem("unknown-cohort", "cohort", repr(name), allowed, near(name, names))


def patient_problems(event: Event, patient: Patient, trial: Trial, standing: Standing) -> Iterator[Problem]:
    """Why ``event`` cannot follow what the patient's record holds of the days up to it."""
    kind, day = event.kind, event.happened
    # A table of real patients begins at randomisation: who was screened is not in it.
    as_recorded = trial.as_recorded
    if patient.died is not None:
        if kind == "died":
            yield _problem(
                "died-twice",
                event,
                f"death is recorded already, on {patient.died.happened}",
                "correct that event",
            )
            return
        if day > patient.died.happened and kind not in ("eligibility reviewed", "unblinded", "dlt adjudicated"):
            yield _problem("after-death", event, f"the patient died on {patient.died.happened}")
            return
    if patient.withdrawn is not None and day > patient.withdrawn.happened and kind in _NOT_AFTER_WITHDRAWAL:
        yield _problem("after-withdrawal", event, f"the patient withdrew on {patient.withdrawn.happened}")
    if kind in ("screened", "enrolled") and event.site and not as_recorded:
        opened = standing.sites.get(event.site)
        if opened is None:
            yield _problem("site-not-open", event, f"site {event.site} is not activated", "conduct activate")
        elif day < opened:
            yield _problem("site-not-open", event, f"site {event.site} opened on {opened}")
    if kind in _AFTER_RANDOMISATION or (kind == "assessed" and not event.data.get("baseline")):
        if patient.randomised is None and not (patient.of_phase1 and kind in OF_PHASE1):
            yield _problem("before-randomisation", event, f"the patient is not {trial.entered} by that day")
            return
    elif kind not in ("screened", "consented") and patient.screened is None and not as_recorded:
        yield _problem("not-screened", event, "the patient is not screened by that day", "conduct screen")
        return
    match kind:
        case "screened":
            yield from _screened(event, patient, trial)
        case "enrolled":
            yield from _enrolled(event, patient, trial, standing)
        case "randomised":
            yield from part_problems(event, patient, trial)
            yield from dose_awaited(event, trial, standing)
            if trial.randomisation is None:
                yield _problem("not-randomised", event, "nobody is randomised in this trial", "enrolment gives the arm")
            if patient.randomised is not None:
                yield _problem("second-randomisation", event, f"randomised already, on {patient.randomised.happened}")
            elif patient.enrolled is None and not as_recorded:
                yield _problem("not-enrolled", event, "the patient is not enrolled by that day", "conduct enrol")
            arms = in_his_cohort(trial, patient).arm_by_name
            if "arm" in event.data and event.data["arm"] not in arms:
                yield Problem("unknown-arm", "arm", repr(event.data["arm"]), f"one of {_list(arms)}")
        case "unblinded":
            if not trial.masked:
                yield _problem("not-masked", event, "nobody is masked in this trial: its log names the arms")
            if not event.data["reason"].strip():
                yield Problem("no-reason", "reason", "nothing", "why somebody must know this patient's arm")
        case "eligibility reviewed":
            yield from _reviewed(event, patient, trial)
        case "assigned":
            yield from assigned_problems(event, patient, trial, standing)
        case "dlt adjudicated":
            yield from adjudicated_problems(event, patient, trial)
        case "outcome":
            yield from _outcome(event, patient, trial)
        case "treated":
            yield from _treated(event, patient, trial)
        case "dose omitted":
            yield from _omitted(event, patient, trial)
        case "sampled":
            yield from sampled_problems(event, patient, trial)
        case "consented":
            yield from _consented(event, patient)
        case "assessed":
            response, size = event.data["response"], event.data.get("sum_mm")
            glossary = glossary_of(in_his_cohort(trial, patient).assessments)
            # What is taken from datasets may be of another criterion; it is kept, and nothing follows from it.
            if not (event.source or response in glossary if response else _seen(event)):
                yield Problem(
                    "unknown-response", "response", repr(response), f"one of {_list(glossary.words)}",
                    near(response, glossary.words) or "a word of another criterion is mapped in [assessments.words] of the trial file",
                )  # fmt: skip
            if size is not None and not 0 <= size < 10_000:
                yield Problem("sum-out-of-range", "sum-mm", str(size), "millimetres, from 0 to 10,000")
            yield from lesion_problems(event.data.get("lesions", ()))
            schedule = in_his_cohort(trial, patient).assessments
            yield from measurement_problems(
                event.data.get("measurements", {}), schedule.vocabulary.measures if schedule is not None else ()
            )
        case "form":
            yield from form_problems(event, patient, trial)
        case "adverse event":
            yield from adverse_event_problems(event)
        case "withdrawn":
            if patient.withdrawn is not None:
                yield _problem("withdrawn-twice", event, f"withdrawn already, on {patient.withdrawn.happened}")
        case "treatment ended":
            if patient.treatment_ended is not None:
                yield _problem("ended-twice", event, f"treatment ended already, on {patient.treatment_ended.happened}")


def _seen(event: Event) -> bool:
    """True if an assessment says what was seen, though no response was recorded."""
    return any(
        event.data.get(k) not in (None, "", []) for k in ("lesions", "sum_mm", "target", "non_target", "measurements")
    )


def _screened(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    if patient.screened is not None:
        yield _problem(
            "screened-twice", event, f"screened already, on {patient.screened.happened}", "correct that event"
        )
    allowed = {c.number for c in trial.eligibility}
    unknown = [n for n in event.data["failed"] if not isinstance(n, int) or n not in allowed]
    if unknown:
        yield Problem(
            "unknown-criterion",
            "failed",
            str(unknown),
            f"numbers of the trial's criteria, 1 to {len(allowed)}",
        )
    yield from detail_problems(event)


def _enrolled(event: Event, patient: Patient, trial: Trial, standing: Standing) -> Iterator[Problem]:
    if patient.enrolled is not None:
        yield _problem("enrolled-twice", event, f"enrolled already, on {patient.enrolled.happened}")
    if patient.failed_criteria:
        yield _problem(
            "not-eligible",
            event,
            f"the patient failed criterion {_list(patient.failed_criteria)} at screening",
        )
    state = standing.enrolment_before(event)
    if state != "open":
        yield _problem("enrolment-" + state, event, f"enrolment is {state} on that day")
    yield from part_problems(event, patient, trial)
    factors, arm = event.data["factors"], event.data.get("arm")
    if arm is not None:
        yield from dose_awaited(event, trial, standing)
    on_no_arm = event.data.get("part") == 1
    cohort = next((c for c in trial.cohorts if c.name == event.data.get("cohort")), None)
    in_cohort = trial.cohort(cohort.name) if cohort is not None else trial
    if on_no_arm and arm is not None:
        yield _problem("arm-at-enrolment", event, "who is enrolled into part 1 comes onto no arm")
    elif not on_no_arm and (arm is None) == (trial.randomisation is None):
        allowed = "the arm comes by randomisation" if arm is not None else "the arm is given at enrolment"
        yield _problem("arm-at-enrolment", event, allowed)
    elif arm is not None and arm not in in_cohort.arm_by_name:
        yield Problem("unknown-arm", "arm", repr(arm), f"one of {_list(in_cohort.arm_by_name)}")
    for factor in trial.recorded_factors:
        level = factors.get(factor.name)
        # A marker may be known later: its record is then corrected. A stratification factor settles the arm.
        settles = factor in trial.factors and not on_no_arm
        if level not in factor.levels and (level is not None or settles):
            yield Problem("unknown-level", f"factor {factor.name}", repr(level), f"one of {_list(factor.levels)}")
    if cohort is not None and any(factors.get(name) != level for name, level in cohort.of.items()):
        allowed = f"patients of {', '.join(f'{name}={level}' for name, level in cohort.of.items())}"
        yield Problem(
            "not-of-the-cohort", "cohort", repr(cohort.name), allowed, "leave --cohort out: these levels settle it"
        )
    yield from baseline_problems(trial.baseline, event.data.get("baseline") or {})
    for name in factors:
        if name not in {f.name for f in trial.recorded_factors}:
            yield Problem(
                "unknown-factor",
                f"factor {name}",
                repr(factors[name]),
                "a factor of the trial's randomisation" + (" or a marker" if trial.markers else ""),
            )


def _reviewed(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    eligible, failed = event.data["eligible"], event.data.get("failed") or []
    if trial.eligibility_review is None:
        yield _problem("no-review", event, "[eligibility_review] in the trial file says who reviews and what follows")
    if patient.reviewed is not None:
        yield _problem(
            "reviewed-twice", event, f"reviewed already, on {patient.reviewed.happened}", "correct that event"
        )
    known = {c.number for c in trial.eligibility}
    if any(not isinstance(n, int) or n not in known for n in failed):
        allowed = (
            f"numbers of the trial's criteria, 1 to {len(known)}" if known else "none: the file numbers no criteria"
        )
        yield Problem("unknown-criterion", "failed", str(failed), allowed)
    if eligible and failed:
        yield Problem("eligible-and-failed", "failed", str(failed), "none: the patient is found eligible")
    if not eligible and not failed and not str(event.data.get("reason", "")).strip():
        yield Problem("no-reason", "reason", "nothing", "why: numbers of criteria, or words")


def _outcome(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    known = {e.name: e for e in trial.endpoints if isinstance(e, Outcome)}
    name, result = event.data["outcome"], event.data["result"]
    endpoint = known.get(name)
    if endpoint is None:
        yield Problem(
            "unknown-outcome",
            "outcome",
            repr(name),
            f"one of {_list(known)}" if known else "the trial has no endpoint of kind 'outcome'",
        )
    elif result not in endpoint.results:
        yield Problem("unknown-result", "result", repr(result), f"one of {_list(endpoint.results)}")
    if name in patient.outcomes:
        on = patient.outcomes[name].happened
        yield _problem("outcome-twice", event, f"{name} is recorded already, on {on}", "correct that event")


def _treated(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    treatment = yield from _of_the_regimen(event, patient, trial)
    if treatment is None:
        return
    dose = event.data.get("dose")
    if dose is not None and dose <= 0:
        yield Problem("dose", "dose", str(dose), "must exceed 0", "a dose that was not given is recorded as such")
    elif dose is not None and treatment.dose and not event.source:
        # What is taken from datasets may be of a regimen that the file does not state.
        least, most = treatment.dose / _SHARE_OF_DOSE, treatment.dose * _SHARE_OF_DOSE
        if not least <= dose <= most:
            yield Problem("dose", "dose", str(dose), f"{least:g} to {most:g}: {treatment.dose:g} is planned")
    if patient.treatment_ended is not None and event.happened > patient.treatment_ended.happened:
        yield _problem("after-treatment", event, f"treatment ended on {patient.treatment_ended.happened}")
    for dose in reversed(patient.doses):
        if _same_dose(dose, event):
            allowed = f"this dose is recorded already, on {dose.happened}"
            yield _problem("dose-twice", event, allowed, "correct that event")
            break
    for omitted in patient.omitted:
        if _same_dose(omitted, event):
            allowed = f"this dose is recorded as not given, on {omitted.happened}"
            yield _problem("dose-omitted", event, allowed, "take that back first: conduct void")


def _omitted(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """A dose that was planned and not given: of the regimen, not given after all, recorded once, and why."""
    if not event.data["reason"].strip():
        yield Problem("no-reason", "reason", "nothing", "why the dose was not given")
    if (yield from _of_the_regimen(event, patient, trial)) is None:
        return
    if patient.treatment_ended is not None and event.happened > patient.treatment_ended.happened:
        yield _problem("after-treatment", event, f"treatment ended on {patient.treatment_ended.happened}")
    for dose in patient.doses:
        if _same_dose(dose, event):
            yield _problem("dose-twice", event, f"this dose was given, on {dose.happened}", "correct that event")
    for omitted in patient.omitted:
        if _same_dose(omitted, event):
            allowed = f"this is recorded already, on {omitted.happened}"
            yield _problem("dose-omitted", event, allowed, "correct that event")


def _same_dose(a: Event, b: Event) -> bool:
    return all(a.data[k] == b.data[k] for k in ("drug", "cycle", "day"))


def _consented(event: Event, patient: Patient) -> Iterator[Problem]:
    version = event.data["version"].strip()
    if not version:
        yield Problem("no-version", "version", "nothing", "the version of the consent form that was signed")
    signed = next((e for e in patient.consents if e.data["version"].strip() == version), None)
    if version and signed is not None:
        yield _problem("consented-twice", event, f"this version was signed already, on {signed.happened}")


def _of_the_regimen(event: Event, patient: Patient, trial: Trial) -> Generator[Problem, None, Treatment | None]:
    """What is wrong with the drug, the cycle and the day of a dose; the drug as it is planned, None where there is nothing to judge it by."""
    regimen = regimen_of(patient, trial)
    if patient.of_phase1 and patient.assigned is None:
        yield _problem("not-assigned", event, "the patient is assigned to no dose level by that day", "conduct assign")
    if regimen is None:
        return None  # said of the allocation: it is to no arm of the trial
    of = "phase I" if patient.of_phase1 else f"arm {patient.arm}"
    allowed, step = f"a drug of {of}: {_list(regimen)}", ""
    if patient.masked:
        allowed = f"what tells nothing of the arm: {_list(regimen) or 'no treatment of this trial'}"
        step = f"--drug {MASKED} for the one treatment in which the arms differ" if MASKED in regimen else ""
    if not regimen and (trial.as_recorded or event.source):
        return None  # a trial file made from data states no regimen: nothing to judge a dose by
    treatment = regimen.get(event.data["drug"])
    if treatment is None:
        yield Problem(
            "drug-not-in-arm",
            "drug",
            repr(event.data["drug"]),
            allowed,
            step,
        )
        return None
    if event.kind == "treated":
        yield from _amount(event, treatment)
    if event.data["day"] not in treatment.days:
        yield Problem(
            "day-of-cycle",
            "day",
            str(event.data["day"]),
            f"{treatment.drug} is given on day {_list(treatment.days)}",
        )
    if event.data["cycle"] < 1 or (event.data["cycle"] > treatment.cycles and not treatment.may_continue):
        yield Problem(
            "too-many-cycles",
            "cycle",
            str(event.data["cycle"]),
            f"{treatment.drug} is given for 1 to {treatment.cycles} cycles",
        )
    return treatment


def _amount(event: Event, treatment: Treatment) -> Iterator[Problem]:
    """The dose, its unit and how often a day, as the regimen has them."""
    dose, unit, times = (event.data.get(k) for k in ("dose", "unit", "times_a_day"))
    if treatment.dose is None:
        if dose is not None or unit is not None:
            yield Problem("dose", "dose", f"{dose} {unit}", f"none: {treatment.drug} has no dose in the trial file")
    elif dose is None:
        yield Problem("missing", "dose", "nothing", f"{treatment.drug} is given in {treatment.unit}")
    if treatment.dose is not None and unit != treatment.unit:
        yield Problem("unit", "unit", repr(unit), f"{treatment.drug} is given in {treatment.unit}")
    if times is not None and not 1 <= times <= treatment.times_a_day:
        yield Problem("times-a-day", "times-a-day", str(times), f"1 to {treatment.times_a_day}, as planned")


def _problem(code: str, event: Event, allowed: str, next_step: str = "") -> Problem:
    return Problem(code, f"{event.patient or event.site}", f"{event.kind!r} on {event.happened}", allowed, next_step)


def _list(values: Iterable[object]) -> str:
    return ", ".join(str(v) for v in values)
