"""ADAE: one record an adverse event, with whether it is treatment-emergent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from equipoise.standards.adam.source import source_of
from equipoise.standards.adam.subjects import Subject, ended, imputed
from equipoise.standards.sdtm.days import day_text, end_text
from equipoise.standards.sdtm.from_log import adverse_events
from equipoise.standards.study_day import study_day
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient

#: An adverse event that begins up to so long after the last dose is treatment-emergent [days].
EMERGENT_FOR = 30


def emergent(s: Subject, event: Event) -> bool:
    """True if it began on or after the day of the first dose and at most 30 days after the last."""
    if s.first_dose is None or event.happened < s.first_dose:
        return False
    return s.last_dose is None or event.happened <= s.last_dose + timedelta(days=EMERGENT_FOR)


def event_rows(s: Subject, treatment: str) -> Iterator[dict[str, Any]]:
    """A patient's adverse events in the order of days and of AESEQ. ``treatment``: that under which the patient counts for safety.

    AESEQ names the record of AE (OCCDS: copied unchanged, in place of SRCDOM and SRCSEQ).
    """
    numbers = ae_numbers(s.patient)
    for event in sorted(s.patient.adverse_events, key=lambda e: (e.happened, numbers[e.number])):
        yes = emergent(s, event)
        grade = event.data.get("grade")
        end = ended(event, "until")
        yield {
            "TRT01A": treatment, "AESEQ": numbers[event.number], "AETERM": event.data.get("reported", event.data["term"]),
            "AEDECOD": event.data["term"], "AEBODSYS": event.data.get("organ_class"), "AESOC": event.data.get("organ_class"),
            "AESTDTC": day_text(event), "ASTDT": event.happened, "ASTDTF": imputed(event),
            "ASTDY": study_day(event.happened, s.first_dose), "AEENDTC": end_text(event), "AENDT": end,
            "AENDTF": imputed(event, "until_dated"), "AENDY": study_day(end, s.first_dose), "TRTEMFL": "Y" if yes else "",
            "ATOXGR": grade, "ATOXGRN": grade, "AESER": _yes(event.data.get("serious")),
            "AREL": _yes(event.data.get("related")), "TRTSDT": s.first_dose, "TRTEDT": s.last_dose,
            "DRVDESC": f"began {'' if yes else 'not '}between the first dose and {EMERGENT_FOR} days after the last" + _graded(event),
        }  # fmt: skip


def ae_numbers(patient: Patient) -> dict[int, int]:
    """Number of the event → AESEQ: that of the record that it came from; of a log of our own, that which our SDTM gives it.

    Where a patient has events of both kinds, all are numbered as our SDTM numbers them: a number names one record.
    """
    came = {e.number: source_of(e) for e in patient.adverse_events}
    if all(c.domain == "AE" and c.sequence is not None for c in came.values()):
        return {number: c.sequence for number, c in came.items() if c.sequence is not None}
    return {e.number: i for i, e in enumerate(adverse_events(patient), 1)}


def _graded(event: Event) -> str:
    """The edition of CTCAE, where the event says its own."""
    return f"; graded by CTCAE {event.data['ctcae']}" if "ctcae" in event.data else ""


def _yes(value: object) -> str:
    return "Y" if value is True else "N" if value is False else ""
