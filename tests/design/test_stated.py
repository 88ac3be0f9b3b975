"""Designs stated as they were published: what a search found, said again, is the same design; and what some papers print."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from equipoise.design import shelf
from equipoise.trial.problem import BadInput

Table = dict[str, Any]


def _numbers(*names: str, **more: Any) -> Callable[[Any], Table]:
    """The entries of these names among the design's numbers; ``more``: beside them."""
    return lambda d: {**{k: d.numbers()[k] for k in names}, **more}


def _of_times(d: Any) -> Table:
    return {"sizes": "stated", "n": d.plan.n, "t1": d.plan.t1, "c1": d.c1, "c": d.c2}


def _of_log_rank(d: Any) -> Table:
    b = d.boundaries
    return {
        "sizes": "stated", "events": tuple(f * d.maximum for f in d.fractions), "upper_z": b.upper, "lower_z": b.lower[:-1],
    }  # fmt: skip


#: How the numbers that a kind's search or rule found are stated.
SAID: dict[str, Callable[[Any], Table]] = {
    "a-hern": lambda d: {"n": d.n, "r": d.r},
    "simon": _numbers("n1", "n", "r1", "r", sizes="stated"),
    "mander-thompson": lambda d: {k: getattr(d, k) for k in ("r1", "u1", "n1", "r", "n")},
    "chen": lambda d: {"sizes": "stated", **{k: getattr(d, k) for k in ("r1", "n1", "r2", "n2", "r3", "n3")}},
    "fleming": lambda d: {"low": d.stages.low[:-1], "high": d.stages.high},
    "gehan": _numbers("n1", sizes="stated"),
    "bryant-day": _numbers("n1", "c_r1", "c_t1", "n", "c_r", "c_t", sizes="stated"),
    "lee-liu": lambda d: {"nmax": d.nmax, "theta_l": d.theta_l, "theta_t": d.theta_t},
    "bop2": lambda d: {"lam": d.lam, "gamma": d.gamma},
    "jung": _numbers("n1_tested", "a1", "n_tested", "a", sizes="stated"),
    "exact-two-arm": _numbers("n1_tested", "n_tested", sizes="stated"),
    "screening": _numbers("events", sizes="stated"),
    "group-sequential": _of_log_rank,
    "selection": lambda d: {"n": d.n},
    "case-morgan": _of_times,
    "huang-talukder-thomas": _of_times,
    "km-landmark": _of_times,
    "one-sample-logrank": _of_times,
    "safety-pocock": lambda d: {"level": d.level},
    "safety-imbalance": lambda d: {"threshold": d.threshold},
}


def _of_counts(d: Any) -> Table:
    return {"low": d.stages.low[:-1], "high": d.stages.high}


def _of_stops(d: Any) -> Table:
    return {"stops_at": d.stops_at}


#: How the boundaries that a kind's rule gives are stated beside the rule.
BOUNDARIES: dict[str, Callable[[Any], Table]] = {
    "green-dahlberg": _of_counts,
    "thall-simon": _of_counts,
    "lee-liu": lambda d: {**SAID["lee-liu"](d), **_of_counts(d)},
    "borrowing-one-arm": _of_counts,
    "attained": lambda d: {"attained_r1": d.stages.low[0], "attained_r": d.stages.high[1]},
    "englert-kieser": lambda d: {"totals": tuple(int(x + c) for x, c in enumerate(d.critical()) if x > d.planned.r1)},
    "safety-bayes": _of_stops,
    "safety-pocock": _of_stops,
    "safety-sprt": _of_stops,
    "safety-imbalance": _of_stops,
}

#: Kinds whose example states all of it: nothing is searched.
WHOLE = {"borrowing-rate", "borrowing-survival", "bayes-two-endpoints", "safety-survival"}


@pytest.mark.parametrize(("kind", "said"), [*sorted(SAID.items()), *sorted(BOUNDARIES.items())])
def test_what_was_found_and_is_stated_is_the_same_design(kind: str, said: Callable[[Any], Table]) -> None:
    example = dict(shelf.one(kind).example)
    found: Any = shelf.build(kind, example)
    table = {k: v for k, v in example.items() if not (kind == "group-sequential" and k == "beta_spending")}
    stated: Any = shelf.build(kind, {**table, **said(found)})
    assert [(look.n, look.control_n, look.unit) for look in stated.looks] == [
        (look.n, look.control_n, look.unit) for look in found.looks
    ]
    for name, truth in found.truths().items():
        a, b = found.characteristics(truth), stated.characteristics(truth)
        assert b.declare.value == pytest.approx(a.declare.value, abs=1e-12), name
        assert b.stop_early.value == pytest.approx(a.stop_early.value, abs=1e-12), name
        assert b.ends_at == pytest.approx(a.ends_at, abs=1e-12)
        assert math.isnan(a.expected_n.value) or b.expected_n.value == pytest.approx(a.expected_n.value, abs=1e-9)
    assert stated.cautions == found.cautions
    stated.describe()
    stated.numbers()


