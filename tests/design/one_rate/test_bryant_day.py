"""Bryant & Day: behaviour by enumeration, nothing better among all designs, association."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from equipoise.design.one_rate.bryant_day import ResponseToxicity, Spec, search
from equipoise.numerics.sequential.staged_pairs import cells, joint
from equipoise.trial.evidence import PairEvidence
from equipoise.trial.problem import BadInput


def tail(n1: int, c1: int, n: int, c: int, p: float) -> tuple[float, float]:
    """P(X1 > c1), P(X1 > c1 and X > c)."""

    def b(k: int, m: int) -> float:
        return math.comb(m, k) * p**k * (1 - p) ** (m - k)

    first = sum(b(x, n1) for x in range(max(c1 + 1, 0), n1 + 1))
    both = sum(b(x, n1) * b(y, n - n1) for x in range(max(c1 + 1, 0), n1 + 1) for y in range(n - n1 + 1) if x + y > c)
    return first, both


@pytest.mark.independent
def test_independent_outcomes_factorise() -> None:
    d = ResponseToxicity(3, 4, 10, 8, 7, 22, 0.3, 0.5, 0.4, 0.2, 0.1, 0.1, 0.85)
    for r, t in [(0.3, 0.2), (0.5, 0.4), (0.5, 0.2)]:
        found = d.characteristics({"response": r, "toxicity": t})
        on_r, both_r = tail(10, 3, 22, 8, r)
        on_t, both_t = tail(10, 10 - 4 - 1, 22, 22 - 7 - 1, 1 - t)
        assert found.declare.value == pytest.approx(both_r * both_t, abs=1e-12)
        assert found.stop_early.value == pytest.approx(1 - on_r * on_t, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize(
    "asked",
    [
        (0.2, 0.7, 0.6, 0.15, 0.2, 0.2, 0.7),
        # a tenth more or less of one level gives another design
        (0.2, 0.6, 0.5, 0.15, 0.15, 0.15, 0.75),
        (0.2, 0.6, 0.5, 0.15, 0.2, 0.1, 0.7),
        (0.2, 0.6, 0.6, 0.2, 0.1, 0.1, 0.7),
        (0.2, 0.6, 0.5, 0.15, 0.1, 0.15, 0.75),
    ],
    ids=str,
)
def test_nothing_better_among_all(asked: tuple[float, ...]) -> None:
    """Every design up to 17 patients, by plain loops over boundaries."""
    r0, r1, t0, t1, ar, at, power = asked
    best, least = math.inf, None
    for n in range(2, 18):
        for n1 in range(1, n):
            if n1 >= best:
                break  # whatever follows, so many are treated
            sides = []
            for bad, good in ((r0, r1), (1 - t0, 1 - t1)):
                kept = []
                for c1 in range(-1, n1):
                    for c in range(max(c1, -1), n):
                        g = tail(n1, c1, n, c, good)
                        if g[1] >= power:
                            kept.append((tail(n1, c1, n, c, bad), g))
                sides.append(kept)
            for rb, rg in sides[0]:
                for tb, tg in sides[1]:
                    if rg[1] * tg[1] >= power and rb[1] * tg[1] <= ar and rg[1] * tb[1] <= at:
                        least = least or n
                        best = min(best, n1 + max(rb[0] * tg[0], rg[0] * tb[0]) * (n - n1))
    found = search(*asked).numbers()
    assert max(float(found["en_low_response"]), float(found["en_toxic"])) == pytest.approx(best, abs=1e-9)
    assert search(*asked, criterion="minimax").n == least


@pytest.mark.property
def test_a_searched_design_simulates() -> None:
    d = search(0.3, 0.5, 0.4, 0.2, 0.10, 0.10, 0.80)
    rng = np.random.default_rng(6)
    reps = 20_000
    c = cells(0.5, 0.2, 3.0)
    kind = rng.choice(4, p=[c.both, c.response_only, c.toxicity_only, c.neither], size=(reps, d.n))
    response, toxic = (kind <= 1).cumsum(axis=1), ((kind == 0) | (kind == 2)).cumsum(axis=1)
    on = (response[:, d.n1 - 1] > d.c_r1) & (toxic[:, d.n1 - 1] <= d.c_t1)
    passed = (on & (response[:, -1] > d.c_r) & (toxic[:, -1] <= d.c_t)).mean()
    exact = d.characteristics({"response": 0.5, "toxicity": 0.2, "odds_ratio": 3.0}).declare.value
    assert abs(passed - exact) < 4 * math.sqrt(0.16 / reps)


@pytest.mark.property
@pytest.mark.parametrize("odds", [0.01, 0.5, 1.0, 4.0, 100.0])
def test_cells_have_their_rates_and_odds(odds: float) -> None:
    c = cells(0.45, 0.3, odds)
    assert c.both + c.response_only == pytest.approx(0.45)
    assert c.both + c.toxicity_only == pytest.approx(0.3)
    assert c.both * c.neither / (c.response_only * c.toxicity_only) == pytest.approx(odds)
    assert joint(7, c).sum() == pytest.approx(1.0, abs=1e-12)


def test_verdicts() -> None:
    d = ResponseToxicity(3, 4, 10, 8, 7, 22, 0.3, 0.5, 0.4, 0.2, 0.1, 0.1, 0.85)
    assert getattr(d.verdict(PairEvidence(1, 10, 6, 5)).action, "why", "") == "safety"
    assert getattr(d.verdict(PairEvidence(1, 10, 3, 1)).action, "why", "") == "futility"
    assert d.verdict(PairEvidence(2, 22, 9, 7)).action.name == "declare"


def test_bad_input() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read(
            {"response0": 0.5, "response1": 0.3, "toxicity0": 0.2, "toxicity1": 0.4, "power": 2, "criterion": "best"}
        )
    assert {"response1", "toxicity0", "power", "criterion"} <= {p.where for p in bad.value.problems}


def test_the_nearest_is_named() -> None:
    with pytest.raises(BadInput, match="n = 20 comes nearest"):
        search(0.3, 0.5, 0.4, 0.2, 0.10, 0.10, 0.85, nmax=20)


@pytest.mark.independent
@pytest.mark.parametrize(("n1", "n"), [(7, 16), (9, 16), (8, 15), (8, 18), (5, 12)])
def test_other_numbers_keep_both_errors_with_the_largest_power(n1: int, n: int) -> None:
    """All pairs of boundaries, by enumeration of both stages."""
    d = ResponseToxicity(2, 4, 8, 6, 6, 16, 0.3, 0.6, 0.5, 0.2, 0.15, 0.15, 0.7)
    allowed = [max(0.15, d.characteristics(d.truths()[k]).declare.value) for k in ("null", "too toxic")]
    good_r, good_t = tail(8, 2, 8, 0, 0.6)[0], tail(8, 3, 8, 0, 0.8)[0]
    c_r1 = max(c for c in range(-1, n1) if tail(n1, c, n1, -1, 0.6)[0] >= good_r - 1e-12) if n1 != 8 else 2
    safe1 = max(c for c in range(-1, n1) if tail(n1, c, n1, -1, 0.8)[0] >= good_t - 1e-12) if n1 != 8 else 3
    best = -1.0
    for c_r, safe in itertools.product(range(n + 1), range(n + 1)):
        r0, r1 = (tail(n1, c_r1, n, c_r, p)[1] for p in (0.3, 0.6))
        t0, t1 = (tail(n1, safe1, n, safe, p)[1] for p in (0.5, 0.8))
        if r0 * t1 <= allowed[0] and r1 * t0 <= allowed[1]:
            best = max(best, r1 * t1)
    found = d.attained(n1, n)
    assert (found.c_r1, found.n1 - found.c_t1 - 1) == (c_r1, safe1)
    at = [found.characteristics(found.truths()[k]).declare.value for k in ("null", "too toxic", "target")]
    assert at[0] <= allowed[0] + 1e-9
    assert at[1] <= allowed[1] + 1e-9
    assert at[2] == pytest.approx(best, abs=1e-12)
    v = d.verdict(PairEvidence(2, n, n, 0, (n1,)))
    assert v.action.name == "declare"
    assert f"{at[2]:.4f}" in v.cautions[0]
    first = d.verdict(PairEvidence(1, n1, max(c_r1, 0), 0))
    assert first.action.name == ("stop" if c_r1 >= 0 else "continue")


def test_as_planned_and_what_cannot_have_been() -> None:
    d = ResponseToxicity(2, 4, 8, 6, 6, 16, 0.3, 0.6, 0.5, 0.2, 0.15, 0.15, 0.7)
    assert d.verdict(PairEvidence(2, 16, 9, 3, (8,))) == d.verdict(PairEvidence(2, 16, 9, 3))
    with pytest.raises(BadInput) as bad:
        d.verdict(PairEvidence(3, 16, 9, 3, (8, 8, 17)))
    assert {p.code for p in bad.value.problems} == {"no-such-look", "too-many-earlier", "does-not-rise", "falls"}
    assert d.verdict(PairEvidence(1, 0, 0, 0)).action.name == "continue"
