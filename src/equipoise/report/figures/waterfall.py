"""Best change in the sum of diameters, a bar a patient, from growth to shrinkage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import COLOURS, FAINT, GREY, INK, empty, to_svg
from equipoise.trial.exhibits import WaterfallFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HATCHES = ("", "////", "....", "xxxx")


def draw_waterfall(figure: WaterfallFigure, name: str) -> str:
    """Draw the bars; growth beyond 100 % is cut there and said to be."""

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not figure.bars:
            empty(axes)
            return
        bars = sorted(figure.bars, key=lambda b: (-b.change, b.patient))
        groups = list(dict.fromkeys(b.group for b in figure.bars))
        for i, group in enumerate(groups):
            at = [k for k, b in enumerate(bars) if b.group == group]
            heights = [min(bars[k].change, 100.0) for k in at]
            axes.bar(
                at, heights, width=0.86, color=COLOURS[i % len(COLOURS)], alpha=0.85, linewidth=0,
                hatch=_HATCHES[i % len(_HATCHES)] if len(bars) < 60 else "", label=group,
            )  # fmt: skip
        axes.axhline(0, color=INK, linewidth=0.8)
        for m in figure.marks:
            if m.y is not None:
                axes.axhline(m.y, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
                axes.annotate(
                    m.label, (1.0 if m.y > 0 else 0.0, m.y), xycoords=("axes fraction", "data"), xytext=(0, 2 if m.y > 0 else -2),
                    textcoords="offset points", ha="right" if m.y > 0 else "left", va="bottom" if m.y > 0 else "top", fontsize=8, color=GREY,
                )  # fmt: skip
        low = min(min(b.change for b in bars) - 6, -40)
        axes.set_ylim(max(low, -106), min(max(b.change for b in bars) + 8, 104) if bars[0].change > 24 else 30)
        axes.set_xlim(-1, len(bars) + 0.02 * len(bars))
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_ylabel(figure.y_label)
        axes.set_xlabel(f"Patients with measurements ({len(bars)})")
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        canvas.legend(loc="outside lower center", ncols=2)

    return to_svg(name, figure.title, figure.caption, 7.2, 4.0, draw)
