"""Cohorts that are decided together: `eq.basket(cohorts=3, n=20, p0=0.1, p1=0.3)`, and the basket of a trial's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import PathLike, fspath
from typing import Any

from equipoise.design.basket.behaviour import MODELS, Truth, behaviour
from equipoise.desk import basket as asking
from equipoise.desk import opening
from equipoise.face.result import Result
from equipoise.trial.exhibits import Table


@dataclass(frozen=True, repr=False)
class BasketAnswer(Result):
    """One model or several for the same cohorts, each with its exact behaviour."""

    asked: asking.Planned

    @property
    def title(self) -> str:
        """How many cohorts, by which models."""
        return f"{len(self.asked.baskets[0].cohorts)} cohorts decided together: {', '.join(b.name for b in self.asked.baskets)}"

    @property
    def protocol(self) -> str:
        """The rule of each model for the protocol."""
        return "\n".join(b.in_words() for b in self.asked.baskets)

    @property
    def behaviour(self) -> dict[str, list[Truth]]:
        """By model, for none to all of the cohorts at p1."""
        return {b.name: behaviour(b) for b in self.asked.baskets}

    def tables(self) -> Sequence[Table]:
        """A table a model."""
        return self.asked.tables()

    def rows(self) -> list[dict[str, Any]]:
        """A record a model and number of cohorts at p1; ``of_better``, ``of_null``: P(declared) of one at p1, and of one at p0."""
        return [
            {"model": model, **{k: v for k, v in asdict(t).items() if k != "declared"}, "of_better": t.of_better, "of_null": t.of_null}
            for model, truths in self.behaviour.items()
            for t in truths
        ]  # fmt: skip


def basket(
    trial: str | PathLike[str] | None = None, *, cohorts: int = 3, n: int = 20, p0: float = 0.1, p1: float = 0.3, alpha: float = 0.05,
    n1: int = 0, r1: int = 0, model: str | Sequence[str] = MODELS,
) -> BasketAnswer:  # fmt: skip
    """Cohorts that are decided together, by one model or several: 'independent', 'pruned-and-pooled', 'similarity', 'exnex'.

    ``cohorts`` of ``n`` patients each, alike, pruned with ``r1`` responses or fewer of the first ``n1`` (0: never); ``alpha``: the error where
    all are null, of the family for 'pruned-and-pooled', of a cohort for the others. With ``trial`` the basket that its file states. Raises
    BadInput.
    """
    if trial is not None:
        return BasketAnswer(asking.of_trial(opening.load_trial(fspath(trial))))
    asked = [model] if isinstance(model, str) else list(model)
    return BasketAnswer(asking.plan(cohorts, n, p0, p1, alpha, n1, r1, asked))
