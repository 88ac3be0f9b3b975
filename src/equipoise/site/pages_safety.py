"""Serious adverse events with their clock, for the medical monitor: his word on each, and one patient's safety on one page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from equipoise.conduct.value_history import line_of
from equipoise.desk import oversight
from equipoise.site import errors, live
from equipoise.site.acts import asked, now
from equipoise.site.by_patient import of_each
from equipoise.site.forms import Ordering
from equipoise.site.pages_patient import EXPEDITED, EXPEDITED_IF_FATAL
from equipoise.site.shown import Shown
from equipoise.site.tables import Action, Board, Cell, Page, moment, show
from equipoise.trial.event import Event
from equipoise.trial.log import in_force

#: So many stand on the page.
_MOST = 300


def is_serious(event: Event) -> bool:
    """True of an adverse event that is serious, or fatal."""
    return event.kind == "adverse event" and (event.data.get("serious") is True or event.data["grade"] == 5)


def known_since(shown: Shown) -> dict[int, datetime]:
    """When each serious adverse event in force was first known here, by its number."""

    def make(events: Sequence[Event]) -> list[tuple[Event, datetime]]:
        return [(e, min(h.recorded for h in line_of(events, e.number))) for e in in_force(events) if is_serious(e)]

    return {e.number: at for of in of_each(shown, "serious", make).values() for e, at in of}


def serious(shown: Shown) -> list[Event]:
    """The serious adverse events in force that a person sees, those known last first."""
    found = of_each(shown, "serious events", lambda events: [e for e in in_force(events) if is_serious(e)])
    return sorted((e for of in found.values() for e in of), key=lambda e: e.recorded, reverse=True)


def page_of(request: HttpRequest) -> HttpResponse:
    """Each serious adverse event: when it was known, how long is left for the report, and the monitor's word."""
    shown = live.shown(request)
    if not shown.may("safety reviewed"):
        return errors.forbidden(request)
    said_of = of_each(shown, "safety words", lambda events: [e for e in events if e.kind == "safety reviewed"])
    words = {e.data["event"]: e for of in said_of.values() for e in of}
    every, since = serious(shown), known_since(shown)
    rows: list[list[Cell | object]] = []
    for e in every[:_MOST]:
        known = since[e.number]
        fatal = e.data["grade"] == 5 or bool({"death", "life-threatening"} & set(e.data.get("criteria", ())))
        within = EXPEDITED_IF_FATAL if fatal else EXPEDITED
        left = within - (now() - known).days
        found = words.get(e.number)
        said = Cell(_word(found)) if found is not None else Cell("Review", reverse("safety_review", args=[e.number]))
        clock = (
            Cell(
                f"{left} of {within} days left" if left >= 0 else f"{-left} days over",
                tag="wait" if left >= 0 else "bad",
            )
            if found is None
            else "–"
        )
        rows.append([
            Cell(e.patient, reverse("safety_patient", args=[shown.key_of(e.patient)])), f"{e.data['term']}, grade {e.data['grade']}", str(e.happened),
            moment(known), clock, said,
        ])  # fmt: skip
    waiting = sum(e.number not in words for e in every)
    lead = f"{waiting} wait for a review." + (
        f" The newest {_MOST} of {len(every):,} are shown." if len(every) > _MOST else ""
    )
    board = Board(
        "Serious adverse events",
        ("Patient", "Event", "Began", "Known here", "Clock", "Review"),
        rows,
        "None is recorded.",
    )
    return show(request, Page("Safety", lead, [board]))


def _word(e: Event) -> str:
    said = f"{'related' if e.data['related'] else 'not related'}, {'expected' if e.data['expected'] else 'unexpected'}"
    return f"{said}, {e.by}" + (f": {e.data['text']}" if e.data.get("text") else "")


def of_patient(request: HttpRequest, key: str) -> HttpResponse:
    """One patient's safety: his adverse events, and what else a reviewer must know, without the arm."""
    shown = live.shown(request)
    patient = shown.patient_at(key)
    if not shown.may("safety reviewed"):
        return errors.forbidden(request)
    if patient is None:
        return errors.not_found(request)
    rows: list[list[Cell | object]] = [
        [str(e.happened), e.data.get("until", "–"), e.data["term"], Cell(e.data["grade"], number=True), "yes" if is_serious(e) else "no",
         {True: "yes", False: "no"}.get(e.data.get("related", None), "–"), Cell("Ask", reverse("ask", args=[key, e.number]))]
        for e in patient.adverse_events
    ]  # fmt: skip
    other = [
        [str(e.happened), e.kind, "–"]
        for e in (patient.treatment_ended, patient.withdrawn, patient.lost, patient.died)
        if e is not None
    ]
    boards = [
        Board("Adverse events", ("Began", "Ended", "Term", "Grade", "Serious", "Related", "Query"), rows, "None is recorded."),
        Board("Ends", ("Day", "What", ""), other, "Nothing ended."),
    ]  # fmt: skip
    return show(
        request,
        Page(
            f"Safety of {patient.name}",
            "",
            boards,
            [Action("The patient's page", reverse("patient", args=[key]))],
            back=("All serious events", reverse("safety")),
        ),
    )


class Word(Ordering):
    """The monitor's word on a serious adverse event."""

    related = forms.ChoiceField(
        label="Related to the treatment?", choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect
    )
    expected = forms.ChoiceField(
        label="Expected, by the reference safety information?",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(label="In words", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


def review(request: HttpRequest, number: int) -> HttpResponse:
    """Say whether a serious event is related and expected: beside what the site said, and no value of its own."""
    shown = live.shown(request)
    if not shown.may("safety reviewed"):
        return errors.forbidden(request)
    event = next((e for e in serious(shown) if e.number == number), None)
    if event is None:
        return errors.not_found(request)

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        yes = {k: said[k] == "yes" for k in ("related", "expected")}
        return oversight.on(by, "safety reviewed", number, key=said["key"], text=said["text"] or None, **yes)

    lead = f"{event.patient}: {event.data['term']}, grade {event.data['grade']}, {event.happened}."
    return asked(
        request, Word(request.POST or None), "Review a serious adverse event", "Record", making, reverse("safety"), lead
    )


urlpatterns = [
    path("safety/", page_of, name="safety"),
    path("safety/<int:number>/", review, name="safety_review"),
    path("p/<str:key>/safety/", of_patient, name="safety_patient"),
]
