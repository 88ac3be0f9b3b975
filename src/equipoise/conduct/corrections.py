"""Corrections: an event that says what another should have been, and stands where that one stood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from equipoise.trial.event import REMOVED, Event
from equipoise.trial.log import Log
from equipoise.trial.oversight import OVERSIGHT
from equipoise.trial.problem import Problem

#: What is never corrected: it says what was done, and when.
STAND = frozenset(
    {
        "opened", "amended", "sealed", "decided", "dose set", "safety look", "unblinded", "redacted", "clock corrected", "reconciled",
    }
)  # fmt: skip


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
    # A day that is put right is known: what stood in for it while it was known in part goes, unless it is said anew.
    gone = {"dated", "date_rule"} if on is not None else set[str]()
    gone |= {"until_dated", "until_date_rule"} if "until" in (data or {}) else set()
    before = {k: v for k, v in old.data.items() if k not in gone}
    merged = {k: v for k, v in {**before, **(data or {})}.items() if v is not None and k != "key"}
    if factors and old.kind == "enrolled":
        levels = merged.get("factors")
        merged["factors"] = {**(levels if isinstance(levels, Mapping) else {}), **factors}
    values = (data or {}).get("baseline")
    if isinstance(values, Mapping):
        # As with levels: variables that are not named stay, one that is None was never there.
        was = old.data.get("baseline")
        merged["baseline"] = {**(was if isinstance(was, Mapping) else {}), **values}
        merged["baseline"] = {k: v for k, v in merged["baseline"].items() if v is not None}
    return Event(
        len(log) + 1, "voided" if void else old.kind, on or old.happened, recorded, by, why, old.patient, old.site,
        {} if void else merged, number,
    )  # fmt: skip


def correction_problems(
    event: Event, old: Event | None, found: Event | None = None, later: Iterable[Event] = ()
) -> Iterator[Problem]:
    """Why ``event`` cannot correct ``old``, the event that it names; None: no such event is in force.

    To say why not: ``found``, the log's event of that number, and the events that may have corrected it, in their order.

    An allocation stands: neither the arm of a randomisation nor the randomisation itself can be taken back.
    """
    if not event.why.strip():
        yield Problem("no-reason", "why", "nothing", "a correction states its reason")
    if old is None:
        yield _not_in_force(event, found, later)
        return
    void = event.kind == "voided"
    if old.kind in STAND or old.kind in OVERSIGHT or (old.kind == "randomised" and void):
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


def _not_in_force(event: Event, found: Event | None, among: Iterable[Event]) -> Problem:
    """What became of the event that ``event`` would correct."""
    number, step = event.corrects or 0, ""
    given = str(number)
    if found is not None:
        later = next((e for e in reversed(list(among)) if e.corrects == number), None)
        if found.kind == "voided":
            given = f"{number}, which took back event {found.corrects}"
            step = "record anew what did happen"
        elif found.kind == REMOVED:
            given = f"{number}, whose content was removed"
        elif later is not None and later.kind == "voided":
            given, step = f"{number}, which event {later.number} took back", "record anew what did happen"
        elif later is not None:
            given, step = f"{number}, which event {later.number} corrected", f"correct event {later.number}"
    return Problem("unknown-event", "event", given, "an event that is in force", step)
