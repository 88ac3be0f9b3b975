"""What happened beyond the cut-off and is known: it has not happened yet, and it says who was followed until then.

An inner part of ``analyse.data``. A log is cut with both its clocks; a finished table has one, the day on which things happened. So a
table, or a log that was taken in from one or from datasets, is cut by that clock alone, as of the day on which it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.table import is_row
from equipoise.trial.trial import Trial

#: Events that show nobody alive on the day before: they are found out, or judged, at a desk.
_AT_A_DESK = frozenset(
    {"lost", "eligibility reviewed", "unblinded", "deviation", "assigned", "dlt adjudicated", "dose omitted", "form"}
)
#: When an interval ended: not known yet of one that goes on beyond the cut-off.
_ENDS = ("until", "until_dated", "until_date_rule")


def taken_in_on(log: Log) -> date | None:
    """The day on which a finished table or datasets were taken into the log; None for a log that people kept as things happened.

    All of them came in at the moment at which the log was opened, and each event says from where.
    """
    if not len(log):
        return None
    opened = log[0].recorded
    return opened.date() if any(e.source and e.recorded == opened for e in log) else None


def follow(patients: Mapping[str, Patient], beyond: Sequence[Event], cutoff: date) -> None:
    """Mark those who were alive and followed at the cut-off, as what happened to them beyond it shows."""
    for event in beyond:
        if event.kind not in _AT_A_DESK and (patient := patients.get(event.patient)) is not None:
            patient.followed_to = cutoff


def free(trial: Trial, log: Log, patients: Mapping[str, Patient], beyond: Sequence[Event], cutoff: date) -> None:
    """Mark those of a table of last assessments of whom what ends their record lies beyond the cut-off.

    Such a table lists of each patient the assessment at which he is censored, or what ended his time, and no visit before. Where it is
    beyond the cut-off, he was free of progression on the cut-off. One with an assessment before it is censored there, as ever.
    """
    ending = [e for e in beyond if _ends(e)]
    if not ending or not _asks_for_assessments(trial) or not lists_last_only(trial, log):
        return
    for event in ending:
        patient = patients.get(event.patient)
        if patient is None or patient.progressed or any(not a.baseline for a in patient.every_assessment):
            continue
        patient.free_to = cutoff


def _ends(event: Event) -> bool:
    """What ends a patient's record of his tumour in a table of one row a patient."""
    return is_row(event) and (event.kind in ("progressed", "died") or _of_tumour(event))


def _asks_for_assessments(trial: Trial) -> bool:
    """True where some time is censored at an assessment."""
    times = (e for e in trial.endpoints if isinstance(e, TimeToEvent))
    return any(rule.at == "last assessment" for e in times for rule in e.censoring)


def _of_tumour(event: Event) -> bool:
    return event.kind == "assessed" and not event.data.get("baseline")


def lists_last_only(trial: Trial, log: Log) -> bool:
    """True of a table that lists one assessment a patient, his last: as the trial file says or, where it is silent, as the table is."""
    if trial.table is not None and trial.table.assessments is not None:
        return trial.table.assessments == "last only"
    seen = {(e.patient, e.data.get("assessor", INVESTIGATOR), e.happened) for e in log if is_row(e) and _of_tumour(e)}
    return max(Counter(place[:2] for place in seen).values(), default=0) < 2


def going_on(events: Iterable[Event], cutoff: date) -> list[Event]:
    """Events as they stood at the cut-off: treatment that goes on beyond it is given until then, and an adverse event has not ended."""
    day = cutoff.isoformat()
    return [e if str(e.data.get("until", "")) <= day else _open(e, day) for e in events]


def _open(event: Event, day: str) -> Event:
    data = {k: v for k, v in event.data.items() if k not in _ENDS}
    return replace(event, data=data | {"until": day} if event.kind == "treated" else data)


def notes_of(trial: Trial, patients: Iterable[Patient], beyond: Sequence[Event]) -> Iterator[str]:
    """What a reader should know of those who were followed beyond the cut-off."""
    people = list(patients)
    followed = sum(p.followed_to is not None and p.randomised is not None for p in people)
    if followed:
        yield f"followed beyond the cut-off and censored on it where censoring is at the last contact: {_number(followed)}."
    marked = sum(p.free_to is not None and p.randomised is not None for p in people)
    if marked:
        yield (
            f"taken as free of progression until the cut-off, for the table lists only last assessments: {_number(marked)}. "
            'Say assessments = "every visit" in [table] if it lists them all.'
        )
    late = {e.patient for e in beyond if e.kind in ("randomised", "enrolled")}
    out = len(late - {p.name for p in people if p.randomised is not None})
    if out:
        yield f"not in, as {trial.entered} after the cut-off: {_number(out)}."


def _number(n: int) -> str:
    return f"{n} patient" if n == 1 else f"{n:,} patients"
