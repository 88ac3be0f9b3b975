"""What the patient's pages ask of a form that was looked at."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from equipoise.conduct.cautions import Caution
from equipoise.site.entry import Looked

register = template.Library()


@register.filter
def cautions_at(looked: Looked | None, field: str) -> Sequence[Caution]:
    """The cautions of a field of a form that was looked at."""
    spec = looked.entry.spec.field(field) if looked is not None else None
    return looked.at(spec) if looked is not None and spec is not None else ()
