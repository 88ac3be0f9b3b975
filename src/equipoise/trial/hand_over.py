"""Parts of a trial: phase I finds a dose, and phase II is given it. What of the trial waits for which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from equipoise.trial.arm import Arm
from equipoise.trial.event import Event
from equipoise.trial.log import places
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def waits_for_dose(trial: Trial) -> bool:
    """True where a regimen leaves its dose to phase I, and this log's phase I finds it."""
    return trial.in_parts and trial.finds_dose and any(t.from_phase1 for a in trial.arms for t in a.regimen)


def phase1_arm(trial: Trial) -> Arm | None:
    """The arm whose regimen patients of phase I are given, at their levels: the first on trial that has the levels' drug."""
    drugs = {d.drug for x in trial.dose_levels for d in x.doses}
    having = [a for a in trial.arms if any(t.drug in drugs for t in a.regimen)]
    return next((a for a in having if a.tested), next(iter(having), None))


def phase1_alone(trial: Trial) -> bool:
    """True of a trial that is phase I alone: no arm is compared with anything."""
    return trial.phase1 is not None and trial.design is None and not trial.in_parts


def at_levels(trial: Trial, patient: Patient) -> bool:
    """True of a patient whose group is his dose level: of part 1, or of a trial that is phase I alone and has assigned him."""
    return patient.of_phase1 or (phase1_alone(trial) and patient.assigned is not None)


def planned_group(trial: Trial, patient: Patient) -> tuple[str, str]:
    """The code and the name of what a patient was put on: his arm or, in phase I, his dose level; both '' for neither."""
    if at_levels(trial, patient):
        label = str(patient.assigned.data["level"]) if patient.assigned is not None else ""
        return label, _named(trial, label)
    arm = trial.arm_by_name.get(patient.arm)
    return patient.arm, arm.label if arm is not None else patient.arm


def given_group(trial: Trial, patient: Patient) -> tuple[str, str]:
    """The same of the level by which a patient was first dosed; the planned one where the dose is no level's. Both '' of who was not dosed."""
    if not patient.doses:
        return "", ""
    first = {e.data["drug"]: e.data for e in reversed(patient.doses)}
    same = [
        x.label
        for x in trial.dose_levels
        if all(first.get(d.drug, {}).get("dose") == d.dose and first[d.drug].get("unit") == d.unit for d in x.doses)
    ]
    planned = planned_group(trial, patient)
    return (same[0], _named(trial, same[0])) if same else planned


def _named(trial: Trial, label: str) -> str:
    level = next((x for x in trial.dose_levels if x.label == label), None)
    return f"{level.drug} {level}" if level is not None else label


def counted(
    trial: Trial, patients: Mapping[str, Patient], events: Iterable[Event], known: Iterable[Event]
) -> dict[str, Patient]:
    """The patients, those of phase I who count for phase II on its arm, where the trial file says that they do.

    They are those who are assigned to the level that was set: from the day of their assignment, and in the order in which it was first
    recorded, which is before all who were enrolled into phase II since. ``events``: in force at the cut-off; ``known``: all that was.
    """
    dose, arm = next((e for e in events if e.kind == "dose set"), None), phase1_arm(trial)
    if trial.phase1 is None or not trial.phase1.counts_for_phase2 or dose is None or arm is None:
        return dict(patients)
    stands, found = places(known), dict(patients)
    for name, patient in patients.items():
        level = patient.assigned
        if patient.of_phase1 and level is not None and level.data["level"] == dose.data["level"]:
            on_arm = replace(level, number=stands.get(level.number, level.number), data={**level.data, "arm": arm.name})
            found[name] = patient.copy()
            found[name].randomised = on_arm
    return found
