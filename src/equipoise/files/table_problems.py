"""Problems of a table's cells: each cell once, one value of a column once with all its rows, in the order of the rows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from equipoise.trial.problem import Problem

#: Stretches of rows that are written out; the rest are counted.
_STRETCHES = 10


@dataclass
class Cells:
    """Gathers problems. Rows are lines of the file."""

    _found: dict[tuple[str, ...], tuple[Problem, list[int], str]] = field(default_factory=dict)

    def row(self, number: int, code: str, given: str, allowed: str, next_step: str = "", what: str = "") -> None:
        """Something wrong with a row, or with what it makes."""
        where = f", {what}" if what else ""
        self._add(("row", str(number), code, where, given), Problem(code, "", given, allowed, next_step), number, where)

    def cell(self, number: int, column: str, code: str, given: str, allowed: str, next_step: str = "") -> None:
        """A cell that cannot be read. Read by two rules it is one problem, the first that was found."""
        key = ("cell", str(number), column)
        self._add(key, Problem(code, "", given, allowed, next_step), number, f".{column}")

    def value(self, number: int, column: str, code: str, value: str, allowed: str, next_step: str = "") -> None:
        """A value that the mapping does not know: one problem for all rows that have it, the first that was found."""
        given = repr(value) if value else "nothing"
        self._add(("value", column, value), Problem(code, "", given, allowed, next_step), number, f".{column}")

    def combination(self, number: int, code: str, given: str, allowed: str, next_step: str = "") -> None:
        """Values that the mapping does not know together: one problem for all rows that have them."""
        self._add(("combination", code, given), Problem(code, "", given, allowed, next_step), number, "")

    def _add(self, key: tuple[str, ...], problem: Problem, number: int, what: str) -> None:
        rows = self._found.setdefault(key, (problem, [], what))[1]
        at = bisect_left(rows, number)  # some are found after the last row
        if number not in rows[at : at + 1]:
            rows.insert(at, number)

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def first(self) -> int | None:
        """The first row that has a problem."""
        return min((rows[0] for _, rows, _ in self._found.values()), default=None)

    def in_order(self, header: Sequence[str] = ()) -> list[Problem]:
        """All of them, by the first of their rows, and in a row by the columns of the header."""
        place = {f".{column}": i for i, column in enumerate(header)}
        found = sorted(self._found.values(), key=lambda f: (f[1][0], place.get(f[2], len(place))))
        return [
            Problem(p.code, f"{rows_in_words(rows)}{what}", p.given, p.allowed, p.next_step) for p, rows, what in found
        ]


def rows_in_words(rows: Sequence[int]) -> str:
    """'row 3', 'rows 2 to 4, 9', and for very many how many more.

    >>> rows_in_words([2, 3, 4, 9])
    'rows 2 to 4, 9 (4 rows)'
    """
    if len(rows) == 1:
        return f"row {rows[0]}"
    stretches: list[list[int]] = []
    for number in rows:
        if stretches and number == stretches[-1][-1] + 1:
            stretches[-1][-1:] = [number] if len(stretches[-1]) > 1 else [stretches[-1][0], number]
        else:
            stretches.append([number])
    said = [str(s[0]) if len(s) == 1 else f"{s[0]} to {s[-1]}" for s in stretches]
    more = ", …" if len(said) > _STRETCHES else ""
    return f"rows {', '.join(said[:_STRETCHES])}{more} ({len(rows)} rows)"
