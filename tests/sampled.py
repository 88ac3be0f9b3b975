"""NORTH with samples of its drug, and patients of whom some were taken."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.trial_file import read_trial
from equipoise.trial.sample import SamplePlan
from equipoise.trial.trial import Trial
from helpers import moment

CAME, DOSED, NOW = date(2012, 6, 1), date(2012, 6, 4), moment(date(2013, 6, 1))
PLAN = SamplePlan(drug="IMGN901", analyte="conjugate", unit="ug/mL", limit=0.1, hours=(0.0, 1.0, 4.0, 24.0, 48.0, 96.0, 168.0))  # fmt: skip


@cache
def sampled_north() -> Trial:
    """NORTH whose file asks for samples after the first dose."""
    return trial_of(read_trial(find_trial("north")).model_copy(update={"samples": (PLAN,)}).definition)


def treated_conduct(patients: int = 6) -> tuple[Conduct, list[str]]:
    """A trial in which IMGN901 was given to those on its arm, who are named."""
    c = Conduct.open(sampled_north(), moment(date(2012, 4, 1)), "t", PermutedBlocks(sampled_north(), 1))
    c.activate("S01", date(2012, 4, 2), moment(date(2012, 4, 2)), "t")
    on = []
    for i in range(1, patients + 1):
        name = f"S01-{i:03d}"
        c.screen(name, "S01", CAME, NOW, "t")
        c.enrol(name, CAME, NOW, "t", {"ecog": "0-1", "ldh": "normal"})
        if c.randomise(name, CAME, NOW, "t").data["arm"] == "IMGN901":
            on.append(name)
            c.order("treated", DOSED, NOW, "t", patient=name, data={"drug": "IMGN901", "cycle": 1, "day": 1, "dose": 112.0, "unit": "mg/m2"})  # fmt: skip
    return c, on


def sample(hours: float, value: float | None, **other: Any) -> dict[str, Any]:
    """The details of one sample; None: below the limit."""
    said = {"below_limit": True} if value is None else {"concentration": value}
    of = {"drug": "IMGN901", "analyte": "conjugate", "specimen": "plasma", "cycle": 1, "day": 1, "unit": "ug/mL", "limit": 0.1}  # fmt: skip
    return {**of, "hours": hours, **said, **other}


def take(c: Conduct, patient: str, hours: float, value: float | None, **other: Any) -> Any:
    """Record a sample on the day on which it is planned."""
    day = DOSED + timedelta(days=int(hours // 24))
    return c.order("sampled", day, NOW, "t", patient=patient, data=sample(hours, value, **other))
