"""The page of designs side by side, as one self-contained HTML document."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise import __version__
from equipoise.design.study.compare import Comparison
from equipoise.report.document import Document
from equipoise.trial.exhibits import Paragraph, Section


def comparison_page(comparison: Comparison, hypotheses: Mapping[str, float]) -> Document:
    """The designs in a table and figures, as protocol paragraphs, and with their cautions."""
    paragraphs = [e for c in comparison.designs for e in (Paragraph(c.label, "note"), Paragraph(c.design.describe()))]
    cautions = [Paragraph(f"{c.label}: {text}", "caution") for c in comparison.designs for text in c.design.cautions]
    return Document(
        title="Designs side by side",
        subtitle=f"{hypotheses['p0']:g} against {hypotheses['p1']:g}",
        status="Research software: check before use.",
        facts=[("One-sided alpha", f"{hypotheses['alpha']:g}"), ("Power", f"{hypotheses['power']:g}")],
        sections=[
            Section("comparison", "Side by side", [comparison.table(), *comparison.figures()]),
            Section("protocol", "As protocol paragraphs", paragraphs),
            Section(
                "cautions",
                "Cautions",
                cautions or [Paragraph("None: every design keeps the errors that were asked for.")],
            ),
        ],
        foot=f"equipoise {__version__}",
    )
