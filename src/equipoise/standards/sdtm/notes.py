"""Notes taken on the way in: what is malformed (problems), and what is well formed but has no place in the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import Problem

#: So many records are named for each reason; all are counted.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class NotMapped:
    """Records of one domain that were not taken, for one reason."""

    domain: str
    record: str
    why: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Unmapped:
    """What the log does not hold of the datasets: nothing is dropped in silence."""

    entries: tuple[NotMapped, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[NotMapped]:
        return iter(self.entries)

    @property
    def records(self) -> int:
        """How many records or values in all."""
        return sum(e.count for e in self.entries)

    def table(self) -> Table:
        """For a page."""
        rows: list[list[Cell]] = [[e.domain, e.record, e.count, e.why, "; ".join(e.examples[:2])] for e in self.entries]
        return Table("What the log does not hold", ["Domain", "What", "Count", "Why", "For instance"], rows)


@dataclass
class Notes:
    """Collected while datasets are read. ``said``: how files are written, where that was found out."""

    problems: list[Problem] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _left: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    _counts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _told: set[object] = field(default_factory=set)

    def problem(self, code: str, where: str, given: str, allowed: str, next_step: str = "") -> None:
        """Something malformed, told once however often it is read: nothing will be written."""
        found = Problem(code, where, given, allowed, next_step)
        if found not in self._told:
            self._told.add(found)
            self.problems.append(found)

    def left(self, domain: str, record: str, why: str, example: str, count: int = 1) -> None:
        """Something that has no place in the log."""
        key = (domain, record, why)
        self._counts[key] = self._counts.get(key, 0) + count
        examples = self._left.setdefault(key, [])
        if example and len(examples) < _NAMED:
            examples.append(example)

    def left_once(self, domain: str, record: str, why: str, example: str) -> None:
        """The same of a value that is read more than once."""
        if (domain, record, why, example) not in self._told:
            self._told.add((domain, record, why, example))
            self.left(domain, record, why, example)

    def unmapped(self) -> Unmapped:
        """All that was left, by domain."""
        return Unmapped(
            tuple(NotMapped(*key, self._counts[key], tuple(self._left[key])) for key in sorted(self._counts))
        )


def merged(parts: Sequence[Unmapped]) -> Unmapped:
    """Several lists as one."""
    notes = Notes()
    for part in parts:
        for e in part:
            notes.left(e.domain, e.record, e.why, "", e.count)
            for example in e.examples:
                notes.left(e.domain, e.record, e.why, example, 0)
    return notes.unmapped()
