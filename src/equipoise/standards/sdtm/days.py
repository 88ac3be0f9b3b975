"""What follows from a subject's days: --DY, --STDY and --ENDY beside every day, the epoch, the reference days of DM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.standards.study_day import study_day
from equipoise.trial.event import Event
from equipoise.trial.partial_date import PartialDate
from equipoise.trial.patient import Patient

Row = dict[str, Any]
Rows = dict[str, list[Row]]
#: Where a row keeps the day on which it counts in the log until its epoch is known: an imputed one where the date is partial.
ON = "on"
#: A day of a record and the study day beside it, after the domain's two letters.
PAIRS = (("DTC", "DY"), ("STDTC", "STDY"), ("ENDTC", "ENDY"))
#: Domains of the three general observation classes: each of their records has an epoch.
WITH_EPOCH = frozenset(("AE", "CM", "DS", "EX", "PC", "PP", "RS", "SS", "TR", "TU"))


def day_text(event: Event) -> str:
    """The day as it was recorded: a partial date stays partial."""
    return str(event.data.get("dated") or event.happened.isoformat())


def end_text(event: Event) -> str:
    """The last day as it was recorded; '' where there is none."""
    return str(event.data.get("until_dated") or event.data.get("until", ""))


def known(text: str) -> date | None:
    """A complete day; None for a partial date or none."""
    if not text:
        return None
    partial = PartialDate.parse(text)
    return partial.first if partial.complete else None


@dataclass(frozen=True, slots=True)
class Exposure:
    """The first and the last day of treatment, as they were recorded; '' without any."""

    first: str = ""
    last: str = ""

    @classmethod
    def of(cls, patient: Patient) -> Exposure:
        """Of one patient. An interval ends on the day it says it does."""
        if not patient.doses:
            return cls()
        last = max(patient.doses, key=lambda e: (e.data.get("until") or e.happened.isoformat(), e.number))
        return cls(day_text(patient.doses[0]), end_text(last) or day_text(last))


def study_days(domain: str, row: Row, start: date | None) -> None:
    """The study day beside each complete day of a record; none where the day or the reference start is not known in full."""
    for day, count in PAIRS:
        counted = study_day(known(row.get(f"{domain}{day}", "")), start)
        if counted is not None:
            row[f"{domain}{count}"] = counted


def epoch(patient: Patient, on: date) -> str:
    """The epoch of a day: treatment from randomisation, or in phase I from assignment, on, follow-up after the end of treatment."""
    if patient.treatment_ended is not None and on > patient.treatment_ended.happened:
        return "FOLLOW-UP"
    entered = patient.randomised or (patient.assigned if patient.of_phase1 else None)
    return "TREATMENT" if entered is not None and on >= entered.happened else "SCREENING"


def last_contact(rows: Rows) -> str:
    """The last day on which anything of a subject was recorded, as it was recorded: the end of participation of who has ended it."""
    found: list[tuple[date, str]] = []
    for domain, some in rows.items():
        for row in some:
            if ON in row and domain != "DM":
                started = next((row[f"{domain}{d}"] for d, _ in PAIRS[:2] if row.get(f"{domain}{d}")), "")
                found.append((row[ON], started))
            ended = row.get(f"{domain}ENDTC", "")
            if (day := known(ended)) is not None:
                found.append((day, ended))
    return max(found, key=lambda f: (f[0], len(f[1])), default=(date.min, ""))[1]


def without_late_flags(domain: str, some: Sequence[Row], first: date | None) -> None:
    """Of each lesion, test and assessor one record is the last observation before exposure: none after it, none without a result.

    The records come in the order of their days.
    """
    flag = f"{domain}LOBXFL"
    seen = set()
    for row in reversed(some):
        if flag not in row:
            continue
        of = tuple(row.get(f"{domain}{name}") for name in ("LNKID", "TESTCD", "EVAL", "EVALID"))
        late = first is not None and ON in row and row[ON] > first
        if late or of in seen or not row.get(f"{domain}STRESC"):
            del row[flag]
        else:
            seen.add(of)
