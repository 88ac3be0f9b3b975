"""EffTox: the dose of the best trade-off between response and toxicity, by a model of both. Thall & Cook 2004, doi:10.1111/j.0006-341X.2004.00218.x.

The model is ``efftox_model``'s. The utility of rates (πE, πT) is 1 less the L^p norm of ((1 - πE)/(1 - eff0), πT/tox1), with p such that (eff0, 0),
(1, tox1) and (eff_star, tox_star) are equally good, of utility 0 (Cook 2006, UTMDABTR-003-06); a dose's is taken at its mean rates. A dose is acceptable if
P(πT < ``phi_t``) > ``p_t`` and P(πE > ``phi_e``) > ``p_e``. The acceptable dose of the largest utility is given next; none: the trial stops.

``skip``: the next dose lies between one below the lowest and one above the highest given ('neither', as R's trialr and MATCHPOINT have it: Brock and others
2017, doi:10.1186/s12874-017-0381-x), or only upwards no dose is skipped ('down'), or any may be ('either'). ``untried``: a dose above all that
were given must be acceptable by 'both', as trialr has it, or by 'toxicity' alone, as the paper of 2004 has the lowest of them.
The posterior is reckoned by quadrature, so that the same outcomes always give the same dose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any, Literal

import numpy as np
from pydantic import Field
from scipy.optimize import brentq

from equipoise.design.dose.counts import FourCounts, nobody_of_four, treated_of_four
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.dose_spec import UnitSpec
from equipoise.design.dose.efftox_many import MOST_PATIENTS, MOST_TERMS, History, ManyFits, terms
from equipoise.design.dose.efftox_model import EfftoxModel, Fitted
from equipoise.design.dose.rules import DoseRule, EnoughAtDose, EnoughPatients, before_any_answer, most_cautious
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import Problem

DOSE_KIND = "efftox"
TITLE = "EffTox, the best trade-off of response and toxicity"
FAMILY = "efficacy and toxicity"
REFERENCE = (
    "Thall PF, Cook JD. Dose-finding based on efficacy-toxicity trade-offs. Biometrics 2004;60:684-693. "
    "doi:10.1111/j.0006-341X.2004.00218.x"
)
#: MATCHPOINT, with one cohort: what it is asked to enumerate as an example.
EXAMPLE = {
    "levels": (7.5, 15.0, 30.0, 45.0), "start": 3, "cohort": 3, "cohorts": 2, "phi_t": 0.40, "phi_e": 0.45, "p_t": 0.05, "p_e": 0.03,
    "eff0": 0.40, "tox1": 0.70, "eff_star": 0.50, "tox_star": 0.40, "mu_t": (-5.4317, 2.7643), "beta_t": (3.1761, 2.7703),
    "mu_e": (-0.8442, 1.9786), "beta_e1": (1.9857, 1.9820), "beta_e2": (0.0, 0.2),
}  # fmt: skip
#: Points of a lattice at most: a second an answer, or so.
_MOST_POINTS = 400_000
#: Of fewer states each is reckoned by itself; and what many at once cannot tell: probabilities nearer than this to a limit, and such utilities.
_FEW, _HAIR, _TIE = 8, 1e-4, 2e-5
_PRIORS = ("mu_t", "beta_t", "mu_e", "beta_e1", "beta_e2", "psi")


class Spec(UnitSpec):
    """EffTox: doses, limits, the contour of utility 0, priors, and conventions."""

    kind: Literal["efftox"]
    levels: tuple[float, ...] = Field(min_length=2, max_length=12, description="The doses in the drug's unit, rising.")
    phi_t: Probability = Field(description="Highest DLT rate that is tolerated.")
    phi_e: Probability = Field(description="Lowest response rate of interest.")
    p_t: Probability = Field(default=0.1, description="Acceptable if P(DLT rate < phi_t) exceeds this.")
    p_e: Probability = Field(default=0.1, description="Acceptable if P(response rate > phi_e) exceeds this.")
    eff0: Probability = Field(description="Response rate that is of utility 0 without any DLT.")
    tox1: Probability = Field(description="DLT rate that is of utility 0 where all respond.")
    eff_star: Probability = Field(description="Response rate of a third point of utility 0, between eff0 and 1.")
    tox_star: Probability = Field(description="Its DLT rate, below tox1.")
    mu_t: tuple[float, ...] = Field(description="Prior mean and standard deviation of the DLT curve's intercept.")
    beta_t: tuple[float, ...] = Field(description="The same of its slope in ln(dose), centred.")
    mu_e: tuple[float, ...] = Field(description="The same of the response curve's intercept.")
    beta_e1: tuple[float, ...] = Field(description="The same of its slope.")
    beta_e2: tuple[float, ...] = Field(default=(0.0, 0.2), description="The same of its curvature.")
    psi: tuple[float, ...] = Field(default=(0.0, 1.0), description="The same of the association of both in a patient.")
    skip: Literal["neither", "down", "either"] = Field(
        default="neither", description="Which way doses that nobody was given may be skipped."
    )
    untried: Literal["both", "toxicity"] = Field(
        default="both",
        description="Whether the dose above those given must be acceptable by both, or by toxicity alone.",
    )
    n_stop: int = Field(
        default=0, ge=0, le=1000, description="Patients at the next dose after which the trial ends; 0: never."
    )

    @between("eff0", "eff_star", "tox1", "tox_star")
    def _a_contour(self) -> Iterator[Problem]:
        """The third point lies within the other two."""
        if not self.eff0 < self.eff_star:
            yield Problem("contour", "eff_star", f"{self.eff_star:g}", f"more than eff0, {self.eff0:g}")
        if not self.tox_star < self.tox1:
            yield Problem("contour", "tox_star", f"{self.tox_star:g}", f"less than tox1, {self.tox1:g}")

    @between(*_PRIORS)
    def _normal(self) -> Iterator[Problem]:
        """A mean and a standard deviation each."""
        for name in _PRIORS:
            prior = getattr(self, name)
            if len(prior) != 2 or not (abs(prior[0]) <= 50 and 0.01 <= prior[1] <= 20):
                given = ", ".join(f"{x:g}" for x in prior)
                yield Problem("prior", name, given, "a mean, -50 to 50, and a standard deviation, 0.01 to 20")

    @between("levels", *_PRIORS)
    def _narrow_enough(self) -> Iterator[Problem]:
        """The lattices fit."""
        if list(self._rise()) or list(self._normal()):
            return
        size = _model(self).size
        if size > _MOST_POINTS:
            given = f"priors that ask for {size:.2g} points"
            yield Problem("wide", "mu_e, beta_e1, beta_e2", given, f"narrower ones: at most {_MOST_POINTS:,} points")


@dataclass(frozen=True, kw_only=True)
class Efftox:
    """EffTox with its model and conventions; see the module."""

    model: EfftoxModel
    phi_t: float
    phi_e: float
    p_t: float
    p_e: float
    eff0: float
    tox1: float
    eff_star: float
    tox_star: float
    cohort: int = 3
    cohorts: int = 10
    start_dose: int = 1
    skip: Literal["neither", "down", "either"] = "neither"
    untried: Literal["both", "toxicity"] = "both"
    n_stop: int = 0

    @property
    def doses(self) -> int:
        """As many as there are levels."""
        return len(self.model.levels)

    @property
    def of_response(self) -> bool:
        """Responses count too."""
        return True

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        said = [
            "One DLT more may lead to a higher dose: what matters is the trade-off, as far as a dose is acceptable."
        ]
        if self.skip != "neither":
            said.append(f"Doses may be skipped{' downwards' if self.skip == 'down' else ''}.")
        if self.untried == "toxicity":
            said.append("A dose that nobody was given yet may be given though it is not thought to work.")
        return tuple(said)

    @cached_property
    def norm(self) -> float:
        """p of the norm."""
        a, b = (1 - self.eff_star) / (1 - self.eff0), self.tox_star / self.tox1
        return float(brentq(lambda p: a**p + b**p - 1, 1e-9, 1e6, xtol=1e-12))

    def utility(self, response: float, dlt: float) -> float:
        """Of a pair of rates."""
        p = self.norm
        return 1 - float((((1 - response) / (1 - self.eff0)) ** p + (dlt / self.tox1) ** p) ** (1 / p))

    @cached_property
    def _fits(self) -> dict[Any, Fitted]:
        return {}

    def fit(self, state: FourCounts) -> Fitted:
        """What is known of each dose."""
        key = state.n, state.dlt, state.responses, state.both
        if key not in self._fits:
            neither, dlt, response, both = zip(*_history(state), strict=True)
            self._fits[key] = self.model.fit(neither, dlt, response, both, self.phi_t, self.phi_e)
        return self._fits[key]

    @cached_property
    def _many(self) -> ManyFits:
        return ManyFits(self.model, self.phi_t, self.phi_e)

    def foresee(self, states: Sequence[FourCounts]) -> None:
        """Learn of many states at once what ``fit`` says of each: a hundredth of the time where few patients were treated.

        What would be decided by a hair is left to ``fit``.
        """
        new = {}
        for s in states:
            key = s.n, s.dlt, s.responses, s.both
            if (
                key not in self._fits
                and 0 < s.patients <= MOST_PATIENTS
                and terms(history := _history(s)) <= MOST_TERMS
            ):
                new[key] = history
        if len(new) < _FEW:
            return
        found = self._many.known(list(new.values()))
        p, q = found[:, 0], found[:, 1]
        worth = np.sort(-((((1 - p) / (1 - self.eff0)) ** self.norm + (q / self.tox1) ** self.norm) ** (1 / self.norm)))
        sure = np.diff(worth).min(axis=1) > _TIE
        for k, limit in ((2, self.p_e), (3, self.p_t)):
            sure &= (np.abs(found[:, k] - limit) > _HAIR).all(axis=1)
        for key, known in zip(compress(new, sure), found[sure].tolist(), strict=True):
            self._fits[key] = Fitted(*map(tuple, known))

    def ptox(self, state: FourCounts) -> tuple[float, ...]:
        """Posterior mean DLT rates."""
        return self.fit(state).dlt

    def posterior(self, state: FourCounts) -> dict[str, tuple[float, ...]]:
        """What else is known of each dose: mean response rates, the probabilities that it is safe and that it works, its utility."""
        f = self.fit(state)
        return {"peff": f.response, "p_safe": f.safe, "p_works": f.works, "utility": self._utilities(f)}

    @cached_property
    def _worth(self) -> dict[Fitted, tuple[float, ...]]:
        return {}

    def _utilities(self, f: Fitted) -> tuple[float, ...]:
        if f not in self._worth:
            self._worth[f] = tuple(self.utility(e, t) for e, t in zip(f.response, f.dlt, strict=True))
        return self._worth[f]

    def start(self) -> FourCounts:
        """Nobody is treated."""
        return nobody_of_four(self.doses)

    def step(self, state: FourCounts, dose: int, seen: Seen) -> FourCounts:
        """The counts after a cohort."""
        return treated_of_four(state, dose, seen)

    def verdict(self, state: FourCounts) -> DoseVerdict:
        """The acceptable dose of the largest utility, or the end."""
        most = self.cohort * self.cohorts
        size = min(self.cohort, max(most - state.patients, 1))
        rules: list[DoseRule] = [EnoughPatients(most), *([EnoughAtDose(self.n_stop)] if self.n_stop else [])]
        first = before_any_answer(state, self.start_dose, size)
        if first is not None:
            return first
        f = self.fit(state)
        told = (
            f"Utility {_list(self._utilities(f))}; P(DLT rate < {self.phi_t:g}) {_list(f.safe)}; P(response rate > {self.phi_e:g}) {_list(f.works)}.",
        )
        may = self._acceptable(state)
        to = self._best(state, may)
        if not to:
            why = (
                *told,
                "No dose within reach is acceptable."
                if self._acceptable(state, anywhere=True)
                else "No dose is acceptable.",
            )
            return DoseVerdict(End("no acceptable dose", declares=False), why, ("acceptable",))
        free = self._best(state, self._acceptable(state, anywhere=True))
        because = f"Of the acceptable doses {to} has the largest utility."
        if free != to:
            because = f"Dose {free} would be best, and is out of reach: dose {to}."
        base = DoseVerdict(Give(to, size), (*told, because), ("skipping",) if free != to else ())
        return most_cautious(base, (r.asked(state, to) for r in rules))

    def _acceptable(self, state: FourCounts, *, anywhere: bool = False) -> list[int]:
        """The doses that may be given next. ``anywhere``: skipped ones too."""
        f, given = self.fit(state), [d for d, n in enumerate(state.n, 1) if n]
        low = min(given) - 1 if self.skip == "neither" else 1
        high = self.doses if self.skip == "either" else max(given) + 1
        return [
            d
            for d in range(1, self.doses + 1)
            if (anywhere or low <= d <= high)
            and f.safe[d - 1] > self.p_t
            and (f.works[d - 1] > self.p_e or (self.untried == "toxicity" and d == max(given) + 1))
        ]

    def _best(self, state: FourCounts, doses: list[int]) -> int:
        """Of the largest utility, the lowest of equals; 0 of none."""
        worth = self._utilities(self.fit(state))
        return max(doses, key=lambda d: (round(worth[d - 1], 9), -d), default=0)

    def recommend(self, state: FourCounts) -> int:
        """Of the doses that were given and are acceptable, the one of the largest utility; 0 if none may be given next."""
        if state.patients == 0:
            return 0
        may = self._acceptable(state)
        return self._best(state, [d for d in may if state.n[d - 1]])

    def numbers(self) -> Mapping[str, Any]:
        """The model, the contour and the conventions; ``prior``: what is thought before the first patient."""
        m, at = self.model, self.fit(self.start())
        names = (
            "phi_t",
            "phi_e",
            "p_t",
            "p_e",
            "eff0",
            "tox1",
            "eff_star",
            "tox_star",
            "cohort",
            "cohorts",
            "skip",
            "untried",
            "n_stop",
        )
        return {
            "doses": self.doses, "levels": list(m.levels), "start": self.start_dose, **{k: getattr(self, k) for k in names}, "norm": self.norm,
            **{k: list(getattr(m, k)) for k in _PRIORS},
            "prior": {"ptox": list(at.dlt), "peff": list(at.response), "utility": list(self._utilities(at))},
        }  # fmt: skip

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        m = self.model
        levels = ", ".join(f"{d:g}" for d in m.levels)
        priors = "; ".join(f"{name} {mean:g} ({sd:g})" for name, (mean, sd) in ((k, getattr(m, k)) for k in _PRIORS))
        skip = {
            "neither": "one below the lowest to one above the highest dose given so far",
            "down": "up to one above the highest dose given so far",
            "either": "all doses",
        }[self.skip]
        new = "" if self.untried == "both" else " (the dose above those given by the first alone)"
        return (
            f"Up to {self.cohort * self.cohorts} patients are treated in cohorts of {self.cohort} at doses {levels}, from dose {self.start_dose} on, by EffTox (Thall & Cook "
            f"2004). DLT and response rates follow logistic curves of the centred logarithm of the dose, linear and quadratic, associated within a patient; priors are "
            f"independent normal with mean (standard deviation): {priors}. A dose is acceptable if the probability that its DLT rate is below {self.phi_t:g} exceeds "
            f"{self.p_t:g} and that its response rate is above {self.phi_e:g} exceeds {self.p_e:g}{new}. Utility is one less an L^p norm, p = {self.norm:.4g}, by which "
            f"response and DLT rates of ({self.eff0:g}, 0), (1, {self.tox1:g}) and ({self.eff_star:g}, {self.tox_star:g}) are equally good. The acceptable dose whose "
            f"posterior mean rates have the largest utility is given next, of {skip}; the trial stops if there is none. At the end the acceptable dose of the largest "
            "utility among those given is recommended."
        )


def _history(state: FourCounts) -> History:
    """Of each dose: neither, a DLT alone, a response alone, both."""
    each = zip(state.n, state.dlt, state.responses, state.both, strict=True)
    return tuple((n - t - e + b, t - b, e - b, b) for n, t, e, b in each)


def _list(values: tuple[float, ...]) -> str:
    return ", ".join(f"{v:.3f}" for v in values)


def from_spec(spec: Spec) -> Efftox:
    """The design that a spec states."""
    said = spec.model_dump(exclude={"kind", "levels", "start", *_PRIORS})
    return Efftox(model=_model(spec), start_dose=spec.start, **said)


def _model(spec: Spec) -> EfftoxModel:
    return EfftoxModel(spec.levels, **{k: (getattr(spec, k)[0], getattr(spec, k)[1]) for k in _PRIORS})
