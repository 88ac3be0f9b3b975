"""What changed between two cuts of one log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from equipoise.analyse.changes import STEPS, Changes, Moved
from equipoise.analyse.changes import changes as changes_of
from equipoise.analyse.changes_tables import tables
from equipoise.conduct.definitions import Definitions
from equipoise.desk.data import Data, defined_at
from equipoise.dossier.origin import STATUS, foot
from equipoise.files.definition import trial_of
from equipoise.report.document import Document
from equipoise.trial.exhibits import Paragraph, Section, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Found:
    """What changed, with the trial as it was defined at the second cut."""

    trial: Trial
    data: Data
    changes: Changes

    @property
    def tables(self) -> list[Table]:
        """As tables."""
        return list(tables(self.trial, self.changes))

    def in_short(self) -> str:
        """'12 records came late, 3 were corrected, 1 was taken back, 812 happened since; 31 results are derived anew.'"""
        how = [r.how for r in self.changes.records]
        parts = [f"{how.count('since')} records of what happened since", f"{how.count('late')} that came late", f"{how.count('corrected')} corrected", f"{how.count('removed')} taken back"]  # fmt: skip
        return f"From {self.changes.first} to {self.changes.second}: {', '.join(parts)}; {len(self.changes.derived)} results of patients are derived anew."

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        c = self.changes
        return {
            "trial": c.trial, "from": str(c.first), "to": str(c.second), "steps": STEPS,
            "records": [{**asdict(r), "happened": str(r.happened), "recorded": str(r.recorded)} for r in c.records],
            "endpoints": [_moved(m) for m in c.moved],
            "derived": [asdict(d) for d in c.derived],
        }  # fmt: skip

    def page(self) -> Document:
        """As a page."""
        made = self.tables
        names = ("records", "endpoints", "corrections", "derived")
        sections = [Section("short", "In short", [Paragraph(self.in_short())])]
        sections += [Section(names[i] if i < len(names) else f"more-{i}", t.title, [t]) for i, t in enumerate(made)]
        facts = [("Trial", self.trial.id), ("From", str(self.changes.first)), ("To", str(self.changes.second))]
        return Document(self.trial.title, "What changed between two cuts", STATUS, facts, sections, foot(self.trial, self.data.snap))  # fmt: skip


def _moved(m: Moved) -> dict[str, Any]:
    changed = dict(zip(STEPS, (_plain(c) for c in m.changes), strict=True))
    return {"endpoint": m.endpoint, "arm": m.arm, "statistic": m.statistic, "from": _plain(m.values[0]), "changes": changed, "to": _plain(m.values[-1]), "change": _plain(m.whole)}  # fmt: skip


def _plain(v: Decimal | None) -> float | int | None:
    return None if v is None else int(v) if v == v.to_integral_value() else float(v)


def in_order(first: date, second: date) -> None:
    """Raise BadInput for two cuts that are one, or the wrong way about."""
    if first >= second:
        raise BadInput("diff", [Problem("dates-out-of-order", "--from", str(first), f"a day before --to, {second}")])


def between(trial: Trial, data: Data, first: date) -> Found:
    """From ``first`` to the data's own cut, each as known on its day."""
    second = data.snap.cutoff
    in_order(first, second)
    definitions = Definitions.of(trial, data.log, trial_of)
    before = defined_at(definitions, data.log, first, first)
    return Found(data.trial, data, changes_of(before, data.trial, data.log, first, second))
