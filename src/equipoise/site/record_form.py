"""A form of the trial's definition as Django renders it. It holds no rule: what is typed is read by ``conduct.filled``, and judged by the log's judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms

from equipoise.conduct.filled import FieldProblem
from equipoise.trial.form import FieldSpec, FormSpec

_TEMPLATE = "patient/field.html"


class Recorded(forms.Field):
    """A field whose value is kept as it was typed."""

    template_name: str
    spec: FieldSpec

    def __init__(self, spec: FieldSpec, day: str) -> None:
        super().__init__(
            label=spec.label, required=False, help_text=spec.help, widget=_widget(spec, day), template_name=_TEMPLATE
        )
        self.spec = spec


class RecordForm(forms.Form):
    """``typed``: what stands in the fields; ``problems`` are shown at theirs, those of the whole form above it."""

    def __init__(
        self, spec: FormSpec, typed: Mapping[str, Any], problems: Iterable[FieldProblem] = (), *, day: str = "", asked: frozenset[str] = frozenset()
    ) -> None:  # fmt: skip
        super().__init__(data=_Typed(typed))
        self.spec = spec
        self.label_suffix = ""
        for f in spec:
            if f.kind != "lesions" and (f.shown or f.name in asked or typed.get(f.name)):
                self.fields[f.name] = Recorded(f, day)
        for p in problems:
            self.add_error(p.field if p.field in self.fields else None, str(p))

    def groups(self) -> Sequence[forms.BoundField]:
        """The fields in the form's order."""
        return list(self.visible_fields())


class _Typed(dict[str, Any]):
    """What was typed, as Django's widgets ask for it."""

    def getlist(self, name: str) -> list[Any]:
        """Several values of one field."""
        value = self.get(name, [])
        return value if isinstance(value, list) else [value] if value else []


def _widget(spec: FieldSpec, day: str) -> forms.Widget:
    attrs: dict[str, Any] = {"aria-required": "true"} if spec.required else {}
    choices = [(c.value, c.label) for c in spec.choices]
    if spec.kind == "day":
        return forms.DateInput(attrs={**attrs, "type": "date", **({"max": day} if day else {})})
    if spec.kind == "words":
        return forms.Textarea(attrs={**attrs, "rows": 2, "maxlength": 4000})
    if spec.kind in ("whole", "number"):
        return forms.TextInput(
            attrs={
                **attrs,
                "inputmode": "numeric" if spec.kind == "whole" else "decimal",
                "class": "number",
                "autocomplete": "off",
            }
        )
    if spec.kind == "many":
        return forms.CheckboxSelectMultiple(choices=choices)
    if spec.kind == "yes-no":
        return forms.RadioSelect(choices=choices)
    if spec.kind == "choice":
        return (
            forms.RadioSelect(choices=choices)
            if 1 < len(choices) <= 5 and spec.required
            else forms.Select(attrs=attrs, choices=[("", "–"), *choices])
        )
    listed = {"list": f"of_{spec.name}"} if spec.suggestions else {}
    return forms.TextInput(attrs={**attrs, **listed, "autocomplete": "off", "maxlength": 4000})
