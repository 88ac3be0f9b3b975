"""Form: what a person fills in so that an event can be recorded. Each field names the detail of the event that it fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

#: How the names begin of forms that the trial file defines.
OWN = "form-"
#: 'words': a text of several lines. 'whole': a whole number. 'day': YYYY-MM-DD. 'many': several of the choices. 'lesions': the lesion sheet.
FieldKind = Literal["text", "words", "whole", "number", "day", "choice", "many", "yes-no", "lesions"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be chosen: ``value`` is recorded, ``label`` is read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field. ``detail``: 'happened', 'why', 'site', or 'data.' and the detail's name: 'data.term', 'data.factors.ecog', 'data.failed.3'.

    ``required`` is what the form asks; what the event must have is for the judge. ``suggestions`` of a text are offered and not imposed.
    ``fails``: of a criterion's field the answer by which it was not met; its number then stands in 'failed'. ``whole_numbers``: choices are numbers.
    ``shown``: False of a field that appears only once it is asked for.
    """

    name: str
    label: str
    kind: FieldKind
    detail: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    suggestions: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""
    fails: Literal["", "yes", "no"] = ""
    whole_numbers: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class FormSpec:
    """A form: ``kind`` is the kind of event that it records. ``once``: a patient has at most one."""

    name: str
    title: str
    kind: str
    fields: tuple[FieldSpec, ...]
    once: bool = False
    help: str = ""

    def __iter__(self) -> Iterator[FieldSpec]:
        return iter(self.fields)

    def field(self, name: str) -> FieldSpec | None:
        """The field of this name."""
        return next((f for f in self.fields if f.name == name), None)

    def by_detail(self, detail: str) -> FieldSpec | None:
        """The field that fills a detail."""
        return next((f for f in self.fields if f.detail == detail), None)
