"""Trial: the protocol as a value, read from one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr

from equipoise.trial.arm import Arm
from equipoise.trial.baseline import Baseline
from equipoise.trial.basket import BasketPlan
from equipoise.trial.cohort import TrialCohort, held, shared_out
from equipoise.trial.design import Design
from equipoise.trial.dose_modification import DoseModification
from equipoise.trial.drug import Drug
from equipoise.trial.eligibility_review import EligibilityReview
from equipoise.trial.endpoint import Binary, Endpoint, Landmark, TimeToEvent
from equipoise.trial.funnel import MOST_STEPS, FunnelStep, Orphan
from equipoise.trial.grading import AdverseEvents
from equipoise.trial.later import LATER
from equipoise.trial.monitored import Monitored, monitored
from equipoise.trial.own_form import OwnForm
from equipoise.trial.part import MOST_IN_BLOCK, MOST_NAME, MOST_PATIENTS, MOST_VISITS, Part
from equipoise.trial.patients import Patients
from equipoise.trial.people_rules import PeopleRules
from equipoise.trial.phase1 import DoseLevel, Phase1
from equipoise.trial.places import covers
from equipoise.trial.population import Population, populations_of
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol import Activity, Protocol, Visit
from equipoise.trial.protocol_parts import (
    Amendments,
    Assessments,
    ControlCheck,
    Criterion,
    Factor,
    History,
    Monitoring,
    Randomisation,
    Site,
)
from equipoise.trial.provenance import Assumption, Source
from equipoise.trial.safety import SafetyRule
from equipoise.trial.sample import SamplePlan
from equipoise.trial.table import TableMapping


def fingerprint_of(definition: str) -> str:
    """SHA-256 of a definition's canonical JSON, hexadecimal."""
    return hashlib.sha256(definition.encode()).hexdigest()


