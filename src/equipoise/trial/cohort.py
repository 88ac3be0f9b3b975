"""Cohorts: parts of one trial that each have their own design, look, pause and decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, PrivateAttr, SerializerFunctionWrapHandler, model_serializer

from equipoise.trial.part import MOST_A_MONTH, MOST_NAME, MOST_PATIENTS, MOST_WORTH, Part
from equipoise.trial.protocol_parts import Assessments, Factor, Monitoring, Site

#: Tables that a cohort may state for itself; what it does not say is the trial's.
OWN_TABLES = ("design", "monitoring", "assessments")


@dataclass(frozen=True)
class CohortRules:
    """What holds in a cohort, its own tables and the trial's put together: made once by who reads the file."""

    design: Any
    design_table: Mapping[str, Any]
    monitoring: Monitoring
    assessments: Assessments | None


class TrialCohort(Part):
    """A cohort, part or stratum: which patients are its own, which of them count, and by what design it is decided."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME)
    label: str = ""
    population: str = Field(default="", description="Who is in it; the trial's own population unless stated.")
    target_enrolment: int = Field(
        ge=1,
        le=MOST_PATIENTS,
        description="Patients to be enrolled who count for its design. The cohorts' numbers add up to the trial's.",
    )
    arms: tuple[str, ...] = Field(default=(), description="Arms of this cohort; all of the trial's unless stated.")
    of: Mapping[str, str] = Field(
        default_factory=dict,
        description="Levels of factors or markers that make a patient a member: {ecog = '2'}. Without it the cohort is named at enrolment.",
    )
    counts: Mapping[str, str] = Field(
        default_factory=dict,
        description="Levels of factors or markers of the patients who count for the design: {alk = 'altered'}. The others are enrolled "
        "beside them and described only.",
    )
    share: float | None = Field(
        default=None,
        gt=0,
        le=MOST_WORTH,
        description="Its part, as a ratio, of the patients that the sites promise; 1 unless stated.",
    )
    rate: float | None = Field(
        default=None,
        gt=0,
        le=MOST_A_MONTH,
        description="In place of `share`: patients a month who count, all sites together.",
    )
    design: dict[str, Any] | None = Field(
        default=None,
        description="Its own design; entries that it does not state are those of [design], of the same kind.",
    )
    monitoring: dict[str, Any] | None = Field(
        default=None, description="Entries in which its looks are taken otherwise than [monitoring] says."
    )
    assessments: dict[str, Any] | None = Field(
        default=None,
        description="Entries in which it is assessed otherwise than [assessments] says: another criterion, `words`.",
    )
    _rules: CohortRules | None = PrivateAttr(default=None)

    @property
    def title(self) -> str:
        """Its label, or its name without one."""
        return self.label or self.name

    @property
    def ruled(self) -> bool:
        """True where what holds in it is known: its tables are sound."""
        return self._rules is not None

    @property
    def rules(self) -> CohortRules:
        """What holds in it. A cohort that no trial file was read for has none."""
        assert self._rules is not None, "made by who reads the file"
        return self._rules

    def with_rules(self, rules: CohortRules) -> Self:
        """This cohort with what holds in it."""
        made = self.model_copy()
        made._rules = rules
        return made

    @property
    def fixed(self) -> Mapping[str, str]:
        """The levels that every patient has who is its own and counts."""
        return {**self.of, **self.counts}

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is said and nothing else."""
        return {k: v for k, v in handler(self).items() if v not in (None, "", (), [], {})}


def held(factors: tuple[Factor, ...], fixed: Mapping[str, str]) -> tuple[Factor, ...]:
    """The factors, those that are fixed with their one level."""
    return tuple(f.model_copy(update={"levels": (fixed[f.name],)}) if f.name in fixed else f for f in factors)


def shared_out(sites: tuple[Site, ...], cohort: TrialCohort, cohorts: tuple[TrialCohort, ...]) -> tuple[Site, ...]:
    """The sites with what they promise to this cohort: its share, or its own rate, over the sites as they promise in all."""
    total = sum(s.rate for s in sites)
    part = (
        cohort.rate / total
        if cohort.rate is not None and total
        else (cohort.share or 1.0) / sum(c.share or 1.0 for c in cohorts)
    )
    return tuple(s.model_copy(update={"rate": s.rate * part}) for s in sites)
