"""Curves on two axes: operating characteristics, accrual against plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import COLOURS, DASHES, FAINT, GREY, empty, month_ticks, to_svg
from equipoise.trial.exhibits import LineFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_line(figure: LineFigure, name: str) -> str:
    """Draw curves with their bands and reference lines."""

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not any(len(c.x) for c in figure.curves):
            empty(axes)
            return
        for i, c in enumerate(figure.curves):
            k = i if c.hue is None else c.hue
            colour = COLOURS[k % len(COLOURS)]
            # beyond the palette the colours come again, in another dash
            style = DASHES[1] if c.dashed else DASHES[k // len(COLOURS) % len(DASHES)]
            if c.points:
                axes.plot(c.x, c.y, "o", color=colour, markersize=4.5, label=c.label)
                if c.lower is not None and c.upper is not None:
                    axes.vlines(c.x, c.lower, c.upper, color=colour, linewidth=1.2)
                for x, y, text in zip(c.x, c.y, c.texts, strict=False):
                    axes.annotate(text, (x, y), xytext=(5, 3), textcoords="offset points", fontsize=8, color=colour)
                continue
            step = "steps-post" if c.steps else "default"
            axes.plot(c.x, c.y, color=colour, linestyle=style, linewidth=1.8, drawstyle=step, label=c.label)
            if c.lower is not None and c.upper is not None:
                axes.fill_between(
                    c.x, c.lower, c.upper, color=colour, alpha=0.15, linewidth=0, step="post" if c.steps else None
                )
        axes.set_xlabel(figure.x_label)
        axes.set_ylabel(figure.y_label)
        if figure.y_range is not None:
            axes.set_ylim(*figure.y_range)
        if figure.percent:
            axes.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f}%")
        if figure.x_label.startswith("Months"):
            longest = max((max(c.x) for c in figure.curves if len(c.x)), default=0.0)
            axes.set_xticks(month_ticks(longest))
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.margins(x=0.02)
        if figure.x_names:
            axes.set_xticks(range(1, len(figure.x_names) + 1), figure.x_names, fontsize=8)
            axes.set_xlim(0.5, len(figure.x_names) + 0.5)
        # Labels of upright lines stand above the axes, in two rows where neighbours would touch.
        for i, m in enumerate(sorted((m for m in figure.marks if m.x is not None), key=lambda m: m.x or 0.0)):
            assert m.x is not None
            axes.axvline(m.x, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
            axes.annotate(
                m.label, (m.x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3 + 11 * (i % 2)),
                textcoords="offset points", ha="center", va="bottom", fontsize=8, color=GREY, annotation_clip=False,
            )  # fmt: skip
        for m in figure.marks:
            if m.y is not None:
                axes.axhline(m.y, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
                axes.annotate(
                    m.label, (0.005, m.y), xycoords=("axes fraction", "data"), xytext=(0, 2),
                    textcoords="offset points", ha="left", va="bottom", fontsize=8, color=GREY,
                )  # fmt: skip
        # as many columns as the page is wide: long names would be cut at both edges
        for columns in range(min(3, len(figure.curves)), 0, -1):
            legend = canvas.legend(loc="outside lower center", ncols=columns)
            if columns == 1 or legend.get_window_extent().width <= canvas.bbox.width:
                break
            legend.remove()

    return to_svg(name, figure.title, figure.caption, 7.2, 4.2, draw)
