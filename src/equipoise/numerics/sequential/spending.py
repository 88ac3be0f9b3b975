"""Spending functions: how much of an error has been spent at information fraction t (0 to 1)."""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri

#: Names as they are asked for, and what they are.
NAMES = {
    "obrien-fleming": "O'Brien–Fleming-type (Lan & DeMets 1983, doi:10.2307/2336502)",
    "pocock": "Pocock-type (Lan & DeMets 1983, doi:10.2307/2336502)",
    "hsd": "Hwang, Shih & De Cani 1990, doi:10.1002/sim.4780091207",
    "power": "Kim & DeMets 1987, doi:10.2307/2336029",
}


def spent(name: str, error: float, t: float, parameter: float = 0.0) -> float:
    """The part of ``error`` (one-sided) spent by fraction ``t``. ``parameter``: gamma of 'hsd', rho of 'power'."""
    if t >= 1:
        return error
    if name == "obrien-fleming":
        return float(2 * ndtr(-ndtri(1 - error / 2) / math.sqrt(t)))
    if name == "pocock":
        return error * math.log1p((math.e - 1) * t)
    if name == "hsd":
        return error * t if parameter == 0 else error * math.expm1(-parameter * t) / math.expm1(-parameter)
    if name == "power":
        return float(error * t**parameter)
    raise ValueError(f"spending: got {name!r}; one of {', '.join(NAMES)}")
