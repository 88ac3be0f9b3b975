"""The sponsor's pages: sites, enrolment, approvals of amendments. Never an arm, never a rate by arm."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.site import boards, errors, live
from equipoise.site.forms import Day, Ordering, today
from equipoise.site.shown import Shown
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem


def sites(request: HttpRequest) -> HttpResponse:
    """Each site: planned and real activation, screened and enrolled, which amendments it has approved."""
    shown = live.shown(request)
    if not shown.may("site activated"):
        return errors.forbidden(request)
    at: dict[str, list[Patient]] = {}
    for p in shown.today.patients.values():
        at.setdefault(p.site, []).append(p)
    amendments = shown.definitions.editions[1:]
    rows = []
    for site in shown.trial.sites:
        own = at.get(site.name, [])
        came = sum(p.randomised is not None for p in own)
        approved = [(a, a.approved.get(site.name)) for a in amendments]
        rows.append(
            (site, shown.standing.sites.get(site.name), sum(p.screened is not None for p in own), came, approved)
        )
    context = {
        "polls": True, "rows": rows, "accrual": boards.accrual(shown), "enrolment": boards.enrolment_in_words(shown), "state": shown.enrolment(),
        "amendments": amendments, "cohorts": shown.trial.cohort_names, "entered": shown.trial.entered,
    }  # fmt: skip
    return render(request, "site/sites.html", context)


class Act(Ordering):
    """An order of the trial's own: where, when, why."""

    def __init__(self, shown: Shown, act: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if act in ("activate", "approve"):
            there = (
                shown.trial.sites
                if act == "approve"
                else [s for s in shown.trial.sites if s.name not in shown.standing.sites]
            )
            self.fields["site"] = forms.ChoiceField(
                label="Site", choices=[("", "")] + [(s.name, f"{s.name} {s.label}".strip()) for s in there]
            )
        if act == "approve":
            made = [(e.fingerprint, f"{e.on}: {e.why}") for e in shown.definitions.editions[1:]]
            self.fields["fingerprint"] = forms.ChoiceField(label="Amendment", choices=[("", ""), *made])
        if act in ("pause", "resume", "close") and shown.trial.cohorts:
            self.fields["cohort"] = forms.ChoiceField(
                label="Cohort",
                required=False,
                choices=[("", "the whole trial")] + [(c, c) for c in shown.trial.cohort_names],
            )
        self.fields["on"] = Day(label="Day", initial=today)
        self.fields["why"] = forms.CharField(label="Why", max_length=4000, required=act in ("pause", "close"))

    @property
    def details(self) -> dict[str, Any]:
        """The details of the event."""
        return {k: self.cleaned_data[k] for k in ("fingerprint", "cohort") if self.cleaned_data.get(k)}


_ORDERS = {
    "activate": ("site activated", "Activate a site", "Activate"),
    "pause": ("enrolment paused", "Pause enrolment", "Pause"),
    "resume": ("enrolment resumed", "Resume enrolment", "Resume"),
    "close": ("enrolment closed", "Close enrolment", "Close"),
    "approve": ("approved", "Record a site's approval", "Record"),
}


def change(request: HttpRequest, act: str) -> HttpResponse:
    """Activate, pause, resume, close or approve: an event each."""
    shown = live.shown(request)
    if act not in _ORDERS:
        return errors.not_found(request)
    kind, title, action = _ORDERS[act]
    if not shown.may(kind):
        return errors.forbidden(request)
    form = Act(shown, act, request.POST or None)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answer = live.give(
            request,
            kind,
            happened=said["on"],
            data=form.details,
            why=said["why"],
            key=said["key"],
            site=said.get("site", ""),
        )
        if answer.ok:
            return redirect("sites" if shown.may("site activated") else "home")
        problems = answer.problems
    back = reverse("sites" if shown.may("site activated") else "home")
    return render(
        request, "site/form.html", {"form": form, "title": title, "action": action, "problems": problems, "back": back}
    )


urlpatterns = [path("sites/", sites, name="sites"), path("sites/<slug:act>/", change, name="sites_change")]
