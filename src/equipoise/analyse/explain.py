"""Explain: one patient, every time point in a sentence, every endpoint and population with its reason and its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from equipoise.analyse.binary import status_of
from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import TimePoint, scans_of
from equipoise.analyse.dose_limiting import OUTCOMES, dlt_status
from equipoise.analyse.endpoints import observe
from equipoise.analyse.populations import Membership, membership
from equipoise.analyse.response import best_of
from equipoise.trial.assessment import INVESTIGATOR, Assessment
from equipoise.trial.endpoint import Landmark, Outcome, TimeToEvent, Toxicity
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.response import Glossary
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS

#: What a reader is told in place of success and failure: nobody hopes for a toxicity.
_TOXIC = {"success": "with the toxicity", "failure": "without it"}


@dataclass(frozen=True, slots=True)
class Point:
    """One assessment: what was recorded, what follows from the lesions ('' without them), what is used, and why."""

    assessor: str
    on: date
    visit: str
    recorded: str
    derived: str
    used: str
    because: str
    source: int
    record: str


@dataclass(frozen=True, slots=True)
class Told:
    """One endpoint: its result in words, why, and the event of the log that decided."""

    endpoint: str
    label: str
    result: str
    because: str
    source: int | None
    record: str


@dataclass(frozen=True)
class Explanation:
    """One patient, explained."""

    patient: str
    arm: str
    cutoff: date
    responses: str
    time_points: Sequence[Point]
    endpoints: Sequence[Told]
    populations: Mapping[str, Membership]
    #: what was recorded and is in no endpoint, of any patient
    losses: Sequence[str] = ()
    #: of somebody who is assigned a dose level: whether there was a dose-limiting toxicity, and why
    dlt: Told | None = None


def explain(trial: Trial, snap: Snapshot, patient: Patient) -> Explanation:
    """Explain a patient who is on an arm or a dose level, of a snapshot whose responses are as stated (see ``data``)."""
    assessments = trial.assessments
    # Populations are of those on an arm: who is in phase I of a trial of phase I and II is in none.
    populations = trial.population_by_name if patient.randomised is not None else {}
    imputed = {e.number: _imputed(e) for e in snap.events if e.patient == patient.name and "date_rule" in e.data}
    return Explanation(
        patient.name,
        patient.arm,
        snap.cutoff,
        assessments.responses if assessments else "as recorded",
        [replace(p, because=p.because + imputed.get(p.source, "")) for p in _points(trial, patient)],
        [
            replace(told, because=told.because + imputed.get(told.source or 0, "").rstrip("."))
            for told in (_outcome(trial, snap, patient, i) for i in range(len(trial.endpoints)))
        ],
        {name: membership(patient, p, trial, snap.cutoff) for name, p in populations.items()},
        snap.losses,
        _dose_limiting(trial, snap, patient),
    )


def _dose_limiting(trial: Trial, snap: Snapshot, patient: Patient) -> Told | None:
    if trial.phase1 is None or patient.assigned is None or patient.assigned.data["level"] not in trial.level_numbers:
        return None
    status = dlt_status(trial, patient, snap.cutoff)
    source = status.events[0] if status.events else status.adjudicated
    record = next((e.source for e in snap.events if e.number == source), "")
    return Told("DLT", f"at {status.label}", OUTCOMES[status.letter], status.because.rstrip("."), source, record)


def _imputed(event: Event) -> str:
    """What a reader is told of a day that was not recorded in full."""
    return f" (recorded as {event.data['dated']}, which stands for {event.happened}: {event.data['date_rule']})."


def _points(trial: Trial, patient: Patient) -> list[Point]:
    criterion = CRITERIA.get(trial.assessments.criterion if trial.assessments else OURS.criterion)
    shown = []
    for assessor, read in ({INVESTIGATOR: patient.assessments} | patient.readers).items():
        points = {p.event: p for p in criterion.read(scans_of(read, criterion.reads))} if criterion is not None else {}
        for a in read:
            if a.baseline:
                continue
            point = points.get(a.number)
            shown.append(
                Point(
                    assessor,
                    a.happened,
                    a.visit,
                    a.recorded,
                    point.overall if point else "",
                    a.response,
                    _because(a, point, glossary_of(trial.assessments)),
                    a.number,
                    a.event.source,
                )
            )
    return shown


def _because(a: Assessment, point: TimePoint | None, glossary: Glossary) -> str:
    """How the response that counts came about."""
    how = ""
    if a.derived and a.word.seconded and a.word.unconfirmed:
        how = f"{a.word.label}: {a.response}."
    elif glossary.foreign(a.event.data) and a.recorded:
        how = f"Recorded {a.recorded} by {a.event.data['criterion']}, of which the trial file says nothing: nothing follows."
    elif glossary.of(a.event.data).seconded and a.word.unconfirmed:
        how = f"Recorded {a.recorded or 'nothing'}: {a.word.label.lower()}: {a.response}."
    elif not a.derived and glossary.of(a.event.data).unconfirmed:
        end = "and no later assessment refutes it" if a.word.progresses else "which a later assessment refutes"
        how = f"Recorded {a.recorded}, a progression to be confirmed, {end}: {a.response}."
    elif not a.word.known:
        how = f"The trial's criterion has no word {a.recorded}: nothing follows."
    elif not a.derived and a.response != a.recorded:
        how = f"Recorded {a.recorded}, read as {a.response} by the trial file's map."
    elif point is None:
        said = a.lesions or a.measurements
        how = "As recorded." if said else "No lesions are listed: as recorded."
    return " ".join(s for s in (how, point.sentence if point else "") if s)


def _outcome(trial: Trial, snap: Snapshot, patient: Patient, i: int) -> Told:
    endpoint = trial.endpoints[i]
    if isinstance(endpoint, TimeToEvent):
        seen = observe(patient, endpoint, snap.cutoff, trial.assessments)
        if seen is None:
            return Told(endpoint.name, endpoint.label, "not at risk", f"no {endpoint.origin}", None, "")
        result = f"{'event' if seen.event else 'censored'} on {seen.on}, day {seen.days} since {endpoint.origin}"
        return Told(endpoint.name, endpoint.label, result, seen.reason, seen.source, seen.record)
    if isinstance(endpoint, Landmark):
        status = status_of(patient, endpoint, trial, snap.cutoff)
        of = observe(patient, trial.time_to_event(endpoint.of), snap.cutoff, trial.assessments)
        if status is None or of is None:
            return Told(endpoint.name, endpoint.label, "not at risk", "no origin", None, "")
        return Told(endpoint.name, endpoint.label, status.status, status.because, of.source, of.record)
    if isinstance(endpoint, Outcome | Toxicity):
        known = status_of(patient, endpoint, trial, snap.cutoff)
        if known is None:
            return Told(endpoint.name, endpoint.label, "not at risk", f"not {trial.entered}", None, "")
        said = _TOXIC.get(known.status, known.status) if isinstance(endpoint, Toxicity) else known.status
        return Told(endpoint.name, endpoint.label, said, known.because, known.source, known.record)
    best = best_of(patient, endpoint, snap.cutoff)
    status = status_of(patient, endpoint, trial, snap.cutoff)
    pending = status is not None and status.status == "pending"
    if trial.eligibility_review is not None and status is not None and (pending or status.ineligible):
        return Told(
            endpoint.name,
            endpoint.label,
            f"{best.response}, {status.status}",
            status.because,
            status.source,
            status.record,
        )
    success = "success" if best.response in endpoint.success else "pending" if pending else "no success"
    event = best.event
    return Told(
        endpoint.name, endpoint.label, f"{best.response}, {success}", best.because,
        event.number if event else None, event.source if event else "",
    )  # fmt: skip
