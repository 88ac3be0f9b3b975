"""BOIN, the Bayesian optimal interval design: go up where the DLT rate at the dose is at most λe, down where it is at least λd.

    λe = ln((1 - φ1)/(1 - φ)) / ln(φ(1 - φ1)/(φ1(1 - φ)))      λd = ln((1 - φ)/(1 - φ2)) / ln(φ2(1 - φ)/(φ(1 - φ2)))

with φ the target, φ1 the highest rate that is too low (0.6 φ) and φ2 the lowest that is too high (1.4 φ). Liu & Yuan 2015,
doi:10.1111/rssc.12089 (its erratum of 2022, doi:10.1111/rssc.12541, was not at hand); Yuan, Hess, Hilsenbeck & Gilbert 2016,
doi:10.1158/1078-0432.CCR-16-0592; the package's conventions: Yan and others 2020, doi:10.18637/jss.v094.i13.

Where packages part ways a parameter says which: ``at_lambda_d`` (a rate just on λd goes down, as the paper has it, or stays, as
the package does where λd n is a whole number), ``n_stop_reading``, ``stay_on_1_of_3`` (trialdesign.org's table for targets of
0.25 to 0.279), ``bound`` (only doses whose estimate is at most λd may be chosen).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.dose_spec import IntervalSpec, interval_entries
from equipoise.design.dose.interval import DOWN, STAY, UP, IntervalDesign, Move
from equipoise.design.dose.isotonic import chance_above
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import Problem

DOSE_KIND = "boin"
TITLE = "Bayesian optimal interval design (BOIN)"
FAMILY = "model-assisted"
REFERENCE = (
    "Liu S, Yuan Y. Bayesian optimal interval designs for phase I clinical trials. JRSS C 2015;64:507-523. "
    "doi:10.1111/rssc.12089"
)
EXAMPLE = {"target": 0.30, "doses": 5, "cohort": 3, "cohorts": 10}
#: Whole numbers of patients times λ that are this close to a whole number of DLTs lie on the boundary.
_HAIR = 1e-12


#: Times the target: the highest rate that is too low, and the lowest that is too high, where nobody states others.
LOW, HIGH = 0.6, 1.4


def lambdas(target: float, p_low: float, p_high: float) -> tuple[float, float]:
    """λe and λd.

    >>> tuple(round(x, 4) for x in lambdas(0.30, 0.18, 0.42))
    (0.2365, 0.3585)
    """
    up = math.log((1 - p_low) / (1 - target)) / math.log(target * (1 - p_low) / (p_low * (1 - target)))
    down = math.log((1 - target) / (1 - p_high)) / math.log(p_high * (1 - target) / (target * (1 - p_high)))
    return up, down


def usual_lambdas(target: float) -> tuple[float, float]:
    """λe and λd between 0.6 and 1.4 times the target: the paper's choice."""
    return lambdas(target, LOW * target, HIGH * target)


def without_lambda(entry: str, target: float) -> Iterator[Problem]:
    """A target so high that 1.4 times it is no rate."""
    if not HIGH * target < 1:
        yield Problem(entry, entry, f"{target:g}", f"less than 1/{HIGH:g}: λd is made from {HIGH:g} times it")


class Spec(IntervalSpec):
    """BOIN: its target, the rates beside it, and its conventions."""

    kind: Literal["boin"]
    p_low: Probability | None = Field(default=None, description="Highest rate that is too low (default: 0.6 target).")
    p_high: Probability | None = Field(default=None, description="Lowest rate that is too high (default: 1.4 target).")
    extra_safe: bool = Field(default=False, description="Stop more readily for toxicity of the lowest dose.")
    offset: float = Field(default=0.05, ge=0, lt=0.5, description="By how much less certain that stop needs to be.")
    tite: Literal["none", "imputation", "ess"] = Field(
        default="none",
        description="Decide while patients are pending: never, by imputed DLTs (2018), or by effective sample size (2020).",
    )
    suspend: Literal["over half", "two answered", "no"] = Field(
        default="over half",
        description="With tite, wait while over half at the dose are pending, until two are answered, or never for that.",
    )
    wait_at_lowest: bool = Field(
        default=True, description="With tite, wait where the lowest dose's rate would go down and somebody is pending."
    )
    stay_on_1_of_3: bool = Field(default=False, description="One DLT of three: stay, whatever the boundaries say.")
    at_lambda_d: Literal["down", "stay"] = Field(default="down", description="What a rate just on the boundary does.")
    bound: bool = Field(default=False, description="Choose only a dose whose estimated rate is at most lambda_d.")

    @between("tite", "suspend", "wait_at_lowest")
    def _only_in_time(self) -> Iterator[Problem]:
        """Who is waited for is asked with tite only."""
        if self.tite == "none":
            for name, said in (("suspend", self.suspend != "over half"), ("wait_at_lowest", not self.wait_at_lowest)):
                if said:
                    yield Problem(
                        "tite", name, str(getattr(self, name)), "only with tite: without it all are waited for"
                    )

    @between("target", "p_low", "p_high")
    def _around(self) -> Iterator[Problem]:
        """p_low < target < p_high < 1."""
        low, high = self.p_low or LOW * self.target, self.p_high or HIGH * self.target
        if not low < self.target:
            yield Problem("p-low", "p_low", str(self.p_low), f"below the target, {self.target:g}")
        if not self.target < high < 1:
            step = "" if self.p_high else "1.4 times the target is no rate: state p_high"
            yield Problem("p-high", "p_high", f"{high:g}", f"between the target, {self.target:g}, and 1", step)


