"""Pictures of one patient, as points for a template to draw: the target lesions over time, and his lane of the swimmer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.analyse.lanes import lane_of
from equipoise.analyse.sheet import rows_of
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

#: The picture's own units: width and height, and its margins.
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 640, 48, 108, 18, 34, 260


@dataclass(frozen=True)
class Point:
    """A point of a line, with what is said of it."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class Line:
    """A lesion, or the sum: ``path`` as SVG's polyline takes it; ``label`` stands at its end."""

    label: str
    path: str
    points: Sequence[Point]
    kind: str
    label_y: float


@dataclass(frozen=True)
class Ticks:
    """A tick: its place, and what stands beside it."""

    at: float
    label: str


@dataclass(frozen=True)
class Lesions:
    """Sizes [mm] over weeks since entry. ``told``: the picture in words."""

    lines: Sequence[Line]
    across: Sequence[Ticks]
    up: Sequence[Ticks]
    told: str
    response_y: float | None = None


def lesions_picture(patient: Patient) -> Lesions | None:
    """The sum of the target lesions and each of them; None where none was measured on two days."""
    rows = [r for r in rows_of(patient) if r.kind == "target" and r.sizes]
    sums = [(a.happened, float(a.sum_mm)) for a in patient.assessments if a.sum_mm is not None]
    if len(sums) < 2 and not any(len(r.sizes) > 1 for r in rows):
        return None
    entry = patient.randomised.happened if patient.randomised is not None else min(d for d, _ in sums)
    every = [(d, s) for r in rows for d, s in r.sizes] + sums
    first, last = min(d for d, _ in every), max(d for d, _ in every)
    span, most = max((last - first).days, 1), max(s for _, s in every) * 1.08 or 1.0

    def x(day: date) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (day - first).days / span, 1)

    def y(size: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * size / most, 1)

    def line(label: str, kind: str, sizes: Sequence[tuple[date, float]]) -> Line:
        points = [Point(x(d), y(s), f"{label}: {s:g} mm on {d}") for d, s in sizes]
        return Line(label, " ".join(f"{p.x},{p.y}" for p in points), points, kind, points[-1].y)

    lines = [line("sum", "sum", sums)] if sums else []
    lines += [line(r.lesion, "lesion", r.sizes) for r in rows]
    weeks = _steps(span / 7)
    start = (first - entry).days / 7
    across = [
        Ticks(round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * 7 * (w - start) / span, 1), f"{w:g}")
        for w in weeks
        if w >= start and 7 * (w - start) <= span
    ]
    up = [Ticks(y(s), f"{s:g}") for s in _steps(most) if s <= most]
    said = "; ".join(f"{s:g} mm on {d}" for d, s in sums)
    told = f"Sum of the target lesions: {said}." if said else "Sizes of the target lesions over time."
    baseline = sums[0][1] if sums else None
    return Lesions(_apart(lines), across, up, told, y(0.7 * baseline) if baseline else None)


def _apart(lines: Sequence[Line]) -> list[Line]:
    """The labels at the ends, moved so that none lies on another."""
    found: list[Line] = []
    for line in sorted(lines, key=lambda one: one.label_y):
        at = max(line.label_y, found[-1].label_y + 14) if found else line.label_y
        found.append(Line(line.label, line.path, line.points, line.kind, at))
    return found


def _steps(most: float) -> list[float]:
    """Round numbers from 0 to ``most``, some five of them."""
    step = next(s * 10**k for k in range(6) for s in (1, 2, 5) if most / (s * 10**k) <= 6)
    return [i * float(step) for i in range(int(most / step) + 1)]


@dataclass(frozen=True)
class Lane:
    """A patient's course: stretches (x, width, kind) and what happened (x, words)."""

    spans: Sequence[tuple[float, float, str]]
    points: Sequence[tuple[float, str, str]]
    across: Sequence[Ticks]
    ongoing: bool
    end: float
    told: str


def lane_picture(trial: Trial, patient: Patient, today: date) -> Lane | None:
    """The lane of somebody who is on an arm; months since entry."""
    if patient.randomised is None:
        return None
    arm = trial.arm_by_name.get(patient.arm)
    lane = lane_of(patient, arm.label if arm is not None else "", today)
    last = max([b for _, b, _ in lane.spans] + [m for m, _ in lane.points] + [1.0])

    def x(months: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - 40) * months / last, 1)

    spans = [
        (x(a), round(max(x(b) - x(a), 1.0), 1), "on" if kind == "on treatment" else "off") for a, b, kind in lane.spans
    ]
    points = [(x(m), words, _MARK.get(words, "dot")) for m, words in lane.points]
    told = "; ".join(
        [f"{kind} from month {a:.1f} to {b:.1f}" for a, b, kind in lane.spans]
        + [f"{w} in month {m:.1f}" for m, w in lane.points]
    )
    return Lane(
        spans,
        points,
        [Ticks(x(m), f"{m:g}") for m in _steps(last)],
        lane.ongoing,
        x(max(b for _, b, _ in lane.spans)),
        f"Course: {told}.",
    )


_MARK = {"progression": "bad", "death": "end"}
