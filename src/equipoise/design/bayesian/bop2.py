"""BOP2: Bayesian optimal phase II designs with one boundary for all looks, for three kinds of endpoint.

Stop at a look on n of N patients if P(the treatment is good enough | data) < lambda (n / N)^gamma; at N the treatment is
declared good if it is not below lambda. lambda and gamma are searched for the largest power with the type I error kept.
Good enough is: response rate > p0 (response); that, and toxicity rate ≤ toxicity0, each on its own (response and
toxicity); median time > median0 (time to event). Zhou, Lee & Yuan 2017, doi:10.1002/sim.7338; time to event, with an
exponential time and a look at stated numbers of events, after Zhou et al. 2020, doi:10.1177/1740774520941440. Priors are
worth one patient (or one event) at the null hypothesis, as in the paper. All behaviour is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design import checks
from equipoise.design.bayesian.bop2_endpoints import Endpoint, EventTimes, Response, ResponseAndToxicity
from equipoise.trial.decision import Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import Evidence, ExposureEvidence, PairEvidence
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem

KIND = "bop2"
TITLE = "Bayesian optimal phase II for response, response and toxicity, or event times (BOP2)"
FAMILY = "Bayesian"
REFERENCE = "Zhou H, Lee JJ, Yuan Y. BOP2: Bayesian optimal design for phase II clinical trials with simple and complex endpoints. Stat Med 2017;36:3302-3314. doi:10.1002/sim.7338"
EXAMPLE = {"endpoint": "response", "p0": 0.20, "p1": 0.40, "alpha": 0.10, "looks": (10, 15, 20, 25, 30, 35, 40)}


class Spec(Part):
    """BOP2: lambda and gamma stated, or searched for the errors."""

    kind: Literal["bop2"]
    endpoint: Literal["response", "response-and-toxicity", "time-to-event"] = Field(
        default="response", description="The endpoint."
    )
    looks: tuple[int, ...] = Field(
        default=(10, 20, 30, 40), description="Patients at each look (events, for time-to-event), such as 10,20,30,40."
    )
    alpha: float = Field(default=0.10, gt=0, lt=1, description="Type I error to keep.")
    power: float = Field(
        default=0.80, gt=0, lt=1, description="Power that the user wants: a caution is shown below it."
    )
    p0: float | None = Field(default=None, gt=0, lt=1, description="Response rate of no interest.")
    p1: float | None = Field(default=None, gt=0, lt=1, description="Response rate worth finding.")
    toxicity0: float | None = Field(default=None, gt=0, lt=1, description="Toxicity rate that is too high.")
    toxicity1: float | None = Field(default=None, gt=0, lt=1, description="Toxicity rate that is acceptable.")
    median0: float | None = Field(default=None, gt=0, description="Median time of no interest (any unit).")
    median1: float | None = Field(default=None, gt=0, description="Median time worth finding (same unit).")
    lam: float | None = Field(default=None, gt=0, lt=1, description="lambda, if stated.")
    gamma: float | None = Field(default=None, ge=0, le=3, description="gamma, if stated.")


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
        """Stop below the boundary; declare at the last look otherwise. ``because`` gives the posterior and the cut-off."""
        if not 1 <= evidence.look <= len(self.sizes):
            raise BadInput("evidence", [Problem("no-such-look", "look", str(evidence.look), f"1 to {len(self.sizes)}")])
        k = evidence.look - 1
        return self.endpoint.verdict(evidence, self.sizes[k], self.cutoffs[k], last=k == len(self.sizes) - 1)

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
    seen = set()
    for lam in np.round(np.arange(0.50, 0.995, 0.01), 2).tolist():
        for gamma in np.round(np.arange(0.0, 1.001, 0.05), 2).tolist():
            d = Bop2(endpoint, sizes, lam, gamma, alpha, power)
            if d.boundaries in seen:
                continue
            seen.add(d.boundaries)
            null = endpoint.ends(sizes, d.boundaries, truths["null"])
            if null.passes > alpha:
                continue
            reached = endpoint.ends(sizes, d.boundaries, truths["target"]).passes
            key = (round(reached, 10), -null.expected_n)
            if best is None or key > best[:2]:
                best = (*key, d)
    if best is None:
        raise BadInput(
            "design",
            [
                Problem(
                    "no-design",
                    "looks",
                    str(sizes),
                    f"no lambda and gamma keep alpha {alpha:g}",
                    "raise the last look, or alpha",
                )
            ],
        )
    return best[2]


def from_spec(table: Mapping[str, Any]) -> Bop2:
    """The design that a [design] table states. Raises BadInput with all its problems."""
    values = checks.stated(Spec, table)
    problems = [p for k in ("alpha", "power") for p in checks.probability(k, values[k])]
    looks = values["looks"]
    whole = isinstance(looks, tuple | list) and all(isinstance(n, int) and not isinstance(n, bool) for n in looks)
    if not whole or not looks or any(b <= a for a, b in zip((0, *looks), looks, strict=False)) or looks[-1] > 300:
        problems.append(
            Problem("looks", "looks", str(looks), "whole numbers that grow, up to 300, such as 10,20,30,40")
        )
    needed = {
        "response": ("p0", "p1"), "response-and-toxicity": ("p0", "p1", "toxicity0", "toxicity1"),
        "time-to-event": ("median0", "median1"),
    }.get(str(values["endpoint"]))  # fmt: skip
    if needed is None:
        problems.append(
            Problem(
                "not-a-choice", "endpoint", repr(values["endpoint"]), "response, response-and-toxicity or time-to-event"
            )
        )
    for name in needed or ():
        check = checks.positive if name.startswith("median") else checks.probability
        problems += (
            check(name, values[name])
            if name in values
            else [Problem("missing", name, "nothing", f"required for {values['endpoint']}")]
        )
    problems += checks.above("p0", values.get("p0"), "p1", values.get("p1"), "the rate worth finding")
    problems += checks.above(
        "toxicity1", values.get("toxicity1"), "toxicity0", values.get("toxicity0"), "the rate that is too high"
    )
    problems += checks.above(
        "median0", values.get("median0"), "median1", values.get("median1"), "the median worth finding"
    )
    stated = [k for k in ("lam", "gamma") if k in values]
    if len(stated) == 1:
        problems.append(
            Problem("half-stated", stated[0], "one of the two", "lam and gamma, or neither to have them found")
        )
    checks.raise_if(problems)
    if values["endpoint"] == "response":
        endpoint: Endpoint = Response(float(values["p0"]), float(values["p1"]))
    elif values["endpoint"] == "response-and-toxicity":
        endpoint = ResponseAndToxicity(*(float(values[k]) for k in ("p0", "p1", "toxicity0", "toxicity1")))
    else:
        endpoint = EventTimes(float(values["median0"]), float(values["median1"]))
    alpha, power = float(values["alpha"]), float(values["power"])
    if stated:
        return Bop2(endpoint, tuple(looks), float(values["lam"]), float(values["gamma"]), alpha, power)
    return search(endpoint, tuple(looks), alpha, power)
