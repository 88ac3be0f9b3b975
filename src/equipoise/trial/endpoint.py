"""Endpoints as data: what is an event, what censors and in what order, from which origin, and who is evaluable."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from equipoise.trial.duration import Duration
from equipoise.trial.part import Part

EventSource = Literal["progression", "death"]
Trigger = Literal["next therapy", "withdrawal", "loss", "death", "no event"]
CensoringDay = Literal["last assessment", "last contact", "that day"]
Policy = Literal["failure", "replace", "exclude"]
Role = Literal["primary", "secondary", "exploratory"]
ResponseCode = Literal["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "NED"]


class Censoring(Part):
    """One rule: when this comes first, the patient is censored at that day."""

    when: Trigger = Field(description="What triggers the rule; 'no event' is what remains at the data cut-off.")
    at: CensoringDay = Field(description="The day on which the patient is censored.")


class _Named(Part):
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="Short name, as used in commands: 'PFS', 'PFS6'.")
    label: str = Field(min_length=1, description="The name that a reader sees.")
    role: Role


class TimeToEvent(_Named):
    """Time from the origin to the first of the events.

    An event on the same day as a censoring trigger counts as an event. Of the rules whose trigger comes before the
    first event, the one that stands first in ``censoring`` applies.
    """

    kind: Literal["time to event"]
    origin: Literal["randomisation", "first dose"]
    events: tuple[EventSource, ...] = Field(min_length=1)
    censoring: tuple[Censoring, ...] = Field(min_length=1)
    report_at: Duration | None = Field(
        default=None, description="A landmark at which the Kaplan–Meier estimate is given."
    )


class Landmark(_Named):
    """A rate: the share of patients without an event of endpoint ``of`` at ``landmark`` after its origin.

    Failure: an event on or before the landmark day. Success: followed without an event up to or past that day.
    Otherwise the patient is pending, until ``window`` after the landmark has gone by or the patient is known to
    have left; then not evaluable, and ``not_evaluable`` says what becomes of such a patient.
    """

    kind: Literal["landmark"]
    of: str = Field(description="The time-to-event endpoint that is read at the landmark; it carries the origin.")
    landmark: Duration
    window: Duration = Field(description="How long after the landmark the status may still come to be known.")
    not_evaluable: Policy = Field(
        description="'failure': counts as a failure. 'replace': not counted, the next patient takes the place in a "
        "look's cohort. 'exclude': left out of numerator and denominator."
    )


class Response(_Named):
    """A rate: the share of patients whose best overall response is one of ``success``."""

    kind: Literal["response"]
    success: tuple[ResponseCode, ...] = Field(min_length=1)
    confirmed: bool = Field(description="True if a response counts only when a second assessment confirms it.")
    confirmation_after: Duration = Field(
        default=Duration(28.0, "4 weeks"),
        description="The least time between a response and its confirmation.",
    )
    not_evaluable: Literal["failure", "exclude"]


Endpoint = Annotated[TimeToEvent | Landmark | Response, Field(discriminator="kind")]
