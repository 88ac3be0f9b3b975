"""Samples of a virtual patient, where the trial file asks for them and the scenario says how its drug is cleared: taken at their planned times.

A concentration is that of the patient's own model under the doses as they are recorded, without any error of the assay; what is below the limit is
recorded as such. Nothing of it is drawn, and no decision reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.drug import chain
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.drug.patients import Patients
from equipoise.simulate.exposure_model import Exposed
from equipoise.simulate.happening import Happening
from equipoise.trial.sample import CONCENTRATION_UNITS, SamplePlan

#: Figures of a concentration as it is recorded.
_FIGURES = 4


def samples(
    plans: Sequence[SamplePlan], exposed: Exposed, patient: Patients, given: Sequence[Happening], covariates: Mapping[str, float], end: int
) -> list[Happening]:  # fmt: skip
    """What is measured of the exposed drug before day ``end``. ``given``: what was given, in days after entry; ``patient``: he alone."""
    of_drug = [h for h in given if h.kind == "treated" and h.data["drug"] == exposed.truth.drug]
    wanted = [p for p in plans if p.drug == exposed.truth.drug and CONCENTRATION_UNITS.get(p.unit) is not None]
    asked = [
        (h, p, hours) for h in of_drug for p in wanted if h.data["cycle"] in p.cycles and h.data["day"] == p.day
        for hours in p.hours if h.day + int(hours // 24) < end
    ]  # fmt: skip
    if not asked:
        return []
    amounts = [exposed.milligrams(h.data["dose"], h.data["unit"], covariates) * h.data.get("times_a_day", 1) for h in of_drug]  # fmt: skip
    starts = [float(h.day) for h in of_drug]
    times = np.array(sorted({h.day + hours / 24 for h, _, hours in asked}))
    values = dict(zip(times.tolist(), concentrations(patient, starts, amounts, times).tolist(), strict=True))
    return [_taken(h, p, hours, values[h.day + hours / 24]) for h, p, hours in asked]


def concentrations(patient: Patients, starts: Sequence[float], amounts: Sequence[float], times: np.ndarray) -> np.ndarray:  # fmt: skip
    """Of one patient, at times in days [ug/mL]; at a dose's own time that before it."""
    length, drug = patient.drug.infusion.hours / 24.0, patient.drug
    if drug.chain is not None:
        course = chain.course(patient, drug.chain, starts, np.array([amounts]), length, times)
        return np.asarray(course.conjugated[0])
    doses = Doses.of(starts, np.array([amounts]), length)
    found: np.ndarray = Course(macro(*patient.disposition()), doses).concentration(times)[0]
    return found


def _taken(dose: Happening, plan: SamplePlan, hours: float, value: float) -> Happening:
    """The record of one sample, on its day."""
    in_unit = value / (CONCENTRATION_UNITS[plan.unit] or 1.0)
    day = dose.day + int(hours // 24)
    limit = plan.limit or 0.0
    data = {
        "drug": plan.drug, "analyte": plan.analyte, "specimen": plan.specimen, "cycle": dose.data["cycle"], "day": plan.day, "hours": hours, "unit": plan.unit,
    }  # fmt: skip
    if plan.limit is not None:
        data["limit"] = plan.limit
    said = {"below_limit": True} if in_unit < limit else {"concentration": float(f"{in_unit:.{_FIGURES}g}")}
    return Happening(day, day, "sampled", {**data, **said})
