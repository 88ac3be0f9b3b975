"""ADSL: one record a patient, with the days that everything else is counted from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from equipoise.analyse.populations import membership
from equipoise.standards.adam.source import source_of
from equipoise.standards.sdtm.baseline import baseline_values, demographics
from equipoise.standards.sdtm.from_log import actual_arm, exposure_recorded, person
from equipoise.trial.event import Event
from equipoise.trial.hand_over import at_levels, given_group, planned_group
from equipoise.trial.partial_date import PartialDate
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

#: From what a patient is last known to be alive: any contact, or what admiral's template takes: adverse events, laboratory
#: visits and the last dose.
AliveBy = Literal["any contact", "admiral"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient's days. ``last_alive`` and ``alive_source`` say when, and from which event, the patient was last known to be alive."""

    patient: Patient
    randomised: date | None
    first_dose: date | None
    last_dose: date | None
    died: date | None
    last_alive: date | None
    alive_source: Event | None

    @property
    def days(self) -> dict[str, date | None]:
        """The days by the names that ADSL gives them."""
        return {
            "RANDDT": self.randomised, "TRTSDT": self.first_dose, "TRTEDT": self.last_dose, "DTHDT": self.died,
            "LSTALVDT": self.last_alive,
        }  # fmt: skip


def subject(patient: Patient, alive_by: AliveBy = "any contact") -> Subject:
    """The days of one patient."""
    last_alive, from_event = _last_alive(patient, alive_by)
    return Subject(
        patient,
        patient.randomised.happened if patient.randomised else None,
        patient.doses[0].happened if patient.doses else None,
        last_dose(patient, alive_by),
        patient.died.happened if patient.died else None,
        last_alive,
        from_event,
    )


def last_dose(patient: Patient, alive_by: AliveBy = "any contact") -> date | None:
    """The last day of exposure; an interval of doses ends on the day it says it does.

    By admiral only recorded ends count, where there is one: an interval that began and has no end is passed over.
    """
    ends = [end for e in patient.doses if (end := ended(e, "until")) is not None]
    if alive_by == "admiral" and ends:
        return max(ends)
    return max((*ends, *(e.happened for e in patient.doses)), default=None)


def _began(event: Event, alive_by: AliveBy) -> date:
    """The day on which an event began; by admiral a partial date is its first possible day, whatever the log's rule made of it."""
    if alive_by == "admiral" and "dated" in event.data:
        return PartialDate.parse(str(event.data["dated"])).first
    return event.happened


def ended(event: Event, name: str) -> date | None:
    """The last day of what an event stands for, where it says when it ended."""
    text = event.data.get(name)
    return date.fromisoformat(text) if isinstance(text, str) and text else None


def _alive(patient: Patient, alive_by: AliveBy) -> Iterator[tuple[date, Event]]:
    """Days on which a patient was seen alive, by what the rule counts."""
    for e in patient.adverse_events:
        yield max(_began(e, alive_by), ended(e, "until") or date.min), e
    dose = last_dose(patient, alive_by)
    if dose is not None:
        yield dose, next(e for e in reversed(patient.doses) if dose in (e.happened, ended(e, "until")))
    for e in patient.contacts:
        if alive_by == "any contact" or "LAB" in f"{e.data.get('visit', '')} {e.why}".upper():
            yield e.happened, e
    if alive_by == "admiral":
        return
    events: Iterable[Event | None] = (
        patient.screened, patient.enrolled, patient.randomised, patient.treatment_ended, patient.study_ended, patient.next_therapy,
        patient.withdrawn, *(a.event for a in patient.every_assessment),
        *patient.progressed,
    )  # fmt: skip
    for event in events:
        if event is not None:
            yield event.happened, event


def _last_alive(patient: Patient, alive_by: AliveBy) -> tuple[date | None, Event | None]:
    """The last day on which a patient was known to be alive, never after death."""
    if alive_by == "any contact":
        # What was analysed: see Patient.last_contact. The event is that of the same day.
        day = patient.last_contact
        return day, next((e for on, e in _alive(patient, alive_by) if on == day), None)
    return max(_alive(patient, alive_by), key=lambda f: (f[0], -f[1].number), default=(None, None))


#: Flag of ADSL → the trial's population.
FLAGS = {"ITTFL": "ITT", "SAFFL": "SAF", "PPROTFL": "PP", "RESPEVFL": "RESP"}


