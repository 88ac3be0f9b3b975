"""Queries: what was asked about values, how long it waits, and the next word of each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from equipoise.conduct.oversight_rules import fields_of
from equipoise.conduct.watched_over import Query, queries
from equipoise.desk import oversight
from equipoise.site import errors, live
from equipoise.site.acts import Words, asked, now
from equipoise.site.by_patient import of_each
from equipoise.site.forms import Ordering
from equipoise.site.in_words import in_words
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.shown import Shown
from equipoise.site.tables import Action, Board, Cell, Facts, Page, choice, kept, moment, show
from equipoise.trial.event import Event

TAGS = {"open": "bad", "answered": "wait", "closed": "good", "lapsed": ""}


def all_of(shown: Shown) -> list[Query]:
    """The queries that a person sees, the oldest first."""
    at = now()

    def make() -> list[Query]:
        found = of_each(shown, "queries", lambda events: queries(events, at), at.date())
        return sorted((q for of in found.values() for q in of), key=lambda q: q.number)

    return kept(shown, f"queries {at:%Y-%m-%d}", make)


def page_of(request: HttpRequest) -> HttpResponse:
    """All queries with their age, those first that wait longest."""
    shown = live.shown(request)
    if not shown.reads("record"):
        return errors.forbidden(request)
    every, sites = all_of(shown), {name: p.site for name, p in shown.patients.items()}
    filters = forms.Form(request.GET)
    filters.fields["state"] = choice("State", [(s, s) for s in TAGS])
    filters.fields["site"] = choice("Site", [(s.name, s.name) for s in shown.sites])
    state, site = request.GET.get("state", ""), request.GET.get("site", "")
    found = [q for q in every if state in ("", q.state) and site in ("", sites.get(q.patient, ""))]
    found.sort(key=lambda q: (not q.waits_for, -q.waited, q.number))
    open_now = [q for q in every if q.waits_for]
    lead = f"{len(open_now)} wait for a word" + (
        f", the oldest for {max(q.waited for q in open_now)} days." if open_now else "."
    )
    board = Board("Queries", _COLUMNS, [row(shown, q) for q in found], "No query is in this list.")
    return show(request, Page("Queries", lead, [board], filters=filters))


_COLUMNS = ("Query", "Patient", "About", "Asked", "By", "State", "Age, days", "Waits, days")


def row(shown: Shown, q: Query) -> list[Cell | object]:
    """A query as a line of a table."""
    by = f"{q.by}, a confirmed check" if q.by_check else q.by
    return [
        Cell(q.number, reverse("query", args=[q.number])), Cell(q.patient, reverse("patient", args=[shown.key_of(q.patient)])),
        about(q.about, q.field), q.text, by, Cell(q.state, tag=TAGS[q.state]), Cell(q.age, number=True), Cell(q.waited if q.waits_for else "–", number=True),
    ]  # fmt: skip


def about(event: Event, field: str = "") -> str:
    """What an act is about, in words: the kind, its day, and the value of the field."""
    values = event.data.get("values", {}) if event.kind == "form" else event.data
    value = event.happened if field == "happened" else values.get(field)
    said = f", {field.replace('_', ' ')}: {in_words(value)}" if field else ""
    return f"{event.data.get('form', event.kind)} of {event.happened}{said}"


def query_or_404(request: HttpRequest, number: int) -> Query:
    """A query that one sees."""
    found = next((q for q in all_of(live.shown(request)) if q.number == number), None)
    if found is None or not live.shown(request).reads("record"):
        raise Http404
    return found


_TURNS = {
    "answer": ("query answered", "Answer a query", "Answer", ("open",)),
    "close": ("query closed", "Close a query", "Close", ("open", "answered")),
    "reopen": ("query reopened", "Open a query again", "Open again", ("answered", "closed")),
}


def one(request: HttpRequest, number: int) -> HttpResponse:
    """A query: what it is about as it stands now, all its turns, and what may come next."""
    q, shown = query_or_404(request, number), live.shown(request)
    key = shown.key_of(q.patient)
    first = [[moment(q.opened), q.by, "asked" if not q.by_check else "confirmed", q.text]]
    turns = [[moment(t.recorded), t.by, t.kind.removeprefix("query "), t.data.get("text", "–")] for t in q.turns]
    facts = Facts("What it is about", [
        ("Patient", q.patient), ("Value now", about(q.about, q.field)), ("State", q.state + (", its value was corrected since" if q.changed else "")),
        ("Age", f"{q.age} days"),
    ])  # fmt: skip
    actions = [
        Action(action, reverse("query_turn", args=[number, act]), act != "answer")
        for act, (kind, _, action, states) in _TURNS.items() if shown.may(kind) and q.state in states
    ]  # fmt: skip
    actions.append(Action("The value's history", reverse("history", args=[key, q.about.number])))
    board = Board("Its turns", ("When", "By", "What", "Words"), first + turns)
    return show(
        request,
        Page(
            f"Query {number}",
            "",
            [board],
            actions,
            facts,
            back=("All queries", reverse("queries")),
            crumbs=[(q.patient, reverse("patient", args=[key]))],
        ),
    )


def turn(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Answer, close or reopen."""
    q, shown = query_or_404(request, number), live.shown(request)
    if act not in _TURNS:
        return errors.not_found(request)
    kind, title, action, _ = _TURNS[act]
    if not shown.may(kind):
        return errors.forbidden(request)
    form = Words("Answer" if act == "answer" else "Words", request.POST or None, required=act != "close")

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        return oversight.turn(by, kind, number, said["text"] or None, key=said["key"])

    return asked(
        request, form, title, action, making, reverse("query", args=[number]), f"{about(q.about, q.field)}. {q.text}"
    )


class Ask(Ordering):
    """A question about a value."""

    def __init__(self, event: Event, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        names = [
            (f, f.replace("_", " "))
            for f in fields_of(event)
            if f == "happened" or "." in f or f in (event.data.get("values") or event.data)
        ]
        self.fields["field"] = forms.ChoiceField(
            label="Field", required=False, choices=[("", "the record as a whole"), *names]
        )
        self.fields["text"] = forms.CharField(
            label="Question", max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
        )


def ask(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Ask the site about a value. That it stands is for the judge to say."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    if not shown.may("query opened"):
        return errors.forbidden(request)
    event = next((e for e in shown.log if e.number == number and e.patient == patient.name), None)
    if event is None or event.kind == "voided" or event.kind.startswith("query"):
        return errors.not_found(request)

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        return oversight.on(by, "query opened", number, key=said["key"], field=said["field"] or None, text=said["text"])

    form = Ask(event, request.POST or None)
    return asked(request, form, f"Ask about {patient.name}", "Ask", making, reverse("queries"), about(event))


urlpatterns = [
    path("queries/", page_of, name="queries"),
    path("queries/<int:number>/", one, name="query"),
    path("queries/<int:number>/<slug:act>/", turn, name="query_turn"),
    path("p/<str:key>/ask/<int:number>/", ask, name="ask"),
]
