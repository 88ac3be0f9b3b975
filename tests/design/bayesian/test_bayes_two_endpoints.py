"""The rule on response and toxicity: LINES by plain enumeration, drawn patients, and laws on generated rules."""

from __future__ import annotations

import dataclasses
from functools import cache
from math import comb, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from equipoise.design.bayesian.bayes_two_endpoints import EXAMPLE, Spec, TwoEndpoints, from_spec
from equipoise.design.bayesian.pair_boundary import ENDS
from equipoise.numerics.sequential.staged_pairs import advance, cells, joint
from equipoise.trial.evidence import PairEvidence
from equipoise.trial.problem import BadInput

LINES = from_spec(Spec.read(EXAMPLE))
RANK = {"stop": 0, "continue": 1, "declare": 2}


def rule(**more: Any) -> TwoEndpoints:
    return from_spec(Spec.read({**EXAMPLE, **more}))


@cache
def posteriors(n: int, x: int) -> Any:
    return beta(1 + x, 1 + n - x)


def lines_says(look: int, x: int, t: int) -> str:
    """LINES as the example of R's EurosarcBayes has it, by scipy's beta; written before the rule and apart from it."""
    n = (10, 15, 20, 25, 30, 35, 40)[look]
    efficacy = (1, 1, 0.95, 0.95, 0.95, 0.95, 0.9)[look]
    response, toxicity = posteriors(n, x), posteriors(n, t)
    if efficacy < 1 and response.sf(0.2) >= efficacy and toxicity.cdf(0.3) >= 0.95:
        return "declare"
    if toxicity.sf(0.1) >= 0.95:
        return "toxicity"
    if look < 6 and response.cdf(0.35) >= 0.95:
        return "futility"
    return "without" if look == 6 else "go on"


@pytest.mark.independent
def test_lines_says_the_same_of_all_counts() -> None:
    for k, b in enumerate(LINES.boundaries):
        region = b.region(last=k == 6)
        for x in range(b.n + 1):
            for t in range(b.n + 1):
                end = int(region[x, t])
                assert (ENDS[end] if end >= 0 else "go on") == lines_says(k, x, t)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("response", "toxicity", "expected", "patients"),
    [
        (0.35, 0.10, (0.6848, 0.1465, 0.0992, 0.0695), 24.16),
        (0.20, 0.10, (0.1103, 0.1237, 0.6298, 0.1362), 22.32),
        (0.35, 0.30, (0.0401, 0.9362, 0.0222, 0.0016), 14.17),
        (0.20, 0.30, (0.0057, 0.8489, 0.1424, 0.0030), 13.17),
    ],
)
def test_lines_by_plain_enumeration(
    response: float, toxicity: float, expected: tuple[float, ...], patients: float
) -> None:
    """State by state over both counts, in plain Python; the four figures were computed before this rule was written."""

    def binomial(n: int, k: int, p: float) -> float:
        return comb(n, k) * p**k * (1 - p) ** (n - k)

    state, ended, mean, before = {(0, 0): 1.0}, dict.fromkeys(ENDS, 0.0), 0.0, 0
    for look, n in enumerate((10, 15, 20, 25, 30, 35, 40)):
        m, before, new = n - before, n, dict[tuple[int, int], float]()
        for (x, y), p in state.items():
            for k in range(m + 1):
                for j in range(m + 1):
                    mass = p * binomial(m, k, response) * binomial(m, j, toxicity)
                    new[x + k, y + j] = new.get((x + k, y + j), 0.0) + mass
        state = {}
        for (x, y), p in new.items():
            says = lines_says(look, x, y)
            if says == "go on":
                state[x, y] = p
            else:
                ended[says] += p
                mean += p * n
    found = LINES.characteristics({"response": response, "toxicity": toxicity})
    more = [found.more[f"P({k})"].value for k in ("stop for toxicity", "stop for futility", "ends without")]
    assert [found.declare.value, *more] == pytest.approx(list(ended.values()), abs=1e-12)
    assert [round(v, 4) for v in ended.values()] == list(expected)
    assert found.expected_n.value == pytest.approx(mean, abs=1e-10)
    assert round(mean, 2) == patients


@pytest.mark.independent
@pytest.mark.parametrize("odds", [0.2, 1.0, 8.0])
def test_drawn_patients_agree(odds: float) -> None:
    """40,000 trials patient by patient, response and toxicity dependent, judged one by one by the verdict's own boundary."""
    truth = {"response": 0.3, "toxicity": 0.2, "odds_ratio": odds}
    c, rng, trials = cells(0.3, 0.2, odds), np.random.default_rng(7), 40_000
    assert c.both * c.neither == pytest.approx(odds * c.response_only * c.toxicity_only, rel=1e-9)
    cell = rng.choice(4, (trials, 40), p=[c.both, c.response_only, c.toxicity_only, c.neither])
    responses, toxicities = (cell <= 1).cumsum(axis=1), ((cell == 0) | (cell == 2)).cumsum(axis=1)
    on, ended, patients = np.ones(trials, bool), np.zeros(4), 0.0
    for k, b in enumerate(LINES.boundaries):
        end = np.where(on, b.region(last=k == 6)[responses[:, b.n - 1], toxicities[:, b.n - 1]], -1)
        ended += np.bincount(end + 1, minlength=5)[1:]
        patients += b.n * (end >= 0).sum()
        on &= end < 0
    assert not on.any()
    found = LINES.characteristics(truth)
    exact = [found.declare.value, *(v.value for v in found.more.values())]
    for seen, p in zip(ended / trials, exact, strict=True):
        assert abs(seen - p) < 4 * sqrt(p * (1 - p) / trials) + 1e-9
    assert abs(patients / trials - found.expected_n.value) < 0.25


