"""Spider plot: the change of each patient's tumour over time, a panel a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import FAINT, GREY, INK, RESPONSES, empty, month_ticks, response_key, to_svg
from equipoise.trial.exhibits import SpiderFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_spider(figure: SpiderFigure, name: str) -> str:
    """Draw a panel a group, on one scale."""
    groups = list(dict.fromkeys(line.group for line in figure.lines))

    def draw(canvas: Figure) -> None:
        if not groups:
            empty(canvas.add_subplot())
            return
        panels = canvas.subplots(1, len(groups), sharex=True, sharey=True, squeeze=False)[0]
        for axes, group in zip(panels, groups, strict=True):
            axes.set_title(group, fontsize=8.5, fontweight="bold", color=INK, loc="left", wrap=True)
            for m in figure.marks:
                if m.y is not None:
                    axes.axhline(m.y, color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
            axes.axhline(0, color=FAINT, linewidth=0.9)
            for line in figure.lines:
                if line.group == group:
                    colour = RESPONSES.get(line.response, GREY)
                    axes.plot(line.months, line.change, "-", color=colour, linewidth=0.9, alpha=0.8)
                    axes.plot(line.months[-1:], line.change[-1:], "o", color=colour, markersize=2.8, markeredgewidth=0)
            axes.set_xlabel(figure.x_label, fontsize=8.5)
            axes.set_xlim(left=0)
            axes.set_xticks(month_ticks(max(max(line.months) for line in figure.lines)))
        panels[0].set_ylabel(figure.y_label)
        response_key(canvas, {line.response for line in figure.lines})

    return to_svg(name, figure.title, figure.caption, 7.2, 3.9, draw)
