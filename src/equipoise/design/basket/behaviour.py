"""How a basket behaves, exactly: what is declared for each number of cohorts that are truly better, and the certainty that errors allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from equipoise.design.basket.cohorts import BasketCohort, joint
from equipoise.design.basket.exchangeable import Exchangeable, Prior
from equipoise.design.basket.pruned_pooled import PrunedAndPooled
from equipoise.design.basket.similarity import Similarity
from equipoise.trial.exhibits import Cell, Table

MODELS = ("independent", "pruned-and-pooled", "similarity", "exnex")


class Basket(Protocol):
    """A rule that decides cohorts together."""

    @property
    def cohorts(self) -> tuple[BasketCohort, ...]:
        """Whom it decides."""
        ...

    @property
    def name(self) -> str:
        """One of MODELS."""
        ...

    @property
    def declared(self) -> NDArray[np.bool_]:
        """For every combination of ends which cohorts are declared; the last axis is the cohort."""
        ...

    def in_words(self) -> str:
        """The rule for the protocol."""
        ...


@dataclass(frozen=True)
class Truth:
    """What happens where ``better`` of the cohorts (the first ones) are at p1, the others at p0.

    ``declared``: P(declared) by cohort. ``any_null``: P(any null cohort is declared), the family's error. ``all_better``: P(all
    better ones are). ``patients``: expected in all.
    """

    better: int
    declared: tuple[float, ...]
    any_null: float
    any: float
    all_better: float
    patients: float

    @property
    def of_null(self) -> float:
        """The largest P(declared) of a null cohort; NaN without one."""
        return max(self.declared[self.better :], default=float("nan"))

    @property
    def of_better(self) -> float:
        """The mean P(declared) of a better cohort; NaN without one."""
        return float(np.mean(self.declared[: self.better])) if self.better else float("nan")


def behaviour(basket: Basket) -> list[Truth]:
    """For none to all of the cohorts at p1."""
    return [
        at_rates(basket, [c.p1 if i < k else c.p0 for i, c in enumerate(basket.cohorts)], k)
        for k in range(len(basket.cohorts) + 1)
    ]


def at_rates(basket: Basket, rates: Sequence[float], better: int) -> Truth:
    """At these rates, of which the first ``better`` count as better."""
    p = joint([c.chances(rate) for c, rate in zip(basket.cohorts, rates, strict=True)])
    said = basket.declared
    null, good = said[..., better:], said[..., :better]
    return Truth(
        better,
        tuple(float((p * said[..., i]).sum()) for i in range(len(rates))),
        float((p * null.any(axis=-1)).sum()) if better < len(rates) else 0.0,
        float((p * said.any(axis=-1)).sum()),
        float((p * good.all(axis=-1)).sum()) if better else float("nan"),
        sum(c.expected(rate) for c, rate in zip(basket.cohorts, rates, strict=True)),
    )


@dataclass(frozen=True)
class Together:
    """What is declared where each cohort has its own rate. ``nulls``: places of the cohorts at p0 or below; ``any_null``: P(any of them)."""

    rates: tuple[float, ...]
    declared: tuple[float, ...]
    any: float
    all: float
    any_null: float
    nulls: tuple[int, ...]
    patients: float


def together_at(basket: Basket, rates: Sequence[float]) -> Together:
    """At these rates, in the cohorts' order."""
    of = at_rates(basket, rates, len(rates))
    nulls = tuple(i for i, (c, r) in enumerate(zip(basket.cohorts, rates, strict=True)) if r <= c.p0 + 1e-9)
    p = joint([c.chances(rate) for c, rate in zip(basket.cohorts, rates, strict=True)])
    wrong = float((p * basket.declared[..., list(nulls)].any(axis=-1)).sum()) if nulls else 0.0
    return Together(tuple(rates), of.declared, of.any, of.all_better, wrong, nulls, of.patients)


def made(
    model: str, cohorts: Sequence[BasketCohort], alpha: float, prior: Prior | None = None, **more: float
) -> Basket:
    """A basket of a model of MODELS whose error where all are null is at most ``alpha``: the family's for pruned-and-pooled, a cohort's for the others.

    'independent' is similarity that borrows nothing: each cohort by its own posterior.
    """
    if model == "pruned-and-pooled":
        return PrunedAndPooled.at(cohorts, alpha)
    if model == "exnex":
        return certain(Exchangeable(tuple(cohorts), 1.0, prior or Prior()), alpha)
    tau = 1.0 if model == "independent" else more.get("tau", 0.0)
    return certain(Similarity(tuple(cohorts), 1.0, more.get("epsilon", 2.0), tau, name=model), alpha)


def certain(basket: Similarity | Exchangeable, alpha: float) -> Similarity | Exchangeable:
    """The basket with the least certainty by which no null cohort is declared more often than ``alpha`` where all are null."""
    p = joint([c.chances(c.p0) for c in basket.cohorts])
    alive = np.stack(
        np.meshgrid(*[np.array([e.alive for e in c.ends]) for c in basket.cohorts], indexing="ij"), axis=-1
    )
    least = 0.0
    for i in range(len(basket.cohorts)):
        values = np.where(alive[..., i], basket.certainties[..., i], 0.0).ravel()
        order = np.argsort(-values, kind="stable")
        above = np.cumsum(p.ravel()[order])
        # P(certainty > c) jumps at each value: the last that may not be exceeded.
        levels = values[order]
        allowed = above <= alpha + 1e-12
        within = int(np.argmin(allowed)) if not allowed.all() else len(levels) - 1
        least = max(least, float(levels[within]))
    # A hair above, so that what is as certain to the last digit is treated alike.
    return replace(basket, certainty=min(least + 1e-9, 1.0))


def ends_of(cohorts: Sequence[BasketCohort]) -> int:
    """How many combinations of ends there are."""
    return int(np.prod([len(c.ends) for c in cohorts]))


def table(basket: Basket) -> Table:
    """The behaviour as a table."""
    rows: list[list[Cell]] = [
        [
            str(t.better), _p(t.of_better), _p(t.of_null), _p(t.any_null) if t.better < len(basket.cohorts) else "–", _p(t.any),
            _p(t.all_better), f"{t.patients:.1f}",
        ]
        for t in behaviour(basket)
    ]  # fmt: skip
    return Table(
        f"{basket.name}: exact",
        ["Cohorts at p1", "P(declared), one at p1", "P(declared), one at p0", "P(any at p0 declared)", "P(any declared)", "P(all at p1 declared)", "Patients"],
        rows,
        notes=(basket.in_words(), "The cohorts at p1 are the first ones; of those at p0 the one that is declared most often."),
    )  # fmt: skip


def as_json(basket: Basket) -> dict[str, Any]:
    """The documented shape."""
    return {"model": basket.name, "rule": basket.in_words(), "behaviour": behaviour(basket)}


def in_words(basket: Basket) -> str:
    """What the basket does, the rule and its two ends."""
    null, *_, target = behaviour(basket)
    return (
        f"{len(basket.cohorts)} cohorts are declared together ({basket.name}). {basket.in_words()} Where all meet their null any is declared "
        f"with probability {null.any:.4f}, where all meet their target all with {target.all_better:.4f} (exact)."
    )


def _p(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4f}"
