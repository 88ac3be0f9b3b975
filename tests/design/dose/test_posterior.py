"""Posterior rates of the report's table against quadrature by scipy, and the way from within a cohort against counting by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.optimize import brentq

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.conducting import pending_before, unfinished
from equipoise.design.dose.counts import Counts
from equipoise.design.dose.dose_design import Seen
from equipoise.design.dose.meanwhile import Meanwhile
from equipoise.design.dose.paths import pathways, pathways_in
from equipoise.design.dose.posterior import posterior
from equipoise.trial.dose_outcomes import read_outcomes

SKELETON = (0.08, 0.16, 0.25, 0.35)
N, Y = (3, 3, 6, 3), (0, 0, 1, 1)
STATE = Counts(N, Y, 4, 5)


def built(kind: str, **table: Any) -> Any:
    return dose_shelf.build(kind, table)


def crm_by_quadrature(
    rate: Any, pending: tuple[tuple[int, float], ...] = ()
) -> list[tuple[float, float, float, float]]:
    """Mean, 2.5 %, 97.5 % and P(> 0.25) of each dose's rate; θ normal with variance 1.34."""

    def density(t: float) -> float:
        logs = stats.norm.logpdf(t, scale=math.sqrt(1.34))
        for d, (n, y) in enumerate(zip(N, Y, strict=True)):
            p = rate(d, t)
            logs += y * math.log(p) + (n - y) * math.log1p(-p)
        return float(math.exp(logs) * math.prod(1 - w * rate(d - 1, t) for d, w in pending))

    def area(f: Any, a: float = -4.5, b: float = 3.4) -> float:
        return float(integrate.quad(f, a, b, limit=400, epsabs=1e-13)[0])

    whole = area(density)
    found = []
    for d in range(4):
        mean = area(lambda t, d=d: rate(d, t) * density(t)) / whole

        def below(r: float, d: int = d) -> float:
            # The rate falls with θ.
            edge = brentq(lambda t: rate(d, t) - r, -4.5, 3.4)
            return area(density, edge) / whole

        low, high = (brentq(lambda r, q=q: below(r) - q, 1e-4, 0.9, xtol=1e-7) for q in (0.025, 0.975))
        found.append((mean, low, high, 1 - below(0.25)))
    return found


def empiric(d: int, t: float) -> float:
    return float(SKELETON[d] ** math.exp(t))


def logistic(d: int, t: float) -> float:
    x = math.log(SKELETON[d] / (1 - SKELETON[d])) - 3
    return 1 / (1 + math.exp(-3 - math.exp(t) * x))


@pytest.mark.independent
@pytest.mark.parametrize(("model", "rate"), [("empiric", empiric), ("logistic", logistic)])
def test_the_crm(model: str, rate: Any) -> None:
    design = built("crm", target=0.25, skeleton=list(SKELETON), model=model)
    found = posterior(design, STATE)
    assert found is not None
    for r, (mean, low, high, above) in zip(found, crm_by_quadrature(rate), strict=True):
        assert (r.mean, r.lower, r.upper, r.above) == pytest.approx((mean, low, high, above), abs=1e-6)
        assert r.limit == 0.25


def test_the_crm_in_time_weighs_who_is_pending() -> None:
    design = built("crm", target=0.25, skeleton=list(SKELETON), tite="linear")
    found = posterior(design, STATE, Meanwhile(((4, 1 / 3), (4, 0.5))))
    assert found is not None
    by_hand = crm_by_quadrature(empiric, ((4, 1 / 3), (4, 0.5)))
    for r, expected in zip(found, by_hand, strict=True):
        assert (r.mean, r.lower, r.upper, r.above) == pytest.approx(expected, abs=1e-6)


