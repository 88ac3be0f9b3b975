"""Tables on pages: rows of cells, each a text, with a link or a coloured tag; one template shows them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

T = TypeVar("T")


@dataclass(frozen=True)
class Cell:
    """What stands in a cell; ``tag`` colours it: 'good', 'wait', 'bad'. ``number``: set to the right."""

    text: object
    href: str = ""
    tag: str = ""
    number: bool = False


@dataclass(frozen=True)
class Board:
    """A table with its heading; ``empty`` is said where it has no row."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | object]]
    empty: str = "None."
    note: str = ""

    def cells(self) -> list[list[Cell]]:
        """All cells."""
        return [[c if isinstance(c, Cell) else Cell(c) for c in row] for row in self.rows]


@dataclass(frozen=True)
class Action:
    """A link of a page that leads to an order."""

    label: str
    href: str
    secondary: bool = True


@dataclass(frozen=True)
class Facts:
    """Names and what stands beside them."""

    title: str
    rows: Sequence[tuple[str, object]]


@dataclass(frozen=True)
class Page:
    """What a page of tables shows."""

    title: str
    lead: str = ""
    boards: Sequence[Board] = ()
    actions: Sequence[Action] = ()
    facts: Facts | None = None
    filters: forms.Form | None = None
    back: tuple[str, str] | None = None
    crumbs: Sequence[tuple[str, str]] = field(default=())


def show(request: HttpRequest, page: Page, **more: object) -> HttpResponse:
    """The page of tables."""
    return render(request, "site/boards.html", {"page": page, "polls": True, **more})


def moment(at: datetime | None) -> str:
    """A moment, UTC; '–' for none."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at is not None else "–"


def choice(label: str, values: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    """A filter that may be left open."""
    return forms.ChoiceField(label=label, required=False, choices=[("", "all"), *values])


def kept(shown: Any, name: str, make: Callable[[], T]) -> T:
    """What is made of a view once, for as long as the view stands: until the log grows."""
    found: T = vars(shown).setdefault(f"_kept_{name}", None)
    if found is None:
        found = vars(shown)[f"_kept_{name}"] = make()
    return found
