"""Intervals and tests of rates against R, lrstat, many digits, and first principles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from equipoise.numerics.counts.proportions import clopper_pearson, exact_binomial, risk_difference, wilson

CLOSE = {"rtol": 1e-9, "atol": 1e-12}


@pytest.mark.independent
def test_binomial_as_in_r(r: dict[str, Any]) -> None:
    for case in r["binomial"]:
        x, n, p0 = case["x"], case["n"], case["p0"]
        interval, narrow, score = clopper_pearson(x, n), clopper_pearson(x, n, 0.9), wilson(x, n)
        got = [interval.lower, interval.upper, narrow.lower, narrow.upper, score.lower, score.upper]
        want = [case[k] for k in ("lower", "upper", "lower_90", "upper_90", "wilson_lower", "wilson_upper")]
        np.testing.assert_allclose(got, want, **CLOSE)
        assert interval.estimate == score.estimate == x / n
        for alternative, key in (("two-sided", "p_two"), ("greater", "p_greater"), ("less", "p_less")):
            np.testing.assert_allclose(exact_binomial(x, n, p0, alternative).p, case[key], rtol=1e-9)  # type: ignore[arg-type]


@pytest.mark.independent
def test_miettinen_nurminen_as_in_lrstat() -> None:
    # R lrstat 0.3.3 (oracles row 13). Its lower limit stops 5e-8 short of the root; see the next test.
    found = risk_difference(50, 80, 20, 40)
    assert found.lower == pytest.approx(-0.06125143368, abs=1e-7)
    assert found.upper == pytest.approx(0.3072033919, abs=1e-10)


@pytest.mark.independent
def test_miettinen_nurminen_to_many_digits() -> None:
    # The score equation by bisection in 50-digit decimal arithmetic; R's uniroot gives the same to 15 digits.
    found = risk_difference(50, 80, 20, 40)
    assert found.lower == pytest.approx(-0.06125148325267275932, abs=1e-14)
    assert found.upper == pytest.approx(0.30720339186338867462, abs=1e-14)


def closed_form_score(x1: int, n1: int, x2: int, n2: int, d: float) -> float:
    """Miettinen and Nurminen's own cubic for the restricted estimate: another route to the score statistic."""
    n = n1 + n2
    l3 = n
    l2 = (n1 + 2 * n2) * d - n - (x1 + x2)
    l1 = (n2 * d - n - 2 * x2) * d + x1 + x2
    l0 = x2 * d * (1 - d)
    q = l2**3 / (3 * l3) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = math.copysign(math.sqrt(max(l2**2 / (3 * l3) ** 2 - l1 / (3 * l3), 0.0)), q)
    a = (math.pi + math.acos(max(-1.0, min(1.0, q / p**3)))) / 3
    p2 = 2 * p * math.cos(a) - l2 / (3 * l3)
    p1 = p2 + d
    variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * n / (n - 1)
    return (x1 / n1 - x2 / n2 - d) / math.sqrt(variance)


@pytest.mark.property
@given(st.integers(5, 90), st.integers(5, 90), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_miettinen_nurminen_limits_meet_the_quantile(n1: int, n2: int, f1: float, f2: float) -> None:
    x1, x2 = min(max(round(f1 * n1), 1), n1 - 1), min(max(round(f2 * n2), 1), n2 - 1)
    found = risk_difference(x1, n1, x2, n2)
    z = norm.ppf(0.975)
    assert closed_form_score(x1, n1, x2, n2, found.lower) == pytest.approx(z, abs=1e-6)
    assert closed_form_score(x1, n1, x2, n2, found.upper) == pytest.approx(-z, abs=1e-6)


@pytest.mark.property
@given(st.data(), st.integers(1, 90), st.integers(1, 90))
def test_a_difference_turns_with_its_groups(data: st.DataObject, n1: int, n2: int) -> None:
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    found, turned = risk_difference(x1, n1, x2, n2), risk_difference(x2, n2, x1, n1)
    assert [turned.lower, turned.upper] == pytest.approx([-found.upper, -found.lower], abs=1e-9)
    assert -1 <= found.lower <= found.estimate <= found.upper <= 1
    failures = risk_difference(n1 - x1, n1, n2 - x2, n2)
    assert [failures.lower, failures.upper] == pytest.approx([-found.upper, -found.lower], abs=1e-9)


def test_differences_at_the_edge() -> None:
    nobody = risk_difference(0, 10, 0, 10)
    assert nobody.lower == pytest.approx(-nobody.upper, abs=1e-12)
    # nobody of either group: the score is -d / sqrt(d(1-d)/10 · 20/19), so d = q / (1 + q), q = z² · 20/190
    q = norm.ppf(0.975) ** 2 * 20 / 190
    assert nobody.upper == pytest.approx(q / (1 + q), abs=1e-12)
    assert risk_difference(10, 10, 0, 10).upper == 1.0
    assert risk_difference(0, 10, 10, 10).lower == -1.0


@pytest.mark.property
@given(st.integers(1, 60), st.floats(0.02, 0.98))
@pytest.mark.slow
def test_clopper_pearson_covers(n: int, p: float) -> None:
    covered = sum(
        binom.pmf(x, n, p) for x in range(n + 1) if clopper_pearson(x, n).lower <= p <= clopper_pearson(x, n).upper
    )
    assert covered >= 0.95 - 1e-9


@pytest.mark.property
@given(st.data(), st.integers(1, 60), st.floats(0.01, 0.99))
def test_exact_tests_by_plain_summation(data: st.DataObject, n: int, p0: float) -> None:
    x = data.draw(st.integers(0, n))
    mass = [math.comb(n, k) * p0**k * (1 - p0) ** (n - k) for k in range(n + 1)]
    assert exact_binomial(x, n, p0, "greater").p == pytest.approx(sum(mass[x:]), rel=1e-9)
    assert exact_binomial(x, n, p0, "less").p == pytest.approx(sum(mass[: x + 1]), rel=1e-9)
    both = sum(m for m in mass if m <= mass[x] * (1 + 1e-7))
    assert exact_binomial(x, n, p0, "two-sided").p == pytest.approx(min(both, 1.0), rel=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: clopper_pearson(0, 0),
        lambda: clopper_pearson(5, 3),
        lambda: wilson(-1, 3),
        lambda: wilson(1, 3, 1.0),
        lambda: wilson(1, 3, 0.0),
        lambda: exact_binomial(4, 3, 0.5, "less"),
        lambda: exact_binomial(1, 3, 1.2, "less"),
        lambda: risk_difference(3, 2, 1, 2),
        lambda: risk_difference(1, 2, 0, 0),
        lambda: risk_difference(1, 2, 1, 2, 95),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any) -> None:
    with pytest.raises(ValueError, match="got"):
        call()
