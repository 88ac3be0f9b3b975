"""Why an order was refused, in words that its giver may know: a refusal must not tell an arm, or another site's patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from equipoise.conduct.authority import CODES
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.people import People
from equipoise.conduct.place import Allocation
from equipoise.conduct.visibility import Reader, padded
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

#: What is said in place of reasons that the reader may not know.
NOT_TOLD = Problem(
    "not-told", "order", "refused", "the reasons lie in records that you may not see", "ask who holds a role that sees them"
)  # fmt: skip


def told(
    bad: BadInput,
    by: str,
    trial: Trial,
    log: Log,
    order: Callable[[Conduct], object],
    allocation: Allocation | None,
) -> BadInput:
    """The refusal of ``order`` by ``by`` on this log: of its reasons those that what he sees of the log gives too, and what speaks of himself."""
    people = People.of(log)
    if not people.kept:
        return bad
    reader = Reader.of(by, people, trial)
    if reader.whole:
        return bad
    if any(p.code in CODES for p in bad.problems):
        # He may not give it at all: what else is wrong with it is not for him.
        return BadInput(bad.source, [p for p in bad.problems if p.code in CODES])
    to_him: Sequence[Problem] = ()
    try:
        order(Conduct(trial, padded(log, reader), allocation, takes=False))
    except BadInput as again:
        to_him = again.problems
    shown = [p for p in bad.problems if p in to_him]
    if len(shown) == len(bad.problems):
        return bad
    return BadInput(bad.source, [*shown, NOT_TOLD])
