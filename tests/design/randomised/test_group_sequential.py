"""The group-sequential log-rank design: rpact's events, East's boundaries, what happens off plan."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from equipoise.design.randomised.group_sequential import GroupSequentialLogRank, Spec, from_spec
from equipoise.design.randomised.logrank_plan import Pace, events_by, month_of
from equipoise.trial.evidence import StatisticEvidence
from equipoise.trial.problem import BadInput

RPACT = json.loads((Path(__file__).parent.parent.parent / "fixtures" / "r" / "rpact.json").read_text())["designs"]
BOUNDARY = {
    "OF": "classical-obrien-fleming",
    "P": "classical-pocock",
    "asOF": "obrien-fleming",
    "asP": "pocock",
    "asKD": "power",
    "asHSD": "hsd",
}
NORTH = from_spec(
    Spec.read(
        {"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "allocation": "2:1", "beta_spending": "obrien-fleming"}
    )
)


@pytest.mark.independent
@pytest.mark.parametrize(
    "d",
    [d for d in RPACT if d["args"]["typeOfDesign"] in BOUNDARY],
    ids=lambda d: "-".join(map(str, d["args"].values())),
)
@pytest.mark.thorough
def test_events_as_in_rpact(d: dict[str, Any]) -> None:
    """Events of a single look and of the last, hazard ratio 0.7, allocation 1:1 and 2:1, by Schoenfeld: to 1e-6."""
    a = d["args"]
    for allocation, (single, most) in zip(("1:1", "2:1"), d["events"], strict=True):
        table = {
            "hazard_ratio": 0.7, "alpha": a["alpha"], "power": 1 - a["beta"], "fractions": (*tuple(a["informationRates"][:-1]), 1.0),
            "boundary": BOUNDARY[a["typeOfDesign"]], "alpha_parameter": a.get("gammaA", -4.0),
            "beta_spending": BOUNDARY["a" + a["typeBetaSpending"][1:]] if "typeBetaSpending" in a else "none",
            "beta_parameter": a.get("gammaB", -2.0), "binding": a.get("bindingFutility", False), "allocation": allocation,
        }  # fmt: skip
        ours = from_spec(Spec.read(table))
        assert ours.fixed_events == pytest.approx(single, rel=1e-6)
        assert ours.maximum == pytest.approx(most, rel=1e-6)


@pytest.mark.independent
def test_two_to_one_smoke_numbers() -> None:
    """shared/oracles.md, row 31: 2:1, O'Brien–Fleming-type spending at 0.5, 0.75, 1, one-sided 0.025: z 2.963, 2.359, 2.014."""
    d = from_spec(
        Spec.read(
            {"hazard_ratio": 0.6, "alpha": 0.025, "power": 0.8, "fractions": (0.5, 0.75, 1.0), "allocation": "2:1"}
        )
    )
    assert d.boundaries.upper == pytest.approx((2.963, 2.359, 2.014), abs=6e-4)


@pytest.mark.independent
def test_simulated_log_rank_trials_agree() -> None:
    """Patients, exponential times, a real log-rank statistic at the planned events: power within 4 MC errors and 0.02 for Schoenfeld."""
    d, rng = NORTH, np.random.default_rng(2012)
    reps, n = 3000, 300
    looks = [look.n for look in d.looks]
    declared = 0
    tested = np.arange(n) % 3 != 0
    for _ in range(reps):
        entry = rng.uniform(0, 20, n)
        time = rng.exponential(5.5 / math.log(2) / np.where(tested, 0.67, 1.0))
        calendar = np.sort(entry + time)
        for k, events in enumerate(looks):
            cut = calendar[events - 1]
            z = _logrank(time, entry, tested, cut)
            if z >= d.boundaries.upper[k]:
                declared += 1
                break
            if z < d.boundaries.lower[k]:
                break
    found = declared / reps
    assert abs(found - 0.80) < 4 * math.sqrt(0.16 / reps) + 0.02


def _logrank(time: np.ndarray, entry: np.ndarray, tested: np.ndarray, cut: float) -> float:
    inside = entry < cut
    follow = np.minimum(time, cut - entry)[inside]
    event, arm = (entry + time <= cut)[inside], tested[inside]
    order = np.argsort(follow)
    event, arm = event[order], arm[order]
    at_risk = np.arange(len(arm), 0, -1)
    of_tested = np.cumsum(arm[::-1])[::-1]
    share = of_tested / at_risk
    score = (event * (share - arm)).sum()
    return float(score / math.sqrt((event * share * (1 - share)).sum()))


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(st.integers(40, 185))
def test_off_plan_both_sides_are_recomputed(events: int) -> None:
    v = NORTH.verdict(StatisticEvidence(1, 0.0, events))
    planned = NORTH.looks[0].n
    if events == planned:
        assert not v.cautions
    else:
        assert "recomputed" in v.cautions[0]
    # nothing between the two boundaries is decided, and fewer events need a larger z
    late = NORTH.verdict(StatisticEvidence(1, 3.8, events)).action.name
    assert late == "declare" or events < 60


