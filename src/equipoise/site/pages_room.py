"""The committee's room: what stands by arm, behind its wall. Each view is an event with its reason before anything is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.conduct.overseen import named
from equipoise.desk import look as looking
from equipoise.desk import oversight, room
from equipoise.site import errors, live
from equipoise.site.acts import give
from equipoise.site.confirming import by_passkey, is_really
from equipoise.site.forms import Confirmation, Ordering, today
from equipoise.site.pages_looks import looks_of
from equipoise.site.tables import Board
from equipoise.trial.decision import Decision
from equipoise.trial.problem import BadInput, Problem


class Door(Ordering):
    """Why the room is opened."""

    why = forms.CharField(
        label="Why you open it", max_length=4000, help_text="Who opens what is by arm, when and why stands in the log."
    )


def door(request: HttpRequest, number: int) -> HttpResponse:
    """Ask why, record the view, then show the closed report. Each view is asked for and recorded anew."""
    shown = live.shown(request)
    if not (shown.reads("by arm") and shown.may("seen")):
        return errors.forbidden(request)
    look = (request.GET.get("cohort", ""), number)
    if "look unblinded" not in looks_of(shown).done(look):
        return errors.page(
            request,
            403,
            "The room is shut",
            f"{named(look).capitalize()} is not unblinded: cut-off, checks and closed entry come first.",
        )
    form = Door(request.POST or None)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answer = give(
            request,
            oversight.act(
                live.person_of(request), "seen", why=said["why"], key=said["key"], page=f"closed report, {named(look)}"
            ),
        )
        if answer.ok:
            return _closed(request, look)
        problems = answer.problems
    return render(request, "site/form.html", {
        "form": form, "title": f"The committee's room: {named(look)}", "action": "Open", "problems": problems, "back": reverse("look", args=[number]),
    })  # fmt: skip


def _closed(request: HttpRequest, look: tuple[str, int], problems: tuple[Problem, ...] = ()) -> HttpResponse:
    shown = live.shown(request)
    steps = looks_of(shown).steps[look]
    try:
        found = room.closed_report(shown.trial, shown.log, look, steps[0].data["cutoff"], shown.reader)
    except BadInput as bad:
        return errors.refused(request, bad)
    boards = [Board(t.title, t.columns, t.rows) for t in found.tables]
    decides = shown.may("decided") and isinstance(found.result, Decision) and steps[-1].kind == "look unblinded"
    context: dict[str, Any] = {
        "look": named(look), "number": look[1], "cohort": look[0], "found": found, "boards": boards, "problems": problems,
        "form": Confirmation(initial={"on": today()}, shown_already=by_passkey(request)) if decides else None, "by_passkey": by_passkey(request),
    }  # fmt: skip
    return render(request, "site/room.html", context)


def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Record what the rule says of the look, by what was known when entry was closed."""
    shown = live.shown(request)
    if not shown.may("decided"):
        return errors.forbidden(request)
    look = (request.GET.get("cohort", ""), number)
    done = looks_of(shown).steps.get(look, [])
    form = Confirmation(request.POST or None, shown_already=by_passkey(request))
    if not done or request.method != "POST" or not form.is_valid():
        return redirect("look", number)
    if wrong := is_really(request, form.cleaned_data["passphrase"]):
        messages.error(request, f"{wrong} Nothing was done.")
        return redirect("look", number)
    try:
        found = room.closed_report(shown.trial, shown.log, look, done[0].data["cutoff"], shown.reader)
    except BadInput as bad:
        return errors.refused(request, bad)
    if not isinstance(found.result, Decision):
        return errors.page(request, 409, "The look is not ripe", "Nothing was decided.")
    answer = give(request, looking.recording(found.result, found.known_on, live.person_of(request), look[0]))
    if not answer.ok:
        return errors.page(request, 409, "Nothing was decided", "The step was refused.", answer.problems)
    return redirect("look", number)


urlpatterns = [
    path("room/<int:number>/", door, name="room"),
    path("room/<int:number>/decide/", decide, name="room_decide"),
]
