"""A forest plot: estimates under each other with their intervals, their mean, and the interval for the next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from equipoise.report.figures.style import BLUE, FAINT, GREY, INK, ORANGE, empty, to_svg
from equipoise.trial.exhibits import ForestFigure, ForestRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _TALL_ROW = 0.24, 0.42
#: Ticks of an axis of ratios, those that are in its range.
_RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7, 10)
#: Those of a wide axis, on which the others would lie over one another.
_FAR_RATIOS = (0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000)


def draw_forest(figure: ForestFigure, name: str) -> str:
    """Draw squares as large as their weight, hollow where not observed as such; a diamond; a bar."""
    rows = list(figure.rows)
    height = _ROW if figure.scale == "rate" else _TALL_ROW

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not rows:
            empty(axes)
            return
        # few rows with long words: two lines each leave the axis its room
        apart = ", " if figure.scale == "rate" else "\n"
        arms = sum(r.kind == "arm" for r in rows)
        # what is summed up stands apart from the arms
        at = [i if i < arms else i + 0.6 for i in range(len(rows))]
        heaviest = max((r.weight for r in rows), default=0.0) or 1.0
        for y, r in zip(at, rows, strict=True):
            _row(axes, y, r, heaviest)
        axes.set_ylim(at[-1] + 0.7, -0.7)
        axes.set_yticks(at, [f"{r.label}{' ?' if r.doubtful else ''}{apart}{r.note}" for r in rows])
        axes.tick_params(axis="y", length=0, labelsize=8)
        for y, r in zip(at, rows, strict=True):
            axes.annotate(
                _text(figure, r), (1.02, y), xycoords=("axes fraction", "data"), fontsize=8, va="center", color=INK, annotation_clip=False,
            )  # fmt: skip
        _limits(axes, figure)
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

    return to_svg(name, figure.title, figure.caption, 8.2, max(1.0 + height * (len(rows) + 1), 2.0), draw)


def _text(figure: ForestFigure, r: ForestRow) -> str:
    """The numbers beside a row: rates as a range, what may be negative in words."""
    if not _is_there(r):
        return "not estimable"
    match figure.scale:
        case "rate":
            return f"{r.estimate:.3f} ({r.lower:.3f}–{r.upper:.3f})"
        case "points":
            return f"{r.estimate:+.1f} ({r.lower:+.1f} to {r.upper:+.1f})".replace("-", "−")
        case "ratio":
            return f"{r.estimate:.2f} ({r.lower:.2f} to {r.upper:.2f})"


def _limits(axes: Axes, figure: ForestFigure) -> None:
    """Room on both sides; no rate below 0 or above 1; the line of no effect is always in."""
    there = [r for r in figure.rows if _is_there(r) and (figure.scale != "ratio" or r.lower > 0)]
    if not there:
        axes.set_xlim(*{"rate": (0.0, 1.0), "points": (-20.0, 20.0), "ratio": (0.5, 2.0)}[figure.scale])
        return
    low, high = min(r.lower for r in there), max(r.upper for r in there)
    if figure.mark is not None:
        low, high = min(low, figure.mark[0]), max(high, figure.mark[0])
    if low == high and figure.scale != "ratio":
        # One number without a width: room for it to stand in.
        low, high = low - 0.05, high + 0.05
    if figure.scale == "rate":
        room = 0.06 * (high - low)
        axes.set_xlim(max(low - room, 0.0), min(high + room, 1.0))
        return
    if figure.scale == "ratio":
        from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

        axes.set_xscale("log")
        axes.set_xlim(low / 1.1, high * 1.1)
        axes.xaxis.set_major_locator(FixedLocator(_RATIOS if high / low < 30 else _FAR_RATIOS))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        return
    room = 0.06 * (high - low)
    axes.set_xlim(low - room, high + room)


def _is_there(r: ForestRow) -> bool:
    """False of an estimate or a limit that does not exist, such as of an arm in which nobody is."""
    return all(math.isfinite(v) for v in (r.lower, r.estimate, r.upper))


def _row(axes: Axes, y: float, r: ForestRow, heaviest: float) -> None:
    if not _is_there(r):
        return
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
