"""Many trials with virtual patients: `eq.simulate("north", "null", replicates=10_000)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from equipoise.desk import opening, plans
from equipoise.desk import simulate as running
from equipoise.face.result import Result
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


def simulate(
    trial: TrialFile | str | PathLike[str],
    scenario: str | Sequence[str] = (),
    *,
    replicates: int = 10_000,
    seed: int = 2012,
    waiting: str = "as planned",
    cohort: str = "",
    workers: int | None = None,
) -> Simulations:
    """Conduct many trials with virtual patients.

    ``scenario``: one or several of the trial's folder, or files; all of them, or the design's own truths, if none is named. The same seed gives
    the same trials, on any number of ``workers``. Raises BadInput with all that is wrong with trial and scenarios.
    """
    name = trial if isinstance(trial, str) else fspath(trial) if isinstance(trial, PathLike) else trial.name
    one = opening.load_one(name, cohort) if not hasattr(trial, "definition") else trial.definition.one(cohort)
    asked = [scenario] if isinstance(scenario, str) else list(scenario)
    return Simulations(
        running.run(plans.plans_of(name, one, [s for s in asked if s], seed, waiting), replicates, workers)
    )
