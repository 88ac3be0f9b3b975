"""Which past assignments would have been decided otherwise, by what is known now of the day on which they were made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from equipoise.analyse.data import cut
from equipoise.conduct.definitions import Definitions
from equipoise.desk.data import defined_at
from equipoise.desk.doses import Doses, take
from equipoise.dossier.escalation.revisited import Revisited, Verdict
from equipoise.files.definition import trial_of
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def revisit(log: Log, now: Doses) -> list[Revisited]:
    """Each assignment that is known now, in their order. ``log``: all that the reader may see; ``now``: where dose finding stands.

    Both verdicts are those of the definition in force on the day of the assignment, as known on it.
    """
    definitions = Definitions.of(now.trial, log, trial_of)
    group_of = {k: (number, k == members[0]) for number, members in enumerate(now.members, 1) for k in members}
    found = []
    for k, status in enumerate(now.patients):
        assigned = now.snap.patients[status.patient].assigned
        assert assigned is not None, "a status is of who is assigned"
        cohort, opens = group_of[k]
        earlier = frozenset(p.patient for p in now.patients[:k])
        on, number = assigned.happened, _recorded_first(log, assigned)
        trial = defined_at(definitions, log, on, on)
        then = _then(trial, log, on, number)
        since = _now(trial, log, now.snap, on, earlier)
        found.append(
            Revisited(number, status.patient, status.label, on, cohort, opens, _verdict(then), _verdict(since))
        )
    return found


def _recorded_first(log: Log, event: Event) -> int:
    """The number under which an event was first recorded, whatever was put right of it since."""
    number, by_number = event.number, {e.number: e for e in log}
    while (before := by_number[number].corrects) is not None:
        number = before
    return number


def _then(trial: Trial, log: Log, on: date, number: int) -> Doses:
    """Where it stood on a day by what had been recorded before event ``number``, as the judge of an assignment asks it."""
    known = Log(e for e in log if e.number < number)
    recorded = next(e for e in log if e.number == number).recorded.date()
    return take(trial, _unfollowed(cut(trial, known, on, max(recorded, on), fingerprint=False)))


def _now(trial: Trial, log: Log, snap: Snapshot, on: date, earlier: frozenset[str]) -> Doses:
    """Where it stood on a day by what is known by now, of who was assigned ``earlier``.

    A committee's later word that there was no DLT speaks of what had happened, and counts; one that there was one does not say since when.
    """
    known = _unfollowed(cut(trial, log, on, max(snap.known_on, on), fingerprint=False))
    words = {
        e.patient: e
        for e in known.beyond
        if e.kind == "dlt adjudicated" and not e.data["dlt"] and e.happened <= snap.cutoff
    }
    patients = {n: p for n, p in known.patients.items() if p.assigned is None or n in earlier}
    for name, patient in patients.items():
        patient.adjudicated = words.get(name, patient.adjudicated)
    return take(trial, replace(known, patients=patients))


def _unfollowed(snap: Snapshot) -> Snapshot:
    """The snapshot without what is known of who was followed beyond its cut-off: nobody knew it then, and it is no late report."""
    patients = {name: p.copy() for name, p in snap.patients.items()}
    for patient in patients.values():
        patient.followed_to = patient.free_to = None
    return replace(snap, patients=patients)


def _verdict(at: Doses) -> Verdict:
    a = at.next
    return Verdict(at.history, a.action, at.label(a.dose), a.size, a.because, a.bound)
