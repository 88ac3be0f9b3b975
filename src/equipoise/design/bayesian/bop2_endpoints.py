"""The three endpoints of BOP2: what is good enough, its posterior, the boundary in data, and exact behaviour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import betainc, gammainc, gammaincinv

from equipoise.design.truth import truth_of
from equipoise.numerics.counts.beta_binomial import beyond
from equipoise.numerics.sequential.staged_binomial import Stages, ends
from equipoise.numerics.sequential.staged_pairs import PairEnds, cells, pair_ends
from equipoise.trial.decision import Continue, Declare, Stop, Verdict
from equipoise.trial.design import Truth
from equipoise.trial.evidence import Evidence, ExposureEvidence, PairEvidence


class Endpoint(Protocol):
    """What a BOP2 design asks of its endpoint."""

    @property
    def takes(self) -> type[Evidence | PairEvidence | ExposureEvidence]:
        """The type of evidence that counts it."""
        ...

    @property
    def unit(self) -> str:
        """What looks count."""
        ...

    @property
    def method(self) -> str:
        """How behaviour is computed."""
        ...

    @property
    def cautions(self) -> Sequence[str]:
        """What a user must know."""
        ...

    def truths(self) -> Mapping[str, Truth]:
        """'null', 'target', and others."""
        ...

    def boundaries(self, sizes: Sequence[int], cutoffs: Sequence[float]) -> Any:
        """The boundary of the data at each look (hashable)."""
        ...

    def ends(self, sizes: Sequence[int], boundaries: Any, truth: Truth) -> PairEnds:
        """Where the trial ends."""
        ...

    def verdict(self, evidence: Any, n: int, cutoff: float, last: bool) -> Verdict:
        """The verdict at a look on ``n``."""
        ...

    def rule(self) -> str:
        """The rule in words, up to 'the posterior probability falls below'."""
        ...

    def read(self, sizes: Sequence[int], boundaries: Any) -> str:
        """The boundary in words."""
        ...


@dataclass(frozen=True)
class Response:
    """A response rate above p0; prior Beta(p0, 1 - p0)."""

    p0: float
    p1: float
    takes = Evidence
    unit = "patients"
    method = "exact binomial enumeration"
    cautions = ()

    def truths(self) -> Mapping[str, Truth]:
        """The two rates."""
        return {"null": {"rate": self.p0}, "target": {"rate": self.p1}}

    def posterior(self, x: Any, n: int) -> Any:
        """P(rate > p0 | x of n)."""
        return beyond(self.p0, self.p0 + x, 1 - self.p0 + n - x)

    def boundaries(self, sizes: Sequence[int], cutoffs: Sequence[float]) -> tuple[int, ...]:
        """Stop with this many responses or fewer."""
        return tuple(
            int((self.posterior(np.arange(n + 1), n) < c).sum()) - 1 for n, c in zip(sizes, cutoffs, strict=True)
        )

    def ends(self, sizes: Sequence[int], boundaries: tuple[int, ...], truth: Truth) -> PairEnds:
        """Where the trial ends."""
        (rate,) = truth_of(truth, rate=(0.0, 1.0))
        high = (*sizes[:-1], boundaries[-1])
        e = ends(Stages(tuple(sizes), boundaries, high), rate)
        return PairEnds(e.low[:-1], e.high[-1], e.expected_n)

    def verdict(self, evidence: Evidence, n: int, cutoff: float, last: bool) -> Verdict:
        """Stop for futility below the cut-off; on other patients than planned the posterior is that of those there are."""
        # With places left empty an early look may be on nobody: the prior speaks.
        cautions = _other(evidence.n, n, cutoff)
        p = float(self.posterior(evidence.successes, evidence.n))
        because = f"{evidence.successes} responses among {evidence.n} patients: P(rate > {self.p0:g}) = {p:.4f}; {cutoff:.4f} is needed."
        spare, unit = p - cutoff, "posterior probability above the cut-off"
        if p < cutoff:
            return Verdict(Stop("futility"), (because,), spare, unit, cautions)
        return Verdict(Declare(f"a rate above {self.p0:g}") if last else Continue(), (because,), spare, unit, cautions)

    def rule(self) -> str:
        """The rule in words."""
        return f"With a prior worth one patient at a rate of {100 * self.p0:g}%, it stops for futility if, for a rate above {100 * self.p0:g}%,"

    def read(self, sizes: Sequence[int], boundaries: tuple[int, ...]) -> str:
        """The boundary in words."""
        return (
            "with no more than " + _over((b, n, b >= 0) for b, n in zip(boundaries, sizes, strict=True)) + " responses"
        )


@dataclass(frozen=True)
class ResponseAndToxicity:
    """Response above p0 and toxicity at most toxicity0, each by its own posterior (Dirichlet prior worth one patient)."""

    p0: float
    p1: float
    toxicity0: float
    toxicity1: float
    takes = PairEvidence
    unit = "patients"
    method = "exact enumeration of both counts"
    cautions = (
        "The type I error is kept where response is too low and toxicity too high at once, as in the paper; the table of "
        "behaviour shows it where only one of them is.",
    )

    def truths(self) -> Mapping[str, Truth]:
        """Both bad (the paper's null), one bad, both good; the outcomes independent."""
        return {
            "null": {"response": self.p0, "toxicity": self.toxicity0},
            "low response": {"response": self.p0, "toxicity": self.toxicity1},
            "too toxic": {"response": self.p1, "toxicity": self.toxicity0},
            "target": {"response": self.p1, "toxicity": self.toxicity1},
        }

    def _posteriors(self, responses: Any, toxicities: Any, n: int) -> tuple[Any, Any]:
        works = beyond(self.p0, self.p0 + responses, 1 - self.p0 + n - responses)
        safe = betainc(self.toxicity0 + toxicities, 1 - self.toxicity0 + n - toxicities, self.toxicity0)
        return works, safe

    def boundaries(self, sizes: Sequence[int], cutoffs: Sequence[float]) -> tuple[tuple[int, int], ...]:
        """(stop with this many responses or fewer, stop with more than this many toxicities)."""
        found = []
        for n, c in zip(sizes, cutoffs, strict=True):
            works, safe = self._posteriors(np.arange(n + 1), np.arange(n + 1), n)
            found.append((int((works < c).sum()) - 1, int((safe >= c).sum()) - 1))
        return tuple(found)

    def ends(self, sizes: Sequence[int], boundaries: tuple[tuple[int, int], ...], truth: Truth) -> PairEnds:
        """Where the trial ends."""
        response, toxicity, odds = truth_of(
            {"odds_ratio": 1.0, **truth}, response=(0.0, 1.0), toxicity=(0.0, 1.0), odds_ratio=(1e-6, 1e6)
        )
        low, high = zip(*boundaries, strict=True)
        return pair_ends(sizes, low, high, cells(response, toxicity, odds))

    def verdict(self, evidence: PairEvidence, n: int, cutoff: float, last: bool) -> Verdict:
        """Stop for futility or safety below the cut-off."""
        cautions, n = _other(evidence.n, n, cutoff), evidence.n
        works, safe = (float(v) for v in self._posteriors(evidence.responses, evidence.toxicities, n))
        because = (
            f"{evidence.responses} responses among {n}: P(rate > {self.p0:g}) = {works:.4f}; {cutoff:.4f} is needed.",
            f"{evidence.toxicities} toxicities: P(rate ≤ {self.toxicity0:g}) = {safe:.4f}; {cutoff:.4f} is needed.",
        )
        spare, unit = min(works, safe) - cutoff, "posterior probability above the cut-off"
        if safe < cutoff:
            return Verdict(Stop("safety"), because, spare, unit, cautions)
        if works < cutoff:
            return Verdict(Stop("futility"), because, spare, unit, cautions)
        good = Declare("a treatment that works and is safe enough") if last else Continue()
        return Verdict(good, because, spare, unit, cautions)

    def rule(self) -> str:
        """The rule in words."""
        return (
            f"With priors worth one patient, it stops if, for a response rate above {100 * self.p0:g}% or for a toxicity rate of at "
            f"most {100 * self.toxicity0:g}%,"
        )

    def read(self, sizes: Sequence[int], boundaries: tuple[tuple[int, int], ...]) -> str:
        """The boundary in words."""
        return (
            "with no more than "
            + _over((r, n, r >= 0) for (r, _), n in zip(boundaries, sizes, strict=True))
            + (
                " responses, or more than "
                + _over((t, n, t < n) for (_, t), n in zip(boundaries, sizes, strict=True))
                + " toxicities"
            )
        )


@dataclass(frozen=True)
class EventTimes:
    """Exponential times with a median above median0; looks at numbers of events, prior worth one event.

    With d events in a total time T the posterior of the hazard is Gamma(1 + d, b + T), b = median0 / log 2. When a look
    comes at the d-th event, T is a sum of d independent exponential times whatever the accrual, so going on at every look,
    T_k > t_k, has the probability that a Poisson process has fewer than d_k events at t_k, for all k: exact.
    """

    median0: float
    median1: float
    takes = ExposureEvidence
    unit = "events"
    method = "exact, by the Poisson process of events over total time"
    cautions = (
        "Times are taken as exponential. Looks are at numbers of events: how many patients that takes depends on accrual.",
    )

    def truths(self) -> Mapping[str, Truth]:
        """The two medians."""
        return {"null": {"median": self.median0}, "target": {"median": self.median1}}

    def posterior(self, d: int, time: float) -> float:
        """P(median > median0 | d events in a total time): P(hazard < log 2 / median0)."""
        h0 = math.log(2) / self.median0
        return float(gammainc(1 + d, h0 * (1 / h0 + time)))

    def boundaries(self, sizes: Sequence[int], cutoffs: Sequence[float]) -> tuple[float, ...]:
        """Stop with a total time below this, at each look's number of events."""
        h0 = math.log(2) / self.median0
        return tuple(
            max(0.0, round(float(gammaincinv(1 + d, c)) / h0 - 1 / h0, 10)) for d, c in zip(sizes, cutoffs, strict=True)
        )

    def ends(self, sizes: Sequence[int], boundaries: tuple[float, ...], truth: Truth) -> PairEnds:
        """Where the trial ends; numbers are of events."""
        (median,) = truth_of(truth, median=(1e-9, 1e9))
        hazard = math.log(2) / median
        state, before, reached, stops, expected = np.ones(1), 0.0, 1.0, [], 0.0
        for k, (d, t) in enumerate(zip(sizes, boundaries, strict=True)):
            expected += reached * (d - (sizes[k - 1] if k else 0))
            if t > before:
                state = np.convolve(state, _poisson(hazard * (t - before), d))[:d]
                before = t
            left = float(state[:d].sum())
            stops.append(reached - left)
            reached = left
        return PairEnds(tuple(stops[:-1]), reached, expected)

    def verdict(self, evidence: ExposureEvidence, n: int, cutoff: float, last: bool) -> Verdict:
        """Stop for futility below the cut-off; another number of events than planned is taken as it is."""
        p = self.posterior(evidence.events, evidence.time)
        because = (
            f"{evidence.events} events in a total time of {evidence.time:g}: P(median > {self.median0:g}) = {p:.4f}; "
            f"{cutoff:.4f} is needed."
        )
        cautions = _other(evidence.events, n, cutoff, "events at this look")
        if p < cutoff:
            return Verdict(
                Stop("futility"), (because,), p - cutoff, "posterior probability above the cut-off", cautions
            )
        action = Declare(f"a median above {self.median0:g}") if last else Continue()
        return Verdict(action, (because,), p - cutoff, "posterior probability above the cut-off", cautions)

    def rule(self) -> str:
        """The rule in words."""
        return f"With exponential times and a prior worth one event, it stops for futility if, for a median above {self.median0:g},"

    def read(self, sizes: Sequence[int], boundaries: tuple[float, ...]) -> str:
        """The boundary in words."""
        return (
            "with a total time on study below "
            + ", ".join(f"{t:.1f} at {d}" for t, d in zip(boundaries, sizes, strict=True))
            + " events"
        )


def _over(counts: Iterable[tuple[int, int, bool]]) -> str:
    """'1/10, 5/20': the number at each look at which any count crosses it."""
    return ", ".join(f"{count}/{n}" for count, n, acts in counts if acts) or "none"


def _poisson(mean: float, most: int) -> np.ndarray:
    k = np.arange(most + 1)
    from scipy.special import gammaln

    mass: np.ndarray = np.exp(k * math.log(mean) - mean - gammaln(k + 1))
    return mass


def _other(
    got: int, planned: int, cutoff: float, what: str = "patients could be evaluated at this look"
) -> tuple[str, ...]:
    """The caution where a look is on another number than planned."""
    if got == planned:
        return ()
    return (f"{got} {what}, {planned} were planned: the cut-off is that of the number attained, {cutoff:.4f}.",)
