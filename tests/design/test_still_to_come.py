"""Conditional and predictive power: every way in which the rest may go, counted one by one."""

from __future__ import annotations

from itertools import product
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import beta

from equipoise.design.study.still_to_come import still_to_come
from equipoise.numerics.sequential.staged_binomial import Stages


def by_paths(stages: Stages, look: int, n: int, x: int, chance: object) -> float:
    """Over all sequences of successes and failures of the patients to come; ``chance`` of k successes among m in one given order."""
    total, to_come = 0.0, stages.n[-1] - n
    for path in product((0, 1), repeat=to_come):
        for k in range(look, len(stages.n)):
            s = x + sum(path[: stages.n[k] - n])
            if s > stages.high[k]:
                total += chance(sum(path), to_come)  # type: ignore[operator]
                break
            if s <= stages.low[k]:
                break
    return total


@settings(max_examples=15)
@given(st.data())
def test_against_every_path(data: st.DataObject) -> None:
    n1 = data.draw(st.integers(1, 4))
    n2 = n1 + data.draw(st.integers(2, 4))
    n3 = n2 + data.draw(st.integers(1, 4))
    low = data.draw(st.integers(-1, n2 - 1))
    high = data.draw(st.integers(low + 1, n2))
    r = data.draw(st.integers(0, n3))
    stages = Stages((n1, n2, n3), (-1, low, r), (n1, high, r))
    n = data.draw(st.integers(1, n2 - 1))  # fewer, or more, than planned may have been looked at
    x = data.draw(st.integers(0, n))
    found = still_to_come(stages, 1, n, x, 0.2, 0.55)
    for p, ours in ((0.2, found.at_p0), (0.55, found.at_p1), (x / n, found.at_seen)):
        assert ours == pytest.approx(by_paths(stages, 1, n, x, lambda k, m: p**k * (1 - p) ** (m - k)), abs=1e-10)  # noqa: B023
    averaged = by_paths(stages, 1, n, x, lambda k, m: beta(1 + x + k, 1 + n - x + m - k) / beta(1 + x, 1 + n - x))
    assert found.predictive == pytest.approx(averaged, abs=1e-10)


def test_simon_by_hand() -> None:
    """39 of 80 seen with 25 successes: 18 more are needed of 41 to come."""
    found = still_to_come(Stages((39, 80), (17, 42), (39, 42)), 1, 39, 25, 0.44, 0.58)
    for p, ours in ((0.44, found.at_p0), (0.58, found.at_p1)):
        assert ours == pytest.approx(sum(comb(41, k) * p**k * (1 - p) ** (41 - k) for k in range(18, 42)), abs=1e-12)
    with pytest.raises(ValueError, match="look"):
        still_to_come(Stages((39, 80), (17, 42), (39, 42)), 2, 80, 25, 0.44, 0.58)
    with pytest.raises(ValueError, match="x, n"):
        still_to_come(Stages((39, 80), (17, 42), (39, 42)), 1, 39, 40, 0.44, 0.58)
