"""What a reader takes away: the log's lines, its events as CSV, ODM-XML; made for him, from what he sees, at this moment."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime

from equipoise.conduct.visibility import Reader, parts_shown, seen
from equipoise.files.copy_file import lines_of_view
from equipoise.files.log_lines import withhold
from equipoise.standards.odm import odm, values
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial

_COLUMNS = ("number", "patient", "site", "kind", "happened", "recorded", "by", "why", "corrects", "detail", "value")


def as_log(trial: Trial, log: Log, reader: Reader, at: datetime) -> bytes:
    """The log's own lines with what he may not see withheld, so that their chain verifies; or a list of the events that he sees, where their places would tell."""
    if reader.renumbers:
        return "".join(lines_of_view(seen(log, reader))).encode()
    return "".join(withhold(log, lambda e: parts_shown(e, reader))).encode()


def as_csv(trial: Trial, log: Log, reader: Reader, at: datetime) -> bytes:
    """One detail a line, corrections and acts among them. A text that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(_COLUMNS)
    for e in seen(log, reader):
        head = [e.number, e.patient, e.site, e.kind, e.happened, e.recorded.isoformat(), e.by, e.why, e.corrects or ""]
        for name, value in values(e).items():
            if name != "happened" or not e.data:
                table.writerow([_safe(str(x)) for x in (*head, name, value)])
    return out.getvalue().encode()


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def as_odm(trial: Trial, log: Log, reader: Reader, at: datetime) -> bytes:
    """CDISC ODM-XML 1.3.2 with audit records and signatures."""
    names = {g.person: g.name for g in reader.people.grants}
    return odm(trial, seen(log, reader), names, at).encode()


#: Name → (ending of the file, how it is made).
MADE: dict[str, tuple[str, Callable[[Trial, Log, Reader, datetime], bytes]]] = {
    "log": ("jsonl", as_log), "csv": ("csv", as_csv), "odm": ("xml", as_odm),
}  # fmt: skip
