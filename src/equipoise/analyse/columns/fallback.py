"""What the fast road refused, by the reference, patient by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.binary import status_of
from equipoise.analyse.columns.codes import Codes, response_code
from equipoise.analyse.columns.from_patients import day_of
from equipoise.analyse.columns.landmark import STATUSES, landmark_status
from equipoise.analyse.columns.run import Concluded
from equipoise.analyse.columns.times import REASONS, Times
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.endpoints import observe as observed_by_reference
from equipoise.analyse.populations import membership
from equipoise.analyse.response import best_response
from equipoise.trial.endpoint import Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def completed(
    found: Concluded, people: Sequence[Patient], trial: Trial, cutoff: date, arms: Sequence[str]
) -> Concluded:
    """An outcome with what was refused filled in; ``refused`` still says what that was.

    ``people`` in the order of the pool, with the responses that count (see ``analyse.stated``).
    """
    if not found.refused and not found.refused_populations:
        return found
    times, best, status = dict(found.times), dict(found.best), dict(found.status)
    for e in trial.endpoints:
        if e.name in found.refused and isinstance(e, TimeToEvent):
            times[e.name] = _times([observed_by_reference(p, e, cutoff, trial.assessments) for p in people])
        elif e.name in found.refused and isinstance(e, Response):
            best[e.name] = _codes([best_response(p, e, cutoff).response for p in people])
        elif (
            e.name in found.refused
            and isinstance(e, Outcome | Toxicity | Landmark)
            and (trial.eligibility_review is not None or not isinstance(e, Landmark))
        ):
            standing = [status_of(p, e, trial, cutoff) for p in people]
            status[e.name] = np.array([STATUSES.index(s.status if s else "") for s in standing], dtype=np.int8)
    for e in trial.endpoints:
        if e.name in found.refused and isinstance(e, Landmark) and e.name not in status:
            status[e.name] = landmark_status(times[e.of], e, day_of(cutoff))
    populations = dict(found.populations)
    for name in found.refused_populations:
        populations[name] = _members(name, people, trial, cutoff, arms)
    return replace(found, times=times, best=best, status=status, populations=populations)


def _codes(responses: Sequence[str]) -> Codes:
    return np.array([response_code(r) for r in responses], dtype=np.int8)


def _members(
    name: str, people: Sequence[Patient], trial: Trial, cutoff: date, arms: Sequence[str]
) -> NDArray[np.int16]:
    population = trial.population_by_name[name]
    found = [membership(p, population, trial, cutoff) if p.randomised else None for p in people]
    return np.array([arms.index(m.arm) if m is not None and m.member else -1 for m in found], dtype=np.int16)


def _times(seen: Sequence[Observed | None]) -> Times:
    def code(o: Observed | None) -> tuple[str, int]:
        if o is None:
            return "", 0
        if o.reason in REASONS:
            return o.reason, 0
        missed = o.reason.split(maxsplit=1)[0]
        return ("missed assessments", int(missed)) if missed.isdigit() else ("no baseline", 0)

    why = [code(o) for o in seen]
    return Times(
        np.array([o is not None for o in seen], dtype=bool),
        np.array([day_of(o.origin) if o else 0 for o in seen], dtype=np.int32),
        np.array([day_of(o.on) if o else 0 for o in seen], dtype=np.int32),
        np.array([o is not None and o.event for o in seen], dtype=bool),
        np.array([REASONS.index(reason) for reason, _ in why], dtype=np.int8),
        np.array([missed for _, missed in why], dtype=np.int64),
        np.array([o is not None and o.source is not None for o in seen], dtype=bool),
    )
