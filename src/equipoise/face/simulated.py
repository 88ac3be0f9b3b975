"""Many trials with virtual patients: `eq.simulate("north", "null", replicates=10_000)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from equipoise.desk import cohorts, opening, plans
from equipoise.desk import simulate as running
from equipoise.face.result import Result
from equipoise.simulate.basket import BasketSummary
from equipoise.simulate.cohorts import FamilySummary
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Table

if TYPE_CHECKING:
    from equipoise.face.trial_file import TrialFile


@dataclass(frozen=True, repr=False)
class Simulations(Result):
    """What came of the plans: one for each scenario and way of waiting."""

    found: running.Simulated

    @property
    def title(self) -> str:
        """Of which trial."""
        return f"Simulated: {self.found.plans[0].trial.title}"

    def tables(self) -> Sequence[Table]:
        """Beside what is known exactly; then the safety rules, where there are any."""
        beside = self.found.safety_table()
        return [self.found.table(), *([beside] if beside is not None else [])]

    def rows(self) -> list[dict[str, Any]]:
        """A record a plan: each probability and mean with its Monte-Carlo error."""
        found = []
        for s, exact in zip(self.found.summaries, self.found.exact, strict=True):
            row: dict[str, Any] = {"scenario": s.scenario, "waiting": s.waiting, "trials": s.done, "seed": s.seed}
            quantities = {"declare": s.characteristics.declare, "stop_early": s.characteristics.stop_early}
            quantities |= {f.name: v for f in fields(s) if isinstance(v := getattr(s, f.name), Quantity)}
            for name, q in quantities.items():
                row[name], row[f"{name}_mc_error"] = q.value, q.mc_error
            row["declare_exact"] = None if exact is None else exact.declare.value
            found.append(row)
        return found


@dataclass(frozen=True, repr=False)
class CohortSimulations(Result):
    """What came of each cohort's plans, and of the cohorts together: as a family, or by their basket."""

    found: cohorts.SimulatedCohorts

    @property
    def title(self) -> str:
        """Of which trial."""
        return f"Simulated by cohort: {self.found.trial}"

    def tables(self) -> Sequence[Table]:
        """Each cohort beside what is known exactly; then together."""
        return list(self.found.tables())

    def rows(self) -> list[dict[str, Any]]:
        """A record a cohort and plan, as of a trial without cohorts."""
        return [{"cohort": name, **row} for name, of in self.found.of.items() for row in Simulations(of).rows()]

    def together(self) -> list[dict[str, Any]]:
        """A record a scenario and way of waiting: how often any of the cohorts is declared, and all; of a basket each cohort too."""
        found: list[dict[str, Any]] = []
        every: list[BasketSummary | FamilySummary] = [*self.found.baskets, *self.found.families]
        for s in every:
            row: dict[str, Any] = {"scenario": s.scenario, "waiting": s.waiting, "trials": s.replicates}
            each = s.declared if isinstance(s, BasketSummary) else {}
            of = {f"declared_{name}": q for name, q in each.items()}
            for name, q in {**of, "any_declared": s.any_declared, "all_declared": s.all_declared}.items():
                row[name], row[f"{name}_mc_error"] = q.value, q.mc_error
            found.append(row)
        return found


def simulate(
    trial: TrialFile | str | PathLike[str],
    scenario: str | Sequence[str] = (),
    *,
    replicates: int = 10_000,
    seed: int = 2012,
    waiting: str = "as planned",
    cohort: str = "",
    workers: int | None = None,
) -> Simulations | CohortSimulations:
    """Conduct many trials with virtual patients.

    ``scenario``: one or several of the trial's folder, or files; all of them, or the design's own truths, if none is named. The same seed gives
    the same trials, on any number of ``workers``. A trial with cohorts is simulated by each, and added up, unless one is named. Raises BadInput with all that is wrong with trial and scenarios.
    """
    name = trial if isinstance(trial, str) else fspath(trial) if isinstance(trial, PathLike) else trial.name
    whole = opening.load_trial(name) if not hasattr(trial, "definition") else trial.definition
    named = [s for s in ([scenario] if isinstance(scenario, str) else scenario) if s]
    if whole.divided and not cohort:
        return CohortSimulations(cohorts.simulate(name, whole, named, seed, waiting, replicates, workers))
    return Simulations(running.run(plans.plans_of(name, whole.one(cohort), named, seed, waiting), replicates, workers))
