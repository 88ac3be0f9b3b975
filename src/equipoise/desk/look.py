"""Take a look at the data, and record the decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.decide.decide import decide, decided
from equipoise.desk.order import Ordered, give
from equipoise.desk.store import LogStore
from equipoise.desk.witness import Witness
from equipoise.files.plain import plain
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def take(trial: Trial, snap: Snapshot, look: int) -> Decision | NotRipe:
    """The decision of a look on these data, or why it cannot be taken yet."""
    return decide(trial, snap, look)


def somebody(by: str | None) -> str:
    """Who records a decision. Raises BadInput for nobody."""
    if not by:
        raise BadInput("decide", [Problem("nobody", "--by", "nothing", "a record says who made it: give --by")])
    return by


def record(
    trial: Trial, store: LogStore, d: Decision, known_on: date, by: str, witness: Witness | None = None
) -> Ordered:
    """Add the decision to the log, so that the report shows it at the cut-off at which it was taken."""
    order = recording(d, known_on, by, trial.cohort_name)
    return give(trial.whole, store, order, witness=witness, by=by)


def recording(d: Decision, known_on: date, by: str, cohort: str | None = None) -> Callable[[Conduct, datetime], Event]:
    """The order that records a decision."""
    data = decided(d, known_on)
    if cohort:
        data = {**data, "cohort": cohort}

    def order(conduct: Conduct, now: datetime) -> Event:
        # The reasons tell results by arm, which those who read a masked log must not see.
        why = "decided with the arms known" if conduct.masked else "; ".join(d.because)
        return conduct.order("decided", now.date(), now, by, why, data=data)

    return order


def as_json(result: Decision | NotRipe) -> dict[str, Any]:
    """The documented shape: the decision, and ``ripe``."""
    return {"ripe": isinstance(result, Decision), **plain(result)}