def test_at_fewer_events_a_good_treatment_is_not_stopped_too_soon() -> None:
    assert NORTH.verdict(StatisticEvidence(1, 0.1, 93)).action.name == "stop"
    assert NORTH.verdict(StatisticEvidence(1, 0.1, 50)).action.name == "continue"


def test_binding_as_planned_and_a_little_off() -> None:
    d = from_spec(
        Spec.read(
            {
                "hazard_ratio": 0.67,
                "alpha": 0.05,
                "power": 0.80,
                "allocation": "2:1",
                "beta_spending": "obrien-fleming",
                "binding": True,
            }
        )
    )
    last = d.looks[-1].n
    bound = d.boundaries.upper[-1]
    assert d.verdict(StatisticEvidence(2, bound + 0.02, last - 2)).action.name == "declare"
    assert "binding" in d.describe()


def _below(t: list[float], high: list[float], drift: float = 0.0) -> float:
    """P(Z1 < high1, Z2 < high2, …): the multivariate normal of scipy, correlation sqrt(s / t)."""
    corr = [[math.sqrt(min(a, b) / max(a, b)) for b in t] for a in t]
    mean = [drift * math.sqrt(a) for a in t]
    clipped = [min(max(h, -30.0), 30.0) for h in high]
    return float(
        multivariate_normal.cdf(
            clipped, mean, corr, allow_singular=True, maxpts=400_000, abseps=1e-7, releps=1e-7, rng=1
        )
    )


def _between(t: list[float], low: list[float], high: list[float], drift: float) -> float:
    """P(low ≤ Z < high at all but the last, Z < high at the last)."""
    total = 0.0
    for signs in itertools.product((0, 1), repeat=len(t) - 1):
        ends = [low[k] if lower else high[k] for k, lower in enumerate(signs)]
        total += (-1) ** sum(signs) * _below(t, [*ends, high[-1]], drift)
    return total


def _missed(b: float, t: list[float], before: list[float], goal: float) -> float:
    """What crossing b last, or a boundary before it, exceeds the goal by."""
    return 1 - _below(t, [*before, b]) - goal


THREE = {"hazard_ratio": 0.6, "alpha": 0.025, "power": 0.9, "fractions": (0.4, 0.7, 1.0)}


def _decides(d: Any, look: int, z: float, events: float, earlier: tuple[float, ...]) -> tuple[float, str]:
    v = d.verdict(StatisticEvidence(look, z, events, earlier))
    return z - v.distance, v.cautions[0]


@pytest.mark.independent
@pytest.mark.parametrize(
    ("spending", "parameter"), [("obrien-fleming", 0.0), ("pocock", 0.0), ("hsd", -2.0), ("power", 2.0)]
)
def test_alpha_is_spent_at_what_all_looks_attained(spending: str, parameter: float) -> None:
    """The boundaries after early, late and untaken looks solve the multivariate normal's own equations."""
    d = from_spec(Spec.read({**THREE, "boundary": spending, "alpha_parameter": parameter or -4.0}))
    shares = {
        "obrien-fleming": lambda t: 2 * norm.sf(norm.isf(0.0125) / math.sqrt(t)),
        "pocock": lambda t: 0.025 * math.log(1 + (math.e - 1) * t),
        "hsd": lambda t: 0.025 * (1 - math.exp(2 * t)) / (1 - math.exp(2)),
        "power": lambda t: 0.025 * t**2,
    }[spending]
    events = d.maximum
    for earlier, last in (((40.0, 110.0), 150.0), ((79.0, 90.0), 140.0), ((60.0,), 165.0)):
        t = [e / events for e in (*earlier, last)]
        upper: list[float] = []
        for k, v in enumerate(t):
            goal = 0.025 if k == len(t) - 1 else shares(v)
            upper.append(brentq(_missed, -2, 8, args=(t[: k + 1], upper, goal), xtol=1e-7))
        found, said = _decides(d, 3, 9.0, last, earlier)
        assert found == pytest.approx(upper[-1], abs=2e-5)
        assert "recomputed" in said
        assert ("not taken" in said) == (len(earlier) == 1)
        if len(earlier) == 2:
            assert _decides(d, 2, 9.0, earlier[1], earlier[:1])[0] == pytest.approx(upper[1], abs=1e-5)


@pytest.mark.independent
@pytest.mark.parametrize("binding", [False, True])
def test_beta_is_spent_at_what_all_looks_attained(binding: bool) -> None:
    d = from_spec(Spec.read({**THREE, "boundary": "hsd", "beta_spending": "hsd", "binding": binding}))
    t, drift = [45 / d.maximum, 105 / d.maximum], d.boundaries.drift
    alphas, betas = (
        [error * (1 - math.exp(-g * v)) / (1 - math.exp(-g)) for v in t] for error, g in ((0.025, -4.0), (0.1, -2.0))
    )
    u1, a1 = norm.isf(alphas[0]), norm.ppf(betas[0]) + drift * math.sqrt(t[0])
    low = a1 if binding else -30.0
    u2 = brentq(
        lambda b: (norm.cdf(u1) - norm.cdf(low)) - _between(t, [low], [u1, b], 0.0) - (alphas[1] - alphas[0]), -2, 8
    )
    a2 = brentq(lambda b: _between(t, [a1], [u1, b], drift) - (betas[1] - betas[0]), -5, 8)
    assert _decides(d, 2, 9.0, 105, (45.0,))[0] == pytest.approx(u2, abs=1e-6)
    assert _decides(d, 2, -9.0, 105, (45.0,))[0] == pytest.approx(a2, abs=1e-6)


