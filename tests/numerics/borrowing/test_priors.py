"""Borrowing priors against RBesT's published numbers and plain numerical integration written for the tests."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, expit
from scipy.stats import beta, betabinom, binom, gamma, norm

from equipoise.numerics.borrowing import commensurate, logit_grid, power_prior
from equipoise.numerics.borrowing.beta_mixture import BetaMixture
from equipoise.numerics.borrowing.gamma_mixture import GammaMixture
from equipoise.numerics.borrowing.map_prior import map_normal, map_rate
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.borrowing.rate_density import RateDensity
from equipoise.numerics.borrowing.spread_prior import SpreadPrior

#: Ankylosing spondylitis, placebo arms of eight trials (Baeten 2013), as RBesT ships them.
AS_N = [107, 44, 51, 39, 139, 20, 78, 35]
AS_X = [23, 12, 19, 9, 39, 6, 9, 10]
#: Crohn's disease, change of CDAI on placebo (Hueber 2012), as RBesT ships them.
CROHN = [-51, -49, -36, -47, -90, -54]
CROHN_N = np.array([74, 166, 328, 20, 25, 58])


@pytest.mark.independent
def test_effective_sizes_as_rbest_documents_them() -> None:
    """RBesT 1.11, help page of ess()."""
    size = BetaMixture.of((0.2, 1, 1), (0.8, 10, 2)).effective_size()
    assert size.elir == pytest.approx(7.65152, abs=5e-6)
    assert size.moment == pytest.approx(3.161034, abs=5e-7)
    normal = NormalMixture.of((0.5, 0, 2), (0.5, 3, 4)).effective_size(10)
    assert normal.elir == pytest.approx(10.82796, abs=5e-6)
    assert normal.moment == pytest.approx(8.163265, abs=5e-7)
    assert GammaMixture.of((0.3, 20, 4), (0.7, 50, 10)).effective_size().elir == pytest.approx(34.93388, abs=5e-6)


@pytest.mark.independent
def test_morita_as_rbest_documents_it() -> None:
    """RBesT 1.11, help page of ess(), and its pages on AS and Crohn: at the mode, a vague prior scaled by 100, mixtures as printed there.

    What is printed for the mixture is 8.487603: our closed form is 8.487604, RBesT searches numerically.
    """
    assert BetaMixture.of((0.2, 1, 1), (0.8, 10, 2)).morita("mode", 100) == pytest.approx(8.487603, abs=2e-6)
    printed = BetaMixture.of(
        (0.3690331, 33.9513487, 103.0146367), (0.1534249, 19.4400089, 41.5205219), (0.1515117, 12.2692310, 55.9202833),
        (0.1260303, 2.2521243, 5.4812202),
    )  # fmt: skip
    assert round(printed.morita("mode", 100)) == 95
    crohn = NormalMixture.of(
        (0.50104846, -51.42408665, 19.04525409), (0.41871594, -47.25917128, 7.85193726), (0.08023561, -55.07086416, 44.573250),
    )  # fmt: skip
    assert round(crohn.morita(88, "mode")) == 89
    # the paper's own table: a beta is worth a + b, a gamma of exponential times its shape, a normal the ratio of variances
    assert BetaMixture.of((1, 3, 7)).morita() == pytest.approx(10, abs=1e-12)
    assert GammaMixture.of((1, 6, 2)).morita() == pytest.approx(6, abs=1e-12)
    assert NormalMixture.of((1, 0, 0.5)).morita(3.0) == pytest.approx(36, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize("at", ["mean", "mode"])
def test_morita_by_the_distance_of_the_paper(at: str) -> None:
    """The definition itself: the distance of two informations for each n, outcomes summed by the beta-binomial, derivatives by differences."""
    parts = [(0.35, 20, 44), (0.45, 6, 9), (0.2, 1, 1)]
    mixture = BetaMixture.of(*parts)

    def log_f(p: float) -> float:
        return float(np.log(sum(w * beta.pdf(p, a, b) for w, a, b in parts)))

    grid = np.linspace(0.01, 0.99, 98001)
    place = mixture.mean if at == "mean" else float(grid[np.argmax(sum(w * beta.pdf(grid, a, b) for w, a, b in parts))])
    h = 1e-4
    information = -(log_f(place + h) - 2 * log_f(place) + log_f(place - h)) / h**2
    a0, b0 = place / 1e6, (1 - place) / 1e6

    def distance(n: int) -> float:
        y = np.arange(n + 1)
        chances = sum(w * betabinom.pmf(y, n, a, b) for w, a, b in parts)
        vague = (a0 + y - 1) / place**2 + (b0 + n - y - 1) / (1 - place) ** 2
        return float(chances @ vague) - information

    found = [distance(n) for n in range(120)]
    k = next(i for i, v in enumerate(found) if v > 0)
    between = k - 1 - found[k - 1] / (found[k] - found[k - 1])
    assert mixture.morita(at) == pytest.approx(between, abs=2e-3)  # type: ignore[arg-type]
    on_grid = RateDensity(mixture.mass())
    assert on_grid.morita(at) == pytest.approx(mixture.morita(at), rel=1e-6)  # type: ignore[arg-type]


@pytest.mark.independent
def test_morita_of_hazards_by_differences() -> None:
    """-(log f)'' by second differences: of a log hazard in units of one event, of a hazard against Gamma(0, 0)."""
    normal = [(0.6, -2.0, 0.3), (0.4, -1.5, 0.8)]
    m = NormalMixture.of(*normal)
    logs = [np.log(sum(w * norm.pdf(m.mean + d, c, s) for w, c, s in normal)) for d in (-1e-4, 0, 1e-4)]
    assert m.morita() == pytest.approx(-(logs[0] - 2 * logs[1] + logs[2]) / 1e-8, rel=1e-5)
    gammas = [(0.7, 12, 50), (0.3, 2, 6)]
    g = GammaMixture.of(*gammas)
    logs = [np.log(sum(w * gamma.pdf(g.mean + d, a, scale=1 / b) for w, a, b in gammas)) for d in (-1e-5, 0.0, 1e-5)]
    assert g.morita() == pytest.approx(-(logs[0] - 2 * logs[1] + logs[2]) / 1e-10 * g.mean**2 + 1, rel=1e-4)
    # curved the other way between two peaks: worth nothing, not less
    assert NormalMixture.of((0.5, -3, 1), (0.5, 3, 1)).morita() == 0
    assert BetaMixture.of((0.5, 30, 90), (0.5, 90, 30)).morita() == 0


@pytest.mark.independent
@pytest.mark.parametrize(
    ("scale", "tau", "rate"),
    [
        (1.0, (0.387, 0.359, 0.215, 0.897), (0.255, 0.247, 0.0864, 0.106, 0.461)),
        (0.5, (0.335, 0.320, 0.172, 0.718), (0.259, 0.250, 0.0776, 0.129, 0.442)),
    ],
)
def test_ankylosing_spondylitis_as_rbest_samples_it(
    scale: float, tau: tuple[float, ...], rate: tuple[float, ...]
) -> None:
    """RBesT 1.11, 'Getting started (binary)': 4000 draws, so good to a hundredth (three hundredths in tau's tail)."""
    found = map_rate(AS_X, AS_N, SpreadPrior("half-normal", scale))
    s, p = found.spread, found.prior
    assert (s.mean, s.quantile(0.5), s.sd) == pytest.approx(tau[:3], abs=0.01)
    assert s.quantile(0.975) == pytest.approx(tau[3], abs=0.03)
    ours = (p.mean, p.quantile(0.5), p.sd, p.quantile(0.025), p.quantile(0.975))
    assert ours == pytest.approx(rate, abs=0.011)


@pytest.mark.independent
def test_ankylosing_spondylitis_is_worth_what_rbest_says() -> None:
    """38 by ELIR, 24 by moments, 27 with a vague fifth (the same page)."""
    prior = map_rate(AS_X, AS_N, SpreadPrior("half-normal", 1)).prior
    size = prior.effective_size()
    # RBesT's is that of a mixture of two betas fitted to 4000 draws; the quadrature has 36.99 whatever is cut off far out.
    assert size.elir == pytest.approx(38, abs=1.5)
    assert size.moment == pytest.approx(24, abs=0.6)
    assert prior.robust(0.2).effective_size().elir == pytest.approx(27, abs=1.2)
    assert str(prior.robust(0.2).effective_size()) == "the prior is worth 26 patients"
    assert size.in_full() == f"the prior is worth 37 patients (ELIR; 24 by moments, {size.morita:.0f} by Morita)"
    assert size.morita is not None
    assert size.morita > 2 * size.elir, "for mixtures it promises too much"


@pytest.mark.independent
def test_crohn_as_rbest_samples_it() -> None:
    """RBesT 1.11, 'RBesT for a normal endpoint'."""
    found = map_normal(CROHN, 88 / np.sqrt(CROHN_N), SpreadPrior("half-normal", 44), 0, 88)
    p = found.prior
    assert (p.mean, p.quantile(0.5), p.sd) == pytest.approx((-50, -48.6, 19.3), abs=0.4)
    assert (p.quantile(0.025), p.quantile(0.975)) == pytest.approx((-93.1, -13.8), abs=2.5)
    assert (found.spread.mean, found.spread.quantile(0.5), found.spread.sd) == pytest.approx(
        (14.3, 12.2, 9.99), abs=0.4
    )


@pytest.mark.independent
def test_the_trials_analysis_as_rbest_gives_it() -> None:
    """The same mixture and data as on the page: P(tested > control) = 0.9917197."""
    prior = BetaMixture.of(
        (0.3690331, 33.9513487, 103.0146367), (0.1534249, 19.4400089, 41.5205219), (0.1515117, 12.2692310, 55.9202833),
        (0.1260303, 2.2521243, 5.4812202), (0.2, 1, 1),
    )  # fmt: skip
    tested = BetaMixture.of((1, 0.5, 1)).posterior(14, 24)
    control = prior.posterior(1, 6)
    found = control.mass() @ np.array([tested.beyond(p) for p in logit_grid.RATE])
    assert found == pytest.approx(0.9917197, abs=1e-6)


@pytest.mark.independent
@pytest.mark.parametrize(
    "tau", [SpreadPrior("half-normal", 0.5), SpreadPrior("half-cauchy", 0.3), SpreadPrior("uniform", 1.5)], ids=str
)
def test_map_by_plain_integration_over_a_dense_grid(tau: SpreadPrior) -> None:
    """Mu and tau on dense grids, each trial's own rate by a rule in z = (theta - mu) / tau: nothing in common with the convolutions."""
    x, n = [12, 3, 30], [40, 25, 61]
    mu = np.linspace(-9, 9, 121)
    top = {"uniform": 1.5, "half-normal": 3.5, "half-cauchy": 8.0}[tau.family]
    # midpoints of steps that grow with tau
    edge = top * np.linspace(0, 1, 121) ** 2
    sd, width = (edge[1:] + edge[:-1]) / 2, np.diff(edge)
    z = np.linspace(-8, 8, 241)
    w = norm.pdf(z) / norm.pdf(z).sum()
    logs = np.zeros((len(sd), len(mu)))
    for i, s in enumerate(sd):
        p = expit(mu[:, None] + s * z)
        for a, m in zip(x, n, strict=True):
            logs[i] += np.log((p**a * (1 - p) ** (m - a)) @ w)
    density = {
        "half-normal": lambda s: np.exp(-0.5 * (s / tau.scale) ** 2),
        "half-cauchy": lambda s: 1 / (1 + (s / tau.scale) ** 2),
        "uniform": np.ones_like,
    }[tau.family]
    joint = np.exp(logs - logs.max() - 0.5 * (mu / 2) ** 2) * (density(sd) * width)[:, None]
    joint /= joint.sum()
    rates = np.stack([expit(mu[:, None] + s * z) @ w for s in sd])
    squares = np.stack([expit(mu[:, None] + s * z) ** 2 @ w for s in sd])
    mean = (joint * rates).sum()
    found = map_rate(x, n, tau)
    assert found.prior.mean == pytest.approx(mean, abs=5e-5)
    assert found.prior.sd == pytest.approx(np.sqrt((joint * squares).sum() - mean**2), abs=5e-5)
    assert found.spread.mean == pytest.approx(joint.sum(axis=1) @ sd, rel=1e-3)


@pytest.mark.independent
def test_one_trial_and_no_spread_is_that_trial() -> None:
    """tau = 0 in all but name: the logistic-normal prior times the likelihood, by ``quad``."""

    def f(t: float) -> float:
        return float(norm.pdf(t, 0, 2) * binom.pmf(9, 30, expit(t)))

    total = quad(f, -12, 12, epsabs=1e-14)[0]
    mean = quad(lambda t: f(t) * expit(t), -12, 12, epsabs=1e-14)[0] / total
    found = map_rate([9], [30], SpreadPrior("fixed", 1e-6)).prior
    assert found.mean == pytest.approx(mean, abs=1e-8)
    below = quad(lambda t: f(t), -12, np.log(0.3 / 0.7), epsabs=1e-14)[0] / total
    assert found.cdf(0.3) == pytest.approx(below, abs=1e-8)
    assert found.cdf(found.quantile(0.9)) == pytest.approx(0.9, abs=1e-9)


@pytest.mark.independent
def test_fixed_power_prior_is_a_beta() -> None:
    """Closed form, 1e-12: Beta(1 + a0 x, 1 + a0 (n - x)); 1e-6 on the grid."""
    prior = power_prior.rate_prior(30, 100, power_prior.fixed(0.4))
    after = prior.posterior(5, 20)
    exact = beta(1 + 12 + 5, 1 + 28 + 15)
    assert after.mean == pytest.approx(exact.mean(), abs=1e-12)
    assert after.sd == pytest.approx(exact.std(), abs=1e-12)
    assert after.beyond(0.35) == pytest.approx(exact.sf(0.35), abs=1e-12)
    on_grid = RateDensity(prior.mass()).posterior(5, 20)
    assert on_grid.beyond(0.35) == pytest.approx(exact.sf(0.35), abs=1e-9)
    assert on_grid.density(np.array([0.3, 0.5])) == pytest.approx(exact.pdf([0.3, 0.5]), rel=1e-9)
    assert prior.predictive(20) == pytest.approx(betabinom.pmf(range(21), 20, 13, 29), abs=1e-12)
    assert on_grid.predictive(7) == pytest.approx(betabinom.pmf(range(8), 7, 18, 44), abs=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize(("x0", "n0", "x", "n"), [(30, 100, 9, 25), (400, 870, 4, 20), (1, 10, 9, 10)])
def test_normalised_power_prior_by_plain_integration(x0: int, n0: int, x: int, n: int) -> None:
    """The marginal of a0 by ``quad``: B(1 + a0 x0 + x, …) / B(1 + a0 x0, …)."""

    def of(a0: float) -> float:
        a, b = 1 + a0 * x0, 1 + a0 * (n0 - x0)
        return float(np.exp(betaln(a + x, b + n - x) - betaln(a, b) - betaln(1 + x, 1 + n - x)))

    def average(f: object) -> float:
        pieces = [0.0, 1e-3, 1e-2, 0.1, 1.0]
        return sum(quad(f, lo, hi, epsabs=1e-14)[0] for lo, hi in pairwise(pieces))

    total = average(of)
    powers = power_prior.uncertain()
    after = power_prior.rate_prior(x0, n0, powers).posterior(x, n)
    assert power_prior.mean_power(after, powers) == pytest.approx(average(lambda t: t * of(t)) / total, rel=1e-6)
    mean = average(lambda t: of(t) * (1 + t * x0 + x) / (2 + t * n0 + n)) / total
    assert after.mean == pytest.approx(mean, rel=1e-6)


@pytest.mark.independent
def test_commensurate_prior_by_plain_integration() -> None:
    """History's rate and today's on dense grids of the logit, the step's precision by midpoints."""
    step = commensurate.Step("spike-and-slab", 0.4, 0.2, 0.3, 2.0)
    theta = np.linspace(-7, 7, 351)
    history = beta.pdf(expit(theta), 31, 71) * expit(theta) * (1 - expit(theta))
    history /= history.sum()
    precision = 0.3 + 1.7 * (np.arange(40) + 0.5) / 40
    sds = np.append(1 / np.sqrt(precision), 0.2)
    weights = np.append(np.full(40, 0.6 / 40), 0.4)
    prior = np.zeros_like(theta)
    for s, w in zip(sds, weights, strict=True):
        prior += w * norm.pdf(theta[:, None] - theta, scale=s) @ history
    after = prior * binom.pmf(9, 20, expit(theta))
    after /= after.sum()
    found = commensurate.rate_prior(30, 100, step).posterior(9, 20)
    assert found.mean == pytest.approx(after @ expit(theta), abs=2e-5)
    assert found.sd == pytest.approx(np.sqrt(after @ (expit(theta) - found.mean) ** 2), abs=2e-5)


@pytest.mark.independent
def test_hazards_by_plain_integration() -> None:
    """Normalised power prior of a hazard, and P(hazard < other), by ``quad``."""
    powers = power_prior.uncertain()
    prior = power_prior.hazard_prior(40, 300, powers, 0.5, 1.0)
    after = prior.posterior(12, 60)

    def marginal(t: float) -> float:
        a, b = 0.5 + 40 * t, 1 + 300 * t
        logs = gamma.logpdf(0.2, a, scale=1 / b) - gamma.logpdf(0.2, a + 12, scale=1 / (b + 60))
        return float(np.exp(logs) * 1e6 * 0.2**12 * np.exp(-0.2 * 60) * 1e12)

    total = quad(marginal, 0, 1, epsabs=1e-12)[0]
    mean = quad(lambda t: marginal(t) * (12.5 + 40 * t) / (61 + 300 * t), 0, 1, epsabs=1e-12)[0] / total
    assert after.mean == pytest.approx(mean, rel=1e-6)
    one, other = GammaMixture.of((0.5, 9, 50), (0.5, 3, 40)), GammaMixture.of((1, 20, 90))
    below = quad(lambda h: gamma.pdf(h, 20, scale=1 / 90) * one.cdf(h), 0, 3, epsabs=1e-12)[0]
    assert one.below(other) == pytest.approx(below, abs=1e-8)


@pytest.mark.independent
def test_power_prior_of_an_effect_by_plain_integration() -> None:
    """a0 uniform; given a0 the likelihood of history to that power, made to integrate to 1 over a dense grid of effects."""
    powers = power_prior.uncertain()
    after = power_prior.normal_prior(-0.3, 0.15, powers, 0.1, 0.8).posterior(0.05, 0.2)
    at = np.linspace(-6, 6, 12_001)
    a0 = (np.arange(400) + 0.5) / 400
    density, share = np.zeros_like(at), 0.0
    for t in a0:
        given = np.exp(t * norm.logpdf(-0.3, at, 0.15)) * norm.pdf(at, 0.1, 0.8)
        joint = given / given.sum() * norm.pdf(0.05, at, 0.2)
        density += joint
        share += t * joint.sum()
    share /= density.sum()
    density /= density.sum()
    assert after.mean == pytest.approx(at @ density, abs=1e-6)
    assert after.sd == pytest.approx(np.sqrt((at - at @ density) ** 2 @ density), abs=1e-6)
    assert power_prior.mean_power(after, powers) == pytest.approx(share, abs=1e-5)


@pytest.mark.independent
def test_normal_mixture_posterior_by_plain_integration() -> None:
    prior = NormalMixture.of((0.7, -0.2, 0.1), (0.3, 0.1, 1.0))
    after = prior.posterior(0.4, 0.25)
    at = np.linspace(-8, 8, 40001)
    density = prior.density(at) * norm.pdf(0.4, at, 0.25)
    density /= density.sum()
    assert after.mean == pytest.approx(at @ density, abs=1e-9)
    assert after.cdf(0.15) == pytest.approx(density[at <= 0.15].sum(), abs=2e-3)
    assert after.cdf(after.quantile(0.1)) == pytest.approx(0.1, abs=1e-10)
    gap = after.minus(NormalMixture.of((1, 0.0, 0.3)))
    assert gap.mean == pytest.approx(after.mean, abs=1e-12)
    assert gap.sd == pytest.approx(np.hypot(after.sd, 0.3), abs=1e-12)


@pytest.mark.property
def test_rounding_far_out_is_worth_no_patients() -> None:
    """What a transform leaves in the tails, 1e-16 of the largest mass, weighs 1e13 there: the size must not see it."""
    prior = map_rate([136, 32, 183, 123, 13], [278, 90, 381, 290, 40], SpreadPrior("half-normal", 1)).prior
    rng = np.random.default_rng(1)
    sizes = []
    for _ in range(5):
        noise = prior.masses.max() * 1e-16 * rng.random(len(prior.masses))
        sizes.append(RateDensity.of(prior.masses + noise).effective_size().elir)
    assert sizes == pytest.approx([prior.effective_size().elir] * 5, rel=1e-6)


@pytest.mark.property
@pytest.mark.parametrize("a", [1.5, 4.0, 30.0])
def test_a_beta_is_worth_its_parameters(a: float) -> None:
    size = BetaMixture.of((1, a, 2 * a)).effective_size()
    assert size.elir == pytest.approx(3 * a, rel=1e-6)
    assert size.moment == pytest.approx(3 * a, rel=1e-9)
    assert BetaMixture.of((1, 0.5, 0.5)).effective_size().elir is None


@pytest.mark.property
def test_spread_priors_add_up_and_read_well() -> None:
    for prior in (SpreadPrior("half-normal", 2), SpreadPrior("uniform", 3), SpreadPrior("half-t", 0.5, 4)):
        tau, w = prior.nodes()
        assert w.sum() == pytest.approx(1)
        assert (np.diff(tau) > 0).all()
        assert "tau" in str(prior)
    tau, w = SpreadPrior("half-normal", 2).nodes()
    assert w @ tau == pytest.approx(2 * np.sqrt(2 / np.pi), rel=1e-9)
    assert w @ tau**2 == pytest.approx(4, rel=1e-8)
