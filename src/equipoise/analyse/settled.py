"""Progression that had to be confirmed: what the assessments that came after it made of it.

IMWG (Kumar et al. 2016, doi:10.1016/S1470-2045(16)30206-6): progression by serum, urine or light chains counts from its day once the next
assessment that can be read shows it too, or death of the disease comes before one; until then it is none. By imaging it needs no second.

iRECIST (Seymour et al. 2017, doi:10.1016/S1470-2045(17)30074-8): an iUPD is the day of progression once iCPD confirms it. Stable disease or a
response after it refutes it, and the bar is reset. Where neither came (no further scan, iUPD to the end, death) it stands.
"""

from __future__ import annotations

from dataclasses import replace

from equipoise.trial.assessment import Assessment
from equipoise.trial.patient import Patient
from equipoise.trial.response import Vocabulary, Word
from equipoise.trial.vocabularies.recist11 import NE

#: The cause of death by which a progression stands that no assessment could confirm any more.
OF_DISEASE = "disease"
#: As what a progression counts that no second assessment has confirmed: nothing is known from it.
UNSECONDED = Word(NE, "Progression that no second assessment confirms", readable=False, unconfirmed=True, seconded=True)


def settled(patient: Patient, vocabulary: Vocabulary) -> Patient:
    """A patient in whose record a progression counts as what was made of it; what is refuted is stable disease."""
    if not any(_awaits(a) for a in patient.every_assessment):
        return patient
    readers = {name: _settled(read, patient, vocabulary) for name, read in patient.readers.items()}
    return replace(patient, assessments=_settled(patient.assessments, patient, vocabulary), readers=readers)


def _awaits(a: Assessment) -> bool:
    return a.word.progresses and (a.word.unconfirmed or a.word.seconded)


def _settled(read: list[Assessment], patient: Patient, vocabulary: Vocabulary) -> list[Assessment]:
    return [
        a._replace(word=_word(a, read[i + 1 :], patient, vocabulary)) if _awaits(a) else a for i, a in enumerate(read)
    ]


def _word(a: Assessment, later: list[Assessment], patient: Patient, vocabulary: Vocabulary) -> Word:
    settles = next((b for b in later if not b.baseline and b.word.readable and not _open(b)), None)
    if a.word.seconded:
        seen = next((b for b in later if not b.baseline and b.word.readable), None)
        by_death = seen is None and patient.died is not None and patient.died.data.get("cause") == OF_DISEASE
        return (
            replace(a.word, seconded=False) if by_death or (seen is not None and seen.word.progresses) else UNSECONDED
        )
    if settles is None:
        return a.word
    if not settles.word.progresses:
        return vocabulary.refuted
    # Confirmed: where the criterion has a word for it, in that word.
    return settles.word if settles.word.code != a.word.code else a.word


def _open(a: Assessment) -> bool:
    """True of a progression that is itself still to be confirmed."""
    return a.word.progresses and a.word.unconfirmed
