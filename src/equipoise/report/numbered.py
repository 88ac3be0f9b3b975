"""A document with its tables and figures numbered and drawn: what every format is written from, so that Table 7 is Table 7 in all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from equipoise.report.document import Document
from equipoise.report.figures.draw import draw
from equipoise.report.figures.style import keeping_png
from equipoise.trial.exhibits import Exhibit, Facts, Figure, Paragraph, Section, Table
from equipoise.trial.said_numbers import one_percent


@dataclass(frozen=True)
class Item:
    """An exhibit with its number ('7', '14.1.1'; '' for what has none) and its name in files; of a figure its drawing."""

    kind: str
    value: Table | Figure | Paragraph | Facts
    number: str = ""
    name: str = ""
    svg: str = ""
    png: bytes = b""
    text_columns: tuple[bool, ...] = ()

    @property
    def tall(self) -> bool:
        """True of a figure that is about as high as it is wide, or higher: in print it has a page, others share one."""
        size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', self.svg)
        return size is not None and float(size[2]) > 0.85 * float(size[1])


@dataclass(frozen=True)
class Part:
    """A section with its number."""

    number: int
    section: Section
    items: Sequence[Item]


@dataclass
class _Counts:
    figure: int = 0
    table: int = 0
    used: set[str] = field(default_factory=set)


def numbered(document: Document, *, pictures: bool = False) -> list[Part]:
    """The sections with their items; ``pictures``: figures as PNG too. Raises Missing without matplotlib."""
    counts = _Counts()
    found = []
    for i, section in enumerate(document.sections, 1):
        found.append(Part(i, section, [_item(e, section.name, counts, pictures) for e in section.exhibits]))
    return found


def _item(exhibit: Exhibit, section: str, counts: _Counts, pictures: bool) -> Item:
    if isinstance(exhibit, Table):
        counts.table += 1
        number = exhibit.number or str(counts.table)
        name = f"table-{counts.table:02d}-{section}" if not exhibit.number else f"table-{number}"
        return Item("table", exhibit, number, name, text_columns=_text_columns(exhibit))
    if isinstance(exhibit, Paragraph):
        return Item("paragraph", exhibit)
    if isinstance(exhibit, Facts):
        return Item("facts", exhibit)
    counts.figure += 1
    name = f"figure-{counts.figure:02d}-{section}"
    if not pictures:
        return Item("figure", exhibit, str(counts.figure), name, draw(exhibit, name))
    with keeping_png() as kept:
        svg = draw(exhibit, name)
    return Item("figure", exhibit, str(counts.figure), name, svg, kept[name])


def _text_columns(table: Table) -> tuple[bool, ...]:
    """Which columns hold words and not numbers: words are set from the left, numbers from the right."""
    found = []
    for i in range(len(table.columns)):
        cells = [str(row[i]) for row in table.rows if len(row) > i and len(row) > 1 and row[i] not in (None, "", "–")]
        wordy = sum(len(c) > 26 or _mostly_words(c) for c in cells)
        found.append(i == 0 or (len(cells) > 0 and 2 * wordy > len(cells)))
    return tuple(found)


def _mostly_words(cell: str) -> bool:
    """True if a cell has more letters, in words of three and more, than digits: 'cap 20', not 'NR (89.5 to NR)'."""
    digits = sum(ch.isdigit() for ch in cell)
    return digits == 0 or sum(map(len, re.findall(r"[^\W\d_]{3,}", cell))) > digits


def caption_of(item: Item) -> str:
    """'Table 7. Deaths by cause', 'Figure 3. Overall survival. Kaplan–Meier …'."""
    value = item.value
    assert not isinstance(value, Paragraph | Facts)
    said = f"{item.kind.capitalize()} {item.number}. {value.title}"
    more = "" if isinstance(value, Table) else value.caption
    return one_percent(f"{said}. {more}" if more else said)
