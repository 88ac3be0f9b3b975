"""Ask the safety rules beside a trial's design, and record that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from equipoise import __version__
from equipoise.conduct.conduct import Conduct
from equipoise.decide.safety import SafetyRuling, look_data, safety_rulings
from equipoise.desk.order import Ordered, give
from equipoise.desk.store import LogStore
from equipoise.desk.witness import Witness
from equipoise.files.plain import plain
from equipoise.trial.decision import Fingerprints
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class SafetyAsked:
    """What all safety rules of a trial say of what was known on a day."""

    trial: str
    cutoff: date
    known_on: date
    rules: Sequence[SafetyRuling]
    fingerprints: Fingerprints

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial,
            "cutoff": plain(self.cutoff),
            "known_on": plain(self.known_on),
            "speaks": any(r.speaks for r in self.rules),
            "rules": [_as_json(r) for r in self.rules],
            "fingerprints": plain(self.fingerprints),
        }


def _as_json(r: SafetyRuling) -> dict[str, Any]:
    return {
        "name": r.rule.name,
        "label": r.rule.label,
        "kind": r.rule.rule["kind"],
        "arms": list(r.rule.arms),
        "looks": r.rule.when_in_words,
        "does": r.rule.does,
        "speaks": r.speaks,
        "anew": r.anew,
        "ended": r.reading.ended,
        "action": r.ruling.action.name if r.ruling.action is not None else None,
        "distance": r.reading.distance,
        "unit": r.reading.unit,
        "counts": plain(r.reading.counts),
        "because": list(r.ruling.because),
        "cautions": list(r.ruling.cautions),
        "not_due_because": r.due,
        "boundary": [[int(at), least if r.rule.on_endpoint else int(least)] for at, least in r.reading.boundary],
    }


def take(trial: Trial, snap: Snapshot) -> SafetyAsked:
    """The rulings of all rules on these data. Raises BadInput for a trial that has none."""
    if not trial.safety:
        allowed = "a trial file with [[safety]]: a rule of the safety shelf, what counts, in whom, when it looks, what it does"
        raise BadInput(trial.id, [Problem("no-safety-rules", "safety", "nothing", allowed)])
    made = Fingerprints(trial.fingerprint, snap.head, f"equipoise {__version__}")
    return SafetyAsked(trial.id, snap.cutoff, snap.known_on, safety_rulings(trial, snap), made)


def record(trial: Trial, store: LogStore, asked: SafetyAsked, by: str, witness: Witness | None = None) -> Ordered:
    """Add a look at each rule to the log and, where one speaks anew, the pause or the end of enrolment that follows."""
    head = asked.fingerprints.data
    return give(
        trial, store, lambda conduct, now: orders(conduct, asked.rules, now.date(), now, by, head), witness=witness, by=by,
    )  # fmt: skip


def orders(
    conduct: Conduct, rules: Sequence[SafetyRuling], on: date, now: datetime, by: str, head: str = ""
) -> list[Event]:
    """A look at each of some rules, one or more, and what follows, to be recorded together. Refused in a masked log.

    ``head``: the data that they rest on.
    """
    if conduct.masked:
        allowed = "no counts by arm in a log that masked people read"
        step = "where enrolment must pause or end: conduct pause, conduct close"
        raise BadInput(conduct.trial.id, [Problem("masked", "--record", "a safety look", allowed, step)])
    # Each is judged after the one before it, of which nothing is recorded yet.
    ahead = conduct.fork(None)
    ahead.takes, found = True, []
    for r in rules:
        data = {**look_data(r), **({"head": head} if head else {})}
        found.append(ahead.order("safety look", on, now, by, " ".join(r.ruling.because), data=data))
        state = ahead.standing.enrolment[-1][2] if ahead.standing.enrolment else "open"
        follows = {"pause": ("enrolment paused", "open"), "stop": ("enrolment closed", "open paused")}.get(r.rule.does)
        if r.anew and follows is not None and state in follows[1]:
            found.append(ahead.order(follows[0], on, now, by, f"safety rule {r.rule.name} speaks"))
    return found
