"""What happens when: a row for each way of running a trial, with spans, points and their ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from equipoise.report.figures.style import BLUE, FAINT, GREEN, GREY, INK, ORANGE, PURPLE, SKY, empty, to_svg
from equipoise.trial.exhibits import TimelineFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SPANS = ("#c9dcec", "#f3d9c4", "#dfe3e8", "#d5ebe2")
_POINTS = ((BLUE, "o"), (ORANGE, "D"), (GREEN, "s"), (PURPLE, "^"), (SKY, "v"))


def draw_timeline(figure: TimelineFigure, name: str) -> str:
    """Draw the rows from the top, groups apart."""
    groups = list(dict.fromkeys(r.group for r in figure.rows))
    places: dict[int, float] = {}
    heads: dict[str, float] = {}
    y = 0.0
    for group in groups:
        heads[group] = y
        y += 0.9
        for i, r in enumerate(figure.rows):
            if r.group == group:
                places[i] = y
                y += 1.0
        y += 0.3
    height = 1.2 + 0.25 * max(y, 3)

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        if not figure.rows:
            empty(axes)
            return
        kinds = list(dict.fromkeys(s.kind for r in figure.rows for s in r.spans))
        labels = list(dict.fromkeys(p.label for r in figure.rows for p in r.points))
        for i, r in enumerate(figure.rows):
            for s in r.spans:
                colour = _SPANS[kinds.index(s.kind) % len(_SPANS)]
                axes.barh(places[i], s.end - s.start, left=s.start, height=0.72, color=colour, linewidth=0)
            for p in r.points:
                k = labels.index(p.label)
                colour, marker = _POINTS[k % len(_POINTS)]
                # Whiskers of one row lie a little apart, so that none hides another.
                at = places[i] + 0.17 * (k - (len(labels) - 1) / 2)
                axes.hlines(at, p.low, p.high, color=colour, linewidth=1.3)
                axes.plot(
                    [p.at], [at], marker, color=colour, markersize=4.2, markeredgecolor="white", markeredgewidth=0.5
                )
        for group, at in heads.items():
            axes.annotate(
                group, (0, at), xycoords=("axes fraction", "data"), xytext=(2, 0), textcoords="offset points", va="center",
                fontsize=8.5, fontweight="bold", color=INK,
            )  # fmt: skip
        axes.set_yticks([places[i] for i in range(len(figure.rows))], [r.label for r in figure.rows], fontsize=8)
        axes.set_ylim(y - 0.2, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel(figure.x_label)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        keys: list[Any] = [Patch(color=_SPANS[k % len(_SPANS)], label=kind) for k, kind in enumerate(kinds)]
        keys += [
            Line2D(
                [],
                [],
                color=_POINTS[k % len(_POINTS)][0],
                marker=_POINTS[k % len(_POINTS)][1],
                markersize=5,
                label=label,
            )
            for k, label in enumerate(labels)
        ]
        canvas.legend(handles=keys, loc="outside lower center", ncols=min(6, len(keys)), labelcolor=GREY)

    return to_svg(name, figure.title, figure.caption, 7.2, height, draw)
