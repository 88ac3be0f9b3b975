"""A table as text of a given width: in parts below each other where its columns do not fit beside each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from equipoise.trial.exhibits import Table

if TYPE_CHECKING:
    from rich.table import Table as Drawn


def table_text(table: Table, width: int) -> str:
    """The table in lines that are no wider than ``width`` where its words allow, without blanks at their ends."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, width=width, no_color=True, force_terminal=False)
    with console.capture() as captured:
        for piece in drawn(table, width):
            console.print(piece)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def drawn(table: Table, room: int) -> list[Drawn]:
    """The table's parts, as the library draws them."""
    return [_drawn(part, room, title=i == 0) for i, part in enumerate(in_parts(table, room))]


def _drawn(table: Table, room: int, *, title: bool) -> Drawn:
    from rich import box
    from rich.table import Table as Drawn

    made = Drawn(
        title=table.title if title else None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False
    )  # fmt: skip
    widths = table_widths(table, room - 3 * len(table.columns) + 1)
    for i, column in enumerate(table.columns):
        prose = sum(len(str(row[i])) > 26 for row in table.rows if len(row) > i) * 2 > len(table.rows)
        made.add_column(column, justify="left" if i == 0 or prose else "right", overflow="fold", width=widths[i])
    for row in table.rows:
        made.add_row(*("" if c is None else str(c) for c in row))
    return made


def in_parts(table: Table, room: int) -> list[Table]:
    """The table or, where its columns do not fit beside each other without a broken word, parts of it below each other: each begins with
    the first column, so that a row is known again."""
    least = _least(_cells(table))
    if not table.columns or sum(least) + 3 * len(least) - 1 <= room:
        return [table]
    parts: list[list[int]] = [[0]]
    for i in range(1, len(table.columns)):
        there = parts[-1]
        if len(there) > 1 and sum(least[k] + 3 for k in (*there, i)) - 1 > room:
            parts.append([0])
        parts[-1].append(i)
    return [
        replace(
            table,
            columns=tuple(table.columns[i] for i in part),
            rows=tuple(tuple(row[i] if i < len(row) else None for i in part) for row in table.rows),
        )
        for part in parts
    ]


def table_widths(table: Table, room: int) -> list[int | None]:
    """Widths of columns at which no word is broken, where the table is too wide for ``room`` and such widths exist."""
    cells = _cells(table)
    widths, least = [max(map(len, column)) for column in cells], _least(cells)
    if sum(widths) <= room or sum(least) > room:
        return [None] * len(widths)
    while sum(widths) > room:
        i = max((k for k, w in enumerate(widths) if w > least[k]), key=lambda k: widths[k])
        widths[i] -= 1
    return list(widths)


def _cells(table: Table) -> list[list[str]]:
    """The cells of each column, its head among them."""
    return [
        [str(c), *("" if len(r) <= i or r[i] is None else str(r[i]) for r in table.rows)]
        for i, c in enumerate(table.columns)
    ]


def _least(cells: list[list[str]]) -> list[int]:
    """The longest word of each column. "0.34 ± 0.01" is one word to a reader."""
    return [
        max(len(w) for c in column for w in (*c.replace("\u00a0", " ").replace(" ± ", "_±_").split(), ""))
        for column in cells
    ]
