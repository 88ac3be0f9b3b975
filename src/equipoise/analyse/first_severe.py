"""The cumulative incidence of the first adverse event of grade 3 or worse, where death competes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from equipoise.analyse.adverse_events import SEVERE
from equipoise.analyse.groups import Group
from equipoise.analyse.incidence import curve_of_incidence
from equipoise.numerics.times.competing import CENSORED, EVENT, OTHER, cumulative_incidence
from equipoise.trial.exhibits import LineFigure
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot


def first_severe(p: Patient, cutoff: date) -> tuple[int, int] | None:
    """Days from the first dose (entry, without drugs) to the first such event, to death before it, or to the last contact; and which it was.

    None of who has no origin. An event before the origin is no event after it and does not count.
    """
    begun = p.doses[0] if p.doses else p.randomised
    if begun is None:
        return None
    origin = begun.happened
    severe = [e.happened for e in p.adverse_events if e.data["grade"] >= SEVERE and e.happened >= origin]
    if severe:
        return (min(severe) - origin).days, EVENT
    if p.died is not None:
        return (p.died.happened - origin).days, OTHER
    last = min(p.last_contact or origin, cutoff)
    return max((last - origin).days, 0), CENSORED


def first_severe_figure(groups: Sequence[Group], snap: Snapshot) -> LineFigure | None:
    """A curve a group with its band; None where nobody had such an event."""
    curves = []
    any_event = False
    for group in groups:
        found = [f for p in group.patients if (f := first_severe(p, snap.cutoff)) is not None]
        if not found:
            continue
        days, kinds = np.array([d for d, _ in found], dtype=np.float64), np.array([k for _, k in found])
        any_event |= bool((kinds == EVENT).any())
        curves.append(curve_of_incidence(group.head, cumulative_incidence(days, kinds)))
    if not any_event:
        return None
    return LineFigure(
        "First adverse event of grade 3 or worse",
        "Months since the first dose",
        "Cumulative incidence",
        curves,
        caption="Aalen–Johansen with 95 % bands; death without such an event competes, the last contact censors.",
        y_range=(0, 1),
        percent=True,
    )
