"""The numbers of docs/history.md are today's; its console block is run with the others."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from equipoise.design import shelf
from equipoise.files.history_file import library_of
from equipoise.history.hurdle import hurdle
from equipoise.history.library import HistoryLibrary
from equipoise.history.pooling import pool_library, prediction_of
from equipoise.history.provenance import choice_of
from equipoise.history.rates import implied_shapes
from equipoise.trial.design import Design
from helpers import ROOT

PAGE = " ".join((ROOT / "docs" / "history.md").read_text().split())


@pytest.fixture(scope="module")
def library(north: Any) -> HistoryLibrary:
    found = library_of(north, "north")
    assert found is not None
    return found


@pytest.mark.thorough
def test_what_the_hurdle_says_of_north(north: Any, north_design: Design, library: HistoryLibrary) -> None:
    control = prediction_of(list(pool_library(library, choice_of(north)).arms))
    found = hurdle(north_design, control)
    assert f"its 5 % is {100 * found.type_one_averaged:.0f} % once p0 is as uncertain as five published arms" in PAGE
    assert found.calibrated is not None
    assert f"more than {found.calibrated.r} of 80 instead of more than 42" in PAGE
    assert f"its power would have been {100 * found.calibrated.power:.0f} %" in PAGE
    assert f"the arms known in 2012 predict {control.quantile(0.5):.3f}" in PAGE
    jung = shelf.build("jung", {"kind": "jung", "p0": 0.44, "p1": 0.58, "alpha": 0.15, "power": 0.8})
    assert f"(Jung at 15 %: {100 * hurdle(jung, control).type_one_averaged:.1f} % averaged)" in PAGE


def test_what_the_library_holds(library: HistoryLibrary) -> None:
    assert f"{len(library.arms)} arms" in PAGE
    pfs, os = ([round(s, 1) for _, _, s in implied_shapes(library.arms, (e,))] for e in ("PFS", "OS"))
    assert f"imply shapes above 1, from {min(pfs)} to {max(pfs)}" in PAGE
    usual = [s for s in os if 1.4 <= s <= 1.6]
    assert (len(usual), len(os), min(os), max(os)) == (5, 7, 0.9, 2.0)
    assert "for OS five of seven imply 1.4 to 1.6 (the others 0.9 and 2.0)" in PAGE


@pytest.mark.parametrize(("arm", "name"), [("Cheng-2024-placebo", "EXTENTORCH"), ("Horn-2018-placebo", "IMpower133")])
def test_a_median_does_not_fix_the_landmark(library: HistoryLibrary, arm: str, name: str) -> None:
    of = library.arm_by_name[arm]
    median = next(m.value.months for m in of.medians if m.endpoint == "PFS")
    rate = next(r.rate for r in of.rates if r.endpoint == "PFS" and r.at is not None and r.at.days == 183)
    said = PAGE.partition(f"{name}'s")[2]
    numbers = [float(v) for v in re.findall(r"\d+\.\d+", said)[:3]]
    exponential = 100 * math.exp(-math.log(2) * 6 / median)
    assert sorted(numbers) == sorted([median, round(100 * rate, 1), round(exponential, 1)])


def test_what_an_interval_of_scan_days_would_be_worth(library: HistoryLibrary) -> None:
    arm = library.arm_by_name["Cheng-2024-placebo"]
    m = next(m for m in arm.medians if m.endpoint == "PFS")
    assert m.lower is not None
    assert m.upper is not None
    events = (2 * 1.959963984540054 / (1.5 * math.log(m.upper.months / m.lower.months))) ** 2
    said = f"The {m.lower.months:.1f} to {m.upper.months:.1f} months of {arm.n} patients (Cheng 2024) owe to scan days, and would be worth {events:.0f} events"
    assert said in PAGE
