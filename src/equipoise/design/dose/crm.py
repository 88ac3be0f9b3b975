"""The continual reassessment method: after each cohort a model of all doses says which has the rate closest to the target.

Rates are those at the posterior mean of the model's parameter (``method`` bayes) or at its maximum-likelihood estimate (likelihood; before
both a DLT and a patient without one are seen, cohorts go up one dose at a time: the first stage). O'Quigley, Pepe & Fisher 1990,
doi:10.2307/2531628; O'Quigley & Shen 1996, doi:10.2307/2532905; Cheung 2005 on coherence, doi:10.1093/biomet/92.4.863.

Where packages part ways a parameter says which. ``no_skip``: at most one dose (and ``skips`` more) above the *last* one given (dfcrm), above the
highest *ever* given (and, going down, at most one below the lowest ever: dtpcrm), or 'no' such limit. ``coherent``: no escalation after
the *last cohort*'s rate was at or above the target (dfcrm), after that of all patients *at the dose* was above it (dtpcrm), or 'no'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from equipoise.design.dose.counts import Counts, nobody, treated
from equipoise.design.dose.crm_model import CrmModel, Real, closest_to, indifference, skeleton_by_interval
from equipoise.design.dose.crm_spec import Spec
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.rules import DoseRule, EnoughAtDose, EnoughPatients, Said, most_cautious

DOSE_KIND = "crm"
TITLE = "Continual reassessment method (CRM)"
FAMILY = "model-based"
REFERENCE = (
    "O'Quigley J, Pepe M, Fisher L. Continual reassessment method: a practical design for phase 1 clinical trials in cancer. "
    "Biometrics 1990;46:33-48. doi:10.2307/2531628"
)
EXAMPLE = {"target": 0.25, "skeleton": (0.08, 0.16, 0.25, 0.35, 0.46), "cohort": 3, "cohorts": 8}


@dataclass(frozen=True)
class ModelTooToxic:
    """No dose is fit: the model's P(rate of the lowest dose > ``rate``) > ``certainty``."""

    crm: CrmModel
    rate: float
    certainty: float

    def asked(self, state: Counts, next_dose: int) -> Said | None:
        """The end, without a dose."""
        if state.patients == 0:
            return None
        return self.said(*self.crm.density(state.dlt, [n - y for n, y in zip(state.n, state.dlt, strict=True)]))

    def said(self, theta: Real, w: Real) -> Said | None:
        """The same of a posterior."""
        above = above_rate(self.crm, theta, self.rate)
        p = float(w @ above)
        if not p > self.certainty:
            return None
        because = f"By the model P(DLT rate of dose 1 > {self.rate:g}) = {p:.3f}, above {self.certainty:g}."
        return Said("too toxic", because, End("too toxic", declares=False))

    def in_words(self) -> str:
        """The rule as a sentence of the protocol."""
        return (
            f"The trial stops without a dose if, by the model, the probability that the lowest dose's DLT rate exceeds {self.rate:g} is above "
            f"{self.certainty:g}."
        )


