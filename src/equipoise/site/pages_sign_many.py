"""Endorsement at a cut-off, many patients at once: each record is shown whole, who signs shows again once who he is, and each has a signature of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.desk import oversight
from equipoise.site import errors, live
from equipoise.site.acts import day, give, now
from equipoise.site.confirming import by_passkey, has_passkey, is_really
from equipoise.site.forms import Confirmation, today
from equipoise.site.pages_patient import recorded
from equipoise.site.pages_sign import endorsed
from equipoise.site.shown import Shown
from equipoise.trial.oversight import MEANINGS
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem

#: So many records stand on a page: more nobody reads before he signs.
MOST = 25


@dataclass
class Record:
    """A patient's record by the cut-off, as it is shown, with its digest; ``problems``: why it was not signed."""

    patient: Patient
    key: str
    digest: str
    events: list[Any]
    state: str
    why: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def shown(self) -> str:
        """What the form sends back of it: which record, and of what it was shown."""
        return f"{self.key}.{self.digest}"


class SigningAll(Confirmation):
    """One meaning for all that is ticked."""

    meaning = forms.ChoiceField(label="What it means", choices=[(m, m) for m in reversed(MEANINGS)])
    cutoff = forms.DateField(widget=forms.HiddenInput)
    field_order = ("meaning", "passphrase")


def _records(shown: Shown, cutoff: date) -> tuple[list[Record], int]:
    """What is missing at the cut-off or has fallen, of whom one may sign for; and how many there are."""
    sites = {s.name for s in shown.sites_for("signed")}
    missing = [e for e in endorsed(shown, cutoff) if e.state != "signed" and shown.patients[e.patient].site in sites]
    found = []
    for e in missing[:MOST]:
        patient = shown.patients[e.patient]
        signs = live.current().to_sign(e.patient, cutoff)
        numbers = set(signs.events)
        own = [r for r in recorded(shown, patient) if r.event.number in numbers]
        found.append(Record(patient, shown.key_of(e.patient), signs.digest, own, e.state, e.why))
    return found, len(missing)


def sign_all(request: HttpRequest) -> HttpResponse:
    """Show each record that lacks an endorsement, and sign those that are ticked: an event each, of exactly what was shown."""
    shown = live.shown(request)
    if not shown.may("signed"):
        return errors.forbidden(request)
    cutoff = day(request.POST.get("cutoff", "") or request.GET.get("cutoff", "")) or now().date()
    here = f"{reverse('sign_all')}?cutoff={cutoff}"
    initial = {"on": today(), "cutoff": cutoff.isoformat()}
    form = SigningAll(request.POST or None, initial=initial, shown_already=by_passkey(request))
    refused: dict[str, tuple[Problem, ...]] = {}
    if request.method == "POST" and form.is_valid():
        said: dict[str, Any] = form.cleaned_data
        ticked = dict(t.split(".", 1) for t in request.POST.getlist("record")[:MOST] if t.count(".") == 1)
        if not ticked:
            messages.warning(request, "No record is ticked: nothing was signed.")
            return redirect(here)
        if wrong := is_really(request, said["passphrase"]):
            messages.error(request, f"{wrong} Nothing was signed.")
            return redirect(here)
        signed = 0
        for key, digest in ticked.items():
            patient = shown.patient_at(key)
            if patient is None:
                continue
            order = oversight.sign(
                live.person_of(request), patient.name, said["meaning"], said["cutoff"], digest=digest, key=f"{said['key'][:40]}-{key}"
            )  # fmt: skip
            answer = give(request, order)
            signed += answer.ok
            if not answer.ok:
                refused[key] = answer.problems
        shown = live.shown(request)
        messages.success(request, f"Signed: {signed} of {len(ticked)} records, by {cutoff}.")
        if not refused:
            return redirect(f"{reverse('signatures')}?cutoff={cutoff}")
        form = SigningAll(initial=initial, shown_already=by_passkey(request))
    records, missing = _records(shown, cutoff)
    for record in records:
        record.problems = refused.get(record.key, ())
    context = {
        "form": form, "records": records, "missing": missing, "more": missing - len(records), "cutoff": cutoff,
        "name": next((g.name for g in shown.reader.grants), shown.person), "by_passkey": by_passkey(request), "has_passkey": has_passkey(request),
    }  # fmt: skip
    return render(request, "site/sign_all.html", context)


urlpatterns = [path("signatures/all/", sign_all, name="sign_all")]
