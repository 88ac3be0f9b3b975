"""Real patients from a table: CSV rows into the log, through the mapping stated in the trial file."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from equipoise.conduct.conduct import Conduct, Refused
from equipoise.trial.check import near
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.table import TableMapping, TableRule, row_of
from equipoise.trial.trial import Trial

_UNIT_DAYS = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": 365.25}


@dataclass(frozen=True)
class Record:
    """One event to be: from which row, of which patient, on which day."""

    row: int
    patient: str
    kind: str
    on: date
    data: Mapping[str, Any]
    rule: int


def log_from_table(trial: Trial, path: Path, recorded: datetime | None = None, by: str = "table") -> Conduct:
    """A log with the events of a table, in the order of the days on which they happened.

    ``recorded`` is when the table came in; without it the last day in the table stands, so that the same table gives
    the same log. Raises BadInput with every problem of the table; nothing is half taken.
    """
    if trial.table is None:
        raise BadInput(
            trial.id,
            [Problem("no-table", "table", "nothing", "a [table] in the trial file that maps the columns")],
        )
    records = list(_read(trial, trial.table, path))
    moment = recorded or datetime.combine(max(r.on for r in records), time(0), UTC)
    conduct = Conduct.open(trial, moment, by, why=f"taken from {path.name}")
    problems: list[Problem] = []
    for r in sorted(records, key=lambda r: (r.on, _FIRST.get(r.kind, 1), r.row)):
        try:
            conduct.order(r.kind, r.on, moment, by, patient=r.patient, data=r.data, source=row_of(path.name, r.row))
        except Refused as refused:
            problems.extend(Problem(p.code, f"row {r.row}, {p.where}", p.given, p.allowed) for p in refused.problems)
    if problems:
        raise BadInput(str(path), problems)
    return conduct


#: On one day, randomisation comes first and death last.
_FIRST = {"randomised": 0, "died": 2}


def _read(trial: Trial, mapping: TableMapping, path: Path) -> Iterator[Record]:
    header, rows = _rows(path)
    _check_columns(mapping, header, path)
    problems: list[Problem] = []
    records: list[Record] = []
    arm_of: dict[str, tuple[str, date, int]] = {}
    seen: dict[tuple[str, int], int] = {}
    for number, row in rows:
        if None in row or None in row.values():
            problems.append(Problem("ragged-row", f"row {number}", "too many or too few cells", f"{len(header)} cells"))
            continue
        patient = str(row[mapping.patient]).strip()
        if patient in mapping.missing:
            problems.append(
                Problem("no-patient", f"row {number}.{mapping.patient}", repr(patient), "the patient's name")
            )
            continue
        arm, origin = _arm_and_origin(trial, mapping, row, number, problems)
        if arm is None or origin is None:
            continue
        if patient not in arm_of:
            arm_of[patient] = (arm, origin, number)
            records.append(Record(number, patient, "randomised", origin, {"arm": arm, "stratum": "as recorded"}, -1))
        elif arm_of[patient][:2] != (arm, origin):
            problems.append(
                Problem(
                    "patient-twice", f"row {number}", f"patient {patient} on {arm} from {origin}",
                    f"as in row {arm_of[patient][2]}: {arm_of[patient][0]} from {arm_of[patient][1]}",
                )
            )  # fmt: skip
            continue
        for i, rule in enumerate(mapping.rules):
            if not _matches(rule, row):
                continue
            on = _day(rule, mapping, row, origin, number, problems)
            if on is None:
                continue
            if (patient, i) in seen:
                problems.append(
                    Problem(
                        "patient-twice", f"row {number}", f"patient {patient} again, {rule.event!r}",
                        f"one row for each event; the first is row {seen[patient, i]}",
                    )
                )  # fmt: skip
                continue
            seen[patient, i] = number
            records.append(Record(number, patient, rule.event, on, dict(rule.data), i))
    if not records and not problems:
        problems.append(Problem("empty-table", "table", "no rows", "at least one patient"))
    if problems:
        raise BadInput(str(path), problems)
    yield from records


def _rows(path: Path) -> tuple[Sequence[str], list[tuple[int, dict[str, str]]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = [(reader.line_num, row) for row in reader]
            return reader.fieldnames or (), rows
    except FileNotFoundError:
        raise BadInput(str(path), [Problem("no-file", "table", "nothing there", "a CSV file")]) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            str(path), [Problem("unreadable", "table", str(error), "a CSV file in UTF-8 with a header")]
        ) from None


def _check_columns(mapping: TableMapping, header: Sequence[str], path: Path) -> None:
    wanted = [mapping.patient, mapping.arm, *([mapping.randomised] if mapping.randomised else [])]
    for rule in mapping.rules:
        wanted += [*rule.when, *(c for c in (rule.time, rule.day) if c)]
    missing = [c for c in dict.fromkeys(wanted) if c not in header]
    problems = [
        Problem(
            "missing-column",
            f"column {c}",
            "not in the table",
            f"columns: {', '.join(header) or 'none'}",
            near(c, list(header)),
        )
        for c in missing
    ]
    problems += [
        Problem("column-twice", f"column {c}", "more than once in the header", "each column once")
        for c in sorted({c for c in header if list(header).count(c) > 1})
    ]
    if problems:
        raise BadInput(str(path), problems)


def _arm_and_origin(
    trial: Trial, mapping: TableMapping, row: Mapping[str, str], number: int, problems: list[Problem]
) -> tuple[str | None, date | None]:
    word = row[mapping.arm].strip()
    arm: str | None = mapping.arms.get(word, word)
    if arm not in trial.arm_by_name:
        known = [*mapping.arms, *trial.arm_by_name]
        problems.append(
            Problem(
                "unknown-arm",
                f"row {number}.{mapping.arm}",
                repr(word),
                f"one of {', '.join(known)}",
                near(word, known),
            )
        )
        arm = None
    origin = mapping.randomised_on
    if mapping.randomised is not None:
        origin = _date(row[mapping.randomised], f"row {number}.{mapping.randomised}", problems)
    return arm, origin


def _matches(rule: TableRule, row: Mapping[str, str]) -> bool:
    return all(_same(row[column], value) for column, value in rule.when.items())


def _same(cell: str, value: str | float) -> bool:
    if isinstance(value, str):
        return cell.strip() == value
    try:
        return float(cell) == float(value)
    except ValueError:
        return False


def _day(
    rule: TableRule,
    mapping: TableMapping,
    row: Mapping[str, str],
    origin: date,
    number: int,
    problems: list[Problem],
) -> date | None:
    if rule.day is not None:
        cell = row[rule.day].strip()
        if cell in mapping.missing:
            return None  # no day, no event: an empty date of death is a patient alive
        day = _date(cell, f"row {number}.{rule.day}", problems)
        if day is not None and day < origin:
            problems.append(
                Problem(
                    "dates-out-of-order",
                    f"row {number}.{rule.day}",
                    str(day),
                    f"not before randomisation, {origin}",
                )
            )
            return None
        return day
    assert rule.time is not None
    cell, where = row[rule.time].strip(), f"row {number}.{rule.time}"
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        problems.append(Problem("not-a-time", where, repr(cell), f"a number of {rule.unit}"))
        return None
    if value < 0:
        problems.append(Problem("negative-time", where, cell, f"0 {rule.unit} or more since randomisation"))
        return None
    try:
        return origin + timedelta(days=round(value * _UNIT_DAYS[rule.unit]))
    except OverflowError:
        problems.append(Problem("not-a-time", where, cell, f"a number of {rule.unit} within a lifetime"))
        return None


def _date(cell: str, where: str, problems: list[Problem]) -> date | None:
    try:
        return date.fromisoformat(cell.strip())
    except ValueError:
        problems.append(Problem("not-a-date", where, repr(cell), "a day as YYYY-MM-DD, such as 2012-03-30"))
        return None
