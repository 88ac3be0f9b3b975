"""Whole numbers out of products and quotients of numbers that are not: one rule for all of them.

41.67 patients a month for 12 months are 500.04 patients as a computer sees it, and 0.1 · 30 is 3.0000000000000004. A count that must
be reached is rounded up, one that must not be exceeded down, and what lies within a hair (1e-9 of it) of a whole number is that number.
A number that is meant, such as a rate times a time, is the nearest whole one.
"""

from __future__ import annotations

import math

#: By so much of itself may a number miss a whole one through the rounding of floats.
HAIR = 1e-9


def at_least(x: float) -> int:
    """The least whole number that is not below ``x``, but for a hair.

    >>> at_least(0.1 * 30), at_least(3.1)
    (3, 4)
    """
    return math.ceil(x - HAIR * max(1.0, abs(x)))


def at_most(x: float) -> int:
    """The largest whole number that is not above ``x``, but for a hair.

    >>> at_most(0.29 * 100), at_most(28.9)
    (29, 28)
    """
    return math.floor(x + HAIR * max(1.0, abs(x)))


def nearest_whole(x: float) -> int:
    """The nearest whole number; halves, but for a hair, go up.

    >>> nearest_whole(41.67 * 12), nearest_whole(41.66 * 12), nearest_whole(2.5)
    (500, 500, 3)
    """
    return at_most(x + 0.5)
