"""Corrections: an event that says what another should have been, and stands where that one stood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import Problem

#: What is never corrected: it says what was done, and when.
STAND = frozenset(
    {"opened", "amended", "sealed", "decided", "safety look", "unblinded", "redacted", "clock corrected", "reconciled"}
)


def correction_of(
    log: Log,
    number: int,
    recorded: datetime,
    by: str,
    why: str,
    on: date | None = None,
    data: Mapping[str, Any] | None = None,
    void: bool = False,
    factors: Mapping[str, str] | None = None,
) -> Event:
    """The event that corrects event ``number`` of the log: what is not said anew stays, and a detail that is None goes. See ``Conduct.correct``."""
    old = log[number - 1]
    merged = {k: v for k, v in {**old.data, **(data or {})}.items() if v is not None and k != "key"}
    if factors and old.kind == "enrolled":
        before = merged.get("factors")
        merged["factors"] = {**(before if isinstance(before, Mapping) else {}), **factors}
    return Event(
        len(log) + 1, "voided" if void else old.kind, on or old.happened, recorded, by, why, old.patient, old.site,
        {} if void else merged, number,
    )  # fmt: skip


def correction_problems(event: Event, old: Event | None) -> Iterator[Problem]:
    """Why ``event`` cannot correct ``old``, the event that it names; None: no such event is in force.

    An allocation stands: neither the arm of a randomisation nor the randomisation itself can be taken back.
    """
    if not event.why.strip():
        yield Problem("no-reason", "why", "nothing", "a correction states its reason")
    if old is None:
        yield Problem("unknown-event", "event", str(event.corrects), "an event that is in force")
        return
    void = event.kind == "voided"
    if old.kind in STAND or (old.kind == "randomised" and void):
        yield Problem("cannot-correct", "event", f"{old.kind!r}", "this event stands")
        return
    if (event.patient, event.site) != (old.patient, old.site) or event.kind not in (old.kind, "voided"):
        given = " ".join(filter(None, (event.kind, event.patient, event.site)))
        of = " ".join(filter(None, (old.kind, old.patient, old.site)))
        yield Problem("not-the-same", "event", given, f"a correction of event {old.number}, {of}: void it, record anew")
        return
    if old.kind == "randomised" and any(
        event.data.get(k) != old.data.get(k) for k in {**event.data, **old.data} if k != "key"
    ):
        changed = {k: v for k, v in event.data.items() if v != old.data.get(k) and k != "key"}
        yield Problem("allocation-stands", "event", str(changed), "an allocation is never changed")
