"""The lesion sheet as it is typed: a row a lesion, read into what the log holds of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from equipoise.analyse.sheet import Row
from equipoise.trial.lesion import STATES

#: Rows that stay empty at the end of a sheet: at baseline there are targets to name, later new lesions.
_EMPTY = {True: 3, False: 1}
_MOST = 60
#: What a row holds; 'node' is ticked or not.
_CELLS = ("lesion", "kind", "organ", "node", "state", "size", "part_of")


@dataclass
class SheetRow:
    """A row as it is shown. ``known``: a lesion of baseline, whose name and kind stand; ``before``: what was read of it last, in words."""

    index: int
    lesion: str = ""
    kind: str = ""
    organ: str = ""
    node: bool = False
    state: str = ""
    size: str = ""
    part_of: str = ""
    known: bool = False
    before: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def states(self) -> Sequence[str]:
        """The states that a lesion of its kind may have; of one whose kind is not chosen yet all."""
        return STATES.get(self.kind) or tuple(dict.fromkeys(s for of in STATES.values() for s in of))

    @property
    def begun(self) -> bool:
        """True where it was begun and says neither size nor state yet."""
        return not (self.empty or self.size or self.state)

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of lesions."""
        return tuple(STATES)

    @property
    def empty(self) -> bool:
        """True where nothing was typed of it."""
        return (
            not (self.size or self.state or self.part_of)
            if self.known
            else not (self.lesion or self.size or self.state)
        )


def rows_for(asked: Sequence[Row], typed: Mapping[str, Any], *, baseline: bool, more: int = 0) -> list[SheetRow]:
    """The sheet's rows: the lesions that are asked for, what was typed beside them, and some that are empty."""
    rows = [SheetRow(i, r.lesion, r.kind, r.organ, r.node, known=True, before=_before(r)) for i, r in enumerate(asked)]
    count = max(_count(typed), len(rows))
    rows += [SheetRow(i) for i in range(len(rows), count)]
    for row in rows:
        for cell in _CELLS:
            said = typed.get(f"lesion-{row.index}-{cell}")
            if isinstance(said, str) and not (row.known and cell in ("lesion", "kind", "organ", "node")):
                setattr(row, cell, bool(said) if cell == "node" else said.strip())
        if row.empty and not row.known and row.kind == ("new" if baseline else "target"):
            row.kind = "target" if baseline else "new"  # nothing was typed yet: it was the row's own
    free = sum(row.empty and not row.known for row in rows)
    for _ in range(max(_EMPTY[baseline] - free, 0) + more):
        if len(rows) < _MOST:
            rows.append(SheetRow(len(rows), kind="target" if baseline else "new"))
    return rows


def lesions_of(rows: Sequence[SheetRow]) -> tuple[list[dict[str, Any]], list[SheetRow]]:
    """What the log holds of the rows in which something was typed, and those rows. A size without a state was measured."""
    found, said = [], [row for row in rows if not row.empty]
    for row in said:
        lesion: dict[str, Any] = {
            "lesion": row.lesion,
            "kind": row.kind,
            "state": row.state or ("measured" if row.size else ""),
        }
        if row.size:
            lesion["size"] = _number(row.size)
        for name in ("organ", "part_of"):
            if getattr(row, name):
                lesion[name] = getattr(row, name)
        if row.node:
            lesion["node"] = True
        found.append(lesion)
    return found, said


def typed_of(lesions: Sequence[Mapping[str, Any]], asked: Sequence[Row]) -> dict[str, str]:
    """The cells of a sheet that shows recorded lesions."""
    order = {r.lesion: i for i, r in enumerate(asked)}
    free = len(order)
    cells: dict[str, str] = {}
    for lesion in lesions:
        at = order.get(str(lesion["lesion"]))
        if at is None:
            at, free = free, free + 1
        for cell in _CELLS:
            value = lesion.get(cell)
            if value not in (None, False, ""):
                cells[f"lesion-{at}-{cell}"] = (
                    "on" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
                )
    return cells


def as_text(lesions: Sequence[Mapping[str, Any]]) -> str:
    """As the form's own field takes them."""
    return json.dumps(list(lesions)) if lesions else ""


def at_rows(rows: Sequence[SheetRow], problems: Iterator[Any] | Sequence[Any]) -> list[str]:
    """Put each problem at the row of which it speaks ('lesions[2] (T1).size'); those of no row are answered."""
    left = []
    for p in problems:
        head = str(p.where).removeprefix("data.").partition("[")[2].partition("]")[0]
        if head.isdecimal() and int(head) < len(rows):
            row = rows[int(head)]
            silent = p.code == "unknown-state" and not row.state
            row.problems.append(
                "A size or a state is missing." if silent else f"{p.allowed[:1].upper()}{p.allowed[1:]}."
            )
        else:
            left.append(f"{p.allowed[:1].upper()}{p.allowed[1:]}.")
    return left


def _count(typed: Mapping[str, Any]) -> int:
    found = (name.split("-")[1] for name in typed if name.startswith("lesion-") and name.count("-") == 2)
    return min(max((int(n) + 1 for n in found if n.isdecimal() and len(n) < 4), default=0), _MOST)


def _number(text: str) -> float | str:
    """A size in mm; a text that is none stays a text, and the judge says so."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def _before(row: Row) -> str:
    if row.last is not None:
        first = f", {row.baseline:g} at baseline" if len(row.sizes) > 1 else ""
        return f"{row.last:g} mm on {row.sizes[-1][0]}{first}"
    return row.state
