"""A protocol or a plan as one HTML file without scripts: each piece says in `data-of` and its tooltip what it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from equipoise.trial.exhibits import Table
from equipoise.trial.written import Chapter, Grid, Piece, Said, Written, mark_of

_STYLE = """
:root { color-scheme: light; } body { font: 16px/1.5 system-ui, Arial, sans-serif; color: #1b1b1b; background: #fff; margin: 0 auto; max-width: 62rem; padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.35rem; border-top: 2px solid #1f4e79; padding-top: .6rem; margin-top: 2.2rem; } h3 { font-size: 1.12rem; } h4, h5 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; } th, td { border: 1px solid #767676; padding: .25rem .45rem; text-align: left; vertical-align: top; overflow-wrap: break-word; }
th { background: #eef2f6; } caption { text-align: left; font-weight: 600; padding: .4rem 0; } .scroll { overflow-x: auto; margin: .6rem 0 1rem; }
.gap { background: #fce4d6; border-left: 5px solid #a33c00; padding: .4rem .7rem; font-weight: 600; } .own { background: #eaf1fb; border-left: 5px solid #1f4e79; padding: .4rem .7rem; white-space: pre-line; }
.note { font-size: .88rem; color: #444; } footer { margin-top: 3rem; font-size: .85rem; color: #444; border-top: 1px solid #767676; padding-top: .5rem; } nav ol { list-style: none; padding-left: 0; columns: 2; font-size: .92rem; } a { color: #0b4f8a; }
@media (max-width: 40rem) { nav ol { columns: 1; } } @media print { nav { display: none; } tr { break-inside: avoid; } }
"""


def written_html(w: Written) -> str:
    """The page."""
    return "\n".join(_lines(w)) + "\n"


def _lines(w: Written) -> Iterator[str]:
    yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(w.title)}: {escape(w.subtitle)}</title>'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(w.title)}</h1>\n<p>{escape(w.subtitle)}. {escape(w.edition)}.</p>"
    yield _table(
        Table("Title page", ["Item", "This trial"], [[n, v] for n, v, _ in w.facts]), "title page", "title_page"
    )
    if w.gaps:
        linked = ", ".join(f'<a href="#{_anchor(g)}">{g}</a>' for g in w.gaps)
        yield f'<p class="gap">{len(w.gaps)} sections that nobody has written are marked: {linked}.</p>'
    yield '<nav aria-label="Contents"><ol>'
    yield from (
        f'<li><a href="#{_anchor(c.number)}">{c.number} {escape(c.heading)}</a></li>'
        for c in w.chapters
        if c.level == 1
    )
    yield "</ol></nav>"
    for c in w.chapters:
        yield from _chapter(c)
    yield f"</main>\n<footer>{escape(w.foot)}</footer>\n</body>\n</html>"


def _anchor(number: str) -> str:
    return f"section-{number.replace('.', '-')}"


def _chapter(c: Chapter) -> Iterator[str]:
    tag = f"h{min(c.level + 1, 6)}"
    yield f'<{tag} id="{_anchor(c.number)}">{c.number} {escape(c.heading)}</{tag}>'
    listed = False
    for i, piece in enumerate(c.pieces, 1):
        bullet = isinstance(piece, Said) and piece.tone == "bullet"
        if bullet != listed:
            yield "<ul>" if bullet else "</ul>"
            listed = bullet
        yield _piece(piece, mark_of(c.number, i))
    if listed:
        yield "</ul>"


def _piece(piece: Piece, mark: str) -> str:
    if isinstance(piece, Grid):
        return _table(piece.table, piece.of, mark)
    tied = f'id="{mark}" data-of="{escape(piece.of)}" title="{escape(piece.of)}"'
    text = escape(piece.text)
    if piece.tone == "bullet":
        return f"<li {tied}>{text}</li>"
    return f'<p {tied} class="{piece.tone}">{text}</p>'


def _table(t: Table, of: str, mark: str) -> str:
    head = "".join(f'<th scope="col">{escape(str(c)) or "&nbsp;"}</th>' for c in t.columns)
    rows = "".join(_row(["" if x is None else str(x) for x in r], len(t.columns)) for r in t.rows)
    notes = "".join(f'<p class="note">{escape(n)}</p>' for n in t.notes)
    title = f"{t.number} {t.title}".strip()
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}"><table id="{mark}" data-of="{escape(of)}"><caption>{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{notes}"
    )


def _row(cells: list[str], columns: int) -> str:
    if len(cells) == 1 and columns > 1:
        return f'<tr><th scope="rowgroup" colspan="{columns}">{escape(cells[0])}</th></tr>'
    first, *rest = cells
    return f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(c)}</td>" for c in rest)}</tr>'
