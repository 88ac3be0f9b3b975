"""The course of dose finding at a glance: dose against calendar time, a mark a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.outcome import OUTCOMES
from equipoise.report.figures.style import FAINT, GREY, INK, empty, to_svg
from equipoise.trial.dose_exhibits import CourseFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_course(figure: CourseFigure, name: str) -> str:
    """A line through the doses in the order of assignment; who came close to another is set a little higher."""
    levels = len(figure.levels)

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not figure.points:
            empty(axes, "Nobody is assigned yet")
            return
        span = max(max(x for x, *_ in figure.points), 0.5)
        axes.plot([x for x, *_ in figure.points], [lev for _, lev, *_ in figure.points], color=FAINT, linewidth=1.4, drawstyle="steps-post", zorder=1)  # fmt: skip
        last: dict[int, tuple[float, int]] = {}
        used = set()
        for x, level, letter, _ in figure.points:
            _, colour, mark = OUTCOMES[letter]
            before, place = last.get(level, (float("-inf"), 0))
            place = place + 1 if x - before < span * 0.022 else 0
            last[level] = (x, place)
            axes.plot([x], [level + 0.17 * place], mark, color=colour, markersize=8, markeredgecolor="white", markeredgewidth=0.8, zorder=3)  # fmt: skip
            used.add(letter)
        axes.set_yticks(range(1, levels + 1), figure.levels, fontsize=8)
        axes.set_ylim(0.6, levels + 0.75)
        axes.set_xlim(-0.03 * span, 1.04 * span)
        axes.set_xlabel(figure.x_label)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], marker=mark, color=colour, linestyle="", markersize=6.5, markeredgewidth=0, label=f"{k}: {word}")
            for k, (word, colour, mark) in OUTCOMES.items()
            if k in used
        ]  # fmt: skip
        canvas.legend(handles=handles, loc="outside lower center", ncols=4, labelcolor=INK)
        axes.spines["left"].set_color(GREY)

    return to_svg(name, figure.title, _spoken(figure), 7.2, 1.35 + 0.42 * max(levels, 2), draw)


def _spoken(figure: CourseFigure) -> str:
    said = [f"{p} at {figure.levels[level - 1]} after {x:.1f} months: {OUTCOMES[letter][0]}" for x, level, letter, p in figure.points]  # fmt: skip
    return "; ".join(said)
