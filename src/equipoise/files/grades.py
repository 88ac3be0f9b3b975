"""How each method is validated: the grades, kept in one file and held to the tests that earn them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from equipoise.design.shelf import Kind
from equipoise.trial.exhibits import Table


@dataclass(frozen=True)
class Grade:
    """One method: its grade (published > independent > property > snapshot > unvalidated), oracle, and test."""

    method: str
    where: str
    grade: str
    oracle: str
    test: str


@cache
def grades() -> tuple[Grade, ...]:
    """All methods with their grades."""
    table = tomllib.loads(files("equipoise").joinpath("grades.toml").read_text(encoding="utf-8"))
    return tuple(Grade(**entry) for entry in table["methods"])


def grades_table() -> Table:
    """The grades for a report's last page."""
    rows = [[g.method, g.grade if g.grade != "unvalidated" else "UNVALIDATED", g.oracle] for g in grades()]
    return Table(
        "Validation of the methods used",
        ["Method", "Grade", "Held against"],
        rows,
        notes=(
            "published: a table in a paper. independent: another implementation. property: general laws on generated input. "
            "unvalidated: nothing outside this software.",
        ),
    )


def grade_of(module: str) -> Grade:
    """The grade of a kind of design, by its module: 'unvalidated' where none is stated."""
    for g in grades():
        if g.where == module or g.where.startswith(f"{module}."):
            return g
    return Grade(module, module, "unvalidated", "nothing outside this software", "")


def markdown_page(kinds: Sequence[Kind]) -> str:
    """The page docs/validation.md: the shelf with its grades, then every method with its oracle and its test."""
    lines = [
        "# What each method is held against",
        "",
        "Written by `make validation`; a test holds that it is today's. published: a table in a paper. independent: another",
        "implementation, or a plain enumeration written for the test. property: general laws on generated input.",
        "**UNVALIDATED**: nothing outside this software.",
        "",
        "## Designs",
        "",
        "| kind | what it is | grade | held against | reference |",
        "|---|---|---|---|---|",
    ]
    for k in kinds:
        g = grade_of(k.module)
        lines.append(f"| `{k.name}` | {k.title} | {_shown(g.grade)} | {g.oracle} | {k.reference} |")
    lines += ["", "## Methods", "", "| method | grade | held against | test |", "|---|---|---|---|"]
    for g in grades():
        test = f"`{g.test}`" if g.test else ""
        lines.append(f"| {g.method} | {_shown(g.grade)} | {g.oracle} | {test} |")
    return "\n".join(lines) + "\n"


def _shown(grade: str) -> str:
    return "**UNVALIDATED**" if grade == "unvalidated" else grade
