"""The base of every part of a trial file: frozen, and strict about unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

#: Patients of a trial, or counts of them: beyond it, it is no trial but a slip of the keyboard.
MOST_PATIENTS = 100_000
#: Patients in a block. The kernel draws a block at once, and a longer one balances nothing.
MOST_IN_BLOCK = 100
#: Patients a month, at a site or in all.
MOST_A_MONTH = 10_000
#: Times that something may come again: cycles, visits, numbered criteria.
MOST_TIMES = 1_000
#: Rows or columns of a schedule of activities.
MOST_VISITS = 300
#: A ratio of two rates or hazards, and a hazard a month.
MOST_RATIO = 1_000
#: What a ratio without a natural end, or the worth of history in patients, may be.
MOST_WORTH = 1_000_000
#: Days, as far as lengths of time go: 100 years.
MOST_DAYS = 36_525
#: Characters of a name, which stands in file names and columns.
MOST_NAME = 64


class Part(BaseModel):
    """A frozen table of the trial file; a key it does not know is a problem, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, changed; what was computed from the old content is computed anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(copied.__dict__) - set(type(self).model_fields):
            del copied.__dict__[name]
        return copied
