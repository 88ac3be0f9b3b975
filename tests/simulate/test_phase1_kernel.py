"""The compiled simulator of dose finding against phase I conducted through the log: the same decisions, trial by trial."""

from __future__ import annotations

import pytest

from design.dose.test_compiled import compiled
from equipoise.files.kernels import DOSES, ready
from equipoise.simulate.phase1_rows import rows
from simulate.test_phase1_loop import DESIGNS, plain


@pytest.mark.parametrize("name", DESIGNS)
def test_the_loop_through_the_log_takes_the_kernels_decisions(name: str) -> None:
    """Where a cohort is there on one day and nobody is turned away, patient i of both is the i-th who is treated."""
    pytest.importorskip("numba")
    assert ready(DOSES)
    plan = plain(name, seed=3, pace=200, waiting_list="everyone")
    trials = 40
    told = compiled(plan.phase1.finder, plan.true_dlt(), 3, 0, trials)
    for row, (n, dlt, _, _, chosen) in zip(rows(plan, 0, trials), told, strict=True):
        assert (row.patients, row.dlts, row.dose) == (n, dlt, chosen), row.replicate
