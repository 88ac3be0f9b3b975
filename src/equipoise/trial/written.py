"""A protocol or a plan as a document: chapters of pieces, each of which says which entry of the trial file it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.trial.exhibits import Table

Tone = Literal["plain", "bullet", "note", "own", "gap"]


@dataclass(frozen=True)
class Said:
    """A sentence or a few. ``of``: the path of the entry it was made of, 'design.p0'; 'computed: …' for what was reckoned from one.

    ``tone``: 'own' is text of the user's own, 'gap' what nobody has written.
    """

    text: str
    of: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Grid:
    """A table, and the entry it was made of."""

    table: Table
    of: str


Piece = Said | Grid


@dataclass(frozen=True)
class Chapter:
    """A numbered section; its level is how many numbers it has."""

    number: str
    heading: str
    pieces: Sequence[Piece] = ()

    @property
    def level(self) -> int:
        """1 for '3', 2 for '3.1'."""
        return self.number.count(".") + 1


@dataclass(frozen=True)
class Written:
    """The whole document. ``edition``: by which template; ``facts``: its title page."""

    title: str
    subtitle: str
    edition: str
    facts: Sequence[tuple[str, str, str]]
    chapters: Sequence[Chapter]
    foot: str

    @property
    def gaps(self) -> list[str]:
        """Sections that nobody has written."""
        return [c.number for c in self.chapters for p in c.pieces if isinstance(p, Said) and p.tone == "gap"]

    def trace(self) -> list[dict[str, Any]]:
        """Every piece with its mark in the document and the entry it was made of."""
        return [
            {"mark": mark, "section": number, "of": p.of, "text": p.text if isinstance(p, Said) else p.table.title}
            for number, mark, p in self.marked()
        ]

    def marked(self) -> Iterator[tuple[str, str, Piece]]:
        """Section, mark and piece, in order."""
        for c in self.chapters:
            for i, p in enumerate(c.pieces, 1):
                yield c.number, mark_of(c.number, i), p


def mark_of(number: str, place: int) -> str:
    """The name of a bookmark: letters, digits and underscores, as Word wants it."""
    return f"s{number.replace('.', '_')}_{place}"
