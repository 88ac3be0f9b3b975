"""The funnel: from the new cases of a year to the patients who consent, step by step; and the orphan designation.

A step is a count of patients a year or a share of those of the step before. Counts come first: a later one narrows the one before.
A share is a number, or a Beta that says how well it is known, by what a publication prints: counts, a mean with its standard
deviation or its 95 % interval, or the two shapes.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from equipoise.trial.duration import Lasting
from equipoise.trial.part import Part

StepName = Literal["incidence", "stage", "antigen", "eligible", "reached", "consenting"]
#: The steps in the order in which patients pass them; a step may be left out, or said in several entries (one a criterion).
STEPS: tuple[str, ...] = get_args(StepName)
#: How a share may be said; exactly one of these. `sd` or `interval` goes with `mean`.
SHARES = ("share", "of", "mean", "beta")
Jurisdiction = Literal["US", "EU", "UK", "CH", "JP", "AU"]
#: Entries of a funnel: a step for each criterion that a source counts.
MOST_STEPS = 20
#: More people than there are.
_MOST_PEOPLE = 10_000_000_000

Inside = Annotated[float, Field(gt=0, lt=1)]
Passing = Annotated[int, Field(ge=0, le=_MOST_PEOPLE)]
Asked = Annotated[int, Field(ge=1, le=_MOST_PEOPLE)]
Shape = Annotated[float, Field(gt=0, le=1e9)]


class FunnelStep(Part):
    """A step of the funnel: how many a year, or which share of those before."""

    step: StepName
    label: str = Field(default="", description="What is asked at this step: 'ECOG 0 to 2'.")
    region: Jurisdiction | None = Field(default=None, description="With a count: where these patients live.")
    count: float | None = Field(default=None, gt=0, le=_MOST_PEOPLE, description="Patients a year.")
    share: float | None = Field(default=None, gt=0, le=1, description="Share of those before, taken as known.")
    of: tuple[Passing, Asked] | None = Field(
        default=None,
        description="[k, n]: k of n patients pass. Beta(k + 1/2, n - k + 1/2), Jeffreys' prior with the data.",
    )
    mean: Inside | None = Field(default=None, description="Mean of a Beta; with `sd` or `interval`.")
    sd: float | None = Field(default=None, gt=0, lt=0.5, description="Its standard deviation.")
    interval: tuple[Inside, Inside] | None = Field(
        default=None, description="[low, high], which hold 95 % of the Beta with this mean."
    )
    beta: tuple[Shape, Shape] | None = Field(default=None, description="The two shapes of a Beta, [a, b].")
    relaxed: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="The share if this were asked less strictly; 1 (not asked at all) unless said.",
    )
    relaxed_to: str = Field(default="", description="What would then be asked: 'ECOG 0 to 3'.")
    source: str = Field(default="", description="Where the number comes from; this or `assumed`.")
    assumed: str = Field(default="", description="Why it is taken so, where no source says it.")

    @property
    def name(self) -> str:
        """The step, and what is asked there."""
        return f"{self.step}: {self.label}" if self.label else self.step


class Orphan(Part):
    """An orphan designation as a fact of the trial, and what the law asks of the prevalence."""

    jurisdiction: Jurisdiction
    threshold_persons: int | None = Field(
        default=None, ge=1, le=_MOST_PEOPLE, description="Fewer people than this have the disease, in all (US: 200000)."
    )
    threshold_per_10000: float | None = Field(
        default=None, gt=0, le=10_000, description="At most so many in 10,000 people have it (EU: 5)."
    )
    people: int | None = Field(
        default=None, ge=1, le=_MOST_PEOPLE, description="People who live there; with `threshold_per_10000`."
    )
    designation: str = Field(default="", description="Number of the designation, as the authority gives it.")
    lasting: Lasting | None = Field(
        default=None, description="Mean time that a patient has the disease: prevalence is incidence times this."
    )
    source: str = Field(
        default="", description="Where these entries come from; this or `assumed`, or both where some are."
    )
    assumed: str = Field(default="", description="Which of them no source says, and why they are taken so.")
