"""Randomised exact tests: levels kept, power by simulation, the least size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from equipoise.design.randomised.exact_two_arm import ExactTwoArm, Spec, search
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import BadInput


@pytest.mark.property
@pytest.mark.parametrize("method", ["barnard", "fisher", "pooled-z"])
@pytest.mark.parametrize("stages", [1, 2])
def test_levels_and_simulated_power(method: str, stages: int) -> None:
    d = search(0.2, 0.5, 0.10, 0.80, method, stages, allocation=(2, 1))  # type: ignore[arg-type]
    n = d.numbers()
    assert float(n["power"]) >= 0.80
    if method != "pooled-z":
        assert d.largest_error[0] <= 0.10 + 1e-12
        assert not d.cautions
    rng = np.random.default_rng(3)
    reps = 40_000
    m1 = d.m1 or 0
    x1, y1 = rng.binomial(2 * m1, 0.5, reps), rng.binomial(m1, 0.2, reps)
    x, y = x1 + rng.binomial(2 * (d.m - m1), 0.5, reps), y1 + rng.binomial(d.m - m1, 0.2, reps)
    on = d.goes_on[x1, y1] if d.goes_on is not None else np.ones(reps, bool)
    simulated = (on & d.region[x, y]).mean()
    assert abs(simulated - float(n["power"])) < 4 * math.sqrt(0.16 / reps)


@pytest.mark.property
@pytest.mark.parametrize("method", ["barnard", "fisher"])
def test_no_smaller_size_has_the_power(method: str) -> None:
    d = search(0.2, 0.6, 0.10, 0.80, method)  # type: ignore[arg-type]
    for m in range(2, d.m):
        assert ExactTwoArm(None, m, 1, 1, method, 0.0, 0.2, 0.6, 0.1, 0.8).ends(0.6, 0.2)[1] < 0.80  # type: ignore[arg-type]


def test_the_pooled_z_says_where_it_breaks_its_level() -> None:
    d = search(0.2, 0.45, 0.10, 0.80, "pooled-z")
    assert d.largest_error[0] > 0.10
    assert "above its level" in d.cautions[0]


def test_verdicts_at_other_numbers_than_planned() -> None:
    d = search(0.2, 0.5, 0.10, 0.80, "fisher", 2)
    stop = d.verdict(TwoArmEvidence(1, d.m1 or 0, 2, d.m1 or 0, 3))
    assert stop.action.name == "stop"
    final = d.verdict(TwoArmEvidence(2, d.m - 1, d.m - 1, d.m, 0))
    assert final.action.name == "declare"
    assert "were planned" in final.cautions[0]
    v = d.verdict(TwoArmEvidence(1, 1, 1, 1, 0))
    assert v.action.name == "continue"
    assert "were planned" in v.cautions[0]
    assert d.verdict(TwoArmEvidence(1, 3, 0, 0, 0)).action.name == "continue"
    assert d.verdict(TwoArmEvidence(len(d.looks), 3, 3, 0, 0)).action.name == "stop"
    with pytest.raises(BadInput, match="or fewer pairs"):
        d.verdict(TwoArmEvidence(1, 3, 0, 3, 0, ((1, 1),)))


def test_all_problems_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read(
            {"p0": 0.5, "p1": 0.4, "alpha": 0.1, "power": 0.8, "method": "chi", "stages": 3, "share": 0, "margin": 2}
        )
    assert {"p1", "method", "stages", "share", "margin"} <= {p.where for p in bad.value.problems}
    with pytest.raises(BadInput, match="comes nearest"):
        search(0.44, 0.5, 0.05, 0.9, "fisher", nmax=60)
