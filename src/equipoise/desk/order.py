"""Give an order: read the log, judge, append, while nobody else may write."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.desk.store import LogStore
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

SEED_VARIABLE = "EQUIPOISE_ALLOCATION_SEED_FILE"


@dataclass(frozen=True)
class Ordered:
    """What was recorded, the head of the log with it, and where a torn last line was set aside."""

    event: Event
    hash: str
    torn_line_set_aside: str | None


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def give(
    trial: Trial, store: LogStore, order: Callable[[Conduct, datetime], Event], allocation: PermutedBlocks | None = None
) -> Ordered:
    """Carry out one order. Raises BadInput with the reasons where it is refused; the log is then as it was.

    A clock that runs behind the one of the last record does not stand in the way: the last record's moment counts.
    """
    with store.held():
        log = store.read().log
        before, head = len(log), log.head
        event = order(Conduct(trial, log, allocation), max(now(), log[before - 1].recorded))
        aside = store.append([log[i] for i in range(before, len(log))], head)
    return Ordered(event, log.head, aside)


def allocation(trial: Trial, seed_file: Path | None = None) -> PermutedBlocks | None:
    """The list by which patients are given their arms, from the secret seed; None where no file is named, or nobody randomised.

    Without ``seed_file`` the environment may name one.
    """
    path = seed_file or (Path(os.environ[SEED_VARIABLE]) if os.environ.get(SEED_VARIABLE) else None)
    if path is None or trial.randomisation is None:
        return None
    try:
        seed = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        seed = ""
    if len(seed) < 16:
        allowed = "a file with a secret of at least 16 characters, kept outside the trial's folder"
        step = "for instance: openssl rand -hex 32"
        raise BadInput("seed file", [Problem("no-seed", "--seed-file", "no readable seed", allowed, step)])
    return PermutedBlocks(trial, seed)