levels = st.sampled_from([0.0, 0.6, 0.8, 0.9, 0.95, 1.0])


@st.composite
def rules(draw: Any) -> TwoEndpoints:
    looks = tuple(sorted(draw(st.sets(st.integers(1, 25), min_size=1, max_size=4))))
    each = {
        name: tuple(draw(st.lists(levels, min_size=len(looks), max_size=len(looks))))
        for name in ("futility_level", "toxicity_level", "efficacy_level")
    }
    safe = draw(st.sampled_from([0.0, 0.5, 0.8, 0.95]))
    if not any(0 < v < 1 for v in each["efficacy_level"]):
        each["efficacy_level"] = (*each["efficacy_level"][:-1], 0.8)
    poor, acceptable = draw(st.floats(0.05, 0.5)), draw(st.floats(0.05, 0.4))
    return rule(
        looks=looks, not_toxic_level=(safe,), **each, poor_response=poor, target_response=poor + draw(st.floats(0.05, 0.4)),
        acceptable_toxicity=acceptable, poor_toxicity=acceptable + draw(st.floats(0.05, 0.4)),
        response_a=draw(st.floats(0.2, 3)), toxicity_b=draw(st.floats(0.2, 3)),
    )  # fmt: skip


@pytest.mark.property
@settings(max_examples=15, deadline=None)
@given(rules(), st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.1, 1.0, 5.0]))
def test_laws(d: TwoEndpoints, response: float, toxicity: float, odds: float) -> None:
    """Probabilities add to one; more responses are never worse and more toxicities never better; what cannot end does not."""
    c = d.characteristics({"response": response, "toxicity": toxicity, "odds_ratio": odds})
    ways = [c.declare.value, *(v.value for v in c.more.values())]
    assert sum(ways) == pytest.approx(1, abs=1e-12)
    assert sum(c.ends_at) == pytest.approx(1, abs=1e-12)
    assert min(ways) >= 0
    assert c.expected_n.value == pytest.approx(sum(p * n for p, n in zip(c.ends_at, d.sizes, strict=True)), abs=1e-9)
    assert c.stop_early.value == pytest.approx(sum(c.ends_at[:-1]), abs=1e-12)
    if not any(0 < v < 1 for v in d.futility_level):
        assert c.more["P(stop for futility)"].value == 0
    if not any(0 < v < 1 for v in d.toxicity_level):
        assert c.more["P(stop for toxicity)"].value == 0
    for k, n in enumerate(d.sizes, 1):
        verdicts = [[d.verdict(PairEvidence(k, n, r, t)) for t in range(n + 1)] for r in range(n + 1)]
        ranks = np.array([[RANK[v.action.name] for v in row] for row in verdicts])
        assert (np.diff(ranks, axis=0) >= 0).all()
        assert (np.diff(ranks, axis=1) <= 0).all()
        for row in verdicts:
            for v in row:
                good = v.action.name != "stop"
                assert (v.distance >= -1e-9) if good else (v.distance <= 1e-9)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(rules(), st.floats(0, 1), st.floats(0, 1))
def test_with_independent_outcomes_better_rates_are_declared_more_often(
    d: TwoEndpoints, response: float, toxicity: float
) -> None:
    """At one look alone: a boundary that is a corner of the counts. (Over several looks an early end can turn this.)"""
    one = dataclasses.replace(
        d,
        sizes=d.sizes[-1:],
        futility_level=(1.0,),
        toxicity_level=(1.0,),
        efficacy_level=(0.8,),
        not_toxic_level=(0.8,),
    )
    base = one.characteristics({"response": response, "toxicity": toxicity}).declare.value
    more = one.characteristics({"response": min(1.0, response + 0.1), "toxicity": toxicity}).declare.value
    worse = one.characteristics({"response": response, "toxicity": min(1.0, toxicity + 0.1)}).declare.value
    assert worse - 1e-12 <= base <= more + 1e-12


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 12), st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 20))
def test_patient_by_patient_as_by_convolution(m: int, response: float, toxicity: float, odds: float) -> None:
    c = cells(response, toxicity, odds)
    assert advance(np.ones((1, 1)), m, c) == pytest.approx(joint(m, c), abs=1e-13)


