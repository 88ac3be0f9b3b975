"""How the rows of a table of real patients become events of the log."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.event import Event
from equipoise.trial.part import Part

TableEvent = Literal["progressed", "died", "assessed", "contact", "withdrawn", "lost", "next therapy", "adverse event"]


class TableRule(Part):
    """Rows for which ``when`` holds become one event: its kind, and the column that says on which day."""

    event: TableEvent
    when: dict[str, str | int | float] = Field(
        default={},
        description="Columns and the value each must have; a row that does not match makes no event.",
    )
    time: str | None = Field(default=None, description="Column with the time since randomisation, in `unit`.")
    day: str | None = Field(default=None, description="Column with the date, ISO 8601 (2012-03-30).")
    unit: Literal["days", "weeks", "months", "years"] = "days"
    data: dict[str, str | int | float | bool] = Field(default={}, description="Fixed details of the event.")

    @model_validator(mode="after")
    def _one_clock(self) -> TableRule:
        if (self.time is None) == (self.day is None):
            raise ValueError(
                "give `time` (a column of times since randomisation) or `day` (a column of dates), not both"
            )
        return self


class TableMapping(Part):
    """One table, one or more rows a patient."""

    file: str | None = Field(default=None, description="The table beside the trial file, used when none is given.")
    patient: str = Field(description="Column that names the patient.")
    arm: str = Field(description="Column with the arm.")
    arms: dict[str, str] = Field(default={}, description="The table's word for an arm, and ours, where they differ.")
    randomised: str | None = Field(default=None, description="Column with the date of randomisation.")
    randomised_on: date | None = Field(
        default=None, description="One nominal date for all, where the table has times only."
    )
    missing: tuple[str, ...] = Field(default=("", "NA", "."), description="What stands for a missing value.")
    assessments: Literal["every visit", "last only"] | None = Field(
        default=None,
        description="Whether the table lists every assessment, or of each patient only the last: what a cut-off before it means. Left "
        "out, it lists them all where one patient has two.",
    )
    rules: tuple[TableRule, ...] = Field(min_length=1)

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k != "assessments" or v is not None}

    @model_validator(mode="after")
    def _one_origin(self) -> TableMapping:
        if (self.randomised is None) == (self.randomised_on is None):
            raise ValueError("give `randomised` (a column of dates) or `randomised_on` (one nominal date), not both")
        return self


def row_of(file: str, row: int) -> str:
    """What an event that came from a row of a table says of its source."""
    return f"{file}, row {row}"


def is_row(event: Event) -> bool:
    """True of an event that came from a row of a table."""
    return ", row " in event.source
