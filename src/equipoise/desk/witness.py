"""Where a log's heads are kept beside it: a folder of signed checkpoints, a file of receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from equipoise.conduct.witness import Comparison, compare, is_due
from equipoise.files import signing
from equipoise.files.receipts import add_receipt, receipt_problem
from equipoise.files.signing import Signer, read_signer
from equipoise.files.witness_folder import read_folder, write_checkpoint
from equipoise.trial.checkpoint import Checkpoint
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Witness:
    """What an order leaves outside the log. ``folder`` and ``signer`` go together; ``receipts`` stands alone."""

    folder: Path | None = None
    signer: Signer | None = None
    receipts: Path | None = None

    def refuse_behind(self, trial: Trial, log: Log) -> None:
        """Raise BadInput while a head is witnessed that the log has not, or a file cannot be read as a checkpoint.

        Whoever signed it: a key may have been lost with the log that was restored.
        """
        if self.folder is None:
            return
        hashes = log.hashes()
        found = read_folder(self.folder, trial.id, hashes)
        problems = [*found.problems, *compare(log, hashes, found.witnessed).problems]
        if problems:
            raise BadInput("randomise: the log is not what was witnessed", problems)

    def after(self, trial: Trial, log: Log, new: Sequence[Event]) -> tuple[str | None, list[str]]:
        """Witness the head with the events just recorded: the checkpoint's file, and what could not be done.

        The record stands whatever becomes of this, so nothing is raised. A log that is behind its witness is not signed: no
        two checkpoints of one key contradict each other.
        """
        notes: list[str] = []
        path = None
        try:
            if self.receipts is not None:
                add_receipt(self.receipts, trial.id, len(log), log.head)
        except OSError as error:
            notes.append(f"Recorded, but no receipt was written: {error.strerror}.")
        except BadInput as bad:
            notes.append(f"Recorded, but no receipt was written: {bad.problems[0].given}.")
        before = log[new[0].number - 2] if new and new[0].number > 1 else None
        if self.folder is None or self.signer is None or not any(is_due(e, before) for e in new):
            return None, notes
        try:
            if against(self.folder, trial, log).lost:
                notes.append(
                    "Recorded, but not witnessed: the log is not what was witnessed. See conduct verify --witness."
                )
            else:
                checkpoint = Checkpoint(trial.id, len(log), log.head, new[-1].recorded)
                path = str(write_checkpoint(self.folder, checkpoint, self.signer.sign(checkpoint.text)))
        except (OSError, BadInput) as error:
            said = error.strerror if isinstance(error, OSError) else f"{self.folder} cannot be read"
            notes.append(f"Recorded, but not witnessed: {said}.")
        return path, notes


def against(folder: Path, trial: Trial, log: Log) -> Comparison:
    """The log against all well-formed checkpoints in a folder, whoever signed them. Raises BadInput for no folder."""
    hashes = log.hashes()
    return compare(log, hashes, read_folder(folder, trial.id, hashes).witnessed)


def witness_of(folder: Path | None, key: Path | None, receipts: Path | None = None) -> Witness | None:
    """The witness that was asked for; None for nothing asked.

    Raises BadInput where there is no folder, no key to sign with, or no file that receipts can be added to: before anything is recorded.
    """
    problems: list[Problem] = []
    if receipts is not None and (problem := receipt_problem(receipts)) is not None:
        problems.append(problem)
    signer = None
    if folder is not None:
        if not folder.is_dir():
            allowed = "a folder that is there: is it mounted?"
            problems.append(Problem("no-witness", "--witness", f"{folder}: no folder", allowed))
        if key is None:
            allowed = "the key that signs what is witnessed, by --signing-key or EQUIPOISE_SIGNING_KEY"
            problems.append(Problem("no-key", "--signing-key", "nothing", allowed, "conduct keys makes one"))
        else:
            try:
                signer = read_signer(key)
            except BadInput as bad:
                problems += bad.problems
    if problems:
        raise BadInput("witness", problems)
    return Witness(folder, signer, receipts) if folder is not None or receipts is not None else None


@dataclass(frozen=True)
class Made:
    """A key that was made: the file of its secret half, that of its public half, and the line for those who verify."""

    secret: str
    public: str
    verifier: str


def make_keys(folder: Path, name: str) -> Made:
    """Make the installation's key. Raises BadInput where one is there already."""
    secret, public, key = signing.make_keys(folder, name)
    return Made(str(secret), str(public), str(key))
