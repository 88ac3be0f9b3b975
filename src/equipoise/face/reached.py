"""Patients a month by a trial's funnel: `eq.feasibility("north")`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from equipoise.desk import feasibility as asking
from equipoise.face.result import Result
from equipoise.trial.exhibits import Figure, Table


@dataclass(frozen=True, repr=False)
class Feasible(Result):
    """What the funnel says, beside the sites' promise and what past trials took."""

    asked: asking.Feasible

    @property
    def title(self) -> str:
        """Of which trial."""
        return f"{self.asked.trial.title}: patients a month"

    def tables(self) -> Sequence[Table]:
        """As `equipoise feasibility` shows them."""
        from equipoise.simulate.feasibility_exhibits import tables

        return tables(self.asked.found, self.asked.trial.entered)

    def rows(self) -> list[dict[str, Any]]:
        """A record a step of the funnel, unrounded: its share, and the patients a month that are left after it."""
        found = []
        for step in self.asked.as_json()["funnel"]:
            flat = {k: v for k, v in step.items() if not isinstance(v, dict)}
            found.append(
                flat | {f"{k}_{name}": v for k, of in step.items() if isinstance(of, dict) for name, v in of.items()}
            )
        return found

    @property
    def per_month(self) -> Mapping[str, Any]:
        """Patients a month: mean, standard deviation, median, interval."""
        told: Mapping[str, Any] = self.asked.as_json()["per_month"]
        return told

    def figures(self) -> Mapping[str, Figure]:
        """Accrual by the funnel and by the sites' promise."""
        from equipoise.simulate.feasibility_exhibits import accrual_figure

        return {"accrual": accrual_figure(self.asked.found, self.asked.trial)}


def feasibility(
    trial: str | PathLike[str], *, cohort: str = "", funnel: str | PathLike[str] | None = None, level: float = 0.95
) -> Feasible:
    """How many patients a month a disease has for a trial, by its [[funnel]], the funnel.toml beside it, or the file that is named.

    Raises BadInput with all that is wrong, and for a trial without a funnel.
    """
    return Feasible(asking.take(fspath(trial), cohort, None if funnel is None else Path(fspath(funnel)), level))
