"""How numbers of an analysis are read in its tables."""

from __future__ import annotations

import math
from collections.abc import Iterable

from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.trial import Trial


def p_value(p: float) -> str:
    """A p-value as it is read: four decimals, or a bound."""
    return "–" if math.isnan(p) else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def number(x: float, digits: int = 1) -> str:
    """A number, or NR: not reached."""
    return "NR" if math.isnan(x) else f"{x:.{digits}f}"


def chi_squared(x: float) -> str:
    """A test statistic; a dash where nothing could be tested."""
    return "–" if math.isnan(x) else f"{x:.3f}"


def against(trial: Trial, tested: str, control: str) -> str:
    """A pair of arms by their labels."""
    return f"{trial.arm_by_name[tested].label} against {trial.arm_by_name[control].label}"


def with_limits(estimate: float, limits: tuple[float, float], digits: int = 1, unit: str = "") -> str:
    """An estimate with its interval; a dash where there is none, NR for a limit that there is not."""
    if math.isnan(estimate):
        return "–"
    return f"{estimate:.{digits}f}{unit} ({number(limits[0], digits)} to {number(limits[1], digits)})"


def caution_on_curves(endpoints: Iterable[TimeToEvent]) -> tuple[str, ...]:
    """What must stand where Kaplan–Meier estimates of these are shown; nothing where no competing event is censored."""
    names = [f"{e.label} ({' and '.join(e.competing)})" for e in endpoints if e.competing]
    if not names:
        return ()
    return (
        f"Caution: a competing event is censored in {'; '.join(names)}. One minus Kaplan–Meier then exceeds the share of patients who "
        "have the event: read the cumulative incidence.",
    )
