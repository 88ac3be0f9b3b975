"""What is true in phase I, as part of a scenario: toxicity by dose level, who leaves, and who waits for a place."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from equipoise.trial.duration import Duration, Lasting
from equipoise.trial.organ_class import OrganClass
from equipoise.trial.part import MOST_A_MONTH, MOST_PATIENTS, MOST_TIMES, Part
from equipoise.trial.what_counts import FATAL

Probability = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
#: What becomes of treatment after a toxicity: it ends, it goes on at the level below, or as before.
Then = Literal["stops", "reduces", "goes on"]


class CumulativeToxicity(Part):
    """A toxicity that comes with what was given so far, and that a short window hardly sees.

    The cumulative hazard after the share u of ``cycles`` full cycles at a level is H u^shape, where 1 - exp(-H) is that level's ``risk``.
    With one level's risk alone the others follow from the amount given: H belongs to the drug, whatever the level.
    """

    term: str = Field(min_length=1, description="As the log is to hold it.")
    grade: int = Field(ge=1, lt=FATAL, description="CTCAE's grade, 1 to 4.")
    organ_class: OrganClass | None = None
    risk: dict[str, BelowOne] = Field(
        min_length=1,
        description="By label, the probability within `cycles` full cycles; of one level alone, or of each.",
    )
    cycles: int = Field(ge=1, le=MOST_TIMES, description="Cycles in which `risk` is reached.")
    shape: float = Field(
        default=1.0,
        ge=0.2,
        le=10,
        description="1: memoryless; 2 and 3: ever later, so that the first cycle shows little.",
    )
    then: Then = Field(default="stops", description="What becomes of treatment.")


class Phase1Truth(Part):
    """What is true in phase I of each patient, by the label of the level. A number of each patient says to which doses he has a DLT, whatever
    the design gives him; so one stream of patients meets every design."""

    dlt: dict[str, Probability] = Field(
        description="By label, the probability of a dose-limiting toxicity in the window, beside cumulative ones that are."
    )
    response: dict[str, Probability] | None = Field(
        default=None,
        description="By label, the probability of a response, where the design asks for responses: whether a patient has one is told when the endpoint is due.",
    )
    window: Lasting | None = Field(
        default=None,
        description="The window in which `dlt` is meant (default: the trial file's). They come in it only.",
    )
    late: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share of DLTs that come in the window's second half (Weibull); evenly unless said.",
    )
    dlt_then: Then = Field(default="stops", description="What becomes of treatment after a DLT.")
    cumulative: tuple[CumulativeToxicity, ...] = Field(default=(), max_length=8)
    dropout: BelowOne = Field(
        default=0.0,
        description="Probability of withdrawing within the window, on any of its days alike: he is replaced unless he had a DLT.",
    )
    doses_missed: BelowOne = Field(default=0.0, description="Probability of each dose after the first being left out.")
    on_treatment: Lasting | None = Field(
        default=None, description="Median time until treatment ends for progression (exponential); never unless said."
    )
    cycles: int = Field(default=6, ge=1, le=100, description="The most cycles that are given and recorded.")
    seen_every: Lasting = Field(
        default=Duration(7.0, "7 days"), description="Visits between doses within the window: silence is not follow-up."
    )
    waiting_list: int | Literal["everyone"] = Field(
        default=0,
        description="How many wait for a place when none is open; who comes beyond is turned away. 'everyone': all wait.",
    )
    sites: tuple[str, ...] = Field(
        default=(), description="The sites that phase I has, open from its first day (default: all, when they open)."
    )
    rate: float | None = Field(
        default=None, gt=0, le=MOST_A_MONTH, description="With `sites`: patients a month at each of them in phase I."
    )
    phase2_after: Duration = Field(
        default=Duration(0.0, "0 days"),
        description="In a trial of phase I and II: from the day on which the dose is set to the first of phase II.",
    )
    waits_at_most: Lasting | None = Field(default=None, description="Who has waited for longer goes elsewhere.")

    @field_validator("waiting_list")
    @classmethod
    def _a_number_of_people(cls, waiting_list: int | str) -> int | str:
        # Not as a bound of the number: in a union its place would be told in the library's words.
        if isinstance(waiting_list, int) and not 0 <= waiting_list <= MOST_PATIENTS:
            raise ValueError(f"0 to {MOST_PATIENTS}, or 'everyone'")
        return waiting_list

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that an entry added later changes nothing that was made before."""
        silent = {name: f.default for name, f in type(self).model_fields.items() if not f.is_required()}
        return {k: v for k, v in handler(self).items() if k not in silent or getattr(self, k) != silent[k]}
