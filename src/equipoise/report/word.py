"""A document as DOCX: headings, real tables whose head repeats on each page, figures as pictures with a text for who does not see them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from equipoise.report.document import Document
from equipoise.report.numbered import Item, Part, caption_of, numbered
from equipoise.trial.exhibits import Facts, Paragraph, Table
from equipoise.trial.problem import Missing
from equipoise.trial.said_numbers import one_percent

if TYPE_CHECKING:
    from docx.document import Document as Word

#: The moment that stands in the file in place of now: the same document gives the same bytes.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
#: Inches: the width between the margins of A4 upright.
_WIDTH = 6.7
#: Inches: the width of a letter of bold Arial, a point of its size.
_LETTER = 0.0084
#: Twentieths of a point in an inch, in which Word measures; it has 635 of its own units in one.
_TWIP = 1440
#: More columns than this are set smaller.
_MANY = 6
_NOTE, _CELL, _SMALL = 8.0, 8.5, 7.0


def blank(title: str, subtitle: str) -> Word:
    """An empty A4 document in our type, of no moment and nobody's. Raises Missing without python-docx."""
    try:
        from docx import Document as Made
        from docx.shared import Inches, Pt
    except ImportError:
        raise Missing("DOCX needs python-docx: pip install 'equipoise[documents]'") from None
    word = Made()
    own = word.core_properties
    own.title, own.author, own.comments, own.subject = title, "Equipoise", "", subtitle
    own.created = own.modified = EPOCH
    own.last_modified_by, own.revision = "Equipoise", 1
    section = word.sections[0]
    section.page_width, section.page_height = Inches(8.27), Inches(11.69)
    section.left_margin = section.right_margin = Inches(0.78)
    section.top_margin = section.bottom_margin = Inches(0.85)
    style: Any = word.styles["Normal"]
    style.font.name, style.font.size = "Arial", Pt(10)
    return word


def to_docx(document: Document, parts: list[Part] | None = None) -> bytes:
    """The file's bytes. Raises Missing without python-docx or matplotlib."""
    word = blank(document.title, document.subtitle)
    section = word.sections[0]
    for level in (1, 2):
        heading: Any = word.styles[f"Heading {level}"]
        heading.font.name = "Arial"
    if document.banner:
        _bold(section.header.paragraphs[0], document.banner)
    section.footer.paragraphs[0].text = document.foot
    word.add_paragraph(document.subtitle)
    word.add_heading(document.title, 0)
    _bold(word.add_paragraph(), document.status)
    _facts(word, Facts(document.facts))
    for part in parts if parts is not None else numbered(document, pictures=True):
        word.add_heading(f"{part.number} {part.section.heading}", 1)
        for item in part.items:
            _add(word, item)
    buffer = io.BytesIO()
    word.save(buffer)
    return fixed(buffer.getvalue())


def _add(word: Word, item: Item) -> None:
    from docx.shared import Inches

    value = item.value
    if isinstance(value, Paragraph):
        paragraph = word.add_paragraph()
        if value.tone in ("decision", "caution"):
            _bold(paragraph, one_percent(value.text))
        else:
            paragraph.add_run(one_percent(value.text))
    elif isinstance(value, Facts):
        _facts(word, value)
    elif isinstance(value, Table):
        _table(word, item, value)
    else:
        picture = word.add_picture(io.BytesIO(item.png), width=Inches(_WIDTH))
        described = picture._inline.docPr
        described.set("descr", one_percent(f"{value.title}. {value.caption}"))
        described.set("title", value.title)
        word.paragraphs[-1].paragraph_format.keep_with_next = True
        _small(word.add_paragraph(style="Caption"), caption_of(item))


def _facts(word: Word, facts: Facts) -> None:
    from docx.oxml import parse_xml

    if not facts.rows:
        return
    widths = (1.6, _WIDTH - 1.6)
    table = _skeleton(word, widths)
    for name, value in facts.rows:
        table._tbl.append(
            parse_xml(_row((name, value), widths, _CELL + 0.5, (False, False), bold=False, flag="cantSplit"))
        )
    word.add_paragraph()


