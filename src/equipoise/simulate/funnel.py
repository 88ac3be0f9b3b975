"""A funnel's arithmetic: patients a month, with what each step is worth. Shares of different steps are independent.

An interval says how well the *rate* is known; the chance of arrivals (Poisson, at each site) comes on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.numerics.beta_product import Beta, BetaProduct, beta_of_counts, beta_of_interval, beta_of_moments
from equipoise.trial.funnel import FunnelStep
from equipoise.trial.problem import BadInput, Problem

#: What a share of 1 means where nothing is asked of the patients.
_EVERYBODY = {"reached": "all reached", "consenting": "all consent"}


@dataclass(frozen=True)
class Rate:
    """A number with how well it is known: exact mean and standard deviation, and quantiles that are off by ``within`` at most."""

    mean: float
    sd: float
    median: float
    low: float
    high: float
    level: float
    within: float


@dataclass(frozen=True)
class Passed:
    """A step and who is left after it. ``share``: of those before; None of the first count."""

    step: str
    label: str
    share: Rate | None
    a_month: Rate
    source: str
    assumed: bool


@dataclass(frozen=True)
class Relaxed:
    """What one step is worth: its share as it is (mean) and as it would be, and patients a month with that and more than now."""

    step: str
    label: str
    share: float
    would_be: float
    asks: str
    a_month: Rate
    more: float
    factor: float


@dataclass(frozen=True)
class Funnel:
    """Steps with their amounts: the counts in front, then the shares."""

    steps: Sequence[FunnelStep]
    counts: Sequence[float]
    shares: Sequence[float | Beta]

    @classmethod
    def of(cls, source: str, steps: Sequence[FunnelStep]) -> Funnel:
        """The funnel of these steps, which go together. Raises BadInput for an interval so narrow that no Beta has it."""
        shares, problems = [], []
        counts = [s.count for s in steps if s.count is not None]
        for i, step in enumerate(steps):
            if step.count is not None:
                continue
            try:
                shares.append(_share(step))
            except ValueError as error:
                given = str(list(step.interval or ()))
                problems.append(Problem("funnel-beta", f"funnel[{i}].interval", given, str(error)))
        if problems:
            raise BadInput(source, problems)
        return cls(steps, counts, shares)

    @property
    def incidence(self) -> float:
        """New patients a year."""
        return self.counts[0]

    def a_month(self, shares: Sequence[float | Beta], level: float, count: float | None = None) -> Rate:
        """Patients a month who pass all of ``shares`` of a count a year; the last count unless another is given."""
        return rate(product((self.counts[-1] if count is None else count) / 12, shares), level)

    def passed(self, level: float) -> list[Passed]:
        """Who is left after each step."""
        found, k = [], len(self.counts)
        for i, step in enumerate(self.steps):
            if i < k:
                share = None if i == 0 else rate(BetaProduct(self.counts[i] / self.counts[i - 1], ()), level)
                left = self.a_month((), level, self.counts[i])
            else:
                share = rate(product(1.0, [self.shares[i - k]]), level)
                left = self.a_month(self.shares[: i - k + 1], level)
            found.append(Passed(step.step, step.label, share, left, step.source or step.assumed, not step.source))
        return found

    def relaxed(self, level: float) -> list[Relaxed]:
        """What asking less at one step would bring, each alone: the share set to 1, or to what the step says."""
        now, found = product(self.counts[-1] / 12, self.shares).mean, []
        for i, (step, share) in enumerate(zip(self.steps[len(self.counts) :], self.shares, strict=True)):
            would_be = 1.0 if step.relaxed is None else step.relaxed
            then = self.a_month([*self.shares[:i], would_be, *self.shares[i + 1 :]], level)
            mean = share.mean if isinstance(share, Beta) else share
            asks = step.relaxed_to or _EVERYBODY.get(step.step, "not asked") if would_be == 1 else step.relaxed_to
            found.append(Relaxed(step.step, step.label, mean, would_be, asks, then, then.mean - now, then.mean / now))
        return found

    def until(self, last: str) -> float:
        """Patients a year, on average, after the last entry of the step ``last`` or of one before it."""
        order = [s.step for s in self.steps]
        at = max(i for i, name in enumerate(order) if name in ("incidence", last))
        if at < len(self.counts):
            return self.counts[at]
        return product(self.counts[-1], self.shares[: at - len(self.counts) + 1]).mean


def product(constant: float, shares: Sequence[float | Beta]) -> BetaProduct:
    """A constant times shares, those that are known multiplied into it."""
    for s in shares:
        constant *= 1.0 if isinstance(s, Beta) else s
    return BetaProduct(constant, tuple(s for s in shares if isinstance(s, Beta)))


def rate(of: BetaProduct, level: float) -> Rate:
    """Its moments and its central interval."""
    low, median, high = (of.quantile(p) for p in ((1 - level) / 2, 0.5, (1 + level) / 2))
    within = max(q.within for q in (low, median, high))
    return Rate(of.mean, of.sd, median.value, low.value, high.value, level, within)


def _share(step: FunnelStep) -> float | Beta:
    if step.of is not None:
        return beta_of_counts(*step.of)
    if step.beta is not None:
        return Beta(*step.beta)
    if step.mean is not None and step.sd is not None:
        return beta_of_moments(step.mean, step.sd)
    if step.mean is not None and step.interval is not None:
        return beta_of_interval(step.mean, *step.interval)
    assert step.share is not None, "check_funnel asks for one of the ways"
    return step.share
