"""How every figure looks, and how it becomes an SVG that is the same to the byte each time.

Colours are those of Okabe & Ito, told apart by people with any colour vision; dashes and markers tell them apart in
grey. Text stays text, so that it is found, copied and read out; it is measured in DejaVu Sans, and fonts that are as wide stand in for it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from typing import TYPE_CHECKING, Any

from equipoise.trial.problem import Missing
from equipoise.trial.said_numbers import one_percent
from equipoise.trial.vocabularies import VOCABULARIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE, SKY, RED = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#B2182B"
#: DejaVu Sans, and what is as wide where it is not there.
_FONTS = "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', Geneva, sans-serif"
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
    "svg.fonttype": "none",
    "figure.dpi": 100,
}


#: As PNG: dots an inch.
DOTS = 300
#: Where figures are wanted as PNG: name → the bytes of each that is drawn.
_KEPT: ContextVar[dict[str, bytes] | None] = ContextVar("png", default=None)


@contextmanager
def keeping_png() -> Iterator[dict[str, bytes]]:
    """While it lasts each figure that is drawn is kept as PNG (300 dots an inch) too, by its name."""
    kept: dict[str, bytes] = {}
    token = _KEPT.set(kept)
    try:
        yield kept
    finally:
        _KEPT.reset(token)


def to_svg(name: str, title: str, said: str, width: float, height: float, draw: Callable[[Figure], None]) -> str:
    """Draw on a figure of ``width`` by ``height`` inches and return an SVG element.

    ``name`` makes its ids its own, so that several stand in one page; ``title`` and what is ``said`` of it are read out to those who do not see
    it. Raises Missing without matplotlib.
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
        kept = _KEPT.get()
        if kept is not None:
            picture = io.BytesIO()
            figure.savefig(picture, format="png", dpi=DOTS, metadata={"Software": None})
            kept[name] = picture.getvalue()
    return _own(buffer.getvalue().decode(), name, title, said)


def _own(svg: str, name: str, title: str, said: str) -> str:
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
    ids = f"{name}-title", f"{name}-desc"
    extra = f' role="img" aria-labelledby="{ids[0]} {ids[1]}" style="width:{size["width"]}pt;max-width:100%;font-family:{_FONTS}"'
    told = (
        f'<title id="{ids[0]}">{escape(title)}</title><desc id="{ids[1]}">{escape(one_percent(said or title))}</desc>'
    )
    # Said once for all of a figure's text.
    body = svg[head.end() :].replace("font-family: 'DejaVu Sans'; ", "")
    return (opened[:-1] + extra + ">\n " + told + body).strip() + "\n"


#: Shades of response, from the best word of a criterion: blue-green to blue.
_RESPONDS = ("#2E8B74", "#3BA38A", "#4B9FC0", "#5B9BD5", "#86B6E0")
_STANDS, _PROGRESSES = "#A3B5C7", "#E69F6B"
_OTHER = "#DDDDDD"


def _coloured() -> dict[str, str]:
    """Word of any criterion → its colour, in the order in which criteria name them: best first."""
    found: dict[str, str] = {}
    for vocabulary in VOCABULARIES.values():
        responding = [w.code for w in vocabulary.words if w.responds]
        shades = _RESPONDS[1::2] if len(responding) < 3 else _RESPONDS
        for w in vocabulary.words:
            colour = (
                shades[min(responding.index(w.code), len(shades) - 1)] if w.responds
                else _PROGRESSES if w.progresses
                else _STANDS if w.readable
                else _OTHER
            )  # fmt: skip
            found.setdefault(w.code, colour)
    return {**found, "": _OTHER}


#: Best overall response → its colour.
RESPONSES = _coloured()


def response_key(canvas: Figure, found: set[str], *more: Any, ncols: int = 5) -> None:
    """A key to the colours of best responses, those that are there, and to ``more`` handles."""
    from matplotlib.patches import Patch

    words = [w for w in RESPONSES if w in found] + sorted(w for w in found if w not in RESPONSES)
    keys = [Patch(color=RESPONSES.get(w, _OTHER), label=f"best: {w}" if w else "no best response") for w in words]
    canvas.legend(handles=[*keys, *more], loc="outside lower center", ncols=ncols, fontsize=8)


def month_ticks(longest: float) -> list[int]:
    """Months to mark on an axis: round ones, about ten of them, the same in every figure."""
    step = next((s for s in (1, 2, 3, 6, 12, 24) if longest / s <= 10), 36)
    return list(range(0, int(longest) + 1, step))


def empty(axes: Axes, text: str = "No data yet") -> None:
    """Say in the middle of the axes that there is nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, fontsize=11, transform=axes.transAxes)
