"""How numbers are said to a reader: one way for p-values, shares, counts, intervals and ranges, in every table and figure.

A share of patients that were counted is said to a whole percent beside its count; an estimate with an interval to a tenth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import median

#: A dash: nothing to say. NR: not reached.
NOTHING, NOT_REACHED = "–", "NR"
_PERCENT = re.compile(r"(?<=\d)[ \u00a0\u202f]%")


def p_value(p: float) -> str:
    """Four decimals, or a bound; a dash for NaN.

    >>> p_value(0.00002947), p_value(0.9352)
    ('< 0.0001', '0.9352')
    """
    return NOTHING if math.isnan(p) else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def number(x: float, digits: int = 1) -> str:
    """A number, or NR: not reached."""
    return NOT_REACHED if math.isnan(x) else f"{x:.{digits}f}"


def percent(share: float, digits: int = 1) -> str:
    """A share as '33.3%'; a dash for NaN."""
    return NOTHING if math.isnan(share) else f"{100 * share:.{digits}f}%"


def interval(low: float, high: float, digits: int = 1) -> str:
    """'(3.4 to 9.6)', with NR for an end that is not reached."""
    return f"({number(low, digits)} to {number(high, digits)})"


def share(k: int, n: int) -> str:
    """'53 (67%)': a count among n; '0' where n is 0."""
    return f"{k} ({100 * k / n:.0f}%)" if n else "0"


def median_range(values: Sequence[float], digits: int = 0) -> str:
    """'62 (41 to 78)': the median and the range; a dash for nothing."""
    if not values:
        return NOTHING
    middle = float(median(values))
    said = f"{middle:.{digits}f}" if digits else f"{middle:g}"
    return f"{said} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def one_percent(text: str) -> str:
    """A text in which a percent sign stands at its number: '95 % CI' and '95% CI' are said alike.

    >>> one_percent("Rate (95 % CI)")
    'Rate (95% CI)'
    """
    return _PERCENT.sub("%", text)
