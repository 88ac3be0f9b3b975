"""Anybody's own decision table: for each number of patients at a dose, how many DLTs escalate, de-escalate, eliminate.

Written as rows 'n: e/d/x': at most e escalate, at least d de-escalate, at least x eliminate; '-' where it never happens. Between two
rows the last smaller one with more patients does not hold: a number of patients without a row stays. It is checked: more DLTs
never lead higher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.dose_spec import DoseSpec
from equipoise.design.dose.interval import DOWN, STAY, UP, IntervalDesign, Move
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import Problem

DOSE_KIND = "table"
TITLE = "Your own decision table"
FAMILY = "rule-based"
REFERENCE = "Any table of moves: checked, enumerated exactly and conducted like every other design of the shelf."
EXAMPLE = {"target": 0.30, "doses": 4, "cohort": 3, "cohorts": 6, "rows": ("3: 0/2/3", "6: 1/3/4", "9: 2/4/5")}
_ROW = re.compile(r"\s*(\d{1,3})\s*:\s*(\d{1,3}|-)\s*/\s*(\d{1,3}|-)\s*/\s*(\d{1,3}|-)\s*", re.ASCII)


class Spec(DoseSpec):
    """A table of moves."""

    kind: Literal["table"]
    target: Probability = Field(description="Target probability of a DLT, for the dose that is chosen at the end.")
    rows: tuple[str, ...] = Field(min_length=1, description="Rows 'n: escalate/de-escalate/eliminate', as in 3: 0/2/3.")
    n_stop: int = Field(
        default=0, ge=0, le=1000, description="Patients at a dose after which the trial ends; 0: never."
    )

    @between("rows")
    def _rows_are_sound(self) -> Iterator[Problem]:
        """Each row can be read, none stands twice, and more DLTs never lead higher."""
        numbers = set()
        for i, text in enumerate(self.rows, 1):
            found = _ROW.fullmatch(text)
            if found is None:
                yield Problem(
                    "row", f"rows, {i}", repr(text), "n: escalate/de-escalate/eliminate, as in 3: 0/2/3 or 6: 1/3/-"
                )
                continue
            n, up, down, out = _read(text)
            if n in numbers or n < 1:
                yield Problem("row", f"rows, {i}", repr(text), "a number of patients of its own, from 1")
            numbers.add(n)
            never = n + 1
            if not (-1 if up is None else up) < (never if down is None else down):
                yield Problem("row", f"rows, {i}", repr(text), "fewer DLTs escalate than de-escalate")
            if out is not None and (down is None or out < down):
                yield Problem("row", f"rows, {i}", repr(text), "what eliminates a dose de-escalates too")
            if max(v for v in (up, down, out, 0) if v is not None) > n:
                yield Problem("row", f"rows, {i}", repr(text), f"at most {n} DLTs among {n} patients")


def _read(text: str) -> tuple[int, int | None, int | None, int | None]:
    found = _ROW.fullmatch(text)
    assert found is not None
    n, *rest = (None if part == "-" else int(part) for part in found.groups())
    assert n is not None
    up, down, out = rest
    return n, up, down, out


@dataclass(frozen=True, kw_only=True)
class OwnTable(IntervalDesign):
    """A stated table; a number of patients without a row stays. ``rows``: n → (escalate at most, de-escalate and eliminate at least)."""

    rows: tuple[tuple[int, int | None, int | None, int | None], ...]

    def _of(self, n: int) -> tuple[int | None, int | None, int | None]:
        return next(((up, down, out) for m, up, down, out in self.rows if m == n), (None, None, None))

    def move(self, n: int, dlt: int) -> Move:
        """As the row says."""
        up, down, _ = self._of(n)
        return UP if up is not None and dlt <= up else DOWN if down is not None and dlt >= down else STAY

    def eliminates(self, n: int, dlt: int) -> bool:
        """As the row says."""
        out = self._of(n)[2]
        return out is not None and dlt >= out

    def own_numbers(self) -> Mapping[str, Any]:
        """Nothing but the table."""
        return {}

    @property
    def cautions(self) -> tuple[str, ...]:
        """Numbers of patients at a dose that the table does not know."""
        sizes = set(range(self.cohort, self.largest_row + 1, self.cohort))
        missing = sorted(sizes - {row[0] for row in self.rows})
        if not missing:
            return ()
        return (f"The table has no row for {', '.join(map(str, missing))} patients at a dose: there it stays.",)

    def closing(self) -> str:
        """The rows."""
        said = "; ".join(
            f"of {n}: {'none' if up is None else f'at most {up}'} escalate, {'none' if down is None else f'at least {down}'} de-escalate, "
            f"{'none' if out is None else f'at least {out}'} eliminate the dose"
            for n, up, down, out in self.rows
        )
        return f"By DLTs at the dose, {said}. At the end the dose whose isotonic estimate is closest to the target is recommended."

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return f"{self.opening('a decision table')} {self.closing()}"


def from_spec(spec: Spec) -> OwnTable:
    """The design that a spec states."""
    return OwnTable(
        target=spec.target, doses=spec.doses, cohort=spec.cohort, cohorts=spec.cohorts, start_dose=spec.start, n_stop=spec.n_stop,
        rows=tuple(sorted(_read(row) for row in spec.rows)),
    )  # fmt: skip
