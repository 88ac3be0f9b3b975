"""BOP2: Bayesian optimal phase II designs with one boundary for all looks, for three kinds of endpoint.

Stop at a look on n of N patients if P(the treatment is good enough | data) < lambda (n / N)^gamma; at N the treatment is
declared good if it is not below lambda. lambda and gamma are searched for the largest power with the type I error kept.
Good enough is: response rate > p0 (response); that, and toxicity rate ≤ toxicity0, each on its own (response and
toxicity); median time > median0 (time to event). Zhou, Lee & Yuan 2017, doi:10.1002/sim.7338; time to event, with an
exponential time and a look at stated numbers of events, after Zhou et al. 2020, doi:10.1177/1740774520941440. Priors are
worth one patient (or one event) at the null hypothesis, as in the paper. All behaviour is exact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from equipoise.design.bayesian.bop2_endpoints import Endpoint, EventTimes, Response, ResponseAndToxicity
from equipoise.design.looks_taken import no_such_look, wrong_earlier
from equipoise.design.spec import MOST_TIME, Entries, Error, Power, above, between, growing, no_design
from equipoise.trial.decision import Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import Evidence, ExposureEvidence, PairEvidence
from equipoise.trial.problem import BadInput, Problem

KIND = "bop2"
TITLE = "Bayesian optimal phase II for response, response and toxicity, or event times (BOP2)"
FAMILY = "Bayesian"
REFERENCE = "Zhou H, Lee JJ, Yuan Y. BOP2: Bayesian optimal design for phase II clinical trials with simple and complex endpoints. Stat Med 2017;36:3302-3314. doi:10.1002/sim.7338"
EXAMPLE = {"endpoint": "response", "p0": 0.20, "p1": 0.40, "alpha": 0.10, "looks": (10, 15, 20, 25, 30, 35, 40)}


#: What each endpoint must be told.
NEEDED = {
    "response": ("p0", "p1"), "response-and-toxicity": ("p0", "p1", "toxicity0", "toxicity1"),
    "time-to-event": ("median0", "median1"),
}  # fmt: skip


class Spec(Entries):
    """BOP2: lambda and gamma stated, or searched for the errors."""

    together: ClassVar[tuple[str, ...]] = ("lam", "gamma")
    kind: Literal["bop2"]
    endpoint: Literal["response", "response-and-toxicity", "time-to-event"] = Field(
        default="response", description="The endpoint."
    )
    looks: tuple[Annotated[int, Field(ge=1, le=300)], ...] = Field(
        default=(10, 20, 30, 40), min_length=1,
        description="Patients at each look (events, for time-to-event), such as 10,20,30,40.",
    )  # fmt: skip
    alpha: Error = Field(default=0.10, description="Type I error to keep.")
    power: Power = Field(default=0.80, description="Power that the user wants: a caution is shown below it.")
    p0: float | None = Field(default=None, gt=0, lt=1, description="Response rate of no interest.")
    p1: float | None = Field(default=None, gt=0, lt=1, description="Response rate worth finding.")
    toxicity0: float | None = Field(default=None, gt=0, lt=1, description="Toxicity rate that is too high.")
    toxicity1: float | None = Field(default=None, gt=0, lt=1, description="Toxicity rate that is acceptable.")
    median0: float | None = Field(
        default=None, gt=0, le=MOST_TIME, description="Median time of no interest (any unit)."
    )
    median1: float | None = Field(
        default=None, gt=0, le=MOST_TIME, description="Median time worth finding (same unit)."
    )
    lam: float | None = Field(default=None, gt=0, lt=1, description="lambda, if stated.")
    gamma: float | None = Field(default=None, ge=0, le=3, description="gamma, if stated.")

    @between("looks")
    def _looks_grow(self) -> Iterator[Problem]:
        return growing(self, "looks", "10,20,30,40")

    @between("p0", "p1")
    def _p1_above_p0(self) -> Iterator[Problem]:
        return above(self, "p0", "p1", "the rate worth finding")

    @between("toxicity0", "toxicity1")
    def _toxicity0_above_toxicity1(self) -> Iterator[Problem]:
        return above(self, "toxicity1", "toxicity0", "the rate that is too high")

    @between("median0", "median1")
    def _median1_above_median0(self) -> Iterator[Problem]:
        return above(self, "median0", "median1", "the median worth finding")

    def problems(self, sound: Collection[str]) -> Iterator[Problem]:
        """What is wrong between the entries, and what the endpoint must be told and is not."""
        yield from super().problems(sound)
        for name in NEEDED[self.endpoint] if "endpoint" in sound else ():
            if name in sound and getattr(self, name) is None:
                yield Problem("missing", name, "nothing", f"required for {self.endpoint}")

    @property
    def asked(self) -> Endpoint:
        """The endpoint with its hypotheses."""
        values = [getattr(self, name) for name in NEEDED[self.endpoint]]
        made = {"response": Response, "response-and-toxicity": ResponseAndToxicity, "time-to-event": EventTimes}
        endpoint: Endpoint = made[self.endpoint](*values)
        return endpoint


@dataclass(frozen=True)
class Bop2:
    """An endpoint with its hypotheses, the looks, and the boundary's lambda and gamma."""

    endpoint: Endpoint
    sizes: tuple[int, ...]
    lam: float
    gamma: float
    alpha: float
    power: float

    @property
    def takes(self) -> type[Evidence | PairEvidence | ExposureEvidence]:
        """What the endpoint counts."""
        return self.endpoint.takes

    @property
    def looks(self) -> tuple[Look, ...]:
        """Looks at numbers of patients, or of events."""
        return tuple(Look(k, n, self.endpoint.unit) for k, n in enumerate(self.sizes, 1))

    @cached_property
    def cutoffs(self) -> tuple[float, ...]:
        """lambda (n / N)^gamma at each look."""
        return tuple(self.lam * (n / self.sizes[-1]) ** self.gamma for n in self.sizes)

    @cached_property
    def boundaries(self) -> Any:
        """The boundary of the data at each look, as the endpoint counts it."""
        return self.endpoint.boundaries(self.sizes, self.cutoffs)

    def truths(self) -> Mapping[str, Truth]:
        """Null and target, and what the endpoint adds."""
        return self.endpoint.truths()

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour."""
        e = self.endpoint.ends(self.sizes, self.boundaries, truth)
        more = {"expected events": Quantity(e.expected_n)} if self.endpoint.unit == "events" else {}
        return Characteristics(
            ", ".join(f"{k} {v:g}" for k, v in truth.items()), self.endpoint.method, Quantity(e.passes),
            Quantity(sum(e.stops)), Quantity(e.expected_n), (*e.stops, 1 - sum(e.stops)), more,
        )  # fmt: skip

    def verdict(self, evidence: Evidence | PairEvidence | ExposureEvidence) -> Verdict:
        """Stop below the boundary; declare at the last look otherwise. ``because`` gives the posterior and the cut-off.

        On other numbers than planned the cut-off is lambda (n / N)^gamma at the n attained, and lambda at the last look, as the paper
        defines it. Raises BadInput for no such look, nobody at the last, and earlier numbers that cannot have been.
        """
        k, last = evidence.look - 1, evidence.look == len(self.sizes)
        n = evidence.events if isinstance(evidence, ExposureEvidence) else evidence.n
        problems = list(no_such_look(evidence.look, len(self.sizes)))
        if last and n < 1:
            problems.append(Problem("nothing-attained", "n", str(n), f"1 or more {self.endpoint.unit}"))
        if not isinstance(evidence, Evidence):
            problems += wrong_earlier(evidence.earlier, evidence.look, n, self.endpoint.unit)
        if problems:
            raise BadInput("evidence", problems)
        return self.endpoint.verdict(evidence, self.sizes[k], self.cutoff_at(n, k), last=last)

    def cutoff_at(self, n: int, k: int) -> float:
        """lambda (n / N)^gamma at look k + 1 on ``n``: lambda at the last, whatever its n, and on more than N."""
        if n == self.sizes[k]:
            return self.cutoffs[k]
        share = 1.0 if k == len(self.sizes) - 1 else min(n / self.sizes[-1], 1.0)
        return float(self.lam * share**self.gamma)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the errors asked for are not kept, and which null they are kept under."""
        found = list(self.endpoint.cautions)
        null, target = (self.characteristics(self.truths()[k]).declare.value for k in ("null", "target"))
        if null > self.alpha:
            found.append(f"The exact type I error is {null:.4f}, above the stated alpha of {self.alpha:g}.")
        if target < self.power:
            found.append(f"The exact power is {target:.4f}, below the wanted {self.power:g}.")
        return tuple(found)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        looks = ", ".join(str(n) for n in self.sizes)
        return (
            f"The trial is monitored by the BOP2 design (Zhou, Lee & Yuan 2017) at {looks} {self.endpoint.unit}. "
            f"{self.endpoint.rule()} the posterior probability falls below {self.lam:.4g} (n / {self.sizes[-1]})^{self.gamma:.4g}: "
            f"{self.endpoint.read(self.sizes, self.boundaries)}. Otherwise, at {self.sizes[-1]}, the treatment is declared worth "
            f"further study. Under the null hypothesis ({null.truth}) it is declared with probability {null.declare.value:.4f} and "
            f"the trial stops early with probability {null.stop_early.value:.4f}; under the alternative ({target.truth}) "
            f"the power is {target.declare.value:.4f}."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """lambda, gamma, boundaries and exact errors."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        return {
            "lambda": self.lam, "gamma": self.gamma, "boundaries": self.endpoint.read(self.sizes, self.boundaries),
            "alpha": null.declare.value, "power": target.declare.value, "pet0": null.stop_early.value,
            "en0": null.expected_n.value, "en1": target.expected_n.value,
        }  # fmt: skip


def search(endpoint: Endpoint, sizes: tuple[int, ...], alpha: float, power: float) -> Bop2:
    """lambda and gamma of the largest power with the type I error kept; of equal power, the least expected number at the null.

    lambda runs over 0.50, 0.51 … 0.99 and gamma over 0, 0.05 … 1: boundaries are whole numbers, so that a finer grid gives
    the same designs but for a few. Raises BadInput if none keeps alpha.
    """
    truths = endpoint.truths()
    best: tuple[float, float, Bop2] | None = None
    nearest = (1.0, 0.0, 0.0)
    seen = set()
    for lam in np.round(np.arange(0.50, 0.995, 0.01), 2).tolist():
        for gamma in np.round(np.arange(0.0, 1.001, 0.05), 2).tolist():
            d = Bop2(endpoint, sizes, lam, gamma, alpha, power)
            if d.boundaries in seen:
                continue
            seen.add(d.boundaries)
            null = endpoint.ends(sizes, d.boundaries, truths["null"])
            if null.passes > alpha:
                nearest = min(nearest, (float(null.passes), lam, gamma))
                continue
            reached = endpoint.ends(sizes, d.boundaries, truths["target"]).passes
            key = (round(reached, 10), -null.expected_n)
            if best is None or key > best[:2]:
                best = (*key, d)
    if best is None:
        error, lam, gamma = nearest
        nothing = f"no lambda and gamma keep alpha {alpha:g}; lambda = {lam:g} and gamma = {gamma:g} come nearest, with {error:.4f}"
        raise no_design(sizes, nothing, "raise the last look, or alpha", "looks")
    return best[2]


def from_spec(spec: Spec) -> Bop2:
    """The design that a spec states. Raises BadInput if no lambda and gamma keep alpha."""
    if spec.lam is None or spec.gamma is None:
        return search(spec.asked, spec.looks, spec.alpha, spec.power)
    return Bop2(spec.asked, spec.looks, spec.lam, spec.gamma, spec.alpha, spec.power)
