"""Baskets: how a trial's cohorts behave when they are decided together, and what they say in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.analyse.data import cut
from equipoise.design.basket.behaviour import MODELS, Basket, as_json, ends_of, made, table
from equipoise.design.basket.cohorts import BasketCohort
from equipoise.design.basket.decided import Decided
from equipoise.design.basket.stated import basket_in
from equipoise.desk.cohorts import said_together
from equipoise.desk.data import can_cut
from equipoise.trial.basket import MOST_ENDS
from equipoise.trial.check import near
from equipoise.trial.exhibits import Table
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Planned:
    """One or several models for the same cohorts, each with its exact behaviour."""

    baskets: Sequence[Basket]

    def tables(self) -> list[Table]:
        """One a model."""
        return [table(b) for b in self.baskets]

    def as_json(self) -> list[dict[str, Any]]:
        """The documented shape."""
        return [as_json(b) for b in self.baskets]


def plan(cohorts: int, n: int, p0: float, p1: float, alpha: float, n1: int, r1: int, models: Sequence[str]) -> Planned:
    """Cohorts that are alike, by each of the models."""
    problems = []
    if p0 >= p1:
        problems.append(Problem("order", "--p1", f"{p1:g}", f"above p0 = {p0:g}"))
    if n1 and not r1 < n1 < n:
        problems.append(Problem("order", "--n1, --r1", f"{n1}, {r1}", f"r1 below n1, n1 below n = {n}"))
    unknown = [m for m in models if m not in MODELS]
    problems += [
        Problem("unknown-model", "--model", repr(m), f"one of {', '.join(MODELS)}", near(m, MODELS)) for m in unknown
    ]
    if problems:
        raise BadInput("basket", problems)
    made_of = [BasketCohort(n, p0, p1, n1, r1 if n1 else -1, f"C{i + 1}") for i in range(cohorts)]
    _small_enough(made_of, "--cohorts")
    return Planned([made(m, made_of, alpha) for m in models or MODELS])


def of_trial(trial: Trial) -> Planned:
    """The basket that a trial file states, over its cohorts."""
    return Planned([_stated(trial)])


def decide(trial: Trial, log: Log, cutoff: date | None = None, known_on: date | None = None) -> Decided:
    """What the cohorts say together, from each cohort's looks. A cohort whose last look is not ripe is waited for: nothing is declared."""
    can_cut(trial, log, cutoff, known_on)
    found = said_together(trial, {n: cut(v, log, cutoff, known_on) for n, v in trial.views.items()})
    if found is None:
        raise _no_basket(trial)
    return found


def _stated(trial: Trial) -> Basket:
    basket = basket_in(trial)
    if basket is None:
        raise _no_basket(trial)
    return basket


def _no_basket(trial: Trial) -> BadInput:
    step = "[basket] in the trial file: model = 'exnex', alpha = 0.05"
    return BadInput(
        trial.id, [Problem("no-basket", "basket", "nothing", "a trial whose cohorts are decided together", step)]
    )


def _small_enough(cohorts: Sequence[BasketCohort], where: str) -> None:
    n = ends_of(cohorts)
    if n > MOST_ENDS:
        allowed = f"at most {MOST_ENDS:,} combinations of how the cohorts end: fewer cohorts, or fewer patients in each"
        raise BadInput("basket", [Problem("too-many", where, f"{n:,} combinations", allowed)])
