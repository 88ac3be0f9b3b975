"""Fleming's boundaries against a worked example and decimal arithmetic; his exact errors against plain loops."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.one_rate.fleming import EXAMPLE, Fleming, Spec, from_spec
from equipoise.numerics.random.streams import generator
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput

#: 95 % point of the standard normal, to 30 figures
Z95 = Decimal("1.64485362695147271486395105600")


def b(x: int, n: int, p: float) -> float:
    return math.comb(n, x) * p**x * (1 - p) ** (n - x)


def boundaries(sizes: tuple[int, ...], p0: str) -> tuple[list[int], list[int]]:
    """a_g and r_g of the paper's formula at 5 %, in decimals."""
    total, rate, one = Decimal(sizes[-1]), Decimal(p0), Decimal(1)
    meets = ((total * rate).sqrt() + Z95 * (one - rate).sqrt()) ** 2 / (total + Z95**2)

    def nearest(x: Decimal) -> int:
        return int(x.quantize(one, ROUND_HALF_UP))

    r = [nearest(n * rate + Z95 * (total * rate * (one - rate)).sqrt()) + 1 for n in sizes]
    a = [nearest(n * meets - Z95 * (total * meets * (one - meets)).sqrt()) for n in sizes]
    return [*a[:-1], r[-1] - 1], r


def naive(d: Fleming, p: float) -> tuple[float, float, float, float]:
    """P(reject), P(ends early), EN, total probability: outcome by outcome."""
    s = d.stages
    steps = [n - m for m, n in zip((0, *s.n), s.n, strict=False)]
    reject = early = expected = total = 0.0
    for outcome in product(*(range(k + 1) for k in steps)):
        mass = math.prod(b(x, k, p) for x, k in zip(outcome, steps, strict=True))
        total += mass
        so_far = 0
        for x, n, low, high in zip(outcome, s.n, s.low, s.high, strict=True):
            so_far += x
            if so_far <= low or so_far > high:
                reject += mass * (so_far > high)
                early += mass * (n < s.n[-1])
                expected += mass * n
                break
    return reject, early, expected, total


@pytest.mark.independent
def test_the_worked_example_of_medsci() -> None:
    """https://static.medsci.cn/sci/sample_size_fleming.html: 0.2 v 0.4, 5 %, 15 + 10: a = 3, 8 and r = 7, 9."""
    s = Fleming((15, 25), 0.2, 0.4, 0.05, 0.80).stages
    assert s.low == (3, 8)
    assert tuple(high + 1 for high in s.high) == (7, 9)


# The sizes that an R program after the paper (Elfring & Schultz's recursion) runs as its examples, and others.
DESIGNS = [
    ("0.3", (20, 35)), ("0.3", (15, 25, 35)), ("0.3", (20, 40)), ("0.2", (25, 45)), ("0.2", (15, 30, 45)),
    ("0.2", (20, 35, 50)), ("0.05", (15, 25, 35)), ("0.05", (20, 40)), ("0.1", (15, 25, 35)), ("0.5", (10, 20, 30)), ("0.1", (30,)),
]  # fmt: skip


@pytest.mark.independent
@pytest.mark.parametrize(("p0", "sizes"), DESIGNS)
def test_boundaries_as_in_decimals(p0: str, sizes: tuple[int, ...]) -> None:
    a, r = boundaries(sizes, p0)
    s = Fleming(sizes, float(p0), 0.9, 0.05, 0.80).stages
    assert s.high == tuple(min(x - 1, n) for x, n in zip(r, sizes, strict=True))
    assert s.low == tuple(max(x, -1) for x in a)


@pytest.mark.independent
@pytest.mark.parametrize(("p0", "sizes"), DESIGNS)
@pytest.mark.parametrize("p", [0.05, 0.2, 0.45, 0.9])
def test_behaviour_as_outcome_by_outcome(p0: str, sizes: tuple[int, ...], p: float) -> None:
    d = Fleming(sizes, float(p0), 0.95, 0.05, 0.80)
    reject, early, expected, total = naive(d, p)
    found = d.behaviour(p)
    assert total == pytest.approx(1, abs=1e-12)
    assert sum(found.ends_at) == pytest.approx(1, abs=1e-12)
    assert (found.reject, found.pet, found.en) == pytest.approx((reject, early, expected), abs=1e-12)


