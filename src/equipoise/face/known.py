"""A trial's log, and what was known of it on a day: `eq.log("log.jsonl").at("2013-08-25").analyse()`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equipoise.desk import analyse as analysing
from equipoise.desk import data as taking
from equipoise.desk import look as looking
from equipoise.desk import report as reporting
from equipoise.desk.cohorts import Looks, look_in_each
from equipoise.desk.opening import log_of
from equipoise.face.result import Result
from equipoise.files.definition import trial_of
from equipoise.files.log_address import Address, address_of
from equipoise.files.log_file import read_log
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

if TYPE_CHECKING:
    from equipoise.face.trial_file import TrialFile


@dataclass(frozen=True, repr=False)
class Log(Result):
    """A log. ``trial``: as its first event defines it, or the file that was given."""

    address: Address
    trial: Trial
    name: str

    @property
    def title(self) -> str:
        """Which log, of which trial."""
        return f"{self.address}: {self.trial.title}"

    def at(
        self,
        cutoff: date | str | None = None,
        known_on: date | str | None = None,
        *,
        unblind: str | PathLike[str] | None = None,
        reader: str | None = None,
    ) -> Cut:
        """What had happened by ``cutoff``, as known on ``known_on`` (the cut-off itself unless said); of the last day of the log without.

        ``unblind``: the file of a masked log's secret; ``reader``: who reads, in a log with people. Raises BadInput.
        """
        key = None if unblind is None else Path(fspath(unblind))
        days = (_day("cutoff", cutoff), _day("known_on", known_on))
        return Cut(self, taking.take(self.name, self.trial, self.address, None, *days, key, reader=reader))

    def tables(self) -> Sequence[Table]:
        """How many events of each kind."""
        counted: dict[str, int] = {}
        for row in self.rows():
            counted[row["kind"]] = counted.get(row["kind"], 0) + 1
        shown: list[list[Cell]] = [[kind, n] for kind, n in sorted(counted.items())]
        return [Table("Events", ["Kind", "Events"], shown)]

    def rows(self) -> list[dict[str, Any]]:
        """A record an event: number, kind, days, patient, site, by whom and why. Raises BadInput for a log that is not sound."""
        events = log_of(self.trial, self.address).read().log
        names = ("number", "kind", "happened", "recorded", "patient", "site", "by", "why")
        return [{n: getattr(e, n) for n in names} for e in events]


@dataclass(frozen=True, repr=False)
class Cut(Result):
    """What was known of a trial at a cut-off."""

    log: Log
    data: taking.Data

    @property
    def title(self) -> str:
        """The trial and the cut-off."""
        return f"{self.data.trial.title}: data cut-off {self.data.snap.cutoff}, known on {self.data.snap.known_on}"

    def analyse(self) -> Analysed:
        """Every endpoint by arm, compared with each other and with history."""
        return Analysed(self, analysing.run(self.data.trial, self.data.snap))

    def decide(self, look: int) -> Decision | NotRipe | Looks:
        """The decision of a look, or why it cannot be taken yet; in a trial with cohorts the look of each (`.of`), and what a basket says of
        them (`.together`). Nothing is recorded."""
        if self.data.trial.divided:
            return look_in_each(self.data.trial, self.data.log, look, self.data.snap.cutoff, self.data.snap.known_on)
        return looking.take(self.data.trial, self.data.snap, look)

    def report(self, out: str | PathLike[str]) -> Path:
        """Write the report into a folder; the path of its page. Raises Missing without matplotlib and Jinja2."""
        trial, name = self.data.trial, self.log.name
        makes = reporting.findings_of_cohorts if trial.divided else reporting.findings
        return reporting.write(makes(name, trial, self.data), Path(fspath(out)))[0]

    def tables(self) -> Sequence[Table]:
        """Who is in the trial."""
        arms: list[list[Cell]] = [[a.label, len(self.data.snap.on_arm(a.name))] for a in self.data.trial.arms]
        return [Table("Patients", ["Arm", "Patients"], arms)]

    def rows(self) -> list[dict[str, Any]]:
        """A record a patient on an arm."""
        snap = self.data.snap
        return [
            {"patient": p.name, "site": p.site, "arm": a.name, "entered": p.randomised.happened if p.randomised is not None else None}
            for a in self.data.trial.arms
            for p in snap.on_arm(a.name)
        ]  # fmt: skip


@dataclass(frozen=True, repr=False)
class Analysed(Result):
    """An analysis of all endpoints."""

    cut: Cut
    found: analysing.Analysed

    @property
    def title(self) -> str:
        """The trial and the cut-off."""
        return self.cut.title

    def tables(self) -> Sequence[Table]:
        """As `equipoise analyse` shows them."""
        return list(self.found.tables())

    def rows(self) -> list[dict[str, Any]]:
        """A record an endpoint and arm, unrounded; lengths of time in days."""
        found = []
        for endpoint in self.found.as_json()["endpoints"].values():
            for arm, values in endpoint["arms"].items():
                flat = {k: v for k, v in values.items() if not isinstance(v, dict | list)}
                ends = {
                    f"{k}_{side}": v[i]
                    for k, v in values.items()
                    if _interval(v)
                    for i, side in enumerate(("low", "high"))
                }
                found.append({"endpoint": endpoint["endpoint"], "kind": endpoint["kind"], "arm": arm, **flat, **ends})
        return found

    def figures(self) -> dict[str, Any]:
        """A Kaplan–Meier figure for each endpoint that is a time."""
        from equipoise.analyse.survival import survival_figure
        from equipoise.trial.endpoint import TimeToEvent

        trial, snap = self.cut.data.trial, self.cut.data.snap
        return {e.name: survival_figure(trial, snap, e) for e in trial.endpoints if isinstance(e, TimeToEvent)}


def log(path: str | PathLike[str], trial: TrialFile | None = None) -> Log:
    """The log at a path or a URL. Without ``trial`` its first event says which trial it is of. Raises BadInput."""
    where = address_of(fspath(path))
    if trial is not None:
        return Log(where, trial.definition, trial.name)
    if not isinstance(where, Path):
        allowed = "with a database: trial=eq.trial(…), which names the log"
        raise BadInput(str(where), [Problem("no-trial", "trial", "nothing", allowed)])
    first = next(iter(read_log(where).log), None)
    definition = None if first is None else first.data.get("definition")
    if definition is None:
        allowed = "an event that carries the trial's definition, or trial=eq.trial(…)"
        raise BadInput(str(where), [Problem("no-definition", "event 1", "none", allowed)])
    found = trial_of(definition)
    return Log(where, found, found.id)


def _day(name: str, day: date | str | None) -> date | None:
    if day is None or isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise BadInput("at", [Problem("no-day", name, repr(day), "a day, YYYY-MM-DD")]) from None


def _interval(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2