def test_every_kind_can_be_stated() -> None:
    """A new kind says how its numbers are stated, or that it states them all."""
    assert set(shelf.kinds()) == {*SAID, *WHOLE, *BOUNDARIES}


def _declares(low: Sequence[int], high: Sequence[int], sizes: Sequence[int], p: float) -> float:
    """P(more than ``high`` at a look before ``low`` or fewer), by walking patient by patient: nothing of the designs' own."""
    alive, declared, looks = {0: 1.0}, 0.0, {n: (a, b) for n, a, b in zip(sizes, low, high, strict=True)}
    for n in range(1, sizes[-1] + 1):
        came: dict[int, float] = {}
        for x, mass in alive.items():
            came[x] = came.get(x, 0.0) + mass * (1 - p)
            came[x + 1] = came.get(x + 1, 0.0) + mass * p
        if n in looks:
            a, b = looks[n]
            declared += math.fsum(m for x, m in came.items() if x > b)
            came = {x: m for x, m in came.items() if a < x <= b}
        alive = came
    return declared


@pytest.mark.parametrize("kind", ["green-dahlberg", "thall-simon", "lee-liu", "borrowing-one-arm", "attained"])
def test_other_boundaries_than_the_rules_are_in_force_and_said(kind: str) -> None:
    example = dict(shelf.one(kind).example)
    ruled: Any = shelf.build(kind, example)
    s = ruled.stages
    low, high = [max(x - 1, -1) for x in s.low[:-1]], [*s.high[:-1], s.high[-1] + 1]
    if kind == "attained":
        table = {"attained_r1": low[0], "attained_r": high[-1]}
    else:
        table = {"low": tuple(low), "high": tuple(high)} | (SAID[kind](ruled) if kind in SAID else {})
    stated: Any = shelf.build(kind, {**example, **table})
    assert stated.stages.high[-1] == high[-1] != s.high[-1]
    for p in (stated.p0, stated.p1):
        expected = _declares([*low, high[-1]], high, s.n, p)
        assert stated.characteristics({"rate": p}).declare.value == pytest.approx(expected, abs=1e-10)
    assert any("not those of the rule" in c for c in stated.cautions)
    assert f"more than {high[-1]} successes" in stated.describe()
    assert "that were published" in stated.describe()
    x, look = s.high[-1] + 1, len(s.n)
    evidence = stated.takes(arm="tested", look=look, successes=x, n=s.n[-1])
    assert ruled.verdict(evidence).action != stated.verdict(evidence).action


def test_the_published_totals_of_a_second_stage_are_in_force() -> None:
    example = dict(shelf.one("englert-kieser").example)
    ruled: Any = shelf.build("englert-kieser", example)
    d = ruled.planned
    totals = [int(x + c) for x, c in enumerate(ruled.critical()) if x > d.r1]
    totals[0] += 1
    stated: Any = shelf.build("englert-kieser", {**example, "x1": d.r1 + 1, "totals": tuple(totals)})
    n2 = stated.attained_n - d.n1
    expected = math.fsum(
        math.comb(d.n1, x) * d.p1**x * (1 - d.p1) ** (d.n1 - x)
        * math.fsum(math.comb(n2, y) * d.p1**y * (1 - d.p1) ** (n2 - y) for y in range(max(t - x + 1, 0), n2 + 1))
        for x, t in enumerate(totals, d.r1 + 1)
    )  # fmt: skip
    assert stated.reject(d.p1) == pytest.approx(expected, abs=1e-12)
    assert stated.reject(d.p1) < ruled.reject(d.p1)
    evidence = stated.takes(arm="tested", look=2, successes=totals[0], n=stated.attained_n, earlier_successes=d.r1 + 1)
    assert ruled.verdict(evidence).action != stated.verdict(evidence).action
    assert any("not those of the conditional error" in c for c in stated.cautions)
    assert f"{totals[0]} after {d.r1 + 1}" in stated.describe()


