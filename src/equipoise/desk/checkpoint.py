"""Sign a log's head of now by hand: into a folder, or as a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from equipoise.conduct.witness import compare
from equipoise.desk.order import now
from equipoise.desk.reading import reader_of
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.files.signing import read_signer
from equipoise.files.witness_folder import read_folder, write_checkpoint
from equipoise.trial.checkpoint import Checkpoint
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Signed:
    """A head that was signed by hand, and the file it was written to."""

    trial: str
    number: int
    hash: str
    note: str
    file: str | None


def sign(trial: Trial, store: LogStore, key: Path, folder: Path | None, person: str | None = None) -> Signed:
    """Sign the head that the log has now with the key in a file; ``person`` does, who holds a role in a log with people. Raises BadInput where the log is not what is witnessed in the folder."""
    signer = read_signer(key)
    found = read_folder(folder, trial.id) if folder is not None and folder.is_dir() else None
    log = read_for(store, person).log  # after the folder: what is witnessed in between is not ahead of it
    reader_of(trial, log, person)
    if found is not None and (problems := compare(log, log.hashes(), found.witnessed).problems):
        raise BadInput("checkpoint: the log is not what was witnessed", problems)
    checkpoint = Checkpoint(trial.id, len(log), log.head, max(now(), log[len(log) - 1].recorded))
    note = signer.sign(checkpoint.text)
    path = str(write_checkpoint(folder, checkpoint, note)) if folder is not None else None
    return Signed(trial.id, checkpoint.number, checkpoint.hash, str(note), path)
