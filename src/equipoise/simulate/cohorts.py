"""Cohorts in a simulation: the truth and the seed of each, and what they come to together.

Replicate r of the trial is replicate r of each cohort, by streams of their own: the cohorts share no patients.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.simulate.lines import Lines
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.summary import Summary, shown
from equipoise.trial.design import Characteristics, Quantity
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.trial import Trial


def seed_of(trial: Trial, seed: int) -> int:
    """The seed of a cohort's streams: from the trial's seed and the cohort's name. Of a trial that is no cohort's, the seed itself."""
    if not trial.cohort_name:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}|cohort|{trial.cohort_name}".encode()).digest()[:6])


def scenario_of(scenario: Scenario, trial: Trial) -> Scenario:
    """What is true of a cohort: the truths that the scenario states for it in the place of the trial's.

    Of a factor by whose level its patients are told nothing varies in it, and the truths are those of its own patients.
    """
    cohort = trial.own_cohort
    if cohort is None:
        return scenario
    own = scenario.cohorts[cohort.name].arms if cohort.name in scenario.cohorts else {}
    elsewhere = {a.name for a in trial.whole.arms} - {a.name for a in trial.arms}
    changed: dict[str, Any] = {"arms": {n: t for n, t in {**scenario.arms, **own}.items() if n not in elsewhere}}
    for table in ("factors", "prognosis"):
        changed[table] = {n: v for n, v in getattr(scenario, table).items() if n not in cohort.fixed}
    return scenario.model_copy(update=changed)


@dataclass
class FamilyTally:
    """Of one scenario and one way of waiting, in each replicate: how many cohorts were declared, and how many stopped early."""

    cohorts: int = 0
    declared: list[NDArray[np.int16]] = field(default_factory=list)
    stopped: list[NDArray[np.int16]] = field(default_factory=list)

    def add(self, chunks: Sequence[Lines]) -> None:
        """Count one more cohort, of which these are the replicates in order."""
        self.cohorts += 1
        for name, into in (("declared", self.declared), ("stopped_early", self.stopped)):
            columns = [c[name] for c in chunks]
            into.append(np.concatenate(columns).astype(np.int16) if columns else np.zeros(0, dtype=np.int16))

    def counted(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """How many of the cohorts in each replicate that all of them have."""
        n = min(map(len, self.declared))
        return sum_of(self.declared, n), sum_of(self.stopped, n)


def sum_of(columns: Sequence[NDArray[np.int16]], n: int) -> NDArray[np.int16]:
    """The first ``n`` of the columns, added up."""
    total: NDArray[np.int16] = np.sum([c[:n] for c in columns], axis=0, dtype=np.int16)
    return total


@dataclass(frozen=True)
class FamilySummary:
    """What the cohorts came to together. ``number``: P(0, 1, 2 … declared). ``exact``: the same, where each cohort's is known exactly."""

    scenario: str
    label: str
    waiting: str
    replicates: int
    any_declared: Quantity
    all_declared: Quantity
    all_stopped_early: Quantity
    number: Sequence[Quantity]
    exact: Mapping[str, float] | None


def family_summary(
    first: Summary, tally: FamilyTally, exact: Sequence[Characteristics | None], number: Sequence[float]
) -> FamilySummary:
    """The summary of a tally; ``first``: that of any cohort. ``number``: P(0, 1, 2 … declared), exactly."""
    declared, stopped = tally.counted()
    known = [e for e in exact if e is not None]
    products = None
    if len(known) == tally.cohorts:
        products = {
            "any_declared": 1 - number[0],
            "all_declared": number[-1],
            "all_stopped_early": math.prod(e.stop_early.value for e in known),
        }
    return FamilySummary(
        first.scenario, first.label, first.waiting, len(declared), _share(declared > 0), _share(declared == tally.cohorts),
        _share(stopped == tally.cohorts), tuple(_share(declared == k) for k in range(tally.cohorts + 1)), products,
    )  # fmt: skip


def _share(yes: NDArray[np.bool_]) -> Quantity:
    p = float(yes.mean())
    return Quantity(p, math.sqrt(p * (1 - p) / len(yes)))


def family_table(families: Sequence[FamilySummary]) -> Table:
    """The cohorts together, simulated beside exact."""
    names = ("any_declared", "all_declared", "all_stopped_early")
    rows: list[list[Cell]] = []
    for f in families:
        row: list[Cell] = [f.scenario, f.waiting, str(f.replicates)]
        for name in names:
            row += [shown(getattr(f, name), 3), f"{f.exact[name]:.4f}" if f.exact is not None else "–"]
        rows.append(row)
    numbers = [
        f"{f.scenario}, {f.waiting}: declared "
        + ", ".join(f"{k}: {q.value:.3f}" for k, q in enumerate(f.number) if q.value > 0)
        + "."
        for f in families
    ]
    return Table(
        "The cohorts together, simulated beside exact",
        ["Scenario", "Waiting", "Trials", "P(any declared)", "exact", "P(all declared)", "exact", "P(all stop early)", "exact"],
        rows,
        notes=(*numbers, "A trial is one replicate of each cohort. ± is the Monte-Carlo standard error. Exact: products over the cohorts."),
    )  # fmt: skip
