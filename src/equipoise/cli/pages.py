"""Pages and figures on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from equipoise.report.document import Document
    from equipoise.trial.exhibits import Figure


def write_page(document: Document, page: Path) -> list[Path]:
    """Render a document and write it, its figures beside it; the paths, the page first."""
    from equipoise.files.write import write_text
    from equipoise.report.document import render

    rendered = render(document)
    write_text(page, rendered.html)
    written = [page]
    for name, svg in rendered.figures.items():
        write_text(page.parent / "figures" / name, svg)
        written.append(page.parent / "figures" / name)
    return written


def write_figure(path: Path, figure: Figure, name: str) -> None:
    """Write a figure as SVG; its ids begin with ``name``."""
    from equipoise.files.write import write_text
    from equipoise.report.figures.draw import svg_file

    write_text(path, svg_file(figure, name))
