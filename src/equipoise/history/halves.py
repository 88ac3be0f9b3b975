"""Half a patient on each side: what gives a rate of 0 or 1 a logit.

An arm in which none or all succeeded has an infinite logit. Methods that take logits as normal need a finite one: half a success and
half a failure are added (Haldane 1955, doi:10.1111/j.1469-1809.1955.tb01285.x; Anscombe 1956). Whoever uses it names the arm.
Methods that take counts need none of it.
"""

from __future__ import annotations

import math


def halved(successes: float, n: float) -> tuple[float, float]:
    """The logit of ``successes`` of ``n`` with half a patient added on each side, and its variance.

    >>> halved(0, 9.5) == (-math.log(20), 2.1)
    True
    """
    x, y = successes + 0.5, n - successes + 0.5
    return math.log(x / y), 1 / x + 1 / y


def as_log_hazard(survival: float, variance: float) -> tuple[float, float]:
    """log(-log S) of a survival whose logit has this ``variance``, and the variance of that."""
    hazard = -math.log(survival)
    return math.log(hazard), ((1 - survival) / hazard) ** 2 * variance
