"""The secret of a trial's allocation: made, committed to in the log, and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.foretold import in_words
from equipoise.conduct.sealed import blocks_problems
from equipoise.conduct.secret import SCHEME, Secret
from equipoise.desk.order import Ordered, apart, give, read_secret
from equipoise.desk.store import LogStore
from equipoise.desk.witness import Witness
from equipoise.files.secret_file import draw, write_secret
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Made:
    """A secret that was made; nothing of it is told. ``warning``: what block sizes that the trial file states would tell."""

    secret_file: str
    trial: str
    scheme: str
    commitment: str
    sealed_blocks: bool
    warning: str | None


def seal(name: str, trial: Trial, out: Path, blocks: Sequence[int] = ()) -> Made:
    """Make the trial's secret, with the sizes of its blocks where the trial file says that they are sealed. Raises BadInput."""
    problems = list(blocks_problems(trial, blocks, "--blocks"))
    if problems:
        raise BadInput(trial.id, problems)
    secret = draw(trial.whole.id, blocks)
    write_secret(out, secret, apart(name))
    return Made(str(out), trial.id, SCHEME, secret.commitment, bool(blocks), in_words(trial) or None)


def the_secret(name: str, trial: Trial, path: Path, log: object = None) -> Secret:
    """The one secret of a file, to be committed to. Raises BadInput for a file that holds several, and for blocks that cannot be the trial's."""
    found = read_secret(trial, path, "--secret", apart(name, log))
    if len(found) != 1:
        allowed = "a file with the one secret by which arms are given from now on"
        raise BadInput("secret", [Problem("several-secrets", "--secret", f"{len(found)} secrets", allowed)])
    problems = list(blocks_problems(trial, found[0].blocks, "--secret"))
    if problems:
        raise BadInput("secret", problems)
    return found[0]


def commit(
    trial: Trial, store: LogStore, secret: Secret, by: str, why: str = "", witness: Witness | None = None
) -> Ordered:
    """Record the commitment of the trial's secret in a log that has none. Raises BadInput where it has one."""

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not("sealed", now, by)
        if conduct.commitment:
            step = "equipoise conduct reseal, with a reason"
            given, allowed = f"the log holds {conduct.commitment[:12]}", "a log without a commitment"
            raise BadInput("commit", [Problem("committed-already", "log", given, allowed, step)])
        return conduct.seal(secret, now.date(), now, by, why)

    return give(trial, store, order, witness=witness, by=by)


def reseal(trial: Trial, store: LogStore, secret: Secret, by: str, why: str, witness: Witness | None = None) -> Ordered:
    """Go on with another secret, and say why: each list goes on at its next place. Raises BadInput where there was none before."""

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not("sealed", now, by)
        if not conduct.commitment:
            step = "equipoise conduct commit TRIAL --log LOG --secret FILE"
            raise BadInput("reseal", [Problem("not-committed", "log", "no commitment", "one to be changed", step)])
        return conduct.seal(secret, now.date(), now, by, why)

    return give(trial, store, order, witness=witness, by=by)
