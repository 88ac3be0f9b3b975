"""What an analysis says where the data say nothing."""

from __future__ import annotations

from typing import Any

from equipoise.analyse.analysis import analyse, comparisons_table, times_table
from equipoise.simulate.run import run
from equipoise.trial.snapshot import snapshot


def test_early_in_a_trial_nothing_is_made_up(plan: Any) -> None:
    """On every early day the tables can be read, and what cannot be estimated says so."""
    p = plan("target")
    result = run(p, 1)
    first = min(e.happened for e in result.log if e.kind == "randomised")
    texts = ""
    for later in (0, 20, 45, 60, 90, 150):
        snap = snapshot(result.log, first.fromordinal(first.toordinal() + later))
        found = analyse(p.trial, snap)
        tables = comparisons_table(p.trial, found), times_table(p.trial, found)
        texts += " ".join(str(cell) for table in tables for row in table.rows for cell in row)
    assert "not estimable" in texts
    assert "nobody followed to day 365" in texts
    assert "inf" not in texts
    assert "nan" not in texts
