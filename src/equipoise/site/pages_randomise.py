"""Randomise: everything shown once more, the pass phrase asked again, the arm from the committed event, a receipt."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from equipoise.conduct.randomisation import stratum_of
from equipoise.site import errors, live
from equipoise.site.confirming import by_passkey, has_passkey, is_really
from equipoise.site.forms import Confirmation, today
from equipoise.site.pages_screening import patient_or_404
from equipoise.trial.problem import Problem


def randomise(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm, then randomise. Who is randomised already is shown the receipt: also after a double click, a reload, a step back."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    if not shown.may("randomised") or shown.trial.randomisation is None:
        return errors.forbidden(request)
    if patient.randomised is not None:
        return redirect("receipt", key)
    form = Confirmation(request.POST or None, initial={"on": today()}, shown_already=by_passkey(request))
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if wrong := is_really(request, said["passphrase"]):
            # By a redirect: a step back from the receipt must not lead to a page that asks to send a form again.
            messages.error(request, f"{wrong} Nothing was done.")
            return redirect("randomise", key)
        if live.current().behind():
            return redirect("randomise", key)  # the page says why
        answer = live.give(request, "randomised", patient.name, said["on"], key=said["key"])
        if answer.ok:
            return redirect("receipt", key)
        problems = answer.problems
    factors = patient.enrolled.data["factors"] if patient.enrolled is not None else {}
    label = {f.name: f.label or f.name for f in shown.trial.recorded_factors}
    context = {
        "form": form, "problems": problems, "patient": patient, "key": key,
        "factors": [(label.get(k, k), v) for k, v in factors.items()],
        "stratum": stratum_of(shown.trial, factors, patient.cohort) if patient.enrolled is not None else "",
        "by_passkey": by_passkey(request), "has_passkey": has_passkey(request), "behind": live.current().behind(),
    }  # fmt: skip
    return render(request, "site/randomise.html", context)


def receipt(request: HttpRequest, key: str) -> HttpResponse:
    """What was allocated, from the committed event, with what proves that it was: number, hash, moment. To be printed."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    event = patient.randomised
    if event is None or shown.reader.renumbers:
        return errors.not_found(request)
    arm = shown.trial.arm_by_name.get(patient.arm)
    context = {
        "patient": patient, "event": event, "hash": live.current().hash_of(event.number), "key": key,
        "arm": arm.label or arm.name if arm is not None else "", "code": event.data.get("code", ""),
        "regimen": arm.regimen if arm is not None else (), "entered": shown.trial.entered,
    }  # fmt: skip
    return render(request, "site/receipt.html", context)


class CodeBreak(Confirmation):
    """Why the arm of a patient must be known now."""

    reason = forms.CharField(
        label="Reason", max_length=200, help_text="Such as: a serious adverse event whose treatment depends on it."
    )
    why = forms.CharField(label="What happened", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    # Or a browser takes what stands before a pass phrase for the user's name.
    reason.widget.attrs["autocomplete"] = "off"
    field_order = ("reason", "why", "passphrase")


def unblind(request: HttpRequest, key: str) -> HttpResponse:
    """Emergency unblinding of one patient. The arm is on the answer's page only; that it was told is in the log before it is."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    if not shown.may("unblinded"):
        return errors.forbidden(request)
    form = CodeBreak(request.POST or None, initial={"on": today()}, shown_already=by_passkey(request))
    context = {"form": form, "patient": patient, "key": key, "problems": (), "arm": ""}
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if wrong := is_really(request, said["passphrase"]):
            form.add_error("passphrase", wrong)
        else:
            answer = live.unblind(request, patient.name, said["on"], said["reason"], said["why"], said["key"])
            context["problems"] = answer.problems
            if answer.ok:
                arm = shown.trial.arm_by_name.get(answer.arm)
                context |= {
                    "arm": (arm.label or arm.name) if arm is not None else answer.arm,
                    "event": answer.event,
                    "hash": answer.hash,
                }
    return render(request, "site/unblind.html", context)


urlpatterns = [
    path("p/<str:key>/randomise/", randomise, name="randomise"),
    path("p/<str:key>/receipt/", receipt, name="receipt"),
    path("p/<str:key>/unblind/", unblind, name="unblind"),
]
