"""The trial's own acts of oversight: a look step by step, the lock, views and exports; why one of them cannot be the next of the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from equipoise.conduct.overseen import Looks, Record, named
from equipoise.trial.check import near
from equipoise.trial.event import Event, is_hash
from equipoise.trial.oversight import RECOMMENDATIONS, STEPS
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial


def own_act_problems(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    """Why an act of the trial's own cannot be the next."""
    yield from _ON_TRIAL.get(act.kind, _nothing)(act, record, trial)


def step_problems(event: Event, looks: Looks, trial: Trial) -> Iterator[Problem]:
    """Why a step of a look cannot be the next: any other order is refused. A decision of a log that knows no steps is none of this."""
    if "look" not in event.data:
        return
    look, kind = Looks.of(event), event.kind
    people = trial.whole.people
    if kind == "decided" and not (looks.in_steps or (people is not None and people.looks_in_steps)):
        return
    due = looks.next_of(look) if look in looks.steps else "cut off"
    if kind != due:
        done = looks.done(look)
        given = f"{kind!r} of {named(look)}, after {repr(done[-1]) if done else 'nothing'}"
        allowed = f"next is {due!r}" if due else "nothing more: all its steps are taken"
        yield Problem("out-of-order", "look", given, f"{allowed}; the order is {', '.join(STEPS)}")
        return
    if kind == "cut off":
        yield from _cut(event, looks, trial)
    elif kind == "decided":
        first, closed = looks.steps[look][0], looks.steps[look][2]
        if event.data["cutoff"] != first.data["cutoff"]:
            yield Problem(
                "another-cutoff", "cutoff", event.data["cutoff"], f"the look was cut off at {first.data['cutoff']}"
            )
        if event.data["known_on"] < closed.recorded.date().isoformat():
            allowed = f"not before {closed.recorded.date()}, when entry was closed: what was checked by then counts"
            yield Problem("known-before-closed", "known_on", event.data["known_on"], allowed)
    elif kind == "recommended" and event.data["recommendation"] not in RECOMMENDATIONS:
        given = event.data["recommendation"]
        yield Problem(
            "unknown-recommendation",
            "recommendation",
            repr(given),
            f"one of {', '.join(RECOMMENDATIONS)}",
            near(given, RECOMMENDATIONS),
        )


def _cut(event: Event, looks: Looks, trial: Trial) -> Iterator[Problem]:
    cutoff, number = day_of(event.data["cutoff"]), event.data["look"]
    if cutoff is None or cutoff > event.happened or cutoff < trial.first_day:
        yield Problem(
            "cutoff",
            "cutoff",
            repr(event.data["cutoff"]),
            f"a day, YYYY-MM-DD, from {trial.first_day} to {event.happened}",
        )
    if number < 1:
        yield Problem("look", "look", str(number), "a look's number, from 1")
    cohort = str(event.data.get("cohort", ""))
    other = next((o for o in looks.underway() if o[0] == cohort), None)
    if other is not None:
        yield Problem(
            "look-open",
            "look",
            named(Looks.of(event)),
            f"{named(other)} is under way: its next step is {looks.next_of(other)!r}",
        )


def _step(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    yield from step_problems(act, record.looks, trial)


def _withdrawn(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    look = Looks.of(act)
    done = record.looks.done(look)
    if not done or "look unblinded" in done:
        given = f"{named(look)}, {'unblinded' if done else 'not cut off'}"
        yield Problem("out-of-order", "look", given, "a look that is cut off and not unblinded yet")
    if not act.why.strip():
        yield Problem("no-reason", "why", "nothing", "why the cut is withdrawn")


def _taken(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    look = Looks.of(act)
    done = record.looks.done(look)
    if "recommended" not in done or "recommendation taken" in done:
        given = f"{named(look)}, {'taken already' if done and done[-1] == act.kind else 'without a recommendation'}"
        yield Problem("out-of-order", "look", given, "a look of which the committee's recommendation waits")


def _lock(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    looks = record.looks
    if act.kind == "unlocked":
        if looks.locked is None:
            yield Problem("not-locked", "order", repr(act.kind), "a database that is locked")
        if not act.why.strip():
            yield Problem("no-reason", "why", "nothing", "why the database is opened again")
        return
    if looks.locked is not None:
        yield Problem("locked-already", "order", repr(act.kind), f"it is locked since {looks.locked.happened}")
    for look in looks.underway():
        yield Problem(
            "look-open",
            "order",
            repr(act.kind),
            f"no look under way: the next step of {named(look)} is {looks.next_of(look)!r}",
        )


def _viewed(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    if not act.why.strip():
        yield Problem("no-reason", "why", "nothing", "why the page is opened: what is by arm is seen for a reason")


def _nothing(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    yield from ()


def _taken_away(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    if not is_hash(act.data["head"]):
        yield Problem("head", "head", repr(act.data["head"])[:80], "the hash of the log's head at the export")


_ON_TRIAL = {
    **dict.fromkeys(("cut off", "look checked", "entry closed", "look unblinded", "recommended"), _step),
    "cut withdrawn": _withdrawn, "recommendation taken": _taken, "locked": _lock, "unlocked": _lock, "seen": _viewed, "exported": _taken_away,
}  # fmt: skip


def day_of(text: object) -> date | None:
    """A day as YYYY-MM-DD; None for anything else."""
    if not isinstance(text, str) or len(text) != 10:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
