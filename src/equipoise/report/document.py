"""A document: sections of exhibits. It never learns what it prints, nor in which format it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.trial.exhibits import Section


@dataclass(frozen=True)
class Document:
    """What is printed: a title page, sections, and a line at the foot of every page; ``banner`` at the head of each: who may read it."""

    title: str
    subtitle: str
    status: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    foot: str
    lang: str = "en"
    banner: str = ""
