"""Orders about the record, given from pages: an order of the desk's, by whose session it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from equipoise.site import live
from equipoise.site.forms import Ordering
from equipoise.trial.problem import Problem

#: Makes the order of who is logged in from what his form says.
Making = Callable[[str, dict[str, Any]], live.Ordering]


def give(request: HttpRequest, order: live.Ordering) -> live.Answer:
    """Give an order of the desk's as who is logged in."""
    answer = live.current().order(live.person_of(request), order)
    request.equipoise_shown = None  # type: ignore[attr-defined]  # the log has grown
    return answer


def asked(
    request: HttpRequest, form: forms.Form, title: str, action: str, making: Making, back: str, lead: str = ""
) -> HttpResponse:
    """A page with a form that gives one order, and leads back once it is recorded."""
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        answer = give(request, making(live.person_of(request), form.cleaned_data))
        if answer.ok:
            return redirect(back)
        problems = answer.problems
    context = {"form": form, "title": title, "action": action, "problems": problems, "back": back, "lead": lead}
    return render(request, "site/form.html", context)


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


def day(text: str) -> date | None:
    """A day as it stands in an address; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class Words(Ordering):
    """A form that asks for words."""

    def __init__(self, label: str, *args: Any, required: bool = True, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["text"] = forms.CharField(
            label=label, max_length=4000, required=required, widget=forms.Textarea(attrs={"rows": 3})
        )
