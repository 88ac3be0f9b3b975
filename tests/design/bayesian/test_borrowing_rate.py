"""The borrowing design against Schmidli 2014, RBesT's vignette and a plain enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from equipoise.design import shelf
from equipoise.design.bayesian.borrowing_rate import BorrowingRate
from equipoise.numerics.borrowing.beta_mixture import BetaMixture
from equipoise.numerics.borrowing.methods import METHODS, exceedance
from equipoise.numerics.counts.two_binomials import probability
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import BadInput

#: Schmidli 2014, Table 2, in percent: control rates 0.1 … 0.6, first without and then with a difference of 0.3.
INFORMATIVE = (0, 1.6, 6.1, 13.7, 26.0, 44.4, 81.6, 87.8, 93.4, 97.9, 99.6, 100.0)
UNIFORM = (1.8, 2.3, 2.4, 2.6, 2.8, 2.6, 89.7, 82.1, 79.5, 79.5, 81.9, 89.8)


def example(**changes: object) -> BorrowingRate:
    design = shelf.build("borrowing-rate", {"kind": "borrowing-rate", **shelf.one("borrowing-rate").example, **changes})
    assert isinstance(design, BorrowingRate)
    return design


@pytest.mark.published
@pytest.mark.parametrize(
    ("prior", "controls", "table"), [((4, 16), 20, INFORMATIVE), ((1, 1), 38, UNIFORM)], ids=["Beta(4, 16)", "uniform"]
)
def test_schmidli_2014_table_2(prior: tuple[float, float], controls: int, table: tuple[float, ...]) -> None:
    """40 tested, 40 less the prior's worth as controls; declare at 97.5 %. Within RBesT's own 2.5 points."""
    region = exceedance(40, controls, BetaMixture.of((1, *prior))) > 0.975
    rates = [(round(0.1 * k, 1), d) for d in (0.0, 0.3) for k in range(1, 7)]
    found = [100 * probability(region, c + d, c) for c, d in rates]
    assert np.abs(np.array(found) - table).max() < 2.5


@pytest.mark.published
def test_rbest_vignette_differences_with_80_percent_power() -> None:
    """RBesT 1.11, 'Getting started (binary)': 24 against 6 with 0.302 (MAP) and 0.368 (robust), 24:24 without history 0.341."""
    informative = BetaMixture.of(
        (0.4612914, 33.9513487, 103.0146367), (0.1917812, 19.4400089, 41.5205219), (0.1893896, 12.2692310, 55.9202833),
        (0.1575378, 2.2521243, 5.4812202),
    )  # fmt: skip
    uniform = BetaMixture.of((1, 1, 1))
    c = informative.mean
    assert c == pytest.approx(0.25545885, abs=1e-8)
    assert informative.sd == pytest.approx(0.08662045, abs=1e-8)
    for prior, n, tested, delta in (
        (informative, 6, (0.5, 1), 0.302), (informative.robust(0.2), 6, (0.5, 1), 0.368), (uniform, 24, (1, 1), 0.341),
    ):  # fmt: skip
        region = exceedance(24, n, prior, *tested) > 0.95
        assert probability(region, c + delta - 0.0006, c) < 0.80 < probability(region, c + delta + 0.0006, c)


@pytest.mark.independent
@pytest.mark.parametrize("looks", [1, 2])
def test_behaviour_by_plain_enumeration(looks: int) -> None:
    """A fixed power prior: betas on both sides, P(tested > control) by summing over a fine grid, outcomes one by one."""
    first = {"n1_tested": 6, "n1_control": 4} if looks == 2 else {"n1_tested": None, "n1_control": None}
    d = example(method="power", a0=0.1, n_tested=14, n_control=8, **first)
    a, b = 1 + 0.1 * 127, 1 + 0.1 * (290 - 127)
    grid = (np.arange(1500) + 0.5) / 1500

    def above(x: int, nx: int, y: int, ny: int) -> float:
        weight = beta.pdf(grid, a + y, b + ny - y)
        return float((weight / weight.sum()) @ beta.sf(grid, 1 + x, 1 + nx - x))

    final = {(x, y): above(x, 14, y, 8) for x in range(15) for y in range(9)}
    assert d.exceedance(14, 8)[9, 3] == pytest.approx(final[9, 3], abs=1e-6)
    px, py, declares, stops = 0.6, 0.4, 0.0, 0.0
    if looks == 1:
        declares = sum(binom.pmf(x, 14, px) * binom.pmf(y, 8, py) for (x, y), v in final.items() if v >= 0.95)
    else:
        for x1 in range(7):
            for y1 in range(5):
                chance = binom.pmf(x1, 6, px) * binom.pmf(y1, 4, py)
                if above(x1, 6, y1, 4) <= 0.3:
                    stops += chance
                    continue
                for x2 in range(9):
                    for y2 in range(5):
                        if final[x1 + x2, y1 + y2] >= 0.95:
                            declares += chance * binom.pmf(x2, 8, px) * binom.pmf(y2, 4, py)
    found = d.characteristics({"tested": px, "control": py})
    assert found.declare.value == pytest.approx(declares, abs=1e-9)
    assert found.stop_early.value == pytest.approx(stops, abs=1e-9)


@pytest.mark.property
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.thorough
def test_more_successes_are_never_worse(method: str) -> None:
    d = example(method=method)
    table = d.exceedance(80, 40)
    assert (np.diff(table, axis=0) >= -1e-12).all()
    if method in ("pooled", "none", "power"):
        assert (np.diff(table, axis=1) <= 1e-12).all()
    assert str(d.borrowing) in d.describe()
    assert d.verdict(TwoArmEvidence(2, 80, 62, 40, 17)).action.name == "declare"
    assert d.verdict(TwoArmEvidence(2, 80, 30, 40, 17)).action.name == "stop"
    assert d.verdict(TwoArmEvidence(1, 40, 23, 20, 9)).action.name == "continue"


@pytest.mark.property
@pytest.mark.thorough
def test_borrowing_buys_power_and_drift_is_paid_in_error() -> None:
    alone, pooled, robust = (example(method=m) for m in ("none", "pooled", "robust-map"))
    truth = alone.truths()["target"]
    power = [d.characteristics(truth).declare.value for d in (alone, robust, pooled)]
    assert power == sorted(power)
    assert robust.error_after_drift(0.15) < pooled.error_after_drift(0.15)
    assert any("not what history says" in c for c in pooled.cautions)


def test_history_that_makes_no_sense_is_refused_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        example(history_x=(41, 3), history_n=(40,), n1_control=None, method="prayer", p_low=0.97)
    assert {"arms", "half-stated", "not-a-choice"} <= {p.code for p in bad.value.problems}
    with pytest.raises(BadInput, match="at most its 40 patients"):
        example(history_x=(41,), history_n=(40,))
    with pytest.raises(BadInput, match="1 or 2"):
        example().verdict(TwoArmEvidence(3, 39, 20, 20, 9))


def test_other_numbers_at_any_look() -> None:
    """The posterior of the numbers that came: that of a design planned on them; its errors are the caution's."""
    d, other = example(), example(n1_tested=39, n1_control=21, n_tested=79, n_control=41)
    for look, n, m in ((1, 39, 21), (2, 79, 41)):
        for x in range(0, n + 1, 7):
            v = d.verdict(TwoArmEvidence(look, n, x, m, 9, ((39, 21),) if look == 2 else ()))
            assert v.action == other.verdict(TwoArmEvidence(look, n, x, m, 9)).action
            assert f"{n} and {m} patients" in v.cautions[0]
    reached = other.characteristics(other.truths()["null"]).declare.value
    assert f"{reached:.4f}" in v.cautions[0]
