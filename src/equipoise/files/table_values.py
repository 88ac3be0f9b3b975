"""Which rules a row answers to, and values that no rule knows: they are problems, never a patient without an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from equipoise.files.table_cells import LOGICAL, Reader
from equipoise.trial.check import near
from equipoise.trial.table import Rows, TableRule, Value


class When:
    """The columns that rules ask, the values that they know of each, and those that the mapping says make no event."""

    def __init__(self, mapping: Rows, reader: Reader) -> None:
        self._mapping, self._reader, self._problems = mapping, reader, reader.problems
        self._known: dict[str, list[Value]] = {}
        for rule in mapping.rules:
            for column, value in rule.when.items():
                self._known.setdefault(column, [])
                if value not in self._known[column]:
                    self._known[column].append(value)

    def rules_of(self, number: int, row: Mapping[str, str]) -> Iterator[TableRule]:
        """The rules that the row answers to, in the mapping's order.

        A value that no rule knows is a problem where some rule would have made an event of another; an empty cell is one where such
        a rule's day or time is there. A row that answers to no rule at all is one. ``no_event`` excuses; so does a 0 beside a 1 that alone
        is named, where another rule speaks for the row: 'did it happen' said no.
        """
        none = {c for c in self._known if c in row and self._reader.excused(c, row[c])}
        blank = {c for c in self._known if c in row and c not in none and self._missing(c, row[c])}
        strange = {
            c for c in self._known if c in row and c not in none | blank and not any(self._reader.same(row[c], v) for v in self._known[c])
        }  # fmt: skip
        off = {c for c in strange if self._off(c, row[c])}
        strange -= off
        answered = told = False
        for rule in self._mapping.rules:
            asked = [c for c in rule.when if c in row]
            if any(
                c in none | off or (c not in blank | strange and not self._reader.same(row[c], rule.when[c]))
                for c in asked
            ):
                continue
            open_to = [c for c in asked if c in strange] or [c for c in asked if c in blank]
            if not open_to:
                answered = True
                if len(asked) == len(rule.when):
                    yield rule
            elif open_to[0] in strange or self._dated(rule, row):
                told = True
                for column in open_to:
                    self._unknown(number, column, row[column])
        if off and not answered:
            told = True
            for column in (c for c in self._known if c in off):
                self._unknown(number, column, row[column])
        if self._mapping.rules and not (answered or told or none) and all(c in row for c in self._known):
            if blank:
                for column in (c for c in self._known if c in blank):
                    self._unknown(number, column, row[column])
            else:
                self._together(number, row)

    def says(self, column: str, cell: str) -> bool:
        """True of a cell that has something, or of which the mapping says that it makes no event."""
        return not self._missing(column, cell) or self._reader.excused(column, cell)

    def unsaid(self, number: int, cell: str, column: str) -> None:
        """A column that must be said once of a patient is empty in all of his rows."""
        self._unknown(number, column, cell)

    def _off(self, column: str, cell: str) -> bool:
        """True of the 0 (or false) of a column of which rules name the 1 (or true) only."""
        same = self._reader.same
        return all(v in (1, "1") for v in self._known[column]) and (same(cell, 0) or same(cell, False))

    def _missing(self, column: str, cell: str) -> bool:
        return self._reader.missing(cell) and not any(self._reader.same(cell, v) for v in self._known[column])

    def _dated(self, rule: TableRule, row: Mapping[str, str]) -> bool:
        return not self._reader.missing(row.get(rule.day or rule.time or "", ""))

    def _unknown(self, number: int, column: str, cell: str) -> None:
        known = [_word(v) for v in self._known[column]]
        of = [*known, *(_word(v) for v in self._mapping.no_event.get(column, ()))]
        step = _other_case(cell, of) or near(cell, of) or self._step(column, cell)
        allowed = f"a value that the mapping knows: {', '.join(of)}"
        self._problems.value(number, column, "unknown-value", cell, allowed, step)

    def _step(self, column: str, cell: str) -> str:
        key, logical = _key(column), LOGICAL.get(cell.casefold())
        if logical is not None and all(isinstance(v, int | float) for v in self._known[column]):
            return f"a rule says when = {{ {key} = {str(logical).lower()} }}"
        return f"map it by a rule, or state no_event = {{ {key} = [{_toml(cell)}] }} under [table]"

    def _together(self, number: int, row: Mapping[str, str]) -> None:
        given = ", ".join(f"{c} {row[c]}" for c in self._known)
        rules = [", ".join(f"{c} {_word(v)}" for c, v in r.when.items()) for r in self._mapping.rules]
        allowed = f"values that a rule has together: {'; '.join(dict.fromkeys(rules))}"
        step = "add a rule, or state under no_event which of the values makes no event"
        self._problems.combination(number, "no-rule", given, allowed, step)


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or "nothing"


def _other_case(cell: str, known: list[str]) -> str:
    match = next((k for k in known if k.casefold() == cell.casefold()), None)
    return f"did you mean {match!r}?" if match is not None else ""


def _key(column: str) -> str:
    return column if column.replace("_", "").replace("-", "").isalnum() and column.isascii() else f'"{column}"'


def _toml(cell: str) -> str:
    return cell if cell.lstrip("-").isdigit() and cell == str(int(cell)) else f"'{cell}'"
