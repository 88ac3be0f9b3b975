"""A family of designs that are decided apart: its errors against plain enumeration of all outcomes and all choices."""

from __future__ import annotations

from itertools import combinations, product
from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.one_rate.simon import SimonTwoStage
from equipoise.design.study.family import _errors, family_of, number_declared

CHANCE = st.floats(0.0, 0.99)
PAIR = st.tuples(CHANCE, CHANCE)


def outcomes(chances: list[float]) -> list[tuple[tuple[bool, ...], float]]:
    """Every outcome of independent cohorts with its probability."""
    found = []
    for declared in product((False, True), repeat=len(chances)):
        found.append((declared, prod(p if d else 1 - p for p, d in zip(chances, declared, strict=True))))
    return found


def enumerated(pairs: list[tuple[float, float]], true: tuple[int, ...]) -> tuple[float, float, float, float]:
    """P(any), P(any null one), P(all true ones), expected number: summed over all outcomes."""
    at = outcomes([b if i in true else a for i, (a, b) in enumerate(pairs)])
    null = [i for i in range(len(pairs)) if i not in true]
    return (
        sum(p for d, p in at if any(d)),
        sum(p for d, p in at if any(d[i] for i in null)),
        sum(p for d, p in at if all(d[i] for i in true)),
        sum(p * sum(d) for d, p in at),
    )


@given(pairs=st.lists(PAIR, min_size=1, max_size=5), data=st.data())
def test_the_spans_are_the_least_and_the_most_over_all_choices(pairs: list[tuple[float, float]], data: Any) -> None:
    k = data.draw(st.integers(0, len(pairs)))
    each = [enumerated(pairs, true) for true in combinations(range(len(pairs)), k)]
    e = _errors(pairs, k)
    for i, span in enumerate((e.any, e.false, e.all_true, e.expected)):
        values = [v[i] for v in each]
        assert span == (pytest.approx(min(values), abs=1e-9), pytest.approx(max(values), abs=1e-9))


@given(st.lists(CHANCE, max_size=7))
def test_the_number_declared_is_the_sum_over_all_outcomes(chances: list[float]) -> None:
    at = outcomes(chances)
    expected = [sum(p for d, p in at if sum(d) == k) for k in range(len(chances) + 1)]
    assert number_declared(chances) == pytest.approx(expected, abs=1e-12)


def test_six_of_create() -> None:
    one = SimonTwoStage(n1=12, r1=1, n=35, r=5, p0=0.1, p1=0.3, alpha=0.1, power=0.9)
    family = family_of({str(i): one for i in range(6)})
    assert family.any_null == pytest.approx(1 - (1 - 0.0977183) ** 6, abs=1e-6)
    assert family.all_target == pytest.approx(0.90144949**6, abs=1e-6)
    assert [e.true for e in family.errors] == list(range(7))
    assert "0.4604" in family.in_words()
    assert " to " not in " ".join(str(c) for row in family.table().rows for c in row), "equal designs have no span"


def test_unequal_designs_have_spans() -> None:
    one = SimonTwoStage(n1=12, r1=1, n=35, r=5, p0=0.1, p1=0.3, alpha=0.1, power=0.9)
    other = SimonTwoStage(n1=13, r1=0, n=27, r=3, p0=0.05, p1=0.2, alpha=0.05, power=0.8)
    row = family_of({"a": one, "b": other}).table().rows[1]
    assert row[2] == "0.0416 to 0.0977"
    assert row[3] == "0.8011 to 0.9014"