@pytest.mark.independent
@pytest.mark.parametrize(("boundary", "power"), [("classical-pocock", 0.0), ("classical-obrien-fleming", -0.5)])
def test_classical_boundaries_keep_alpha_at_what_was_attained(boundary: str, power: float) -> None:
    """The shape at the events attained, and alpha kept by the last look."""
    d = from_spec(Spec.read({**THREE, "boundary": boundary}))
    events = [50.0, 120.0, 150.0]
    t, c = [e / d.maximum for e in events], d.boundaries.upper[-1]
    early = [c * v**power for v in t[:2]]
    last = brentq(_missed, 0, 8, args=(t, early, 0.025), xtol=1e-7)
    assert _decides(d, 2, 9.0, 120.0, (50.0,))[0] == pytest.approx(early[1], abs=1e-12)
    assert _decides(d, 3, 9.0, 150.0, (50.0, 120.0))[0] == pytest.approx(last, abs=2e-5)


def test_looks_as_planned_say_the_same_as_nothing_said() -> None:
    d = from_spec(Spec.read({**THREE, "beta_spending": "pocock"}))
    n = [float(look.n) for look in d.looks]
    for z in (-1.0, 1.0, 2.5, 4.0):
        said = d.verdict(StatisticEvidence(3, z, n[2], tuple(n[:2])))
        assert said == d.verdict(StatisticEvidence(3, z, n[2]))
        assert not said.cautions


def test_fewer_events_than_looks_before_were_planned_on() -> None:
    """A trial that ends with few events never took them."""
    d = from_spec(Spec.read(THREE))
    bound, said = _decides(d, 3, 9.0, 30.0, ())
    assert bound == pytest.approx(norm.isf(0.025), abs=1e-9)
    assert "(2 not taken)" in said
    same = d.verdict(StatisticEvidence(2, 1.0, 60.0, (60.0,)))
    assert same.action.name == "continue"


def test_earlier_looks_that_cannot_have_been_all_at_once() -> None:
    d = from_spec(Spec.read(THREE))
    with pytest.raises(BadInput) as bad:
        d.verdict(StatisticEvidence(2, math.nan, 30.0, (40.0, 40.0)))
    assert {p.code for p in bad.value.problems} == {"not-a-number", "too-many-earlier", "does-not-rise", "falls"}
    with pytest.raises(BadInput) as bad:
        d.verdict(StatisticEvidence(4, 1.0, 0.0, (0.0,)))
    assert {p.code for p in bad.value.problems} == {"no-such-look", "cohort", "nothing-attained"}


@pytest.mark.independent
def test_events_in_time_by_simulation() -> None:
    pace = Pace(8.0, 27.0, 5.5, 0.01)
    month = month_of(150, pace, 0.67, 2, 1)
    assert events_by(month, pace, 0.67, 2, 1) == pytest.approx(150, abs=1e-6)
    rng = np.random.default_rng(1)
    n = 400_000
    entry, tested = rng.uniform(0, 27, n), rng.random(n) < 2 / 3
    time = rng.exponential(5.5 / math.log(2) / np.where(tested, 0.67, 1.0))
    gone = rng.exponential(100, n)
    share = ((entry + time <= month) & (time <= gone)).mean()
    assert 216 * share == pytest.approx(150, abs=4 * 216 * 0.5 / math.sqrt(n))


def test_too_few_patients_are_said() -> None:
    d = from_spec(
        Spec.read(
            {"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.8, "accrual_rate": 8.0, "accrual_time": 5.0, "median": 5.5}
        )
    )
    assert "never have" in d.cautions[-1]
    assert "too few" in d.describe()
    assert "inf" not in d.describe()


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ({"fractions": (math.nan, 1.0)}, "fractions[0]"), ({"fractions": (0.5, 0.9)}, "fractions"), ({"fractions": (True,)}, "fractions[0]"),
        ({"alpha_parameter": "x"}, "alpha_parameter"), ({"boundary": "hsd", "alpha_parameter": -800.0}, "alpha_parameter"),
        ({"hazard_ratio": 1.2}, "hazard_ratio"), ({"accrual_rate": -3.0}, "accrual_rate"), ({"allocation": "2"}, "allocation"),
        ({"boundary": "classical-pocock", "beta_spending": "pocock"}, "beta_spending"),
    ],
)  # fmt: skip
def test_bad_input(table: dict[str, Any], where: str) -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read({"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.8, **table})
    assert where in {p.where for p in bad.value.problems}


def test_a_z_that_is_no_number() -> None:
    assert isinstance(NORTH, GroupSequentialLogRank)
    with pytest.raises(BadInput, match="nan"):
        NORTH.verdict(StatisticEvidence(1, math.nan, 93))
