"""What counts as a toxicity, as a value: which adverse events, of which grade, and how they were judged."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from equipoise.trial.event import Event
from equipoise.trial.part import Part


class WhatCounts(Part):
    """Adverse events that count: all that is said must hold. Nothing said: every adverse event."""

    terms: tuple[str, ...] = Field(default=(), description="One of these terms; upper and lower case are the same.")
    organ_class: str = Field(default="", description="Of this system organ class.")
    grade_at_least: int = Field(default=1, ge=1, le=5, description="Of this grade or worse (CTCAE).")
    related: bool = Field(default=False, description="Judged related to the treatment.")
    serious: bool = Field(default=False, description="Serious.")
    fatal: bool = Field(default=False, description="Fatal: of grade 5, or recorded as the cause of death.")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        seen: set[str] = set()
        for term in self.terms:
            if not term.strip() or term != term.strip():
                raise ValueError(f"no event can have the term {term!r}: it is empty, or has blanks around it")
            if term.casefold() in seen:
                raise ValueError(f"the term {term!r} stands there twice")
            seen.add(term.casefold())
        return self

    def of(self, event: Event) -> bool:
        """Whether an adverse event counts."""
        d = event.data
        return (
            (not self.terms or d["term"].casefold() in {t.casefold() for t in self.terms})
            and (not self.organ_class or str(d.get("organ_class", "")).casefold() == self.organ_class.casefold())
            and d["grade"] >= self.grade_at_least
            and (not self.fatal or d["grade"] == 5)
            and (not self.serious or bool(d.get("serious")))
            and (not self.related or bool(d.get("related")))
        )

    @property
    def of_any_kind(self) -> bool:
        """True where neither term nor class nor judgement is asked for: a death whose cause is an adverse event counts unseen."""
        return not (self.terms or self.organ_class or self.related)
