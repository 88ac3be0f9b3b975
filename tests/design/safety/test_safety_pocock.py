"""The Pocock-type boundary against clinfun's documented examples and a plain walk through every sequence of patients."""

from __future__ import annotations

import itertools
import math
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design import shelf
from equipoise.design.safety.safety_pocock import EXAMPLE, PocockSafety, Spec, from_spec, search
from equipoise.design.safety.safety_rule import MOST, boundary_in_words, boundary_ranges
from equipoise.numerics.random.streams import uniforms
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import Evidence, ToxicityEvidence
from equipoise.trial.problem import BadInput


def naive_level(sizes: list[int], theta0: float, phi: float) -> tuple[float, list[int]]:
    """The largest level by trying all pointwise levels, each by walking through all 2^n sequences of patients."""

    def tail(x: int, m: int) -> float:
        return math.fsum(math.comb(m, k) * theta0**k * (1 - theta0) ** (m - k) for k in range(x, m + 1))

    best = (0.0, [m + 1 for m in sizes])
    for level in sorted({tail(x, m) for m in sizes for x in range(1, m + 1)}):
        stops = [next((x for x in range(1, m + 1) if tail(x, m) <= level * (1 + 1e-9)), m + 1) for m in sizes]
        if naive_walk(sizes, stops, theta0)[0] <= phi:
            best = (level, stops)
    return best


def naive_walk(sizes: list[int], stops: list[int], p: float) -> tuple[float, float, float]:
    """P(stopped), expected patients and total probability, sequence by sequence."""
    stopped = expected = total = 0.0
    for patients in product((0, 1), repeat=sizes[-1]):
        mass = p ** sum(patients) * (1 - p) ** (len(patients) - sum(patients))
        total += mass
        end = next((m for m, b in zip(sizes, stops, strict=True) if sum(patients[:m]) >= b), None)
        stopped += mass if end is not None else 0.0
        expected += mass * (end or sizes[-1])
    return stopped, expected, total


@pytest.mark.independent
@pytest.mark.parametrize(
    ("given", "boundary", "behaviour"),
    [
        # toxbdry(0.2, 0.35, c(20,40,60,75)), its high boundary: the one whose error is within cP0 = 0.1
        ((0.2, 0.35, 75, 0.10, 20, 20), (7, 12, 17, 21), {0.2: (0.088, 72.0), 0.23: (0.214, 68.1), 0.26: (0.406, 62.1), 0.29: (0.619, 54.7), 0.32: (0.797, 47.0), 0.35: (0.911, 39.9)}),
        # toxbdry(0.2, 0.3, c(20,40,60,75), cP0=0.15, cP1=0.8)
        ((0.2, 0.3, 75, 0.15, 20, 20), (7, 12, 16, 20), {0.2: (0.117, 71.6), 0.22: (0.213, 69.0), 0.24: (0.341, 65.4), 0.26: (0.487, 61.0), 0.28: (0.632, 56.1), 0.3: (0.758, 51.0)}),
        # toxbdry(0.1, 0.3, 2:30): 1/3 2/8 3/13 4/19 5/26 6/30, runs of looks with one boundary
        ((0.1, 0.3, 30, 0.10, 2, 1), tuple([1] * 2 + [2] * 5 + [3] * 5 + [4] * 6 + [5] * 7 + [6] * 4), {0.1: (0.097, 28.1), 0.14: (0.245, 25.8), 0.18: (0.441, 22.5), 0.22: (0.638, 19.0), 0.26: (0.795, 15.6), 0.3: (0.898, 12.7)}),
    ],
)  # fmt: skip
def test_as_documented_by_clinfun(
    given: tuple[float, float, int, float, int, int],
    boundary: tuple[int, ...],
    behaviour: dict[float, tuple[float, float]],
) -> None:
    """The examples printed in the documentation of clinfun's toxbdry; it stops with *more* than its boundary."""
    d = search(*given)
    assert tuple(b - 1 for b in d.stops_at) == boundary
    for rate, (stopped, patients) in behaviour.items():
        c = d.characteristics({"rate": rate})
        assert c.stop_early.value == pytest.approx(stopped, abs=5.1e-4)
        assert c.expected_n.value == pytest.approx(patients, abs=0.051)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("theta0", "phi", "first", "cohort"),
    [(0.2, 0.05, 1, 1), (0.1, 0.1, 2, 1), (0.3, 0.1, 3, 3), (0.5, 0.05, 1, 1), (0.25, 0.2, 1, 4)],
)
def test_level_and_behaviour_by_every_sequence(theta0: float, phi: float, first: int, cohort: int) -> None:
    d = search(theta0, 0.7, 9, phi, first, cohort)
    level, stops = naive_level(list(d.sizes), theta0, phi)
    assert [min(b, m + 1) for b, m in zip(d.stops_at, d.sizes, strict=True)] == stops
    assert d.level == pytest.approx(level, rel=1e-9)
    for p in (theta0, 0.45, 0.7):
        stopped, expected, total = naive_walk(list(d.sizes), stops, p)
        c = d.characteristics({"rate": p})
        assert total == pytest.approx(1, abs=1e-12)
        assert c.stop_early.value == pytest.approx(stopped, abs=1e-12)
        assert c.declare.value == pytest.approx(1 - stopped, abs=1e-12)
        assert c.expected_n.value == pytest.approx(expected, abs=1e-10)
        assert c.more["expected patients with toxicity"].value == pytest.approx(p * expected, abs=1e-10)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.05, 0.6), st.integers(1, 25), st.floats(0.02, 0.3), st.integers(1, 6), st.integers(1, 6)
)  # fmt: skip
def test_laws(theta0: float, n: int, phi: float, first: int, cohort: int) -> None:
    """The false stop never above phi at any rate up to theta0; it grows with the rate; a larger level would break phi."""
    first = min(first, n)
    if theta0**n > phi * (1 + 1e-12):
        with pytest.raises(BadInput, match="is the least that can"):
            search(theta0, 0.9, n, phi, first, cohort)
        return
    d = search(theta0, 0.9, n, phi, first, cohort)
    rates = [theta0 * k / 6 for k in range(7)]
    stops = [d.stop_probability(p) for p in rates]
    assert max(stops) <= phi * (1 + 1e-12)
    assert stops == sorted(stops)
    for p in (*rates, 0.9):
        c = d.characteristics({"rate": p})
        assert math.fsum(c.ends_at) == pytest.approx(1, abs=1e-12)
        assert c.declare.value + c.stop_early.value == pytest.approx(1, abs=1e-12)
    tails = {
        math.fsum(math.comb(m, k) * theta0**k * (1 - theta0) ** (m - k) for k in range(x, m + 1))
        for m in d.sizes
        for x in range(1, m + 1)
    }
    larger = [t for t in tails if t > d.level * (1 + 1e-7)]
    if larger:
        wider = PocockSafety(theta0, 0.9, n, first, cohort, phi, min(larger) * (1 + 1e-9))
        assert wider.stop_probability(theta0) > phi
        assert len(wider.cautions) == 1
    assert d.cautions == ()


