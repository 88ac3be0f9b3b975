"""Published curves: patients out of one, and several pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.files.curve_file import read_curve, read_times, times_csv
from equipoise.files.write import write_text
from equipoise.history.curves import PooledCurves, curves_figure, curves_tables, grid_problems, pool_curves
from equipoise.history.reconstruction import ReconstructionReport, rebuild, reconstruction_table
from equipoise.numerics.times.reconstruct import Reconstruction
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.exhibits import LineFigure, Table
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class Rebuilt:
    """Patients out of a published curve, the error achieved, and where they were written."""

    report: ReconstructionReport
    patients: Reconstruction
    written: Path | None
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        shown = None if self.written else {"time": self.patients.time, "event": self.patients.event}
        return {"report": self.report, "written": str(self.written) if self.written else None, "patients": shown}

    def table(self) -> Table:
        """The error achieved."""
        return reconstruction_table(self.report)


def reconstruct(
    curve: Path,
    risk: Path | None = None,
    n: int | None = None,
    events: int | None = None,
    tolerance: float = 0.02,
    along: bool = True,
    out: Path | None = None,
    dialect: Dialect = FOUND_OUT,
) -> Rebuilt:
    """Patients after Guyot et al. 2012; points were read ``along`` the curve, or at its corners. ``dialect``: how the files are written."""
    notes: list[str] = []
    given = read_curve(curve, risk, n, events, tolerance, dialect, notes)
    patients, report = rebuild(given.curve, given.n, given.risk_time, given.risk_n, given.events, along=along)
    if out is not None:
        write_text(out, times_csv(patients))
    return Rebuilt(report, patients, out, notes)


def pool(
    paths: Sequence[Path], grid: str, method: Any, dialect: Dialect = FOUND_OUT, notes: list[str] | None = None
) -> PooledCurves:
    """The curves of arms, one CSV of patients an arm, at the times of ``grid`` ('2,4,6'). Raises BadInput with all problems.

    ``dialect``: how the files are written, as far as it is stated; ``notes`` takes what was found out of it.
    """
    problems: list[Problem] = []
    times: list[float] = []
    try:
        times = [float(t) for t in grid.split(",")]
    except ValueError:
        problems.append(Problem("not-a-number", "--grid", repr(grid), "times such as '2,4,6'"))
    arms = {}
    for path in paths:
        try:
            arms[path.stem] = read_times(path, dialect, notes)
        except BadInput as bad:
            problems += bad.problems
    problems += grid_problems(times) if times else []
    if len(paths) < 2:
        problems.append(Problem("too-few-arms", "curves", f"{len(paths)}", "2 arms or more"))
    if problems:
        raise BadInput("history curves", problems)
    return pool_curves(arms, times, method)


def tables_of(found: PooledCurves) -> list[Table]:
    """Survival at each time, and the Weibull curves."""
    return curves_tables(found)


def figure_of(found: PooledCurves) -> LineFigure:
    """The pooled curve."""
    return curves_figure(found)