sizes = st.lists(st.integers(4, 30), min_size=1, max_size=4).map(lambda steps: tuple(np.cumsum(steps).tolist()))


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(sizes, st.floats(0.03, 0.7), st.sampled_from([0.025, 0.05, 0.1]))
def test_the_error_grows_with_the_rate_and_a_caution_tells_of_it(n: tuple[int, ...], p0: float, alpha: float) -> None:
    d = Fleming(n, p0, p0 + 0.25, alpha, 0.8)
    errors = [d.behaviour(p).reject for p in np.linspace(0, 1, 21)]
    assert all(later >= sooner - 1e-12 for sooner, later in pairwise(errors))
    told = [c for c in d.cautions if "type I error" in c]
    assert bool(told) == (d.behaviour(p0).reject > alpha)
    assert all(d.behaviour(p).reject <= d.behaviour(p0).reject + 1e-12 for p in np.linspace(0, p0, 12))


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(sizes, st.floats(0.03, 0.7), st.sampled_from([0.025, 0.05, 0.1]))
def test_boundaries_grow_with_the_looks(n: tuple[int, ...], p0: float, alpha: float) -> None:
    s = Fleming(n, p0, p0 + 0.25, alpha, 0.8).stages
    assert list(s.low) == sorted(s.low)
    assert list(s.high) == sorted(s.high)
    assert all(low <= high for low, high in zip(s.low[:-1], s.high[:-1], strict=True))


@pytest.mark.independent
def test_simulated_trials_agree() -> None:
    d, trials = Fleming((20, 35, 50), 0.2, 0.4, 0.05, 0.8), 100_000
    s = d.stages
    for p in (0.2, 0.4):
        x = (generator(5, f"fleming {p}").random((trials, 50)) < p).cumsum(axis=1)[:, [n - 1 for n in s.n]]
        ended = (x <= np.array(s.low)) | (x > np.array(s.high))
        look = ended.argmax(axis=1)
        size = np.array(s.n)[look]
        reject = x[np.arange(trials), look] > np.array(s.high)[look]
        found = d.characteristics({"rate": p})
        for seen, exact in ((reject, found.declare), (look < 2, found.stop_early), (size, found.expected_n)):
            assert abs(seen.mean() - exact.value) < 4 * seen.std() / math.sqrt(trials)


def test_verdicts_and_words() -> None:
    d = Fleming((15, 25), 0.2, 0.4, 0.05, 0.80)
    found = [d.verdict(Evidence(1, "a", 15, x)) for x in (3, 4, 6, 7)]
    assert [type(v.action) for v in found] == [Stop, Continue, Continue, Declare]
    assert "a1 = 3" in found[0].because[0]
    assert isinstance(d.verdict(Evidence(2, "a", 25, 8)).action, Stop)
    assert isinstance(d.verdict(Evidence(2, "a", 25, 9)).action, Declare)
    for words in ("3 or fewer", "7 or more", "After 25", "9 or more", "0.0505", "0.7236"):
        assert words in d.describe()


def test_a_look_that_ends_every_trial_is_told_of() -> None:
    d = Fleming((4, 27, 50, 54), 0.554, 0.8, 0.1, 0.8)
    assert d.stages.low[2] == d.stages.high[2]
    assert "At 50 patients every number" in d.cautions[-1]
    assert d.behaviour(0.7).ends_at[-1] == 0


def test_a_side_that_never_stops_is_not_described_as_a_rule() -> None:
    d = Fleming((4, 40), 0.3, 0.5, 0.05, 0.8)
    assert (d.stages.low[0], d.stages.high[0]) == (-1, 4)
    assert "after 4 evaluable patients never" in d.describe()
    assert "or more of 4" not in d.describe()
    one = Fleming((30,), 0.1, 0.3, 0.05, 0.8)
    assert "1 look at" in one.describe()
    assert "stops early" not in one.describe()


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ({}, {"p0", "p1", "alpha", "power", "sizes"}),
        ({**EXAMPLE, "p1": 0.1, "sizes": ()}, {"p1", "sizes"}),
        ({**EXAMPLE, "alpha": 0, "sizes": (10, 10)}, {"alpha", "sizes"}),
        ({**EXAMPLE, "sizes": (10, 2.5, True, 9999)}, {"sizes[1]", "sizes[2]", "sizes[3]"}),
        ({**EXAMPLE, "sizes": "15,30"}, {"sizes"}),
    ],
)
def test_all_problems_at_once(table: dict[str, Any], where: set[str]) -> None:
    with pytest.raises(BadInput) as caught:
        Spec.read(table)
    assert {p.where for p in caught.value.problems} == where


def test_from_a_table() -> None:
    assert from_spec(Spec.read({"kind": "fleming", **EXAMPLE, "sizes": [15, 30, 45]})) == Fleming(
        (15, 30, 45), 0.2, 0.4, 0.05, 0.8
    )
