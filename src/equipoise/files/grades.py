"""How each method is validated: the grades, kept in one file and held to the tests that earn them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from equipoise.design.shelf import Kind
from equipoise.trial.exhibits import Table


@dataclass(frozen=True)
class Grade:
    """One method: its grade (published > independent > property > snapshot > unvalidated), oracle, and test.

    ``second_hand``: the published numbers were read where somebody else quotes the paper.
    """

    method: str
    where: str
    grade: str
    oracle: str
    test: str
    second_hand: bool = False

    @property
    def said(self) -> str:
        """The grade as people read it."""
        if self.grade == "unvalidated":
            return "UNVALIDATED"
        return f"{self.grade}, second hand" if self.second_hand else self.grade


@cache
def grades() -> tuple[Grade, ...]:
    """All methods with their grades."""
    table = tomllib.loads(files("equipoise").joinpath("grades.toml").read_text(encoding="utf-8"))
    return tuple(Grade(**entry) for entry in table["methods"])


def grades_table(used: Collection[str] | None = None) -> Table:
    """All grades; or, for a report's last page, those of the methods that it used (places of code, or rooms that hold them)."""
    found = [g for g in grades() if used is None or _within(g.where, used)]
    rows = [[g.method, g.said, g.oracle] for g in found]
    left = len(grades()) - len(found)
    return Table(
        "Validation of the methods used",
        ["Method", "Grade", "Held against"],
        rows,
        notes=(
            *(
                (f"{left} methods that this report did not use stand in docs/validation.md (equipoise validation).",)
                if left
                else ()
            ),
            "published: a table in a paper (second hand: as somebody else quotes it). independent: another implementation. property: general laws on generated input. "
            "unvalidated: nothing outside this software.",
        ),
    )


def _within(where: str, used: Collection[str]) -> bool:
    """True of a method that is one of those used, or stands inside one."""
    return any(where == u or where.startswith(f"{u}.") for u in used)


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
        "Written by `make validation`; a test holds that it is today's. published: a table in a paper (second hand: as",
        "somebody else quotes it). independent: another implementation, or a plain enumeration written for the test. property: general laws on generated input.",
        "**UNVALIDATED**: nothing outside this software.",
        "",
        "## Designs",
        "",
        "| kind | what it is | grade | held against | reference |",
        "|---|---|---|---|---|",
    ]
    for k in kinds:
        g = grade_of(k.module)
        lines.append(f"| `{k.name}` | {k.title} | {_shown(g)} | {g.oracle} | {k.reference} |")
    lines += ["", "## Methods", "", "| method | grade | held against | test |", "|---|---|---|---|"]
    for g in grades():
        test = f"`{g.test}`" if g.test else ""
        lines.append(f"| {g.method} | {_shown(g)} | {g.oracle} | {test} |")
    return "\n".join(lines) + "\n"


def _shown(grade: Grade) -> str:
    return f"**{grade.said}**" if grade.grade == "unvalidated" else grade.said
