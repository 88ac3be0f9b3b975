"""Guesses of what the columns of somebody's table are, each with why; a draft to be read, never a mapping to be trusted."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from equipoise.trial.problem import BadInput, Problem

#: What stands for nothing.
_EMPTY = {"", "NA", "N/A", "NaN", "NULL", "."}
_MOST_ARMS = 6
#: Words of a column's name that say what it is, the surest first.
_PATIENT = ("usubjid", "subjid", "patient", "subject", "pat", "id", "pt")
_ARM = ("arm", "treatment", "trt", "treat", "rx", "group")
_RANDOMISED = ("randomi", "enrol", "entry", "registr", "start", "baseline")
_DIED = ("death", "died", "dead", "os", "surv", "status", "vital", "event", "cens")
_PROGRESSED = ("progress", "pfs", "pd", "relapse", "recur", "ttp", "rfs", "dfs")


@dataclass(frozen=True)
class Columns:
    """A table's columns with the values that are in them, as text; ``separator``: between columns."""

    file: str
    names: Sequence[str]
    values: Mapping[str, Sequence[str]]
    separator: str
    rows: int


@dataclass
class Guess:
    """What was guessed: ``patient`` and ``arm``; pairs of a time and a status; ``why`` by column; ``left``: columns nobody placed."""

    patient: str = ""
    arm: str = ""
    arms: tuple[str, ...] = ()
    randomised: str = ""
    first: date | None = None
    died: tuple[str, str, str, str] | None = None
    progressed: tuple[str, str, str, str] | None = None
    unit: str = "days"
    why: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def read_columns(path: Path) -> Columns:
    """The columns of a CSV. Raises BadInput for a file that is not there, is not text, or has no header or no rows."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as no:
        why = "not UTF-8" if isinstance(no, UnicodeError) else "not there, or not to be read"
        raise BadInput(str(path), [Problem("no-table", "--from-csv", why, "a CSV in UTF-8 with a header")]) from None
    first = text.split("\n", 1)[0]
    separator = max((",", ";", "\t", "|"), key=first.count)
    rows = [r for r in csv.reader(io.StringIO(text), delimiter=separator) if any(c.strip() for c in r)]
    names = [c.strip() for c in rows[0]] if rows else []
    problems = []
    if len(names) < 2:
        problems.append(Problem("no-header", "line 1", repr(first[:40]), "a header: names of columns, two or more"))
    elif any(not n for n in names) or len(set(names)) < len(names):
        twice = next(n or "an empty one" for n in names if not n or names.count(n) > 1)
        problems.append(Problem("no-header", "line 1", f"the name {twice}", "a name for each column, each once"))
    elif all(re.fullmatch(r"[-+.\d]+", n) for n in names):
        problems.append(Problem("no-header", "line 1", repr(first[:40]), "names of columns: these are numbers"))
    if len(rows) < 2:
        problems.append(Problem("no-rows", "--from-csv", "no row below the header", "a row a patient"))
    if problems:
        raise BadInput(str(path), problems)
    values = {n: [r[i].strip() if i < len(r) else "" for r in rows[1:]] for i, n in enumerate(names)}
    return Columns(path.name, names, values, separator, len(rows) - 1)


def guessed(columns: Columns) -> Guess:
    """What the columns may be. Raises BadInput where no column can be the patient's."""
    found = Guess()
    free = list(columns.names)

    def take(name: str, why: str) -> str:
        free.remove(name)
        found.why[name] = why
        return name

    one_each = [n for n in free if len(set(columns.values[n])) == columns.rows and not set(columns.values[n]) & _EMPTY]
    best = _named(one_each, _PATIENT)
    if not best:
        allowed = "a column that is different in each row, called patient, subject or id: one row a patient"
        raise BadInput(columns.file, [Problem("no-patient", "--from-csv", ", ".join(columns.names), allowed)])
    found.patient = take(best, "different in each row")
    few = [n for n in free if 2 <= len(_known(columns, n)) <= _MOST_ARMS]
    if best := _named(few, _ARM):
        found.arms = tuple(sorted(_known(columns, best)))
        found.arm = take(best, f"{len(found.arms)} values, and its name")
    days = [n for n in free if _known(columns, n) and all(_day(v) for v in _known(columns, n))]
    if best := _named(days, _RANDOMISED):
        found.first = min(d for v in _known(columns, best) if (d := _day(v)))
        found.randomised = take(best, "dates, and its name")
    times = [
        n for n in free if n not in days and len(_known(columns, n)) > 2 and all(_number(v) for v in _known(columns, n))
    ]
    flags = [n for n in free if _known(columns, n) and _yes_no(columns, n) is not None]
    found.progressed = _pair(columns, free, times, flags, _PROGRESSED, take)
    found.died = _pair(columns, free, times, flags, _DIED, take)
    chosen = next((p for p in (found.died, found.progressed) if p is not None), None)
    if chosen is not None:
        name, longest = chosen[0].casefold(), max(float(v) for v in _known(columns, chosen[0]))
        found.unit = (
            "months" if "mo" in name else "years" if "y" in name and "day" not in name and longest < 40
            else "days" if "day" in name or longest > 120 else "months"
        )  # fmt: skip
    found.left = free
    return found


