"""What is impossible of a dose level that is assigned, and of a committee's word on a dose-limiting toxicity.

An assignment is judged by what the log held when it was recorded: what came later changes nothing of it. Whoever verifies a log asks the
same function again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from equipoise.conduct.part_rules import over_before
from equipoise.conduct.standing import Standing
from equipoise.trial.dose_standing import DoseStanding
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.phase1 import DoseLevel
from equipoise.trial.problem import Problem, near
from equipoise.trial.trial import Trial


def assigned_problems(event: Event, patient: Patient, trial: Trial, standing: Standing) -> Iterator[Problem]:
    """A level that the trial has not, or its design does not give now; who is not enrolled for it, has a level, or had its drug before."""
    label, labels = event.data["level"], list(trial.level_numbers)
    level = level_of(trial, label)
    if level is None:
        allowed = f"a dose level: {', '.join(labels)}" if labels else "nothing: the trial file has no [[dose_levels]]"
        yield Problem("unknown-level", "level", repr(label), allowed, near(label, labels))
    enrolled = patient.enrolled is not None or patient.randomised is not None
    if not enrolled:
        yield _problem("not-enrolled", event, "the patient is not enrolled by that day", "conduct enrol")
    elif trial.in_parts and not trial.finds_dose:
        yield over_before(trial, event.patient)
        return
    elif trial.in_parts and not patient.of_phase1:
        allowed = "the patient was enrolled into phase II: levels are for those of part 1"
        yield _problem("not-of-phase1", event, allowed, "conduct enrol --part 1")
    if patient.assigned is not None:
        had = f"assigned already, to {patient.assigned.data['level']} on {patient.assigned.happened}"
        yield _problem("assigned-twice", event, had, "correct that event")
        return
    if level is None:
        return
    arm = trial.arm_by_name.get(patient.arm)
    missing = [d.drug for d in level.doses if arm is not None and d.drug not in {t.drug for t in arm.regimen}]
    if arm is not None and missing:
        given_, allowed = repr(label), f"a level of drugs of arm {arm.name}, which has no {' or '.join(missing)}"
        yield Problem("drug-not-in-arm", "level", given_, allowed)
    given = [d for d in patient.doses if level.of(d.data["drug"]) is not None and d.happened < event.happened]
    if given:
        allowed = f"a day not after the first dose of {level.drugs}, on {given[0].happened}"
        yield _problem("treated-before", event, allowed)
    elif enrolled:
        yield from _not_given(event, trial, standing)


def _not_given(event: Event, trial: Trial, standing: Standing) -> Iterator[Problem]:
    """Why the design does not give this level, by what was known when the assignment was recorded of what had happened by its day.

    What is against the design is taken where it says so and why, but for an eliminated dose, which nobody is given.
    """
    then = standing.defined_for(event, trial)
    label, meant = event.data["level"], event.data.get("against_design") is True
    stands = stands_before(event, trial, standing)
    if stands is None or then.phase1 is None or label not in then.level_numbers:
        return
    number = then.level_numbers[label]
    if number in stands.gone:
        gone = ", ".join(named(then, k) for k in stands.gone)
        yield Problem(
            "eliminated", "level", repr(label), f"a level that is not eliminated; {gone} is", gives_now(then, stands)
        )
        return
    if event.data.get("backfill") is True and not then.phase1.rule.backfills:
        yield Problem("no-backfill", "backfill", "true", "a design that backfills: [phase1] says `backfill`")
        return
    against = [*_against(label, number, then, stands), *_other_way(event, then, stands)]
    if not meant:
        yield from against
    elif not against:
        allowed = f"nothing: the design gives {named(then, number)} now"
        yield Problem("not-against", "against-design", "true", allowed, "leave --against-design out")
    elif not event.why.strip():
        yield Problem("no-reason", "why", "nothing", "an assignment against the design states its reason", "--why TEXT")


def stands_before(event: Event, trial: Trial, standing: Standing) -> DoseStanding | None:
    """Where dose finding stood by what was recorded before an event, of what had happened by its day; None where that is not known, or nothing is found."""
    known = standing.known_before(event)
    then = standing.defined_for(event, trial)
    if event.source or known is None or then.phase1 is None:
        return None
    return then.phase1.stands(then, known, event.happened)


def drawn_before(events: Iterable[Event]) -> int:
    """How many were given a level by lot."""
    return sum(e.kind == "assigned" and e.corrects is None and e.data.get("at_random") is True for e in events)


def _other_way(event: Event, trial: Trial, stands: DoseStanding) -> Iterator[Problem]:
    """An assignment that says otherwise than the design whether the patient is backfilled, and whether his level was given by lot."""
    step = gives_now(trial, stands)
    for name, action in (("backfill", "backfill"), ("at_random", "randomise")):
        said, is_so = event.data.get(name) is True, stands.action == action
        if said and not is_so:
            yield Problem(
                f"no-{action}", name.replace("_", "-"), "true", f"nothing: the design does not {action} now", step
            )
        elif is_so and not said and stands.dose in (None, trial.level_numbers[event.data["level"]]):
            how = "left out: the level is given by lot" if action == "randomise" else "true: the patient is backfilled"
            yield Problem(action, "level" if action == "randomise" else name, repr(event.data["level"]), how, step)


def _against(label: str, number: int, trial: Trial, stands: DoseStanding) -> Iterator[Problem]:
    """What of an assignment the design does not allow: dose finding is over, somebody is waited for, or another level is given."""
    step = f"{gives_now(trial, stands)}; against the design: --against-design --why TEXT"
    if stands.over:
        ended = "with no dose" if stands.recommended is None else f"with {named(trial, stands.recommended)}"
        allowed = f"nobody by the design: dose finding has ended {ended} ({' '.join(stands.because)})"
        yield Problem("dose-finding-over", "level", repr(label), allowed, step)
    elif stands.action == "wait":
        whom = "; ".join(map(str, stands.waits_for))
        full = f"the cohort is full ({stands.history}), and " if stands.waits_for else ""
        yield Problem(
            "waits", "level", repr(label), f"nobody yet: {full}the design waits for {whom or 'more to be known'}", step
        )
    elif stands.action == "randomise" and not stands.places[number - 1]:
        yield Problem("no-place", "level", repr(label), f"a level with a place left: {_places(trial, stands)}", step)
    elif stands.dose is not None and number != stands.dose:
        code, word = ("higher-than-given", "higher") if number > stands.dose else ("lower-than-given", "lower")
        allowed = f"{named(trial, stands.dose)}, which the design gives; this is {word}"
        yield Problem(code, "level", repr(label), allowed, step)


def gives_now(trial: Trial, stands: DoseStanding) -> str:
    """What the design gives now, in a phrase."""
    if stands.action == "randomise":
        return f"the design now: randomise, {_places(trial, stands)}, after {stands.history or 'nobody'}"
    if stands.dose is None or stands.over or stands.action == "wait":
        return f"the design now: {stands.action}, after {stands.history}"
    return f"the design now: {stands.action}, {named(trial, stands.dose)}, {stands.size} more, after {stands.history or 'nobody'}"


def _places(trial: Trial, stands: DoseStanding) -> str:
    """'2 places at DL1, 3 at DL2'."""
    return ", ".join(f"{n} at {label_of(trial, k)}" for k, n in enumerate(stands.places, 1) if n) + " left"


def adjudicated_problems(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """A word on somebody who was assigned no level."""
    if trial.phase1 is None:
        yield _problem("no-phase1", event, "[phase1] in the trial file says what a DLT is")
    elif patient.assigned is None:
        yield _problem(
            "not-assigned", event, "the patient is not assigned to a dose level by that day", "conduct assign"
        )


def level_of(trial: Trial, label: str) -> DoseLevel | None:
    """The dose level of this name."""
    return next((x for x in trial.dose_levels if x.label == label), None)


def label_of(trial: Trial, number: int | None) -> str:
    """The name of a level; '' of none."""
    return "" if number is None else trial.dose_levels[number - 1].label


def named(trial: Trial, number: int | None) -> str:
    """A level by its name and dose; 'no dose' of none."""
    if number is None:
        return "no dose"
    level = trial.dose_levels[number - 1]
    return f"{level.label} ({level.drug} {level})"


def _problem(code: str, event: Event, allowed: str, next_step: str = "") -> Problem:
    return Problem(code, event.patient, f"{event.kind!r} on {event.happened}", allowed, next_step)
