"""Kaplan–Meier curves with bands, censoring ticks, medians and hazard ratio on the figure, and under the time axis, arm by arm, the numbers at risk, events and censored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import COLOURS, DASHES, FAINT, GREY, INK, empty, to_svg
from equipoise.trial.exhibits import SurvivalArm, SurvivalFigure
from equipoise.trial.said_numbers import one_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches: a row of the table under the curves.
_ROW = 0.165


def draw_survival(figure: SurvivalFigure, name: str) -> str:
    """Draw the curves; an arm without patients has a row of zeros and no curve."""
    filled = [a for a in figure.arms if a.at_risk and a.at_risk[0]]
    each = max((len(_rows(a)) for a in figure.arms), default=1)
    rows = len(figure.arms) * (1 + each)

    def draw(canvas: Figure) -> None:
        if not filled:
            empty(canvas.add_subplot())
            return
        axes, risk = canvas.subplots(2, 1, sharex=True, height_ratios=[3.5, _ROW * rows])
        for i, arm in enumerate(figure.arms):
            if arm not in filled:
                continue
            colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
            label = f"{arm.label}: {arm.note}" if arm.note else arm.label
            axes.fill_between(arm.time, arm.lower, arm.upper, step="post", color=colour, alpha=0.12, linewidth=0)
            axes.step(arm.time, arm.survival, where="post", color=colour, linestyle=dash, linewidth=1.9, label=label)
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
        for line in filter(None, figure.inset):
            axes.plot([], [], " ", label=one_percent(line))
        axes.legend(loc="upper right", fontsize=8, handlelength=2.6)
        _table(risk, figure, each)

    said = f"{figure.caption} {_spoken(figure)}".strip()
    return to_svg(name, figure.title, said, 7.2, 4.1 + _ROW * rows, draw)


def _rows(arm: SurvivalArm) -> list[tuple[str, tuple[int, ...]]]:
    """What stands under the curves of one arm."""
    found = [("At risk", tuple(arm.at_risk))]
    return found + [(n, tuple(v)) for n, v in (("Events", arm.events), ("Censored", arm.lost)) if v]


def _table(risk: Axes, figure: SurvivalFigure, each: int) -> None:
    """The names of the arms, and a row of numbers for each thing that is counted."""
    rows = len(figure.arms) * (1 + each)
    risk.set_ylim(rows - 0.4, -0.6)
    risk.tick_params(bottom=False, left=False, labelbottom=False)
    for side in ("left", "bottom"):
        risk.spines[side].set_visible(False)
    places, names = [], []
    for i, arm in enumerate(figure.arms):
        colour, top = COLOURS[i % len(COLOURS)], i * (1 + each)
        risk.text(0, top, arm.label, ha="left", va="center", fontsize=8.2, fontweight="bold", color=colour)
        for j, (what, counts) in enumerate(_rows(arm), 1):
            places.append(top + j)
            names.append(what)
            for tick, n in zip(figure.ticks, counts, strict=True):
                risk.text(tick, top + j, str(n), ha="center", va="center", fontsize=8, color=INK)
    risk.set_yticks(places, names, fontsize=8)
    risk.tick_params(axis="y", pad=14)


def _spoken(figure: SurvivalFigure) -> str:
    """The numbers in words, for those who do not see the figure."""
    parts = []
    for arm in figure.arms:
        at = [f"{n} at risk at {t:g}" for t, n in zip(figure.ticks, arm.at_risk, strict=True)]
        parts.append(f"{arm.label}: {', '.join([*([arm.note] if arm.note else []), *at])}.")
    return " ".join([*(f"{line}." for line in figure.inset if line), *parts])


def _value(times: object, survival: object, t: float) -> float:
    """The curve's height at ``t``."""
    import numpy as np

    at = np.asarray(times, dtype=float)
    return float(np.asarray(survival, dtype=float)[max(int(np.searchsorted(at, t, side="right")) - 1, 0)])
