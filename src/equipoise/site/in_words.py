"""Details of events as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from equipoise.trial.form import FormSpec


def in_words(value: Any) -> str:
    """A detail's value; a lesion in a few words."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        if "lesion" in value:
            size = (
                f" {value['size']:g} mm" if isinstance(value.get("size"), int | float) else f" {value.get('state', '')}"
            )
            return f"{value['lesion']}{size}"
        return ", ".join(f"{k} {in_words(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return "; ".join(in_words(v) for v in value) or "none"
    return str(value)


def detail_label(spec: FormSpec | None, detail: str) -> str:
    """What a form calls a detail; the detail's own name where it has no field."""
    found = spec.by_detail(detail) if spec is not None else None
    return found.label if found is not None else detail.removeprefix("data.").replace("_", " ").capitalize()
