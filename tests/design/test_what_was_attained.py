"""Looks on other numbers than planned: boundaries against computations of another kind, and what is refused."""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import beta, binom, multivariate_normal, norm

from equipoise.design import shelf
from equipoise.trial.decision import Verdict
from equipoise.trial.evidence import (
    ArmsEvidence,
    Evidence,
    ExposureEvidence,
    PairEvidence,
    StatisticEvidence,
    TwoArmEvidence,
)
from equipoise.trial.problem import BadInput


@cache
def example(kind: str) -> Any:
    return shelf.build(kind, shelf.one(kind).example)


@cache
def sequential(boundary: str, beta_spending: str = "none") -> Any:
    table = {"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "fractions": (0.3, 0.6, 1.0), "boundary": boundary}
    return shelf.build("group-sequential", {**table, "beta_spending": beta_spending})


def plain(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.action, tuple(verdict.because), verdict.distance, tuple(verdict.cautions)


def bound(design: Any, look: int, information: float, earlier: tuple[float, ...] = ()) -> float:
    """The upper boundary, from a z that is far above it."""
    return 30 - float(design.verdict(StatisticEvidence(look, 30.0, information, earlier)).distance)


def rejects(events: list[float], uppers: list[float]) -> float:
    """P(any z ≥ its boundary) under no drift, by scipy's multivariate normal."""
    t = np.array(events)
    correlation = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    inside = multivariate_normal.cdf(np.array(uppers), np.zeros(len(t)), correlation, abseps=1e-8, releps=1e-8)
    return 1 - float(inside)


@pytest.mark.independent
@pytest.mark.parametrize("boundary", ["obrien-fleming", "pocock", "classical-obrien-fleming", "classical-pocock"])
@pytest.mark.parametrize("events", [(60.0, 130.0, 180.0), (30.0, 80.0, 140.0), (60.0, 180.0)])
def test_alpha_is_kept_at_the_events_attained(boundary: str, events: tuple[float, ...]) -> None:
    """Each boundary as it is applied when its look comes; the last look is the design's last even if one was never taken."""
    d = sequential(boundary)
    uppers = []
    for k, e in enumerate(events):
        look = 3 if k == len(events) - 1 else k + 1
        uppers.append(bound(d, look, e, events[:k]))
    assert rejects(list(events), uppers) == pytest.approx(0.05, abs=2e-6)


@pytest.mark.independent
def test_spending_is_that_of_the_events_attained() -> None:
    """Lan & DeMets' function at the second look on 130 of the planned events, the first taken on 60."""
    d = sequential("obrien-fleming")
    first, second = bound(d, 1, 60.0), bound(d, 2, 130.0, (60.0,))
    t = np.array([60.0, 130.0]) / d.maximum
    spent = 2 - 2 * norm.cdf(norm.ppf(1 - 0.05 / 2) / np.sqrt(t))
    assert norm.sf(first) == pytest.approx(spent[0], rel=1e-9)
    assert rejects([60.0, 130.0], [first, second]) == pytest.approx(spent[1], abs=1e-7)


@pytest.mark.independent
def test_beta_is_spent_at_the_events_attained() -> None:
    d = sequential("obrien-fleming", "obrien-fleming")
    t = np.array([60.0, 110.0]) / d.maximum
    spent = 2 - 2 * norm.cdf(norm.ppf(1 - 0.20 / 2) / np.sqrt(t))
    lows, ups = [], []
    for k, (events, before) in enumerate([(60.0, ()), (110.0, (60.0,))], 1):
        low = -5.0 - float(d.verdict(StatisticEvidence(k, -5.0, events, before)).distance)
        lows.append(low)
        ups.append(bound(d, k, events, before))
    mean = d.boundaries.drift * np.sqrt(t)
    assert norm.cdf(lows[0] - mean[0]) == pytest.approx(spent[0], rel=1e-8)
    rho = math.sqrt(t[0] / t[1])
    both = multivariate_normal(mean, [[1, rho], [rho, 1]])
    stopped_second = both.cdf([ups[0], lows[1]]) - both.cdf([lows[0], lows[1]])
    assert spent[0] + stopped_second == pytest.approx(spent[1], abs=1e-6)


@pytest.mark.property
@pytest.mark.parametrize("boundary", ["obrien-fleming", "classical-pocock"])
def test_as_planned_nothing_changes(boundary: str) -> None:
    d = sequential(boundary)
    n = [look.n for look in d.looks]
    for k in (1, 2, 3):
        for z in (-1.0, 1.0, 1.7, 2.5):
            silent, said = (d.verdict(StatisticEvidence(k, z, n[k - 1], e)) for e in ((), tuple(n[: k - 1])))
            assert plain(silent) == plain(said)
            assert not silent.cautions
    assert bound(d, 3, n[2]) == pytest.approx(d.boundaries.upper[2], abs=1e-14)


@pytest.mark.parametrize(
    ("look", "information", "earlier", "codes"),
    [
        (3, 50.0, (60.0, 55.0), {"not-growing", "cohort"}),
        (2, 90.0, (40.0, 50.0, 60.0), {"too-many-earlier"}),
        (3, 90.0, (0.0, 50.0), {"no-information"}),
        (2, 0.0, (), {"cohort"}),
        (4, math.nan, (math.nan,), {"no-such-look", "cohort", "no-information"}),
    ],
)
def test_what_cannot_have_been_is_told_at_once(
    look: int, information: float, earlier: tuple[float, ...], codes: set[str]
) -> None:
    with pytest.raises(BadInput) as bad:
        sequential("pocock").verdict(StatisticEvidence(look, math.nan, information, earlier))
    assert {p.code for p in bad.value.problems} == {*codes, "not-a-number"}


@pytest.mark.independent
def test_screening_at_other_events() -> None:
    d = example("screening")
    v = d.verdict(StatisticEvidence(1, 1.0, 120))
    assert bound(d, 1, 120) == pytest.approx(norm.ppf(0.8))
    power = norm.sf(norm.ppf(0.8) + math.log(0.67) * math.sqrt(120 * 2 / 9))
    assert f"power is {power:.4f}" in v.cautions[0]
    with pytest.raises(BadInput) as bad:
        d.verdict(StatisticEvidence(1, math.nan, 0, (3,)))
    assert {p.where for p in bad.value.problems} == {"z", "information", "earlier"}


@pytest.mark.independent
@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["km-landmark", "one-sample-logrank", "case-morgan", "huang-talukder-thomas"])
def test_two_looks_keep_alpha_at_the_numbers_attained(kind: str) -> None:
    d = example(kind)
    n1, n = d.plan.n1, d.plan.n
    for first, last in ((n1 + 8, n), (n1 - 5, n - 4), (n1, n + 9)):
        c2 = bound(d, 2, last, (first,))
        rho = d.theory(d.attained(first, last), 1.0).rho
        inside = multivariate_normal([0, 0], [[1, rho], [rho, 1]])
        both = 1 - norm.cdf(d.c1) - norm.cdf(c2) + inside.cdf([d.c1, c2])
        assert both == pytest.approx(0.05, abs=1e-7)
    assert bound(d, 2, n + 9, (n1,)) == bound(d, 2, n + 9)
    assert plain(d.verdict(StatisticEvidence(2, 1.6, n))) == plain(d.verdict(StatisticEvidence(2, 1.6, n, (n1,))))
    assert bound(d, 1, n1 + 3) == pytest.approx(d.c1)


def enumerated(d: Any, first: tuple[int, int], last: tuple[int, int], least: float, px: float) -> float:
    """P(Jung's trial rejects) with differences of rates, outcome by outcome of both stages."""
    s = d.tested * d.control * d.m1
    total = 0.0
    (a, b), (nx, ny) = first, last
    for x1, y1 in itertools.product(range(a + 1), range(b + 1)):
        if s * (b * x1 - a * y1) < d.a1 * a * b:
            continue
        p1 = binom.pmf(x1, a, px) * binom.pmf(y1, b, d.p0)
        x2, y2 = np.arange(nx - a + 1)[:, None], np.arange(ny - b + 1)[None, :]
        hit = (ny * (x1 + x2) - nx * (y1 + y2)) >= least
        total += p1 * float((binom.pmf(x2, nx - a, px) * binom.pmf(y2, ny - b, d.p0) * hit).sum())
    return total


@pytest.mark.independent
@pytest.mark.parametrize(("first", "last"), [((16, 18), (36, 37)), ((18, 18), (38, 35)), ((20, 17), (33, 38))])
def test_jung_keeps_alpha_at_the_numbers_attained(first: tuple[int, int], last: tuple[int, int]) -> None:
    d = example("jung")
    found = d.attained(first, last)
    allowed = max(0.10, d.characteristics(d.truths()["null"]).declare.value)
    assert enumerated(d, first, last, found.c, d.p0) == pytest.approx(found.alpha, abs=1e-12)
    assert enumerated(d, first, last, found.c, d.p1) == pytest.approx(found.power, abs=1e-12)
    assert found.alpha <= allowed < enumerated(d, first, last, found.c - 1, d.p0) + 1e-3
    values = sorted({last[1] * x - last[0] * y for x in range(last[0] + 1) for y in range(last[1] + 1)})
    below = max(v for v in values if v < found.c)
    assert enumerated(d, first, last, below, d.p0) > allowed
    for x in range(last[0] + 1):
        v = d.verdict(TwoArmEvidence(2, last[0], x, last[1], 4, (first,)))
        assert (v.action.name == "declare") == (last[1] * x - last[0] * 4 >= found.c)
        assert "recomputed" in v.cautions[0]


@pytest.mark.property
def test_two_arms_as_planned_and_what_is_refused() -> None:
    for kind in ("jung", "exact-two-arm", "borrowing-rate"):
        d = example(kind)
        sizes = getattr(d, "sizes", None) or tuple((d.tested * m, d.control * m) for m in (d.m1, d.m))
        for x in range(0, sizes[1][0] + 1, 3):
            e = (2, sizes[1][0], x, sizes[1][1], 3)
            silent, said = d.verdict(TwoArmEvidence(*e)), d.verdict(TwoArmEvidence(*e, (sizes[0],)))
            assert plain(silent) == plain(said)
            assert not silent.cautions
        assert "planned" in d.verdict(TwoArmEvidence(1, sizes[0][0] - 1, 3, sizes[0][1] + 2, 1)).cautions[0]
        assert "planned" in d.verdict(TwoArmEvidence(2, *(5, 3, 5, 1))).cautions[0]
        with pytest.raises(BadInput) as bad:
            d.verdict(TwoArmEvidence(2, 10, 3, 9, 1, ((12, 5), (11, 6))))
        assert {(p.code, p.where) for p in bad.value.problems} == {
            ("too-many-earlier", "earlier"), ("not-growing", "earlier"), ("cohort", "n")
        }  # fmt: skip
    last = example("exact-two-arm")
    v = last.verdict(TwoArmEvidence(2, 20, 15, 22, 3, ((9, 10),)))
    reject = 0.0
    x, y = np.arange(12)[:, None], np.arange(13)[None, :]
    from equipoise.numerics.counts.two_binomials import rejection_region

    region = rejection_region(20, 22, last.alpha, last.method)
    for a, b in itertools.product(range(10), range(11)):
        if a / 9 - b / 10 > last.margin + 1e-12:
            first = binom.pmf(a, 9, 0.2) * binom.pmf(b, 10, 0.2)
            reject += first * float((binom.pmf(x, 11, 0.2) * binom.pmf(y, 12, 0.2) * region[a + x, b + y]).sum())
    assert f"type I error {reject:.4f}" in v.cautions[0]


@pytest.mark.independent
def test_bop2_cut_off_is_that_of_the_number_attained() -> None:
    d = shelf.build("bop2", {"p0": 0.2, "p1": 0.4, "looks": (10, 20, 30, 40), "lam": 0.91, "gamma": 0.7})
    for look, n, cutoff in (
        (1, 7, 0.91 * (7 / 40) ** 0.7),
        (2, 26, 0.91 * (26 / 40) ** 0.7),
        (4, 37, 0.91),
        (4, 43, 0.91),
    ):
        for x in range(n + 1):
            v = d.verdict(Evidence(look, "T", n, x))
            assert (v.action.name == "stop") == (beta.sf(0.2, 0.2 + x, 0.8 + n - x) < cutoff)
            assert f"{cutoff:.4f}" in v.cautions[0]
    assert not d.verdict(Evidence(2, "T", 20, 5, earlier_n=10)).cautions
    assert "after 12 before" in d.verdict(Evidence(2, "T", 20, 5, earlier_n=12)).cautions[0]
    pairs = {"endpoint": "response-and-toxicity", "toxicity0": 0.4, "toxicity1": 0.2}
    both = shelf.build("bop2", {"p0": 0.2, "p1": 0.4, "looks": (10, 20), "lam": 0.8, "gamma": 1.0, **pairs})
    for t in range(13):
        v = both.verdict(PairEvidence(1, 12, 9, t))
        assert (v.action.name == "stop") == (beta.cdf(0.4, 0.4 + t, 0.6 + 12 - t) < 0.8 * 12 / 20)
    with pytest.raises(BadInput, match="no fewer patients"):
        both.verdict(PairEvidence(2, 12, 9, 1, (14,)))
    times = shelf.build(
        "bop2",
        {"endpoint": "time-to-event", "median0": 6, "median1": 10, "looks": (10, 20), "lam": 0.8, "gamma": 1.0},
    )
    assert f"{0.8 * 13 / 20:.4f} is needed" in times.verdict(ExposureEvidence(1, 30, 13, 100.0)).because[0]
    with pytest.raises(BadInput, match="events above 0"):
        times.verdict(ExposureEvidence(1, 30, 0, 100.0))


@cache
def bryant_day() -> Any:
    from equipoise.design.one_rate.bryant_day import ResponseToxicity

    return ResponseToxicity(5, 9, 19, 18, 15, 46, 0.3, 0.5, 0.4, 0.2, 0.10, 0.10, 0.85)


def passes(d: Any, n1: int, n: int, response: float, toxicity: float, c_r: int, c_t: int) -> float:
    """Independent outcomes: the product of the two counts' own chances, by scipy."""

    def one(rate: float, inside: Any, last: Any) -> float:
        return sum(
            binom.pmf(k, n1, rate) * float(binom.pmf(np.arange(n - n1 + 1), n - n1, rate)[last(k)].sum())
            for k in range(n1 + 1)
            if inside(k)
        )  # fmt: skip

    more = np.arange(n - n1 + 1)
    works = one(response, lambda k: k > d.c_r1, lambda k: k + more > c_r)
    safe = one(toxicity, lambda k: k <= d.c_t1, lambda k: k + more <= c_t)
    return works * safe


@pytest.mark.independent
@pytest.mark.parametrize(("n1", "n"), [(17, 46), (19, 43), (23, 49)])
def test_bryant_day_keeps_both_errors_at_the_numbers_attained(n1: int, n: int) -> None:
    plan = bryant_day()
    d = plan.attained(n1, n)
    assert binom.sf(d.c_r1, n1, 0.5) >= binom.sf(plan.c_r1, 19, 0.5) - 1e-9 > binom.sf(d.c_r1 + 1, n1, 0.5) - 2e-9
    assert binom.cdf(d.c_t1, n1, 0.2) >= binom.cdf(plan.c_t1, 19, 0.2) - 1e-9
    best = 0.0
    for c_r, c_t in itertools.product(range(10, 30), range(5, 25)):
        kept = [
            passes(d, n1, n, r, t, c_r, c_t) <= max(0.10, plan.characteristics(plan.truths()[k]).declare.value)
            for r, t, k in ((0.3, 0.2, "null"), (0.5, 0.4, "too toxic"))
        ]
        if all(kept):
            best = max(best, passes(d, n1, n, 0.5, 0.2, c_r, c_t))
    assert passes(d, n1, n, 0.5, 0.2, d.c_r, d.c_t) == pytest.approx(best, abs=1e-10)
    v = plan.verdict(PairEvidence(2, n, d.c_r + 1, d.c_t, (n1,)))
    assert v.action.name == "declare"
    assert f"{best:.4f}" in v.cautions[0]
    assert plan.verdict(PairEvidence(2, n, d.c_r, d.c_t, (n1,))).action.name == "stop"
    assert plain(plan.verdict(PairEvidence(2, 46, 20, 9))) == plain(plan.verdict(PairEvidence(2, 46, 20, 9, (19,))))
    with pytest.raises(BadInput, match="patients above 0"):
        plan.verdict(PairEvidence(1, 0, 0, 0))


def test_selection_by_rates_where_numbers_differ() -> None:
    d = shelf.build("selection", {"arms": 2, "p0": 0.2, "delta": 0.15, "n": 40})
    fewer = d.verdict(ArmsEvidence(1, {"A": 10, "B": 9}, {"A": 40, "B": 30}))
    assert fewer.action.what == "B selected"
    assert "observed rates" in fewer.cautions[-1]
    tie = d.verdict(ArmsEvidence(1, {"A": 12, "B": 9}, {"A": 40, "B": 30}))
    assert "tie of A and B" in tie.action.why
    equal = d.verdict(ArmsEvidence(1, {"A": 10, "B": 9}, {"A": 38, "B": 38}))
    assert "38 patients of each arm" in equal.cautions[-1]
    planned = {"A": 40, "B": 40}
    assert plain(d.verdict(ArmsEvidence(1, {"A": 10, "B": 9}, planned))) == plain(
        d.verdict(ArmsEvidence(1, {"A": 10, "B": 9}))
    )
    with pytest.raises(BadInput) as bad:
        d.verdict(ArmsEvidence(1, {"A": 41, "B": 9}, {"A": 40, "C": 0}))
    assert {p.where for p in bad.value.problems} == {"n", "n.C", "outcome.A"}
