"""The escalation: a lane a patient, cohort by cohort, and above each cohort the decision that brought it there."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from equipoise.report.figures.outcome import OUTCOMES
from equipoise.report.figures.style import BLUE, FAINT, GREY, INK, empty, to_svg
from equipoise.trial.dose_exhibits import DoseCohort, DoseLane, EscalationFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Characters of a decision on a line, and of a note beside a lane.
_LINE, _NOTE = 121, 46
#: Inches of a row.
_ROW = 0.205


def draw_escalation(figure: EscalationFigure, name: str) -> str:
    """Draw lanes in the order of assignment; the page is as long as they need."""
    rows = sum(_rows(c) for c in figure.cohorts) + _said(figure.after)
    height = 1.15 + _ROW * max(rows, 3)

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not figure.cohorts:
            empty(axes, "Nobody is assigned yet")
            return
        w = figure.window
        axes.set_xlim(-0.24 * w, 2.02 * w)
        axes.set_ylim(rows + 0.2, -0.4)
        ticks = list(range(1, w + 1, 7)) + ([w] if (w - 1) % 7 > 3 else [])
        axes.vlines([t - 0.5 for t in ticks], -0.4, rows, color=FAINT, linewidth=0.6, zorder=0)
        y = 0.0
        for cohort in figure.cohorts:
            y = _decision(axes, cohort.before, y, w)
            axes.text(-0.235 * w, y + 0.5, cohort.heading, fontsize=8.6, fontweight="bold", va="center", color=INK)
            y += 1.1
            for lane in cohort.lanes:
                _lane(axes, lane, y + 0.45, w)
                y += 0.95
            y += 0.35
        _decision(axes, figure.after, y, w)
        axes.set_yticks([])
        axes.set_xticks([t - 0.5 for t in ticks], [str(t) for t in ticks], fontsize=8)
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_bounds(0, w)
        axes.set_xlabel(figure.x_label, x=(0.24 + 0.5) / 2.26)
        # Texts are set inside the page by their length: they must not narrow the axes.
        for text in axes.texts:
            text.set_in_layout(False)
        _legend(canvas, figure)

    return to_svg(name, figure.title, _spoken(figure), 7.2, height, draw)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _LINE, break_on_hyphens=False)


def _said(text: str) -> float:
    return 0.95 * len(_wrapped(text)) + 0.55 if text else 0.0


def _rows(cohort: DoseCohort) -> float:
    return _said(cohort.before) + 1.1 + 0.95 * len(cohort.lanes) + 0.35


def _decision(axes: Axes, text: str, y: float, w: int) -> float:
    """A decision in a box as wide as the page; returns where the next row begins."""
    if not text:
        return y
    from matplotlib.patches import Rectangle

    lines = _wrapped(text)
    high = 0.95 * len(lines) + 0.15
    axes.add_patch(Rectangle((-0.235 * w, y), 2.25 * w, high, facecolor="#eaf3f9", edgecolor="none", zorder=1))
    axes.add_patch(Rectangle((-0.235 * w, y), 0.012 * w, high, facecolor=BLUE, edgecolor="none", zorder=2))
    for k, line in enumerate(lines):
        axes.text(-0.205 * w, y + 0.55 + 0.95 * k, line, fontsize=7.7, va="center", color=INK, zorder=3)
    return y + high + 0.4


def _lane(axes: Axes, lane: DoseLane, y: float, w: int) -> None:
    word, colour, mark = OUTCOMES[lane.letter]
    axes.text(-0.02 * w, y, lane.patient, fontsize=7.8, va="center", ha="right", color=INK)
    end = lane.dlt_day if lane.letter == "T" and lane.dlt_day is not None else lane.followed
    axes.barh(y, w, left=0, height=0.62, color="none", edgecolor=FAINT, linewidth=0.7, zorder=1)
    hatch = "////" if lane.letter == "X" else None
    axes.barh(
        y, end, left=0, height=0.62, color=colour, alpha=0.32, linewidth=0, hatch=hatch, edgecolor=GREY if hatch else "none", zorder=2,
    )  # fmt: skip
    axes.plot([d - 0.5 for d in lane.doses], [y] * len(lane.doses), "|", color=INK, markersize=6.5, markeredgewidth=1.3, zorder=5)  # fmt: skip
    at = end - 0.5 if lane.letter == "T" else min(end, w)
    axes.plot([at], [y], mark, color=colour, markersize=6.5, markeredgecolor="white", markeredgewidth=0.7, zorder=4, clip_on=False)  # fmt: skip
    axes.text(1.055 * w, y, lane.letter, fontsize=8.6, fontweight="bold", va="center", ha="center", color=INK)
    note = textwrap.shorten(lane.note or word, _NOTE, placeholder=" …")
    axes.text(1.10 * w, y, note, fontsize=7.6, va="center", color=INK if lane.letter in "TP" else GREY)


def _legend(canvas: Figure, figure: EscalationFigure) -> None:
    from matplotlib.lines import Line2D

    used = {lane.letter for c in figure.cohorts for lane in c.lanes}
    handles = [
        Line2D([], [], marker=mark, color=colour, linestyle="", markersize=6, markeredgewidth=0, label=f"{k}: {word}")
        for k, (word, colour, mark) in OUTCOMES.items()
        if k in used
    ]
    handles.append(Line2D([], [], marker="|", color=INK, linestyle="", markersize=7, markeredgewidth=1.3, label="a dose"))  # fmt: skip
    canvas.legend(handles=handles, loc="outside lower center", ncols=5)


def _spoken(figure: EscalationFigure) -> str:
    """The figure in words, for those who do not see it."""
    parts = []
    for c in figure.cohorts:
        parts += [c.before] if c.before else []
        parts.append(f"{c.heading}: " + "; ".join(f"{x.patient} {x.letter}, {x.note or OUTCOMES[x.letter][0]}" for x in c.lanes) + ".")  # fmt: skip
    return " ".join([*parts, figure.after]).strip()
