"""Lengths of time as a protocol writes them ('6 months', '21 days') and as the software counts them: whole days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

#: Mean length of a month, 365.25 / 12 days. Survival times in months are days divided by this.
DAYS_PER_MONTH = 30.4375

_UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "year": 365.25}
#: No trial counts in more; beyond it dates end.
_MOST_YEARS = 100
_PATTERN = r"^\d+(\.\d+)? (days?|weeks?|months?|years?)$"


@dataclass(frozen=True, order=True)
class Duration:
    """A length of time. ``days`` is rounded to the nearest whole day: 6 months are 183 days, 12 months 365.

    >>> Duration.parse("6 months").days
    183
    """

    exact_days: float
    text: str = ""

    @cached_property
    def days(self) -> int:
        """Whole days [days], rounded to the nearest."""
        return round(self.exact_days)

    @property
    def months(self) -> float:
        """Months of 30.4375 days [months]."""
        return self.exact_days / DAYS_PER_MONTH

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read '6 months'. Raises ValueError, naming what is allowed, for anything else and beyond 100 years."""
        if not isinstance(text, str) or not re.match(_PATTERN, text):
            raise ValueError("a length of time is a number and a unit, such as '6 months', '21 days' or '6 weeks'")
        number, unit = text.split(" ")
        found = cls(float(number) * _UNIT_DAYS[unit.rstrip("s")], text)
        if found.exact_days > _MOST_YEARS * _UNIT_DAYS["year"]:
            raise ValueError(f"at most {_MOST_YEARS} years")
        return found

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def read(value: object) -> Duration:
            return value if isinstance(value, Duration) else cls.parse(value)  # type: ignore[arg-type]

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(lambda d: d.text)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": _PATTERN,
            "description": "A number and a unit: '6 months', '21 days', '6 weeks', '1 year'.",
            "examples": ["6 months", "21 days"],
        }


def _lasting(value: Duration) -> Duration:
    if value.days < 1:
        raise ValueError("at least one day")
    return value


#: A length of time that is at least a day: steps, medians, landmarks.
Lasting = Annotated[Duration, AfterValidator(_lasting)]
