"""Populations as data: whom an analysis takes in, by which conditions, and under which arm each patient counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, model_validator

from equipoise.trial.endpoint import Endpoint, Landmark
from equipoise.trial.part import MOST_NAME, MOST_TIMES, Part

What = Literal[
    "eligible",
    "treated",
    "as allocated",
    "cycles",
    "measurable at baseline",
    "assessed",
    "evaluable",
    "responded",
    "no major deviation",
]

#: All randomised, under the arm they were randomised to: what an endpoint is analysed on unless it names another.
ITT = "ITT"


class Condition(Part):
    """What a randomised patient must meet to be in.

    'eligible': no criterion failed at screening. 'treated': at least one dose. 'as allocated': no drug but those of the arm. 'cycles': at least
    ``at_least`` cycles begun. 'measurable at baseline': a target lesion, or a sum of diameters, at baseline. 'assessed': at least one
    assessment after baseline that could be read. 'evaluable': success or failure at landmark ``endpoint``. 'responded': CR
    or PR, confirmed or not. 'no major deviation': none is recorded.
    """

    what: What
    at_least: int | None = Field(
        default=None, ge=1, le=MOST_TIMES, description="With 'cycles': how many must have begun."
    )
    unless_event: bool = Field(
        default=False, description="With 'cycles': progression or death before that many cycles is no reason to be out."
    )
    endpoint: str | None = Field(default=None, description="With 'evaluable': the landmark endpoint.")
    assessor: str = Field(default="investigator", min_length=1, description="Whose assessments count.")

    @model_validator(mode="after")
    def _whole(self) -> Condition:
        if (self.what == "cycles") != (self.at_least is not None):
            raise ValueError("`at_least` goes with what = 'cycles', and that with `at_least`")
        if (self.what == "evaluable") != (self.endpoint is not None):
            raise ValueError("`endpoint` goes with what = 'evaluable', and that with `endpoint`")
        if self.unless_event and self.what != "cycles":
            raise ValueError("`unless_event` goes with what = 'cycles'")
        return self


class Population(Part):
    """Randomised patients who meet every condition; without conditions all randomised."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME, description="Short name, as used in commands: 'ITT', 'PP'."
    )
    label: str = Field(min_length=1)
    by: Literal["arm as randomised", "treatment received"] = Field(
        default="arm as randomised", description="Under which arm a patient counts."
    )
    require: tuple[Condition, ...] = ()


def shipped(endpoints: Iterable[Endpoint], entered: str = "randomised") -> dict[str, Population]:
    """The populations that every trial has unless its file says otherwise under the same name.

    ``entered``: what a patient is who has come onto an arm, *enrolled* where nobody is randomised.
    """
    found = [
        Population(name=ITT, label=f"Intention to treat: all {entered}"),
        Population(
            name="SAF",
            label="Safety: treated, by treatment received",
            by="treatment received",
            require=(Condition(what="treated"),),
        ),
        Population(
            name="RESP",
            label="Evaluable for response: measurable disease at baseline and an assessment",
            require=(Condition(what="measurable at baseline"), Condition(what="assessed")),
        ),
        Population(
            name="PP",
            label="Per protocol: eligible, treated as allocated, no major deviation",
            require=tuple(Condition(what=w) for w in ("eligible", "treated", "as allocated", "no major deviation")),
        ),
        *(
            Population(
                name=f"{e.name}-evaluable",
                label=f"Evaluable for {e.name}",
                require=(Condition(what="evaluable", endpoint=e.name),),
            )
            for e in endpoints
            if isinstance(e, Landmark)
        ),
    ]
    return {p.name: p for p in found}


def populations_of(
    own: Iterable[Population], endpoints: Iterable[Endpoint], entered: str = "randomised"
) -> Mapping[str, Population]:
    """The trial's populations by name: those that ship, and the file's own, which go before."""
    return {**shipped(endpoints, entered), **{p.name: p for p in own}}
