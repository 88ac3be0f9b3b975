"""Designs on rates as papers and those who quote them print them, row by row; who is right where a quotation is not the paper's."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy.integrate import quad
from scipy.stats import beta, binom

from equipoise.design import shelf
from equipoise.design.bayesian.lee_liu import predictive_probability
from equipoise.design.one_rate.simon import search as simon
from equipoise.trial.evidence import Evidence
from printed import named, rows


def reaches(n: int, least: int, p: float) -> float:
    """P(X >= least) of n, by plain sums."""
    return math.fsum(math.comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(least, n + 1))


def errors(row: dict[str, str]) -> dict[str, float]:
    return {k: float(row[k]) for k in ("p0", "p1", "alpha", "power")}


@pytest.mark.published
@pytest.mark.parametrize("row", rows("a_hern", agree="yes"), ids=named)
def test_a_hern_as_quoted(row: dict[str, str]) -> None:
    """Second hand: declare with r or more of n. The errors by plain sums, to the digits quoted."""
    d: Any = shelf.build("a-hern", errors(row))
    assert (d.n, d.r + 1) == (int(row["n"]), int(row["r"]))
    for printed, p in (("exact_alpha", row["p0"]), ("exact_power", row["p1"])):
        if row[printed]:
            assert reaches(d.n, d.r + 1, float(p)) == pytest.approx(float(row[printed]), abs=6e-5)


@pytest.mark.independent
@pytest.mark.parametrize("row", rows("a_hern", agree="no"), ids=named)
def test_what_is_said_to_be_a_herns_table_and_breaks_its_level(row: dict[str, str]) -> None:
    """A design quoted as A'Hern's whose error is above 5 %: the quotation is wrong, and ours is the least that keeps both errors."""
    asked = errors(row)
    d: Any = shelf.build("a-hern", asked)
    quoted = int(row["n"]), int(row["r"])
    assert reaches(*quoted, asked["p0"]) == pytest.approx(float(row["exact_alpha"]), abs=6e-5)
    assert reaches(*quoted, asked["p0"]) > asked["alpha"]
    assert (d.n, d.r + 1) == (int(row["eq_n"]), int(row["eq_r"]))
    kept = [
        n
        for n in range(1, d.n + 1)
        for r in range(n + 1)
        if reaches(n, r, asked["p0"]) <= asked["alpha"] and reaches(n, r, asked["p1"]) >= asked["power"]
    ]
    assert kept == [d.n]


@pytest.mark.published
@pytest.mark.parametrize("row", rows("simon_1989"), ids=named)
def test_simon_1989_as_quoted(row: dict[str, str]) -> None:
    """Second hand: r1/n1, r/n, and EN0 to the digits quoted. Both errors by scipy."""
    found = getattr(simon(*errors(row).values()), row["kind"])
    assert [getattr(found, k) for k in ("r1", "n1", "r", "n")] == [int(row[k]) for k in ("r1", "n1", "r", "n")]
    if row["en0"]:
        digits = len(row["en0"].partition(".")[2])
        # to whole patients the vignette truncates
        assert found.numbers()["en0"] == pytest.approx(float(row["en0"]), abs=0.51 * 10**-digits)
    n2 = found.n - found.n1
    for p, limit, sign in ((found.p0, float(row["alpha"]), 1), (found.p1, float(row["power"]), -1)):
        passes = sum(
            binom.pmf(x, found.n1, p) * binom.sf(found.r - x, n2, p) for x in range(found.r1 + 1, found.n1 + 1)
        )
        assert sign * passes <= sign * limit


@pytest.mark.published
@pytest.mark.parametrize("row", rows("fleming_example"), ids=named)
def test_flemings_procedure_as_worked(row: dict[str, str]) -> None:
    sizes = (int(row["n1"]), int(row["n2_total"]))
    d: Any = shelf.build("fleming", {**errors(row), "sizes": sizes})
    s = d.stages
    # recommended with r or more, which is more than s.high
    assert (s.low[0], s.high[0] + 1) == (int(row["a1"]), int(row["r1"]))
    assert (s.high[1], s.high[1] + 1) == (int(row["a2"]), int(row["r2"]))


@pytest.mark.published
@pytest.mark.parametrize("row", rows("bryant_day_1995"), ids=named)
def test_bryant_and_days_example(row: dict[str, str]) -> None:
    """Page 1379, second hand: sizes and boundaries; the three probabilities by scipy's binomials, outcomes independent."""
    asked = {
        k: float(row[k]) for k in ("response0", "response1", "toxicity0", "toxicity1", "alpha_r", "alpha_t", "power")
    }
    d: Any = shelf.build("bryant-day", asked)
    assert {k: getattr(d, k) for k in ("n1", "c_r1", "c_t1", "n", "c_r", "c_t")} == {
        k: int(row[k]) for k in ("n1", "c_r1", "c_t1", "n", "c_r", "c_t")
    }
    n2 = d.n - d.n1

    def responds(p: float) -> float:
        return sum(binom.pmf(x, d.n1, p) * binom.sf(d.c_r - x, n2, p) for x in range(d.c_r1 + 1, d.n1 + 1))

    def is_safe(p: float) -> float:
        return sum(binom.pmf(x, d.n1, p) * binom.cdf(d.c_t - x, n2, p) for x in range(d.c_t1 + 1))

    r, t = {k: responds(asked[f"response{k}"]) for k in (0, 1)}, {k: is_safe(asked[f"toxicity{k}"]) for k in (0, 1)}
    truths = d.truths()
    for truth, plain, column in (
        ("null", r[0] * t[1], "exact_alpha_r"), ("too toxic", r[1] * t[0], "exact_alpha_t"), ("target", r[1] * t[1], "exact_power"),
    ):  # fmt: skip
        assert plain == pytest.approx(float(row[column]), abs=1e-9)
        assert d.characteristics(truths[truth]).declare.value == pytest.approx(plain, abs=1e-10)


