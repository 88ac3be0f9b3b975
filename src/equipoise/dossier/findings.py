"""What a report is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.analyse.analysis import Analysis
from equipoise.conduct.definitions import Definitions
from equipoise.dossier.escalation.findings import Escalation
from equipoise.history.library import HistoryLibrary
from equipoise.simulate.summary import Summary
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.design import Characteristics
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Findings:
    """What a report is made from; parts that are not there leave their sections out.

    ``trial`` is as it was defined at the cut-off; ``definitions`` are all of them.
    """

    trial: Trial
    snap: Snapshot
    analysis: Analysis
    looks: Sequence[Decision | NotRipe]
    summaries: Sequence[Summary] = ()
    exact: Sequence[Characteristics | None] = ()
    readouts: Sequence[tuple[int, date, int]] = ()
    virtual: str = ""
    library: HistoryLibrary | None = None
    definitions: Definitions | None = None
    #: of a trial with phase I
    escalation: Escalation | None = None
