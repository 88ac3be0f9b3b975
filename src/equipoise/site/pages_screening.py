"""Screening and enrolment."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.site import errors, live
from equipoise.site.forms import Enrolment, Screening
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem


def patient_or_404(request: HttpRequest, key: str) -> Patient:
    """The patient whom an address means. One who is not shown reads like one that there is not."""
    found = live.shown(request).patient_at(key)
    if found is None:
        raise Http404
    return found


def screen(request: HttpRequest) -> HttpResponse:
    """Screen a patient: each criterion answered; the log's judge says the rest."""
    shown = live.shown(request)
    if not shown.may("screened"):
        return errors.forbidden(request)
    form = Screening(shown, request.POST or None)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answer = live.give(
            request, "screened", said["patient"], said["on"], form.details, key=said["key"], site=form.site
        )
        if answer.event is not None:
            _consented(request, form, answer.event.patient)
            return redirect("patient", live.shown(request).key_of(answer.event.patient))
        problems = answer.problems
    return render(request, "site/screen.html", {"form": form, "problems": problems})


def _consented(request: HttpRequest, form: Screening, patient: str) -> None:
    """Record which consent form was signed, where the screening says it: an event of its own, under a key of its own."""
    said = form.cleaned_data
    if not said["consent"]:
        return
    answer = live.give(
        request, "consented", patient, said["consent_on"] or said["on"], {"version": said["consent"]}, key=f"{said['key']}-consent"
    )  # fmt: skip
    if not answer.ok:
        told = "; ".join(p.allowed for p in answer.problems)
        messages.warning(request, f"The screening is recorded, and the consent is not: {told}. Record it here.")


def enrol(request: HttpRequest, key: str) -> HttpResponse:
    """Enrol an eligible patient."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    if not shown.may("enrolled"):
        return errors.forbidden(request)
    form = Enrolment(shown, patient.cohort, request.POST or None)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answer = live.give(request, "enrolled", patient.name, said["on"], form.details, key=said["key"])
        if answer.event is not None:
            to = "randomise" if shown.may("randomised") and shown.trial.randomisation is not None else "patient"
            return redirect(to, key)
        problems = answer.problems
    context = {
        "form": form, "problems": problems, "title": f"Enrol {patient.name}", "action": "Enrol", "back": reverse("patient", args=[key]),
        "lead": "The levels say in which stratum the patient will be randomised; afterwards they can be corrected, the allocation stands.",
    }  # fmt: skip
    return render(request, "site/form.html", context)


urlpatterns = [path("screen/", screen, name="screen"), path("p/<str:key>/enrol/", enrol, name="enrol")]