@pytest.mark.parametrize("kind", ["safety-bayes", "safety-pocock", "safety-sprt", "safety-imbalance"])
def test_a_published_safety_boundary_is_in_force(kind: str) -> None:
    """One more event tolerated at each look but the first; between two looks it is the next look's."""
    example = dict(shelf.one(kind).example)
    steps = {"first": 5, "every" if kind == "safety-imbalance" else "cohort": 5}
    ruled: Any = shelf.build(kind, {**example, **steps})
    stops = [min(x + 1, n + 1) for x, n in zip(ruled.stops_at, ruled.sizes, strict=True)]
    stated: Any = shelf.build(kind, {**example, **steps, "stops_at": tuple(stops)})
    assert stated.stops_at == tuple(stops)
    name, p = ("risk_ratio", stated.share) if kind == "safety-imbalance" else ("rate", stated.theta0)
    high = [x - 1 for x in stops]
    low = (
        [*(min(stated.low_at(n), h) for n, h in zip(stated.sizes, high, strict=True))]
        if name == "rate"
        else [-1] * len(high)
    )
    expected = _declares(low, high, stated.sizes, p)
    truth = {name: 1.0 if name == "risk_ratio" else p}
    assert stated.characteristics(truth).stop_early.value == pytest.approx(expected, abs=1e-10)
    assert stated.boundary_at(stated.sizes[1] + 1) == stops[2]
    assert any("not the rule's" in c for c in stated.cautions)
    assert "published" in stated.describe()


@pytest.mark.published
def test_optimalttf_2_as_published() -> None:
    """26 + 26 and 42 + 42, D ≥ 0 and then D ≥ 5, at 0.40 against 0.60."""
    table = {"p0": 0.40, "p1": 0.60, "alpha": 0.15, "power": 0.80, "sizes": "stated"}
    d = shelf.build("jung", {**table, "n1_tested": 26, "a1": 0, "n_tested": 42, "a": 5})
    n = {k: float(v) for k, v in d.numbers().items() if not isinstance(v, str)}
    assert (round(n["alpha"], 4), round(n["largest_alpha"], 4), round(n["power"], 4)) == (0.1545, 0.1591, 0.8007)
    assert (round(n["pet0"], 4), round(n["en0"], 1)) == (0.4438, 69.8)
    assert "0.1545, above the stated alpha of 0.15" in d.cautions[0]


@pytest.mark.published
def test_e2511_as_published() -> None:
    """A hazard ratio of 0.625 at a one-sided 0.10: power 0.88 with 110 events."""
    d = shelf.build(
        "screening", {"hazard_ratio": 0.625, "alpha": 0.10, "power": 0.88, "sizes": "stated", "events": 110}
    )
    assert round(float(d.numbers()["power"]), 4) == 0.8816
    assert d.looks[0].n == 110
    low = shelf.build(
        "screening", {"hazard_ratio": 0.625, "alpha": 0.10, "power": 0.90, "sizes": "stated", "events": 110}
    )
    assert any("0.8816, below the stated 0.9" in c for c in low.cautions)


