"""A document as PDF: its page, set by WeasyPrint, with tags for who has it read out."""

from __future__ import annotations

from equipoise.trial.problem import Missing


def to_pdf(html: str) -> bytes:
    """The file's bytes: the same page gives the same. Raises Missing without WeasyPrint, or without the libraries it stands on."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError):  # OSError: Pango is not on this machine
        raise Missing("PDF needs WeasyPrint, and Pango on this machine: pip install 'equipoise[documents]'") from None
    made: bytes = HTML(string=html).write_pdf(pdf_identifier=b"equipoise", pdf_tags=True)
    return made
