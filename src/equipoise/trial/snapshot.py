"""Snapshot: the log as it was known on a day. It never sees tomorrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from equipoise.trial.event import Event
from equipoise.trial.log import Log, in_force
from equipoise.trial.oversight import OVERSIGHT
from equipoise.trial.patient import Patient, gather
from equipoise.trial.response import Glossary
from equipoise.trial.vocabularies import OURS


@dataclass(frozen=True)
class Snapshot:
    """What was known by ``known_on`` of what had happened by ``cutoff``.

    ``notes`` says what was left out, or taken otherwise than a reader might think; the edge says them. ``losses`` are those of them
    that may change an endpoint: they stand wherever one is shown.
    """

    cutoff: date
    known_on: date
    events: Sequence[Event]
    patients: Mapping[str, Patient]
    head: str
    notes: Sequence[str] = ()
    losses: Sequence[str] = ()
    #: What was known to have happened after the cut-off: it says who was followed until then, and nothing else.
    beyond: Sequence[Event] = ()
    #: All that was known, corrections and what they corrected, in the order of its record.
    known: Sequence[Event] = ()

    #: Where anything was corrected: the number of the event that first put each patient on an arm.
    came: Mapping[str, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The number of the last event that was known: ``head`` is its hash; 0 where nothing was known."""
        return self.known[-1].number if self.known else 0

    @property
    def randomised(self) -> list[Patient]:
        """Randomised patients, in the order in which the log first recorded it.

        That order nobody can move: neither a day that is put right afterwards nor a record that comes late changes who was among the
        first. An enrolment that is taken back and recorded anew
        keeps its place too.
        """
        chosen = [p for p in self.patients.values() if p.randomised is not None]
        return sorted(chosen, key=lambda p: self.came.get(p.name, p.randomised.number))  # type: ignore[union-attr]

    def on_arm(self, arm: str) -> list[Patient]:
        """Patients randomised to ``arm``, in the order of randomisation."""
        return [p for p in self.randomised if p.arm == arm]


def first_on_arm(known: Iterable[Event]) -> dict[str, int]:
    """The number of the event that first put each patient on an arm, whatever became of it since."""
    found: dict[str, int] = {}
    for event in known:
        if event.kind == "randomised" or (event.kind == "enrolled" and "arm" in event.data):
            found.setdefault(event.patient, event.number)
    return found


def snapshot(
    log: Log, cutoff: date, known_on: date | None = None, *, fingerprint: bool = True, glossary: Glossary = OURS.own
) -> Snapshot:
    """Cut the log at ``cutoff``, responses as they were recorded. Only ``analyse.data.cut`` asks: it knows what the trial states.

    An event is in if it happened on or before ``cutoff`` and was recorded on or before ``known_on`` (the cut-off
    itself unless a later day is given, when records of the past were still being completed). Corrections count from
    the day they were recorded. ``fingerprint`` off leaves ``head`` empty and spares hashing (simulation).
    ``glossary`` reads the words of responses. Raises ValueError where ``known_on`` is before the cut-off.
    """
    known_on = known_on or cutoff
    if known_on < cutoff:
        raise ValueError(f"known_on: got {known_on}; it cannot be before the cut-off, {cutoff}")
    known = log.known_by(known_on)
    # What was done about the record (a query, a signature) is none of it: it says nothing of a patient, not even that he was followed.
    standing = [e for e in in_force(known) if e.kind not in OVERSIGHT]
    events = [e for e in standing if e.happened <= cutoff]
    beyond = [e for e in standing if e.happened > cutoff] if len(events) < len(standing) else []
    first = first_on_arm(known) if len(standing) < len(known) else {}  # nothing was corrected: it is the event in force
    # Records are appended in time, so what is known is a beginning of the log and its hash names the data.
    head = log.hashes()[len(known) - 1] if fingerprint and known else ""
    return Snapshot(cutoff, known_on, events, gather(events, glossary), head, beyond=beyond, known=known, came=first)
