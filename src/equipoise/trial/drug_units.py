"""Units of a drug's parameters, by what is measured: litres, days and milligrams inside."""

from __future__ import annotations

_HOURS = 24.0
#: What is measured → its units → how many of ours (L/day, L, 1/day) are one of them.
UNITS: dict[str, dict[str, float]] = {
    "clearance": {
        "L/day": 1.0, "L/h": _HOURS, "mL/day": 1e-3, "mL/h": 1e-3 * _HOURS, "mL/min": 1e-3 * 60 * _HOURS,
    },
    "volume": {"L": 1.0, "mL": 1e-3},
    "rate": {"/day": 1.0, "/h": _HOURS},
}  # fmt: skip


def measures(name: str) -> str:
    """What the parameter of that name is: CL and Q are clearances, V volumes, all others rates."""
    return {"C": "clearance", "Q": "clearance", "V": "volume"}.get(name[:1], "rate")


def in_ours(value: float, unit: str, name: str) -> float:
    """The value in L/day, L or 1/day. Raises KeyError for a unit that does not go with the name."""
    return value * UNITS[measures(name)][unit]