def flags(trial: Trial, patient: Patient, cutoff: date) -> dict[str, str]:
    """Y or N for each population, none of which has patients of phase I; the treatment received is the arm under which the patient counts for safety."""
    given = given_group(trial, patient)[1] if at_levels(trial, patient) else ""
    if patient.randomised is None:
        return {**dict.fromkeys(FLAGS, "N"), "TRT01A": given}
    found = {f: membership(patient, trial.population_by_name[name], trial, cutoff) for f, name in FLAGS.items()}
    arm = trial.arm_by_name.get(found["SAFFL"].arm)
    return {
        **{flag: "Y" if m.member else "N" for flag, m in found.items()},
        "TRT01A": given or ((arm.label if arm else found["SAFFL"].arm) if found["SAFFL"].member else ""),
    }


def arm_columns(trial: Trial, patient: Patient) -> dict[str, Any]:
    """What every dataset says of a patient."""
    code, label = planned_group(trial, patient)
    return {"STUDYID": trial.id.upper(), "USUBJID": patient.name, "ARM": label, "ARMCD": code, "TRT01P": label}


def subject_row(trial: Trial, s: Subject, cutoff: date, exposed: bool) -> dict[str, Any]:
    """One record of ADSL, as known at the cut-off. ``exposed``: the trial records doses (see ``actual_arm``)."""
    p = s.patient
    arm = arm_columns(trial, p)
    status, ended, reason = _end_of_study(p)
    came = source_of(s.alive_source)
    treatment_end = p.treatment_ended
    return {
        **arm, "SUBJID": p.name, "SITEID": p.site,
        **{n: v for n, v in (person(p) | demographics(trial, p)).items() if n in ("AGE", "AGEU", "SEX", "RACE")},
        **{name: value for name, _, value in baseline_values(trial, p)},
        **(actual_arm(trial, p, exposed) if _actual_known(p) else {}), **s.days, **flags(trial, p, cutoff),
        "DTHDTF": imputed(p.died), "DTHFL": "Y" if p.died else "",
        "EOSSTT": status, "EOSDT": ended, "DCSREAS": reason,
        "EOTSTT": "" if not p.doses else "ONGOING" if treatment_end is None else _treatment_status(treatment_end),
        "EOTDT": treatment_end.happened if treatment_end else None,
        "SRCDOM": came.domain if s.last_alive else "", "SRCSEQ": came.sequence if s.last_alive else None,
    }  # fmt: skip


def subject_rows(trial: Trial, subjects: Sequence[Subject], cutoff: date) -> Iterator[dict[str, Any]]:
    """The records of ADSL."""
    exposed = exposure_recorded(s.patient for s in subjects)
    return (subject_row(trial, s, cutoff, exposed) for s in subjects)


def _actual_known(p: Patient) -> bool:
    """True where the actual arm was stated: by SDTM (of DM's ACTARM the log keeps what differs from ARM), or by the event."""
    return p.randomised is not None and (
        "actual" in p.randomised.data or source_of(p.randomised).domain in ("DM", "DS")
    )


def imputed(event: Event | None, recorded: str = "dated") -> str:
    """ADaM's imputation flag of an event's day: D, M or Y by the largest part that was imputed, or '' where the date was recorded."""
    if event is None or recorded not in event.data:
        return ""
    return PartialDate.parse(str(event.data[recorded])).missing


def _end_of_study(p: Patient) -> tuple[str, date | None, str]:
    """Status, day and reason; ongoing while the log knows of no end."""
    for event, reason in ((p.died, "DEATH"), (p.withdrawn, "WITHDRAWAL BY SUBJECT"), (p.lost, "LOST TO FOLLOW-UP")):
        if event is not None:
            return "DISCONTINUED", event.happened, reason
    ended = p.study_ended
    if ended is not None and p.randomised is not None:
        reason = str(ended.data.get("reason", ""))
        if "COMPLET" in reason.upper():
            return "COMPLETED", ended.happened, ""
        return "DISCONTINUED", ended.happened, reason
    return ("ONGOING" if p.randomised else ""), None, ""


def _treatment_status(ended: Event) -> str:
    return "COMPLETED" if "complet" in str(ended.data.get("reason", "")).casefold() else "DISCONTINUED"
