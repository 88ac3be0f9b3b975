"""Dots of two groups, term by term, and beside them the differences with their intervals (after Amit, Heiberger & Lane 2008, doi:10.1002/pst.254)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import COLOURS, FAINT, GREY, INK, empty, to_svg
from equipoise.trial.exhibits import DotFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = ("o", "^")


def draw_dots(figure: DotFigure, name: str) -> str:
    """Draw the terms from the top."""
    n = len(figure.rows)

    def draw(canvas: Figure) -> None:
        if not n:
            empty(canvas.add_subplot())
            return
        left, right = canvas.subplots(1, 2, sharey=True, width_ratios=[1.15, 1])
        for side in (left, right):
            side.set_ylim(n - 0.4, -0.6)
            side.grid(axis="both", color=FAINT, linewidth=0.6)
            side.set_axisbelow(True)
            side.spines["left"].set_visible(False)
            side.tick_params(axis="y", length=0)
        left.set_yticks(range(n), [r.label for r in figure.rows], fontsize=8.5)
        for k, group in enumerate(figure.groups):
            shares = [100 * r.shares[k] for r in figure.rows]
            left.plot(shares, range(n), _MARKERS[k], color=COLOURS[k], markersize=5.5, markeredgecolor="white", markeredgewidth=0.5, label=group)  # fmt: skip
        left.set_xlim(left=0)
        left.set_xlabel(figure.x_label)
        right.axvline(0, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
        for i, r in enumerate(figure.rows):
            right.hlines(i, 100 * r.lower, 100 * r.upper, color=INK, linewidth=1.1)
        right.plot([100 * r.difference for r in figure.rows], range(n), "s", color=INK, markersize=3.6)
        right.set_xlabel(figure.difference_label, fontsize=8)
        canvas.legend(loc="outside upper center", ncols=2)

    said = "; ".join(
        f"{r.label}: {100 * r.shares[0]:.0f}% and {100 * r.shares[1]:.0f}%, difference {100 * r.difference:+.0f} ({100 * r.lower:+.0f} to {100 * r.upper:+.0f})"
        for r in figure.rows
    )
    return to_svg(name, figure.title, f"{figure.caption} {said}".strip(), 7.2, 1.3 + 0.24 * max(n, 3), draw)
