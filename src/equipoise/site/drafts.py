"""Drafts: what a person has typed into a form and not given yet. Kept as one types, back after a time-out, gone once it is recorded.

A draft is one person's, of one form of one patient; nobody else is shown it, and no order is made of it. It lies with the accounts, not in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest, QueryDict
from django.urls import resolve
from django.utils import timezone

#: What is of the request, and not of what was typed.
_NOT_TYPED = frozenset({"csrfmiddlewaretoken", "key", "read", "confirm", "checked", "more"})
#: A draft holds no more characters, in all.
MOST = 200_000
Typed = dict[str, "str | list[str]"]


class Draft(models.Model):
    """``place``: the form's address, which names nobody."""

    person: models.CharField[str, str] = models.CharField(max_length=200)
    place: models.CharField[str, str] = models.CharField(max_length=200)
    typed: models.JSONField[Any, Any] = models.JSONField(default=dict)
    saved: models.DateTimeField[Any, Any] = models.DateTimeField(default=timezone.now)

    class Meta:
        """One draft a place and a person."""

        app_label = "equipoise_site"
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "place"], name="one_draft_a_place")]

    def __str__(self) -> str:
        return f"{self.person} at {self.place}"


def typed_in(post: QueryDict) -> Typed:
    """What was typed, by field; several values only where several were sent."""
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in ((str(n), [str(v) for v in vs]) for n, vs in post.lists())
        if name not in _NOT_TYPED
    }


def keep(person: str, place: str, typed: Mapping[str, str | Sequence[str]]) -> datetime | None:
    """Keep what was typed; the moment, or None where it is too much to be kept."""
    if sum(len(n) + len(v if isinstance(v, str) else "".join(v)) for n, v in typed.items()) > MOST:
        return None
    now = timezone.now()
    Draft.objects.update_or_create(person=person, place=place, defaults={"typed": dict(typed), "saved": now})
    return now


def rescued(request: HttpRequest, person: str) -> str:
    """Where a person comes back to whose session has ended as he sent a form: what he sent is kept. '' where it was no such form."""
    if request.method != "POST":
        return ""
    found = resolve(request.path_info)
    if found.url_name in ("check", "check_correction"):
        return request.path.removesuffix("check/")
    if found.url_name not in ("new", "correct"):
        return ""
    keep(person, request.path, typed_in(request.POST))
    return request.path


def kept(person: str, place: str) -> Draft | None:
    """What a person typed into a form and has not given."""
    return Draft.objects.filter(person=person, place=place).first()


def drop(person: str, place: str) -> None:
    """Forget a draft: it was recorded, or is not wanted any more."""
    Draft.objects.filter(person=person, place=place).delete()


def of(person: str) -> list[Draft]:
    """All that a person has not given yet, the newest first."""
    return list(Draft.objects.filter(person=person).order_by("-saved"))
