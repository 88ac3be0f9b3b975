"""Baskets: how a trial's cohorts behave when they are decided together, and what they say in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from equipoise.design.basket.behaviour import MODELS, MOST_ENDS, Basket, as_json, ends_of, made, table
from equipoise.design.basket.cohorts import BasketCohort, End
from equipoise.design.basket.exchangeable import Exchangeable, Prior
from equipoise.desk.cohorts import look_in_each
from equipoise.trial.basket import BasketPlan
from equipoise.trial.decision import Decision, Stop
from equipoise.trial.exhibits import Cell, Table
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


@dataclass(frozen=True)
class _Observed(BasketCohort):
    """A cohort as it has ended."""

    x: int = 0
    alive: bool = True

    @cached_property
    def ends(self) -> tuple[End, ...]:
        """The one."""
        return (End(self.n, self.x, self.alive),)


@dataclass(frozen=True)
class Decided:
    """What the cohorts say together: of each its patients, responses, whether it was pruned, and whether it is declared."""

    model: str
    rule: str
    cohorts: Mapping[str, tuple[int, int, bool, bool]]
    certainty: Mapping[str, float]
    mean: Mapping[str, float]
    waiting: Mapping[str, str]

    def table(self) -> Table:
        """A row a cohort."""
        rows: list[list[Cell]] = []
        for name, (n, x, alive, declared) in self.cohorts.items():
            sure = f"{self.certainty[name]:.4f}" if name in self.certainty else "–"
            mean = f"{100 * self.mean[name]:.1f}%" if name in self.mean else "–"
            rows.append(
                [name, f"{x}/{n}", mean, sure, "declared" if declared else "pruned" if not alive else "not declared"]
            )
        return Table(
            f"The cohorts together: {self.model}",
            ["Cohort", "Responses", "Rate, with what is lent", "P(rate > p0)", "Decision"],
            rows,
            notes=(self.rule,),
        )

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "model": self.model, "rule": self.rule, "waiting": dict(self.waiting),
            "cohorts": {
                name: {
                    "n": n, "responses": x, "pruned": not alive, "declared": declared, "certainty": self.certainty.get(name),
                    "rate": self.mean.get(name),
                }
                for name, (n, x, alive, declared) in self.cohorts.items()
            },
        }  # fmt: skip


def plan(cohorts: int, n: int, p0: float, p1: float, alpha: float, n1: int, r1: int, models: Sequence[str]) -> Planned:
    """Cohorts that are alike, by each of the models."""
    problems = []
    if p0 >= p1:
        problems.append(Problem("order", "--p1", f"{p1:g}", f"above p0 = {p0:g}"))
    if n1 and not r1 < n1 < n:
        problems.append(Problem("order", "--n1, --r1", f"{n1}, {r1}", f"r1 below n1, n1 below n = {n}"))
    unknown = [m for m in models if m not in MODELS]
    problems += [Problem("unknown-model", "--model", repr(m), f"one of {', '.join(MODELS)}") for m in unknown]
    if problems:
        raise BadInput("basket", problems)
    made_of = [BasketCohort(n, p0, p1, n1, r1 if n1 else -1, f"C{i + 1}") for i in range(cohorts)]
    _small_enough(made_of, "--cohorts")
    return Planned([made(m, made_of, alpha) for m in models or MODELS])


def of_trial(trial: Trial) -> Planned:
    """The basket that a trial file states, over its cohorts."""
    stated, cohorts = _stated(trial)
    return Planned([_made(stated, cohorts)])


def decide(trial: Trial, log: Log, cutoff: date | None = None, known_on: date | None = None) -> Decided:
    """What the cohorts say together, from each cohort's looks. A cohort whose last look is not ripe is waited for: nothing is declared."""
    stated, cohorts = _stated(trial)
    basket = _made(stated, cohorts)
    first, last = look_in_each(trial, log, 1, cutoff, known_on), look_in_each(trial, log, 2, cutoff, known_on)
    seen: list[BasketCohort] = []
    waiting: dict[str, str] = {}
    for c in cohorts:
        one, two = first.of[c.name], last.of[c.name]
        stopped = isinstance(one, Decision) and isinstance(one.action, Stop)
        at = one if stopped else two
        if not isinstance(at, Decision):
            waiting[c.name] = at.because[0] if at is not None and at.because else "its last look is not ripe"
            continue
        (counts,) = (e for e in at.evidence.values() if "successes" in e)
        n, x = int(counts["n"]), int(counts["successes"])
        seen.append(_Observed(n, c.p0, c.p1, c.n1, c.r1, c.name, x, not stopped))
    if waiting:
        return Decided(basket.name, basket.in_words(), {}, {}, {}, waiting)
    ended = replace(basket, cohorts=tuple(seen))  # type: ignore[type-var]
    said = ended.declared.reshape(-1)
    sure = getattr(ended, "certainties", None)
    means = ended.posterior((0,) * len(seen))[1] if isinstance(ended, Exchangeable) else []
    return Decided(
        basket.name, basket.in_words(),
        {c.name: (c.n, c.ends[0].x, c.ends[0].alive, bool(d)) for c, d in zip(seen, said, strict=True)},
        {} if sure is None else {c.name: float(v) for c, v in zip(seen, sure.reshape(-1), strict=True)},
        {c.name: v for c, v in zip(seen, means, strict=False)},
        {},
    )  # fmt: skip


def _stated(trial: Trial) -> tuple[BasketPlan, list[BasketCohort]]:
    if trial.basket is None:
        step = "[basket] in the trial file: model = 'exnex', alpha = 0.05"
        raise BadInput(
            trial.id, [Problem("no-basket", "basket", "nothing", "a trial whose cohorts are decided together", step)]
        )
    cohorts, problems = [], []
    for name, view in trial.views.items():
        d = view.design
        if not all(hasattr(d, key) for key in ("n1", "r1", "n", "p0", "p1")):
            allowed = "two stages for one rate: simon"
            problems.append(
                Problem("no-stages", f"cohorts.{name}.design", getattr(d, "kind", type(d).__name__), allowed)
            )
            continue
        cohorts.append(BasketCohort(d.n, d.p0, d.p1, d.n1, d.r1, name))
    if problems:
        raise BadInput(trial.id, problems)
    _small_enough(cohorts, "cohorts")
    return trial.basket, cohorts


def _made(stated: BasketPlan, cohorts: Sequence[BasketCohort]) -> Basket:
    said = stated.model_dump(exclude={"model", "alpha"}, exclude_none=True)
    lends = {k: v for k, v in said.items() if k in ("epsilon", "tau")}
    prior = {k: v for k, v in said.items() if k not in lends}
    return made(stated.model, cohorts, stated.alpha, Prior(**prior), **lends)


def _small_enough(cohorts: Sequence[BasketCohort], where: str) -> None:
    n = ends_of(cohorts)
    if n > MOST_ENDS:
        allowed = f"at most {MOST_ENDS:,} combinations of how the cohorts end: fewer cohorts, or fewer patients in each"
        raise BadInput("basket", [Problem("too-many", where, f"{n:,} combinations", allowed)])
