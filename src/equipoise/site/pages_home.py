"""The first page of each role: what it may do, and how the trial stands as far as it may know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from equipoise.site import boards, live, pages_due
from equipoise.site.navigation import links_of
from equipoise.site.shown import Shown
from equipoise.trial.event import Event


def home(request: HttpRequest) -> HttpResponse:
    """What may be done, whom it concerns, and the boards."""
    shown = live.shown(request)
    counts = shown.reads("counts") or shown.reads("record")
    concerned = shown.may("randomised") or shown.may("reconciled")
    context = {
        "polls": True,
        "unblinded": _told_of(shown),
        "behind": live.current().behind() if concerned else (),
        "reconciles": shown.may("reconciled"),
        "tasks": [link for link in links_of(shown) if link.about],
        "waiting": boards.waiting(shown) if shown.reads("record") else [],
        "states": boards.states(shown) if counts else [],
        "accrual": boards.accrual(shown) if counts and "pharmacist" not in shown.roles else None,
        "enrolment": boards.enrolment_in_words(shown) if counts else "",
        **pages_due.at_home(request, shown),
    }
    return render(request, "site/home.html", context)


#: So long a notice of an emergency unblinding stands on the first page.
_NOTICE = timedelta(days=14)


def _told_of(shown: Shown) -> list[tuple[Event, str]]:
    """Emergency unblindings of late: that it was, by whom and why, and never the arm; each with the patient's address.

    For who sees the patients; and for the sponsor, who is told of each (ICH E6(R3), 4.1), by the number alone and without what was written of it.
    """
    records = shown.reads("record")
    if not shown.trial.masked or not (records or shown.may("amended")):
        return []
    since = datetime.now(UTC) - _NOTICE
    found = [e for e in shown.today.events if e.kind == "unblinded" and e.recorded >= since]
    return [(e, shown.key_of(e.patient) if records else "") for e in reversed(found)]


def mark(request: HttpRequest) -> HttpResponse:
    """Whether the reader's view of the trial is another than when a page was made: pages ask every ten seconds."""
    if request.GET.get("seen", "") == live.shown(request).mark:
        return HttpResponse(status=204)  # nothing is put anywhere
    return render(request, "site/mark.html")


urlpatterns = [path("", home, name="home"), path("mark/", mark, name="mark")]
