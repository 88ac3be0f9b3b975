"""On how much the looks of a trial were really taken: what ``earlier`` of an evidence may say, and what it leaves to the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from equipoise.trial.decision import Action, Continue, Stop, Verdict
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import BadInput, Problem

T = TypeVar("T", int, float)


def no_such_look(look: int, count: int) -> Iterator[Problem]:
    """A look has a number from 1 to ``count``."""
    if not 1 <= look <= count:
        yield Problem("no-such-look", "look", str(look), {1: "1", 2: "1 or 2"}.get(count, f"1 to {count}"))


def wrong_earlier(
    earlier: Sequence[float], look: int, now: float, unit: str, where: str = "earlier"
) -> Iterator[Problem]:
    """What is wrong with what the earlier looks are said to have been on: too many, nothing at one, no rise to the next or to now.

    ``unit``: of what, such as 'events'; ``now``: on how much this look is.
    """
    shown = "/".join(f"{t:g}" for t in earlier)
    if len(earlier) > max(look - 1, 0):
        yield Problem(
            "too-many-earlier", where, shown, f"{look - 1} or fewer numbers: look {look} has no more before it"
        )
    if any(not t > 0 for t in earlier):
        yield Problem(
            "nothing-attained", where, shown, f"above 0 {unit} at each look; a look that was never taken is left out"
        )
    elif any(b <= a for a, b in pairwise(earlier)):
        yield Problem("does-not-rise", where, shown, f"{unit} that rise from look to look")
    if earlier and now < max(earlier):
        yield Problem(
            "falls", where, shown, f"at most the {now:g} {unit} of look {look}: what was known is not lost again"
        )


def raised(problems: Iterator[Problem]) -> None:
    """Raise BadInput with all of them, if there are any."""
    found = list(problems)
    if found:
        raise BadInput("evidence", found)


def taken(earlier: Sequence[T], planned: Sequence[T], now: T) -> tuple[T, ...]:
    """On how much the looks before this one were: as said, else as planned; without those that cannot have been before ``now``.

    A look before on as much as this one gives way to it: nothing came between them, so that they are one.
    """
    return tuple(t for t in (earlier or planned) if t < now)


def wrong_earlier_pairs(evidence: TwoArmEvidence) -> Iterator[Problem]:
    """What is wrong with the patients of both arms that the earlier looks are said to have been on.

    An arm may have as many at the next look where nobody who came since could be evaluated; both may not.
    """
    earlier, look = evidence.earlier, evidence.look
    shown = "/".join(f"{n}:{m}" for n, m in earlier)
    if len(earlier) > max(look - 1, 0):
        yield Problem(
            "too-many-earlier", "earlier", shown, f"{look - 1} or fewer pairs: look {look} has no more before it"
        )
    if any(n < 0 or m < 0 or n + m == 0 for n, m in earlier):
        yield Problem(
            "nothing-attained", "earlier", shown, "patients at each look; a look that was never taken is left out"
        )
    elif any(c < a or d < b or (a, b) == (c, d) for (a, b), (c, d) in pairwise(earlier)):
        yield Problem("does-not-rise", "earlier", shown, "patients of both arms that rise from look to look")
    if earlier and (earlier[-1][0] > evidence.n or earlier[-1][1] > evidence.control_n):
        yield Problem(
            "falls", "earlier", shown, f"at most the {evidence.n} and {evidence.control_n} patients of look {look}"
        )


def nobody(seen: str, last: bool) -> Verdict:
    """The verdict where an arm has nobody to compare: nothing is shown, and an earlier look goes on."""
    action: Action = Stop("no higher rate was shown") if last else Continue()
    because = f"{seen}: an arm without patients, so that nothing can be compared."
    return Verdict(action, (because,), 0.0, "nothing to compare", ("One arm has no patients at this look.",))


def look_sizes(first: int, every: int, last: int) -> tuple[int, ...]:
    """Numbers at which is looked: ``first``, then after ``every`` more, and at ``last``."""
    return tuple(dict.fromkeys([*range(first, last, every), last]))
