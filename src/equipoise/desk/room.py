"""The committee's closed report of a look: what the rule says, and the tables that stand by arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.analyse.data import cut
from equipoise.analyse.safety import safety, safety_table
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.visibility import Reader
from equipoise.decide.decide import decide
from equipoise.decide.words import headline
from equipoise.desk.data import defined_at
from equipoise.desk.reading import may_read
from equipoise.files.definition import trial_of
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.exhibits import Table
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ClosedReport:
    """What the committee sees of a look, at its cut-off, by what was known on a day."""

    cutoff: date
    known_on: date
    result: Decision | NotRipe
    tables: Sequence[Table]

    @property
    def headline(self) -> str:
        """What the rule says, in a line."""
        return headline(self.result) if isinstance(self.result, Decision) else "The look is not ripe."

    @property
    def because(self) -> Sequence[str]:
        """Its reasons."""
        return self.result.because

    @property
    def cautions(self) -> Sequence[str]:
        """What to be careful of."""
        return self.result.cautions if isinstance(self.result, Decision) else ()


def closed_report(trial: Trial, log: Log, look: tuple[str, int], cutoff: str, reader: Reader) -> ClosedReport:
    """The closed report of a look. ``log``: as the reader sees it. Raises BadInput for who may not read by arm, and as ``decide`` does."""
    may_read(trial, reader, "by arm")
    cohort, number = look
    day = date.fromisoformat(cutoff)
    known_on = max(day, log[len(log) - 1].recorded.date())
    own = defined_at(Definitions.of(trial.one(cohort), log, trial_of), log, day, known_on)
    snap = cut(own, log, day, known_on)
    result = decide(own, snap, number)
    tables = [safety_table(own, safety(own, snap))]
    if isinstance(result, Decision):
        columns = list(dict.fromkeys(k for numbers in result.evidence.values() for k in numbers))
        rows = [[arm, *(_cell(numbers.get(k)) for k in columns)] for arm, numbers in result.evidence.items()]
        tables.insert(0, Table("What the look rests on", ["Arm", *(c.replace("_", " ") for c in columns)], rows))
    return ClosedReport(day, known_on, result, tables)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
