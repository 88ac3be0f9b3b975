"""Curves of a CSV without any trial file: a column of times, one that says who had the event and, if there are arms, one that says which."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from equipoise.analyse.analysis import Analysis, analyse, comparisons_table, times_table
from equipoise.analyse.beyond_tables import tables_beyond
from equipoise.analyse.survival import survival_figure
from equipoise.desk.data import take
from equipoise.files.plain import plain
from equipoise.files.table_problems import Cells
from equipoise.files.table_sheet import Sheet, read_sheet
from equipoise.files.trial_file import trial_from
from equipoise.report.document import Document
from equipoise.trial.check import near
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.exhibits import Exhibit, Paragraph, Section, SurvivalFigure, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.table import USUALLY_MISSING
from equipoise.trial.trial import Trial

Unit = Literal["days", "weeks", "months", "years"]
#: Arms beyond this are no arms: a column of patients' numbers was named.
_MOST_ARMS = 20
#: The column of rows that a table without patients' numbers is given, and the nominal day on which all its times begin.
_ROW, _ORIGIN = "equipoise_row", date(2000, 1, 1)
_MISSING = {"", "NA", ".", *USUALLY_MISSING}


@dataclass(frozen=True)
class Asked:
    """What the columns are. ``event``: a column and its values that are the event; ``reference``: the arm that others are held against."""

    path: Path
    time: str
    event: tuple[str, tuple[str, ...]]
    arm: str | None = None
    unit: Unit = "days"
    reference: str | None = None
    at: str | None = None
    dialect: Dialect = FOUND_OUT


@dataclass(frozen=True)
class Curves:
    """Times to the event by arm."""

    asked: Asked
    trial: Trial
    analysis: Analysis
    figure: SurvivalFigure

    def tables(self) -> Iterator[Table]:
        """Medians and rates, then the arms against the reference."""
        yield times_table(self.trial, self.analysis)
        compared = comparisons_table(self.trial, self.analysis)
        if compared.rows:  # nobody says that the arms of a table were randomised
            yield replace(compared, title="Comparisons with the first arm")
        yield from tables_beyond(self.trial, self.analysis)

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        nominal = ("trial", "cutoff", "known_on", "fingerprints")  # of days and a trial that nobody stated
        found = {k: v for k, v in plain(self.analysis).items() if k not in nominal}
        return {"title": self.trial.title, "arms": {a.name: a.label for a in self.trial.arms}, **found}

    def page(self) -> Document:
        """One page: the figure, then the tables."""
        shown: list[Exhibit] = [self.figure, *self.tables(), Paragraph(_whole_days(self.asked.unit), "note")]
        facts = [
            ("Patients", str(sum(self.analysis.randomised.values()))),
            ("Times", f"{self.asked.time}, in {self.asked.unit}"),
        ]
        facts.append(("Event", f"{self.asked.event[0]} = {' or '.join(self.asked.event[1])}"))
        section = Section("times", "Time to the event", tuple(shown))
        status = "Research software. A table and its columns were named, and no protocol: what the event is, its reader knows."
        return Document(self.trial.title, "", status, facts, [section], self.trial.title)


def curves(asked: Asked) -> Curves:
    """Kaplan–Meier, log-rank and Cox of a CSV. Raises BadInput with all that is wrong with the columns or their values."""
    sheet, cells = _sheet(asked)
    problems = [*_columns(asked, sheet)]
    if not problems:
        problems += [*_values(asked, sheet)]
    if problems or cells:
        raise BadInput(str(asked.path), [*problems, *cells.in_order(sheet.header)])
    arms = _arms(asked, sheet)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / asked.path.name
        _write(table, sheet)
        trial = trial_from(_trial(asked, sheet, arms), str(asked.path))
        written = Dialect("utf-8", _between(sheet), asked.dialect.decimal)
        try:
            data = take(asked.path.name, trial, None, table, dialect=written)
        except BadInput as bad:
            raise BadInput(str(asked.path), bad.problems) from None
    analysed = analyse(trial, data.snap)
    return Curves(asked, trial, analysed, survival_figure(trial, data.snap, trial.time_to_event("T")))


def event_named(text: str) -> tuple[str, tuple[str, ...]]:
    """'status=2' or 'status=2,3' as a column and its values. Raises ValueError."""
    column, said, values = text.partition("=")
    found = tuple(v.strip() for v in values.split(",") if v.strip())
    if not said or not column.strip() or not found:
        raise ValueError("a column and the value that is the event, such as status=2")
    return column.strip(), found


def _whole_days(unit: Unit) -> str:
    beside = "" if unit == "days" else f"Times in {unit} were taken to the nearest day (a month is 365.25 / 12 days). "
    return f"{beside}Kaplan–Meier with log-log intervals, log-rank and Cox's model (Efron); `equipoise validation` says what they are held against."


def _sheet(asked: Asked) -> tuple[Sheet, Cells]:
    cells = Cells()
    wanted = [asked.time, asked.event[0], *([asked.arm] if asked.arm else [])]
    return read_sheet(asked.path, asked.dialect, wanted, cells), cells


def _columns(asked: Asked, sheet: Sheet) -> Iterator[Problem]:
    for option, column in (("--time", asked.time), ("--event", asked.event[0]), ("--arm", asked.arm)):
        if column is not None and column not in sheet.header:
            named = [c for c in sheet.header if c]
            yield Problem("missing-column", option, repr(column), f"a column: {', '.join(named)}", near(column, named))
        elif column is not None and list(sheet.header).count(column) > 1:
            yield Problem("column-twice", option, repr(column), "a column that stands in the header once")
    if not sheet.rows:
        yield Problem("empty-table", "table", "no rows", "a row a patient")


def _values(asked: Asked, sheet: Sheet) -> Iterator[Problem]:
    known = _seen(sheet, asked.event[0])
    for value in asked.event[1]:
        if not any(_same(value, k) for k in known):
            yield Problem(
                "no-such-value",
                "--event",
                repr(value),
                f"a value of {asked.event[0]}: {_some(known)}",
                near(value, known),
            )
    arms = _seen(sheet, asked.arm) if asked.arm else []
    if len(arms) > _MOST_ARMS:
        yield Problem(
            "too-many-arms",
            "--arm",
            f"{len(arms)} values of {asked.arm}",
            f"at most {_MOST_ARMS}",
            "is it the arm's column?",
        )
    elif asked.reference is not None and asked.reference not in arms:
        allowed = f"an arm: {_some(arms)}" if asked.arm else "nothing, where no --arm is named"
        yield Problem("no-such-arm", "--reference", repr(asked.reference), allowed, near(asked.reference, arms))


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:10]) + (f" and {len(values) - 10} more" if len(values) > 10 else "") or "none"


def _seen(sheet: Sheet, column: str) -> list[str]:
    """Its values, in their order: numbers by size, words by the alphabet."""
    found = {row.get(column, "") for _, row in sheet.rows} - _MISSING
    return sorted(found, key=lambda v: (0, float(v), v) if _number(v) is not None else (1, 0.0, v))


def _number(text: str) -> float | None:
    with suppress(ValueError):
        return float(text)
    return None


def _same(a: str, b: str) -> bool:
    return a == b or (_number(a) is not None and _number(a) == _number(b))


def _arms(asked: Asked, sheet: Sheet) -> list[str]:
    """The reference first."""
    if asked.arm is None:
        return []
    found = _seen(sheet, asked.arm)
    first = asked.reference or found[0]
    return [first, *(a for a in found if a != first)]


def _trial(asked: Asked, sheet: Sheet, arms: Sequence[str]) -> dict[str, Any]:
    """The trial that the columns stand for."""
    column, values = asked.event
    others = [v for v in _seen(sheet, column) if not any(_same(e, v) for e in values)]
    had = [v for v in _seen(sheet, column) if v not in others]
    rules = [
        {"event": event, "when": {column: _typed(v)}, "time": asked.time, "unit": asked.unit}
        for event, of in (("died", had), ("contact", others))
        for v in of
    ]
    names = [f"A{i + 1}" for i in range(len(arms))] or ["ALL"]
    label = f"Time to {column} = {' or '.join(values)}"
    return {
        "format": 1, "id": "a-table", "title": f"{label} ({asked.path.name})", "phase": "II", "start": _ORIGIN,
        "target_enrolment": max(len(sheet.rows), 1), "population": "As the table has it",
        "arms": [
            {"name": n, "label": words, "tested": i > 0 or len(names) == 1}
            for i, (n, words) in enumerate(zip(names, arms or ["All"], strict=True))
        ],
        **({"randomisation": {"method": "as recorded"}} if len(names) > 1 else {}),
        "endpoints": [
            {
                "name": "T", "label": label, "role": "primary", "kind": "time to event", "origin": "randomisation",
                "events": ["death"], "censoring": [{"when": "no event", "at": "last contact"}],
                **({"report_at": asked.at} if asked.at else {}),
            }
        ],
        "table": {
            "patient": _ROW, "randomised_on": _ORIGIN, "rules": rules,
            **({"arm": asked.arm, "arms": dict(zip(arms, names, strict=True))} if asked.arm else {}),
        },
    }  # fmt: skip


def _typed(value: str) -> str | float | int:
    number = _number(value)
    if number is None:
        return value
    return int(number) if number.is_integer() else number


def _write(path: Path, sheet: Sheet) -> None:
    """The table with a column of its own for patients' numbers, each row on the line that it has in the file, where problems name it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=_between(sheet), lineterminator="\n")
        out.writerow([_ROW, *sheet.header])
        at = 2
        for line, row in sheet.rows:
            file.write("\n" * max(line - at, 0))
            out.writerow([line, *(" ".join(row.get(c, "").split()) for c in sheet.header)])
            at = max(line, at) + 1


def _between(sheet: Sheet) -> str:
    return sheet.separator if len(sheet.separator) == 1 and not sheet.separator.isspace() else ","
