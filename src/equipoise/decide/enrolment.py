"""May patients be enrolled today? What the protocol says while a look's outcome is awaited."""

from __future__ import annotations

from equipoise.trial.design import Design
from equipoise.trial.evidence import Evidence
from equipoise.trial.trial import Trial


def stage_targets(trial: Trial, design: Design[Evidence], stage: int) -> tuple[int, int]:
    """Patients of the tested arm and of the control arm that complete ``stage`` (from 1)."""
    assert trial.monitoring is not None
    controls = trial.monitoring.control_cohort
    return design.looks[stage - 1].n, controls[stage - 1] if controls else 0


def stage_is_full(trial: Trial, design: Design[Evidence], stage: int, tested: int, controls: int) -> bool:
    """True once enough patients that count are randomised for the look that ends ``stage``.

    ``tested`` and ``controls`` count randomised patients less those already known not to be evaluable (under the
    policy 'replace'), whose places are to be filled again.
    """
    need_tested, need_controls = stage_targets(trial, design, stage)
    return tested >= need_tested and controls >= need_controls
