"""What a CRM may be told: its skeleton or what it is calibrated from, its model, and its conventions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np
from pydantic import Field

from equipoise.design.dose.crm_model import Model, Prior
from equipoise.design.dose.dose_spec import CohortSpec
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import Problem


class Spec(CohortSpec):
    """CRM: its skeleton, model and conventions."""

    kind: Literal["crm"]
    target: Probability = Field(description="Target probability of a DLT.")
    skeleton: tuple[float, ...] = Field(default=(), description="Prior guesses of the DLT rates, one a dose, rising.")
    doses: int | None = Field(
        default=None, ge=1, le=30, description="How many doses, where the skeleton is calibrated."
    )
    prior_mtd: int | None = Field(
        default=None, ge=1, description="The dose thought to have the target's rate, where it is calibrated."
    )
    half_width: float | None = Field(
        default=None, gt=0, lt=0.5, description="Half the indifference interval, where it is calibrated."
    )
    model: Model = Field(default="empiric", description="How rates follow from the skeleton.")
    method: Literal["bayes", "likelihood"] = Field(
        default="bayes", description="How the model's parameter is estimated."
    )
    variance: float = Field(default=1.34, gt=0, le=100, description="Prior variance of the parameter.")
    intercept: float = Field(default=3.0, gt=0, le=20, description="Fixed intercept of the logistic model.")
    prior: Prior = Field(
        default="normal",
        description="Normal, of the parameter; or exponential with mean 1, of the slope, which is then estimated by its mean (O'Quigley 1990).",
    )
    start: int = Field(default=1, ge=1, description="The dose of the first cohort, from 1.")
    no_skip: Literal["last", "ever", "no"] = Field(
        default="last", description="Escalate by one dose at most above which."
    )
    skips: int = Field(default=0, ge=0, le=30, description="How many doses may be skipped on the way up.")
    coherent: Literal["last cohort", "at the dose", "no"] = Field(
        default="last cohort", description="After which rate nobody escalates."
    )
    stop_if_above: Probability | None = Field(
        default=None, description="Stop if the lowest dose's rate is likely above this."
    )
    certainty: float = Field(default=0.9, ge=0.5, lt=1, description="How likely, for that.")
    recommends: Literal["given", "next"] = Field(
        default="given",
        description="The dose named at the end: one that somebody was given, or the next one, given or not (dfcrm).",
    )
    n_stop: int = Field(
        default=0, ge=0, le=1000, description="Patients at the next dose after which the trial ends; 0: never."
    )
    tite: Literal["none", "linear", "adaptive"] = Field(
        default="none", description="Decide while patients are pending: never, or with these weights (TITE-CRM)."
    )
    answered_first: int = Field(
        default=0, ge=0, le=100, description="With tite, patients at a dose answered before it is escalated."
    )

    @between("tite", "answered_first")
    def _only_in_time(self) -> Iterator[Problem]:
        """Who must be answered is asked with tite only."""
        if self.tite == "none" and self.answered_first:
            yield Problem(
                "tite", "answered_first", str(self.answered_first), "only with tite: without it all are waited for"
            )

    @between("tite", "method")
    def _tite_is_bayes(self) -> Iterator[Problem]:
        """Weights are asked of the posterior mean."""
        if self.tite != "none" and self.method == "likelihood":
            yield Problem("tite", "tite", self.tite, "none with method likelihood", "take method bayes")

    @between("prior", "variance", "method")
    def _prior_asked(self) -> Iterator[Problem]:
        """A variance is the normal prior's; no prior is asked of a likelihood."""
        if self.prior == "exponential" and "variance" in self.model_fields_set:
            yield Problem("variance", "variance", str(self.variance), "nothing: the exponential prior has mean 1")
        if self.prior == "exponential" and self.method == "likelihood":
            yield Problem("prior", "prior", self.prior, "nothing with method likelihood", "take method bayes")

    @between("skips", "no_skip")
    def _skips_some(self) -> Iterator[Problem]:
        """Skips are counted where not all are allowed."""
        if self.skips and self.no_skip == "no":
            yield Problem("skips", "skips", str(self.skips), "0 with no_skip no: any dose may be skipped")

    @between("skeleton")
    def _rises(self) -> Iterator[Problem]:
        """0 < s1 < s2 < … < 1."""
        for i, s in enumerate(self.skeleton, 1):
            if not 0 < s < 1:
                yield Problem("skeleton", f"skeleton, dose {i}", str(s), "a probability between 0 and 1")
        for i, (a, b) in enumerate(pairwise(self.skeleton), 2):
            if not a < b:
                yield Problem("skeleton", f"skeleton, dose {i}", f"{a:g} then {b:g}", "guesses that rise with the dose")

    @between("skeleton", "doses", "prior_mtd", "half_width")
    def _stated_or_calibrated(self) -> Iterator[Problem]:
        """A skeleton, or what it is calibrated from."""
        parts = {"doses": self.doses, "prior_mtd": self.prior_mtd, "half_width": self.half_width}
        if self.skeleton:
            wrong = [k for k, v in parts.items() if v is not None and not (k == "doses" and v == len(self.skeleton))]
            if wrong:
                given = f"skeleton of {len(self.skeleton)} and {', '.join(wrong)}"
                yield Problem("skeleton", "skeleton", given, "the skeleton, or what it is calibrated from")
            return
        missing = [k for k, v in parts.items() if v is None]
        if missing:
            allowed = "a skeleton; or doses, prior_mtd and half_width, from which one is calibrated"
            yield Problem("skeleton", ", ".join(["skeleton", *missing]), "nothing", allowed)

    @between("target", "doses", "prior_mtd", "half_width", "start", "skeleton")
    def _inside(self) -> Iterator[Problem]:
        """The interval lies within (0, 1); the prior MTD and the start are doses."""
        doses = len(self.skeleton) or self.doses
        if doses is None:
            return
        for name, dose in (("prior_mtd", self.prior_mtd), ("start", self.start)):
            if dose is not None and dose > doses:
                yield Problem(name, name, str(dose), f"a dose, 1 to {doses}")
        if self.half_width is not None and not 0 < self.target - self.half_width < self.target + self.half_width < 1:
            yield Problem("half-width", "half_width", str(self.half_width), "target ± half_width within 0 and 1")

    @between("model", "intercept", "skeleton")
    def _logistic_rises(self) -> Iterator[Problem]:
        """All doses of the logistic model lie below its intercept."""
        high = [s for s in self.skeleton if 0 < s < 1 and np.log(s / (1 - s)) >= self.intercept]
        if self.model == "logistic" and high:
            yield Problem(
                "intercept", "intercept", str(self.intercept), f"above the logit of every guess, such as {high[0]:g}"
            )
