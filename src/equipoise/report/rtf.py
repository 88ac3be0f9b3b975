"""Tables as RTF, one file a table, as study reports are put together: rtflite lays them out."""

from __future__ import annotations

from equipoise.report.document import Document
from equipoise.report.numbered import Item, Part, caption_of
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import Missing
from equipoise.trial.said_numbers import one_percent

#: Columns beyond which the page lies on its side.
_UPRIGHT = 5


def to_rtf(document: Document, parts: list[Part]) -> dict[str, str]:
    """Name → text of the file. Raises Missing without rtflite."""
    return {f"{i.name}.rtf": _file(document, i, i.value) for p in parts for i in p.items if isinstance(i.value, Table)}


def _plain(text: object) -> str:
    """A text in which nothing is an order to a reader of RTF, and signs beyond ASCII are escaped by the library."""
    said = one_percent("" if text is None else str(text))
    return said.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")


def _file(document: Document, item: Item, table: Table) -> str:
    try:
        import polars as pl
        import rtflite as rtf
    except ImportError:
        raise Missing("RTF needs rtflite: pip install 'equipoise[documents]'") from None
    columns = len(table.columns)
    wide = columns > _UPRIGHT
    names = [f"c{i}" for i in range(columns)]
    rows = [[*(_plain(c) for c in row), *[""] * (columns - len(row))] for row in table.rows] or [["No data yet", *[""] * (columns - 1)]]  # fmt: skip
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    widths = [2.2 if i == 0 else 1.6 if i < len(item.text_columns) and item.text_columns[i] else 1.0 for i in range(columns)]  # fmt: skip
    sides = ["l" if i < len(item.text_columns) and item.text_columns[i] else "r" for i in range(columns)]
    # A row of one cell heads those below it.
    weight = [["b" if len(row) == 1 and columns > 1 else ""] * columns for row in table.rows] or [[""] * columns]
    heads = [document.banner] if document.banner else []
    made = rtf.RTFDocument(
        df=frame,
        rtf_page=rtf.RTFPage(orientation="landscape" if wide else "portrait"),
        rtf_title=rtf.RTFTitle(text=[_plain(t) for t in (*heads, caption_of(item))], text_convert=False),
        rtf_column_header=[
            rtf.RTFColumnHeader(
                text=[_plain(c) for c in table.columns], col_rel_width=widths, text_justification=sides, text_format="b", text_convert=False,
            )
        ],
        rtf_body=rtf.RTFBody(col_rel_width=widths, text_justification=[sides] * len(rows), text_format=weight, text_convert=False),
        rtf_footnote=rtf.RTFFootnote(text=[_plain(n) for n in (*table.notes, document.foot)], text_convert=False),
    )  # fmt: skip
    text: str = made.rtf_encode()
    return text