def test_verdicts() -> None:
    assert LINES.verdict(PairEvidence(1, 10, 9, 0)).action.name == "continue"
    declared = LINES.verdict(PairEvidence(3, 20, 7, 2))
    assert declared.action.name == "declare"
    assert declared.distance > 0
    assert not declared.cautions
    toxic = LINES.verdict(PairEvidence(3, 20, 10, 5))
    assert getattr(toxic.action, "why", "") == "safety"
    assert getattr(LINES.verdict(PairEvidence(3, 20, 3, 0)).action, "why", "") == "futility"
    end = LINES.verdict(PairEvidence(7, 40, 11, 2))
    assert getattr(end.action, "why", "") == "the end without an answer"
    assert end.distance < 0
    # 7 toxicities of 40 are at the stop, and below what is needed to declare: the success comes first
    assert LINES.verdict(PairEvidence(7, 40, 12, 7)).action.name == "declare"
    assert "would both declare and stop" in LINES.cautions[-1]


def test_another_number_than_planned() -> None:
    """The posterior at the number attained, the look's levels, and what follows from the looks as they were taken."""
    fewer = LINES.verdict(PairEvidence(3, 18, 7, 1))
    assert fewer.action.name == "declare"
    assert "18 patients could be evaluated at this look, 20 were planned" in fewer.cautions[0]
    assert LINES.boundary(3, 18).responses == next(x for x in range(19) if beta(1 + x, 19 - x).sf(0.2) >= 0.95)
    # past a later look's plan, and with looks that were taken otherwise
    more = LINES.verdict(PairEvidence(3, 27, 8, 2, earlier=(11, 16)))
    taken = dataclasses.replace(LINES, sizes=(11, 16, 27, 27, 30, 35, 40))
    assert f"{taken.characteristics(LINES.truths()['target']).declare.value:.4f}" in more.cautions[0]
    assert LINES.verdict(PairEvidence(1, 0, 0, 0)).action.name == "continue"
    for wrong in (
        PairEvidence(8, 40, 9, 9),
        PairEvidence(0, 10, 1, 1),
        PairEvidence(7, 0, 0, 0),
        PairEvidence(2, 9, 1, 1, earlier=(10,)),
    ):
        with pytest.raises(BadInput):
            LINES.verdict(wrong)


def test_levels_are_one_or_one_a_look_or_none() -> None:
    one = rule(toxicity_level=0.95, efficacy_level=["none", "none", *[0.95] * 4, 0.9], futility_level=[*[0.95] * 6, 0])
    assert one.boundaries == LINES.boundaries
    never = rule(toxicity_level="none", futility_level="none", not_toxic_level="none")
    c = never.characteristics(never.truths()["null"])
    assert c.more["P(stop for toxicity)"].value == 0
    assert c.more["P(stop for futility)"].value == 0
    assert never.not_toxic_level == (0.0,) * 7


def test_what_it_says_of_itself() -> None:
    said, x = LINES.describe(), LINES.numbers()
    for shown in (
        "0.6848",
        "0.1103",
        "no level on 10 to 15, 0.95 on 20 to 35, 0.9 on 40",
        "7 or more responses with 2 or fewer toxicities",
    ):
        assert shown in said
    assert x["declare_with_responses_of_at_least"] == "7/20 9/25 10/30 11/35 12/40"
    assert x["stop_with_responses_of_at_most"] == "0/10 2/15 3/20 4/25 6/30 7/35"
    rows = LINES.table().rows
    assert rows[0] == [10, "–", "–", 3, 0]
    assert rows[-1] == [40, 12, 7, 7, "–"]
    assert "0.0057 where both rates are poor" in LINES.cautions[0]
    early = rule(looks=(1, 30), efficacy_level=0.999, not_toxic_level=0.9999, toxicity_level=0.999, futility_level=0.8)
    assert any("No number of toxicities stops at the looks on 1." in c for c in early.cautions)
    assert any("No number of responses stops for futility at the looks on 1." in c for c in early.cautions)
    nothing = rule(looks=(1, 2), efficacy_level=0.999, toxicity_level=0.95, futility_level=0.95)
    assert any(c.startswith("No numbers of responses and toxicities declare") for c in nothing.cautions)


def test_bad_input_all_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read(
            {
                "looks": (10, 5), "poor_response": 0.4, "target_response": 0.3, "acceptable_toxicity": 0.3, "poor_toxicity": 0.3,
                "futility_level": (0.95, 1.2), "toxicity_level": (0.9, 0.9, 0.9), "efficacy_level": "none", "not_toxic_level": 1,
                "response_a": 0, "extra": 1,
            }
        )  # fmt: skip
    assert {p.where for p in bad.value.problems} == {
        "looks", "target_response", "poor_toxicity", "futility_level[1]", "toxicity_level", "efficacy_level",
        "not_toxic_level[0]", "response_a", "extra",
    }  # fmt: skip
    with pytest.raises(BadInput):
        Spec.read({**EXAMPLE, "futility_level": "never"})
    with pytest.raises(BadInput, match="odds_ratio"):
        LINES.characteristics({"response": 0.2, "toxicity": 0.2, "odds_ratio": 0.0})
