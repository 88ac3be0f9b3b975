"""Digitised curves and individual times as CSV: read with all their problems at once, and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from equipoise.files.formats.decimals import Decimals
from equipoise.files.table_problems import Cells
from equipoise.files.table_sheet import read_sheet
from equipoise.numerics.times.reconstruct import Monotone, Reconstruction, monotone
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Problem

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Columns:
    """Two columns, the rows of the file that they stand in, whether every row could be read, and whether the first was."""

    first: Array
    second: Array
    row: NDArray[np.int64]
    whole: bool
    begins: bool


@dataclass(frozen=True, eq=False)
class DigitisedCurve:
    """A digitised curve made to fall, with its table of numbers at risk where there is one."""

    curve: Monotone
    n: int
    risk_time: Array | None
    risk_n: NDArray[np.int64] | None
    events: int | None


def read_curve(
    path: Path,
    risk: Path | None,
    n: int | None,
    events: int | None,
    tolerance: float = 0.02,
    dialect: Dialect = FOUND_OUT,
    notes: list[str] | None = None,
) -> DigitisedCurve:
    """Columns `time` and `survival` of ``path`` (0 to 1), and `time` and `at_risk` of ``risk``, in one unit of time.

    Points may rise by as much as ``tolerance``: they are read off a picture. ``dialect`` states how the files
    are written, and ``notes`` takes what was found out of it. Raises BadInput with every problem of both.
    """
    problems: list[Problem] = []
    points = _columns(path, ("time", "survival"), problems, dialect, notes)
    table = _columns(risk, ("time", "at_risk"), problems, dialect, notes) if risk is not None else None
    if points is not None:
        problems += _of_points(points, tolerance)
    if table is not None:
        problems += _of_risk(table)
    total = n
    if table is not None and len(table.second) and table.begins:
        first = int(table.second[0])
        if n is not None and n != first:
            problems.append(Problem("n-against-risk", "--n", str(n), f"the number at risk at time 0, {first}"))
        total = first
    if total is None and risk is None:
        problems.append(Problem("n-missing", "--n", "nothing", "the number of patients, or a table of numbers at risk"))
    elif total is not None and total < 1:
        problems.append(Problem("out-of-range", "--n", str(total), "at least 1"))
    if events is not None and total is not None and not 0 <= events <= total:
        problems.append(Problem("out-of-range", "--events", str(events), f"0 to the {total} patients"))
    if points is not None and table is not None and not problems:
        problems += _together(points.first, points.second, table.first, table.second)
    if problems or points is None or total is None:
        raise BadInput(str(path), problems)
    times, at_risk = (table.first, table.second.astype(np.int64)) if table is not None else (None, None)
    return DigitisedCurve(monotone(points.first, points.second), total, times, at_risk, events)


def read_times(
    path: Path, dialect: Dialect = FOUND_OUT, notes: list[str] | None = None
) -> tuple[Array, NDArray[np.int64]]:
    """Columns `time` and `event` (0 or 1) of patients. Raises BadInput with every problem."""
    problems: list[Problem] = []
    found = _columns(path, ("time", "event"), problems, dialect, notes)
    if found is not None:
        time, event = found.first, found.second
        if not len(time) and found.whole:
            problems.append(Problem("no-rows", path.name, "no patient", "a row a patient"))
        for i in np.flatnonzero((time < 0) | ~np.isin(event, (0, 1))):
            given = f"time {time[i]:g}, event {event[i]:g}"
            where = f"{path.name}, row {found.row[i]}"
            problems.append(Problem("out-of-range", where, given, "a time of 0 or more, and 0 or 1"))
    if problems or found is None:
        raise BadInput(str(path), problems)
    return found.first, found.second.astype(np.int64)


def times_csv(patients: Reconstruction) -> str:
    """Individual times as CSV: `time,event`."""
    lines = [f"{t:.6g},{e}" for t, e in zip(patients.time, patients.event, strict=True)]
    return "\n".join(["time,event", *lines]) + "\n"


def _columns(
    path: Path, names: Sequence[str], problems: list[Problem], dialect: Dialect, notes: list[str] | None
) -> _Columns | None:
    """The rows that can be read; a problem for each cell that cannot."""
    cells = Cells()
    try:
        sheet = read_sheet(path, dialect, names, cells)
    except BadInput as bad:
        problems += [Problem(p.code, f"{path.name}, {p.where}", p.given, p.allowed, p.next_step) for p in bad.problems]
        return None
    missing = [c for c in names if sheet.header.count(c) != 1]
    if missing:
        given = f"columns {', '.join(sheet.header)}"
        problems.append(Problem("no-column", str(path), given, f"columns {' and '.join(names)}, each once"))
        return None
    decimals = Decimals.of((row[c] for _, row in sheet.rows for c in names), sheet.separator, dialect.decimal)
    read: list[list[float]] = []
    numbers: list[int] = []
    for number, row in sheet.rows:
        values = [decimals.read(row[name]) for name in names]
        for name, value in zip(names, values, strict=True):
            if value is None:
                cells.cell(number, name, "not-a-number", repr(row[name]), "a number", decimals.hint(row[name]))
        if None not in values:
            read.append([v for v in values if v is not None])
            numbers.append(number)
    whole = not cells
    begins = bool(numbers) and (cells.first is None or numbers[0] < cells.first)
    problems += [replace(p, where=f"{path.name}, {p.where}") for p in cells.in_order(sheet.header)]
    if notes is not None:
        notes += [*sheet.notes, *([f"{path.name}: numbers have a decimal comma."] if decimals.found else [])]
    found = np.array(read, dtype=np.float64).reshape(-1, 2)
    return _Columns(found[:, 0], found[:, 1], np.array(numbers, dtype=np.int64), whole, begins)


def _of_points(points: _Columns, tolerance: float) -> Iterator[Problem]:
    time, survival = points.first, points.second
    if len(time) < 2:
        if points.whole:
            yield Problem("too-few-points", "curve", f"{len(time)} points", "two or more")
        return
    if time.min() < 0:
        yield Problem("out-of-range", "curve.time", f"{time.min():g}", "times of 0 or more")
    inside = (survival <= 1 + tolerance) & (survival >= -tolerance)
    if not inside.all():
        step = "a percentage? divide it by 100" if survival.max() > 1.5 else ""
        given = f"{survival.min():g} to {survival.max():g}"
        yield Problem("out-of-range", "curve.survival", given, "shares from 0 to 1", step)
        if survival.max() > 1.5 or inside.sum() < 2:
            return
    # the points that can be so are held against each other all the same
    inside &= time >= 0
    time, survival = time[inside], survival[inside]
    if not len(time):
        return
    order = np.lexsort((-survival, time))
    t, s = time[order], survival[order]
    rise = s - np.minimum.accumulate(s)
    worst = int(rise.argmax())
    if rise[worst] > tolerance:
        yield Problem(
            "curve-rises", "curve.survival", f"a rise of {rise[worst]:.3f} up to time {t[worst]:g}",
            f"a curve that falls; readings may rise by {tolerance:g}", "two curves read as one, or --tolerance",
        )  # fmt: skip
    if s[0] < 1 - max(tolerance, 0.05) and t[0] <= 0:
        yield Problem("curve-start", "curve.survival", f"{s[0]:g} at time {t[0]:g}", "a curve that begins at 1")


def _of_risk(table: _Columns) -> Iterator[Problem]:
    time, at_risk, row = table.first, table.second, table.row
    if not len(time):
        if table.whole:
            yield Problem("no-rows", "at_risk", "no rows", "numbers at risk from time 0 on")
        return
    if time[0] != 0 and table.begins:
        yield Problem("risk-start", "at_risk.time", f"{time[0]:g} first", "time 0 first: how many began")
    for i in range(1, len(time)):
        where = f"at_risk, row {row[i]}"
        if time[i] <= time[i - 1]:
            yield Problem("risk-order", where, f"time {time[i]:g} after {time[i - 1]:g}", "times that grow")
        if at_risk[i] > at_risk[i - 1]:
            given = f"{at_risk[i]:g} at {time[i]:g} after {at_risk[i - 1]:g}"
            yield Problem("risk-grows", where, given, "numbers at risk do not grow")
    for i in np.flatnonzero((at_risk < 0) | (at_risk != np.round(at_risk))).tolist():
        yield Problem("not-a-count", f"at_risk, row {row[i]}", f"{at_risk[i]:g}", "a whole number, 0 or more")


def _together(time: Array, survival: Array, risk_time: Array, at_risk: Array) -> Iterator[Problem]:
    """More at risk than the curve leaves: the two are not of the same patients, or not in the same unit."""
    if risk_time[-1] > time.max() * 1.5:
        given = f"numbers at risk up to {risk_time[-1]:g}, points up to {time.max():g}"
        yield Problem("risk-beyond-curve", "at_risk.time", given, "one unit of time for both", "check the units")
    order = np.argsort(time)
    n = at_risk[0]
    for t, r in zip(risk_time[1:], at_risk[1:], strict=True):
        before = survival[order][time[order] < t]
        left = float(before.min()) if len(before) else 1.0
        if r > n * left + max(2.0, 0.03 * n):
            given = f"{r:g} at risk at {t:g}, where the curve leaves {left:.3f} of {n:g} = {n * left:.0f}"
            yield Problem("risk-above-curve", "at_risk", given, "no more at risk than the curve leaves")
