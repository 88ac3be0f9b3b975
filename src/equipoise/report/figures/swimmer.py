"""A lane a patient: how long on treatment and on study, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import BLUE, FAINT, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, empty, to_svg
from equipoise.trial.exhibits import Lane, SwimmerFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SPANS = {"on treatment": SKY, "off treatment": "#c9d1d9"}
_POINTS: dict[str, tuple[str, str]] = {
    "complete response": ("*", GREEN),
    "partial response": ("^", BLUE),
    "progression": ("D", ORANGE),
    "death": ("X", INK),
    "withdrawn": ("s", PURPLE),
    "lost": ("v", RED),
}


def draw_swimmer(figure: SwimmerFigure, name: str) -> str:
    """Lanes by group, longest on top. Drawn to fit a page however many there are."""
    lanes = len(figure.lanes)
    height = min(10.2, max(2.4, 1.5 + 0.078 * lanes))

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not lanes:
            empty(axes)
            return
        # room for one lane, in points, decides how thick bars and marks may be
        thick = 0.78
        room = (height - 1.4) * 72 / (lanes + 2 * len({lane.group for lane in figure.lanes}))
        size = max(2.2, min(6.0, 0.75 * room))
        y, used_spans, used_points = 0.0, set(), set()
        for group in dict.fromkeys(lane.group for lane in figure.lanes):
            axes.text(0, y + 0.35, group, fontsize=8.5, fontweight="bold", va="center", color=INK)
            y += 1.6
            members = sorted((lane for lane in figure.lanes if lane.group == group), key=_length, reverse=True)
            for lane in members:
                for start, end, state in lane.spans:
                    axes.barh(y, end - start, left=start, height=thick, color=_SPANS.get(state, FAINT), linewidth=0)
                    used_spans.add(state)
                for when, what in lane.points:
                    marker, colour = _POINTS.get(what, ("o", GREY))
                    axes.plot([when], [y], marker, color=colour, markersize=size, markeredgewidth=0, zorder=3)
                    used_points.add(what)
                if lane.ongoing:
                    axes.plot([_length(lane) + 0.25], [y], ">", color=GREY, markersize=0.8 * size, markeredgewidth=0)
                    used_points.add("still followed")
                y += 1
            y += 0.8
        axes.set_ylim(y, -0.6)
        axes.set_xlim(left=0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(figure.x_label)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        _legend(canvas, used_spans, used_points)

    return to_svg(name, f"{figure.title}. {figure.caption}", 7.2, height, draw)


def _length(lane: Lane) -> float:
    return max((end for _, end, _ in lane.spans), default=0.0)


def _legend(canvas: Figure, spans: set[str], points: set[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = [Patch(color=c, label=s) for s, c in _SPANS.items() if s in spans]
    for what, (marker, colour) in {**_POINTS, "still followed": (">", GREY)}.items():
        if what in points:
            handles.append(
                Line2D([], [], marker=marker, color=colour, linestyle="", markersize=6, markeredgewidth=0, label=what)
            )
    canvas.legend(handles=handles, loc="outside lower center", ncols=5)
