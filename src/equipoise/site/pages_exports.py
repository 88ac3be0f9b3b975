"""Exports: made for who is logged in, at this moment, from what he sees; each recorded before the file is given. And the same to read by a program."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse

from equipoise.desk import oversight
from equipoise.desk.taken_away import MADE
from equipoise.files.plain import plain
from equipoise.site import errors, live
from equipoise.site.acts import give, now
from equipoise.site.forms import Ordering
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.tables import Action, Board, Page, moment, show

_ABOUT = {
    "log": "The log's own lines, what you may not see withheld: its chain verifies by itself. For who may not know arms: a list of the events, numbered anew.",
    "csv": "One detail a line, with who, when and why.",
    "odm": "CDISC ODM-XML 1.3.2 with audit records and signatures.",
    "sdtm": "CDISC SDTM as transport files with define.xml, in one zip. For who may not know arms: no arm, and no dose that tells one.",
    "report": "The open report as PDF: accrual, conduct and safety, all arms together.",
}


def page_of(request: HttpRequest) -> HttpResponse:
    """What may be taken away, and what was."""
    shown = live.shown(request)
    if not (shown.reads("record") and shown.may("exported")):
        return errors.forbidden(request)
    done = [
        [moment(e.recorded), e.by, e.data["what"], e.why or "–"]
        for e in reversed(list(shown.log))
        if e.kind == "exported"
    ]
    kinds = [k for k in MADE if _can_make(k)]
    boards = [
        Board("Kinds", ("Kind", "What it holds"), [[k, _ABOUT[k]] for k in kinds]),
        Board("Taken away", ("When", "By", "What", "Why"), done, "Nothing was exported."),
    ]  # fmt: skip
    actions = [Action(f"Export {kind}", reverse("export", args=[kind])) for kind in kinds]
    return show(
        request,
        Page("Exports", "Each is made for you from what you see, and recorded before you get it.", boards, actions),
    )


def _can_make(name: str) -> bool:
    """Whether what makes a kind is installed here: nothing is recorded as taken away that cannot be given."""
    return name != "report" or find_spec("weasyprint") is not None


class Taking(Ordering):
    """Why data are taken away."""

    why = forms.CharField(
        label="Why", max_length=4000, help_text="Who takes what away, when and why stands in the log."
    )


def export(request: HttpRequest, name: str) -> HttpResponse:
    """Record that data are taken away, then give the file."""
    from django.shortcuts import render

    shown = live.shown(request)
    if name not in MADE or not _can_make(name):
        return errors.not_found(request)
    if not (shown.reads("record") and shown.may("exported")):
        return errors.forbidden(request)
    form, context = (
        Taking(request.POST or None),
        {"title": f"Export {name}", "action": "Export", "back": reverse("exports"), "lead": _ABOUT[name]},
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answer = give(
            request, oversight.act(live.person_of(request), "exported", why=said["why"], key=said["key"], what=name)
        )
        if answer.ok:
            ending, _ = MADE[name]
            content = live.current().taken_away(live.person_of(request), name)
            file = HttpResponse(content, content_type="application/octet-stream")
            file["Content-Disposition"] = f'attachment; filename="{shown.trial.id}-{now():%Y%m%d}.{ending}"'
            return file
        context["problems"] = answer.problems  # type: ignore[assignment]
    return render(request, "site/form.html", {"form": form, **context})


# -- to be read by a program: GET only, by the same session, with the same visibility ----------------------------------------


def api_patients(request: HttpRequest) -> HttpResponse:
    """The patients whom one sees."""
    shown = live.shown(request)
    if not shown.reads("record"):
        return errors.forbidden(request)
    rows = [
        {"key": shown.key_of(name), "patient": name, "site": p.site, "randomised": p.randomised is not None}
        for name, p in sorted(shown.patients.items())
    ]
    return _json({"trial": shown.trial.id, "definition": shown.trial.fingerprint, "patients": rows})


def api_events(request: HttpRequest, key: str) -> HttpResponse:
    """All events of one patient, corrections and acts about the record among them."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    return _json(
        {"trial": shown.trial.id, "patient": patient.name, "events": [plain(e) for e in shown.events_of(patient.name)]}
    )


def _json(value: dict[str, Any]) -> JsonResponse:
    return JsonResponse(value, json_dumps_params={"sort_keys": True, "ensure_ascii": False})


urlpatterns = [
    path("exports/", page_of, name="exports"),
    path("exports/<slug:name>/", export, name="export"),
    path("api/patients/", api_patients, name="api_patients"),
    path("api/p/<str:key>/events/", api_events, name="api_events"),
]
