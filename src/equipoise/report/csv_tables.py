"""Tables as CSV: one text a table, UTF-8, a comma between, quoted where it must be (RFC 4180)."""

from __future__ import annotations

import csv
import io

from equipoise.report.numbered import Part
from equipoise.trial.exhibits import Table


def to_csv(parts: list[Part]) -> dict[str, str]:
    """Name → text. A heading that spans a table's rows stands before them in a column of its own, where there is any."""
    return {f"{i.name}.csv": _text(i.value) for p in parts for i in p.items if isinstance(i.value, Table)}


def _text(table: Table) -> str:
    grouped = any(len(row) == 1 for row in table.rows) and len(table.columns) > 1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(["Group"] if grouped else []), *table.columns])
    group = ""
    for row in table.rows:
        if grouped and len(row) == 1:
            group = str(row[0])
            continue
        cells = ["" if c is None else str(c).strip() if isinstance(c, str) else c for c in row]
        writer.writerow([*([group] if grouped else []), *cells, *[""] * (len(table.columns) - len(cells))])
    return out.getvalue()
