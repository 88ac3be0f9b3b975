"""`equipoise design compare`: read what is asked for, compare, and write the page, the table and the figures."""

from __future__ import annotations

import csv
import io
import shlex
from pathlib import Path
from typing import Any

import click

from equipoise.cli.common import emit, show_table
from equipoise.design import shelf
from equipoise.design.study.compare import Comparison, Pace, compare
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput, Problem

#: What is compared when nothing is asked for: each answers the same two rates.
USUAL = (
    "a-hern", "simon sizes=minimax", "simon sizes=optimal", "mander-thompson", "chen criterion=minimax", "lee-liu", "jung",
)  # fmt: skip


def answer(
    p0: float, p1: float, alpha: float, power: float, asked: tuple[str, ...], accrual: float | None, wait: float,
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Compare and print; with ``out`` also write compare.html, compare.csv, compare.json and the figures."""
    hypotheses = {"p0": p0, "p1": p1, "alpha": alpha, "power": power}
    problems: list[Problem] = []
    if accrual is not None and accrual <= 0:
        problems.append(Problem("out-of-range", "--accrual", f"{accrual:g}", "patients a month, above 0"))
    if wait < 0:
        problems.append(Problem("out-of-range", "--wait", f"{wait:g}", "months, 0 or more"))
    designs: dict[str, Design[Any]] = {}
    for text in asked or USUAL:
        design, found = read_design(text, hypotheses)
        problems += [p for p in found if p not in problems]
        if design is not None:
            designs[text] = design
    if problems:
        raise BadInput("design compare", problems)
    comparison = compare(p0, p1, designs, Pace(accrual, wait) if accrual is not None else None)
    written = write(comparison, out, hypotheses) if out is not None else []
    if as_json:
        emit({"hypotheses": hypotheses, "designs": comparison.rows(), "written": [str(p) for p in written]})
        return
    show_table(comparison.table())
    if written:
        click.echo(f"Wrote {written[0]} and {len(written) - 1} files beside it.")


def read_design(text: str, hypotheses: dict[str, float]) -> tuple[Design[Any] | None, list[Problem]]:
    """A design from 'KIND name=value …'; names that its kind knows are filled in from the common hypotheses."""
    from equipoise.files.trial_file import design_from

    words = shlex.split(text)
    if not words:
        return None, [Problem("missing", "--design", repr(text), "'KIND name=value …'")]
    kind, problems, table = words[0], [], {}
    try:
        fields = shelf.spec_model(kind).model_fields
    except BadInput as bad:
        return None, list(bad.problems)
    for word in words[1:]:
        name, mark, value = word.partition("=")
        name = name.replace("-", "_")
        if not mark or name not in fields:
            problems.append(
                Problem(
                    "unknown-key",
                    f"--design {kind}",
                    word,
                    f"name=value; names are {', '.join(f for f in fields if f != 'kind')}",
                )
            )
            continue
        table[name] = _value(value)
    if problems:
        return None, problems
    known = {k: v for k, v in hypotheses.items() if k in fields}
    return design_from({"kind": kind, **known, **table})


def _value(text: str) -> Any:
    """A whole number, a number, numbers with commas, true or false, or a word."""
    if text in ("true", "false"):
        return text == "true"
    if "," in text:
        return tuple(_value(part) for part in text.split(","))
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def write(comparison: Comparison, out: Path, hypotheses: dict[str, float]) -> list[Path]:
    """Write the page and beside it the table (CSV, JSON) and the figures (SVG); the paths, the page first."""
    from equipoise import __version__
    from equipoise.files.plain import to_json
    from equipoise.files.write import write_text
    from equipoise.report.document import Document, render
    from equipoise.trial.exhibits import Paragraph, Section

    sections = [
        Section("comparison", "Side by side", [comparison.table(), *comparison.figures()]),
        Section(
            "protocol", "As protocol paragraphs",
            [e for c in comparison.designs for e in (Paragraph(c.label, "note"), Paragraph(c.design.describe()))],
        ),
        Section(
            "cautions", "Cautions",
            [Paragraph(f"{c.label}: {text}", "caution") for c in comparison.designs for text in c.design.cautions]
            or [Paragraph("None: every design keeps the errors that were asked for.")],
        ),
    ]  # fmt: skip
    rendered = render(
        Document(
            "Designs side by side", f"{hypotheses['p0']:g} against {hypotheses['p1']:g}", "Research software: check before use.",
            [("One-sided alpha", f"{hypotheses['alpha']:g}"), ("Power", f"{hypotheses['power']:g}")],
            sections, f"equipoise {__version__}",
        )
    )  # fmt: skip
    rows = comparison.rows()
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files = {
        "compare.html": rendered.html, "compare.csv": sheet.getvalue(), "compare.json": to_json(rows),
        **{f"figures/{name}": svg for name, svg in rendered.figures.items()},
    }  # fmt: skip
    for name, text in files.items():
        write_text(out / name, text)
    return [out / name for name in files]
