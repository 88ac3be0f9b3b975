"""How every figure looks, and how it becomes an SVG that is the same to the byte each time.

Colours are those of Okabe & Ito, told apart by people with any colour vision; dashes and markers tell them apart in
grey. Text is drawn as outlines, so that a figure looks the same on a machine without the font.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from equipoise.trial.problem import Missing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE, SKY, RED = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#B2182B"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)))
INK, GREY, FAINT = "#1b1f24", "#5b636c", "#d9dde2"

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "path",
    "figure.dpi": 100,
}


def to_svg(name: str, label: str, width: float, height: float, draw: Callable[[Figure], None]) -> str:
    """Draw on a figure of ``width`` by ``height`` inches and return an SVG element.

    ``name`` makes its ids its own, so that several stand in one page; ``label`` is read out to those who do not see it.
    Raises Missing without matplotlib.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        raise Missing("Figures need matplotlib: pip install 'equipoise[report]'") from None
    settings: Any = {**_SETTINGS, "svg.hashsalt": name}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _own(buffer.getvalue().decode(), name, label)


def _own(svg: str, name: str, label: str) -> str:
    """Cut the XML prologue, give every id the figure's name, and make the size follow the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    head = re.match(r"<svg[^>]*>", svg)
    assert head is not None
    opened = head.group(0)
    size = dict(re.findall(r'\b(width|height)="([\d.]+)pt"', opened))
    opened = re.sub(r'\s(width|height)="[\d.]+pt"', "", opened)
    extra = f' role="img" aria-label="{escape(label, quote=True)}" style="width:{size["width"]}pt;max-width:100%"'
    return (opened[:-1] + extra + ">" + svg[head.end() :]).strip() + "\n"


def empty(axes: Axes, text: str = "No data yet") -> None:
    """Say in the middle of the axes that there is nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, fontsize=11, transform=axes.transAxes)
