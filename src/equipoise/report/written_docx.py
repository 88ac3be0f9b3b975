"""A protocol or a plan as DOCX: headings by level, a bookmark round each piece, gaps set out, the same bytes each time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from equipoise.report.word import blank, fixed, flag
from equipoise.trial.exhibits import Table
from equipoise.trial.written import Chapter, Grid, Said, Written, mark_of

if TYPE_CHECKING:
    from docx.document import Document as Word

_WIDTH = 6.7
#: Columns beyond which a table is set smaller.
_MANY = 6
_DEEPEST_HEADING = 4
_GAP, _OWN = "FCE4D6", "EAF1FB"


def written_docx(w: Written) -> bytes:
    """The file's bytes. Raises Missing without python-docx."""
    word = blank(w.title, w.subtitle)
    from docx.shared import Pt

    section = word.sections[0]
    style: Any = word.styles["Normal"]
    style.paragraph_format.space_after = Pt(5)
    for level in range(1, _DEEPEST_HEADING + 1):
        heading: Any = word.styles[f"Heading {level}"]
        heading.font.name, heading.font.size = "Arial", Pt((15, 12.5, 11, 10)[level - 1])
    _footer(section.footer.paragraphs[0], w.foot)
    word.add_heading(w.title, 0)
    word.add_paragraph(f"{w.subtitle}. {w.edition}.")
    made = _Maker(word)
    made.grid(Table("", ["", ""], [[name, value] for name, value, _ in w.facts]), head=False)
    gaps = w.gaps
    if gaps:
        made.boxed(f"{len(gaps)} sections that nobody has written are marked: {', '.join(gaps)}.", _GAP)
    for c in w.chapters:
        made.chapter(c)
    buffer = io.BytesIO()
    word.save(buffer)
    return fixed(buffer.getvalue())


class _Maker:
    def __init__(self, word: Word) -> None:
        self._word, self._marks = word, 0

    def chapter(self, c: Chapter) -> None:
        self._word.add_heading(f"{c.number} {c.heading}", min(c.level, _DEEPEST_HEADING))
        for i, piece in enumerate(c.pieces, 1):
            name = mark_of(c.number, i)
            if isinstance(piece, Grid):
                self._mark(self._caption(piece.table), name)
                self.grid(piece.table)
            else:
                self._mark(self._said(piece), name)

    def _said(self, piece: Said) -> Any:
        from docx.shared import Pt

        if piece.tone == "gap":
            return self.boxed(piece.text, _GAP)
        paragraph: Any = None
        for line in piece.text.splitlines() or [""]:
            paragraph = self._word.add_paragraph(style="List Bullet" if piece.tone == "bullet" else None)
            run = paragraph.add_run(line)
            if piece.tone == "note":
                run.font.size, run.italic = Pt(8.5), True
            if piece.tone == "own":
                _shade(paragraph, _OWN)
        return paragraph

    def boxed(self, text: str, colour: str) -> Any:
        paragraph = self._word.add_paragraph()
        paragraph.add_run(text).bold = True
        _shade(paragraph, colour)
        return paragraph

    def _caption(self, table: Table) -> Any:
        from docx.shared import Pt

        paragraph = self._word.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = True
        run = paragraph.add_run(f"{table.number} {table.title}".strip())
        run.bold, run.font.size = True, Pt(9)
        return paragraph

    def grid(self, table: Table, *, head: bool = True) -> None:
        from docx.shared import Inches, Pt

        columns = len(table.columns)
        size = Pt(7.0 if columns > _MANY else 8.5)
        made = self._word.add_table(rows=0, cols=columns)
        made.style = "Table Grid"
        made.autofit = False
        widths = _widths(table)
        for column, width in zip(made.columns, widths, strict=True):
            column.width = Inches(width)

        def fill(values: list[str], *, bold: bool = False) -> Any:
            row = made.add_row()
            flag(row, "cantSplit")
            for cell, value, width in zip(row.cells, values, widths, strict=True):
                cell.width = Inches(width)
                paragraph = cell.paragraphs[0]
                run = paragraph.add_run(value)
                run.font.size, run.bold = size, bold
                paragraph.paragraph_format.space_after = Pt(1)
            return row

        if head:
            flag(fill([str(c) for c in table.columns], bold=True), "tblHeader")
        for row in table.rows or [["No data yet"]]:
            if len(row) == 1 and columns > 1:
                whole = fill([str(row[0])] + [""] * (columns - 1), bold=True)
                merged = whole.cells[0].merge(whole.cells[-1])
                for empty in merged.paragraphs[1:]:
                    empty._p.getparent().remove(empty._p)
            else:
                fill(["" if x is None else str(x) for x in row])
        for note in table.notes:
            run = self._word.add_paragraph().add_run(note)
            run.font.size = Pt(8)
        self._word.add_paragraph()

    def _mark(self, paragraph: Any, name: str) -> None:
        """A bookmark round a paragraph."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        self._marks += 1
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for mark in (start, end):
            mark.set(qn("w:id"), str(self._marks))
        start.set(qn("w:name"), name)
        at = 1 if paragraph._p.pPr is not None else 0
        paragraph._p.insert(at, start)
        paragraph._p.append(end)


def _widths(table: Table) -> list[float]:
    """Inches: each column as wide as its longest word needs, what is left by the length of the texts."""
    whole = [["" if x is None else str(x) for x in r] for r in table.rows if len(r) == len(table.columns)]
    columns = list(zip(*[[str(c) for c in table.columns], *whole], strict=True))
    letter = 0.068 if len(columns) > _MANY else 0.083
    least = [min(max((len(w) for x in c for w in x.split()), default=1), 24) * letter + 0.17 for c in columns]
    if sum(least) >= _WIDTH:
        return [_WIDTH * w / sum(least) for w in least]
    wanted = [max(min(max(map(len, c)), 60) - 6, 0) + 1 for c in columns]
    left = _WIDTH - sum(least)
    return [w + left * x / sum(wanted) for w, x in zip(least, wanted, strict=True)]


def _shade(paragraph: Any, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), colour)
    paragraph._p.get_or_add_pPr().append(shade)


def _footer(paragraph: Any, text: str) -> None:
    """The line at the foot, with the page's number."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    paragraph.style.font.size = Pt(7.5)
    run = paragraph.add_run(f"{text} · page ")
    run.font.size = Pt(7.5)
    number = paragraph.add_run()
    number.font.size = Pt(7.5)
    for kind, inside in (("begin", None), (None, "PAGE"), ("end", None)):
        if kind is not None:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.text = inside
        number._r.append(element)
