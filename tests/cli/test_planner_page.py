"""The planner's pages: written, self-contained, and what they say is asserted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from helpers import ROOT

pytest.importorskip("pyarrow")
pytest.importorskip("numba")
KNOWN = ROOT / "trials" / "north" / "grids" / "could-have-known.toml"


@pytest.mark.slow
def test_what_north_could_have_known(equipoise: Any, tmp_path: Path) -> None:
    answer = equipoise("simulate", "north", "--grid", KNOWN, "--out", tmp_path, "--json")
    assert answer.status == 0, answer.err
    cells = {(c["scenario"], c["axis Waiting"], c["axis Looking"]): c for c in answer.json["cells"]}
    assert len(cells) == 48

    def near(key: tuple[str, str, str], name: str, value: float, give: float = 0.0) -> None:
        """Within four Monte-Carlo errors; ``give`` is what the documented figure was rounded by."""
        c = cells[key]
        assert c[name] == pytest.approx(value, abs=give + 4 * c[f"{name} mc_error"]), (key, name, c[name])

    base = "6-weekly scans"
    # Enrolment goes on: all but a few are randomised when the look is known, and it spares two.
    near(("null", "continue", base), "at_readout", 117.0, 0.05)
    near(("null", "continue", base), "spared", 1.7, 0.05)
    near(("null", "pause", base), "at_readout", 61.9, 0.05)
    near(("null", "cap 20", base), "at_readout", 81.4, 0.05)
    near(("null", "continue", base), "P(stop early)", 0.568)
    near(("target", "continue", base), "P(declare)", 0.753)
    near(("observed", "continue", base), "P(stop early)", 0.153)
    # A scan on the landmark sees what the one two weeks before it does not.
    near(("null", "continue", "scan on the day"), "P(stop early)", 0.686)
    near(("null", "continue", "at week 18"), "at_readout", 100.4, 0.2)
    pause = cells["target", "pause", base]["duration_months"] - cells["target", "continue", base]["duration_months"]
    assert pause == pytest.approx(7.7, abs=0.2)
    page = (tmp_path / "page.html").read_text()
    assert "What NORTH could have known" in page
    for heading in (
        "What is decided",
        "How many patients",
        "When",
        "What may mislead",
        "Choices side by side",
        "What is assumed",
    ):
        assert heading in page
    assert not re.search(r'(?:src|href)="https?://', page), "nothing from the network"
    assert len(list((tmp_path / "figures").glob("*.svg"))) == 8
    # No simulated figure without its error: each cell of the tables of means has one.
    assert page.count("±") > 48 * 15


def test_the_rates_at_week_18_are_those_of_the_disease(north: Any) -> None:
    """The design at week 18 is for 0.54 and 0.67: what the null and the target disease show there."""
    from equipoise.files.bundled import find_trial
    from equipoise.files.grid_file import read_grid

    _, cells = read_grid(KNOWN, find_trial("north"))
    from equipoise.simulate.truth import rate_shown

    for scenario, rate in (("null", 0.54), ("target", 0.67)):
        cell = next(c for c in cells if c.scenario == scenario and c.labels["Looking"] == "at week 18")
        shown = rate_shown("IMGN901", cell.plan.courses["IMGN901"], cell.plan.trial, cell.plan.scenario)
        assert shown == pytest.approx(rate, abs=0.006)


@pytest.mark.slow
def test_a_page_of_scenarios_alone(equipoise: Any, tmp_path: Path) -> None:
    answer = equipoise("simulate", "north", "--replicates", 2000, "--waiting", "both", "--page", tmp_path / "plan.html")
    assert answer.status == 0, answer.err
    page = (tmp_path / "plan.html").read_text()
    assert "Timeline of the looks" in page
    assert page.count("<figure") == page.count("</figure>") >= 4


@pytest.mark.thorough
def test_the_reference_says_the_same_as_the_kernel(equipoise: Any, tmp_path: Path) -> None:
    args = ["simulate", "north", "--scenario", "null", "--replicates", 12, "--json"]
    one, two = (equipoise(*args, "--engine", e, "--out", tmp_path / e) for e in ("compiled", "reference"))
    assert one.status == two.status == 0, one.err + two.err
    name = "null-continue-seed2012.jsonl"
    assert (tmp_path / "compiled" / name).read_text() == (tmp_path / "reference" / name).read_text()
    assert one.json == two.json


@pytest.mark.thorough
def test_a_page_tells_its_choices_its_assumptions_and_its_errors(equipoise: Any, tmp_path: Path) -> None:
    args = ["--scenario", "null", "--scenario", "target", "--replicates", 400, "--waiting", "both"]
    answer = equipoise("simulate", "north", *args, "--page", tmp_path / "plan.html", "--json")
    assert answer.status == 0, answer.err
    page = (tmp_path / "plan.html").read_text()
    assert "monitoring.while_waiting = pause" in page
    # No error is shown as 0: one that the decimals would hide is shown in one figure.
    assert not re.search(r"±\s*0\.0+(?![\d.])", page)
    null, pause = (s for s in answer.json["summaries"] if s["scenario"] == "null")
    bias = null["bias"]
    assert re.search(rf"{100 * bias['value']:+.1f}\s±\s{100 * bias['mc_error']:.1f}<", page)
    # In short: the first choices, and what a pause spares where the drug does not work.
    assert "In short" in page
    assert f"{pause['spared']['value']:.1f}\u00a0±" in page
    # Each entry of the scenarios that is assumed, with the defaults.
    for entry in ("screening_failure", "arms.CE.death_first", "accrual.varies", "arms.CE.next_therapy"):
        assert entry in page
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)
    assert len(captions) == 8
    assert all("Monte-Carlo" in c for c in captions)


def test_two_cells_need_no_maps(plan: Any) -> None:
    from equipoise.dossier.planner import grid_page
    from equipoise.files.kernels import ready
    from equipoise.simulate.grid import Cell
    from equipoise.simulate.replicates import simulate
    from equipoise.simulate.summary import summarise
    from equipoise.simulate.tally import Tally

    assert ready()
    p, tally = plan(scenario="null"), Tally()
    for lines in simulate(p, 50, 1, engine="compiled"):
        tally.add(lines)
    summaries = [summarise(p, tally, 50)] * 4
    keys = [("null", "continue"), ("null", "pause"), ("target", "continue"), ("target", "pause")]
    cells = [Cell(scenario, {"Waiting": way}, {}, p) for scenario, way in keys]
    two, four = (grid_page(cells[:n], summaries[:n], []) for n in (2, 4))
    assert {s.heading for s in four.sections} - {s.heading for s in two.sections} == {
        "In short",
        "Choices side by side",
    }


def test_an_arm_like_another_is_told_without_what_says_nothing() -> None:
    from equipoise.dossier.planner import _entries

    pieces = [{"until": "3 months", "ratio": 1.4}, {"until": None, "ratio": 0.5}]
    told = _entries({"arms": {"B": {"like": "A", "hazard_ratio": pieces, "shape": 1.0, "cured": 0.0, "tau": None}}})
    assert told == {
        "arms.B.like": "A",
        "arms.B.hazard_ratio": "until 3 months, ratio 1.4; ratio 0.5",
        "arms.B.tau": "–",
    }
