"""What simulated phase I trials say together: each number with its Monte-Carlo error, beside the design's exact behaviour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from equipoise.design.dose.exact import DoseCharacteristics, characteristics
from equipoise.design.dose.meanwhile import in_time
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_rows import Phase1Row
from equipoise.simulate.summary import shown
from equipoise.trial.design import Quantity
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput

#: Beyond so many states at once nothing exact is put beside: it would take longer than the simulation.
_MOST_STATES = 20_000


@dataclass(frozen=True)
class Phase1Summary:
    """One scenario. By level: ``select`` (declared), ``handed_over`` (the same, or after a look at what was given), ``patients`` assigned,
    ``dlts``, ``not_evaluable``, ``cumulative``. ``late``: the share of trials in which a late report would have changed a decision, and of decisions."""

    scenario: str
    label: str
    seed: int
    replicates: int
    asked: int
    truth: Sequence[float]
    select: Sequence[Quantity]
    select_none: Quantity
    handed_over: Sequence[Quantity]
    handed_none: Quantity
    patients: Sequence[Quantity]
    dlts: Sequence[Quantity]
    not_evaluable: Sequence[Quantity]
    cumulative: Sequence[Quantity]
    months: Quantity
    turned_away: Quantity
    waited: Quantity
    went_elsewhere: Quantity
    failed_screening: Quantity
    late_trials: Quantity
    late_decisions: Quantity
    exact: DoseCharacteristics | None
    backfilled: Sequence[Quantity] | None = None

    def as_json(self, labels: Sequence[str]) -> dict[str, Any]:
        """The documented shape."""
        e = self.exact
        return {
            "scenario": self.scenario, "label": self.label, "seed": self.seed, "replicates": self.replicates, "asked": self.asked,
            "levels": list(labels), "truth": list(self.truth), "method": "simulated through the log",
            "select": list(self.select), "select_none": self.select_none,
            "handed_over": list(self.handed_over), "handed_over_none": self.handed_none,
            "patients": list(self.patients), "dlts": list(self.dlts), "not_evaluable": list(self.not_evaluable),
            "cumulative": list(self.cumulative), "months": self.months, "turned_away": self.turned_away, "waited": self.waited,
            "went_elsewhere": self.went_elsewhere, "failed_screening": self.failed_screening,
            **({} if self.backfilled is None else {"backfilled": list(self.backfilled)}),
            "late_reports": {"trials": self.late_trials, "decisions": self.late_decisions},
            "exact": None if e is None else {
                "select": list(e.select), "select_none": e.select_none, "patients": list(e.patients), "dlts": list(e.dlts)
            },
        }  # fmt: skip


def mean(values: Sequence[float]) -> Quantity:
    """A mean with its standard error."""
    n = len(values)
    middle = math.fsum(values) / n
    spread = math.fsum((v - middle) ** 2 for v in values) / max(n - 1, 1)
    return Quantity(middle, math.sqrt(spread / n))


def share(count: int, n: int) -> Quantity:
    """A share with its standard error."""
    p = count / n
    return Quantity(p, math.sqrt(p * (1 - p) / n))


def exact_beside(plan: Phase1Plan) -> DoseCharacteristics | None:
    """The design's exact behaviour at the true rates, everybody answered; None where it decides meanwhile, or states are too many."""
    design = plan.phase1.finder
    if in_time(design) and not getattr(design, "timeless", False):
        return None
    try:
        # A design may know a shorter way to its own exact behaviour than from state to state.
        exactly = getattr(design, "exactly", None) or partial(characteristics, design)
        return cast("DoseCharacteristics", exactly(plan.true_dlt(), _MOST_STATES))
    except BadInput:
        return None


def summarise_phase1(plan: Phase1Plan, rows: Sequence[Phase1Row], asked: int, *, exact: bool = True) -> Phase1Summary:
    """A summary of one or more replicates; ``exact``: with the design's exact behaviour beside."""
    n, levels = len(rows), range(len(plan.labels))
    decisions = sum(r.decisions for r in rows)
    return Phase1Summary(
        plan.scenario.id, plan.scenario.label, plan.seed, n, asked, plan.true_dlt().dlt,
        [share(sum(r.dose == k + 1 for r in rows), n) for k in levels], share(sum(r.dose == 0 for r in rows), n),
        [share(sum(r.handed_over == k + 1 for r in rows), n) for k in levels], share(sum(r.handed_over == 0 for r in rows), n),
        [mean([r.patients[k] for r in rows]) for k in levels], [mean([r.dlts[k] for r in rows]) for k in levels],
        [mean([r.not_evaluable[k] for r in rows]) for k in levels], [mean([r.cumulative[k] for r in rows]) for k in levels],
        mean([r.days / DAYS_PER_MONTH for r in rows]), mean([r.turned_away for r in rows]), mean([r.waited for r in rows]),
        mean([r.went for r in rows]), mean([r.failed for r in rows]), share(sum(r.would_differ > 0 for r in rows), n),
        share(sum(r.would_differ for r in rows), max(decisions, 1)), exact_beside(plan) if exact else None,
        [mean([r.backfilled[k] for r in rows]) for k in levels] if plan.phase1.rule.backfills else None,
    )  # fmt: skip


def levels_table(plan: Phase1Plan, s: Phase1Summary) -> Table:
    """A row a level: what is true, how often it is declared, who is treated there."""
    e, look = s.exact, plan.look is not None
    later, beside = bool(plan.truth.cumulative), s.backfilled
    body: list[list[Cell]] = []
    for k, level in enumerate(plan.trial.dose_levels):
        body.append(
            [
                f"{level.label}, {level}", f"{s.truth[k]:.3f}", shown(s.select[k], 3), f"{e.select[k]:.3f}" if e else "–",
                *([shown(s.handed_over[k], 3)] if look else []),
                shown(s.patients[k], 2), *([] if beside is None else [shown(beside[k], 2)]), f"{e.patients[k]:.2f}" if e else "–", shown(s.dlts[k], 2), shown(s.not_evaluable[k], 2),
                *([shown(s.cumulative[k], 2)] if later else []),
            ]
        )  # fmt: skip
    none: list[Cell] = ["none", "", shown(s.select_none, 3), f"{e.select_none:.3f}" if e else "–"]
    body.append(
        [
            *none,
            *([shown(s.handed_none, 3)] if look else []),
            "",
            "",
            "",
            "",
            *([""] if later else []),
            *([] if beside is None else [""]),
        ]
    )
    return Table(
        f"Scenario '{s.scenario}': {s.label}",
        [
            "Level", "True DLT rate", "Declared", "exact", *(["Handed over"] if look else []), "Patients", *([] if beside is None else ["of them backfilled"]), "exact", "DLTs", "Replaced",
            *(["Cumulative toxicity"] if later else []),
        ],
        body,
        notes=(
            f"{s.replicates:,} trials through the log, seed {s.seed}; ± is the Monte-Carlo standard error."
            + (f" Interrupted: {s.asked:,} were asked for." if s.replicates < s.asked else ""),
            f"Months to the end: {shown(s.months, 1)}. Turned away {shown(s.turned_away, 1)}, waited {shown(s.waited, 1)}, of whom "
            f"{shown(s.went_elsewhere, 1)} went elsewhere; failed screening {shown(s.failed_screening, 1)}.",
            f"A late report would have changed a decision in {shown(s.late_trials, 3)} of trials, and {shown(s.late_decisions, 4)} of decisions.",
            "Exact: the design by itself at the true rates, everybody evaluable and nobody late." if e
            else "Nothing exact stands beside: the design decides while patients are pending, or has too many states.",
        ),
    )  # fmt: skip