class Trial(Part):
    """The protocol: everything that is settled before the first patient."""

    format: Literal[1] = Field(description="Version of this file's format.")
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=MOST_NAME, description="Short name, lower case: 'north'.")
    title: str = Field(min_length=1)
    phase: Literal["I", "I/II", "II", "III"]
    sponsor: str = ""
    registration: tuple[str, ...] = ()
    start: date = Field(description="First day on which anything may happen in the trial.")
    target_enrolment: int = Field(ge=1, le=MOST_PATIENTS, description="Patients to be randomised in all.")
    population: str = Field(min_length=1)
    rationale: str = ""
    eligibility: tuple[Criterion, ...] = ()
    eligibility_review: EligibilityReview | None = Field(
        default=None,
        description="Where eligibility is confirmed after enrolment: by whom, and what becomes of the ineligible.",
    )
    arms: tuple[Arm, ...] = Field(min_length=1, max_length=MOST_IN_BLOCK)
    sites: tuple[Site, ...] = ()
    patients: Patients | None = Field(
        default=None,
        description="How patients are numbered (left out: site, dash, counter, or as given), and what is asked at screening.",
    )
    randomisation: Randomisation | None = Field(
        default=None, description="How arms are given; left out where nobody is randomised, in a trial of one arm."
    )
    assessments: Assessments | None = None
    adverse_events: AdverseEvents | None = Field(
        default=None, description="By which edition of CTCAE adverse events are graded; an event may say another."
    )
    people: PeopleRules | None = Field(
        default=None, description="What must stand before a person's access opens, in a log that is opened with people."
    )
    populations: tuple[Population, ...] = Field(
        default=(),
        description="Populations beside those that ship (ITT, SAF, RESP, PP, one for each landmark), or in their place.",
    )
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    design: Any = Field(
        default=None, exclude=True, repr=False, description="The design, made once by who reads the file."
    )
    design_table: dict[str, Any] | None = Field(
        default=None, description="[design] as the file states it: its `kind` and what that kind asks for."
    )
    monitoring: Monitoring | None = None
    safety: tuple[SafetyRule, ...] = Field(
        default=(), description="Rules of the safety shelf beside the design, each watching an event."
    )
    dose_levels: tuple[DoseLevel, ...] = Field(
        default=(), description="Doses that patients may be assigned to, rising: phase I."
    )
    drugs: tuple[Drug, ...] = Field(
        default=(),
        description="How the simulator takes a drug to be distributed and cleared: an assumption with a source.",
    )
    samples: tuple[SamplePlan, ...] = Field(
        default=(), description="Which concentrations of a drug are measured, when and down to which limit."
    )
    dose_modifications: tuple[DoseModification, ...] = Field(
        default=(), description="What is done with a drug after an adverse event: held, reduced, stopped."
    )
    phase1: Phase1 | None = Field(default=None, description="How the dose is found, and what a DLT is.")
    markers: tuple[Factor, ...] = Field(
        default=(),
        description="What is recorded of a patient at enrolment, or later, beside the stratification factors.",
    )
    baseline: tuple[Baseline, ...] = Field(
        default=(),
        description="What the baseline table shows beside the factors: recorded at enrolment, `conduct enrol --baseline age=62`.",
    )
    forms: tuple[OwnForm, ...] = Field(
        default=(), description="Forms for what no analysis reads: vital signs, history, medication, laboratory."
    )
    cohorts: tuple[TrialCohort, ...] = Field(
        default=(), description="Cohorts, parts or strata, each decided on its own: by its own [design] or the trial's."
    )
    basket: BasketPlan | None = Field(default=None, description="How the cohorts are decided together in the end.")
    amendments: Amendments | None = Field(
        default=None, description="How an amendment that brings this definition takes effect."
    )
    history: History | None = None
    control_check: ControlCheck | None = None
    table: TableMapping | None = None
    funnel: tuple[FunnelStep, ...] = Field(
        default=(),
        max_length=MOST_STEPS,
        description="From the new cases of a year to the patients who consent: `equipoise feasibility`.",
    )
    orphan: tuple[Orphan, ...] = Field(
        default=(), max_length=MOST_STEPS, description="Orphan designations, one a jurisdiction."
    )
    protocol: Protocol | None = Field(
        default=None,
        description="What the protocol as a document says beside: identifiers, version, ages, texts of one's own.",
    )
    visits: tuple[Visit, ...] = Field(
        default=(),
        max_length=MOST_VISITS,
        description="Planned visits; left out: those that regimens and assessments ask for.",
    )
    activities: tuple[Activity, ...] = Field(
        default=(), max_length=MOST_VISITS, description="What is done at which visits: the schedule of activities."
    )
    assumptions: tuple[Assumption, ...] = ()
    sources: tuple[Source, ...] = ()
    #: The whole trial and the cohort's name, where this is the trial as one of its cohorts sees it.
    _view: tuple[Trial, str] | None = PrivateAttr(default=None)
    #: How it was defined at a site on a day, where it was amended.
    _at: Callable[[str, date], Trial] | None = PrivateAttr(default=None)
    #: True of the trial as a log has it that begins with phase I, whatever the file says of a level that was declared before.
    _from_first: bool = PrivateAttr(default=False)

    @cached_property
    def definition(self) -> str:
        """The definition's content as canonical JSON; comments and layout of the file do not count.

        A cohort has that of the whole file, unless it was changed since. ``files.definition`` reads the trial back from it.
        """
        if self._view is not None:
            whole, name = self._view
            if self.model_dump() == whole.cohort(name).model_dump():
                return whole.definition
        said = self.model_dump(mode="json")
        said["design"] = said.pop("design_table")
        # Entries that came later are not there where they are not said: fingerprints of older files stay what they were.
        said = {k: v for k, v in said.items() if k not in LATER or v}
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the definition, hexadecimal."""
        return fingerprint_of(self.definition)

    @property
    def opening(self) -> Mapping[str, str]:
        """What the log of the trial begins with: its name, and its definition with the fingerprint."""
        return {"trial": self.id, "fingerprint": self.fingerprint, "definition": self.definition}

    def as_amended(self, at: Callable[[str, date], Trial]) -> Self:
        """This trial with what tells how it was defined at each site on each day."""
        amended = self.model_copy()
        amended._at = at
        return amended

    @property
    def amended(self) -> bool:
        """True where it knows how it was defined before."""
        return self._at is not None

    def at(self, site: str, day: date) -> Trial:
        """The trial as it was defined at a site on a day; itself where it was never amended."""
        return self._at(site, day) if self._at is not None else self

    # -- parts: phase I, and phase II at its dose: see ``trial.hand_over`` ---------------------------------------------

    def handed_over(self, level: str | None, *, from_first: bool) -> Trial:
        """The trial with the dose of a level wherever the file leaves it to phase I; None: not set yet. Its definition is the same.

        ``from_first``: in a log that begins with phase I.
        """
        made_before, key = self.at_levels, (level, from_first)
        if key not in made_before:
            set_ = next((x for x in self.dose_levels if x.label == level), None)
            arms = tuple(a.at_level(None if set_ is None else set_.dose_for) for a in self.arms)
            made = self.model_copy(update={"arms": arms})
            made._from_first = from_first
            made_before[key] = made
        return made_before[key]

    @cached_property
    def at_levels(self) -> dict[tuple[str | None, bool], Trial]:
        """What ``handed_over`` made before: the same trial each time."""
        return {}

    @property
    def in_parts(self) -> bool:
        """True of a trial whose part 1 finds the dose, and part 2 is phase II."""
        return self.phase == "I/II" and self.phase1 is not None

    @property
    def finds_dose(self) -> bool:
        """True where patients are assigned to dose levels: not in a log that is opened with phase II."""
        return self.phase1 is not None and (self._from_first or self.phase1.declared is None)

    @property
    def draws_levels(self) -> bool:
        """True where dose levels are given by lot, by the trial's secret."""
        return self.phase1 is not None and self.finds_dose and self.phase1.rule.by_lot

    @property
    def first_day(self) -> date:
        """The first day on which anything may happen in its log."""
        opens = self.phase1.opens if self.phase1 is not None and self.finds_dose else None
        return opens or self.start

    # -- cohorts ----------------------------------------------------------------------------------------------------

    @property
    def cohort_name(self) -> str:
        """The cohort that this is, where it is the trial as one of its cohorts sees it; else ''."""
        return self._view[1] if self._view is not None else ""

    @property
    def whole(self) -> Trial:
        """The trial with all its cohorts; itself where it is no cohort's."""
        return self._view[0] if self._view is not None else self

    @property
    def divided(self) -> bool:
        """True of a whole trial with cohorts: it has no look and no decision but theirs."""
        return bool(self.cohorts) and self._view is None

    @property
    def cohort_names(self) -> tuple[str, ...]:
        """The names of its cohorts."""
        return tuple(c.name for c in self.cohorts)

    @property
    def own_cohort(self) -> TrialCohort | None:
        """What the file says of the cohort that this is; None of a trial that is no cohort's."""
        return next((c for c in self.cohorts if c.name == self.cohort_name), None)

    @cached_property
    def views(self) -> Mapping[str, Trial]:
        """Each cohort as a trial of its own, by its name, in the file's order; none of a trial without cohorts."""
        return {c.name: self.whole._seen_by(c) for c in self.cohorts}

    def cohort(self, name: str) -> Trial:
        """The trial as one of its cohorts sees it: its design, its looks, its patients. Raises BadInput for one that there is not."""
        if name not in self.cohort_names:
            allowed = (
                f"a cohort of {self.id}: {', '.join(self.cohort_names)}"
                if self.cohorts
                else "this trial has no cohorts"
            )
            raise BadInput(self.id, [Problem("unknown-cohort", "cohort", repr(name) if name else "none", allowed)])
        return self.whole.views[name]

    def one(self, cohort: str = "") -> Trial:
        """The trial as the cohort sees it that is named; itself where none is. Raises BadInput for a trial with cohorts and none named."""
        if cohort:
            return self.cohort(cohort)
        if self.divided:
            allowed = f"one of {', '.join(self.cohort_names)}: each has its own design, looks and decision, and none is pooled with another"
            raise BadInput(self.id, [Problem("which-cohort", "cohort", "none", allowed, "--cohort NAME")])
        return self

    def _seen_by(self, c: TrialCohort) -> Trial:
        r = self.randomisation
        seen = self.model_copy(
            update={
                "title": f"{self.title}: {c.title}",
                "population": c.population or self.population,
                "target_enrolment": c.target_enrolment,
                "arms": tuple(a for a in self.arms if not c.arms or a.name in c.arms),
                "sites": shared_out(self.sites, c, self.cohorts),
                "randomisation": None if r is None else r.model_copy(update={"factors": held(r.factors, c.fixed)}),
                "markers": held(self.markers, c.fixed),
                "design": c.rules.design,
                "design_table": dict(c.rules.design_table),
                "monitoring": c.rules.monitoring,
                "assessments": c.rules.assessments,
            }
        )
        seen._view = (self, c.name)
        return seen

    @cached_property
    def level_numbers(self) -> Mapping[str, int]:
        """Dose levels by their labels, counted from 1."""
        return {level.label: i for i, level in enumerate(self.dose_levels, 1)}

    @property
    def recorded_factors(self) -> tuple[Factor, ...]:
        """All that is recorded of a patient with a level: the stratification factors, then the markers."""
        return (*self.factors, *self.markers)

    @cached_property
    def arm_by_name(self) -> Mapping[str, Arm]:
        """Arms by their short names."""
        return {arm.name: arm for arm in self.arms}

    @cached_property
    def site_by_name(self) -> Mapping[str, Site]:
        """Sites by their short names."""
        return {site.name: site for site in self.sites}

    @cached_property
    def endpoint_by_name(self) -> Mapping[str, Endpoint]:
        """Endpoints by their short names."""
        return {endpoint.name: endpoint for endpoint in self.endpoints}

    @cached_property
    def population_by_name(self) -> Mapping[str, Population]:
        """Populations by their short names, those that ship among them."""
        return populations_of(self.populations, self.endpoints, self.entered)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The stratification factors; none where nobody is randomised."""
        return self.randomisation.factors if self.randomisation is not None else ()

    @property
    def as_recorded(self) -> bool:
        """True where allocation is taken from a table of patients: it begins at randomisation."""
        return self.randomisation is not None and self.randomisation.method == "as recorded"

    @property
    def masked(self) -> bool:
        """True where the log tells codes, not arms, for somebody must not know them."""
        return self.randomisation is not None and self.randomisation.masked

    @property
    def entered(self) -> str:
        """What a patient is who has come onto an arm: 'randomised' or, where nobody is, 'enrolled'."""
        return "randomised" if self.randomisation is not None else "enrolled"

    @property
    def tested_arms(self) -> tuple[Arm, ...]:
        """The arms on trial."""
        return tuple(arm for arm in self.arms if arm.tested)

    @property
    def control_arms(self) -> tuple[Arm, ...]:
        """The control arms."""
        return tuple(arm for arm in self.arms if not arm.tested)

    def time_to_event(self, name: str) -> TimeToEvent:
        """The time-to-event endpoint called ``name``."""
        endpoint = self.endpoint_by_name[name]
        if not isinstance(endpoint, TimeToEvent):
            raise KeyError(f"{name} is not a time-to-event endpoint")
        return endpoint

    def landmark(self, name: str) -> Landmark:
        """The landmark endpoint called ``name``."""
        endpoint = self.endpoint_by_name[name]
        if not isinstance(endpoint, Landmark):
            raise KeyError(f"{name} is not a landmark endpoint")
        return endpoint

    @property
    def looked_at(self) -> Binary | None:
        """The endpoint that [monitoring] names, with a design or without; None where there is none."""
        endpoint = self.endpoint_by_name.get(self.monitoring.endpoint) if self.monitoring is not None else None
        return None if isinstance(endpoint, TimeToEvent) else endpoint

    @property
    def looked_at_landmark(self) -> Landmark | None:
        """That endpoint, if it is a landmark of a time to an event."""
        endpoint = self.looked_at
        return endpoint if isinstance(endpoint, Landmark) else None

    @cached_property
    def monitored(self) -> Monitored:
        """The design with what it looks at. Raises BadInput for a trial that has no design or no [monitoring], or whose cohorts have each their own."""
        self.one()
        if self.design is None and self.phase1 is not None:
            raise BadInput(self.id, [no_looks()])
        return monitored(self.id, self.design, self.monitoring, self.endpoints, self.arms)

    def designed(self, design: Design[Any], table: Mapping[str, Any] | None = None) -> Self:
        """This trial with another design; ``table`` as a file would state it (this one's own unless given)."""
        return self.model_copy(update={"design": design, **({} if table is None else {"design_table": dict(table)})})

    def assumed(self, *paths: str) -> tuple[Assumption, ...]:
        """The assumptions that cover any of these entries, or anything inside them; of a cohort also its own."""
        paths = (*paths, *(f"cohorts.{self.cohort_name}.{p}" for p in paths if self.cohort_name))
        return tuple(
            a for a in self.assumptions if any(covers(of, path) or covers(path, of) for of in a.of for path in paths)
        )


def no_looks() -> Problem:
    """What a phase I without a [design] answers to who asks for looks, or for trials simulated by them."""
    return Problem(
        "dose-finding", "design", "[phase1] alone",
        "a [design], whose looks are decided and simulated; dose finding by simulation through the log is not there yet",
        "`equipoise doses` says the next dose; `equipoise design KIND --truth …` how a dose-finding design behaves",
    )  # fmt: skip
