"""Who is in a table: arm, day of randomisation, levels and baseline values, from any of a patient's rows.

A long table says such things in one row of a patient and leaves the others empty, or says them in every row. Rows that contradict each
other are a problem.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from equipoise.files.table_cells import Reader
from equipoise.trial.check import near
from equipoise.trial.table import TableMapping
from equipoise.trial.trial import Trial

#: Years that nobody has lived longer than.
_OLDEST = 125


@dataclass
class Person:
    """What the table says of a patient once, each with the row that says it first. ``first`` is his first row."""

    name: str
    first: int
    said: dict[str, tuple[Any, int]] = field(default_factory=dict)
    #: What could not be read, or is not there though it must be: a problem that is told already.
    unread: set[str] = field(default_factory=set)

    def get(self, what: str) -> Any:
        """What was said; None for nothing."""
        return self.said[what][0] if what in self.said else None

    @property
    def arm(self) -> str | None:
        """The arm, by our name."""
        found: str | None = self.get("arm")
        return found

    @property
    def origin(self) -> date | None:
        """The day of randomisation, or of entering where nobody is randomised."""
        found: date | None = self.get("origin")
        return found

    @property
    def placed(self) -> bool:
        """True of one who can come onto an arm: nothing that is asked for is a problem."""
        return self.arm is not None and self.origin is not None and not self.unread

    def start(self, trial: Trial, mapping: TableMapping) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The events on the day of entering: kind and details."""
        subject = {name: self.get(name) for name in mapping.person if self.get(name) is not None}
        if subject or trial.randomisation is None:  # who is enrolled was found eligible
            yield "screened", {"failed": [], **({"subject": subject} if subject else {})}
        factors = {name: level for name in mapping.factors if (level := self.get(f"factor {name}")) is not None}
        if trial.randomisation is None:
            yield "enrolled", {"arm": self.arm, "factors": factors}
            return
        if mapping.factors:
            yield "enrolled", {"factors": factors}
        yield "randomised", {"arm": self.arm, "stratum": "as recorded"}


@dataclass
class People:
    """Reads all rows of the table once, for what is said of a patient once."""

    trial: Trial
    mapping: TableMapping
    reader: Reader

    def place(self, rows: Sequence[tuple[int, Mapping[str, str]]]) -> Mapping[str, Person]:
        """Name → what is said of the patient. Who cannot be placed lacks arm or origin, and that is a problem of his first row."""
        found: dict[str, Person] = {}
        for number, row in rows:
            name = row.get(self.mapping.patient, "")
            if self.mapping.patient not in row or self.reader.missing(name):
                continue  # a problem of the row, told when it is read
            person = found.setdefault(name, Person(name, number))
            said = {what: (column, self._read(what, number, column, row[column])) for what, column in self._asked(row)}
            for what, (_, value) in said.items():
                if value is None:
                    person.unread.add(what)
                else:
                    person.said.setdefault(what, (value, number))
            self._contradicted(person, number, said)
        there = {column for _, row in rows[:1] for column in row}  # a column that the header lacks is told of once
        for person in found.values():
            self._lacking(person, there)
        return found

    def _asked(self, row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """What a row says of its patient, and in which column; empty cells say nothing."""
        m = self.mapping
        for what, column in self._columns.items():
            words: Mapping[str, Any] = (
                m.arms if what == "arm" else m.levels[what[7:]].words if what in self._levels else {}
            )
            if column in row and (not self.reader.missing(row[column]) or row[column] in words):
                yield what, column

    @cached_property
    def _columns(self) -> dict[str, str]:
        m = self.mapping
        found = {"arm": m.arm} if m.arm is not None else {}
        found |= {"origin": m.randomised} if m.randomised is not None else {}
        return found | {f"factor {f}": of.column for f, of in m.levels.items()} | dict(m.person.items())

    @cached_property
    def _levels(self) -> Mapping[str, Sequence[str]]:
        return {f"factor {f.name}": f.levels for f in self.trial.recorded_factors if f.name in self.mapping.factors}

    def _read(self, what: str, number: int, column: str, cell: str) -> Any:
        if what == "origin":
            return self.reader.day(number, column, cell, may_be_partial=False)[0]
        if what == "arm":
            arm = cell if cell in self.trial.arm_by_name else self.reader.word(cell, self.mapping.arms) or cell
            arm = self.mapping.arms.get(cell, arm)
            return self._one_of(
                number, column, "unknown-arm", cell, str(arm), self.trial.arm_by_name, self.mapping.arms
            )
        if what in self._levels:
            words = self.mapping.levels[what[7:]].words
            level = self.reader.word(cell, words) or cell
            return self._one_of(number, column, "unknown-level", cell, str(level), self._levels[what], words)
        return self._age(number, column, cell) if what == "age" else cell

    def _age(self, number: int, column: str, cell: str) -> float | None:
        age = self.reader.number(number, column, cell, whole=False)
        if age is not None and not 0 <= age <= _OLDEST:
            self.reader.problems.cell(number, column, "out-of-range", cell, f"an age of 0 to {_OLDEST} years")
            return None
        return age

    def _one_of(
        self, number: int, column: str, code: str, cell: str, value: str, known: Collection[str], words: Collection[str]
    ) -> str | None:
        if value in known:
            return value
        named = list(dict.fromkeys([*words, *known]))
        self.reader.problems.value(number, column, code, cell, f"one of {', '.join(named)}", near(cell, named))
        return None

    def _contradicted(self, person: Person, number: int, said: Mapping[str, tuple[str, Any]]) -> None:
        """One problem for arm and day together, and one for each other column."""
        other = {w for w, (_, value) in said.items() if value is not None and person.get(w) != value}
        if other & {"arm", "origin"}:
            here = {w: said[w][1] if w in other else person.get(w) for w in ("arm", "origin")}
            given = f"patient {person.name} on {here['arm']} from {here['origin'] or self.mapping.randomised_on}"
            first = min(person.said[w][1] for w in other & {"arm", "origin"})
            allowed = f"as in row {first}: {person.arm} from {person.origin or self.mapping.randomised_on}"
            self.reader.problems.row(number, "patient-twice", given, allowed)
        for what in [w for w in said if w in other - {"arm", "origin"}]:
            column, value = said[what]
            allowed = f"as in row {person.said[what][1]} of patient {person.name}: {person.get(what)!r}"
            self.reader.problems.cell(number, column, "conflict", repr(value), allowed)

    def _lacking(self, person: Person, there: Collection[str]) -> None:
        required = ["arm", "origin", *(f"factor {f.name}" for f in self.trial.factors)]
        for what, column in self._columns.items():
            if what in required and column in there and what not in person.said and what not in person.unread:
                code = {"arm": "unknown-arm", "origin": "not-a-date"}.get(what, "missing-value")
                named = {"arm": "arm", "origin": f"day on which he was {self.trial.entered}"}.get(what, what)
                allowed = f"the {named}, in one of the patient's rows"
                self.reader.problems.value(person.first, column, code, "", allowed)
                person.unread.add(what)
        if self.mapping.arm is None:
            person.said["arm"] = (self.trial.arms[0].name, person.first)
        if self.mapping.randomised_on is not None:
            person.said["origin"] = (self.mapping.randomised_on, person.first)
