"""Exposure: what was given of what was planned, and why treatment ended."""

from __future__ import annotations

from equipoise.analyse.concentration_tables import exposure_measured
from equipoise.analyse.concentrations import measured
from equipoise.analyse.exposure import exposures
from equipoise.analyse.exposure_tables import arms, ended_table, exposure_table, levels, patients_table
from equipoise.trial.exhibits import Exhibit
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def exposure(trial: Trial, snap: Snapshot) -> list[Exhibit]:
    """By arm and, where the dose is found, by level and patient; nothing where no dose is recorded, or no treatment planned. Then concentrations,
    where any were measured."""
    found = [e for e in exposures(trial, snap) if e.drugs]
    concentrations = exposure_measured(trial, measured(trial, snap))
    if not found:
        return concentrations
    of_levels, rest = [e for e in found if e.level], [e for e in found if not e.level]
    shown: list[Exhibit] = []
    if of_levels:
        by_level = levels(trial, snap, of_levels)
        drugs = dict.fromkeys((d.drug, d.unit) for x in trial.dose_levels for d in x.doses)
        shown += [exposure_table(by_level, "Exposure by dose level", "Assigned"), ended_table(by_level)]
        shown += [patients_table(of_levels, *drug) for drug in drugs]
    if rest:
        by_arm = arms(trial, snap, rest)
        shown += [exposure_table(by_arm, "Exposure by arm", trial.entered.capitalize()), ended_table(by_arm)]
    return shown + concentrations
