"""The people of the trial: who holds which role on a day; grants, revocations, training and delegation, as events."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.site import errors, live
from equipoise.site.forms import Ordering
from equipoise.site.pages_record import day_of
from equipoise.site.shown import Shown
from equipoise.trial.problem import Problem
from equipoise.trial.role import BY_NAME, ROLES


def people(request: HttpRequest) -> HttpResponse:
    """The authorised persons of a day."""
    shown = live.shown(request)
    if not shown.reads("people"):
        return errors.forbidden(request)
    day = day_of(request)
    found = live.current().authorised(day)
    may = [kind for kind in ("granted", "revoked", "trained", "delegated") if shown.may(kind)]
    return render(request, "site/people.html", {"day": day, "persons": found.persons, "may": may})


class Grant(Ordering):
    """A role for a person."""

    def __init__(self, shown: Shown, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["person"] = forms.CharField(
            label="Person", max_length=200, help_text="By the user name of the account, letter by letter."
        )
        self.fields["name"] = forms.CharField(label="Name in full", max_length=200, required=False)
        self.fields["role"] = forms.ChoiceField(label="Role", choices=[("", "")] + [(r.name, r.name) for r in ROLES])
        self.fields["sites"] = forms.MultipleChoiceField(
            label="Sites", required=False, choices=[(s.name, f"{s.name} {s.label}".strip()) for s in shown.trial.sites],
            widget=forms.CheckboxSelectMultiple, help_text="Of a coordinator, an investigator, a pharmacist or a monitor.",
        )  # fmt: skip
        self.fields["arms"] = forms.BooleanField(label="Of an inspector: may know the arms", required=False)

    @property
    def details(self) -> dict[str, Any]:
        """The details of the event."""
        said = self.cleaned_data
        more = {"name": said["name"], "sites": said["sites"], "arms": said["arms"]}
        return {"person": said["person"], "role": said["role"], **{k: v for k, v in more.items() if v}}


class Revocation(Ordering):
    """A role that ends now."""

    def __init__(self, shown: Shown, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        held = [(g.person, g.role.name) for g in shown.people.grants if g.until is None]
        choices = [(f"{role}/{person}", f"{person}: {role}") for person, role in dict.fromkeys(held)]
        self.fields["grant"] = forms.ChoiceField(label="Person and role", choices=[("", ""), *choices])
        self.fields["why"] = forms.CharField(label="Why", required=False, max_length=4000)

    @property
    def details(self) -> dict[str, Any]:
        """The details of the event."""
        role, person = self.cleaned_data["grant"].split("/", 1)
        return {"person": person, "role": role}


class Training(Ordering):
    """What a person was trained in."""

    def __init__(self, shown: Shown, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        asked = shown.trial.people.training if shown.trial.people is not None else ()
        self.fields["person"] = forms.CharField(label="Person", max_length=200)
        about = f"The trial file asks for: {', '.join(asked)}." if asked else "Such as GCP, or the protocol's version."
        self.fields["what"] = forms.CharField(label="Trained in", max_length=200, help_text=about)

    @property
    def details(self) -> dict[str, Any]:
        """The details of the event."""
        return {k: self.cleaned_data[k] for k in ("person", "what")}


class Delegation(Ordering):
    """Orders that an investigator delegates."""

    def __init__(self, shown: Shown, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        own = {s.name for s in shown.sites_for("delegated")}
        staff = {g.person for g in shown.people.grants if g.until is None and g.role.delegated and g.sites & own}
        tasks = sorted(BY_NAME["coordinator"].orders)
        self.fields["person"] = forms.ChoiceField(label="Person", choices=[("", "")] + [(p, p) for p in sorted(staff)])
        self.fields["tasks"] = forms.MultipleChoiceField(
            label="Orders", required=False, choices=[(t, t) for t in tasks], widget=forms.CheckboxSelectMultiple,
            help_text="They take the place of what was delegated before; none takes it back.",
        )  # fmt: skip

    @property
    def details(self) -> dict[str, Any]:
        """The details of the event."""
        return {k: self.cleaned_data[k] for k in ("person", "tasks")}


_ORDERS: dict[str, tuple[str, str, str, Any]] = {
    "grant": ("granted", "Grant a role", "Grant", Grant),
    "revoke": ("revoked", "Revoke a role", "Revoke", Revocation),
    "train": ("trained", "Record a training", "Record", Training),
    "delegate": ("delegated", "Delegate orders", "Delegate", Delegation),
}


def change(request: HttpRequest, act: str) -> HttpResponse:
    """Grant, revoke, train or delegate: an event each."""
    shown = live.shown(request)
    kind, title, action, form_of = _ORDERS.get(act, ("", "", "", None))
    if not kind:
        return errors.not_found(request)
    if not shown.may(kind):
        return errors.forbidden(request)
    form = form_of(shown, request.POST or None)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answer = live.give(request, kind, data=form.details, why=said.get("why"), key=said["key"])
        if answer.ok:
            return redirect("people")
        problems = answer.problems
    context = {"form": form, "title": title, "action": action, "problems": problems, "back": reverse("people")}
    return render(request, "site/form.html", context)


urlpatterns = [path("people/", people, name="people"), path("people/<slug:act>/", change, name="people_change")]
