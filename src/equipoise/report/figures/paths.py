"""Pathways from here: what may come of the next cohorts, from left to right, equal states drawn once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import GREY, INK, empty, to_svg
from equipoise.trial.dose_exhibits import PathFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WAY = "#9aa3ac"
_TINTS = {
    "escalate": "#d5ebe2", "stay": "#eef1f4", "start": "#eef1f4", "de-escalate": "#f7ddc8", "stop": "#e9b9b4", "declare": "#d3e4f2",
}  # fmt: skip


def draw_paths(figure: PathFigure, name: str) -> str:
    """A column a cohort; a way says how many DLTs lead along it."""
    by_depth: dict[int, list[int]] = {}
    for i, node in enumerate(figure.nodes):
        by_depth.setdefault(node.depth, []).append(i)
    tallest = max((len(v) for v in by_depth.values()), default=1)
    columns = max(len(by_depth), 1)
    step = 0.46

    def draw(canvas: Figure) -> None:
        from matplotlib.patches import FancyBboxPatch

        axes = canvas.add_subplot()
        axes.set_axis_off()
        if not figure.nodes:
            empty(axes)
            return
        axes.set_xlim(-0.02, columns)
        axes.set_ylim(tallest - 0.4, -1.0)
        wide, high = 0.62, 0.74
        at = {
            i: (depth, (k + 0.5) * tallest / len(members) - 0.5)
            for depth, members in by_depth.items()
            for k, i in enumerate(members)
        }
        # Ways leave a box one under the other, each with its outcomes beside it, in the order of its DLTs.
        leaving: dict[int, list[tuple[int, str]]] = {}
        for a, b, label in figure.ways:
            leaving.setdefault(a, []).append((b, label))
        for a, ways in leaving.items():
            x, y = at[a]
            for k, (b, label) in enumerate(ways):
                port = y + 0.27 * (k - (len(ways) - 1) / 2)
                axes.text(
                    x + wide + 0.006 * columns, port, label, fontsize=6.8, ha="left", va="center", color=INK, zorder=2
                )
                axes.plot(
                    [x + wide + (0.02 + 0.009 * len(label)) * columns, at[b][0]],
                    [port, at[b][1]],
                    color=_WAY,
                    linewidth=0.9,
                    zorder=1,
                )
        for i, node in enumerate(figure.nodes):
            x, y = at[i]
            axes.add_patch(
                FancyBboxPatch(
                    (x, y - high / 2),
                    wide,
                    high,
                    boxstyle="round,pad=0,rounding_size=0.04",
                    facecolor=_TINTS.get(node.kind, "white"),
                    edgecolor=GREY,
                    linewidth=0.7,
                    zorder=3,
                )
            )
            axes.text(x + wide / 2, y - 0.16, node.heading, fontsize=7.4, fontweight="bold", ha="center", va="center", color=INK, zorder=4)  # fmt: skip
            axes.text(x + wide / 2, y + 0.18, node.line, fontsize=6.8, ha="center", va="center", color=INK, zorder=4)
        for depth, text in enumerate(figure.depths):
            axes.text(depth + wide / 2, -0.85, text, fontsize=8, ha="center", va="center", color=GREY)

    return to_svg(name, figure.title, _spoken(figure), 7.2, 0.75 + step * max(tallest, 2), draw)


def _spoken(figure: PathFigure) -> str:
    """Where each way leads, for those who do not see it."""
    nodes = figure.nodes
    root = f"Now: {nodes[0].heading}. " if nodes else ""
    said = [f"{nodes[a].heading} ({nodes[a].line}), {label}: {nodes[b].heading}" for a, b, label in figure.ways]
    return root + "; ".join(said)
