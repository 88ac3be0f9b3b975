"""WhatCounts: which adverse events count as a toxicity, for an endpoint or a rule of safety."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.organ_class import OrganClass
from equipoise.trial.part import Part

#: The grade of an adverse event of which the patient dies, in every edition of CTCAE.
FATAL = 5


class WhatCounts(Part):
    """An adverse event counts if all that is said here holds of it; at least one thing is said.

    Terms and organ classes are compared without regard to case. An event of which nothing is recorded of its relation to
    the treatment counts as related, the cautious convention; one whose seriousness or organ class is not recorded is not
    serious, unless it is fatal, and of no class.
    """

    terms: tuple[str, ...] = Field(default=(), description="Any of these terms, as the log holds them.")
    organ_class: OrganClass | None = Field(default=None, description="Terms of this system organ class of MedDRA.")
    grade_at_least: int | None = Field(default=None, ge=1, le=FATAL, description="This grade or worse (CTCAE, 1 to 5).")
    related: bool | None = Field(
        default=None,
        description="true: not said to be unrelated to the treatment. false: said to be unrelated.",
    )
    serious: bool | None = Field(default=None, description="true: recorded as serious. false: not.")
    fatal: bool | None = Field(default=None, description="true: of grade 5. false: survived.")

    @model_validator(mode="after")
    def _can_be(self) -> WhatCounts:
        """Something is said, and an event can be all of it."""
        said = [k for k in type(self).model_fields if getattr(self, k) not in (None, ())]
        wrong = []
        if not said:
            wrong.append(f"say at least one of {', '.join(f'`{k}`' for k in type(self).model_fields)}")
        if any(not t.strip() or t != t.strip() for t in self.terms):
            wrong.append("`terms`: a term without blanks around it")
        if len({t.casefold() for t in self.terms}) < len(self.terms):
            wrong.append("`terms`: each term once")
        if self.grade_at_least == FATAL and self.fatal is False:
            wrong.append("no event is of grade 5 and survived")
        if (self.fatal or self.grade_at_least == FATAL) and self.serious is False:
            wrong.append("a fatal event is serious")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that a filter added later changes no fingerprint."""
        return {k: v for k, v in handler(self).items() if v not in (None, (), [])}

    def counts(self, event_data: Mapping[str, Any]) -> bool:
        """True if an adverse event with these details (``Event.data``) counts."""
        grade = event_data["grade"]
        if self.grade_at_least is not None and grade < self.grade_at_least:
            return False
        if self.fatal is not None and (grade == FATAL) != self.fatal:
            return False
        if self.terms and event_data["term"].casefold() not in {t.casefold() for t in self.terms}:
            return False
        if self.organ_class is not None and event_data.get("organ_class", "").casefold() != self.organ_class.casefold():
            return False
        if self.serious is not None and (event_data.get("serious", False) or grade == FATAL) != self.serious:
            return False
        return self.related is None or event_data.get("related", True) == self.related

    def __str__(self) -> str:
        """In words: 'neutropenia or sepsis, of grade 3 or worse, related'."""
        words = [" or ".join(self.terms) or "any adverse event"]
        if self.organ_class is not None:
            words.append(f"of {self.organ_class}")
        if self.grade_at_least is not None:
            words.append(f"of grade {self.grade_at_least}" + (" or worse" if self.grade_at_least < FATAL else ""))
        for name, said in (("related", self.related), ("serious", self.serious), ("fatal", self.fatal)):
            if said is not None:
                words.append(name if said else f"not {name}")
        return ", ".join(words)
