"""What simulated trials of phase I and II say together, by the dose that was handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.simulate.phase1_summary import Phase1Summary, mean, share, summarise_phase1
from equipoise.simulate.summary import shown
from equipoise.simulate.whole import WholePlan, WholeRow
from equipoise.trial.design import Quantity
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.exhibits import Cell, Table


@dataclass(frozen=True)
class AtDose:
    """The trials that handed over a level (0: none): how many, and of their phases II what was decided, who was randomised and how long it took."""

    level: int
    trials: int
    declare: Quantity | None
    stop_early: Quantity | None
    randomised: Quantity | None
    phase2_months: Quantity | None


@dataclass(frozen=True)
class WholeSummary:
    """One scenario. ``declare``: over all trials; ``months``: from the first day of phase I to the end."""

    phase1: Phase1Summary
    at: Sequence[AtDose]
    declare: Quantity
    patients: Quantity
    months: Quantity

    def as_json(self, labels: Sequence[str]) -> dict[str, Any]:
        """The documented shape."""
        return {
            **self.phase1.as_json(labels),
            "whole": {
                "declare": self.declare, "patients": self.patients, "months": self.months,
                "by_dose": [
                    {
                        "level": labels[a.level - 1] if a.level else None, "trials": a.trials, "declare": a.declare,
                        "stop_early": a.stop_early, "randomised": a.randomised, "phase2_months": a.phase2_months,
                    }
                    for a in self.at
                ],
            },
        }  # fmt: skip


def summarise_whole(plan: WholePlan, rows: Sequence[WholeRow], asked: int) -> WholeSummary:
    """A summary of one or more replicates."""
    n = len(rows)
    looks = len(plan.phase1.trial.monitored.looks)
    at = []
    for level in range(len(plan.phase1.labels) + 1):
        of = [r for r in rows if r.phase1.handed_over == level]
        here = of if level else []
        k = len(here)
        at.append(
            AtDose(
                level, len(of),
                share(sum(r.declared for r in here), k) if k else None, share(sum(r.looks < looks for r in here), k) if k else None,
                mean([r.randomised for r in here]) if k else None, mean([r.phase2_days / DAYS_PER_MONTH for r in here]) if k else None,
            )
        )  # fmt: skip
    return WholeSummary(
        summarise_phase1(plan.phase1, [r.phase1 for r in rows], asked), at, share(sum(r.declared for r in rows), n),
        mean([sum(r.phase1.patients) + r.randomised for r in rows]), mean([r.days / DAYS_PER_MONTH for r in rows]),
    )  # fmt: skip


def whole_table(plan: WholePlan, s: WholeSummary) -> Table:
    """A row for each dose that may be handed over."""

    def told(q: Quantity | None, digits: int) -> str:
        return "–" if q is None else shown(q, digits)

    levels = plan.phase1.trial.dose_levels
    body: list[list[Cell]] = []
    for a in (*s.at[1:], s.at[0]):
        name = f"{levels[a.level - 1].label}, {levels[a.level - 1]}" if a.level else "none"
        body.append(
            [
                name, shown(share(a.trials, s.phase1.replicates), 3), told(a.declare, 3), told(a.stop_early, 3), told(a.randomised, 1),
                told(a.phase2_months, 1),
            ]
        )  # fmt: skip
    return Table(
        f"From phase I to the last decision, scenario '{s.phase1.scenario}'",
        ["Dose that is handed over", "How often", "P(declare)", "P(stop early)", "Randomised", "Months of phase II"],
        body,
        notes=(
            f"{s.phase1.replicates:,} trials, each in one log, seed {s.phase1.seed}; ± is the Monte-Carlo standard error. Over all of them P(declare) is "
            f"{shown(s.declare, 3)}, with {shown(s.patients, 1)} patients in both parts and {shown(s.months, 1)} months from the first day of phase I.",
        ),
    )  # fmt: skip