#: Table 2 of TOP: looks at 10, 20, 30 and 40.
TOP = {"endpoint": "response", "p0": 0.2, "p1": 0.4, "alpha": 0.10, "looks": (10, 20, 30, 40)}


@pytest.mark.published
@pytest.mark.parametrize("row", rows("bop2_by_top_2020_table2", what="boundary"), ids=named)
def test_bop2s_boundaries_by_its_authors(row: dict[str, str]) -> None:
    """What our search finds, and what the table's own lambda .86 and gamma 1 give."""
    n = int(row["n"])
    for table in (TOP, {**TOP, "lam": 0.86, "gamma": 1.0}):
        d: Any = shelf.build("bop2", table)
        assert d.boundaries[d.sizes.index(n)] == int(row["responses"])


@pytest.mark.published
@pytest.mark.parametrize("row", rows("bop2_by_top_2020_table2", what="effective size"), ids=named)
def test_bop2s_cutoffs_by_its_authors(row: dict[str, str]) -> None:
    """The printed effective size is where scipy's posterior meets our cut-off, lambda n / 40: to its two digits."""
    n, y, size = int(row["n"]), int(row["responses"]), float(row["effective_size"])
    d: Any = shelf.build("bop2", {**TOP, "lam": 0.86, "gamma": 1.0})
    cut = d.cutoffs[d.sizes.index(n)]
    just, beyond = (beta.sf(0.2, 0.2 + y, 0.8 + s - y) for s in (size - 0.01, size + 0.01))
    assert beyond < cut < just
    assert cut == pytest.approx(float(row["value"]), abs=6e-4)


@pytest.mark.published
@pytest.mark.parametrize("row", rows("lee_liu_2008_table1"), ids=named)
def test_lee_and_lius_table_1(row: dict[str, str]) -> None:
    """Second hand, page 97: 16 of 23, 40 at most, Beta(.6, .4)."""
    printed = float(row["value"])
    if row["what"].startswith("posterior"):
        # with nobody left the predictive probability is whether the posterior exceeds theta
        for theta, wins in ((printed - 5e-4, 1.0), (printed + 5e-4, 0.0)):
            assert predictive_probability(16, 23, 23, 0.6, theta, 0.6, 0.4) == wins
    elif row["what"].startswith("responses needed"):
        d: Any = shelf.build(
            "lee-liu",
            {"p0": 0.6, "p1": 0.8, "alpha": 0.2, "power": 0.8, "nmax": 40, "theta_l": 0.001, "theta_t": 0.9,
             "prior_a": 0.6, "prior_b": 0.4},
        )  # fmt: skip
        assert d.stages.high[-1] + 1 - 16 == int(printed)
    else:
        found = predictive_probability(16, 23, 40, 0.6, 0.9, 0.6, 0.4)
        digits = len(row["value"].partition(".")[2])
        assert found == pytest.approx(printed, abs=0.51 * 10**-digits)


@pytest.mark.published
@pytest.mark.parametrize("row", rows("thall_simon_multc_tutorial"), ids=named)
def test_thall_and_simon_as_the_tutorial_works_it(row: dict[str, str]) -> None:
    """0 of 6 against Beta(30, 70), prior Beta(.6, 1.4): the probability by scipy's quadrature, and by where our verdict turns."""
    n, x, printed = int(row["n"]), int(row["responses"]), float(row["p_history_better"])
    plain = quad(lambda s: beta.pdf(s, 30, 70) * beta.cdf(s, 0.6 + x, 1.4 + n - x), 0, 1, epsabs=1e-11)[0]
    assert plain == pytest.approx(printed, abs=5e-7)
    for p_low, action in ((1 - printed - 5e-5, "continue"), (1 - printed + 5e-5, "stop"), (0.05, row["decision"])):
        table = {
            "p0": 0.3, "p1": 0.5, "nmax": 30, "nmin": 1, "standard_n": 100.0, "prior_n": 2.0, "prior_mean": 0.3, "p_low": p_low,
        }  # fmt: skip
        assert shelf.build("thall-simon", table).verdict(Evidence(n, "T", n, x)).action.name == action
