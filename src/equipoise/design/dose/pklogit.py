"""PKLOGIT: each patient's exposure (AUC) between dose and toxicity. Ursino and others 2017, doi:10.1002/bimj.201600084; the idea is Piantadosi & Liu's (1996).

The dose whose estimated DLT rate is nearest to the target is given next, none skipped: the rate at the posterior means of both regressions
(``exposure_logit``), as the paper has it. The trial stops if P(rate of the lowest dose > target) reaches ``stop``, over everything that is not known.
A patient whose exposure is not told counts over what it may be at his dose.

The state holds exposures, so that states no longer merge and behaviour is simulated. There a patient's exposure follows from the same numbers as his DLT:
of the normal score behind that, the share ``explains`` of the variance is his score of ln AUC, the rest chance. DLT rates stay those of the truth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field
from scipy.special import ndtri

from equipoise.design.dose.counts import Counts, treated
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.dose_spec import UnitSpec
from equipoise.design.dose.exposure_logit import (
    Pharmacokinetics,
    Toxicity,
    chance_above,
    pharmacokinetics,
    rate_at,
    toxicity,
)
from equipoise.design.dose.rules import before_any_answer
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import BadInput, Problem

DOSE_KIND = "pklogit"
TITLE = "PKLOGIT: exposure between dose and toxicity"
FAMILY = "model-based"
REFERENCE = (
    "Ursino M, Zohar S, Lentz F, et al. Dose-finding methods for phase I clinical trials using pharmacokinetics in small populations. Biom J 2017. "
    "doi:10.1002/bimj.201600084. After Piantadosi S, Liu G. Stat Med 1996."
)
EXAMPLE = {"levels": (60.0, 75.0, 90.0, 112.0), "target": 0.25, "clearance": 0.07, "cohort": 3, "cohorts": 4}
#: Of ln AUC, and so of a state: so many decimals tell patients apart.
_DECIMALS = 6


class Spec(UnitSpec):
    """PKLOGIT: doses, target, what is thought of the drug's clearance, priors."""

    kind: Literal["pklogit"]
    target: Probability = Field(description="Target probability of a DLT.")
    clearance: float = Field(gt=0, le=1e9, description="Clearance that is thought of, so that AUC = dose / clearance: 0.07 [L/h/m2] for mg/m2 and ug·h/mL.")  # fmt: skip
    auc_unit: float | None = Field(default=None, gt=0, le=1e12, description="The AUC that counts as 1 in the logit; left out: that of the lowest dose by the clearance.")  # fmt: skip
    pk_sd: float = Field(default=10_000.0, gt=0, le=1e6, description="Prior standard deviation of the intercept and the slope of ln AUC on ln dose.")  # fmt: skip
    most_b2: float = Field(default=20.0, gt=0, le=200, description="b2 lies between 0 and this, all values alike.")
    most_b3: float = Field(default=10.0, gt=0, le=100, description="b3 likewise.")
    stop: float = Field(default=0.9, gt=0.5, le=1, description="The trial stops if P(rate of the lowest dose > target) is this or more; 1: never.")  # fmt: skip
    no_skip: bool = Field(default=True, description="Escalate by one dose at most above the highest given.")
    cv: float = Field(default=0.33, ge=0, le=3, description="Simulated patients: coefficient of variation of their clearance.")  # fmt: skip
    explains: float = Field(default=0.5, ge=0, le=1, description="Simulated patients: how much of why a patient has a DLT is his exposure; 0: none, 1: all.")  # fmt: skip

    @between("most_b2", "most_b3")
    def _rates_can_rise(self) -> Iterator[Problem]:
        """A rate of the target can be had."""
        if self.most_b2 < 1:
            yield Problem("prior", "most_b2", f"{self.most_b2:g}", "1 or more: else no dose is nearly free of DLTs")


