"""What a reader takes away: the log's lines, its events as CSV, ODM-XML, SDTM, the open report; made for him, from what he sees, at this moment."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from equipoise.analyse.data import cut
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


def as_sdtm(trial: Trial, log: Log, reader: Reader, at: datetime) -> bytes:
    """SDTM as transport files with define.xml, in one zip. Who may not know arms has the masked word for one, and no dose that would tell."""
    from equipoise.desk import export

    own = seen(log, reader)
    with TemporaryDirectory() as place:
        done = export.run(trial, cut(trial, own), "sdtm", "trial", "xpt", Path(place) / "sdtm")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted([*done.written, Path(place) / "sdtm" / "define.xml"]):
                # The same data give the same bytes: no file is dated by when it was packed.
                packed.writestr(zipfile.ZipInfo(path.name, (1980, 1, 1, 0, 0, 0)), path.read_bytes())
    return out.getvalue()


def as_report(trial: Trial, log: Log, reader: Reader, at: datetime) -> bytes:
    """The open report as PDF: all arms together, so that everybody who sees the record may have it. Raises Missing without WeasyPrint."""
    from equipoise.dossier.committee_open import open_document
    from equipoise.report.numbered import numbered
    from equipoise.report.page import render
    from equipoise.report.pdf import to_pdf

    document = open_document(trial, cut(trial, seen(log, reader)))
    return to_pdf(render(document, numbered(document)).html)


#: Name → (ending of the file, how it is made).
MADE: dict[str, tuple[str, Callable[[Trial, Log, Reader, datetime], bytes]]] = {
    "log": ("jsonl", as_log), "csv": ("csv", as_csv), "odm": ("xml", as_odm), "sdtm": ("zip", as_sdtm), "report": ("pdf", as_report),
}  # fmt: skip
