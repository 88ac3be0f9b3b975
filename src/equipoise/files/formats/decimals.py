"""Numbers as tables write them: with a point, or with a comma where the file says so or shows it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)
_THOUSANDS_BY_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", re.ASCII)


@dataclass(frozen=True)
class Decimals:
    """How numbers are read; ``found`` if the comma was found out from the cells and was not stated.

    ``unsure`` where each point may part thousands: '1.234' is then no number until the mark is stated.
    """

    mark: str = "."
    found: bool = False
    unsure: bool = False

    @classmethod
    def of(cls, cells: Iterable[str], separator: str, stated: str | None = None) -> Decimals:
        """By what is stated, else by the cells of a file with this separator.

        A comma is the decimal mark where commas do not part the columns, some cell has one, none has a point, and they cannot all
        be thousands ('1,234'). In such a file points that can all be thousands ('1.234') are not taken for a decimal mark.
        """
        if stated is not None:
            return cls(stated)
        texts = [c.strip() for c in cells]
        commas = [c for c in texts if _COMMA.fullmatch(c)]
        points = [c for c in texts if "." in c and _NUMBER.fullmatch(c)]
        if separator != "," and commas and not points and not all(map(_THOUSANDS.fullmatch, commas)):
            return cls(",", found=True)
        return cls(unsure=separator != "," and bool(points) and all(map(_THOUSANDS_BY_POINT.fullmatch, points)))

    def read(self, text: str) -> float | None:
        """The number; None for what is none."""
        text = text.strip()
        if self.mark == ",":
            if "." in text:
                return None
            text = text.replace(",", ".", 1)
        if not _NUMBER.fullmatch(text) or (self.unsure and _THOUSANDS_BY_POINT.fullmatch(text)):
            return None
        value = float(text)
        return value if math.isfinite(value) else None

    def hint(self, text: str) -> str:
        """The next step for a text that is no number; '' where there is none to name."""
        text = text.strip()
        if self.mark == "," and _NUMBER.fullmatch(text):
            return "numbers of this file have a decimal comma; --decimal . for a point"
        if self.unsure and _THOUSANDS_BY_POINT.fullmatch(text):
            return "--decimal . if the point is the decimal mark; thousands are written without a mark"
        if self.mark == "." and _THOUSANDS.fullmatch(text):
            return "thousands are written without a comma; --decimal , if it is the decimal mark"
        if self.mark == "." and _COMMA.fullmatch(text):
            return "--decimal , if the comma is the decimal mark"
        if re.fullmatch(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{1,2}[- ]?[A-Za-z]{3,}[- ]?\d{2,4}", text):
            return "a date? name the column with `day`, not `time`"
        return ""
