"""BOP2: posteriors, exact behaviour by enumeration and simulation, three endpoints."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import beta, gamma

from equipoise.design.bayesian.bop2 import EXAMPLE, Spec, from_spec
from equipoise.trial.evidence import Evidence, ExposureEvidence, PairEvidence
from equipoise.trial.problem import BadInput

RESPONSE = from_spec(Spec.read(EXAMPLE))
PAIR = from_spec(
    Spec.read(
        {
            "endpoint": "response-and-toxicity",
            "p0": 0.2,
            "p1": 0.5,
            "toxicity0": 0.5,
            "toxicity1": 0.2,
            "looks": (4, 8),
            "lam": 0.7,
            "gamma": 0.8,
            "alpha": 0.2,
        }
    )
)
TIMES = from_spec(Spec.read({"endpoint": "time-to-event", "median0": 5.5, "median1": 8.0, "looks": (20, 40, 60)}))


@pytest.mark.independent
def test_response_boundaries_by_the_posterior() -> None:
    for n, cut, b in zip(RESPONSE.sizes, RESPONSE.cutoffs, RESPONSE.boundaries, strict=True):
        assert cut == pytest.approx(RESPONSE.lam * (n / 40) ** RESPONSE.gamma)
        p = [beta.sf(0.2, 0.2 + x, 0.8 + n - x) for x in range(n + 1)]
        assert p[b] < cut <= p[b + 1]


def declares(lam: float, g: float, rate: float) -> float:
    """P(no stop at any look), count by count: boundaries by scipy's beta, patients by scipy's binomial."""
    on, before = {0: 1.0}, 0
    for n in RESPONSE.sizes:
        new: dict[int, float] = {}
        for x, p in on.items():
            for k in range(n - before + 1):
                new[x + k] = new.get(x + k, 0.0) + p * math.comb(n - before, k) * rate**k * (1 - rate) ** (
                    n - before - k
                )
        go = beta.sf(0.2, 0.2 + np.arange(n + 1), 0.8 + n - np.arange(n + 1)) >= lam * (n / 40) ** g
        on, before = {x: p for x, p in new.items() if go[x]}, n
    return sum(on.values())


@pytest.mark.independent
def test_nothing_on_the_grid_has_more_power() -> None:
    """Of all lambda and gamma tried, at the same looks, none keeps alpha with more power; the behaviour count by count."""
    best = declares(RESPONSE.lam, RESPONSE.gamma, 0.4)
    for name, rate in (("null", 0.2), ("target", 0.4)):
        found = RESPONSE.characteristics(RESPONSE.truths()[name]).declare.value
        assert found == pytest.approx(declares(RESPONSE.lam, RESPONSE.gamma, rate), abs=1e-12)
    assert declares(RESPONSE.lam, RESPONSE.gamma, 0.2) <= 0.10
    kept = 0
    for lam, g in itertools.product(np.arange(0.5, 0.995, 0.03), np.arange(0, 1.01, 0.1)):
        if declares(float(lam), float(g), 0.2) <= 0.10:
            kept += 1
            assert declares(float(lam), float(g), 0.4) <= best + 1e-12
    assert kept > 20


@pytest.mark.independent
def test_pairs_patient_by_patient() -> None:
    """Response and toxicity of 8 patients, every sequence of the four outcomes counted through their numbers."""
    truth = {"response": 0.45, "toxicity": 0.3, "odds_ratio": 2.0}
    found = PAIR.characteristics(truth)
    # both from the odds ratio, by bisection
    low, high = 0.0, 0.3
    for _ in range(200):
        both = (low + high) / 2
        odds = both * (1 - 0.45 - 0.3 + both) / ((0.45 - both) * (0.3 - both))
        low, high = (both, high) if odds < 2 else (low, both)
    p = [both, 0.45 - both, 0.3 - both, 1 - 0.45 - 0.3 + both]
    (r1, t1), (r2, t2) = PAIR.boundaries
    stop = passes = 0.0
    for first in itertools.product(range(5), repeat=4):
        if sum(first) != 4:
            continue
        mass = math.factorial(4) * math.prod(q**k / math.factorial(k) for q, k in zip(p, first, strict=True))
        r, t = first[0] + first[1], first[0] + first[2]
        if r <= r1 or t > t1:
            stop += mass
            continue
        for second in itertools.product(range(5), repeat=4):
            if sum(second) == 4 and r + second[0] + second[1] > r2 and t + second[0] + second[2] <= t2:
                passes += (
                    mass
                    * math.factorial(4)
                    * math.prod(q**k / math.factorial(k) for q, k in zip(p, second, strict=True))
                )
    assert found.stop_early.value == pytest.approx(stop, abs=1e-12)
    assert found.declare.value == pytest.approx(passes, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize("median", [5.5, 8.0])
def test_event_times_simulated(median: float) -> None:
    """Exponential total times at the looks, 100,000 trials, against the exact figure by the Poisson process."""
    rng = np.random.default_rng(4)
    total = rng.exponential(median / math.log(2), (100_000, 60)).cumsum(axis=1)
    on = np.ones(100_000, bool)
    for d, t in zip(TIMES.sizes, TIMES.boundaries, strict=True):
        on &= total[:, d - 1] >= t
    exact = TIMES.characteristics({"median": median}).declare.value
    assert abs(on.mean() - exact) < 4 * math.sqrt(exact * (1 - exact) / 100_000)


@pytest.mark.independent
def test_event_time_boundaries_by_the_posterior() -> None:
    h0 = math.log(2) / 5.5
    for d, cut, t in zip(TIMES.sizes, TIMES.cutoffs, TIMES.boundaries, strict=True):
        assert gamma.cdf(h0, 1 + d, scale=1 / (1 / h0 + t)) == pytest.approx(cut, abs=1e-9)


@pytest.mark.parametrize("d", [RESPONSE, TIMES], ids=["response", "times"])
def test_a_searched_design_keeps_alpha(d: object) -> None:
    numbers = d.numbers()  # type: ignore[attr-defined]
    assert float(numbers["alpha"]) <= 0.10


def test_verdicts() -> None:
    assert RESPONSE.verdict(Evidence(1, "T", 10, 1)).action.name == "stop"
    assert RESPONSE.verdict(Evidence(1, "T", 10, 2)).action.name == "continue"
    assert RESPONSE.verdict(Evidence(7, "T", 40, 11)).action.name == "declare"
    v = PAIR.verdict(PairEvidence(1, 4, 3, 4))
    assert v.action.name == "stop"
    assert getattr(v.action, "why", "") == "safety"
    assert TIMES.verdict(ExposureEvidence(1, 30, 20, 130.0)).action.name == "stop"
    assert "were planned" in TIMES.verdict(ExposureEvidence(1, 30, 19, 230.0)).cautions[0]


def test_bad_input() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read(
            {"endpoint": "response-and-toxicity", "p0": 0.4, "p1": 0.2, "toxicity0": 0.1, "looks": (10, 5), "lam": 0.5}
        )
    assert {"p1", "toxicity1", "looks", "gamma"} <= {p.where for p in bad.value.problems}
    with pytest.raises(BadInput, match="no lambda"):
        from_spec(Spec.read({"p0": 0.2, "p1": 0.4, "looks": (3,), "alpha": 0.001}))


@pytest.mark.independent
def test_the_cut_off_is_that_of_the_number_attained() -> None:
    """lambda (n / N)^gamma by hand, and scipy's beta and gamma for the posteriors."""
    d = RESPONSE
    for look, n in ((1, 8), (2, 17), (7, 38), (7, 44), (3, 0)):
        share = 1.0 if look == 7 else n / 40
        for x in range(n + 1):
            p = beta.sf(0.2, 0.2 + x, 0.8 + n - x)
            v = d.verdict(Evidence(look, "A", n, x))
            assert (v.action.name == "stop") == (p < d.lam * share**d.gamma), (look, n, x)
            assert "number attained" in v.cautions[0]
    for n, r, t in ((3, 1, 1), (5, 2, 1), (5, 0, 0), (5, 5, 5)):
        cutoff = 0.7 * (n / 8) ** 0.8
        works, safe = beta.sf(0.2, 0.2 + r, 0.8 + n - r), beta.cdf(0.5, 0.5 + t, 0.5 + n - t)
        v = PAIR.verdict(PairEvidence(1, n, r, t))
        assert (v.action.name == "stop") == (min(works, safe) < cutoff)
    times = from_spec(
        Spec.read(
            {"endpoint": "time-to-event", "median0": 6, "median1": 12, "looks": (8, 16), "lam": 0.8, "gamma": 0.9}
        )
    )
    for time in range(20, 200, 5):
        p = gamma.cdf(math.log(2) / 6, 1 + 10, scale=1 / (6 / math.log(2) + time))
        v = times.verdict(ExposureEvidence(1, 20, 10, float(time)))
        assert (v.action.name == "stop") == (p < 0.8 * (10 / 16) ** 0.9)
    with pytest.raises(BadInput) as bad:
        PAIR.verdict(PairEvidence(3, 0, 0, 0, (4, 4, 2)))
    assert {p.code for p in bad.value.problems} == {"no-such-look", "too-many-earlier", "does-not-rise", "falls"}
