"""Record on a form of the trial file's own, and laboratory values by CSV: through the same order, the same judge."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from equipoise.conduct.cautions import cautions, confirmed
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.trial.event import Event
from equipoise.trial.own_form import OwnField, OwnForm
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Problem

#: The columns of a CSV of laboratory values; a visit where the form has visits.
COLUMNS = ("patient", "day", "visit", "test", "value", "unit")
#: A table with more rows is refused.
MOST_ROWS = 100_000
Order = Callable[[Conduct, datetime], Event]


def record(
    by: str, patient: str, form: str, on: date, values: Mapping[str, Any], visit: str = "", why: str = "", key: str = "", *, confirm: bool = False
) -> Order:  # fmt: skip
    """Values on a form. What is unlikely is refused unless it is confirmed; confirmed, it stands in the reason, and is a query."""

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not("form", now, by)
        site = conduct.patients[patient].site if patient in conduct.patients else ""
        trial = conduct.definitions.at(site, on)
        fields = {f.name: f for own in trial.forms if own.name == form for f in own.fields}
        data: dict[str, Any] = {"form": form, "values": {k: read(fields.get(k), v) for k, v in values.items()}}
        if visit:
            data["visit"] = visit
        asked = Event(len(conduct.log) + 1, "form", on, now, by, why, patient, data=data)
        said = cautions(trial, conduct.patients.get(patient) or Patient(patient), asked, now.date())
        if said and not confirm:
            unlikely = [
                Problem("to-confirm", c.detail.removeprefix("data."), "unlikely", c.text, "--confirm, if it is right")
                for c in said
            ]
            raise Refused(f"form {patient}", conduct.judge(asked) or unlikely)
        return conduct.order("form", on, now, by, confirmed(why, said), patient, data=data, key=key)

    return order


def read(field: OwnField | None, value: Any) -> Any:
    """A value as it was typed, read as its field asks: what is no number stays a text, and is refused by the judge."""
    if field is None or not isinstance(value, str):
        return value
    if field.kind in ("number", "whole"):
        try:
            found = float(value)
        except ValueError:
            return value
        return int(found) if field.kind == "whole" and found == int(found) else found
    if field.kind == "yes-no":
        return {"yes": True, "true": True, "no": False, "false": False}.get(value.strip().lower(), value)
    return value


def laboratory(
    by: str, form: str, rows: Sequence[Mapping[str, str]], why: str = "", *, confirm: bool = False
) -> Callable[[Conduct, datetime], list[Event]]:
    """All rows of a table as records on a form, one a patient, day and visit; all are recorded or none. A unit that is not the field's is refused in words."""

    def order(conduct: Conduct, now: datetime) -> list[Event]:
        conduct.refuse_who_may_not("form", now, by)
        own = next((f for f in conduct.trial.forms if f.name == form), None)
        if own is None:
            known = ", ".join(f.name for f in conduct.trial.forms) or "it has none"
            raise Refused(
                "laboratory", [Problem("unknown-form", "--form", repr(form), f"a form of [[forms]]: {known}")]
            )
        records, problems = _records(own, rows)
        ahead, made = conduct.fork(None), []
        for (patient, day, visit), values in records.items():
            try:
                event = record(by, patient, form, day, values, visit, why, confirm=confirm)(ahead, now)
            except Refused as refused:
                problems += [replace(p, where=f"{patient} {day}: {p.where}") for p in refused.problems]
                continue
            made.append(event if ahead.takes else ahead.take(event))
        if problems or not made:
            raise Refused("laboratory", problems or [Problem("no-rows", "--table", "nothing", "a row with a value")])
        return made

    return order


_Key = tuple[str, date, str]


def _records(form: OwnForm, rows: Sequence[Mapping[str, str]]) -> tuple[dict[_Key, dict[str, str]], list[Problem]]:
    """The rows by patient, day and visit; and what is wrong with them, row by row."""
    found: dict[_Key, dict[str, str]] = {}
    problems = []
    for line, row in enumerate(rows, 2):
        said = {k: (row.get(k) or "").strip() for k in COLUMNS}
        where, field = f"line {line}", form.field(said["test"])
        day = _day(said["day"])
        if day is None:
            problems.append(Problem("day", f"{where}: day", repr(said["day"]), "a day, YYYY-MM-DD"))
        if not said["patient"]:
            problems.append(Problem("missing", f"{where}: patient", "nothing", "the patient's number"))
        if field is None:
            problems.append(
                Problem(
                    "unknown-field",
                    f"{where}: test",
                    repr(said["test"]),
                    f"a field of {form.name}: {', '.join(f.name for f in form.fields)}",
                )
            )
        elif said["unit"] != field.unit:
            allowed = f"{field.unit or 'no unit'}, in which {field.title} is recorded: nothing is converted"
            problems.append(
                Problem("unit", f"{where}: unit", repr(said["unit"]), allowed, "convert the table where it comes from")
            )
        if day is None or field is None or not said["patient"]:
            continue
        values = found.setdefault((said["patient"], day, said["visit"]), {})
        if said["test"] in values:
            problems.append(
                Problem("twice", f"{where}: test", repr(said["test"]), "each test once a patient, day and visit")
            )
        values[said["test"]] = said["value"]
    return found, problems


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV with the columns ``COLUMNS``, 'visit' and 'unit' where they are asked for. Raises BadInput for another file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [c for c in ("patient", "day", "test", "value", "unit") if c not in (reader.fieldnames or ())]
            if missing:
                raise BadInput(
                    str(path),
                    [
                        Problem(
                            "columns", "--table", f"without {', '.join(missing)}", f"the columns {', '.join(COLUMNS)}"
                        )
                    ],
                )
            rows = [row for row, _ in zip(reader, range(MOST_ROWS + 1), strict=False)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            str(path), [Problem("unreadable", "--table", str(path), "a CSV in UTF-8", type(error).__name__)]
        ) from None
    if len(rows) > MOST_ROWS:
        raise BadInput(
            str(path), [Problem("too-many", "--table", f"more than {MOST_ROWS:,} rows", f"at most {MOST_ROWS:,}")]
        )
    return rows


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None
