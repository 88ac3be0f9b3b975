"""Trial: the protocol as a value, read from one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field

from equipoise.trial.arm import Arm
from equipoise.trial.design import Design
from equipoise.trial.endpoint import Binary, Endpoint, Landmark, TimeToEvent
from equipoise.trial.monitored import Monitored, monitored
from equipoise.trial.part import Part
from equipoise.trial.population import Population, populations_of
from equipoise.trial.protocol_parts import (
    Assessments,
    Assumption,
    ControlCheck,
    Criterion,
    Factor,
    History,
    Monitoring,
    Randomisation,
    Site,
    Source,
)
from equipoise.trial.safety import SafetyRule
from equipoise.trial.table import TableMapping


class Trial(Part):
    """The protocol: everything that is settled before the first patient."""

    format: Literal[1] = Field(description="Version of this file's format.")
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Short name, lower case: 'north'.")
    title: str = Field(min_length=1)
    phase: Literal["I", "I/II", "II", "III"]
    sponsor: str = ""
    registration: tuple[str, ...] = ()
    start: date = Field(description="First day on which anything may happen in the trial.")
    target_enrolment: int = Field(ge=1, description="Patients to be randomised in all.")
    population: str = Field(min_length=1)
    rationale: str = ""
    eligibility: tuple[Criterion, ...] = ()
    arms: tuple[Arm, ...] = Field(min_length=1)
    sites: tuple[Site, ...] = ()
    randomisation: Randomisation | None = Field(
        default=None, description="How arms are given; left out where nobody is randomised, in a trial of one arm."
    )
    assessments: Assessments | None = None
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
    history: History | None = None
    control_check: ControlCheck | None = None
    table: TableMapping | None = None
    assumptions: tuple[Assumption, ...] = ()
    sources: tuple[Source, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the definition's content; comments and layout of the file do not count."""
        said = self.model_dump(mode="json")
        said["design"] = said.pop("design_table")
        # What is not said leaves the fingerprints of files that do not say it what they were.
        said = {k: v for k, v in said.items() if k != "safety" or v}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

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
        """The design with what it looks at. Raises BadInput for a trial that has no design or no [monitoring]."""
        return monitored(self.id, self.design, self.monitoring, self.endpoints, self.arms)

    def designed(self, design: Design[Any], table: Mapping[str, Any] | None = None) -> Self:
        """This trial with another design; ``table`` as a file would state it (this one's own unless given)."""
        return self.model_copy(update={"design": design, **({} if table is None else {"design_table": dict(table)})})

    def assumed(self, *paths: str) -> tuple[Assumption, ...]:
        """The assumptions that cover any of these entries, or anything inside them."""
        return tuple(
            a for a in self.assumptions if any(_covers(of, path) or _covers(path, of) for of in a.of for path in paths)
        )


def _covers(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith((outer + ".", outer + "["))


def paths(value: object, prefix: str = "") -> Iterator[str]:
    """Every path of a nested table: 'design', 'design.p0', 'arms[0]', 'arms[0].regimen[1].days' …

    The members of an array of tables that have a name are also reached by it: 'arms.CE.regimen'.
    """
    if prefix:
        yield prefix
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from paths(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from paths(inner, f"{prefix}[{i}]")
            if isinstance(inner, Mapping):
                name = inner.get("name") or inner.get("drug") or inner.get("number")
                if name is not None:
                    yield from paths(inner, f"{prefix}.{name}")
