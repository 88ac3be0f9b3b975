"""A patient's way through the trial as records of DS: milestones, the end of treatment, the end of participation, what came after."""

from __future__ import annotations

from typing import Any

from equipoise.standards.sdtm.days import ON, day_text
from equipoise.standards.sdtm.subject import ENTERED, HOW, LEVEL, disposition_term
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient

_MILESTONE, _ENDING, _OTHER = "PROTOCOL MILESTONE", "DISPOSITION EVENT", "OTHER EVENT"
#: Ends that have a term of their own: a study that ended for another reason does not take theirs.
_OWN_TERM = ("DEATH", "LOST TO FOLLOW-UP", "WITHDRAWAL BY SUBJECT")


def level_words(assigned: Event) -> str:
    """'ASSIGNED TO DOSE LEVEL DL1', and how: backfilled, or at random."""
    how = "".join(f", {said}" for name, said in HOW.items() if assigned.data.get(name) is True)
    return f"{LEVEL} {assigned.data['level']}{how}"


def dispositions(patient: Patient) -> list[dict[str, Any]]:
    """The records. Participation ends once: by what came first (of one day, by death); an end after that is an *other event*."""
    found = []

    def put(event: Event | None, term: str, words: str, category: str, scope: str = "") -> None:
        if event is not None:
            row = {
                "DSTERM": words, "DSDECOD": term, "DSCAT": category, "DSSCAT": scope, "DSSTDTC": day_text(event),
                ON: event.happened,
            }  # fmt: skip
            found.append({k: v for k, v in row.items() if v})

    if (
        patient.randomised is patient.enrolled and patient.enrolled is not None
    ):  # nobody is randomised in this trial: enrolment gives the arm
        put(patient.enrolled, ENTERED, ENTERED, _MILESTONE)
        if patient.assigned is not None:
            put(patient.assigned, ENTERED, level_words(patient.assigned), _MILESTONE)
    else:
        put(patient.enrolled, "ELIGIBILITY CRITERIA MET", "ELIGIBILITY CRITERIA MET", _MILESTONE)
        put(patient.randomised, "RANDOMIZED", "RANDOMIZED", _MILESTONE)
        if patient.of_phase1 and patient.assigned is not None:
            put(patient.assigned, ENTERED, level_words(patient.assigned), _MILESTONE)
    if (ended := patient.treatment_ended) is not None:
        put(ended, disposition_term(ended.data["reason"]), ended.data["reason"], _ENDING, "STUDY TREATMENT")
    ends = sorted(_ends(patient), key=lambda e: (e[0].happened, e[1] != "DEATH"))
    for i, (event, term, words) in enumerate(ends):
        put(event, term, words, *((_ENDING, "STUDY PARTICIPATION") if i == 0 else (_OTHER,)))
    return found


def _ends(patient: Patient) -> list[tuple[Event, str, str]]:
    """What ends participation: the event, its term and its words."""
    found = []
    if (ended := patient.study_ended) is not None:
        term = disposition_term(ended.data["reason"])
        found.append((ended, "OTHER" if term in _OWN_TERM else term, ended.data["reason"]))
    if (gone := patient.withdrawn) is not None:
        found.append((gone, "WITHDRAWAL BY SUBJECT", gone.data.get("reason") or "WITHDRAWAL BY SUBJECT"))
    if patient.lost is not None:
        found.append((patient.lost, "LOST TO FOLLOW-UP", "LOST TO FOLLOW-UP"))
    if patient.died is not None:
        found.append((patient.died, "DEATH", "DEATH"))
    return found


def ended(patient: Patient) -> bool:
    """True of a patient whose participation has ended."""
    return bool(_ends(patient))
