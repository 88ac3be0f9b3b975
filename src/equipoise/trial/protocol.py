"""[protocol], [[visits]] and [[activities]]: what a protocol as a document says beside the trial's rules. All of it may be left out.

No analysis and no order asks for it: it goes into the protocol (ICH M11), into USDM and into SDTM's trial design.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.duration import Duration
from equipoise.trial.part import MOST_DAYS, MOST_NAME, Part


class _Said(Part):
    """A table of which only what is said is written."""

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said; zero and false are said."""
        return {k: v for k, v in handler(self).items() if v not in (None, "", [], (), {})}


class Address(_Said):
    """Where an organisation is."""

    lines: tuple[str, ...] = Field(default=(), max_length=6)
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 3166-1, three letters: 'USA', 'DEU'.")


class Age(_Said):
    """Ages of the population, in years, both included."""

    least: float | None = Field(default=None, ge=0, le=130, description="Years.")
    most: float | None = Field(default=None, ge=0, le=130, description="Years; left out where there is no upper limit.")

    @model_validator(mode="after")
    def _in_order(self) -> Age:
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("`least` is not above `most`")
        return self


class Indication(_Said):
    """The disease, with its code in a dictionary."""

    name: str = Field(min_length=1)
    code: str = Field(default="", description="Its code, such as C34.90.")
    system: str = Field(default="", description="The dictionary of the code: 'ICD-10-CM', 'MedDRA', 'SNOMED CT'.")
    edition: str = Field(default="", description="The dictionary's edition.")
    rare: bool = False

    @model_validator(mode="after")
    def _coded(self) -> Indication:
        if len({bool(x) for x in (self.code, self.system, self.edition)}) > 1:
            raise ValueError("`code`, `system` and `edition` go together")
        return self


class Product(_Said):
    """What is given, as a product: how it comes and by which route it is given."""

    drug: str = Field(min_length=1, description="As a regimen names it.")
    route: str = Field(
        default="", max_length=80, description="Route of administration, in CDISC's words: 'INTRAVENOUS', 'ORAL'."
    )
    form: str = Field(
        default="", max_length=80, description="Dose form, in CDISC's words: 'TABLET', 'INJECTION, SOLUTION'."
    )
    investigational: bool | None = Field(
        default=None, description="False for a product that is not investigational; left out: as the arms have it."
    )


class Objective(_Said):
    """An objective in words, and the endpoints by which it is answered."""

    level: Literal["primary", "secondary", "exploratory"]
    text: str = Field(min_length=1)
    endpoints: tuple[str, ...] = Field(default=(), description="Names of endpoints.")


class Protocol(_Said):
    """What the title page and the synopsis of a protocol say beside the trial's rules, and texts of one's own."""

    id: str = Field(default="", max_length=100, description="The sponsor's identifier of the protocol.")
    acronym: str = Field(default="", max_length=100)
    short_title: str = ""
    version: str = Field(default="", max_length=40, description="The protocol's version, as its title page has it.")
    version_date: date | None = None
    approved: date | None = Field(default=None, description="The day on which the sponsor approved this version.")
    sponsor_address: Address | None = None
    sponsor_kind: Literal["company", "academic", "government", "hospital"] | None = Field(
        default=None, description="What kind of organisation the sponsor is."
    )
    indication: Indication | None = None
    age: Age | None = None
    sex: Literal["all", "female", "male"] | None = None
    healthy: bool | None = Field(default=None, description="True where healthy people take part.")
    products: tuple[Product, ...] = ()
    countries: tuple[str, ...] = Field(default=(), description="ISO 3166-1, three letters each.")
    planned_duration: Duration | None = Field(
        default=None, description="How long the trial is planned to last, from its start."
    )
    objectives: tuple[Objective, ...] = Field(
        default=(), description="Left out: each objective is to assess the endpoints of its role."
    )
    text: Mapping[str, str] = Field(
        default_factory=dict,
        description="Texts of one's own by the number of M11's section: \"2.2.1\" = '…'. They stand there as they are, after what the file says by itself.",
    )


class Visit(_Said):
    """A planned visit of the schedule of activities."""

    name: str = Field(min_length=1, max_length=MOST_NAME, description="Short name: 'C1D1'.")
    label: str = ""
    epoch: Literal["screening", "treatment", "follow-up"]
    day: int = Field(
        ge=-MOST_DAYS,
        le=MOST_DAYS,
        description="Planned study day: day 1 is that of the first treatment, -1 the day before; there is no day 0.",
    )
    early: Duration | None = Field(default=None, description="How much earlier the visit may be.")
    late: Duration | None = Field(default=None, description="How much later the visit may be.")

    @model_validator(mode="after")
    def _no_day_zero(self) -> Visit:
        if self.day == 0:
            raise ValueError("there is no day 0: day 1 is that of the first treatment, -1 the day before")
        return self


class Activity(_Said):
    """What is done, and at which visits."""

    name: str = Field(min_length=1, max_length=200)
    at: tuple[str, ...] = Field(default=(), description="Names of visits.")
    concept: str = Field(default="", pattern=r"^(C\d+)?$", description="NCI code of the biomedical concept: 'C64433'.")
