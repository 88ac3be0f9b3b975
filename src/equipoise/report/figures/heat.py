"""A heat map whose cells also say their numbers."""

from __future__ import annotations

import math
from textwrap import fill
from typing import TYPE_CHECKING

from equipoise.report.figures.style import FAINT, INK, empty, to_svg
from equipoise.trial.exhibits import HeatFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: From nearly white to a dark blue: one hue, so that more is darker to every eye and in grey.
_LIGHT, _DARK = (0.965, 0.975, 0.99), (0.03, 0.28, 0.48)


def _dark(shade: tuple[float, float, float]) -> bool:
    """Whether white reads better on a shade than ink does: by WCAG's relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shade]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (light + 0.05) ** 2 < 1.05 * 0.06  # ink has a luminance of about 0.01


def draw_heat(figure: HeatFigure, name: str) -> str:
    """Draw the cells with their texts and a scale beside them."""
    rows, columns = len(figure.rows), len(figure.columns)
    height = 1.5 + 0.34 * max(rows, 2)

    def draw(canvas: Figure) -> None:
        from matplotlib.colors import LinearSegmentedColormap, Normalize

        axes = canvas.add_subplot()
        known = [v for line in figure.values for v in line if not math.isnan(v)]
        if not known:
            empty(axes)
            return
        low, high = min(0.0, *known), figure.top or max(known)
        scale = Normalize(low, high if high > low else low + 1)
        colours = LinearSegmentedColormap.from_list("shade", [_LIGHT, _DARK])
        image = axes.imshow(figure.values, cmap=colours, norm=scale, aspect="auto")
        for i, line in enumerate(figure.texts):
            for j, text in enumerate(line):
                value = figure.values[i][j]
                shade = colours(scale(value))[:3] if not math.isnan(value) else _LIGHT
                axes.text(j, i, text, ha="center", va="center", fontsize=8.5, color="white" if _dark(shade) else INK)
        # Long names are broken so that neighbours do not touch.
        room = max(int(62 / max(columns, 1)), 8)
        axes.set_xticks(range(columns), [fill(c, room) for c in figure.columns], fontsize=8)
        axes.set_yticks(range(rows), figure.rows, fontsize=8)
        axes.tick_params(length=0)
        axes.xaxis.set_ticks_position("top")
        axes.set_xlabel(figure.x_label)
        axes.set_ylabel(figure.y_label)
        axes.spines[:].set_visible(False)
        for i in range(1, rows):
            axes.axhline(i - 0.5, color="white", linewidth=1.5)
        for j in range(1, columns):
            axes.axvline(j - 0.5, color="white", linewidth=1.5)
        bar = canvas.colorbar(image, ax=axes, fraction=0.03, pad=0.02)
        bar.set_label(figure.unit, fontsize=8)
        bar.outline.set_edgecolor(FAINT)
        bar.ax.tick_params(labelsize=7.5, length=2)

    return to_svg(name, figure.title, figure.caption, 7.2, height, draw)
