"""Listings, patient by patient: ICH E3 16.2. A row a record, in the order of patients and days."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.analyse.deaths import UNKNOWN, since_last_dose
from equipoise.analyse.disposition import discontinued
from equipoise.analyse.exposure import DrugExposure, exposures
from equipoise.trial.endpoint import Response
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def _people(trial: Trial, snap: Snapshot) -> Iterator[tuple[Patient, str]]:
    """By arm, in the order of entry, with the arm's short name: a listing is narrow."""
    for arm in trial.arms:
        for p in snap.on_arm(arm.name):
            yield p, arm.name


def _table(title: str, columns: list[str], rows: list[list[Cell]]) -> Table | None:
    return Table(title, columns, rows) if rows else None


def _day(p: Patient, event: Event) -> int:
    """Study day: 1 is the day of entry, and there is no day 0 (CDISC)."""
    assert p.randomised is not None
    apart = (event.happened - p.randomised.happened).days
    return apart + 1 if apart >= 0 else apart


def _flag(event: Event, name: str) -> str:
    value = event.data.get(name)
    return "" if value is None else "yes" if value else "no"


def _events(trial: Trial, snap: Snapshot, *, serious: bool) -> list[list[Cell]]:
    return [
        [p.name, arm, e.data["term"], str(e.data.get("organ_class") or ""), e.data["grade"], _flag(e, "related"), _flag(e, "serious"), str(e.happened), _day(p, e), str(e.data.get("until") or "")]
        for p, arm in _people(trial, snap)
        for e in p.adverse_events
        if not serious or e.data.get("serious")
    ]  # fmt: skip


_EVENT = ["Patient", "Arm", "Term", "Class", "Grade", "Related", "Serious", "Began", "Study day", "Ended"]


def serious_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """Serious adverse events; None for none."""
    return _table("Serious adverse events", _EVENT, _events(trial, snap, serious=True))


def events_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """All adverse events: 16.2.7."""
    return _table("Adverse events", _EVENT, _events(trial, snap, serious=False))


def deaths_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """Deaths, with their causes and the days since the last dose."""
    rows: list[list[Cell]] = [
        [p.name, arm, str(p.died.happened), _day(p, p.died), str(p.died.data.get("cause") or UNKNOWN), since_last_dose(p)]
        for p, arm in _people(trial, snap)
        if p.died is not None
    ]  # fmt: skip
    return _table("Deaths", ["Patient", "Arm", "Day", "Study day", "Cause", "Days since the last dose"], rows)


def discontinued_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """Patients who stopped treatment early: 16.2.1."""
    rows: list[list[Cell]] = [
        [p.name, arm, str(e.happened) if e is not None else "", _day(p, e) if e is not None else None, str(e.data["reason"]) if e is not None else "by death or loss"]
        for p, arm in _people(trial, snap)
        if discontinued(p)
        for e in (p.treatment_ended,)
    ]  # fmt: skip
    return _table("Patients who discontinued treatment", ["Patient", "Arm", "Day", "Study day", "Reason"], rows)


def deviations_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """Deviations from the protocol: 16.2.2."""
    rows: list[list[Cell]] = [
        [p.name, arm, str(e.happened), str(e.data["what"]), "major" if e.data["major"] else "minor"]
        for p, arm in _people(trial, snap)
        for e in p.deviations
    ]
    return _table("Deviations from the protocol", ["Patient", "Arm", "Day", "What", "Class"], rows)


def baseline_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """Baseline values: 16.2.4."""
    factors = [f.name for f in trial.recorded_factors]
    asked = [b for b in trial.baseline if b.asked]
    if not factors and not asked:
        return None
    rows: list[list[Cell]] = []
    for p, arm in _people(trial, snap):
        data = p.enrolled.data if p.enrolled is not None else {}
        own = data.get("baseline") or {}
        rows.append(
            [p.name, arm, *(data.get("factors", {}).get(f) for f in factors), *(own.get(b.name) for b in asked)]
        )
    heads = [*(f.label or f.name for f in trial.recorded_factors), *(b.title for b in asked)]
    return _table("Baseline characteristics", ["Patient", "Arm", *heads], rows)


def doses_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """What each patient was given of each drug: 16.2.5. Dose by dose it is in the log and in `equipoise exposure --patient`."""
    rows: list[list[Cell]] = [
        [e.patient, e.arm, d.drug, len(d.cycles), str(e.first), str(e.last), f"{d.given} of {d.due}", _amount(d), d.reduced, d.omitted, d.late]
        for e in exposures(trial, snap)
        for d in e.drugs
    ]  # fmt: skip
    heads = ["Patient", "Arm", "Drug", "Cycles", "First dose", "Last dose", "Doses", "Amount", "Reduced", "Left out", "Days late, at most"]  # fmt: skip
    return _table("Treatment given", heads, rows)


def _amount(d: DrugExposure) -> str:
    return "not told" if d.delivered is None else f"{d.delivered:g} of {d.planned:g} {d.unit}"


def response_listing(trial: Trial, snap: Snapshot) -> Table | None:
    """Tumour assessments as they count, of the assessor of the first rate of response: 16.2.6."""
    endpoint = next((e for e in trial.endpoints if isinstance(e, Response)), None)
    assessor = endpoint.assessor if endpoint is not None else "investigator"
    rows: list[list[Cell]] = [
        [p.name, arm, str(a.happened), _day(p, a.event), "yes" if a.baseline else "", a.sum_mm, a.response]
        for p, arm in _people(trial, snap)
        for a in p.read_by(assessor)
    ]
    return _table("Tumour assessments", ["Patient", "Arm", "Day", "Study day", "Baseline", "Sum, mm", "Response"], rows)
