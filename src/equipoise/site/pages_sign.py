"""Signatures: what is signed is shown, who signs shows again who he is, and the signature is of exactly what was shown."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.conduct.watched_over import Endorsement, Signature, cutoffs, endorsements, signatures
from equipoise.desk import oversight
from equipoise.site import errors, live
from equipoise.site.acts import day, give, now
from equipoise.site.by_patient import of_each
from equipoise.site.confirming import by_passkey, has_passkey, is_really
from equipoise.site.forms import Confirmation, today
from equipoise.site.pages_patient import recorded
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.shown import Shown
from equipoise.site.tables import Action, Board, Cell, Page, choice, moment, show
from equipoise.trial.oversight import MEANINGS
from equipoise.trial.problem import Problem

_TAGS = {"signed": "good", "fallen": "bad", "missing": "wait"}


def _cutoff(request: HttpRequest, shown: Shown) -> date:
    """The cut-off that is asked for; else the last, else today."""
    asked = day(request.GET.get("cutoff", ""))
    return asked or next(iter(cutoffs(shown.log)), now().date())


def endorsed(shown: Shown, cutoff: date) -> list[Endorsement]:
    """Of each patient whom a reader sees, whether an investigator endorsed his record at a cut-off."""
    found = of_each(shown, "endorsed", lambda events: endorsements(events, cutoff), cutoff)
    return [e for name in sorted(found) if name in shown.patients for e in found[name]]


def page_of(request: HttpRequest) -> HttpResponse:
    """Of each patient whether an investigator endorsed his record at a cut-off, and what is missing."""
    shown = live.shown(request)
    if not shown.reads("record"):
        return errors.forbidden(request)
    cutoff = _cutoff(request, shown)
    found = endorsed(shown, cutoff)
    signs = shown.may("signed")
    rows: list[list[Cell | object]] = []
    for e in found:
        key = shown.key_of(e.patient)
        link = (
            Cell("Sign", f"{reverse('sign', args=[key])}?cutoff={cutoff}")
            if signs and e.state != "signed"
            else Cell("Signatures", reverse("signatures_of", args=[key]))
        )
        rows.append(
            [
                Cell(e.patient, reverse("patient", args=[key])),
                e.site,
                Cell(e.state, tag=_TAGS[e.state]),
                e.by or "–",
                "; ".join(e.why) or "–",
                link,
            ]
        )
    missing = sum(e.state != "signed" for e in found)
    filters = forms.Form({"cutoff": cutoff.isoformat()})
    days = dict.fromkeys([cutoff, *cutoffs(shown.log), now().date()])
    filters.fields["cutoff"] = choice("Cut-off", [(str(d), str(d)) for d in days])
    lead = f"Endorsement of each patient's record by {cutoff}: {missing} of {len(found)} missing or fallen."
    board = Board(
        "Patients", ("Patient", "Site", "Endorsed", "By", "Why not", ""), rows, "No patient has a record by that day."
    )
    several = signs and missing > 1
    actions = [Action("Sign several", f"{reverse('sign_all')}?cutoff={cutoff}", secondary=False)] if several else []
    return show(request, Page("Signatures", lead, [board], actions, filters=filters))


def of_patient(request: HttpRequest, key: str) -> HttpResponse:
    """All signatures of a patient's record: printed name, moment, meaning, digest, and whether each holds."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    rows = [_line(s) for s in signatures(shown.events_of(patient.name))]
    columns = ("Name", "Signed", "Meaning", "Cut-off", "Records", "Digest", "State", "Why")
    actions = [Action("Sign", reverse("sign", args=[key]), secondary=False)] if shown.may("signed") else []
    page = Page(
        f"Signatures of {patient.name}",
        "",
        [Board("Signatures", columns, rows, "Nothing was signed.")],
        actions,
        back=("The patient's page", reverse("patient", args=[key])),
    )
    return show(request, page)


def _line(s: Signature) -> list[Cell | object]:
    d = s.act.data
    state = Cell("holds", tag="good") if s.holds else Cell("fallen", tag="bad")
    return [
        d["name"],
        moment(s.act.recorded),
        d["meaning"],
        d.get("cutoff", "–"),
        Cell(len(d["events"]), number=True),
        d["digest"][:16],
        state,
        "; ".join(s.fallen) or "–",
    ]


class Signing(Confirmation):
    """A signature: its meaning, what was shown, and who signs, shown again."""

    meaning = forms.ChoiceField(label="What it means", choices=[(m, m) for m in reversed(MEANINGS)])
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    cutoff = forms.DateField(widget=forms.HiddenInput)
    field_order = ("meaning", "passphrase")


def sign(request: HttpRequest, key: str) -> HttpResponse:
    """Show all that is signed, ask who signs to show again who he is, and sign exactly what was shown."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    if not shown.may("signed"):
        return errors.forbidden(request)
    cutoff = day(request.POST.get("cutoff", "")) or _cutoff(request, shown)
    found = live.current().to_sign(patient.name, cutoff)
    initial = {"on": today(), "digest": found.digest, "cutoff": cutoff.isoformat()}
    form = Signing(request.POST or None, initial=initial, shown_already=by_passkey(request))
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        said: dict[str, Any] = form.cleaned_data
        if wrong := is_really(request, said["passphrase"]):
            messages.error(request, f"{wrong} Nothing was signed.")
            return redirect(f"{reverse('sign', args=[key])}?cutoff={cutoff}")
        order = oversight.sign(
            live.person_of(request),
            patient.name,
            said["meaning"],
            said["cutoff"],
            digest=said["digest"],
            key=said["key"],
        )
        answer = give(request, order)
        if answer.ok:
            messages.success(request, f"Signed: {patient.name}, by {cutoff}.")
            return redirect("signatures_of", key)
        problems = answer.problems
        # What is shown now is what a second signature would be of.
        found, shown = live.current().to_sign(patient.name, cutoff), live.shown(request)
        form = Signing(initial={**initial, "digest": found.digest}, shown_already=by_passkey(request))
    records = [r for r in recorded(shown, patient) if r.event.number in set(found.events)]
    name = next((g.name for g in shown.reader.grants), shown.person)
    context = {
        "form": form, "problems": problems, "patient": patient, "key": key, "records": records, "cutoff": cutoff, "name": name,
        "digest": found.digest, "by_passkey": by_passkey(request), "has_passkey": has_passkey(request),
    }  # fmt: skip
    return render(request, "site/sign.html", context)


urlpatterns = [
    path("signatures/", page_of, name="signatures"),
    path("p/<str:key>/signatures/", of_patient, name="signatures_of"),
    path("p/<str:key>/sign/", sign, name="sign"),
]