def above_rate(crm: CrmModel, theta: Any, rate: float) -> Any:
    """Of each θ, the weight with which the lowest dose's rate is above ``rate``: its grid cell may be cut by the boundary."""
    s = crm.skeleton[0]
    if crm.model == "empiric":
        edge = float(np.log(np.log(rate) / np.log(s)))
    else:
        x = float(np.log(s / (1 - s))) - crm.intercept
        edge = float(np.log((np.log(rate / (1 - rate)) - crm.intercept) / x))
    step = float(theta[1] - theta[0])
    # The rate falls with θ in both models: above the rate is below the edge.
    return np.clip((edge - theta) / step + 0.5, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Crm:
    """CRM with its model and conventions; see the module."""

    target: float
    crm: CrmModel
    method: Literal["bayes", "likelihood"] = "bayes"
    cohort: int = 3
    cohorts: int = 10
    start_dose: int = 1
    no_skip: Literal["last", "ever", "no"] = "last"
    skips: int = 0
    coherent: Literal["last cohort", "at the dose", "no"] = "last cohort"
    recommends: Literal["given", "next"] = "given"
    rules: tuple[DoseRule, ...] = ()

    @property
    def doses(self) -> int:
        """As many as the skeleton has."""
        return len(self.crm.skeleton)

    @property
    def of_response(self) -> bool:
        """Only DLTs count."""
        return False

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        said = []
        if self.no_skip == "no" or self.skips:
            said.append(f"{f'At most {_doses(self.skips)} at a time' if self.skips else 'Doses'} may be skipped.")
        if self.recommends == "next":
            said.append("The dose named at the end may be one that nobody was given.")
        if self.coherent == "no":
            said.append("The dose may be escalated right after a DLT.")
        if not any(isinstance(r, ModelTooToxic) for r in self.rules):
            said.append("No rule stops the trial when every dose is too toxic: state stop_if_above.")
        return tuple(said)

    @cached_property
    def _fits(self) -> dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[float, tuple[float, ...]]]:
        return {}

    def fit(self, n: tuple[int, ...], dlt: tuple[int, ...]) -> tuple[float, tuple[float, ...]]:
        """The estimate of θ, and the rates of all doses there."""
        if (n, dlt) not in self._fits:
            without = [m - y for m, y in zip(n, dlt, strict=True)]
            theta = self.crm.mean(dlt, without) if self.method == "bayes" else self.crm.likeliest(dlt, without)
            self._fits[n, dlt] = theta, self.crm.rates(theta)
        return self._fits[n, dlt]

    def closest(self, n: tuple[int, ...], dlt: tuple[int, ...]) -> int:
        """The dose whose estimated rate is closest to the target, before any convention."""
        return closest_to(self.target, self.fit(n, dlt)[1])

    def ptox(self, state: Counts) -> tuple[float, ...]:
        """The rates of all doses at the estimate; the skeleton before the first patient."""
        return self.fit(state.n, state.dlt)[1] if self._settled(state) else self.crm.skeleton

    def _settled(self, state: Counts) -> bool:
        """Whether the model is asked: by likelihood only after a DLT and a patient without one."""
        return state.patients > 0 and (self.method == "bayes" or 0 < sum(state.dlt) < state.patients)

    def start(self) -> Counts:
        """Nobody is treated."""
        return nobody(self.doses)

    def step(self, state: Counts, dose: int, seen: Seen) -> Counts:
        """The counts after a cohort, and whether nobody may escalate from here."""
        after = treated(state, dose, seen)
        n, y = after.of(dose)
        stage = "hold" if self.holds(seen, n, y) else ""
        return after if stage == after.stage else replace(after, stage=stage)

    def holds(self, seen: Seen, n: Any, y: Any) -> Any:
        """Whether nobody may escalate after a cohort that leaves ``y`` DLTs of ``n`` at its dose; of arrays, for each."""
        if self.coherent == "last cohort":
            return seen.n > 0 and seen.dlt >= self.target * seen.n - 1e-12
        return y > self.target * n + 1e-12 if self.coherent == "at the dose" else False

    def verdict(self, state: Counts) -> DoseVerdict:
        """The dose whose rate is closest to the target, as far as the conventions let it."""
        if state.at == 0:
            base = DoseVerdict(Give(self.start_dose, self._size(state)), ("The first cohort.",))
            return most_cautious(base, (r.asked(state, self.start_dose) for r in self._rules))
        to, because, bound = self._next(state)
        base = DoseVerdict(Give(to, self._size(state)), because, bound)
        return most_cautious(base, (r.asked(state, to) for r in self._rules))

    @cached_property
    def _rules(self) -> tuple[DoseRule, ...]:
        return (EnoughPatients(self.cohort * self.cohorts), *self.rules)

    def _size(self, state: Counts) -> int:
        return min(self.cohort, max(self.cohort * self.cohorts - state.patients, 1))

    @cached_property
    def _nexts(self) -> dict[Counts, tuple[int, tuple[str, ...], tuple[str, ...]]]:
        return {}

    def _next(self, state: Counts) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
        if state not in self._nexts:
            self._nexts[state] = self._asked(state)
        return self._nexts[state]

    def _asked(self, state: Counts) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
        at = state.at
        if state.patients == 0:
            return at, ("Nobody can be counted: again.",), ()
        if not self._settled(state):
            up = sum(state.dlt) == 0
            to = min(at + 1, self.doses) if up else max(at - 1, 1)
            return to, (f"First stage: {'no DLT' if up else 'nothing but DLTs'} so far.",), ()
        return self._placed(state, self.fit(state.n, state.dlt)[1])

    def _placed(self, state: Counts, rates: tuple[float, ...]) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
        """The dose whose rate is closest to the target, as far as the conventions let it."""
        at = state.at
        to = closest_to(self.target, rates)
        because = [f"Estimated rates {', '.join(f'{p:.3f}' for p in rates)}: dose {to} is closest to {self.target:g}."]
        bound = []
        given = [d for d, n in enumerate(state.n, 1) if n]
        most = {"last": at + 1 + self.skips, "ever": max(given) + 1 + self.skips, "no": self.doses}[self.no_skip]
        least = min(given) - 1 if self.no_skip == "ever" else 1
        if to > most:
            to = most
            because.append(f"{f'At most {_doses(self.skips)}' if self.skips else 'No dose'} is skipped: dose {to}.")
            bound.append("no skipping")
        if to < least:
            to = least
            because.append(f"No dose is skipped: dose {to}.")
            bound.append("no skipping")
        if to > at and state.stage == "hold":
            to = at
            because.append(f"Nobody escalates after so many DLTs: dose {to}.")
            bound.append("coherence")
        return to, tuple(because), tuple(bound)

    def recommend(self, state: Counts) -> int:
        """The next dose that the model and its conventions would give, if it was given before; else the highest one below it that was (or
        the next one all the same, as ``recommends`` says). 0 before the first patient, and where a rule says that no dose is fit.
        """
        if state.patients == 0:
            return 0
        for rule in self.rules:
            said = rule.asked(state, state.at)
            if said is not None and said.end is not None and not said.end.declares:
                return 0
        to = self._next(state)[0]
        if self.recommends == "next":
            return to
        return next((d for d in range(to, 0, -1) if state.n[d - 1]), 0)

    def numbers(self) -> Mapping[str, Any]:
        """The model and its conventions."""
        return {
            "target": self.target, "doses": self.doses, "skeleton": list(self.crm.skeleton), "model": self.crm.model,
            "method": self.method, "prior": self.crm.prior,
            "variance": self.crm.variance if self.crm.prior == "normal" else None, "cohort": self.cohort, "cohorts": self.cohorts, "start": self.start_dose,
            "no_skip": self.no_skip, "skips": self.skips, "coherent": self.coherent, "recommends": self.recommends,
            "indifference": [list(ends) for ends in indifference(self.crm, self.target)],
        }  # fmt: skip

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        s = ", ".join(f"{p:.3f}" for p in self.crm.skeleton)
        how = "the posterior mean of θ" if self.method == "bayes" else "the maximum-likelihood estimate of θ"
        shape = (
            "p = s^exp(θ)" if self.crm.model == "empiric" else f"a logistic model with intercept {self.crm.intercept:g}"
        )
        prior = f", θ normal with mean 0 and variance {self.crm.variance:g}" if self.method == "bayes" else ""
        if self.crm.prior == "exponential":
            how, prior = "the posterior mean of the slope", ", the slope exp(θ) exponential with mean 1"
        up = {0: "one dose", 1: "two doses"}.get(self.skips, f"{self.skips + 1} doses")
        skip = {
            "last": f"At most {up} above the last one is given.",
            "ever": f"At most {up} above the highest ever given, and one below the lowest ever given, is given.",
            "no": "Doses may be skipped.",
        }[self.no_skip]
        hold = {
            "last cohort": " Nobody escalates after a cohort whose DLT rate is at least the target.",
            "at the dose": " Nobody escalates from a dose whose DLT rate is above the target.",
            "no": "",
        }[self.coherent]
        return (
            f"Up to {self.cohort * self.cohorts} patients are treated in cohorts of {self.cohort}, from dose {self.start_dose} of {self.doses} on, by the "
            f"continual reassessment method (O'Quigley, Pepe & Fisher 1990); the target DLT rate is {self.target:g}. The skeleton is {s}, the model "
            f"{shape}{prior}. After each cohort the dose is given whose rate at {how} is closest to the target. {skip}{hold}"
            + "".join(f" {r.in_words()}" for r in self.rules)
        )


