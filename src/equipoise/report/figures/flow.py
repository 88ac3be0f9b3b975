"""The CONSORT diagram: a trunk of boxes, what left it on the side, and a column an arm (CONSORT 2010)."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from equipoise.report.figures.style import GREY, INK, to_svg
from equipoise.trial.exhibits import FlowBox, FlowFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All lengths in points; the figure is made as high as its boxes need.
_WIDTH = 7.2 * 72
_LINE = 12.0
_PAD = 7.0
_GAP = 20.0
_PER_CHARACTER = 4.75


@dataclass(frozen=True)
class _Box:
    heading: list[str]
    lines: list[str]
    width: float

    @property
    def height(self) -> float:
        return _LINE * (len(self.heading) + len(self.lines)) + 2 * _PAD


def _wrap(box: FlowBox, width: float) -> _Box:
    characters = int((width - 2 * _PAD) / _PER_CHARACTER)
    heading = box.heading if box.n is None else f"{box.heading} (n\u00a0=\u00a0{box.n})"
    lines = [part for line in box.lines for part in textwrap.wrap(line, characters, subsequent_indent="   ")]
    return _Box(textwrap.wrap(heading, int(characters * 0.9)), lines, width)


def draw_flow(figure: FlowFigure, name: str) -> str:
    """Draw boxes as high as their wrapped text, and the arrows between them."""
    columns = max(len(figure.arms), 1)
    column = (_WIDTH - 16.0 * (columns - 1)) / columns
    trunk = [_wrap(b, 0.36 * _WIDTH) for b in figure.trunk]
    side = [_wrap(b, 0.50 * _WIDTH) for b in figure.side]
    side_height = sum(b.height for b in side) + 8 * max(len(side) - 1, 0)
    arms = [[_wrap(FlowBox(a.label), column), *(_wrap(b, column) for b in a.boxes)] for a in figure.arms]
    rows = max((len(a) for a in arms), default=0)
    row_heights = [max((a[i].height for a in arms if i < len(a)), default=0.0) for i in range(rows)]
    between = max(_GAP, side_height + 2 * 10) if side else _GAP
    trunk_height = sum(b.height for b in trunk) + between * max(len(trunk) - 1, 0)
    total = trunk_height + 2 * _GAP + sum(row_heights) + _GAP * max(rows - 2, 0) + 6

    def draw(canvas: Figure) -> None:
        axes = canvas.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(total, 0)
        x, y = 0.26 * _WIDTH if side else _WIDTH / 2, 2.0
        centre = y
        for i, box in enumerate(trunk):
            _draw(axes, box, x, y)
            bottom = y + box.height
            if i < len(trunk) - 1:
                _arrow(axes, (x, bottom), (x, bottom + between))
                if i == 0 and side:
                    top = bottom + (between - side_height) / 2
                    for s in side:
                        middle = top + s.height / 2
                        _draw(axes, s, _WIDTH - s.width / 2 - 2, top)
                        _arrow(axes, (x, middle), (_WIDTH - s.width - 2, middle))
                        top += s.height + 8
            centre = bottom
            y = bottom + between
        split = centre + _GAP
        middles = [column / 2 + i * (column + 16.0) for i in range(len(arms))]
        if middles:
            axes.plot([x, x], [centre, split], color=GREY, linewidth=0.9)
            axes.plot([min([x, *middles]), max([x, *middles])], [split, split], color=GREY, linewidth=0.9)
        for middle, boxes in zip(middles, arms, strict=True):
            y = split + _GAP
            _arrow(axes, (middle, split), (middle, y))
            for i, box in enumerate(boxes):
                _draw(axes, box, middle, y, filled=i == 0, height=row_heights[i])
                bottom = y + row_heights[i]
                step = 0.0 if i == 0 else _GAP
                if i < len(boxes) - 1 and step:
                    _arrow(axes, (middle, bottom), (middle, bottom + step))
                y = bottom + step

    return to_svg(name, figure.title, _spoken(figure), 7.2, total / 72 + 0.1, draw)


def _draw(axes: Axes, box: _Box, x: float, y: float, *, filled: bool = False, height: float | None = None) -> None:
    from matplotlib.patches import Rectangle

    high = height or box.height
    axes.add_patch(
        Rectangle(
            (x - box.width / 2 + 1, y), box.width - 2, high, facecolor="#e8f0f7" if filled else "white", edgecolor=GREY,
            linewidth=0.9,
        )
    )  # fmt: skip
    at = y + _PAD + _LINE / 2 + (high - box.height) / 2 * (not box.lines)
    for line in box.heading:
        axes.text(x, at, line, ha="center", va="center", fontsize=8.3, fontweight="bold", color=INK)
        at += _LINE
    for line in box.lines:
        axes.text(x - box.width / 2 + _PAD + 1, at, line, ha="left", va="center", fontsize=7.8, color=INK)
        at += _LINE


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    )


def _spoken(figure: FlowFigure) -> str:
    """The diagram in words, for those who do not see it."""
    parts = [f"{b.heading} {b.n}" for b in (*figure.trunk, *figure.side) if b.n is not None]
    for arm in figure.arms:
        parts += [f"{arm.label}: {b.heading} {b.n}" for b in arm.boxes if b.n is not None]
    return "; ".join(parts)