def _skeleton(word: Word, widths: Sequence[float]) -> Any:
    """A table of so many columns, as wide as they are [inches], without rows."""
    made: Any = word.add_table(rows=0, cols=len(widths))
    made.style = "Table Grid"
    made.autofit = False
    for column, width in zip(made.columns, widths, strict=True):
        column.width = int(width * _TWIP * 635)
    return made


def _table(word: Word, item: Item, table: Table) -> None:
    """The caption above it, the head on every page, no row broken over two, notes below."""
    from docx.oxml import parse_xml

    caption = word.add_paragraph(style="Caption")
    caption.paragraph_format.keep_with_next = True
    _small(caption, caption_of(item), bold=True)
    columns = len(table.columns)
    size = _SMALL if columns > _MANY else _CELL
    widths = _widths(table, size)
    right = [i < len(item.text_columns) and not item.text_columns[i] for i in range(columns)]
    made = _skeleton(word, widths)
    rows = [_row(table.columns, widths, size, right, bold=True, flag="tblHeader")]
    for row in table.rows or [["No data yet"]]:
        heads = len(row) == 1 and columns > 1
        cells = ["" if v is None else str(v) for v in row]
        cells += [""] * (0 if heads else columns - len(cells))
        rows.append(_row(cells, widths, size, right, bold=heads, flag="cantSplit"))
    # Written as text: python-docx asks for the whole table again at every cell, and a listing has ten thousand of them.
    for text in rows:
        made._tbl.append(parse_xml(text))
    for note in table.notes:
        _small(word.add_paragraph(), one_percent(note), size=_NOTE)
    word.add_paragraph()


def _widths(table: Table, size: float) -> list[float]:
    """Inches for each column: its longest word fits where that can be had, and what is left goes to who holds more."""
    least, more = [], []
    for i, head in enumerate(table.columns):
        cells = [str(r[i]) for r in table.rows if len(r) > i and len(r) > 1 and r[i] is not None]
        word = max((len(w) for text in (head, *cells) for w in text.split()), default=1)
        usual = max(map(len, (head, *cells)), default=1)
        least.append(word * _LETTER * size + 0.18)
        more.append(min(usual, 60) - word + 1.0)
    left = _WIDTH - sum(least)
    if left <= 0:
        return [_WIDTH * w / sum(least) for w in least]
    return [w + left * m / sum(more) for w, m in zip(least, more, strict=True)]


def _row(
    cells: Sequence[str], widths: Sequence[float], size: float, right: Sequence[bool], *, bold: bool, flag: str
) -> str:
    """A row as WordprocessingML. One cell among several columns goes through all of them."""
    from docx.oxml.ns import nsdecls

    spans = len(cells) == 1 and len(widths) > 1
    made = []
    for i, text in enumerate(cells):
        width = round(sum(widths) * _TWIP if spans else widths[i] * _TWIP)
        span = f'<w:gridSpan w:val="{len(widths)}"/>' if spans else ""
        side = '<w:jc w:val="right"/>' if not spans and right[i] else ""
        weight = "<w:b/>" if bold else ""
        said = escape(_clean(one_percent(text)))
        made.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}</w:tcPr><w:p><w:pPr><w:spacing w:after="20"/>{side}</w:pPr>'
            f'<w:r><w:rPr>{weight}<w:sz w:val="{round(2 * size)}"/></w:rPr><w:t xml:space="preserve">{said}</w:t></w:r></w:p></w:tc>'
        )
    return f"<w:tr {nsdecls('w')}><w:trPr><w:{flag}/></w:trPr>{''.join(made)}</w:tr>"


def _clean(text: str) -> str:
    """Without what XML cannot hold: signs that steer a terminal."""
    return "".join(c for c in text if c >= " " or c in "\t\n")


def _bold(paragraph: Any, text: str) -> None:
    paragraph.add_run(text).bold = True


def _small(paragraph: Any, text: str, *, bold: bool = False, size: float = _CELL) -> None:
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(size)
    paragraph.paragraph_format.space_after = Pt(1)


def flag(row: Any, name: str) -> None:
    """A property of a row that python-docx has no word for."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement(f"w:{name}"))


def fixed(data: bytes) -> bytes:
    """The same archive with one moment for all its members."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(info, old.read(name))
    return made.getvalue()
