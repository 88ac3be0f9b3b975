"""The basket that a trial file states over its cohorts, and what it says of how they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from equipoise.design.basket.behaviour import Basket, made
from equipoise.design.basket.cohorts import BasketCohort, End
from equipoise.design.basket.exchangeable import Exchangeable, Prior
from equipoise.trial.basket import BasketPlan
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class _Ended(BasketCohort):
    """A cohort as it has ended: ``x`` responses of ``n``."""

    x: int = 0
    alive: bool = True

    @cached_property
    def ends(self) -> tuple[End, ...]:
        """The one."""
        return (End(self.n, self.x, self.alive),)


@dataclass(frozen=True)
class Said:
    """What a basket says of cohorts as they ended, by cohort; ``certainty``: P(rate > p0), ``mean``: the rate with what is lent, where the model has them."""

    declared: tuple[bool, ...]
    certainty: tuple[float, ...]
    mean: tuple[float, ...]


def basket_of(plan: BasketPlan, designs: Mapping[str, Any]) -> Basket:
    """The basket of [basket] over the cohorts' designs of two stages (n1, r1, n, p0, p1), by their names."""
    cohorts = [BasketCohort(d.n, d.p0, d.p1, d.n1, d.r1, name) for name, d in designs.items()]
    said = plan.model_dump(exclude={"model", "alpha"}, exclude_none=True)
    lends = {k: v for k, v in said.items() if k in ("epsilon", "tau")}
    prior = {k: v for k, v in said.items() if k not in lends}
    return made(plan.model, cohorts, plan.alpha, Prior(**prior), **lends)


def basket_in(trial: Trial) -> Basket | None:
    """The basket that the trial's file states; None where each cohort is decided on its own."""
    if trial.basket is None or not trial.divided:
        return None
    return basket_of(trial.basket, {name: view.design for name, view in trial.views.items()})


def said_of(basket: Basket, ends: Sequence[End]) -> Said:
    """What the basket says where its cohorts ended so; numbers of patients may be other than planned."""
    seen = [
        _Ended(e.n, c.p0, c.p1, c.n1, c.r1, c.name, e.x, e.alive) for c, e in zip(basket.cohorts, ends, strict=True)
    ]
    ended = cast("Basket", replace(cast("Any", basket), cohorts=tuple(seen)))
    sure = getattr(ended, "certainties", None)
    means = ended.posterior((0,) * len(seen))[1] if isinstance(ended, Exchangeable) else []
    return Said(
        tuple(bool(d) for d in ended.declared.reshape(-1)),
        () if sure is None else tuple(float(v) for v in sure.reshape(-1)),
        tuple(means),
    )
