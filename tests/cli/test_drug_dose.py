"""`equipoise drug dose`: a trial's doses under scenarios with [exposure], as tables, JSON and a page; what cannot be asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.exposed_arm import arm_patients, at_schedule
from equipoise.simulate.plan import Plan
from helpers import Answer

Equipoise = Callable[..., Answer]
FEW = ("--patients", "20", "--replicates", "2", "--workers", "1", "--seed", "3")


@pytest.mark.slow
def test_the_page(equipoise: Equipoise, tmp_path: Path) -> None:
    page = tmp_path / "dose.html"
    found = equipoise("drug", "dose", "north", "--scenario", "exposure/none", "--scenario", "exposure/strong", *FEW, "--out", page, "--json")  # fmt: skip
    assert found.status == 0
    none, strong = found.json["relations"]
    assert [d["dose"] for d in strong["doses"]] == [60, 75, 90, 112]
    areas = [d["area"]["value"] for d in strong["doses"]]
    assert areas == sorted(areas)
    # without an effect of exposure the share free of progression is the same at every dose, but for deaths of events
    assert len(strong["schedules"]) == 16
    assert strong["best"]["utility"]["value"] == max(s["utility"]["value"] for s in strong["schedules"])
    for h in (*none["handed_over"], *strong["handed_over"]):
        assert sum(h["select"]) + h["none"] == pytest.approx(1)
    text = page.read_text()
    assert "every relation of exposure to anything is assumed" in text
    assert "24.1%" in text
    assert found.json["page"] == str(page)


def test_all_that_is_wrong_at_once(equipoise: Equipoise) -> None:
    found = equipoise("drug", "dose", "north", "--scenario", "target", "--scenario", "nothing", "--patients", "1", "--price", "2", "--json")  # fmt: skip
    assert found.status == 2
    assert [p["where"] for p in found.json["error"]["problems"]] == [
        "--patients",
        "--price",
        "scenario",
        "scenario target",
    ]


def test_lower_doses_have_less_exposure_and_no_more_events() -> None:
    """Patient by patient: with the same random numbers no patient has more area, or an earlier severe event, at a lower dose without rules."""
    trial = read_trial(find_trial("north"))
    said = read_scenario(find_trial("north").parent / "scenarios/exposure/strong.toml")
    assert said.exposure is not None
    free = said.model_copy(update={"exposure": said.exposure.model_copy(update={"modifications": (), "progression": None})})  # fmt: skip
    courses = Plan.of(trial, free, 1).courses
    low, high = (arm_patients(Plan.of(at_schedule(trial, "IMGN901", d), free, 1, courses=courses), 40, 183) for d in (60.0, 112.0))  # fmt: skip
    assert (low.first_severe >= high.first_severe).all()
    alive = ~(high.died | low.died)
    assert np.allclose(low.area[alive] / high.area[alive], 60 / 112)
    assert (low.free >= high.free).all()
    assert np.array_equal(low.control_free, high.control_free)
