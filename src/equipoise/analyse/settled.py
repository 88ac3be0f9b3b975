"""Progression that had to be confirmed: what the assessments that came after it made of it.

iRECIST (Seymour et al. 2017, doi:10.1016/S1470-2045(17)30074-8): an iUPD is the day of progression once iCPD confirms it. Stable disease or a
response after it refutes it, and the bar is reset. Where neither came (no further scan, iUPD to the end, death) it stands.
"""

from __future__ import annotations

from dataclasses import replace

from equipoise.trial.assessment import Assessment
from equipoise.trial.patient import Patient
from equipoise.trial.response import Word


def settled(patient: Patient, refuted: Word) -> Patient:
    """A patient in whose record a progression that was refuted counts as ``refuted``."""
    if not any(a.word.unconfirmed for a in patient.every_assessment):
        return patient
    readers = {name: _settled(read, refuted) for name, read in patient.readers.items()}
    return replace(patient, assessments=_settled(patient.assessments, refuted), readers=readers)


def _settled(read: list[Assessment], refuted: Word) -> list[Assessment]:
    return [
        a._replace(word=refuted) if a.word.unconfirmed and is_refuted(read[i + 1 :]) else a for i, a in enumerate(read)
    ]


def is_refuted(later: list[Assessment]) -> bool:
    """True if the first assessment after it that settles a progression shows none. What cannot be read settles nothing."""
    for a in later:
        if a.baseline or not a.word.readable or a.word.unconfirmed:
            continue
        return not a.word.progresses
    return False
