"""Kaplan–Meier curves with bands, censoring ticks, and the numbers at risk under the time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import COLOURS, DASHES, FAINT, GREY, INK, empty, to_svg
from equipoise.trial.exhibits import SurvivalFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_survival(figure: SurvivalFigure, name: str) -> str:
    """Draw the curves; an arm without patients has a row of zeros and no curve."""
    filled = [a for a in figure.arms if a.at_risk and a.at_risk[0]]

    def draw(canvas: Figure) -> None:
        if not filled:
            empty(canvas.add_subplot())
            return
        rows = len(figure.arms)
        axes, risk = canvas.subplots(2, 1, sharex=True, height_ratios=[12, 1.0 + 0.8 * rows])
        for i, arm in enumerate(figure.arms):
            if arm not in filled:
                continue
            colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
            axes.fill_between(arm.time, arm.lower, arm.upper, step="post", color=colour, alpha=0.12, linewidth=0)
            axes.step(
                arm.time, arm.survival, where="post", color=colour, linestyle=dash, linewidth=1.9, label=arm.label
            )
            heights = [_value(arm.time, arm.survival, t) for t in arm.censored]
            axes.plot(arm.censored, heights, "|", color=colour, markersize=5.5, markeredgewidth=0.9)
        axes.axhline(0.5, color=FAINT, linewidth=0.9, linestyle=(0, (3, 3)))
        last = max(figure.ticks) if max(figure.ticks) > 0 else 1
        for m in figure.marks:
            if m.x is not None and m.x <= last:
                axes.axvline(m.x, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
                axes.annotate(
                    m.label, (m.x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
                    ha="center", va="bottom", fontsize=8, color=GREY, annotation_clip=False,
                )  # fmt: skip
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, last)
        axes.set_ylabel(figure.y_label)
        axes.set_xlabel(figure.x_label)
        axes.set_xticks(list(figure.ticks))
        axes.tick_params(labelbottom=True)
        axes.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f}%")
        axes.legend(loc="upper right")

        risk.set_ylim(rows - 0.4, -1.1)
        risk.set_yticks([])
        risk.tick_params(bottom=False, labelbottom=False)
        for side in ("left", "bottom"):
            risk.spines[side].set_visible(False)
        risk.annotate(
            "Number at risk", (0, -0.8), xycoords=("axes fraction", "data"), xytext=(-34, 0), textcoords="offset points",
            fontsize=8.5, fontweight="bold", color=INK, va="center",
        )  # fmt: skip
        for i, arm in enumerate(figure.arms):
            colour = COLOURS[i % len(COLOURS)]
            # A short bar in the arm's colour and dash stands for its name, which the legend has.
            risk.annotate(
                "", (0, i), xycoords=("axes fraction", "data"), xytext=(-34, 0), textcoords="offset points",
                arrowprops={
                    "arrowstyle": "-", "color": colour, "linewidth": 2, "linestyle": DASHES[i % len(DASHES)],
                    "shrinkA": 0, "shrinkB": 14,
                },
            )  # fmt: skip
            for tick, n in zip(figure.ticks, arm.at_risk, strict=True):
                risk.text(tick, i, str(n), ha="center", va="center", fontsize=8.5, color=colour)

    return to_svg(name, f"{figure.title}. {figure.caption}", 7.2, 3.7 + 0.22 * len(figure.arms), draw)


def _value(times: object, survival: object, t: float) -> float:
    """The curve's height at ``t``."""
    import numpy as np

    at = np.asarray(times, dtype=float)
    return float(np.asarray(survival, dtype=float)[max(int(np.searchsorted(at, t, side="right")) - 1, 0)])