def test_the_blrm() -> None:
    """By sums over a square of ±7 standard deviations, 1,401 by 1,401 points."""
    levels = (60.0, 75.0, 90.0, 112.0)
    design = built("blrm", levels=list(levels), reference=90)
    m = design.blrm
    (ma, mb), (sa, sb), r = m.means, m.sds, m.correlation
    za, zb = np.meshgrid(np.linspace(-7, 7, 1401), np.linspace(-7, 7, 1401))
    a, b = ma + sa * za, mb + sb * zb
    logs = -(za**2 - 2 * r * za * zb + zb**2) / (2 * (1 - r**2))
    rates = []
    for d, n, y in zip(levels, N, Y, strict=True):
        x = a + np.exp(b) * math.log(d / 90)
        p = 1 / (1 + np.exp(-x))
        rates.append(p)
        logs += -y * np.logaddexp(0, -x) - (n - y) * np.logaddexp(0, x)
    w = np.exp(logs - logs.max())
    w /= w.sum()
    found = posterior(design, STATE)
    assert found is not None
    for q, p in zip(found, rates, strict=True):
        assert q.mean == pytest.approx(float((w * p).sum()), abs=1e-5)
        assert q.above == pytest.approx(float(w[p > design.target_to].sum()), abs=3e-3)
        assert float(w[p < q.lower].sum()) == pytest.approx(0.025, abs=2e-3)
        assert float(w[p < q.upper].sum()) == pytest.approx(0.975, abs=2e-3)


@pytest.mark.parametrize("kind", ["boin", "keyboard", "mtpi", "i3plus3"])
def test_interval_designs_judge_each_dose_alone(kind: str) -> None:
    found = posterior(built(kind, target=0.25, doses=4), STATE)
    assert found is not None
    for r, n, y in zip(found, N, Y, strict=True):
        of = stats.beta(1 + y, 1 + n - y)
        assert (r.mean, r.lower, r.upper) == pytest.approx((of.mean(), *of.interval(0.95)), abs=1e-9)
        assert r.above == pytest.approx(of.sf(0.25), abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "table"),
    [("a-plus-b", {"doses": 4}), ("rolling-six", {"doses": 4}), ("crm", {"target": 0.25, "skeleton": list(SKELETON), "method": "likelihood"})],
)  # fmt: skip
def test_no_posterior_where_the_design_has_none(kind: str, table: dict[str, Any]) -> None:
    assert posterior(built(kind, **table), STATE) is None


def test_the_way_from_within_a_cohort() -> None:
    """3+3, one of three answered with a DLT: two are to come. None more: three more at the dose; one or two: too toxic."""
    design = built("a-plus-b", doses=3)
    cohorts = read_outcomes("1NNN 2TP:3")
    left = unfinished(design, cohorts)
    assert left is not None
    assert (left.dose, left.known, left.to_come) == (2, Seen(0, 1), 2)
    nodes = pathways_in(design, left, 1)
    assert [(s.toxic, nodes[to].verdict.name(nodes[to].at)) for s, to in nodes[0].ways] == [
        (0, "stay"),
        (1, "declare"),
        (2, "declare"),
    ]
    assert [n.number for n in nodes] == list(range(len(nodes)))
    assert {n.depth for n in nodes} == {0, 1, 2}


def test_from_within_is_from_there_once_it_is_answered() -> None:
    """Each answered cohort's tree is the tree from its state on."""
    design = built("boin", target=0.25, doses=4)
    left = unfinished(design, read_outcomes("1NNN 2NNN 3NP:7"))
    assert left is not None
    nodes = pathways_in(design, left, 2)
    for seen, to in nodes[0].ways:
        state = design.step(left.before, 3, Seen(1 + seen.none, seen.toxic))
        alone = pathways(design, state, 2)
        assert nodes[to].state == alone[0].state == state
        reached, there = {to}, [(to, 0)]
        assert len(alone[0].ways) == len(nodes[to].ways)
        while there:
            k, j = there.pop()
            assert nodes[k].state == alone[j].state
            assert nodes[k].verdict == alone[j].verdict
            for (s, a), (t, b) in zip(nodes[k].ways, alone[j].ways, strict=True):
                assert s == t
                if a not in reached:
                    reached.add(a)
                    there.append((a, b))


def test_what_is_unfinished() -> None:
    design = built("boin", target=0.25, doses=4)
    assert unfinished(design, ()) is None
    assert unfinished(design, read_outcomes("1NNN 2NTN")) is None
    missing = unfinished(design, read_outcomes("1NNN 2NX"))
    assert missing is not None
    assert (missing.known, missing.to_come) == (Seen(1), 2)
    assert pending_before(read_outcomes("1NP:3N 2NP:2N 2P:1")) == 2
