"""How patients are numbered, and which details tell one person from another at screening."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from equipoise.trial.part import Part

#: Site, dash, counter: how patients are numbered where the trial file does not say.
DEFAULT = "{site}-{counter:3}"
_PIECES = re.compile(r"\{site\}|\{counter(?::[1-9])?\}")

Detail = Literal["birth_year", "sex", "initials"]
DETAILS: tuple[Detail, ...] = ("birth_year", "sex", "initials")


class Patients(Part):
    """Patients' numbers, and what is asked at screening to find a person who was screened before."""

    number: str = Field(
        default=DEFAULT,
        max_length=40,
        description="Pattern of the numbers: '{site}-{counter:3}' gives S01-007. {counter:3}: at least three digits.",
    )
    asks: tuple[Detail, ...] = Field(
        default=(), description="Details of the person that are asked at screening; no others may be given."
    )

    @field_validator("number")
    @classmethod
    def _pattern(cls, number: str) -> str:
        """One counter, at most one site, and between them characters that are seen and no blanks."""
        said = _PIECES.findall(number)
        left = _PIECES.sub("", number)
        if sum(s.startswith("{counter") for s in said) != 1 or said.count("{site}") > 1:
            raise ValueError("a pattern with one {counter} or {counter:3}, and {site} at most once")
        if not all(c.isprintable() and not c.isspace() and c not in "{}" for c in left):
            raise ValueError("letters, digits and signs around {site} and {counter}, no blanks and no other braces")
        return number

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said."""
        return {k: v for k, v in handler(self).items() if v}

    @property
    def of_sites(self) -> bool:
        """Whether each site counts its own patients."""
        return "{site}" in self.number

    @cached_property
    def _form(self) -> tuple[list[str], int]:
        """The texts and pieces of the pattern, in order, and the least number of digits."""
        at, pieces, digits = 0, [], 1
        for piece in _PIECES.finditer(self.number):
            pieces += [self.number[at : piece.start()], piece.group().split(":")[0].rstrip("}") + "}"]
            digits = int(piece.group()[-2]) if ":" in piece.group() else digits
            at = piece.end()
        return [*pieces, self.number[at:]], digits

    def of(self, site: str, count: int) -> str:
        """The number of the patient who comes as ``count`` at a site."""
        pieces, digits = self._form
        return "".join({"{site}": site, "{counter}": f"{count:0{digits}}"}.get(p, p) for p in pieces)

    def count_in(self, number: str, site: str) -> int | None:
        """The count that a number of this site holds; None where it is not of the pattern."""
        pieces, digits = self._form
        known = {"{site}": re.escape(site), "{counter}": rf"([0-9]{{{digits},}})"}
        found = re.fullmatch("".join(known.get(p, re.escape(p)) for p in pieces), number)
        # 0007 is no other patient than 007: a count has no more digits than it needs.
        count = int(found.group(1)) if found is not None and len(found.group(1)) <= 15 else None
        return count if count is not None and self.of(site, count) == number else None
