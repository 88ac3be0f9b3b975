"""A safety rule that stands beside a trial's design: what counts, in whom, when it looks, and what it does when it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_serializer,
    model_validator,
)

from equipoise.trial.design import Design
from equipoise.trial.duration import DAYS_PER_MONTH, Lasting
from equipoise.trial.part import MOST_NAME, MOST_PATIENTS, Part
from equipoise.trial.what_counts import WhatCounts
from equipoise.trial.when import EachEvent, EachPatients, Events, OnDay, When


class EachSoMany(Part):
    """A look whenever so many more patients are watched."""

    each: int = Field(ge=1, le=MOST_PATIENTS, description="Patients between two looks.")


def _in_words(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """One sentence where none of the ways of saying it fits, instead of one for each."""
    try:
        return handler(value)
    except ValidationError:
        raise ValueError("'each event', 'monthly' or { each = 6 }, with a number of patients from 1 on") from None


Looks = Annotated[Literal["each event", "monthly"] | EachSoMany, WrapValidator(_in_words)]


class SafetyRule(Part):
    """A rule of the safety shelf, applied to a trial's own data beside its design."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME, description="Short name: 'toxic-death'.")
    label: str = Field(min_length=1, description="What is watched, in words: 'Death due to an adverse event'.")
    rule: dict[str, Any] = Field(description="The rule: its `kind` (safety-…) and what that kind asks for.")
    counts: WhatCounts | None = Field(
        default=None,
        description="What counts as the event that is watched; a rule on an endpoint has none, any other has it.",
    )
    endpoint: str | None = Field(
        default=None,
        description="Overall survival, of a rule on an endpoint (safety-survival); left out: the file's only time to death.",
    )
    among: Literal["treated", "randomised"] = Field(
        default="treated",
        description="Who is watched: from the first dose (an arm without drugs: from randomisation), or all from randomisation.",
    )
    within: Lasting | None = Field(
        default=None,
        description="How long after the first dose, or randomisation, an event counts; left out: as long as any is recorded.",
    )
    arm: str | None = Field(default=None, description="The arm that is watched, for a rule on one arm.")
    between: tuple[str, str] | None = Field(
        default=None, description="The tested and the control arm, for a rule on what is between them."
    )
    looks: Looks = Field(
        default="each event",
        description="When it looks: after each event, on a day of each month, or whenever `each` more patients are watched.",
    )
    does: Literal["caution", "pause", "stop"] = Field(
        description="What it does when it speaks: it is said beside the decision, enrolment pauses until it is reviewed, or the trial stops."
    )
    review: Lasting | None = Field(
        default=None, description="With does = 'pause': how long the review takes after which enrolment resumes."
    )
    _design: Any = PrivateAttr(default=None)

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the endpoint where none is said, so that fingerprints stay what they were before it could be."""
        return {k: v for k, v in handler(self).items() if k != "endpoint" or v is not None}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.does == "pause") != (self.review is not None):
            raise ValueError("`review` goes with does = 'pause', and that with `review`")
        if (self.arm is None) == (self.between is None):
            raise ValueError("one of `arm`, the arm that is watched, and `between`, two arms that are compared")
        return self

    @property
    def design(self) -> Design[Any]:
        """The rule as a value of the shelf, made once by who reads the file."""
        assert self._design is not None, "the doorway makes it"
        found: Design[Any] = self._design
        return found

    def built(self, design: Design[Any]) -> Self:
        """The same with what its table states, made by the shelf."""
        made = self.model_copy()
        made._design = design
        return made

    @property
    def on_endpoint(self) -> bool:
        """It watches an endpoint of the trial, at the numbers of events of its own design; any other watches events that count."""
        return self.counts is None

    @property
    def counted(self) -> WhatCounts:
        """What counts, of a rule that watches events."""
        assert self.counts is not None, "the doorway asks for it"
        return self.counts

    @property
    def of_the_treated(self) -> bool:
        """Who is watched is so from the first dose."""
        return self.among == "treated" and not self.on_endpoint

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that are watched, the tested first."""
        return self.between if self.between is not None else (self.arm or "",)

    def when(self, start: date, last: date | None, events_before: int = 0) -> When:
        """When it is to be asked next, after a look on the day ``last`` (None: none yet) of a trial that began on ``start``.

        ``events_before``: of a rule on an endpoint, at the look before.
        """
        if self.on_endpoint:
            return Events(self.next_planned(events_before))
        match self.looks:
            case "each event":
                return EachEvent()
            case "monthly":
                return OnDay(self.month_after(start, last))
            case EachSoMany(each=k):
                return EachPatients(k)

    @staticmethod
    def month_after(start: date, last: date | None) -> date:
        """The first of the days that lie whole months of 30.4375 days, rounded, after ``start``, and after ``last``."""
        passed = 0 if last is None else (last - start).days
        month = 1 + max(int((passed + 0.5) / DAYS_PER_MONTH), 0)
        while round(month * DAYS_PER_MONTH) <= passed:
            month += 1
        while month > 1 and round((month - 1) * DAYS_PER_MONTH) > passed:
            month -= 1
        return start + timedelta(days=round(month * DAYS_PER_MONTH))

    @property
    def planned(self) -> tuple[int, ...]:
        """The numbers at which the rule's own design looks."""
        return tuple(look.n for look in self.design.looks)

    def next_planned(self, events: int) -> int:
        """The first planned number above so many events; the last where all are passed."""
        return next((d for d in self.planned if d > events), self.planned[-1])

    @property
    def when_in_words(self) -> str:
        """'after each event', 'monthly', 'whenever 6 more patients are watched', 'at 60, 110, 178 deaths'."""
        if self.on_endpoint:
            return f"at {', '.join(map(str, self.planned))} deaths"
        match self.looks:
            case "each event":
                return "after each event"
            case "monthly":
                return "monthly"
            case EachSoMany(each=k):
                return f"whenever {k} more patients are watched" if k > 1 else "whenever one more patient is watched"

    @property
    def does_in_words(self) -> str:
        """What follows when it speaks."""
        return {
            "caution": "it is said as a caution beside every decision",
            "pause": f"enrolment pauses for its review, {self.review}",
            "stop": "the trial stops",
        }[self.does]

    def said(self, design_of: Mapping[str, str] | None = None) -> str:
        """The rule in a sentence: what counts, in whom, when."""
        labels = [(design_of or {}).get(a, a) for a in self.arms]
        where = f"in {labels[0]}" if len(labels) == 1 else f"in {labels[0]} against {labels[1]}"
        within = f" within {self.within}" if self.within is not None else ""
        among = "treated" if self.of_the_treated else "randomised"
        return f"{self.label}{within}, {where}, of all {among}; looked at {self.when_in_words.removeprefix('at ')}; when it speaks {self.does_in_words}."
