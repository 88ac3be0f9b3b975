"""Group-sequential boundaries against R's rpact (420 settings), gsDesign's published numbers, and simulation."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.numerics.sequential import group_sequential as gs
from equipoise.numerics.sequential.spending import spent

FIXTURE = json.loads((Path(__file__).parent.parent.parent / "fixtures" / "r" / "rpact.json").read_text())
DESIGNS = FIXTURE["designs"]
SPENDING = {"asOF": "obrien-fleming", "asP": "pocock", "asHSD": "hsd", "asKD": "power"}


def ours(args: dict[str, Any]) -> gs.Boundaries:
    t, alpha, beta, kind = args["informationRates"], args["alpha"], args["beta"], args["typeOfDesign"]
    if kind in ("OF", "P", "WT"):
        delta = {"OF": 0.0, "P": 0.5}.get(kind, args.get("deltaWT", 0.0))
        return gs.with_power(t, gs.shaped_boundaries(t, alpha, delta), 1 - beta)
    alphas = [spent(SPENDING[kind], alpha, v, args.get("gammaA", 0.0)) for v in t]
    if "typeBetaSpending" not in args:
        return gs.with_power(t, gs.spending_boundaries(t, alphas), 1 - beta)
    betas = [spent(SPENDING["a" + args["typeBetaSpending"][1:]], beta, v, args.get("gammaB", 0.0)) for v in t]
    return gs.with_beta_spending(t, alphas, betas, args["bindingFutility"])


def name(d: dict[str, Any]) -> str:
    a = d["args"]
    return "-".join(str(v) for v in a.values())


def test_there_are_many() -> None:
    assert len(DESIGNS) >= 200
    assert FIXTURE["rpact"] == "3.3.4"


@pytest.mark.independent
@pytest.mark.parametrize("d", DESIGNS, ids=name)
@pytest.mark.thorough
def test_rpact(d: dict[str, Any]) -> None:
    """Critical values, futility bounds, spending, stage levels, inflation, power, expected information: to 1e-6."""
    args = d["args"]
    t, alpha, beta = args["informationRates"], args["alpha"], args["beta"]
    found = ours(args)
    assert found.upper == pytest.approx(d["critical"], abs=1e-6)
    if d["futility"] not in (None, "NA"):
        assert found.lower[:-1] == pytest.approx(np.atleast_1d(np.array(d["futility"], float)), abs=1e-6)
    lower = found.lower if args.get("bindingFutility") else [-math.inf] * len(t)
    null = gs.crossing(t, lower, found.upper, 0.0)
    assert np.cumsum(null.upper) == pytest.approx(d["spent"], abs=1e-6)
    inflation = found.drift**2 / gs.fixed_drift(alpha, 1 - beta) ** 2
    assert inflation == pytest.approx(d["inflation"], rel=1e-6)
    # rpact's power at theta 0.3 with nMax 100: a drift of 3
    at = gs.crossing(t, found.lower, found.upper, 3.0)
    assert at.reject == pytest.approx(d["power_at_3"], abs=1e-6)
    ends = np.add(at.upper, at.lower)
    assert 100 * float(ends @ t) == pytest.approx(d["asn_at_3"], rel=1e-6)


@pytest.mark.independent
def test_obrien_fleming_of_three_looks() -> None:
    """z at three equal looks, one-sided 0.025, as gsDesign and rpact print them (shared/oracles.md, row 8)."""
    t = [1 / 3, 2 / 3, 1.0]
    assert gs.shaped_boundaries(t, 0.025, 0.0) == pytest.approx((3.4710914, 2.4544323, 2.0040356), abs=1e-6)


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.floats(0.005, 0.2), st.sampled_from(["obrien-fleming", "pocock", "hsd", "power"]))
def test_spending_is_spent(looks: int, alpha: float, kind: str) -> None:
    t = [(k + 1) / looks for k in range(looks)]
    plan = [spent(kind, alpha, v, 2.0) for v in t]
    upper = gs.spending_boundaries(t, plan)
    null = gs.crossing(t, [-math.inf] * looks, upper, 0.0)
    assert np.cumsum(null.upper) == pytest.approx(plan, abs=1e-10)
    total = gs.crossing(t, [-math.inf] * (looks - 1) + [upper[-1]], upper, 1.3)
    assert sum(total.upper) + sum(total.lower) == pytest.approx(1.0, abs=1e-10)


@pytest.mark.property
def test_simulated_paths_agree() -> None:
    t = np.array([0.3, 0.7, 1.0])
    b = gs.with_beta_spending(t, [0.01, 0.03, 0.05], [0.05, 0.12, 0.2], binding=False)
    rng = np.random.default_rng(39)
    n = 200_000
    steps = rng.normal(size=(n, 3)) * np.sqrt(np.diff(t, prepend=0)) + b.drift * np.diff(t, prepend=0)
    z = steps.cumsum(axis=1) / np.sqrt(t)
    rejected, on = np.zeros(n, bool), np.ones(n, bool)
    for k in range(3):
        rejected |= on & (z[:, k] >= b.upper[k])
        on &= (z[:, k] < b.upper[k]) & (z[:, k] >= b.lower[k])
    exact = gs.crossing(t, b.lower, b.upper, b.drift).reject
    assert exact == pytest.approx(0.8, abs=1e-9)
    assert abs(rejected.mean() - exact) < 4 * math.sqrt(exact * (1 - exact) / n)


def test_an_unknown_spending_is_refused() -> None:
    with pytest.raises(ValueError, match="obrien-fleming"):
        spent("obf", 0.05, 0.5)
