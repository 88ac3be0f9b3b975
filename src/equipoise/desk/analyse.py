"""Analyse every endpoint of a trial, against each other and against history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.analysis import Analysis, analyse, comparisons_table, rates_table, times_table
from equipoise.analyse.beyond_tables import tables_beyond
from equipoise.analyse.populations import populations_table
from equipoise.analyse.safety import safety_table
from equipoise.files.plain import plain
from equipoise.history.against import against_history, against_table
from equipoise.trial.exhibits import Table
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Analysed:
    """The analysis, and each endpoint that history says something of against it."""

    trial: Trial
    analysis: Analysis
    against: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {**plain(self.analysis), "history": plain(self.against)}

    def tables(self) -> Iterator[Table]:
        """Those that say anything."""
        t, a = self.trial, self.analysis
        yield from (s for s in (times_table(t, a), comparisons_table(t, a), rates_table(t, a)) if s.rows)
        yield from tables_beyond(t, a)
        yield populations_table(t, a.populations)
        if self.against:
            yield against_table(t, self.against)
        if any(s.any_event for s in a.safety):
            yield safety_table(t, a.safety)


def run(trial: Trial, snap: Snapshot) -> Analysed:
    """Analyse what was known at the cut-off."""
    return Analysed(trial, analyse(trial, snap), against_history(trial, snap))
