"""After a restored back-up: what was witnessed and is lost is recorded by an administrator, and only then patients are randomised again."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from equipoise.site import errors, live
from equipoise.site.confirming import is_really
from equipoise.trial.problem import Problem


class Reconciliation(forms.Form):
    """What is known of the loss, and who says so."""

    why = forms.CharField(
        label="What was lost, and what was done about it",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Such as: the disk failed on 3 May; the sites were asked for their receipts, and what was missing was entered again.",
    )
    passphrase = forms.CharField(
        label="Your pass phrase, once more",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def reconcile(request: HttpRequest) -> HttpResponse:
    """Say which witnessed heads the log has not, and record that they are lost."""
    if not live.shown(request).may("reconciled"):
        return errors.forbidden(request)
    form, problems = Reconciliation(request.POST or None, label_suffix=""), tuple[Problem, ...]()
    behind = live.current().behind()
    if request.method == "POST" and behind and form.is_valid():
        if wrong := is_really(request, form.cleaned_data["passphrase"]):
            form.add_error("passphrase", wrong)
        else:
            answer = live.reconcile(request, form.cleaned_data["why"])
            if answer.ok:
                messages.success(request, "It is recorded. Patients are randomised again.")
                return redirect("home")
            problems = answer.problems
    return render(request, "site/reconcile.html", {"form": form, "behind": behind, "problems": problems})


urlpatterns = [path("reconcile/", reconcile, name="reconcile")]
