"""A library of historical controls: what was published of an arm, where, and how each number was verified."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from equipoise.trial.duration import Lasting
from equipoise.trial.part import MOST_NAME, Part

#: How a number was verified, best first.
Verified = Literal["full text read", "abstract read", "quoted", "derived", "from memory: unverified"]
GRADES: tuple[Verified, ...] = ("full text read", "abstract read", "quoted", "derived", "from memory: unverified")
UNVERIFIED: Verified = "from memory: unverified"

#: Patients of a published arm or of a pooled analysis.
MOST_PUBLISHED = 10_000_000
Rate01 = Annotated[float, Field(description="A share from 0 to 1.")]


class Number(Part):
    """What every published number may say of itself; without it the arm's own grade and source stand."""

    verified: Verified | None = Field(default=None, description="How this number was verified, where not as the arm.")
    seen_in: str = Field(default="", description="Where it was read: a paper that quotes it, how it was derived.")


class PublishedMedian(Number):
    """A median time, in the unit in which it was published."""

    endpoint: str = Field(min_length=1, description="PFS, TTP, OS …")
    value: Lasting
    lower: Lasting | None = None
    upper: Lasting | None = None
    conf_level: float = Field(default=0.95, gt=0, lt=1)


class PublishedRate(Number):
    """A rate: of survival at a landmark (``at``), or of response (without)."""

    endpoint: str = Field(min_length=1, description="PFS, OS, response …")
    at: Lasting | None = None
    rate: Rate01
    lower: Rate01 | None = None
    upper: Rate01 | None = None
    conf_level: float = Field(default=0.95, gt=0, lt=1)
    n: int | None = Field(default=None, le=MOST_PUBLISHED, description="Where it is not the arm's.")


class Stratum(Number):
    """A rate among the patients of one stratum, by the levels of stratification factors."""

    levels: Mapping[str, str] = Field(description="Factor → level, as the trial names them: {ecog = '0-1'}.")
    endpoint: str
    at: Lasting | None = None
    rate: Rate01
    n: int = Field(le=MOST_PUBLISHED)


class HistoricalArm(Part):
    """One published arm: patients, treatment, and what was seen of them."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=MOST_NAME)
    trial: str = Field(min_length=1)
    kind: Literal["trial arm", "pooled analysis", "cohort"] = "trial arm"
    treatment: str = Field(min_length=1, description="Class of treatment, by which arms are chosen.")
    regimen: str = ""
    n: int | None = Field(default=None, le=MOST_PUBLISHED, description="Patients analysed.")
    n_verified: Verified | None = None
    n_seen_in: str = ""
    enrolled: tuple[Annotated[int, Field(ge=1900, le=2100)], ...] = Field(
        default=(), max_length=2, description="First and last year of enrolment."
    )
    published: int = Field(ge=1950, le=2100, description="Year of publication.")
    setting: str = ""
    citation: str = Field(min_length=1)
    doi: str = ""
    pmid: str = ""
    verified: Verified
    seen_in: str = ""
    contains: tuple[str, ...] = Field(default=(), description="Arms of this library whose patients are among these.")
    overlaps: tuple[str, ...] = Field(
        default=(), description="Arms that may share patients with this one, not settled."
    )
    notes: str = ""
    medians: tuple[PublishedMedian, ...] = ()
    rates: tuple[PublishedRate, ...] = ()
    strata: tuple[Stratum, ...] = ()

    def grade(self, number: Number) -> Verified:
        """How a number of this arm was verified."""
        return number.verified or self.verified

    @property
    def n_grade(self) -> Verified:
        """How its number of patients was verified."""
        return self.n_verified or self.verified


class HistoryLibrary(Part):
    """Published arms of one indication."""

    format: Literal[1] = Field(description="Version of this file's format.")
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=MOST_NAME)
    title: str = Field(min_length=1)
    compiled: date = Field(description="Day on which the library was last looked through.")
    notes: str = ""
    arms: tuple[HistoricalArm, ...] = Field(min_length=1)

    @property
    def arm_by_name(self) -> Mapping[str, HistoricalArm]:
        """Arms by their short names."""
        return {a.name: a for a in self.arms}
