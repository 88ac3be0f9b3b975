"""Endpoints as data: what is an event, what censors and in what order, from which origin, and who is evaluable."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from equipoise.trial.duration import Duration, Lasting
from equipoise.trial.estimand import Estimand, implied
from equipoise.trial.named_rules import NAMED_RULES, RuleName
from equipoise.trial.part import MOST_NAME, MOST_TIMES, Part
from equipoise.trial.vocabularies import VOCABULARIES
from equipoise.trial.what_counts import WhatCounts

EventSource = Literal[
    "progression",
    "documented progression",
    "clinical progression",
    "death",
    "next therapy",
    "treatment ended early",
    "response",
]
Trigger = Literal[
    "next therapy",
    "withdrawal",
    "loss",
    "death",
    "progression",
    "clinical progression",
    "treatment ended early",
    "missed assessments",
    "no baseline",
    "no event",
]
CensoringDay = Literal["last assessment", "last contact", "that day", "origin"]
Policy = Literal["failure", "replace", "exclude"]
Role = Literal["primary", "secondary", "exploratory"]


def _a_word(code: str) -> str:
    """A word of a criterion that is known here. Which of them the trial's own criterion has is checked with the whole file."""
    if not any(code in v.order for v in VOCABULARIES.values()):
        raise ValueError(
            "; ".join(f"a response of {v.criterion}: {', '.join(v.order)}" for v in VOCABULARIES.values())
            + ". What sites record in other words is mapped to these in [assessments.words]"
        )
    return code


ResponseCode = Annotated[
    str,
    AfterValidator(_a_word),
    WithJsonSchema({"type": "string", "enum": list(dict.fromkeys(c for v in VOCABULARIES.values() for c in v.order))}),
]


class Censoring(Part):
    """One rule: when this comes first, the patient is censored at that day.

    'missed assessments' looks back from the event: it applies when at least ``missed`` planned assessments in a row
    were missed just before it. 'no baseline' applies to who has no assessment at baseline, whatever comes later.
    """

    when: Trigger = Field(description="What triggers the rule; 'no event' is what remains at the data cut-off.")
    at: CensoringDay = Field(description="The day on which the patient is censored.")
    missed: int = Field(default=2, ge=1, le=MOST_TIMES, description="With 'missed assessments': how many in a row.")
    before: Literal["any event", "death"] = Field(
        default="any event", description="With 'missed assessments': before which event they take it away."
    )


class _Named(Part):
    name: str = Field(
        pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME, description="Short name, as used in commands: 'PFS', 'PFS6'."
    )
    label: str = Field(min_length=1, description="The name that a reader sees.")
    role: Role
    population: str = Field(
        default="ITT", description="On which population it is analysed; ITT is all randomised. See `populations`."
    )


class _Confirmed(Part):
    """What confirms a response."""

    confirmation_after: Duration = Field(
        default=Duration(28.0, "4 weeks"),
        description="The least time between a response and its confirmation.",
    )
    missing_between: int = Field(
        default=1,
        ge=0,
        le=MOST_TIMES,
        description="Assessments that may be NE between a response and its confirmation.",
    )
    stable_between: int = Field(
        default=0,
        ge=0,
        le=MOST_TIMES,
        description="Assessments that may be SD between a partial response and its confirmation.",
    )


