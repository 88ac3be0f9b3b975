"""The safety rules beside the design: what each says at the cut-off, its boundary against the path so far, and the looks in the log."""

from __future__ import annotations

from equipoise.decide.safety import safety_rulings
from equipoise.decide.safety_words import exhibits
from equipoise.dossier.findings import Findings
from equipoise.trial.exhibits import Cell, Exhibit, Table


def safety_rules(f: Findings) -> list[Exhibit]:
    """Nothing for a trial without [[safety]]."""
    if not f.trial.safety:
        return []
    rows: list[list[Cell]] = [
        [
            str(e.happened),
            e.data["cutoff"],
            e.data["rule"],
            e.data["events"],
            e.data["watched"],
            _said(e.data["speaks"]),
        ]
        for e in f.snap.events
        if e.kind == "safety look"
    ]
    taken = Table(
        "Looks at safety rules, as recorded",
        ["Recorded", "Data cut-off", "Rule", "With the event", "Watched", "Said"],
        rows,
    )
    return [*exhibits(f.trial, safety_rulings(f.trial, f.snap)), *([taken] if rows else [])]


def _said(speaks: bool) -> str:
    return "speaks" if speaks else "is silent"
