"""Pages and figures on disk."""

from __future__ import annotations

from pathlib import Path

from equipoise.files.write import write_text
from equipoise.report.document import Document
from equipoise.report.figures.draw import svg_file
from equipoise.report.page import render
from equipoise.trial.exhibits import Figure


def write_page(document: Document, page: Path) -> list[Path]:
    """Render a document and write it, its figures beside it; the paths, the page first."""
    rendered = render(document)
    write_text(page, rendered.html)
    written = [page]
    for name, svg in rendered.figures.items():
        write_text(page.parent / "figures" / name, svg)
        written.append(page.parent / "figures" / name)
    return written


def write_figure(path: Path, figure: Figure, name: str) -> None:
    """Write a figure as SVG; its ids begin with ``name``."""
    write_text(path, svg_file(figure, name))
