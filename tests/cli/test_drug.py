"""`equipoise drug`: what it says, twice, and its figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from helpers import Answer

Equipoise = Callable[..., Answer]
ASKED = ("drug", "profile", "T-DM1", "--dose", "3.6 mg/kg", "--weight", "70", "--cycles", "6", "--every", "21 days")


def test_show(equipoise: Equipoise) -> None:
    told = equipoise("drug", "show", "T-DM1", "--json").json
    assert round(told["half_life_days"], 2) == 3.94
    assert set(told["parameters"]) == {"CL", "V1", "Q", "V2"}
    for p in told["parameters"].values():
        assert {"value", "unit", "source"} <= set(p)
    assert "an assumption of the simulation" in told["paragraph"]
    page = equipoise("drug", "show", "IMGN901").out
    assert "Nothing but medians is public of this drug." in " ".join(page.split())
    assert "known to lie in" in page


def test_profile(equipoise: Equipoise) -> None:
    told = equipoise(*ASKED, "--json").json
    for name, unit in (("cmax", "ug/mL"), ("trough", "ug/mL"), ("auc", "ug·day/mL")):
        assert told[name]["unit"] == unit
        assert len(told[name]["by_cycle"]) == 6
    assert told["trough"]["by_cycle"][0] == pytest.approx(1.607293, abs=5e-7)
    assert told["auc"]["to_infinity"] == pytest.approx(6 * 252 / 0.676)
    assert told["dose_mg"] == pytest.approx(252)
    assert len(told["times"]) == len(told["concentrations"]) == 6 * 21 * 24 + 1
    # by the trapezoid, hour by hour: another way to the same areas
    t, c = np.array(told["times"]), np.array(told["concentrations"])
    inside = t <= 21
    assert np.trapezoid(c[inside], t[inside]) == pytest.approx(told["auc"]["by_cycle"][0], rel=5e-3)
    assert "3.6 mg/kg day 1 every 21 days" in equipoise(*ASKED).out


def test_a_population_by_seed(equipoise: Equipoise, tmp_path: Path) -> None:
    asked = ("drug", "profile", "T-DM1", "--dose", "3.6 mg/kg", "--population", "200", "--seed", "7")
    one = equipoise(*asked, "--json").json
    assert one == equipoise(*asked, "--json").json
    assert one != equipoise(*asked[:-1], "8", "--json").json
    for name in ("cmax", "trough", "auc"):
        found = one[name]["by_cycle"]
        assert found["lower"][0] < found["median"][0] < found["upper"][0]
    lower, upper = (np.array(one["concentrations"][k]) for k in ("lower", "upper"))
    assert (lower <= upper).all()
    told = equipoise(*asked, "--figure", str(tmp_path / "x.svg"))
    assert "Wrote" in told.out
    assert "<svg" in (tmp_path / "x.svg").read_text()


def test_the_ratio_of_a_chain_falls(equipoise: Equipoise) -> None:
    told = equipoise(
        "drug", "profile", "tusamitamab-ravtansine", "--dose", "180 mg", "--every", "14 days", "--json"
    ).json
    ratio = told["chain"]["ratio"]["values"]
    assert ratio[24] == pytest.approx(2.920092426, rel=1e-9)
    assert ratio[-1] == pytest.approx(1.398627436, rel=1e-9)
    assert told["chain"]["payload"]["name"] == "DM4"


def test_schedules_as_equals(equipoise: Equipoise, tmp_path: Path) -> None:
    """2 x 112 is 224 mg/m2 a cycle, 2 x 90 and 3 x 60 are 180: what is given decides the area, nothing carries over."""
    schedules = ("60 mg/m2 days 1,8,15 every 28 days", "112 mg/m2 days 1,8 every 21 days", "90 mg/m2 days 1,8 every 21 days", "60 mg/m2 every 7 days")  # fmt: skip
    words = [w for s in schedules for w in ("--schedule", s)]
    figure = tmp_path / "x.svg"
    told = equipoise("drug", "compare", "IMGN901", *words, "--figure", str(figure), "--json").json
    rows = told["schedules"]
    assert [r["amount_per_cycle"] for r in rows] == [180, 224, 180, 60]
    assert [r["cycles"] for r in rows] == [3, 4, 4, 12]
    per_mg = [r["auc_per_cycle"] / r["mg_per_cycle"] for r in rows]
    assert per_mg == pytest.approx([1 / 2.86] * 4, rel=1e-3)
    assert rows[0]["auc_per_cycle"] == pytest.approx(rows[2]["auc_per_cycle"], rel=1e-6)
    assert rows[1]["cmax_last"] == pytest.approx(rows[1]["cmax_first"], rel=1e-4)
    assert all(s in figure.read_text() for s in schedules)
    page = equipoise("drug", "compare", "IMGN901", *words).out
    assert all(s in page for s in schedules)
