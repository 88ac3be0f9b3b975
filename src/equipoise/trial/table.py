"""How the rows of a table of real patients become events of the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.dialect import Dialect, encoding_named, separator_named
from equipoise.trial.part import Part
from equipoise.trial.written_day import DayFormat

Value = str | int | float | bool
#: Words that stand for a missing value besides those of ``missing``, where the file states none.
USUALLY_MISSING = ("N/A", "n/a", "#N/A", "NaN", "NULL")

TableEvent = Literal["progressed", "died", "assessed", "contact", "withdrawn", "lost", "next therapy", "adverse event"]


class TableRule(Part):
    """Rows for which ``when`` holds become one event: its kind, and the column that says on which day."""

    event: TableEvent
    when: dict[str, Value] = Field(
        default={},
        description="Columns and the value each must have: a text, a number, or true or false. A value of such a column that no rule "
        "names is a problem, unless `no_event` has it.",
    )
    time: str | None = Field(default=None, description="Column with the time since randomisation, in `unit`.")
    day: str | None = Field(default=None, description="Column with the date: ISO 8601 (2012-03-30), or `date_format`.")
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
    missing: tuple[str, ...] = Field(
        default=("", "NA", "."),
        description="What stands for a missing value; where it is not stated N/A, n/a, #N/A, NaN and NULL do too.",
    )
    no_event: Mapping[str, tuple[Value, ...]] = Field(
        default_factory=dict,
        description="Columns of `when`, and values of them that make no event: sort = ['baseline']. '' is an empty cell.",
    )
    date_format: str | Mapping[str, str] | None = Field(
        default=None,
        description="How days are written, where it is not ISO 8601: 'DD/MM/YYYY', 'D-MON-YY', or R's '%d/%m/%Y'; by column where it is "
        "not the same: { death = 'DD/MM/YYYY' }.",
    )
    century_from: int | None = Field(
        default=None,
        ge=1800,
        le=2100,
        description="With YY, the first of the hundred years meant: 1950 for 1950 to 2049.",
    )
    partial_dates: Literal["first", "middle", "last"] | None = Field(
        default=None,
        description="Which possible day stands for a date known to the month or year only, never before randomisation. Without it such "
        "a date is a problem; so it is for a randomisation.",
    )
    encoding: Annotated[str, AfterValidator(encoding_named)] | None = Field(
        default=None, description="Of the file, where it is neither UTF-8 nor UTF-16: 'windows-1252'."
    )
    separator: Annotated[str, AfterValidator(separator_named)] | None = Field(
        default=None,
        description="What stands between columns: 'semicolon', 'tab' or a character; found out if not stated.",
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="The decimal mark of numbers; found out if not stated."
    )
    comment: str | None = Field(default=None, min_length=1, description="How lines begin that are comments.")
    rules: tuple[TableRule, ...] = Field(min_length=1)

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        later = {
            "no_event",
            "date_format",
            "century_from",
            "partial_dates",
            "encoding",
            "separator",
            "decimal",
            "comment",
        }
        return {k: v for k, v in handler(self).items() if k not in later or v}

    @model_validator(mode="after")
    def _one_origin(self) -> TableMapping:
        if (self.randomised is None) == (self.randomised_on is None):
            raise ValueError("give `randomised` (a column of dates) or `randomised_on` (one nominal date), not both")
        return self

    @model_validator(mode="after")
    def _of_columns_and_days(self) -> TableMapping:
        asked = {column for rule in self.rules for column in rule.when}
        wrong = [f"no_event.{c}: no rule asks `when` of this column" for c in self.no_event if c not in asked]
        formats = self.date_format.items() if isinstance(self.date_format, Mapping) else [("", self.date_format or "")]
        for column, text in formats:
            problem = DayFormat(text, self.century_from).problem() if text else ""
            if column and column not in self.day_columns:
                problem = "no such column of days in this table"
            if problem:
                wrong.append(f"date_format{'.' + column if column else ''}: {text!r}; {problem}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def day_columns(self) -> list[str]:
        """Columns of dates."""
        found = [self.randomised, *(rule.day for rule in self.rules)]
        return list(dict.fromkeys(c for c in found if c is not None))

    @property
    def dialect(self) -> Dialect:
        """How the file is written, as far as it is stated."""
        return Dialect(self.encoding, self.separator, self.decimal, self.comment)

    @property
    def missing_words(self) -> frozenset[str]:
        """What stands for a missing value: as stated, or what usually does."""
        return frozenset(self.missing if "missing" in self.model_fields_set else (*self.missing, *USUALLY_MISSING))

    def format_of(self, column: str) -> DayFormat | None:
        """How the days of a column are written; None for ISO 8601."""
        stated = self.date_format.get(column) if isinstance(self.date_format, Mapping) else self.date_format
        return DayFormat(stated, self.century_from) if stated else None
