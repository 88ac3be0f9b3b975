"""What the trial's rule says of a statistic of times: the two values at which its action changes, found by asking the rule itself.

The rule is asked of a look with so much attained, after earlier looks with so much. As the statistic grows the action goes from one to
the next and never back (stop, go on, declare); the places of change are found to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from equipoise.decide.ruling import REFUSED, Seen, code_of
from equipoise.decide.trial_rule import rule_of
from equipoise.simulate.plan import Plan
from equipoise.trial.problem import BadInput

#: No statistic lies beyond.
_FAR = 1e6
#: The design's own distance says where its boundary is, but for rounding.
_NEAR = 1e-7


def of_times(plan: Plan, question: int) -> tuple[tuple[int, int, int], tuple[float, float]]:
    """Three actions and the two values from which on the second and the third hold (infinite where there is none)."""
    m = plan.trial.monitored
    rest, stage = divmod(question, len(m.looks))
    side = plan.trial.target_enrolment + 1
    rest, attained = divmod(rest, side)
    earlier: list[float] = []
    for _ in range(stage):
        rest, before = divmod(rest, side)
        earlier.insert(0, float(before))
    taken = tuple(d for d in earlier if d > 0)
    rule, takes = rule_of(plan.trial, stage + 1), m.design.takes
    hints: list[float] = []

    def ask(z: float) -> int:
        try:
            ruling = rule.of(Seen(takes(stage + 1, z, float(attained), taken)))
        except BadInput:
            return REFUSED
        hints.append(z - ruling.distance)
        return code_of(ruling.action)

    lowest, highest = ask(-_FAR), ask(_FAR)
    if lowest == highest:
        return (lowest, lowest, lowest), (math.inf, math.inf)
    ask(0.0)
    first = _first(ask, lowest, hints, changed_from=True)
    middle = ask(first)
    if middle == highest:
        return (lowest, highest, highest), (first, math.inf)
    last = _first(ask, highest, hints, changed_from=False)
    return (lowest, middle, highest), (first, last)


def _first(ask: Callable[[float], int], code: int, hints: list[float], *, changed_from: bool) -> float:
    """The least value whose action is no longer ``code`` or, not ``changed_from``, is ``code`` at last."""

    def there(z: float) -> bool:
        return (ask(z) != code) if changed_from else (ask(z) == code)

    low, high = -_FAR, _FAR
    for hint in [h for h in hints if abs(h) < _FAR / 2]:
        for z in (hint - _NEAR, hint + _NEAR):
            if low < z < high:
                low, high = (low, z) if there(z) else (z, high)
    while (middle := low + (high - low) / 2) not in (low, high):
        low, high = (low, middle) if there(middle) else (middle, high)
    return high