class TimeToEvent(_Named, _Confirmed):
    """Time from the origin to the first of the events.

    An event on the same day as a censoring trigger counts as an event. Of the rules whose trigger comes before the
    first event, the one that stands first in ``censoring`` applies. ``rules`` fills ``events`` and ``censoring`` with a
    published set; see ``named_rules``. With an ``estimand``, events and censoring must agree with its strategies; where
    ``censoring`` is not given, it follows from them. ``confirmed`` speaks of the origin 'first response' and of the event 'response'.
    ``competing`` events are shown as cumulative incidence.
    """

    kind: Literal["time to event"]
    origin: Literal["randomisation", "first dose", "first response"] = Field(
        description="'first response': for those who respond only, as in a duration of response."
    )
    rules: RuleName | None = Field(default=None, description="A published set of events and censoring rules, by name.")
    events: tuple[EventSource, ...] = Field(default=(), description="The first of these is the event.")
    censoring: tuple[Censoring, ...] = Field(default=(), description="In the order in which they apply.")
    estimand: Estimand | None = None
    confirmed: bool = Field(default=False, description="True if a response counts only once it is confirmed.")
    assessor: str = Field(default="investigator", min_length=1, description="Whose assessments count.")
    report_at: Duration | None = Field(
        default=None, description="A landmark at which the Kaplan–Meier estimate is given."
    )
    stratified_by: tuple[str, ...] = Field(
        default=(),
        description="Factors of the randomisation by which arms are compared in strata (log-rank, Cox); unstratified if none.",
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k != "stratified_by" or v}

    @property
    def competing(self) -> tuple[Trigger, ...]:
        """What censors and yet precludes the event: death, and of a response progression too, after which none counts."""
        never: set[Trigger] = {"death"}
        if set(self.events) == {"response"}:
            never |= {"progression", "clinical progression"}
        return tuple(c.when for c in self.censoring if c.when in never)

    @property
    def progression_or_death(self) -> bool:
        """True if the events are just progression, as scans show it, and death."""
        return {event.removeprefix("documented ") for event in self.events} == {"progression", "death"}

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        """Events and censoring by the named rules; both or neither must be given."""
        if not isinstance(given, dict):
            return given
        rules = NAMED_RULES.get(given.get("rules", "")) if isinstance(given.get("rules"), str) else None
        if rules is not None:
            filled = {"events": rules.events, "censoring": rules.censoring}
            for part, value in filled.items():
                if given.get(part) not in (None, (), value) and _plain(given[part]) != _plain(value):
                    raise ValueError(f"`rules` says what `{part}` are: give one or the other")
            return given | filled
        if given.get("rules") is None and given.get("estimand") is not None and not given.get("censoring"):
            return given | _from_strategies(given)
        if given.get("rules") is None:
            for part in ("events", "censoring"):
                if not given.get(part):
                    raise ValueError(f"`{part}` is required, or `rules` names a published set")
        return given


def _from_strategies(given: dict[str, Any]) -> dict[str, Any]:
    """Censoring, and events beside those that are given, by the strategies of the estimand."""
    try:
        estimand = Estimand.model_validate(given["estimand"])
    except ValidationError:
        return {}  # its own problems are reported where it stands
    events, censoring = implied(estimand)
    own = tuple(given.get("events") or ())
    return {"events": (*own, *(e for e in events if e not in own)), "censoring": tuple(censoring)}


def _plain(value: Any) -> Any:
    """Rules as plain tables, without what is as it would be unsaid, so that what was filled in can be read again."""
    silent = {name: field.default for name, field in Censoring.model_fields.items() if not field.is_required()}
    return [
        v.model_dump(exclude_defaults=True) if isinstance(v, Part)
        else {k: x for k, x in v.items() if x != silent.get(k, ...)} if isinstance(v, dict)
        else v
        for v in value
    ]  # fmt: skip


class Landmark(_Named):
    """A rate: the share of patients without an event of endpoint ``of`` at ``landmark`` after its origin.

    Failure: an event on or before the landmark day. Success: followed without an event up to or past that day.
    Otherwise the patient is pending, until ``window`` after the landmark has gone by or the patient is known to
    have left; then not evaluable, and ``not_evaluable`` says what becomes of such a patient.
    """

    kind: Literal["landmark"]
    of: str = Field(description="The time-to-event endpoint that is read at the landmark; it carries the origin.")
    landmark: Lasting
    window: Duration = Field(description="How long after the landmark the status may still come to be known.")
    not_evaluable: Policy = Field(
        description="'failure': counts as a failure. 'replace': not counted, the next patient takes the place in a "
        "look's cohort. 'exclude': left out of numerator and denominator."
    )


