"""A forest plot: estimates under each other with their intervals, their mean, and the interval for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import BLUE, FAINT, GREY, INK, ORANGE, empty, to_svg
from equipoise.trial.exhibits import ForestFigure, ForestRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.24


def draw_forest(figure: ForestFigure, name: str) -> str:
    """Draw squares as large as their weight, hollow where not observed as such; a diamond; a bar."""
    rows = list(figure.rows)

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not rows:
            empty(axes)
            return
        arms = sum(r.kind == "arm" for r in rows)
        # what is summed up stands apart from the arms
        at = [i if i < arms else i + 0.6 for i in range(len(rows))]
        heaviest = max((r.weight for r in rows), default=0.0) or 1.0
        for y, r in zip(at, rows, strict=True):
            _row(axes, y, r, heaviest)
        axes.set_ylim(at[-1] + 0.7, -0.7)
        axes.set_yticks(at, [f"{r.label}{' ?' if r.doubtful else ''}, {r.note}" for r in rows])
        axes.tick_params(axis="y", length=0, labelsize=8)
        for y, r in zip(at, rows, strict=True):
            text = f"{r.estimate:.3f} ({r.lower:.3f}–{r.upper:.3f})"
            axes.annotate(
                text, (1.02, y), xycoords=("axes fraction", "data"), fontsize=8, va="center", color=INK, annotation_clip=False,
            )  # fmt: skip
        low, high = min(r.lower for r in rows), max(r.upper for r in rows)
        room = 0.06 * (high - low)
        axes.set_xlim(max(low - room, 0.0), min(high + room, 1.0))
        axes.set_xlabel(figure.x_label)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        if figure.mark is not None:
            x, label = figure.mark
            axes.axvline(x, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
            axes.annotate(
                label, (x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
                ha="center", va="bottom", fontsize=8, color=GREY, annotation_clip=False,
            )  # fmt: skip

    return to_svg(name, f"{figure.title}. {figure.caption}", 8.2, 1.0 + _ROW * (len(rows) + 1), draw)


def _row(axes: Axes, y: float, r: ForestRow, heaviest: float) -> None:
    match r.kind:
        case "mean":
            axes.fill([r.lower, r.estimate, r.upper, r.estimate], [y, y - 0.32, y, y + 0.32], color=ORANGE, linewidth=0)
        case "prediction":
            axes.plot([r.lower, r.upper], [y, y], color=ORANGE, linewidth=5, solid_capstyle="butt", alpha=0.55)
            axes.plot([r.estimate], [y], "|", color=INK, markersize=9)
        case _:
            axes.plot([r.lower, r.upper], [y, y], color=BLUE, linewidth=1.2)
            size = 2.5 + 6.0 * (r.weight / heaviest) ** 0.5
            face = "white" if r.hollow else BLUE
            axes.plot([r.estimate], [y], "s", color=BLUE, markerfacecolor=face, markersize=size)
