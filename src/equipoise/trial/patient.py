"""Patient: what is known of one person, from the events in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date

from equipoise.trial.assessment import INVESTIGATOR, Assessment, Occurrence, documented_progression
from equipoise.trial.event import Event
from equipoise.trial.log import in_order
from equipoise.trial.oversight import ON_PATIENTS
from equipoise.trial.response import Glossary
from equipoise.trial.vocabularies import OURS

#: Not a reader of its own: the independent reading that was accepted at each time point.
ACCEPTED = "accepted"


@dataclass(slots=True)
class Patient:
    """One person's record, each list in the order of the days on which things happened."""

    name: str
    site: str = ""
    screened: Event | None = None
    enrolled: Event | None = None
    #: The event that put the patient on an arm: randomisation or, in a trial where nobody is randomised, enrolment.
    randomised: Event | None = None
    #: Eligibility as a review found it after enrolment.
    reviewed: Event | None = None
    #: The last time that somebody was told the arm of a masked patient.
    unblinded: Event | None = None
    #: The dose level that the patient was assigned to, in phase I.
    assigned: Event | None = None
    doses: list[Event] = field(default_factory=list)
    #: Doses that were planned and not given.
    omitted: list[Event] = field(default_factory=list)
    #: Concentrations of drugs that were measured.
    samples: list[Event] = field(default_factory=list)
    #: Versions of the consent form that he signed.
    consents: list[Event] = field(default_factory=list)
    treatment_ended: Event | None = None
    study_ended: Event | None = None
    assessments: list[Assessment] = field(default_factory=list)
    #: Assessments by others than the investigator: assessor → theirs.
    readers: dict[str, list[Assessment]] = field(default_factory=dict)
    progressed: list[Event] = field(default_factory=list)
    #: Outcomes recorded by a name of their own: name → the last record.
    outcomes: dict[str, Event] = field(default_factory=dict)
    adverse_events: list[Event] = field(default_factory=list)
    #: The last word of a committee on whether the patient had a dose-limiting toxicity.
    adjudicated: Event | None = None
    next_therapy: Event | None = None
    #: Deviations from the protocol.
    deviations: list[Event] = field(default_factory=list)
    contacts: list[Event] = field(default_factory=list)
    #: What was recorded on forms of the trial file's own, which no analysis reads.
    forms: list[Event] = field(default_factory=list)
    withdrawn: Event | None = None
    lost: Event | None = None
    died: Event | None = None
    last: Event | None = None
    #: The cut-off, where the record is known to go on beyond it: he was alive and followed then.
    followed_to: date | None = None
    #: The cut-off, where the assessment or the event that ends a finished table's record of his tumour lies beyond it, and none is listed before.
    free_to: date | None = None

    @property
    def arm(self) -> str:
        """The arm the patient was randomised to, or '' before that, and where the log does not tell it."""
        return str(self.randomised.data.get("arm", "")) if self.randomised else ""

    @property
    def masked(self) -> bool:
        """True of a patient who is randomised and whose arm is not told."""
        return self.randomised is not None and "arm" not in self.randomised.data

    @property
    def of_phase1(self) -> bool:
        """True of who was enrolled into part 1 of a trial of phase I and II: he is on no arm."""
        return self.enrolled is not None and self.enrolled.data.get("part") == 1

    @property
    def cohort(self) -> str:
        """The cohort that the patient was enrolled into or, before that, screened for; '' for none."""
        event = self.enrolled or self.screened
        return str(event.data.get("cohort", "")) if event is not None else ""

    @property
    def failed_criteria(self) -> list[int]:
        """Numbers of the eligibility criteria that the patient failed at screening."""
        return list(self.screened.data["failed"]) if self.screened else []

    def copy(self) -> Patient:
        """The same record, to be added to apart from this one."""
        found = copy(self)
        for name in (
            "doses",
            "omitted",
            "samples",
            "consents",
            "assessments",
            "progressed",
            "adverse_events",
            "deviations",
            "contacts",
            "forms",
        ):
            setattr(found, name, list(getattr(self, name)))
        found.readers = {name: list(read) for name, read in self.readers.items()}
        found.outcomes = dict(self.outcomes)
        return found

    def add(self, event: Event, glossary: Glossary = OURS.own) -> None:
        """Take in one event. Events come in the order of the days on which they happened; ``glossary`` reads responses."""
        # What is recorded most often stands first: a simulation adds thousands of events a trial.
        match event.kind:
            case "treated":
                self.doses.append(event)
            case "assessed":
                assessor, found = event.data.get("assessor", INVESTIGATOR), Assessment.of(event, glossary)
                (self.assessments if assessor == INVESTIGATOR else self.readers.setdefault(assessor, [])).append(found)
            case "adverse event":
                self.adverse_events.append(event)
            case "contact":
                self.contacts.append(event)
            case "dose omitted":
                self.omitted.append(event)
            case "sampled":
                self.samples.append(event)
            case "consented":
                self.consents.append(event)
            case "form":
                self.forms.append(event)
            case "screened":
                self.screened = event
            case "enrolled":
                self.enrolled = event
                if "arm" in event.data:
                    self.randomised = event
            case "randomised":
                self.randomised = event
            case "unblinded":
                self.unblinded = event
            case "eligibility reviewed":
                self.reviewed = event
            case "assigned":
                self.assigned = event
            case "dlt adjudicated":
                self.adjudicated = event
            case "treatment ended":
                self.treatment_ended = event
            case "study ended":
                self.study_ended = event
            case "progressed":
                self.progressed.append(event)
            case "outcome":
                self.outcomes[event.data["outcome"]] = event
            case "next therapy":
                self.next_therapy = self.next_therapy or event
            case "deviation":
                self.deviations.append(event)
            case "withdrawn":
                self.withdrawn = event
            case "lost":
                self.lost = event
            case "died":
                self.died = event
            case _:
                raise ValueError(f"{event.kind!r} is not an event of a patient")
        if event.site:
            self.site = event.site
        if self.last is None or event.happened >= self.last.happened:
            self.last = event

    @property
    def every_assessment(self) -> Iterator[Assessment]:
        """The investigator's and then every reader's."""
        yield from self.assessments
        for found in self.readers.values():
            yield from found

    def progression_by(self, assessor: str = INVESTIGATOR) -> Occurrence | None:
        """The first progression: by an assessor's imaging, or recorded as such. On one day imaging comes first."""
        imaged = documented_progression(self.read_by(assessor))
        if not self.progressed or (imaged is not None and imaged.on <= self.progressed[0].happened):
            return imaged
        return Occurrence(self.progressed[0].happened, self.progressed[0])

    @property
    def first_progression(self) -> Occurrence | None:
        """The first progression by the investigator; see ``progression_by``."""
        return self.progression_by()

    @property
    def last_contact(self) -> date | None:
        """The last day on which the patient was known to be alive. Being lost is not contact."""
        days = [
            e.happened
            for e in (
                self.screened,
                self.enrolled,
                self.randomised,
                self.treatment_ended,
                self.study_ended,
                self.next_therapy,
                self.withdrawn,
                *self.doses[-1:],
                *self.samples[-1:],
                *self.assessments[-1:],
                *(read[-1] for read in self.readers.values()),
                *self.progressed[-1:],
                *self.outcomes.values(),
                *self.adverse_events[-1:],
                *self.contacts[-1:],
            )
            if e is not None
        ]
        if self.followed_to is not None:
            days.append(self.followed_to)
        return max(days, default=None)

    def read_by(self, assessor: str) -> list[Assessment]:
        """The assessments of one assessor; of 'accepted', those of any reader that were accepted."""
        if assessor == ACCEPTED:
            found = [a for read in self.readers.values() for a in read if a.event.data.get("accepted")]
            return sorted(found, key=lambda a: (a.happened, a.number))
        return self.assessments if assessor == INVESTIGATOR else self.readers.get(assessor, [])

    def last_assessment(self, before: date, assessor: str = INVESTIGATOR) -> date | None:
        """The last day, not after ``before``, of an assessment that could be read and showed no progression."""
        # They lie in the order of their days: the last is met first from the end.
        free_to = self.free_to if self.free_to is not None and self.free_to <= before else None
        return next(
            (a.happened for a in reversed(self.read_by(assessor)) if a.stands_free and a.happened <= before), free_to
        )


def gather(events: Iterable[Event], glossary: Glossary = OURS.own) -> dict[str, Patient]:
    """Patients from events in force, in the order in which they first appear. ``glossary`` reads the responses recorded."""
    patients: dict[str, Patient] = {}
    for event in in_order(e for e in events if e.patient and e.kind not in ON_PATIENTS):
        patient = patients.get(event.patient)
        if patient is None:
            patient = patients[event.patient] = Patient(event.patient)
        patient.add(event, glossary)
    return patients
