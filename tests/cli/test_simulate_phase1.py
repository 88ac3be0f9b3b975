"""`simulate` of a phase I, of both parts, and a grid of doses: what they print, keep and refuse."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from equipoise import desk
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.dose_grid_file import read_dose_grid
from equipoise.files.grid_file import read_grid
from equipoise.files.scenario_file import read_scenario
from equipoise.simulate.dose_grid import Delivered, after_phase1, delivered, mixed
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_summary import share
from equipoise.trial.design import Quantity
from helpers import Answer

Equipoise = Callable[..., Answer]
GRID = find_trial("north").parent / "grids" / "dose-for-phase2.toml"


@pytest.mark.thorough
def test_a_phase_i_is_simulated_and_its_first_log_is_a_log(equipoise: Equipoise, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ("simulate", "phase1-example", "--scenario", "late-neuropathy", "--replicates", "4", "--workers", "1")
    found = equipoise(*asked, "--out", str(out), "--json")
    assert found.status == 0
    said = found.json
    (s,) = said["phase1"]
    assert (said["trial"], said["interrupted"], s["scenario"], s["replicates"]) == (
        "phase1-example",
        False,
        "late-neuropathy",
        4,
    )
    assert s["levels"] == ["DL1", "DL2", "DL3", "DL4"]
    assert sum(q["value"] for q in s["select"]) + s["select_none"]["value"] == pytest.approx(1)
    assert sum(s["exact"]["select"]) + s["exact"]["select_none"] == pytest.approx(1)
    lines = [json.loads(line) for line in (out / "late-neuropathy-seed2012.jsonl").read_text().splitlines()]
    assert [line["replicate"] for line in lines] == [0, 1, 2, 3]
    assert sum(line["dose"] == 4 for line in lines) / 4 == s["select"][3]["value"]
    log = str(out / "late-neuropathy-seed2012-first-log.jsonl")
    assert equipoise("conduct", "verify", "phase1-example", "--log", log).status == 0
    doses = equipoise("doses", "phase1-example", "--log", log, "--json").json
    assert doses["recommend"]["dose"] == lines[0]["dose"]
    page = equipoise(*asked)
    assert page.status == 0
    assert "A late report would have changed a decision" in page.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("phase1-example", "--engine", "reference", "--page", "p.html"), "phase I"),
        (("phase1-example", "--waiting", "both"), "phase I"),
        (("phase1-example", "--part", "1"), "has parts"),
        (("merkel", "--part", "both"), "has parts"),
        (("north", "--part", "both", "--scenario", "null"), "late-neuropathy"),
        (("north", "--part", "1", "--scenario", "none-such"), "late-neuropathy"),
    ],
)
def test_what_is_not_of_it_is_refused(equipoise: Equipoise, arguments: tuple[str, ...], code: str) -> None:
    found = equipoise("simulate", *arguments)
    assert found.status == 2
    assert code in found.err


def test_what_is_given_and_who_stops_is_arithmetic() -> None:
    """29 % stop within six full cycles; each dose is given to who has not stopped before it."""
    file = find_trial("phase1-example")
    plan = Phase1Plan.of(
        desk.opening.load_trial("phase1-example"), read_scenario(find_scenario(file, "late-neuropathy")), 1
    )
    full = delivered(plan, 4, 6, None)
    assert full.stops == pytest.approx(0.29)
    hazard = -math.log(0.71)
    assert full.amount == pytest.approx(sum(112 * math.exp(-hazard * (k / 12) ** 2) for k in range(12)))
    lower = delivered(plan, 3, 6, None)
    assert lower.stops == pytest.approx(1 - math.exp(-hazard * (90 / 112) ** 2))
    assert 0 < full.share < lower.share < 1


def test_phase_ii_is_weighted_by_what_is_handed_over() -> None:
    at = [Quantity(0.2, 0.01), Quantity(0.6, 0.02)]
    found = mixed([1, 2, 2, 0], at)
    assert found.value == pytest.approx((0.2 + 0.6 + 0.6 + 0) / 4)
    spread = sum((v - 0.35) ** 2 for v in (0.2, 0.6, 0.6, 0.0)) / 3 / 4
    assert found.mc_error == pytest.approx(math.sqrt(spread + (0.25 * 0.01) ** 2 + (0.5 * 0.02) ** 2))


def test_what_is_declared_is_split_by_the_dose_that_is_handed_over() -> None:
    """The parts add up to the whole, and their errors are those that many repetitions of both simulations show."""
    rng = np.random.default_rng(3)
    chances, declares, n, m = [0.2, 0.1, 0.3, 0.4], [0.5, 0.7, 0.7], 50, 400
    found: list[list[float]] = []
    said: list[list[float]] = []
    for _ in range(3000):
        handed = rng.choice(4, n, p=chances).tolist()
        at = [share(int(rng.binomial(m, q)), m) for q in declares[:2]]
        at.append(at[1])  # the third level's phase II is the second's
        after = after_phase1(handed, [Delivered(0, 1, 1)] * 3, {"x": at})
        assert math.fsum(q.value for q in after.handed_and_declared["x"]) == pytest.approx(after.declare["x"].value)
        assert list(after.declare_at["x"]) == at
        quantities = [*after.handed_and_declared["x"], after.declare["x"]]
        found.append([q.value for q in quantities])
        said.append([q.mc_error or 0.0 for q in quantities])
    assert np.std(found, axis=0) == pytest.approx(np.mean(said, axis=0), rel=0.06)
    assert np.mean(found, axis=0)[:3] == pytest.approx(
        [c * d for c, d in zip(chances[1:], declares, strict=True)], rel=0.02
    )


@pytest.mark.thorough
def test_a_grid_of_doses_is_kept_and_goes_on(equipoise: Equipoise, tmp_path: Path) -> None:
    small = tmp_path / "small.toml"
    text = (
        GRID.read_text()
        .replace("replicates = 200", "replicates = 2")
        .replace("cycles = 6\n", "cycles = 6\nreplicates = 200\n", 1)
    )
    small.write_text(text)
    _, cells = read_dose_grid(small)
    assert len(cells) == 18
    assert {c.plan.truth.cumulative[0].shape for c in cells} == {1.0, 2.0}
    asked = ("simulate", "north", "--grid", str(small), "--out", str(tmp_path / "out"), "--workers", "1", "--json")
    first = equipoise(*asked)
    assert first.status == 0, first.err
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "out" / "dose-parts").iterdir()}
    assert len(kept) == 18
    again = equipoise(*asked)
    assert again.out == first.out
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out" / "dose-parts").iterdir()} == kept
    for cell in first.json["cells"]:
        assert sum(q["value"] for q in cell["handed_over"]) + cell["handed_over_none"]["value"] == pytest.approx(1)
    page = (tmp_path / "out" / "dose.html").read_text()
    assert "What NORTH could have known, second page" in page
    assert "How often 112 mg/m2 is handed over" in page


def test_all_that_is_wrong_with_a_grid_of_doses_is_told(equipoise: Equipoise, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(GRID.read_text().replace("DL4 = 0.45 }", "DL4 = 0.2 }").replace("at_least = 0.9", "at_least = 1.9"))
    found = equipoise("simulate", "north", "--grid", str(bad), "--out", str(tmp_path / "out"))
    assert found.status == 2
    assert "at_least" in found.err
    bad.write_text(GRID.read_text().replace("DL4 = 0.45 }", "DL4 = 0.2 }"))
    found = equipoise("simulate", "north", "--grid", str(bad), "--out", str(tmp_path / "out"))
    assert found.err.count("no less at a higher dose") == 6


def test_a_grid_may_set_what_lies_in_a_list_of_a_scenario(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(
        'format = 1\nscenarios = ["toxic"]\nreplicates = 1\nseed = 1\n[[axis]]\nname = "Deaths"\n'
        'values = [{ label = "as it is", set = {} }, { label = "more", set = { "scenario.arms.IMGN901.adverse_events.infection.fatal" = 0.7 } }]\n'
    )
    _, cells = read_grid(file, find_trial("north"))
    fatal = [
        next(e.fatal for e in c.plan.scenario.arms["IMGN901"].adverse_events if e.term == "infection") for c in cells
    ]
    assert fatal == [0.5, 0.7]


@pytest.mark.parametrize(
    ("trial", "read"), [("north", "whole/late-neuropathy"), ("phase1-example", "toxic-at-the-top")]
)
def test_what_lies_beside_a_trial_is_checked_with_it(equipoise: Equipoise, trial: str, read: str) -> None:
    found = equipoise("check", trial)
    assert found.status == 0, found.err
    assert read in found.out


def test_scenarios_of_phase_i_that_do_not_fit_are_told_by_check(equipoise: Equipoise, tmp_path: Path) -> None:
    file = find_trial("phase1-example")
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "trial.toml").write_text(file.read_text())
    text = (file.parent / "scenarios" / "toxic-at-the-top.toml").read_text()
    (tmp_path / "scenarios" / "a.toml").write_text(text.replace("DL4 = 0.45", "DL9 = 0.45"))
    found = equipoise("check", str(tmp_path))
    assert found.status == 2
    assert "scenarios/a.toml: phase1.dlt.DL9" in found.err
