"""How the rows of tables of real patients become events of the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.dialect import Dialect, encoding_named, separator_named
from equipoise.trial.event import Event
from equipoise.trial.kinds import KINDS
from equipoise.trial.part import Part
from equipoise.trial.written_day import DayFormat

Value = str | int | float | bool
#: Words that stand for a missing value besides those of ``missing``, where the file states none.
USUALLY_MISSING = ("N/A", "n/a", "#N/A", "NaN", "NULL")

TableEvent = Literal[
    "progressed", "died", "assessed", "contact", "withdrawn", "lost", "next therapy", "adverse event", "treated", "treatment ended",
    "study ended", "outcome", "deviation",
]  # fmt: skip
#: What a patient's record holds once: a second day is a conflict, and the same one carried down a long table is no second event.
ONCE = frozenset({"died", "withdrawn", "lost", "treatment ended", "study ended"})
#: Entries of [table] that came after the first trial files were kept.
_LATER = frozenset({
    "no_event", "date_format", "century_from", "partial_dates", "encoding", "separator", "decimal", "comment", "assessments", "factors",
    "person", "joined",
})  # fmt: skip
#: Details that are days.
DAY_DETAILS = frozenset({"until"})


def _fits(value: object, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _types(types: tuple[type, ...]) -> str:
    named = {bool: "true or false", str: "a text", int: "a whole number", float: "a number"}
    return f"must be {' or '.join(named[t] for t in types if t in named and not (t is int and float in types))}"


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
    columns: dict[str, str] = Field(
        default={},
        description="Details of the event, and the column that each is in: { term = 'AETERM', grade = 'AETOXGR' }. An empty cell of a detail "
        "that the event can be without leaves it out.",
    )
    words: dict[str, dict[str, str | int | float | bool]] = Field(
        default={},
        description="By detail, the table's word and ours, where they differ: { response = { '3' = 'SD' } }. '' is an empty cell.",
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k not in ("columns", "words") or v}

    @model_validator(mode="after")
    def _one_clock(self) -> TableRule:
        if (self.time is None) == (self.day is None):
            raise ValueError(
                "give `time` (a column of times since randomisation) or `day` (a column of dates), not both"
            )
        return self

    @model_validator(mode="after")
    def _details(self) -> TableRule:
        known = [
            name for name, (types, _) in KINDS[self.event].items()
            if not {list, dict} & set(types) and not name.endswith(("dated", "date_rule"))  # these follow from `partial_dates`
        ]  # fmt: skip
        wrong = [
            f"{entry}.{name}: no detail of {self.event!r} that a column can hold: {', '.join(known)}"
            for entry, names in (("columns", self.columns), ("words", self.words))
            for name in names
            if name not in known
        ]
        wrong += [f"columns.{name}: `data` gives it already" for name in self.columns if name in self.data]
        wrong += [f"words.{name}: no column of `columns` holds it" for name in self.words if name not in self.columns]
        fields = KINDS[self.event]
        wrong += [f"data.{n}: no detail of {self.event!r}: {', '.join(known)}" for n in self.data if n not in fields]
        stated = [(f"data.{n}", n, value) for n, value in self.data.items()]
        stated += [(f"words.{n}.{t}", n, value) for n, words in self.words.items() for t, value in words.items()]
        wrong += [
            f"{entry}: {_types(fields[n][0])}" for entry, n, w in stated if n in known and not _fits(w, fields[n][0])
        ]
        wrong += [
            f"{name}: {self.event!r} must say it: in `data`, or from a column of `columns`"
            for name, (_, required) in fields.items()
            if required and name not in self.data and name not in self.columns
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class Rows(Part):
    """A table: how its file is written, the column of the patient, and which rows become which events."""

    patient: str = Field(description="Column that names the patient.")
    missing: tuple[str, ...] = Field(
        default=("", "NA", "."),
        description="What stands for a missing value; where it is not stated N/A, n/a, #N/A, NaN and NULL do too.",
    )
    no_event: Mapping[str, tuple[Value, ...]] = Field(
        default_factory=dict,
        description="Columns of `when` or `columns`, and values of them that make no event: sort = ['baseline']. '' is an empty cell.",
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
    rules: tuple[TableRule, ...] = ()

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k not in _LATER or v}

    @model_validator(mode="after")
    def _of_columns_and_days(self) -> Rows:
        asked = {c for rule in self.rules for c in (*rule.when, *rule.columns.values(), rule.day, rule.time)}
        wrong = [f"no_event.{c}: no rule asks this column" for c in self.no_event if c not in asked]
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
        found = [rule.day for rule in self.rules]
        found += [column for rule in self.rules for name, column in rule.columns.items() if name in DAY_DETAILS]
        return list(dict.fromkeys(c for c in found if c is not None))

    @property
    def named_columns(self) -> list[str]:
        """All columns that the mapping names."""
        wanted = [self.patient]
        for rule in self.rules:
            wanted += [*rule.when, *(c for c in (rule.time, rule.day) if c), *rule.columns.values()]
        return list(dict.fromkeys(wanted))

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


class JoinedTable(Rows):
    """A further table of the same patients: its visits, its adverse events, its doses."""

    file: str = Field(description="The file, beside the table that it is joined to.")
    rules: tuple[TableRule, ...] = Field(min_length=1)


class Level(Part):
    """A column with a patient's level of a factor or marker."""

    column: str
    words: dict[str, str] = Field(default={}, description="The table's word and the level, where they differ.")


