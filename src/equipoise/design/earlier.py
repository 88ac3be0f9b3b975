"""What the looks before were really taken on, as evidence says it: what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from equipoise.trial.problem import Problem


def earlier_problems(
    look: int, now: float, earlier: Sequence[float], where: str, unit: str, *, may_stand: bool = False
) -> Iterator[Problem]:
    """What is wrong with ``earlier`` (oldest first) before a look on ``now``, all in ``unit``; ``where`` names the latter.

    Each look is on more than 0 and on more than the look before. ``may_stand``: on no fewer is enough, where it may be that
    nobody who came since could be evaluated.
    """
    if look >= 1 and len(earlier) > look - 1:
        allowed = f"at most {look - 1} numbers: so many looks come before look {look}"
        yield Problem("too-many-earlier", "earlier", _said(earlier), allowed)
    if not all(math.isfinite(v) and v > 0 for v in earlier):
        yield Problem("no-information", "earlier", _said(earlier), f"{unit} above 0 at each look")
    elif any(b < a if may_stand else b <= a for a, b in pairwise(earlier)):
        grow = "do not fall" if may_stand else "grow"
        yield Problem("not-growing", "earlier", _said(earlier), f"numbers of {unit} that {grow} from look to look")
    if not (math.isfinite(now) and now > 0):
        yield Problem("cohort", where, f"{now:g}", f"{unit} above 0")
    elif earlier and (now < earlier[-1] if may_stand else now <= earlier[-1]):
        least = "no fewer" if may_stand else "more"
        yield Problem("cohort", where, f"{now:g}", f"{least} {unit} than at the look before ({earlier[-1]:g})")


def two_arm_problems(look: int, n: int, control_n: int, earlier: Sequence[tuple[int, int]]) -> list[Problem]:
    """What is wrong with the numbers of two arms at a look and at the looks before it, each arm by itself."""
    arms = ((n, "n", "tested patients"), (control_n, "control_n", "control patients"))
    return list(
        dict.fromkeys(
            problem
            for i, (now, where, unit) in enumerate(arms)
            for problem in earlier_problems(look, now, [e[i] for e in earlier], where, unit, may_stand=True)
        )
    )


def _said(earlier: Sequence[float]) -> str:
    return "/".join(f"{v:g}" for v in earlier)
