"""Why an order was refused, in words that its giver may know: a refusal must not tell an arm, or another site's patient."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from equipoise.conduct.authority import CODES
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.sealed import ByWhom
from equipoise.conduct.visibility import Reader, padded
from equipoise.desk.store import LogStore
from equipoise.files.definition import trial_of
from equipoise.trial.log import Reading
from equipoise.trial.problem import BadInput, Problem

#: Problems of a log that cannot be read which quote nothing of it.
_NO_QUOTES = frozenset(
    {
        "no-file", "unreadable", "empty-log", "not-opened", "another-trial", "number", "broken-chain", "older-form", "locked",
        "log-has-grown",
    }
)  # fmt: skip


def read_for(store: LogStore, person: str | None, after: int = 0, head: str = "") -> Reading:
    """The log of a store, or what came since event ``after``, whose hash is ``head``.

    Where it cannot be read, who may see what is not known: a named reader is quoted nothing of its lines.
    """
    try:
        return store.read(after, head)
    except BadInput as bad:
        if not person:
            raise
        kept = [p if p.code in _NO_QUOTES else replace(p, given="a line that is not quoted here") for p in bad.problems]
        raise BadInput(bad.source, kept) from None


#: Problems of the log as a whole, which anybody may verify.
_OF_NO_RECORD = frozenset({"nothing-lost", "clock-backwards", "clock-right"})
#: What is said in place of reasons that the reader may not know.
NOT_TOLD = Problem(
    "not-told", "order", "refused", "the reasons lie in records that you may not see", "ask who holds a role that sees them"
)  # fmt: skip


def refused_to(
    by: str, bad: BadInput, conduct: Conduct, order: Callable[[Conduct], object], allocation: ByWhom = None
) -> BadInput:
    """The refusal of ``order`` to ``by`` by ``conduct``: of its reasons those that what he sees of the log gives too, and what speaks of himself."""
    people, trial, log = conduct.people, conduct.trial, conduct.log
    if not people.kept:
        return bad
    reader = Reader.of(by, people, *conduct.definitions.trials)
    if reader.whole:
        return bad
    if any(p.code in CODES for p in bad.problems):
        # He may not give it at all: what else is wrong with it is not for him.
        return BadInput(bad.source, [p for p in bad.problems if p.code in CODES])
    to_him: Sequence[Problem] = ()
    try:
        order(Conduct(trial, padded(log, reader), allocation, takes=False, read=trial_of))
    except BadInput as again:
        to_him = again.problems
    # Where events are numbered anew for him the log's own number tells how many are hidden before it.
    shown = [
        p for p in bad.problems if p.code in _OF_NO_RECORD or (p in to_him and not (reader.renumbers and _numbered(p)))
    ]
    if len(shown) == len(bad.problems):
        return bad
    return BadInput(bad.source, [*shown, NOT_TOLD])


def _numbered(problem: Problem) -> bool:
    """True of a problem that names an event by its number."""
    return any(re.search(r"\bevent \d", text) for text in vars(problem).values() if isinstance(text, str))
