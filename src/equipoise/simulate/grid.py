"""A grid of simulations: cells, the pieces of work in them, their rows, and sharp differences between cells.

All cells meet the same virtual patients (common random numbers): a difference between two cells is taken replicate by
replicate, and its error is that of the difference, not of two independent simulations.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise import __version__
from equipoise.numerics.random.streams import STREAMS
from equipoise.simulate.lines import Lines
from equipoise.simulate.plan import Plan
from equipoise.simulate.summary import Summary
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Table

#: Replicates in a piece of work: what is kept or lost at once.
PIECE = 20_000


@dataclass(frozen=True, eq=False)
class Cell:
    """One combination: the plan, and by what it is told from the others. ``settings``: what was changed, by path."""

    scenario: str
    labels: Mapping[str, str]
    settings: Mapping[str, Any]
    plan: Plan

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the cell's replicates: trial, scenario, disease, policy, seed, version."""
        p = self.plan
        disease = hashlib.sha256()
        for name in sorted(p.courses):
            for course in p.courses[name].strata:
                for table in (course.first.survival, course.death_share, course.after.survival):
                    disease.update(table.tobytes())
        content = [
            __version__, STREAMS, p.trial.fingerprint, p.scenario.model_dump(mode="json"), disease.hexdigest(), p.waiting, p.cap,
            p.seed,
        ]  # fmt: skip
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def name(self) -> str:
        """'null, pause, 6 weeks'."""
        return ", ".join([self.scenario, *self.labels.values()])


@dataclass(frozen=True)
class Piece:
    """Replicates ``first`` … ``first + n - 1`` of cell number ``cell``."""

    cell: int
    first: int
    n: int


def pieces(cells: int, replicates: int, size: int = PIECE) -> Iterator[Piece]:
    """All work of a grid: the first replicates of every cell come first, so that an interrupted grid says something."""
    for first in range(0, replicates, size):
        for cell in range(cells):
            yield Piece(cell, first, min(size, replicates - first))


def row(cell: Cell, summary: Summary) -> dict[str, Any]:
    """A cell as a row: what it is, how to make it again, and what came of it, each figure with its error."""
    p = cell.plan
    found: dict[str, Any] = {
        "cell": cell.key,
        "trial": p.trial.id,
        "trial_fingerprint": p.trial.fingerprint,
        "scenario": cell.scenario,
        **{f"axis {name}": label for name, label in cell.labels.items()},
        "settings": json.dumps(dict(cell.settings), sort_keys=True, default=str),
        "design": json.dumps(dict(p.design.numbers()), sort_keys=True, default=str),
        "waiting": p.waiting,
        "cap": p.cap,
        "seed": p.seed,
        "replicates": summary.done,
        "software": f"equipoise {__version__}",
        "P(stop early)": summary.characteristics.stop_early,
        "P(declare)": summary.characteristics.declare,
    }
    found |= {
        name: getattr(summary, name)
        for name in (
            "at_cohort_full", "at_cutoff", "at_readout", "on_study_at_readout", "randomised", "tested", "spared",
            "exposure_months", "look_month", "readout_month", "duration_months", "control_caution", "declared_against",
            "stopped_against", "estimate", "bias", "log_hr",
        )
    }  # fmt: skip
    if summary.safety is not None:
        found |= {f"P({name} speaks)": said for name, said in summary.safety.by_rule.items()}
        found |= {"safety_month": summary.safety.month, "safety_events": summary.safety.events}
    for name in ("at_readout", "randomised", "duration"):
        low, high = getattr(summary, f"{name}_range")
        found[f"{name} 10 %"], found[f"{name} 90 %"] = low, high
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, Quantity) or name == "bias":
            flat[name] = value.value if value is not None else None
            flat[f"{name} mc_error"] = value.mc_error if value is not None else None
        else:
            flat[name] = value
    return flat


@dataclass(frozen=True)
class Difference:
    """A column in one cell less that in another, over the same replicates. ``reduction``: by how much common random
    numbers lower the variance, against two independent simulations of the same size."""

    cell: str
    against: str
    column: str
    difference: Quantity
    independent_error: float
    reduction: float


#: Columns that are compared between cells, with their unit and how they are shown.
COMPARED: Mapping[str, tuple[str, float]] = {
    "declared": ("P(declare)", 1.0),
    "stopped_early": ("P(stop early)", 1.0),
    "randomised": ("Randomised", 1.0),
    "duration": ("End, months", 30.4375),
}