def _doses(n: int) -> str:
    return f"{n} dose{'s' * (n != 1)}"


def from_spec(spec: Spec) -> Crm:
    """The design that a spec states."""
    skeleton = spec.skeleton
    if not skeleton:
        assert spec.half_width is not None
        assert spec.prior_mtd is not None
        assert spec.doses is not None
        skeleton = skeleton_by_interval(
            spec.target, spec.half_width, spec.prior_mtd, spec.doses, spec.model, spec.intercept
        )
    crm = CrmModel(tuple(skeleton), spec.model, spec.variance, spec.intercept, spec.prior)
    rules: list[DoseRule] = []
    if spec.stop_if_above is not None:
        rules.append(ModelTooToxic(crm, spec.stop_if_above, spec.certainty))
    if spec.n_stop:
        rules.append(EnoughAtDose(spec.n_stop))
    plain = Crm(
        target=spec.target, crm=crm, method=spec.method, cohort=spec.cohort, cohorts=spec.cohorts, start_dose=spec.start, no_skip=spec.no_skip, skips=spec.skips,
        coherent=spec.coherent, recommends=spec.recommends, rules=tuple(rules),
    )  # fmt: skip
    if spec.tite == "none":
        return plain
    from equipoise.design.dose.tite_crm import TiteCrm  # it is made from this file's design

    of_plain = {f.name: getattr(plain, f.name) for f in fields(plain)}
    return TiteCrm(**of_plain, tite=spec.tite, answered_first=spec.answered_first)
