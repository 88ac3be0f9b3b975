"""The Bayesian logistic regression model (BLRM) with escalation under overdose control (EWOC).

A dose may be given where P(its DLT rate lies above the target interval) < ``overdose``; among those the one with the largest probability of the
target interval, or the highest, as ``choice`` says, is given next. Neuenschwander, Branson & Gsponer 2008, doi:10.1002/sim.3230; EWOC: Babb, Rogatko & Zacks
1998, doi:10.1002/(SICI)1097-0258(19980530)17:10<1103::AID-SIM793>3.0.CO;2-9. Intervals are closed below and open above: a rate of just the upper end
is an overdose. ``increase``: the largest step, as a factor of the highest dose given so far (2: at most doubled).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.blrm_model import BlrmModel
from equipoise.design.dose.counts import Counts, nobody, treated
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.dose_spec import UnitSpec
from equipoise.design.dose.rules import DoseRule, EnoughAtDose, EnoughPatients, before_any_answer, most_cautious
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import Problem

DOSE_KIND = "blrm"
TITLE = "Bayesian logistic regression with overdose control (BLRM, EWOC)"
FAMILY = "model-based"
REFERENCE = (
    "Neuenschwander B, Branson M, Gsponer T. Critical aspects of the Bayesian approach to phase I cancer trials. "
    "Stat Med 2008;27:2420-2439. doi:10.1002/sim.3230"
)
EXAMPLE = {"levels": (60.0, 75.0, 90.0, 112.0), "reference": 90.0, "cohort": 3, "cohorts": 6}


class Spec(UnitSpec):
    """BLRM: doses, prior, intervals and conventions."""

    kind: Literal["blrm"]
    reference: float = Field(gt=0, description="Reference dose: alpha is the logit of its DLT rate.")
    alpha_mean: float = Field(
        default=-0.8473, ge=-20, le=20, description="Prior mean of alpha (default: a rate of 0.30)."
    )
    alpha_sd: float = Field(default=2.0, gt=0, le=20, description="Its standard deviation.")
    log_beta_mean: float = Field(default=0.0, ge=-20, le=20, description="Prior mean of ln(beta).")
    log_beta_sd: float = Field(default=1.0, gt=0, le=20, description="Its standard deviation.")
    correlation: float = Field(default=0.0, gt=-1, lt=1, description="Prior correlation of alpha and ln(beta).")
    target_from: Probability = Field(default=0.16, description="Lower end of the target interval of DLT rates.")
    target_to: Probability = Field(default=0.33, description="Upper end; a rate of this or more is an overdose.")
    overdose: Probability = Field(default=0.25, description="A dose may be given where P(overdose) is below this.")
    choice: Literal["target", "highest"] = Field(
        default="target", description="Of the doses that may be given: the most likely on target, or the highest."
    )
    increase: float = Field(default=2.0, gt=1, le=100, description="Largest factor from the highest dose given so far.")
    no_skip: bool = Field(default=True, description="Escalate by one dose at most above the highest given.")
    n_stop: int = Field(
        default=0, ge=0, le=1000, description="Patients at the next dose after which the trial ends; 0: never."
    )

    @between("target_from", "target_to")
    def _an_interval(self) -> Iterator[Problem]:
        """It has a length."""
        if not self.target_from < self.target_to:
            yield Problem(
                "interval", "target_from, target_to", f"{self.target_from:g}, {self.target_to:g}", "one that rises"
            )


@dataclass(frozen=True, kw_only=True)
class Blrm:
    """BLRM with its conventions; see the module."""

    blrm: BlrmModel
    target_from: float = 0.16
    target_to: float = 0.33
    overdose: float = 0.25
    choice: Literal["target", "highest"] = "target"
    increase: float = 2.0
    no_skip: bool = True
    cohort: int = 3
    cohorts: int = 10
    start_dose: int = 1
    n_stop: int = 0

    @property
    def doses(self) -> int:
        """As many as there are levels."""
        return len(self.blrm.levels)

    @property
    def of_response(self) -> bool:
        """Only DLTs count."""
        return False

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        return () if self.no_skip else ("Doses may be skipped.",)

    @cached_property
    def _fits(self) -> dict[Any, tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]]:
        return {}

    def fit(
        self, n: tuple[int, ...], dlt: tuple[int, ...]
    ) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """Of each dose: mean DLT rate, P(on target), P(overdose)."""
        if (n, dlt) not in self._fits:
            m = self.blrm
            w = m.weights(n, dlt)
            under, within = (m.below(w, m.levels, rate) for rate in (self.target_from, self.target_to))
            self._fits[n, dlt] = (
                m.mean_rates(w),
                tuple(b - a for a, b in zip(under, within, strict=True)),
                tuple(1 - b for b in within),
            )
        return self._fits[n, dlt]

    def ptox(self, state: Counts) -> tuple[float, ...]:
        """Posterior mean DLT rates."""
        return self.fit(state.n, state.dlt)[0]

    def start(self) -> Counts:
        """Nobody is treated."""
        return nobody(self.doses)

    def step(self, state: Counts, dose: int, seen: Seen) -> Counts:
        """The counts after a cohort."""
        return treated(state, dose, seen)

    def verdict(self, state: Counts) -> DoseVerdict:
        """The next dose under overdose control, or the end."""
        most = self.cohort * self.cohorts
        size = min(self.cohort, max(most - state.patients, 1))
        rules: list[DoseRule] = [EnoughPatients(most), *([EnoughAtDose(self.n_stop)] if self.n_stop else [])]
        first = before_any_answer(state, self.start_dose, size)
        if first is not None:
            return first
        _, on, over = self.fit(state.n, state.dlt)
        told = (
            f"P(overdose) {', '.join(f'{p:.3f}' for p in over)}; P(on target) {', '.join(f'{p:.3f}' for p in on)}.",
        )
        may = [d for d in range(1, self.doses + 1) if over[d - 1] < self.overdose]
        if not may:
            return DoseVerdict(
                End("too toxic", declares=False),
                (*told, f"No dose has P(overdose) below {self.overdose:g}."),
                ("overdose",),
            )
        reach = self._reach(state)
        to = self._choose([d for d in may if d <= reach] or may[:1], on)
        free = self._choose(may, on)
        bound = ("step",) if to < free else ()
        because = (*told, f"Dose {free} is chosen." if to == free else f"Dose {free} is out of reach: dose {to}.")
        return most_cautious(DoseVerdict(Give(to, size), because, bound), (r.asked(state, to) for r in rules))

    def _reach(self, state: Counts) -> int:
        """The highest dose that may come next."""
        highest = max((d for d, n in enumerate(state.n, 1) if n), default=0)
        if not highest:
            return self.doses
        cap = self.increase * self.blrm.levels[highest - 1] * (1 + 1e-12)
        by_factor = max(d for d, level in enumerate(self.blrm.levels, 1) if level <= cap)
        return min(by_factor, highest + 1) if self.no_skip else by_factor

    def _choose(self, may: list[int], on: tuple[float, ...]) -> int:
        return may[-1] if self.choice == "highest" else max(may, key=lambda d: (on[d - 1], -d))

    def recommend(self, state: Counts) -> int:
        """Of the doses that were given and may be given, the one that the next cohort would get; 0 if none may be."""
        if state.patients == 0:
            return 0
        _, on, over = self.fit(state.n, state.dlt)
        if not any(p < self.overdose for p in over):
            return 0
        may = [d for d in range(1, self.doses + 1) if state.n[d - 1] and over[d - 1] < self.overdose]
        return self._choose(may, on) if may else 0

    def numbers(self) -> Mapping[str, Any]:
        """The model and its conventions."""
        m = self.blrm
        return {
            "doses": self.doses, "levels": list(m.levels), "reference": m.reference, "alpha": [m.means[0], m.sds[0]],
            "log_beta": [m.means[1], m.sds[1]], "correlation": m.correlation, "target": [self.target_from, self.target_to],
            "overdose": self.overdose, "choice": self.choice, "increase": self.increase, "no_skip": self.no_skip, "cohort": self.cohort,
            "cohorts": self.cohorts, "start": self.start_dose, "prior_rates": list(self.fit((0,) * self.doses, (0,) * self.doses)[0]),
        }  # fmt: skip

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        m = self.blrm
        levels = ", ".join(f"{d:g}" for d in m.levels)
        which = (
            "with the largest probability of the target interval" if self.choice == "target" else "that is the highest"
        )
        skip = ", at most one dose above it" if self.no_skip else ""
        return (
            f"Up to {self.cohort * self.cohorts} patients are treated in cohorts of {self.cohort} at doses {levels}, from the {_nth(self.start_dose)} on, by a Bayesian "
            f"logistic regression with overdose control (Neuenschwander, Branson & Gsponer 2008): logit of the DLT rate = alpha + beta ln(dose/{m.reference:g}), "
            f"alpha normal with mean {m.means[0]:g} and standard deviation {m.sds[0]:g}, ln(beta) with {m.means[1]:g} and {m.sds[1]:g}, correlation {m.correlation:g}. "
            f"A dose may be given if the probability that its rate is {self.target_to:g} or more is below {self.overdose:g}; of these the one {which} "
            f"({self.target_from:g} to {self.target_to:g}) is given next, at most {self.increase:g} times the highest dose given so far{skip}. If no dose may be given the trial "
            "stops."
        )


def _nth(dose: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(dose, f"{dose}th")


def from_spec(spec: Spec) -> Blrm:
    """The design that a spec states."""
    model = BlrmModel(
        spec.levels, spec.reference, (spec.alpha_mean, spec.log_beta_mean), (spec.alpha_sd, spec.log_beta_sd), spec.correlation
    )  # fmt: skip
    return Blrm(
        blrm=model, target_from=spec.target_from, target_to=spec.target_to, overdose=spec.overdose, choice=spec.choice, increase=spec.increase,
        no_skip=spec.no_skip, cohort=spec.cohort, cohorts=spec.cohorts, start_dose=spec.start, n_stop=spec.n_stop,
    )  # fmt: skip