@dataclass(frozen=True, kw_only=True)
class Boin(IntervalDesign):
    """BOIN with its boundaries."""

    p_low: float
    p_high: float
    offset: float | None = None
    stay_on_1_of_3: bool = False
    at_lambda_d: Literal["down", "stay"] = "down"
    bound: bool = False

    @property
    def lambda_e(self) -> float:
        """A rate of at most this goes up."""
        return lambdas(self.target, self.p_low, self.p_high)[0]

    @property
    def lambda_d(self) -> float:
        """A rate of at least this goes down."""
        return lambdas(self.target, self.p_low, self.p_high)[1]

    def move(self, n: int, dlt: int) -> Move:
        """Up at dlt/n ≤ λe, down at dlt/n ≥ λd."""
        return STAY if self.stay_on_1_of_3 and (n, dlt) == (3, 1) else self.by_rate(n, dlt)

    def by_rate(self, n: float, dlt: float) -> Move:
        """The move by the rate alone; of patients who are still followed numbers need not be whole."""
        low, high = lambdas(self.target, self.p_low, self.p_high)
        if dlt <= low * n + _HAIR:
            return UP
        on_it = abs(dlt - high * n) <= _HAIR
        if dlt > high * n + _HAIR or (on_it and self.at_lambda_d == "down"):
            return DOWN
        return STAY

    def why(self, n: int, dlt: int, move: Move) -> str:
        """The rate against the boundaries."""
        low, high = lambdas(self.target, self.p_low, self.p_high)
        said = {UP: f"≤ λe = {low:.4f}: escalate", STAY: f"between λe = {low:.4f} and λd = {high:.4f}: stay"}
        return f"{dlt} of {n} at this dose, {dlt / n:.3f} {said.get(move, f'≥ λd = {high:.4f}: de-escalate')}."

    @property
    def chosen_at_most(self) -> float | None:
        """λd, where only doses within it may be chosen."""
        return self.lambda_d if self.bound else None

    def chooses_none(self, n: int, dlt: int) -> bool:
        """Where extra safety asks so."""
        return self.offset is not None and n >= 3 and chance_above(self.target, n, dlt) > self.certainty - self.offset

    def own_numbers(self) -> Mapping[str, Any]:
        """The boundaries, and how pending patients count."""
        tite = {k: getattr(self, k) for k in ("tite", "suspend", "wait_at_lowest") if hasattr(self, k)}
        return {"lambda_e": self.lambda_e, "lambda_d": self.lambda_d, **tite}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return (
            f"{self.opening('the Bayesian optimal interval design (BOIN; Liu & Yuan 2015)')} After each cohort the dose is escalated if the "
            f"observed DLT rate at the current dose is at most {self.lambda_e:.4f}, de-escalated if it is at least {self.lambda_d:.4f}, "
            f"and else kept. {self.closing()}"
        )


def from_spec(spec: Spec) -> Boin:
    """The design that a spec states."""
    entries = interval_entries(spec)
    plain = Boin(
        **entries,
        p_low=spec.p_low if spec.p_low is not None else LOW * spec.target,
        p_high=spec.p_high if spec.p_high is not None else HIGH * spec.target,
        offset=spec.offset if spec.extra_safe else None,
        stay_on_1_of_3=spec.stay_on_1_of_3,
        at_lambda_d=spec.at_lambda_d,
        bound=spec.bound,
    )
    if spec.tite != "none":
        from equipoise.design.dose.tite_boin import TiteBoin  # it is made from this file's design

        of_plain = {f.name: getattr(plain, f.name) for f in fields(plain)}
        plain = TiteBoin(**of_plain, tite=spec.tite, suspend=spec.suspend, wait_at_lowest=spec.wait_at_lowest)
    return replace(plain, more_rules=(plain.extra_safety(spec.offset),)) if spec.extra_safe else plain
