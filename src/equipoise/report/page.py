"""A document as one self-contained HTML page, which opens from disk without a network."""

from __future__ import annotations

from dataclasses import dataclass, field

from equipoise.report.document import Document
from equipoise.report.figures.draw import DECLARATION
from equipoise.report.numbered import Part, numbered
from equipoise.trial.problem import Missing
from equipoise.trial.said_numbers import one_percent


@dataclass
class Rendered:
    """A rendered document: the page, and each figure as an SVG file by name."""

    html: str
    figures: dict[str, str] = field(default_factory=dict)


def render(document: Document, parts: list[Part] | None = None) -> Rendered:
    """Render the page and its figures; the same document gives the same bytes. Raises Missing without Jinja2.

    ``parts``: its sections as they are numbered already.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise Missing("A report needs Jinja2 and matplotlib: pip install 'equipoise[report]'") from None
    found = numbered(document) if parts is None else parts
    environment = Environment(
        loader=PackageLoader("equipoise.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    html = environment.get_template("document.html.j2").render(document=document, parts=found)
    svg = {f"{i.name}.svg": DECLARATION + i.svg for p in found for i in p.items if i.kind == "figure"}
    return Rendered(one_percent(html), svg)
