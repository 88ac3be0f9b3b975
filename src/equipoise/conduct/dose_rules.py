"""The dose that phase I hands over: what a record of it keeps, and what is impossible of it.

A decision on the dose, and the dose that is set, are bound to what was known: the cut-off, the day of knowledge, the history, what the
design said of it, the definition and the data by their fingerprints. Whoever verifies a log derives all of it again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from equipoise.conduct.part_rules import over_before
from equipoise.conduct.phase1_rules import gives_now, label_of, level_of, named
from equipoise.conduct.standing import Standing
from equipoise.trial.dose_standing import DoseStanding
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.phase1 import DoseLevel
from equipoise.trial.problem import Problem, near
from equipoise.trial.trial import Trial


def no_phase1() -> Problem:
    """That no dose is found in a trial."""
    return Problem("no-phase1", "phase1", "nothing", "a trial file with [phase1] and [[dose_levels]]")


def said_of(trial: Trial, stands: DoseStanding) -> dict[str, Any]:
    """What a record keeps of where dose finding stood; what is nothing is not said."""
    said = {
        "history": stands.history,
        "action": stands.action,
        "level": label_of(trial, stands.dose),
        "recommended": label_of(trial, stands.recommended),
    }
    return {k: v for k, v in said.items() if v}


def cannot_be_set(trial: Trial, label: str) -> Iterator[Problem]:
    """A level of no phase I, of one that was over before the log, or that there is not."""
    if trial.phase1 is None:
        yield no_phase1()
    elif not trial.finds_dose:
        yield over_before(trial, "level")
    elif level_of(trial, label) is None:
        labels = list(trial.level_numbers)
        yield Problem("unknown-level", "level", repr(label), f"a dose level: {', '.join(labels)}", near(label, labels))


def dose_decision_problems(event: Event, standing: Standing) -> Iterator[Problem]:
    """A recorded decision on the dose that what was known does not give. A look of phase II is judged by what it attained."""
    if "part" not in event.data:
        return
    if event.data["part"] != 1:
        yield Problem("unknown-part", "part", str(event.data["part"]), "1: part 2 is decided by its looks")
        return
    if "head" not in event.data:
        yield Problem(
            "missing", "data.head", "nothing", "required of a decision on the dose: the data that it rests on"
        )
        return
    yield from _not_as_known(event, standing, ("history", "action", "level", "recommended"))


def dose_set_problems(event: Event, trial: Trial, standing: Standing) -> Iterator[Problem]:
    """A dose of phase II that is no level, is set twice, or is not bound to what was known; another than the recommended without a reason."""
    data, label = event.data, event.data["level"]
    cannot = list(cannot_be_set(trial, label))
    yield from cannot
    level = level_of(trial, label)
    if cannot or level is None:
        return
    if (data["dose"], data["unit"]) != (level.dose, level.unit):
        yield Problem("not-the-level", "dose", f"{data['dose']:g} {data['unit']}", f"{level}, the dose of {label}")
    earlier = next((d for d in standing.doses if d.number < event.number), None)
    if earlier is not None:
        allowed = f"nothing: {earlier.data['level']} was set on {earlier.happened} (event {earlier.number})"
        yield Problem(
            "dose-set-twice", "level", repr(label), allowed, "another dose than that is an amendment: conduct amend"
        )
        return
    stands = yield from _not_as_known(event, standing, ("history", "action", "recommended"))
    if stands is None:
        return
    decided = data.get("decision")
    before = [e.number for e in standing.known_before(event) or () if e.kind == "decided" and e.data.get("part") == 1]
    if decided is not None and decided not in before:
        yield Problem("no-decision", "decision", str(decided), "an earlier decision on the dose, by its event's number")
    if trial.level_numbers[label] in stands.gone:
        yield Problem("eliminated", "level", repr(label), "a level that is not eliminated", gives_now(trial, stands))
    elif not event.why.strip():
        if stands.action != "declare":
            allowed = f"a reason: the design has declared no dose ({stands.action}, after {stands.history or 'nobody'})"
            yield Problem("no-reason", "why", "nothing", allowed, "--why TEXT")
        elif label != label_of(trial, stands.recommended):
            allowed = f"a reason: the design recommends {named(trial, stands.recommended)}"
            yield Problem("no-reason", "why", "nothing", allowed, "--why TEXT")


def _not_as_known(
    event: Event, standing: Standing, names: tuple[str, ...]
) -> Generator[Problem, None, DoseStanding | None]:
    """What a record says otherwise than what was known at its cut-off, by its day of knowledge, when it was recorded; and that itself."""
    days = {name: _day(event.data[name]) for name in ("cutoff", "known_on")}
    for name, day in days.items():
        if day is None:
            yield Problem("no-day", name, repr(event.data[name]), "a day, YYYY-MM-DD")
    cutoff, known_on = days["cutoff"], days["known_on"]
    if cutoff is None or known_on is None:
        return None
    if not cutoff <= known_on <= event.recorded.date():
        allowed = f"a cut-off, and a day of knowledge not before it, by {event.recorded.date()}"
        yield Problem("dates-out-of-order", "cutoff", f"{cutoff}, known on {known_on}", allowed)
        return None
    before = standing.known_before(event)
    if before is None:
        return None
    known = Log(before).known_by(known_on)
    trial = standing.defined(replace(event, number=len(known) + 1)) if standing.defined is not None else None
    if trial is None or trial.phase1 is None:
        yield no_phase1()
        return None
    stands = trial.phase1.stands(trial, known, cutoff)
    found = said_of(trial, stands)
    for name in names:
        if event.data.get(name, "") != found.get(name, ""):
            given, allowed = event.data.get(name, ""), f"{found.get(name, '')!r}, by what was known then"
            yield Problem("not-what-was-known", name, repr(given), allowed)
    if event.data["head"] != Log(known).head:
        yield Problem(
            "not-what-was-known", "head", str(event.data["head"])[:12], f"{Log(known).head[:12]}, the data then"
        )
    if "definition" in event.data and event.data["definition"] != trial.fingerprint:
        given = str(event.data["definition"])[:12]
        yield Problem("not-what-was-known", "definition", given, f"{trial.fingerprint[:12]}, the definition then")
    return stands


def decision_of(trial: Trial, known: list[Event], cutoff: date, known_on: date) -> Mapping[str, Any]:
    """What is recorded of the design's word on the next dose: see ``dose_decision_problems``."""
    assert trial.phase1 is not None, "asked of a trial with phase I"
    stands = trial.phase1.stands(trial, known, cutoff)
    said = {"part": 1, "cutoff": cutoff.isoformat(), "known_on": known_on.isoformat(), "head": Log(known).head}
    return {**said, **said_of(trial, stands)}


def dose_of(trial: Trial, level: DoseLevel, known: list[Event], cutoff: date, known_on: date) -> Mapping[str, Any]:
    """What is recorded of the dose of phase II: the level, and what it was recommended by. See ``dose_set_problems``."""
    assert trial.phase1 is not None, "asked of a trial with phase I"
    decided = [e.number for e in known if e.kind == "decided" and e.data.get("part") == 1]
    return {
        **said_of(trial, trial.phase1.stands(trial, known, cutoff)), "level": level.label, "dose": level.dose, "unit": level.unit,
        "cutoff": cutoff.isoformat(), "known_on": known_on.isoformat(), "definition": trial.fingerprint, "head": Log(known).head,
        **({"decision": decided[-1]} if decided else {}),
    }  # fmt: skip


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
