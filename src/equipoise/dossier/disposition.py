"""Who went through the trial, and how well it was kept: disposition, deviations, the state of the data."""

from __future__ import annotations

from equipoise.analyse.data_state import corrections_table, lag_table, sites_table
from equipoise.analyse.deviations import deviations_table
from equipoise.analyse.disposition import disposition_table
from equipoise.analyse.dose_departures import departures_table
from equipoise.analyse.groups import by_arm
from equipoise.dossier.escalation.findings import only_finds_dose
from equipoise.dossier.findings import Findings
from equipoise.trial.exhibits import Exhibit
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def disposition(f: Findings) -> list[Exhibit]:
    """By arm, with reasons; deviations where any is recorded."""
    if only_finds_dose(f.trial) or not f.snap.randomised:
        return []
    groups = by_arm(f.trial, f.snap)
    deviations = deviations_table(groups)
    kept = [t for t in (deviations, departures_table(f.trial, groups)) if t is not None]
    return [disposition_table(f.trial, groups), *kept]


def data_state(f: Findings) -> list[Exhibit]:
    """How long records took, what is overdue, and what was corrected; of data that came all at once, only what is overdue."""
    return state_of(f.trial, f.snap)


def state_of(trial: Trial, snap: Snapshot) -> list[Exhibit]:
    """The same of a trial and its data."""
    found = (lag_table(snap), sites_table(trial, snap), corrections_table(snap))
    return [table for table in found if table is not None]