class Response(_Named, _Confirmed):
    """A rate: the share of patients whose best overall response is one of ``success``.

    With ``estimand``, the strategy for 'next therapy' is 'while on treatment' (assessments after it do not count: so it is without an
    estimand) or 'treatment policy' (they do).
    """

    kind: Literal["response"]
    success: tuple[ResponseCode, ...] = Field(min_length=1)
    confirmed: bool = Field(description="True if a response counts only when a second assessment confirms it.")
    stable_from: Duration | None = Field(
        default=None,
        description="SD counts only from this long after randomisation on; before it the patient is not evaluable.",
    )
    estimand: Estimand | None = None
    assessor: str = Field(default="investigator", min_length=1, description="Whose assessments count.")
    not_evaluable: Policy
    within: Lasting | None = Field(
        default=None,
        description="Only a response first seen by this long after randomisation (and `window`) counts. A design that looks "
        "at a response needs it: by then a patient without one is a failure.",
    )
    window: Duration = Field(
        default=Duration(0.0, "0 days"),
        description="By how much an assessment may come late and still count as made in time.",
    )

    @property
    def seen_by(self) -> int | None:
        """The last day since randomisation on which a response may first be seen; None: there is none."""
        return None if self.within is None else self.within.days + self.window.days

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        left = {"within"} if self.within is None else set()
        return {
            k: v for k, v in handler(self).items() if k not in left | ({"window"} if not self.window.days else set())
        }


class Outcome(_Named):
    """A rate: the share of patients whose outcome, recorded by its own name, is one of ``success``.

    Such as a pathological complete response, a haematological or PET response, a fall of PSA: one result for each patient,
    due so long after entry. Pending until it is recorded, until ``window`` after ``due`` has gone by, or until the patient dies or
    leaves before ``due``; then not evaluable. A result in neither list is not accepted.
    """

    kind: Literal["outcome"]
    success: tuple[str, ...] = Field(min_length=1, description="Results that are successes: 'yes', 'ypT0/is ypN0' …")
    failure: tuple[str, ...] = Field(min_length=1, description="Results that are failures.")
    unreadable: tuple[str, ...] = Field(default=(), description="Results from which nothing can be read: 'not done' …")
    due: Duration = Field(description="How long after randomisation (or enrolment) it is determined.")
    window: Duration = Field(description="How long after that it may still come to be known.")
    not_evaluable: Policy

    @property
    def results(self) -> tuple[str, ...]:
        """All results that may be recorded."""
        return (*self.success, *self.failure, *self.unreadable)


class Toxicity(_Named):
    """A rate: the share of patients who have an adverse event that counts, on a day up to ``within`` after the origin.

    What a status calls a success is here a patient *with* the toxicity: it is counted, not hoped for. A failure is a patient
    known to be alive and in the trial on a day ≥ ``within`` without one. Else the patient is pending until ``window`` after that day
    has gone by or the patient is known to have left; then not evaluable. Without a first dose the days count from entry.
    """

    kind: Literal["toxicity"]
    counts: WhatCounts = Field(description="Which adverse events count: { grade_at_least = 3, related = true }.")
    origin: Literal["first dose", "randomisation"] = Field(
        default="first dose",
        description="From when the days count; 'randomisation' is entry where nobody is randomised.",
    )
    within: Lasting = Field(description="How long after the origin an event counts, the last day too.")
    window: Duration = Field(description="How long after that it may still come to be known that there was none.")
    not_evaluable: Policy = Field(
        description="'failure': counts as a patient without the toxicity. 'replace': not counted, the next patient takes "
        "the place in a look's cohort. 'exclude': left out of numerator and denominator."
    )


#: Endpoints that are a rate of patients with a yes or a no: what a design on one rate can look at.
Binary = Landmark | Response | Outcome | Toxicity
Endpoint = Annotated[TimeToEvent | Landmark | Response | Outcome | Toxicity, Field(discriminator="kind")]
