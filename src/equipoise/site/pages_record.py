"""The record: the patients one sees, every event's history, and all as known on any day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from equipoise.conduct.forms import form_for
from equipoise.conduct.value_history import DAY, history_of, line_of
from equipoise.site import boards, errors, live
from equipoise.site.in_words import detail_label
from equipoise.site.in_words import in_words as in_short
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.shown import Shown
from equipoise.trial.event import Event


@dataclass(frozen=True)
class Told:
    """An event in words: its details one by one, and when it was recorded, in UTC and by the site's clock."""

    event: Event
    details: list[tuple[str, str]]
    recorded: str
    local: str
    in_force: bool = True
    earlier: int = 0


def told(shown: Shown, event: Event, site: str = "", in_force: bool = True, earlier: int = 0) -> Told:
    """An event as a page tells it."""
    said = [(k.replace("_", " "), in_words(v)) for k, v in event.data.items() if k not in ("key", "definition")]
    place = shown.trial.site_by_name.get(event.site or site)
    zone = place.timezone if place is not None else None
    local = event.recorded.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z") if zone else ""
    return Told(event, said, event.recorded.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"), local, in_force, earlier)


def in_words(value: Any) -> str:
    """A detail as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{k} {in_words(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list):
        return "; ".join(in_words(v) for v in value) or "none"
    return str(value)


def patients(request: HttpRequest) -> HttpResponse:
    """The patients whom one sees, where each stands, and what comes next."""
    shown = live.shown(request)
    if not shown.reads("record"):
        return errors.forbidden(request)
    state = request.GET.get("state", "")
    every = boards.rows(shown)
    found = [row for row in every if state in ("", row.state)]
    names = sorted({row.state for row in every})
    return render(
        request,
        "site/patients.html",
        {"polls": True, "rows": found, "states": names, "state": state, "all": len(every)},
    )


def history(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The whole history of one event: each value it had, who recorded it, when, why."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    found = {e.number: e for e in shown.events_of(patient.name)}
    if number not in found:
        raise Http404
    every = list(found.values())
    chain = line_of(every, number)
    rows = [told(shown, e, patient.site, e is chain[-1]) for e in chain]
    place = shown.trial.site_by_name.get(patient.site)
    spec = form_for(chain[0].kind, shown.trial, patient, str(chain[0].data.get("form", "")))
    changes = [
        (detail_label(spec, c.detail if c.detail == DAY else f"data.{c.detail}"), in_short(c.old), in_short(c.new), c)
        for c in history_of(every, number, place.timezone if place is not None else None)
    ]
    title = spec.title if spec is not None else chain[0].kind.capitalize()
    return render(
        request, "site/history.html", {"patient": patient, "key": key, "rows": rows, "changes": changes, "title": title}
    )


def known(request: HttpRequest) -> HttpResponse:
    """Counts as they were known on a day."""
    shown = live.shown(request)
    if not shown.reads("counts"):
        return errors.forbidden(request)
    day = day_of(request)
    snap = shown.known_on(day)
    entered, seen = snap.randomised, snap.patients.values()
    counts = [
        ("sites open", sum(e.kind == "site activated" for e in snap.events)),
        ("screened", sum(p.screened is not None for p in seen)),
        (shown.trial.entered, len(entered)),
        ("died", sum(p.died is not None for p in entered)),
        ("progressed", sum(p.first_progression is not None for p in entered)),
        ("withdrew", sum(p.withdrawn is not None for p in entered)),
        ("lost", sum(p.lost is not None for p in entered)),
    ]
    rows = []
    if shown.reads("record"):
        rows = [(shown.key_of(n), p, *boards.state_of(p, "")[:2]) for n, p in sorted(snap.patients.items())]
    return render(request, "site/known.html", {"day": day, "counts": counts, "rows": rows})


def known_patient(request: HttpRequest, key: str) -> HttpResponse:
    """One patient's record as it was known on a day."""
    patient, shown, day = patient_or_404(request, key), live.shown(request), day_of(request)
    events = [e for e in shown.known_on(day).events if e.patient == patient.name]
    rows = [told(shown, e, patient.site, earlier=len(shown.history(e)) - 1) for e in events]
    return render(request, "site/record.html", {"patient": patient, "key": key, "rows": rows, "day": day})


def day_of(request: HttpRequest) -> date:
    """The day that is asked for; today (UTC) where none, or none that there is."""
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return datetime.now(UTC).date()


urlpatterns = [
    path("patients/", patients, name="patients"),
    path("known/", known, name="known"),
    path("p/<str:key>/record/", known_patient, name="record"),
    path("p/<str:key>/history/<int:number>/", history, name="history"),
]