class Paired:
    """Sums of products of two cells' columns, added to as pieces come; exact as far as 64 bits go."""

    def __init__(self) -> None:
        self.n = 0
        self.sums = {c: np.zeros(5, dtype=np.int64) for c in COMPARED}

    def add(self, a: Lines, b: Lines) -> None:
        """Take in the same replicates of both cells."""
        for name, s in self.sums.items():
            x, y = a[name], b[name]
            s += np.array([x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])
        self.n += len(a["declared"])

    def differences(self, cell: str, against: str) -> list[Difference]:
        """Each column's difference, the first cell's less the second's."""
        found = []
        for name, (label, unit) in COMPARED.items():
            x, y, xx, yy, xy = (int(v) for v in self.sums[name])
            n = self.n
            # n² times the variances, in whole numbers.
            vx, vy, cov = n * xx - x * x, n * yy - y * y, n * xy - x * y
            paired, apart = vx + vy - 2 * cov, vx + vy
            scale = n * math.sqrt(max(n - 1, 1)) * unit
            found.append(
                Difference(
                    cell, against, label, Quantity((x - y) / n / unit, math.sqrt(max(paired, 0)) / scale),
                    math.sqrt(apart) / scale, apart / paired if paired > 0 else math.inf,
                )
            )  # fmt: skip
        return found


def pairs(cells: Sequence[Cell]) -> list[tuple[int, int]]:
    """Cells to compare: each with the one that has the first setting of one axis and all else the same."""
    found = []
    place = {(c.scenario, *c.labels.values()): i for i, c in enumerate(cells)}
    for i, c in enumerate(cells):
        labels = list(c.labels.values())
        for k, name in enumerate(c.labels):
            first = next(o.labels[name] for o in cells if o.scenario == c.scenario)
            if labels[k] != first:
                found.append((i, place[(c.scenario, *labels[:k], first, *labels[k + 1 :])]))
    return found


def cells_table(cells: Sequence[Cell], summaries: Sequence[Summary | None]) -> Table:
    """The cells that are there, one a row."""
    from equipoise.simulate.summary import interrupted, ranged, shown

    undone = interrupted([s for s in summaries if s is not None])
    axes = list(cells[0].labels)
    rows = []
    for c, s in zip(cells, summaries, strict=True):
        if s is None:
            rows.append([c.scenario, *c.labels.values(), "0", *[""] * 6])
            continue
        rows.append(
            [
                c.scenario,
                *c.labels.values(),
                str(s.done),
                shown(s.characteristics.stop_early, 3),
                shown(s.characteristics.declare, 3),
                ranged(s.at_readout, 1, s.at_readout_range),
                ranged(s.randomised, 1, s.randomised_range),
                shown(s.readout_month, 1),
                ranged(s.duration_months, 1, s.duration_range),
            ]
        )
    return Table(
        "The grid",
        [
            "Scenario",
            *axes,
            "Trials",
            "P(stop early)",
            "P(declare)",
            "At read-out (10 to 90 %)",
            "Randomised (10 to 90 %)",
            "Read-out, month",
            "End, month (10 to 90 %)",
        ],
        rows,
        notes=(
            "± is the Monte-Carlo standard error. All cells meet the same virtual patients.",
            *([undone] if undone else []),
        ),
    )


def differences_table(found: Sequence[Difference], most: int = 40) -> Table:
    """What a change does, and how much sharper common random numbers show it: one change from the first choices first."""
    from equipoise.simulate.summary import shown

    first = {d.against for d in found} - {d.cell for d in found}
    found = sorted(found, key=lambda d: d.against not in first)
    rows = [
        [
            d.cell,
            d.against,
            d.column,
            ("+" if d.difference.value >= 0 else "") + shown(d.difference, 3),
            f"{d.independent_error:.2g}",
            "–" if math.isinf(d.reduction) else f"{d.reduction:.1f}",
        ]
        for d in found[:most]
    ]
    return Table(
        "Differences over the same patients",
        ["Cell", "less", "Figure", "Difference", "Error if independent", "Variance, times less"],
        rows,
        notes=(
            "± is the Monte-Carlo standard error of the difference, replicate by replicate. A dash: no difference at all.",
            *([f"{len(found) - most} more in differences.csv."] if len(found) > most else []),
        ),
    )