def test_stated_events_without_boundaries_have_those_of_the_spending() -> None:
    asked = {"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "beta_spending": "obrien-fleming"}
    found: Any = shelf.build("group-sequential", asked)
    events = tuple(f * found.maximum for f in found.fractions)
    stated: Any = shelf.build("group-sequential", {**asked, "sizes": "stated", "events": events})
    assert stated.boundaries.upper == pytest.approx(found.boundaries.upper, abs=1e-9)
    assert stated.boundaries.lower == pytest.approx(found.boundaries.lower, abs=1e-6)
    few: Any = shelf.build("group-sequential", {**asked, "sizes": "stated", "events": (50, 100)})
    assert any("below the stated 0.8" in c for c in few.cautions)
    loose: Any = shelf.build(
        "group-sequential", {**asked, "sizes": "stated", "events": (50, 100), "upper_z": (2.0, 1.0)}
    )
    assert any(c.startswith("The type I error is") for c in loose.cautions)  # by the normal approximation: not exact


@pytest.mark.parametrize(
    ("kind", "table", "codes"),
    [
        ("jung", {"sizes": "stated", "n1_tested": 50, "n_tested": 40, "a1": 0}, {"missing", "n1-not-below-n"}),
        ("jung", {"sizes": "stated", "n1_tested": 5, "n_tested": 40, "a1": 9, "a": 41}, {"out-of-range"}),
        ("jung", {"a1": 0, "a": 3}, {"not-stated"}),
        ("jung", {"allocation": "2:1", "sizes": "stated", "n1_tested": 5, "n_tested": 41, "a1": 0, "a": 3}, {"allocation"}),
        ("bryant-day", {"sizes": "stated", "n1": 20, "n": 10, "c_r1": 20, "c_t1": 21, "c_r": 10, "c_t": 11},
         {"n1-not-below-n", "c_r1-not-below-n1", "c_t1-above-n1", "c_r-not-below-n", "c_t-above-n"}),
        ("chen", {"sizes": "stated", "n1": 9, "n2": 9, "n3": 8, "r1": 3, "r2": 2, "r3": 1}, {"n1-not-below-n", "r1-above-r2", "r2-above-r3"}),
        ("fleming", {"low": (1, 2, 3), "high": (3, 2, 99)}, {"boundaries"}),
        ("fleming", {"low": (1, 2)}, {"half-stated"}),
        ("green-dahlberg", {"low": (3,), "high": (50, 43), "n1": 90}, {"n1-not-below-n"}),
        ("green-dahlberg", {"low": (3, 4), "high": (50, 43)}, {"boundaries"}),
        ("lee-liu", {"low": (1,), "high": (2,), "nmax": None}, {"half-stated"}),
        ("thall-simon", {"low": (9,), "p_low": 0.99}, {"half-stated", "p_low-not-below-p_high"}),
        ("attained", {"attained_r1": 60, "attained_n1": 42}, {"half-stated", "attained_r1-not-below-attained_n1"}),
        ("englert-kieser", {"totals": (40, 41)}, {"boundaries"}),
        ("safety-bayes", {"stops_at": (2, 3)}, {"boundaries"}),
        ("safety-pocock", {"first": 10, "cohort": 10, "stops_at": (5, 4, 32)}, {"boundaries"}),
        ("safety-imbalance", {"first": 40, "events": 30, "stops_at": (3,)}, {"first-above-events"}),
        ("exact-two-arm", {"sizes": "stated", "n1_tested": 4, "stages": 1}, {"missing", "not-together"}),
        ("screening", {"sizes": "stated"}, {"missing"}),
        ("group-sequential", {"sizes": "stated", "events": (80.0, 70.0), "lower_z": (1.0, 2.0)}, {"events", "boundaries", "half-stated"}),
        ("km-landmark", {"sizes": "stated", "n": 30, "t1": 6.0, "c1": 0.1}, {"t1-not-above-landmark", "t1-not-below-ta"}),
        ("gehan", {"n1": 12}, {"not-stated"}),
        ("simon", {"least_gap": 0}, {"out-of-range"}),
    ],
)  # fmt: skip
def test_what_cannot_be_stated_all_at_once(kind: str, table: Table, codes: set[str]) -> None:
    with pytest.raises(BadInput) as bad:
        shelf.build(kind, {**shelf.one(kind).example, **table})
    assert {p.code for p in bad.value.problems} == codes


HYPOTHESES = {"p0": 0.10, "p1": 0.40, "alpha": 0.10, "power": 0.80}


@pytest.mark.parametrize(
    ("kind", "gap"), list(itertools.product(("simon", "chen", "jung", "mander-thompson", "bryant-day"), (4, 9)))
)
def test_a_least_gap_between_the_stages(kind: str, gap: int) -> None:
    """The search keeps it, and without it finds a design that costs no more; where that has the gap anyway it is the same."""
    table: Table = {**HYPOTHESES, **({"sizes": "optimal"} if kind == "simon" else {})}
    if kind == "bryant-day":
        table = {
            "response0": 0.2,
            "response1": 0.5,
            "toxicity0": 0.5,
            "toxicity1": 0.2,
            "alpha_r": 0.15,
            "alpha_t": 0.15,
            "power": 0.7,
        }
    free, spaced = shelf.build(kind, table), shelf.build(kind, {**table, "least_gap": gap})
    cost = [
        max(d.characteristics(t).expected_n.value for k, t in d.truths().items() if k in ("null", "too toxic"))
        for d in (free, spaced)
    ]
    sizes = [[0, *(look.n + look.control_n for look in d.looks)] for d in (free, spaced)]
    gaps = [min(b - a for a, b in itertools.pairwise(s[1:])) for s in sizes]
    assert gaps[1] >= gap
    assert cost[1] >= cost[0] - 1e-9
    if gaps[0] >= gap:
        assert free == spaced


@pytest.mark.independent
def test_nothing_with_the_gap_is_better_for_simon() -> None:
    """All two-stage designs up to n = 30, by plain sums."""
    p0, p1, alpha, power, gap = 0.10, 0.40, 0.10, 0.80, 8
    found: Any = shelf.build("simon", {**HYPOTHESES, "sizes": "optimal", "least_gap": gap})

    def b(x: int, n: int, p: float) -> float:
        return math.comb(n, x) * p**x * (1 - p) ** (n - x)

    best = math.inf
    for n in range(2, 31):
        for n1 in range(1, n - gap + 1):
            for r1 in range(n1):
                pet = sum(b(x, n1, p0) for x in range(r1 + 1))
                en = n1 + (1 - pet) * (n - n1)
                if en >= best:
                    continue
                for r in range(r1, n):
                    error, reach = (
                        sum(
                            b(x, n1, p) * b(y, n - n1, p)
                            for x in range(r1 + 1, n1 + 1)
                            for y in range(n - n1 + 1)
                            if x + y > r
                        )
                        for p in (p0, p1)
                    )
                    if error <= alpha:
                        best = min(best, en) if reach >= power else best
                        break
    assert found.behaviour(p0).en == pytest.approx(best, abs=1e-9)