@pytest.mark.property
def test_simulated_agrees_with_exact() -> None:
    d = search(0.2, 0.4, 30)
    for p in (0.2, 0.4):
        draws = uniforms(7, "toxicity", 0, 4000, 30) < p
        counts = draws.cumsum(axis=1)
        stopped = (counts >= d.stops_at).any(axis=1).mean()
        exact = d.stop_probability(p)
        assert abs(stopped - exact) < 4 * math.sqrt(exact * (1 - exact) / 4000)


def test_verdicts() -> None:
    d = search(0.2, 0.4, 30)
    assert boundary_in_words(d.sizes, d.stops_at).startswith("3 of 3, 4 of 4-6, 5 of 7-8")
    go = d.verdict(Evidence(5, "A", 5, 3))
    assert isinstance(go.action, Continue)
    assert (go.distance, go.unit) == (1, "patients with toxicity below the boundary")
    stop = d.verdict(Evidence(5, "A", 5, 4))
    assert stop.action == Stop("safety")
    assert stop.distance == 0
    assert stop.because == ("4 of 5 patients had the toxicity; 4 or more stop the trial.",)
    assert "no number stops it" in d.verdict(Evidence(1, "A", 1, 1)).because[0]
    assert d.verdict(Evidence(30, "A", 30, 11)).action == Declare("the toxicity rate is acceptable")
    assert d.verdict(Evidence(30, "A", 30, 12)).action == Stop("safety")
    over = d.verdict(Evidence(30, "A", 34, 12))
    assert isinstance(over.action, Declare)
    assert "34 patients were treated, 30 were planned" in over.cautions[0]
    for look, n in ((0, 1), (31, 30), (5, 0)):
        with pytest.raises(BadInput):
            d.verdict(Evidence(look, "A", n, 0))


