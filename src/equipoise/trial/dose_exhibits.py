"""Figures of dose finding as plain values: lanes by dose, the course at a glance, the decision table, pathways. See ``trial.exhibits``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DoseLane:
    """One patient in the window. ``letter``: N, T, P or X; days are days of the window, from 1.

    ``followed``: to which day without a DLT; ``dlt_day``: when it came; ``doses``: days on which the level's drug was given.
    """

    patient: str
    letter: str
    followed: int
    dlt_day: int | None
    doses: Sequence[int]
    note: str = ""


@dataclass(frozen=True)
class DoseCohort:
    """Patients who came together to a dose. ``before``: the decision that brought them there; '' where none is told."""

    heading: str
    lanes: Sequence[DoseLane]
    before: str = ""


@dataclass(frozen=True)
class EscalationFigure:
    """Cohorts from the first to the last, a lane a patient in the order of assignment, each decision above what followed.

    ``window``: days. ``after``: what comes next.
    """

    title: str
    x_label: str
    window: int
    cohorts: Sequence[DoseCohort]
    after: str = ""
    caption: str = ""


@dataclass(frozen=True)
class CourseFigure:
    """Who came when to which dose. ``points``: months, level (from 1), letter, patient, in the order of assignment."""

    title: str
    x_label: str
    levels: Sequence[str]
    points: Sequence[tuple[float, int, str, str]]
    caption: str = ""


@dataclass(frozen=True)
class DecisionGrid:
    """What a number of DLTs (row) among a number of patients (column) at a dose leads to, by a letter of ``words``.

    ``more``: whether more DLTs than the last row say the same as it. ``marks``: where each dose stands: patients, DLTs, its label, whether it is the dose given last.
    """

    title: str
    columns: Sequence[int]
    cells: Mapping[tuple[int, int], str]
    words: Mapping[str, str]
    marks: Sequence[tuple[int, int, str, bool]]
    more: bool = False
    caption: str = ""


@dataclass(frozen=True)
class PathNode:
    """A state on the way: what comes next there. ``kind``: start, escalate, stay, de-escalate, declare or stop."""

    depth: int
    kind: str
    heading: str
    line: str


@dataclass(frozen=True)
class PathFigure:
    """What may come of the next cohorts: nodes by depth, and ways from one node to another (both by their place), each with its outcomes."""

    title: str
    depths: Sequence[str]
    nodes: Sequence[PathNode]
    ways: Sequence[tuple[int, int, str]]
    caption: str = ""


DoseFigure = EscalationFigure | CourseFigure | DecisionGrid | PathFigure
