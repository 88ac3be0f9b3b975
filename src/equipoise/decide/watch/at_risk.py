"""Who is watched for an event, since when, and who had it: what every watch begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.analyse.counted import first_counted, first_known
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.safety import SafetyRule
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A patient who is watched ``since`` a day. ``event``: the first that counts; None: none so far. ``known``: of those that count the
    one that was recorded first. ``free``: none can come any more."""

    patient: str
    arm: str
    since: date
    event: Event | None
    known: Event | None
    free: bool

    @property
    def followed(self) -> bool:
        """Still followed for an event that may yet come."""
        return self.event is None and not self.free


def at_risk(trial: Trial, snap: Snapshot, rule: SafetyRule, arm: str) -> list[AtRisk]:
    """Those watched on an arm, in the order in which they came under watch (on one day: in that of randomisation).

    An event counts from the day of the first dose (or of randomisation) until the window has passed. A patient who died, withdrew or
    was lost without one is free of it as far as is known.
    """
    doses = rule.of_the_treated and bool(trial.arm_by_name[arm].regimen)
    found = []
    for patient in snap.on_arm(arm):
        since = _since(patient, doses=doses)
        if since is None:
            continue
        until = since + timedelta(days=rule.within.days) if rule.within is not None else None
        event = first_counted(patient, rule.counted, since, until)
        known = first_known(patient, rule.counted, since, until)
        over = until is not None and snap.cutoff > until
        gone = patient.died is not None or patient.withdrawn is not None or patient.lost is not None
        found.append(AtRisk(patient.name, arm, since, event, known, free=event is None and (over or gone)))
    return sorted(found, key=lambda r: r.since)


def _since(patient: Patient, *, doses: bool) -> date | None:
    if doses:
        return patient.doses[0].happened if patient.doses else None
    return patient.randomised.happened if patient.randomised is not None else None


def in_order_of_record(group: Sequence[AtRisk]) -> list[AtRisk]:
    """Those with an event, in the order in which it became known of each that there was one: an earlier event that is recorded later changes
    nothing of it."""
    had = [r for r in group if r.known is not None]
    return sorted(had, key=lambda r: (r.known.recorded, r.known.number))  # type: ignore[union-attr]
