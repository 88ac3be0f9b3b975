"""What a patient is to be given: the treatments of his arm or, where the log does not tell it, those that tell nothing of the arm."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.trial.arm import Treatment
from equipoise.trial.hand_over import phase1_arm
from equipoise.trial.masked import known_treatments
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def in_his_cohort(trial: Trial, patient: Patient) -> Trial:
    """The trial as the patient's cohort sees it; the trial itself for one who is in none."""
    return trial.cohort(patient.cohort) if trial.divided and patient.cohort in trial.cohort_names else trial


def regimen_of(patient: Patient, trial: Trial) -> Mapping[str, Treatment] | None:
    """Drug → how the trial plans it for a patient; None for one who is on no arm of the trial.

    Of somebody of phase I it is the regimen on trial, the levels' drug at the dose of his level.
    """
    if patient.of_phase1:
        tried = phase1_arm(trial) if patient.assigned is not None else None
        return None if tried is None else {t.drug: at_his_level(patient, trial, t) for t in tried.regimen}
    if patient.masked:
        return known_treatments(in_his_cohort(trial, patient).arms)
    arm = trial.arm_by_name.get(patient.arm)
    return None if arm is None else {t.drug: t for t in arm.regimen}


def at_his_level(patient: Patient, trial: Trial, treatment: Treatment) -> Treatment:
    """The treatment with the dose of the level that the patient was assigned to, where it is the drug that is escalated."""
    label = patient.assigned.data["level"] if patient.assigned is not None else None
    level = next((x for x in trial.dose_levels if x.label == label), None)
    own = level.of(treatment.drug) if level is not None else None
    return treatment if own is None else treatment.model_copy(update={"dose": own.dose, "unit": own.unit})