def _pair(
    columns: Columns, free: Sequence[str], times: Sequence[str], flags: Sequence[str], words: Sequence[str],
    take: Callable[[str, str], str],
) -> tuple[str, str, str, str] | None:  # fmt: skip
    """A column of times with one that says who had the event: (time, status, value of the event, value of none); None for no such pair."""
    times, flags = [t for t in times if t in free], [f for f in flags if f in free]
    flag = _named(flags, words)
    if not flag:
        return None
    rest = [t for t in times if t != flag]
    stem = re.sub(r"[^a-z]", "", flag.casefold())[:3]
    time = next((t for t in rest if t.casefold().startswith(stem)), "") or _named(
        rest, (*words, "time", "days", "months")
    )
    if not time:
        return None
    event, none = _yes_no(columns, flag) or ("1", "0")
    take(flag, f"two values, and its name; {event!r} taken as the event")
    take(time, "numbers, and its name")
    return time, flag, event, none


def _named(names: Sequence[str], words: Sequence[str]) -> str:
    """The column whose name says one of the words, the surest word first; '' for none."""
    for word in words:
        for exact in (True, False):
            for name in names:
                parts = re.split(r"[^a-z]+", name.casefold())
                if word in parts if exact else (len(word) > 2 and word in name.casefold()):
                    return name
    return ""


def _known(columns: Columns, name: str) -> set[str]:
    return {v for v in columns.values[name] if v not in _EMPTY}


def _yes_no(columns: Columns, name: str) -> tuple[str, str] | None:
    """Of a column with two values that which is an event, and the other; None for any other column."""
    values = _known(columns, name)
    for yes, no in (
        ("1", "0"),
        ("2", "1"),
        ("TRUE", "FALSE"),
        ("True", "False"),
        ("true", "false"),
        ("Y", "N"),
        ("yes", "no"),
        ("Yes", "No"),
    ):
        if values and values <= {yes, no}:
            return yes, no
    return None


def _number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def draft(columns: Columns, found: Guess, name: str, asked: str) -> str:
    """The trial file's text: what was guessed is marked, with why."""

    def said(key: str, value: str, column: str) -> str:
        return f"{key} = {value}".ljust(34) + f"# guess: {found.why[column]}"

    start = found.first or date(2000, 1, 1)
    lines = [
        f"# Begun with: {asked}", f"# From {columns.file}: {columns.rows} rows. Every line with '# guess' was made from names and values: read each of them.",
        "# `equipoise check` says what is wrong; `equipoise analyse` then reads the table.", *_not_placed(found), "", "format = 1", f'id = "{name}"',
        f'title = "{name}: from {columns.file}"', 'phase = "II"', f"start = {start}", f"target_enrolment = {columns.rows}", 'population = "To be filled in"', "",
    ]  # fmt: skip
    for i, arm in enumerate(found.arms or ("ALL",)):
        tested = "true" if i or not found.arms else "false"
        lines += [
            "[[arms]]",
            f"name = {_quoted(_short(arm))}",
            f"label = {_quoted(arm)}",
            f"tested = {tested}   # guess",
            "",
        ]
    lines += ["[randomisation]", 'method = "as recorded"', ""] if len(found.arms) > 1 else []
    lines += _endpoints(found)
    lines += ["[table]", f"file = {_quoted(columns.file)}", said("patient", _quoted(found.patient), found.patient)]
    if found.arm:
        lines.append(said("arm", _quoted(found.arm), found.arm))
    if found.randomised:
        lines.append(said("randomised", _quoted(found.randomised), found.randomised))
    else:
        lines.append("randomised_on = 2000-01-01        # guess: no column of dates says when; a nominal day")
    if columns.separator != ",":
        lines.append(f"separator = {_quoted(columns.separator)}")
    changed = {a: _short(a) for a in found.arms if a != _short(a)}
    if changed:
        lines.append("arms = { " + ", ".join(f"{_quoted(a)} = {_quoted(s)}" for a, s in changed.items()) + " }")
    for pair, event, none, data in (
        (
            found.progressed,
            "progressed",
            "assessed",
            ('data = { basis = "as recorded" }', 'data = { response = "SD" }'),
        ),
        (found.died, "died", "contact", ("", "")),
    ):
        if pair is not None:
            time, flag, yes, no = pair
            for kind, value, more in ((event, yes, data[0]), (none, no, data[1])):
                lines += [
                    "",
                    "[[table.rules]]",
                    f'event = "{kind}"',
                    said("when", f"{{ {_key(flag)} = {_plain(value)} }}", flag),
                ]
                lines += [
                    said("time", _quoted(time), time),
                    f'unit = "{found.unit}"'.ljust(34) + "# guess: from its values",
                ]
                lines += [more] if more else []
    lines += [
        "",
        "[[assumptions]]",
        'of = ["arms", "endpoints", "start", "table"]',
        'because = "missing: guessed from the columns of a table."',
    ]
    return "\n".join(lines) + "\n"


def _not_placed(found: Guess) -> list[str]:
    return [f"# Not placed: {', '.join(found.left)}."] if found.left else []


def _endpoints(found: Guess) -> list[str]:
    lines: list[str] = []
    if found.progressed is not None:
        lines += [
            "[[endpoints]]", 'name = "PFS"', 'label = "Progression-free survival"', 'role = "primary"', 'kind = "time to event"', 'origin = "randomisation"',
            'events = ["progression", "death"]', 'censoring = [{ when = "no event", at = "last assessment" }]', "",
        ]  # fmt: skip
    role = "secondary" if found.progressed is not None else "primary"
    lines += [
        "[[endpoints]]", 'name = "OS"', 'label = "Overall survival"', f'role = "{role}"', 'kind = "time to event"', 'origin = "randomisation"',
        'events = ["death"]', 'censoring = [{ when = "no event", at = "last contact" }]', "",
    ]  # fmt: skip
    return lines


def _short(arm: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", arm).strip("-") or "ARM"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _plain(value: str) -> str:
    if value.casefold() in ("true", "false"):
        return value.casefold()
    return value if re.fullmatch(r"\d+", value) else _quoted(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
