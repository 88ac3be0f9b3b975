"""ADAE: one record an adverse event, with whether it is treatment-emergent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from equipoise.standards.adam.source import source_of
from equipoise.standards.adam.subjects import Subject, imputed
from equipoise.trial.event import Event

#: An adverse event that begins up to so long after the last dose is treatment-emergent [days].
EMERGENT_FOR = 30


def emergent(s: Subject, event: Event) -> bool:
    """True if it began on or after the day of the first dose and at most 30 days after the last."""
    if s.first_dose is None or event.happened < s.first_dose:
        return False
    return s.last_dose is None or event.happened <= s.last_dose + timedelta(days=EMERGENT_FOR)


def event_rows(s: Subject) -> Iterator[dict[str, Any]]:
    """A patient's adverse events in the order of days; those of one day by term, grade and record."""
    events = sorted(
        s.patient.adverse_events, key=lambda e: (e.happened, str(e.data["term"]), e.data.get("grade") or 0, e.number)
    )
    for i, event in enumerate(events, 1):
        came = source_of(event)
        yes = emergent(s, event)
        start = s.first_dose
        days = (event.happened - start).days if start is not None else None
        yield {
            "AESEQ": i, "AETERM": event.data["term"], "ASTDT": event.happened, "ASTDTF": imputed(event),
            "ASTDY": None if days is None else days + 1 if days >= 0 else days, "TRTEMFL": "Y" if yes else "",
            "ATOXGRN": event.data.get("grade"), "AESER": _yes(event.data.get("serious")),
            "AREL": _yes(event.data.get("related")), "TRTSDT": s.first_dose, "TRTEDT": s.last_dose,
            "SRCDOM": came.domain, "SRCVAR": came.variable, "SRCSEQ": came.sequence,
            "DRVDESC": f"began {'' if yes else 'not '}between the first dose and {EMERGENT_FOR} days after the last",
        }  # fmt: skip


def _yes(value: object) -> str:
    return "Y" if value is True else "N" if value is False else ""