#: What the table may tell of a person.
Person = Literal["age", "sex", "race", "ethnic", "country"]


class TableMapping(Rows):
    """The table that says who is in the trial, one or more rows a patient, and the tables joined to it.

    What is said of a patient once (the arm, the day of randomisation, levels, age) may stand in any of his rows and be empty in the others.
    """

    file: str | None = Field(default=None, description="The table beside the trial file, used when none is given.")
    arm: str | None = Field(default=None, description="Column with the arm; left out in a trial of one arm.")
    arms: dict[str, str] = Field(default={}, description="The table's word for an arm, and ours, where they differ.")
    randomised: str | None = Field(default=None, description="Column with the date of randomisation.")
    randomised_on: date | None = Field(
        default=None, description="One nominal date for all, where the table has times only."
    )
    assessments: Literal["every visit", "last only"] | None = Field(
        default=None,
        description="Whether the table lists every assessment, or of each patient only the last: what a cut-off before it means. Left "
        "out, it lists them all where one patient has two.",
    )
    factors: dict[str, str | Level] = Field(
        default={},
        description="Stratification factors and markers, and the column with each patient's level: { ecog = 'ECOG' } or { ecog = { column = "
        "'ECOG', words = { '0' = '0-1' } } }.",
    )
    person: dict[Person, str] = Field(
        default={}, description="Baseline values, and their columns: { age = 'AGE', sex = 'SEX' }."
    )
    joined: tuple[JoinedTable, ...] = Field(
        default=(), description="Further tables of the same patients, joined by the patient: visits, adverse events."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> TableMapping:
        if (self.randomised is None) == (self.randomised_on is None):
            raise ValueError("give `randomised` (a column of dates) or `randomised_on` (one nominal date), not both")
        if not self.rules and not self.joined:
            raise ValueError("give `rules`, or a table with rules under [[table.joined]]")
        return self

    @property
    def day_columns(self) -> list[str]:
        """Columns of dates."""
        return list(dict.fromkeys(c for c in (self.randomised, *super().day_columns) if c is not None))

    @property
    def named_columns(self) -> list[str]:
        """All columns that the mapping names."""
        found = [self.patient, *(c for c in (self.arm, self.randomised) if c)]
        found += [*(level.column for level in self.levels.values()), *self.person.values()]
        return list(dict.fromkeys([*found, *super().named_columns]))

    @property
    def levels(self) -> Mapping[str, Level]:
        """Factor or marker → the column of its levels."""
        return {f: Level(column=of) if isinstance(of, str) else of for f, of in self.factors.items()}


def row_of(file: str, row: int) -> str:
    """What an event that came from a row of a table says of its source."""
    return f"{file}, row {row}"


def is_row(event: Event) -> bool:
    """True of an event that came from a row of a table."""
    return ", row " in event.source
