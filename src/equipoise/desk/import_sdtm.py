"""Take SDTM into a new log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.analyse.data import cut
from equipoise.desk.order import now, salted
from equipoise.files.datasets import files_of
from equipoise.files.define_file import notes_against
from equipoise.files.log_address import Address
from equipoise.files.log_store import store_at
from equipoise.files.sdtm_files import import_sdtm, trial_toml
from equipoise.files.write import write_text
from equipoise.standards.sdtm.notes import Unmapped
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Problem, near
from equipoise.trial.response_maps import MAPS
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class TakenIn:
    """A log that was started from SDTM. ``trial``: its id, or the file that was made; ``unmapped``: what the log cannot hold;
    ``losses``: what it holds, or lacks, that no endpoint will be of as things stand."""

    log: str
    trial: str
    events: int
    patients: int
    hash: str
    imputed_dates: int
    unmapped: Unmapped
    #: What the data have that their Define-XML does not, and the other way about.
    notes: Sequence[str] = ()
    losses: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {**vars(self), "unmapped": self.unmapped.entries}


def run(
    data: Sequence[Path],
    log_path: Address,
    trial: Trial | None,
    trial_path: Path,
    by: str,
    dialect: Dialect = FOUND_OUT,
    define: Path | None = None,
    map_name: str | None = None,
) -> TakenIn:
    """Take in domains; without a trial one is made from DM and written to ``trial_path``, for people to edit.

    ``define``: a Define-XML against which the data are held first. ``map_name``: the map that ships by which the trial made reads its
    responses; a trial that is given says so itself.
    """
    if map_name is not None:
        _check_map(map_name, given=trial is not None)
    if trial is None and trial_path.exists():
        given = Problem("trial-exists", "trial", "a file that is there already", "a new file")
        raise BadInput(str(trial_path), [given])
    notes = notes_against(define, files_of(data)) if define is not None else []
    found = import_sdtm(data, trial, now(), by, dialect, map_name)
    log = salted(found.log)
    store_at(log_path).create(log)
    if found.table is not None:
        write_text(trial_path, trial_toml(found.table))
    return TakenIn(
        str(log_path),
        found.trial.id if trial is not None else str(trial_path),
        len(log),
        len({e.patient for e in log if e.patient}),
        log.head,
        sum("dated" in e.data or "until_dated" in e.data for e in log),
        found.unmapped,
        [*notes, *found.said],
        cut(found.trial, log).losses,
    )


def _check_map(name: str, *, given: bool) -> None:
    problems = []
    if name not in MAPS:
        problems.append(
            Problem("unknown-map", "--map", repr(name), f"one of {', '.join(MAPS)}", near(name, list(MAPS)))
        )
    if given:
        allowed = "without --trial: a trial file states it under [assessments], as map"
        problems.append(Problem("map-and-trial", "--map", repr(name), allowed))
    if problems:
        raise BadInput("--map", problems)
