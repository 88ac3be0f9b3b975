"""Rubinstein's screening design: Schoenfeld's formula in rpact's numbers, and simulation."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from equipoise.design.randomised.screening import Screening, Spec, from_spec
from equipoise.trial.evidence import StatisticEvidence
from equipoise.trial.problem import BadInput


@pytest.mark.independent
@pytest.mark.parametrize(("tested", "control"), [(1, 1), (2, 1), (3, 2)])
@pytest.mark.parametrize("ratio", [0.5, 0.67, 0.75])
def test_events_by_hand(tested: int, control: int, ratio: float) -> None:
    """d = (z + z)² (a + b)² / (a b log² HR), with z from a table: 1.2815515655, 0.8416212336."""
    for alpha, z in ((0.10, 1.2815515655), (0.20, 0.8416212336)):
        d = Screening(ratio, alpha, 1 - alpha, tested, control)
        by_hand = (2 * z) ** 2 * (tested + control) ** 2 / (tested * control * math.log(ratio) ** 2)
        assert d.events == math.ceil(by_hand)


@pytest.mark.property
def test_the_critical_ratio_is_where_it_turns() -> None:
    d = Screening(0.67, 0.20, 0.80, 2, 1)
    z = -math.log(d.critical_ratio) * math.sqrt(d.events * 2 / 9)
    assert z == pytest.approx(0.8416212336)
    assert d.characteristics({"hazard_ratio": 1.0}).declare.value == pytest.approx(0.20)
    assert d.verdict(StatisticEvidence(1, 0.85, d.events)).action.name == "declare"
    assert d.verdict(StatisticEvidence(1, 0.83, d.events)).action.name == "stop"


@pytest.mark.independent
@pytest.mark.parametrize("ratio", [1.0, 0.67])
def test_simulated_patients(ratio: float) -> None:
    """4,000 trials of 2:1, exponential times, everybody followed until the planned events: the log-rank score of each, by hand.

    Within 4 Monte-Carlo errors and .015 for Schoenfeld's approximation.
    """
    d, trials = Screening(0.67, 0.20, 0.80, 2, 1), 4_000
    rng = np.random.default_rng(5)
    n = 2 * d.events - 2 * d.events % 3
    tested = np.arange(n) % 3 != 0
    time = rng.exponential(1 / np.where(tested, ratio, 1.0), (trials, n))
    arm = tested[np.argsort(time, axis=1)]
    # at the k-th event n - k are at risk: the share of the tested arm among them
    at_risk = np.arange(n, 0, -1)
    share = np.cumsum(arm[:, ::-1], axis=1)[:, ::-1] / at_risk
    seen = slice(0, d.events)
    score = (share - arm)[:, seen].sum(axis=1) / np.sqrt((share * (1 - share))[:, seen].sum(axis=1))
    declared = (score >= 0.8416212336).mean()
    exact = d.characteristics({"hazard_ratio": ratio}).declare.value
    assert exact == pytest.approx(0.20 if ratio == 1 else 0.80, abs=0.006)
    assert abs(declared - exact) < 4 * math.sqrt(0.16 / trials) + 0.015


def test_it_says_that_it_proves_nothing() -> None:
    assert "no proof of efficacy" in Screening(0.67, 0.20, 0.80, 2, 1).cautions[0]


def test_bad_input() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read({"hazard_ratio": 1.0, "alpha": 0.7, "allocation": "x", "median": 5.5})
    assert {"hazard_ratio", "allocation", "accrual_rate, accrual_time"} <= {p.where for p in bad.value.problems}


def test_other_events_keep_alpha_and_say_the_power() -> None:
    """At 90 events of 1:1 and HR 0.625: z has mean log(1.6) sqrt(90 / 4)."""
    d = from_spec(Spec.read({"hazard_ratio": 0.625, "alpha": 0.10, "power": 0.88}))
    v = d.verdict(StatisticEvidence(1, 1.2, 90.0))
    reach = NormalDist().cdf(math.log(1.6) * math.sqrt(90 / 4) - NormalDist().inv_cdf(0.9))
    assert v.action.name == "stop"
    assert f"{reach:.4f}" in v.cautions[0]
    with pytest.raises(BadInput) as bad:
        d.verdict(StatisticEvidence(2, math.nan, 0.0, (3.0, 3.0)))
    assert len(bad.value.problems) >= 4