@dataclass(frozen=True, slots=True)
class SeenExposed(Seen):
    """A cohort of whom exposures are known: the AUC of each and whether he had a DLT."""

    exposures: tuple[tuple[float, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Exposed(Counts):
    """Counts, and of each patient whose exposure is known his dose, ln AUC and whether he had a DLT, sorted: the order cannot matter."""

    known: tuple[tuple[int, float, bool], ...] = ()


@dataclass(frozen=True, kw_only=True)
class PkLogit:
    """PKLOGIT with its conventions; see the module."""

    levels: tuple[float, ...]
    target: float
    clearance: float
    auc_unit: float
    pk_sd: float = 10_000.0
    most: tuple[float, float] = (20.0, 10.0)
    stop: float = 0.9
    no_skip: bool = True
    cohort: int = 3
    cohorts: int = 10
    start_dose: int = 1
    cv: float = 0.33
    explains: float = 0.5

    @property
    def doses(self) -> int:
        """As many as there are levels."""
        return len(self.levels)

    @property
    def of_response(self) -> bool:
        """Only DLTs count."""
        return False

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        told = (
            f"Its behaviour is simulated with exposures that are assumed: a clearance of {self.clearance:g}, between patients a coefficient of variation of "
            f"{self.cv:g}, and {100 * self.explains:g} % of why a patient has a DLT in his exposure.",
            "A history of outcomes, or a trial's log, tells it no exposures: it then decides from doses and DLTs, over what the exposures may have been.",
        )  # fmt: skip
        return told if self.no_skip else (*told, "Doses may be skipped.")

    def start(self) -> Exposed:
        """Nobody is treated."""
        none = (0,) * self.doses
        return Exposed(none, none, 0, self.doses + 1)

    def step(self, state: Exposed, dose: int, seen: Seen) -> Exposed:
        """The counts after a cohort, and its exposures where they are told (``SeenExposed``)."""
        new = treated(state, dose, seen)
        told = seen.exposures if isinstance(seen, SeenExposed) else ()
        known = tuple(
            sorted((*state.known, *((dose, round(math.log(area), _DECIMALS), toxic) for area, toxic in told)))
        )
        return Exposed(new.n, new.dlt, new.at, new.out, new.cohorts, new.stage, known)

    def with_exposure(self, seen: Seen, dose: int, people: Sequence[tuple[float, ...]], rates: Sequence[float]) -> SeenExposed:  # fmt: skip
        """Of simulated patients the exposures too. ``people``: each one's uniform numbers, of which the first says whether he has a DLT and the second his chance."""
        spread = math.sqrt(math.log1p(self.cv**2))
        rho = math.sqrt(self.explains)
        found = []
        for u in people:
            score, chance = -float(ndtri(_inside(u[0]))), float(ndtri(_inside(u[1])))
            e = rho * score + math.sqrt(1 - rho * rho) * chance
            found.append((self.levels[dose - 1] / self.clearance * math.exp(spread * e), u[0] < rates[dose - 1]))
        return SeenExposed(seen.none, seen.toxic, seen.response, seen.both, tuple(found))

    @cached_property
    def _fits(self) -> dict[Any, tuple[Pharmacokinetics, Toxicity, tuple[float, ...]]]:
        return {}

    def fit(self, state: Exposed) -> tuple[Pharmacokinetics, Toxicity, tuple[float, ...]]:
        """Both posteriors, and the DLT rate of each dose at their means."""
        key = (state.n, state.dlt, state.known)
        if key not in self._fits:
            if len(self._fits) > 2000:
                self._fits.clear()
            logs, shift = [math.log(d) for d in self.levels], math.log(self.auc_unit)
            kinetics = pharmacokinetics([logs[d - 1] for d, _, _ in state.known], [z for _, z, _ in state.known], self.clearance, self.pk_sd)  # fmt: skip
            b0, b1, v = kinetics.expected
            means = [b0 + b1 * x - shift for x in logs]
            unmeasured = []
            for d in range(1, self.doses + 1):
                own = [toxic for dose, _, toxic in state.known if dose == d]
                n, dlt = state.n[d - 1] - len(own), state.dlt[d - 1] - sum(own)
                if n:
                    unmeasured.append((means[d - 1], v, n, dlt))
            found = toxicity([(z - shift, toxic) for _, z, toxic in state.known], unmeasured, self.most)
            b2, b3 = found.expected
            self._fits[key] = kinetics, found, tuple(rate_at(m, v, b2, b3) for m in means)
        return self._fits[key]

    def ptox(self, state: Exposed) -> tuple[float, ...]:
        """The DLT rate of each dose at the posterior means."""
        return self.fit(state)[2]

    def too_toxic(self, state: Exposed) -> float:
        """P(DLT rate of the lowest dose > target)."""
        kinetics, found, _ = self.fit(state)
        return chance_above(self.target, math.log(self.levels[0]), math.log(self.auc_unit), kinetics, found)

    def exactly(self, truth: Any, most_states: int = 0) -> Any:
        """Never: exposures are no counts. Raises BadInput, at which whoever asks for either simulates."""
        allowed = "simulated: the state holds each patient's exposure, and no two are alike"
        raise BadInput("design", [Problem("too-many-states", "--behaviour", "exact", allowed)])

    def verdict(self, state: Exposed) -> DoseVerdict:
        """The dose nearest to the target, or the end."""
        most = self.cohort * self.cohorts
        size = min(self.cohort, max(most - state.patients, 1))
        first = before_any_answer(state, self.start_dose, size)
        if first is not None:
            return first
        rates = self.ptox(state)
        told = f"Estimated DLT rates {', '.join(f'{p:.3f}' for p in rates)}."
        over = self.too_toxic(state) if self.stop < 1 else 0.0
        if self.stop < 1 and over >= self.stop:
            because = f"P(DLT rate of dose 1 > {self.target:g}) = {over:.3f}, {self.stop:g} or more."
            return DoseVerdict(End("too toxic", declares=False), (told, because), ("too toxic",))
        if state.patients >= most:
            return DoseVerdict(End("enough patients", declares=True), (told, f"{state.patients} of {most} patients."))
        free = self._nearest(rates, range(1, self.doses + 1))
        reach = max(d for d, n in enumerate(state.n, 1) if n) + 1 if self.no_skip else self.doses
        to = self._nearest(rates, range(1, min(reach, self.doses) + 1))
        because = f"Dose {free} is nearest to {self.target:g}." if to == free else f"Dose {free} is nearest to {self.target:g} and out of reach: dose {to}."  # fmt: skip
        bound = () if to == free else ("step",)
        if to > state.at and state.dlt[state.at - 1] > self.target * state.n[state.at - 1]:
            to, bound = state.at, (*bound, "coherence")
            because += f" More than {self.target:g} at dose {to} had a DLT: no escalation."
        return DoseVerdict(Give(to, size), (told, because), bound)

    def _nearest(self, rates: Sequence[float], among: range) -> int:
        return min(among, key=lambda d: (abs(rates[d - 1] - self.target), d))

    def recommend(self, state: Exposed) -> int:
        """Of the doses that were given the one nearest to the target; 0 if the lowest is too toxic."""
        given = [d for d, n in enumerate(state.n, 1) if n]
        if not given or (self.stop < 1 and self.too_toxic(state) >= self.stop):
            return 0
        rates = self.ptox(state)
        return min(given, key=lambda d: (abs(rates[d - 1] - self.target), d))

    def numbers(self) -> Mapping[str, Any]:
        """The model and its conventions."""
        return {
            "doses": self.doses, "levels": list(self.levels), "target": self.target, "clearance": self.clearance, "auc_unit": self.auc_unit, "pk_sd": self.pk_sd,
            "most_b2": self.most[0], "most_b3": self.most[1], "stop": self.stop, "no_skip": self.no_skip, "cohort": self.cohort, "cohorts": self.cohorts,
            "start": self.start_dose, "cv": self.cv, "explains": self.explains, "prior_rates": list(self.ptox(self.start())),
        }  # fmt: skip

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        levels = ", ".join(f"{d:g}" for d in self.levels)
        skip = ", at most one dose above the highest given" if self.no_skip else ""
        ends = f" The trial stops if the probability that the DLT rate of the lowest dose exceeds {self.target:g} is {self.stop:g} or more." if self.stop < 1 else ""  # fmt: skip
        return (
            f"Up to {self.cohort * self.cohorts} patients are treated in cohorts of {self.cohort} at doses {levels}, from dose {self.start_dose} on, by PKLOGIT (Ursino et al. 2017): the "
            f"logarithm of a patient's AUC is normal about a line in the logarithm of the dose (prior: AUC = dose/{self.clearance:g}), and the logit of the DLT rate is a "
            f"line in the logarithm of AUC/{self.auc_unit:g}, b2 uniform on 0 to {self.most[0]:g} and b3 on 0 to {self.most[1]:g}. The dose whose DLT rate, over patients' exposures and at the posterior "
            f"means, is nearest to {self.target:g} is given next{skip}, and none higher than the last where more than {self.target:g} of its patients had a DLT.{ends}"
        )


def _inside(u: float) -> float:
    return min(max(u, 1e-12), 1 - 1e-12)


def from_spec(spec: Spec) -> PkLogit:
    """The design that a spec states."""
    unit = spec.levels[0] / spec.clearance if spec.auc_unit is None else spec.auc_unit
    return PkLogit(
        levels=spec.levels, target=spec.target, clearance=spec.clearance, auc_unit=unit, pk_sd=spec.pk_sd, most=(spec.most_b2, spec.most_b3), stop=spec.stop,
        no_skip=spec.no_skip, cohort=spec.cohort, cohorts=spec.cohorts, start_dose=spec.start, cv=spec.cv, explains=spec.explains,
    )  # fmt: skip
