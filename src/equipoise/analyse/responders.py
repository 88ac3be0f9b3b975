"""Time to response among those who respond, by arm: described, not compared, as nobody is randomised to respond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.analyse.best_overall import first_response, rule_of
from equipoise.analyse.populations import members_by_arm
from equipoise.analyse.response import last_day_of, regards_next_therapy
from equipoise.trial.endpoint import Response, TimeToEvent
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import CR, PR


@dataclass(frozen=True)
class ArmResponders:
    """Of ``of`` patients ``responders`` responded; their days from randomisation to the first response. NaN without responders."""

    of: int
    responders: int
    median: float
    shortest: float
    longest: float


@dataclass(frozen=True)
class Responders:
    """The first response as an endpoint counts it (whose, and confirmed or not)."""

    endpoint: str
    label: str
    arms: Mapping[str, ArmResponders]
    method: str = "days from randomisation to the first response, of responders only: median and range"


def responders(trial: Trial, snap: Snapshot) -> list[Responders]:
    """For each duration of response, and each rate of CR or PR."""
    found = []
    for endpoint in trial.endpoints:
        if (isinstance(endpoint, TimeToEvent) and endpoint.origin == "first response") or (
            isinstance(endpoint, Response) and set(endpoint.success) == {CR, PR}
        ):
            arms = members_by_arm(trial, snap, endpoint.population)
            found.append(
                Responders(endpoint.name, endpoint.label, {name: _arm(group, endpoint) for name, group in arms.items()})
            )
    return found


def _arm(group: Sequence[Patient], endpoint: TimeToEvent | Response) -> ArmResponders:
    days = [d for p in group if (d := _days(p, endpoint)) is not None]
    nan = float("nan")
    if not days:
        return ArmResponders(len(group), 0, nan, nan, nan)
    return ArmResponders(len(group), len(days), float(np.median(days)), min(days), max(days))


def _days(patient: Patient, endpoint: TimeToEvent | Response) -> int | None:
    """Days from randomisation to the first response that counts; None without one."""
    if patient.randomised is None:
        return None
    later = isinstance(endpoint, Response) and regards_next_therapy(endpoint)
    found = first_response(patient, endpoint.assessor, rule_of(endpoint), later)
    if found is None:
        return None
    last = last_day_of(patient, endpoint) if isinstance(endpoint, Response) else None
    return None if last is not None and found.happened > last else (found.happened - patient.randomised.happened).days
