"""Baseline characteristics by arm."""

from __future__ import annotations

from equipoise.analyse.baseline import baseline_table
from equipoise.analyse.groups import by_arm
from equipoise.dossier.escalation.findings import only_finds_dose
from equipoise.dossier.findings import Findings
from equipoise.trial.exhibits import Exhibit


def baseline(f: Findings) -> list[Exhibit]:
    """Table 1; nothing where nothing is recorded at baseline."""
    if only_finds_dose(f.trial):
        return []
    table = baseline_table(f.trial, by_arm(f.trial, f.snap))
    return [table] if table is not None else []