@pytest.mark.independent
@pytest.mark.parametrize("kind", ["safety-pocock", "safety-sprt", "safety-bayes"])
def test_any_number_at_any_look(kind: str) -> None:
    """The boundary is the rule's own, and the chance of a false stop that of every sequence of patients."""
    d: Any = shelf.build(kind, {**shelf.one(kind).example, "n": 8, "first": 2, "cohort": 3})
    for look, n in itertools.product(range(1, len(d.sizes) + 1), range(1, 11)):
        found = [d.verdict(ToxicityEvidence(look, "A", n, x)) for x in range(n + 1)]
        assert [v.action == Stop("safety") for v in found] == [x >= d.boundary_at(n) for x in range(n + 1)]
        if n == d.sizes[look - 1]:
            assert found[0].cautions == ()
            continue
        at = [k for k in d.sizes[: look - 1] if k < n] + [n] + [k for k in d.sizes[look:] if k > n]
        stopped = 0.0
        for sequence in itertools.product((0, 1), repeat=at[-1]):
            ends = ((sum(sequence[:k]) >= d.boundary_at(k), sum(sequence[:k]) <= d.low_at(k)) for k in at)
            if next((high for high, low in ends if high or low), False):
                stopped += d.theta0 ** sum(sequence) * (1 - d.theta0) ** (at[-1] - sum(sequence))
        assert float(found[0].cautions[0].rstrip(".").split()[-1]) == pytest.approx(stopped, abs=6e-5)


def test_what_it_says_of_itself() -> None:
    d = from_spec(Spec.read(EXAMPLE))
    assert Spec.model_validate({"kind": "safety-pocock", **EXAMPLE}).n == 30
    x, said = d.numbers(), d.describe()
    for shown in (f"{x['stop0']:.4f}", f"{x['stop1']:.4f}", str(x["boundary"]), f"{d.level:.4g}"):
        assert shown in said
    assert len(d.looks) == 30
    assert d.truths() == {"null": {"rate": 0.2}, "target": {"rate": 0.4}}
    ranges = boundary_ranges(d.sizes, d.stops_at)
    assert len(d.table().rows) == len(ranges)
    assert d.table().rows[0] == ["3", 3]
    assert len(d.behaviour_table((0.1, 0.2)).rows) == 2
    assert len(d.behaviour_table().rows) == 5
    assert max(d.curve().curves[0].y) <= 1


def test_a_stated_level() -> None:
    found = from_spec(Spec.read(EXAMPLE))
    assert from_spec(Spec.read({**EXAMPLE, "level": found.level})).stops_at == found.stops_at
    assert "above the stated 0.05" in from_spec(Spec.read({**EXAMPLE, "level": 0.05})).cautions[0]
    never = from_spec(Spec.read({**EXAMPLE, "n": 2, "level": 0.001}))
    assert "never within reach" in never.cautions[0]
    assert never.numbers()["boundary"] == "none"


def test_bad_input_all_at_once() -> None:
    with pytest.raises(BadInput) as e:
        Spec.read({"theta0": 1.2, "theta1": "x", "n": 2.5, "phi": 0, "first": 0, "cohort": -1, "level": 2})
    assert {p.where for p in e.value.problems} == {"theta0", "theta1", "n", "phi", "first", "cohort", "level"}
    with pytest.raises(BadInput) as e:
        Spec.read({"theta0": 0.4, "theta1": 0.2, "n": 10, "first": 11})
    assert {p.code for p in e.value.problems} == {"theta1-not-above-theta0", "first-above-n"}
    with pytest.raises(BadInput) as e:
        Spec.read({})
    assert {p.where for p in e.value.problems} == {"theta0", "theta1", "n"}
    with pytest.raises(BadInput, match="n = 5 is the least that can"):
        search(0.5, 0.7, 4, 0.05)
    with pytest.raises(BadInput):
        search(0.5, 0.7, MOST + 1)
    with pytest.raises(BadInput):
        search(0.2, 0.4, 30).characteristics({"hazard": 0.1})


@pytest.mark.independent
def test_as_qaqish_s_program_prints_it() -> None:
    """cp3, exact boundary crossing (B. Qaqish, 2003; www.bios.unc.edu/distrib/gee/crossing/cp3): 0.2, n = 20, P(hit) 0.0484005, E(n) 19.4662."""
    d = search(0.20, 0.40, 20, 0.05)
    first_crossings = {3: [3], 4: [5, 6], 5: [8, 9], 6: [11, 12], 7: [14, 15], 8: [17, 18], 9: [20]}
    for events, patients in first_crossings.items():
        assert all(d.stops_at[m - 1] == events for m in patients)
    c = d.characteristics({"rate": 0.20})
    assert c.stop_early.value == pytest.approx(0.0484005, abs=6e-8)
    assert c.expected_n.value == pytest.approx(19.4662, abs=6e-5)
