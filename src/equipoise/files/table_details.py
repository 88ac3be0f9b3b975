"""Details of an event from the columns of its row: terms, grades, responses, doses, each by the type that the event asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.files.table_cells import Reader
from equipoise.trial.check import near
from equipoise.trial.kinds import KINDS
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.table import DAY_DETAILS, TableRule, Value
from equipoise.trial.trial import Trial

#: The least that a number can be. A dose is more than 0: one of 0 was not given.
_LEAST = {"cycle": 1, "times_a_day": 1, "sum_mm": 0}


@dataclass
class Details:
    """Reads the details of rules. A detail that the event asks for and that is not there is a problem."""

    trial: Trial
    reader: Reader

    def excused(self, rule: TableRule, row: Mapping[str, str]) -> bool:
        """True where the mapping says that some value of the row makes no event of this rule."""
        asked = [c for c in (*rule.columns.values(), rule.day, rule.time) if c is not None and c in row]
        return any(self.reader.excused(c, row[c]) for c in asked)

    def told(self, rule: TableRule, row: Mapping[str, str]) -> str:
        """What the row says of an event beside its day: 'aeterm nausea'; '' for nothing."""
        filled = [c for c in rule.columns.values() if c in row and not self.reader.missing(row[c])]
        return ", ".join(f"{c} {row[c]}" for c in dict.fromkeys(filled))

    def read(self, rule: TableRule, number: int, row: Mapping[str, str], on: date | None) -> dict[str, Any] | None:
        """The details, the fixed ones among them; None where one cannot be read."""
        found: dict[str, Any] = dict(rule.data)
        sound = True
        for name, column in rule.columns.items():
            if column not in row:
                sound = False
                continue
            types, required = KINDS[rule.event][name]
            ours = self.reader.word(row[column], rule.words.get(name, {}))
            if ours is not None:
                found[name] = ours
            elif not self.reader.missing(row[column]):
                flags = self._read(rule, name, types, number, column, row[column], on)
                found |= flags
                sound &= name in flags
            elif required:
                what = "what was recorded" if name == "response" else f"the {name}"
                allowed = f"{what}, for {self._because(rule, row)} makes {rule.event!r}"
                step = f"a row that makes none: no_event = {{ {column} = [''] }} under the table"
                self.reader.problems.cell(number, column, "missing-value", "nothing", allowed, step)
                sound = False
        return found if sound else None

    def _because(self, rule: TableRule, row: Mapping[str, str]) -> str:
        clock = rule.day or rule.time or ""
        return f"{clock} {row.get(clock, '')}".strip()

    def _read(
        self, rule: TableRule, name: str, types: tuple[type, ...], number: int, column: str, cell: str, on: date | None
    ) -> dict[str, Any]:
        """The detail and what belongs to it; empty with a problem."""
        value: Value | None = cell
        if name in DAY_DETAILS:
            return self._until(name, number, column, cell, on)
        if bool in types:
            value = self.reader.logical(number, column, cell)
        elif int in types:
            value = self.reader.number(number, column, cell, whole=float not in types)
            if name == "grade" and value is not None and value not in range(1, 6):
                step = f"no adverse event: no_event = {{ {column} = [0] }} under the table" if value == 0 else ""
                self.reader.problems.value(number, column, "grade-out-of-range", cell, "1 to 5 (CTCAE)", step)
                value = None
            elif value is not None and (value < _LEAST.get(name, value) or (name == "dose" and value <= 0)):
                allowed = "more than 0" if name == "dose" else f"{_LEAST[name]} or more"
                step = (
                    f"not given: no_event = {{ {column} = [0] }} under the table"
                    if name == "dose" and value == 0
                    else ""
                )
                self.reader.problems.cell(number, column, "out-of-range", cell, f"the {name}: {allowed}", step)
                value = None
        elif name == "response" and not self._known(cell):
            words = [*rule.words.get(name, {}), *glossary_of(self.trial.assessments).words]
            step = near(cell, words) or f"say what it means: words = {{ response = {{ {cell!r} = '…' }} }} in the rule"
            allowed = f"one of {', '.join(dict.fromkeys(words))}"
            self.reader.problems.value(number, column, "unknown-response", cell, allowed, step)
            value = None
        return {} if value is None else {name: value}

    def _known(self, response: str) -> bool:
        # In a trial with cohorts the words are those of the patient's own: conduct judges them.
        return self.trial.divided or response in glossary_of(self.trial.assessments)

    def _until(self, name: str, number: int, column: str, cell: str, on: date | None) -> dict[str, Any]:
        last, flags = self.reader.day(number, column, cell, on)
        if last is None:
            return {}
        if on is not None and last < on:
            self.reader.problems.cell(
                number, column, "dates-out-of-order", str(last), f"not before its first day, {on}"
            )
            return {}
        return {name: last.isoformat(), **{f"{name}_{flag}": text for flag, text in flags.items()}}
