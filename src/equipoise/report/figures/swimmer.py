"""A lane a patient: how long on treatment and on study, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from equipoise.report.figures.style import (
    FAINT,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    RESPONSES,
    empty,
    month_ticks,
    response_key,
    to_svg,
)
from equipoise.trial.exhibits import Lane, SwimmerFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: A stretch on treatment is a whole bar, one off treatment a thin one.
_THICK = {"on treatment": 0.74, "off treatment": 0.3}
_POINTS: dict[str, tuple[str, str]] = {
    "complete response": ("*", "#004D3A"),
    "partial response": ("^", "#003F66"),
    "progression": ("D", ORANGE),
    "death": ("X", INK),
    "withdrawn": ("s", PURPLE),
    "lost": ("v", RED),
}
#: Inches: the room of a lane whose patient is named, and of one among more than can be.
_LANE, _NARROW, _TALLEST = 0.155, 0.078, 10.2
#: So many lanes are read one by one, each with its patient's number.
NAMED = 60


def draw_swimmer(figure: SwimmerFigure, name: str) -> str:
    """Lanes by group, longest on top, coloured by best response; patients' numbers at the left, up to 60 lanes."""
    lanes = len(figure.lanes)
    named = lanes <= NAMED
    groups = list(dict.fromkeys(lane.group for lane in figure.lanes))
    height = min(_TALLEST, max(2.4, 1.5 + (_LANE if named else _NARROW) * (lanes + 2 * len(groups))))

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not lanes:
            empty(axes)
            return
        # room for one lane, in points, decides how large marks may be
        room = (height - 1.4) * 72 / (lanes + 2 * len(groups))
        size = max(3.4, min(7.0, 0.78 * room))
        y, used_spans, used_points = 0.0, set(), set()
        places, names = [], []
        for group in groups:
            axes.text(0, y + 0.2, group, fontsize=8.5, fontweight="bold", va="center", color=INK)
            y += 1.4
            for lane in sorted((x for x in figure.lanes if x.group == group), key=_length, reverse=True):
                colour = RESPONSES.get(lane.response, RESPONSES[""])
                for start, end, state in lane.spans:
                    axes.barh(y, end - start, left=start, height=_THICK.get(state, 0.3), color=colour, linewidth=0)
                    used_spans.add(state)
                for when, what in lane.points:
                    marker, fill = _POINTS.get(what, ("o", GREY))
                    axes.plot([when], [y], marker, color=fill, markersize=size, markeredgecolor="white", markeredgewidth=0.6, zorder=3, clip_on=False)  # fmt: skip
                    used_points.add(what)
                if lane.ongoing:
                    axes.plot([_length(lane)], [y], ">", color=GREY, markersize=0.7 * size, markeredgewidth=0, clip_on=False)  # fmt: skip
                    used_points.add("still followed")
                places.append(y)
                names.append(lane.patient)
                y += 1
            y += 0.6
        axes.set_ylim(y, -0.6)
        longest = figure.until or max(map(_length, figure.lanes)) + 0.5
        axes.set_xlim(0, max(longest, 1.0))
        axes.set_xticks(month_ticks(longest))
        axes.set_yticks(places if named else [], names if named else [], fontsize=6.5)
        axes.tick_params(axis="y", length=0, pad=2)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(figure.x_label)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        response_key(canvas, {lane.response for lane in figure.lanes}, *_keys(used_spans, used_points))

    return to_svg(name, figure.title, f"{figure.caption} {_spoken(figure)}".strip(), 7.2, height, draw)


def _length(lane: Lane) -> float:
    return max((end for _, end, _ in lane.spans), default=0.0)


def _keys(spans: set[str], points: set[str]) -> list[Any]:
    from matplotlib.lines import Line2D

    widths = {"on treatment": 6.0, "off treatment": 2.4}
    keys = [Line2D([], [], color=GREY, linewidth=w, alpha=0.6, label=s) for s, w in widths.items() if s in spans]
    for what, (marker, colour) in {**_POINTS, "still followed": (">", GREY)}.items():
        if what in points:
            keys.append(Line2D([], [], marker=marker, color=colour, linestyle="", markersize=6.5, markeredgecolor="white", markeredgewidth=0.6, label=what))  # fmt: skip
    return keys


def _spoken(figure: SwimmerFigure) -> str:
    """Each lane in words, for those who do not see it."""
    parts = []
    for lane in figure.lanes:
        said = [f"{what} at {when:.1f}" for when, what in lane.points]
        best = f", best {lane.response}" if lane.response else ""
        parts.append(f"{lane.patient}{best}: {_length(lane):.1f} months{'; ' if said else ''}{', '.join(said)}")
    return ". ".join(parts)
