"""Redaction: content that was entered by mistake is taken out of the log for good; that it was, by whom and why, is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from equipoise.conduct.corrections import STAND
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.replaying import replay
from equipoise.trial.event import FIRST_FORM, REMOVED, Event
from equipoise.trial.log import Log
from equipoise.trial.oversight import OVERSIGHT
from equipoise.trial.problem import Problem
from equipoise.trial.withheld import removed

#: Acts about the record that hold no words of a patient, and on which others rest.
_SIGNED = OVERSIGHT - {
    "query opened", "query answered", "query closed", "query reopened", "verified", "coded", "safety reviewed", "impact assessed", "reviewed",
}  # fmt: skip


def redaction_of(log: Log, number: int, recorded: datetime, by: str, why: str) -> Event:
    """The event that removes the content of event ``number``. When that one was recorded is kept, and what it corrects: its place."""
    old = log[number - 1] if 1 <= number <= len(log) else None
    data = {"event": number, **(_kept(old) if old is not None else {"recorded": ""})}
    return Event(len(log) + 1, "redacted", recorded.date(), recorded, by, why, data=data)


def _kept(old: Event) -> dict[str, Any]:
    """What is known of a removed event: no content."""
    at = old.recorded.astimezone(UTC).isoformat(timespec="microseconds")
    return {"recorded": at, **({} if old.corrects is None else {"corrected": old.corrects})}


def redaction_problems(event: Event, old: Event | None) -> Iterator[Problem]:
    """Why ``event``, a redaction, cannot remove the content of ``old``, the log's event of the number that it names; None: there is none.

    What was done by an event that stands (an allocation, a decision) would not be known any more: its content is never removed.
    """
    if not event.why.strip():
        yield Problem("no-reason", "why", "nothing", "a redaction states its reason")
    number = event.data["event"]
    if old is None:
        yield Problem("unknown-event", "event", str(number), f"an event of the log, 1 to {event.number - 1}")
        return
    if old.kind == REMOVED:
        yield Problem("removed-already", "event", str(number), "an event whose content is there")
    elif old.kind in STAND or old.kind == "randomised" or old.kind in _SIGNED:
        yield Problem("cannot-redact", "event", f"{old.kind!r}", "this event stands")
    elif old.form == FIRST_FORM:
        given = f"event {number}, in the first form of the log's lines"
        yield Problem("first-form", "event", given, "a line of the second form: the hash of this one is of its content")
    elif event.data.get("corrected") != old.corrects:
        yield Problem(
            "not-the-same", "event", str(event.data.get("corrected")), f"what event {number} corrects: {old.corrects}"
        )


def left_problems(event: Event, events: Sequence[Event], definitions: Definitions) -> Iterator[Problem]:
    """Why what is left without an event that is in force cannot be: what the state holds of it is as if it had been voided.

    ``events``: the log, or the trial's own events and all those of every patient whom it may touch.
    """
    before = {_named(p) for _, p in replay(definitions.trial, events, definitions.read)}
    left = [removed(e, event) if e.number == event.data["event"] else e for e in events]
    for _, problem in replay(definitions.trial, [*left, event], definitions.read):
        if _named(problem) not in before and problem.code != "clock-backwards":
            yield problem


def _named(problem: Problem) -> tuple[str, str, str]:
    return problem.code, problem.where, problem.given
