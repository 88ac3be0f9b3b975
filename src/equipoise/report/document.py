"""A document: sections of exhibits, rendered to one self-contained HTML page. It never learns what it prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from equipoise.report.figures.draw import DECLARATION, draw
from equipoise.trial.exhibits import (
    Exhibit,
    Facts,
    FlowFigure,
    ForestFigure,
    HeatFigure,
    LineFigure,
    Paragraph,
    Section,
    SurvivalFigure,
    SwimmerFigure,
    Table,
    TimelineFigure,
    WaterfallFigure,
)
from equipoise.trial.problem import Missing

_FIGURES = (
    LineFigure,
    SurvivalFigure,
    SwimmerFigure,
    WaterfallFigure,
    FlowFigure,
    ForestFigure,
    HeatFigure,
    TimelineFigure,
)


@dataclass(frozen=True)
class Document:
    """What is printed: a title page, sections, and a line at the foot of every page."""

    title: str
    subtitle: str
    status: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    foot: str
    lang: str = "en"


@dataclass
class _Numbered:
    """An exhibit with its number, as the template takes it."""

    kind: str
    value: Any
    number: int = 0
    svg: str = ""
    name: str = ""
    text_columns: tuple[bool, ...] = ()


@dataclass
class Rendered:
    """A rendered document: the page, and each figure as an SVG file by name."""

    html: str
    figures: dict[str, str] = field(default_factory=dict)


def render(document: Document) -> Rendered:
    """Render the page and its figures; the same document gives the same bytes. Raises Missing without Jinja2."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise Missing("A report needs Jinja2 and matplotlib: pip install 'equipoise[report]'") from None
    figures: dict[str, str] = {}
    sections = []
    counts = {"figure": 0, "table": 0}
    for i, section in enumerate(document.sections, 1):
        items = [_numbered(e, section.name, counts, figures) for e in section.exhibits]
        sections.append({"number": i, "name": section.name, "heading": section.heading, "items": items})
    environment = Environment(
        loader=PackageLoader("equipoise.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    html = environment.get_template("document.html.j2").render(document=document, sections=sections)
    return Rendered(html, figures)


def _numbered(exhibit: Exhibit, section: str, counts: dict[str, int], figures: dict[str, str]) -> _Numbered:
    if isinstance(exhibit, _FIGURES):
        counts["figure"] += 1
        name = f"figure-{counts['figure']:02d}-{section}"
        svg = draw(exhibit, name)
        figures[f"{name}.svg"] = DECLARATION + svg
        return _Numbered("figure", exhibit, counts["figure"], svg, name)
    if isinstance(exhibit, Table):
        counts["table"] += 1
        return _Numbered("table", exhibit, counts["table"], text_columns=_text_columns(exhibit))
    if isinstance(exhibit, Paragraph):
        return _Numbered("paragraph", exhibit)
    assert isinstance(exhibit, Facts)
    return _Numbered("facts", exhibit)


def _text_columns(table: Table) -> tuple[bool, ...]:
    """Which columns hold words and not numbers: words are set from the left, numbers from the right."""
    found = []
    for i in range(len(table.columns)):
        cells = [str(row[i]) for row in table.rows if len(row) > i and len(row) > 1 and row[i] not in (None, "")]
        wordy = sum(len(c) > 26 or _mostly_words(c) for c in cells)
        found.append(i == 0 or (len(cells) > 0 and 2 * wordy > len(cells)))
    return tuple(found)


def _mostly_words(cell: str) -> bool:
    """True if a cell has more letters, in words of three and more, than digits: 'cap 20', not 'NR (89.5 to NR)'."""
    digits = sum(ch.isdigit() for ch in cell)
    return digits == 0 or sum(map(len, re.findall(r"[^\W\d_]{3,}", cell))) > digits
