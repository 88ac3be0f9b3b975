"""Explain one patient: how each response, event, censoring and population came about."""

from __future__ import annotations

from equipoise.analyse.explain import Explanation, explain
from equipoise.trial.check import near
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def tell(trial: Trial, snap: Snapshot, patient: str) -> Explanation:
    """The story of a patient who had come onto an arm, or a dose level, by the cut-off. Raises BadInput for any other."""
    known = snap.patients.get(patient)
    if known is None or (known.randomised is None and known.assigned is None):
        step = near(
            patient, [p.name for p in snap.patients.values() if p.randomised is not None or p.assigned is not None]
        )
        allowed = f"a patient {trial.entered}{' or assigned a dose level' if trial.dose_levels else ''} by the cut-off"
        raise BadInput(trial.id, [Problem("unknown-patient", "--patient", repr(patient), allowed, step)])
    return explain(trial, snap, known)
