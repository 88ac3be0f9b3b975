"""Scenario: an assumed truth, as a value in the trial's folder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from equipoise.trial.duration import Duration
from equipoise.trial.part import Part

Probability = Annotated[float, Field(ge=0, le=1)]


class AdverseEventTruth(Part):
    """One adverse event: how often, and how often severe when it comes."""

    term: str = Field(min_length=1)
    probability: Probability
    severe: Probability = Field(description="Share of its patients in whom it is of grade 3 or worse.")


class ArmTruth(Part):
    """What is true of one arm: an illness–death model with constant hazards, from what people know.

    ``observed_rate`` is the rate of the monitored endpoint as the protocol's scans will show it, with nobody lost;
    ``median_pfs`` is the true median, scans or no scans. Give one of them.
    """

    observed_rate: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Rate of the monitored landmark endpoint, as the protocol's scans show it.",
    )
    median_pfs: Duration | None = Field(default=None, description="True median progression-free survival.")
    median_os: Duration = Field(description="True median overall survival.")
    death_first: Probability = Field(description="Share of first events that are deaths without progression.")
    response: Probability = Field(description="Probability of a response.")
    adverse_events: tuple[AdverseEventTruth, ...] = Field(default=(), max_length=20)
    stops_for_toxicity: Probability = Field(default=0.0, description="Probability of ending treatment for toxicity.")

    @model_validator(mode="after")
    def _one_of(self) -> ArmTruth:
        if (self.observed_rate is None) == (self.median_pfs is None):
            raise ValueError("give `observed_rate` or `median_pfs`, not both")
        return self


class Scenario(Part):
    """An assumed truth: how the disease goes in each arm, and how the trial is run."""

    format: Literal[1]
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    label: str = Field(min_length=1)
    because: str = Field(min_length=1, description="Where the assumed truth comes from.")
    arms: dict[str, ArmTruth]
    screening_failure: Probability = Field(description="Probability of failing at screening.")
    withdrawal_per_year: Probability = Field(description="Probability of withdrawing within a year.")
    loss_per_year: Probability = Field(description="Probability of being lost within a year.")
    reporting_delay: Duration = Field(description="Mean time from what happened to its record; exponential.")
    factors: dict[str, tuple[Probability, ...]] = Field(
        default={}, description="For each stratification factor, the probabilities of its levels."
    )
