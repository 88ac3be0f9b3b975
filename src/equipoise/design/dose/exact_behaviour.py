"""Exact behaviour of any design: by arrays where they know all its rules, else state by state."""

from __future__ import annotations

from typing import Any

from equipoise.design.dose import crm_exact, interval_exact
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, check_truth
from equipoise.design.dose.exact import characteristics as one_by_one
from equipoise.design.dose.layers import MOST_ROWS, InArrays, behaviour_of

#: Arrays take so many states in the time of one by itself.
_AT_ONCE = 40


def in_arrays(design: Any) -> InArrays | None:
    """The design as arrays ask it; None where they do not know all its rules."""
    if interval_exact.served(design):
        return interval_exact.IntervalArrays(design)
    return crm_exact.CrmArrays(design) if crm_exact.served(design) else None


def characteristics(design: Any, truth: DoseTruth, most_states: int = 2_000_000) -> DoseCharacteristics:
    """Exact behaviour. Raises BadInput for a truth that does not fit, and for more than ``most_states`` states at once where they are taken one by
    one, forty times as many in arrays."""
    arrays = in_arrays(design)
    if arrays is None:
        return one_by_one(design, truth, most_states)
    check_truth(design, truth)
    return behaviour_of(arrays, truth, min(_AT_ONCE * most_states, MOST_ROWS))
