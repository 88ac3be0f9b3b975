"""Source-data verification, what changed since the last visit, and the audit trail with its review as a recorded act."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.conduct.watched_over import Entry, Filter, last_visit, verification
from equipoise.desk import oversight
from equipoise.site import errors, live
from equipoise.site.acts import asked, day, give
from equipoise.site.by_patient import Trail, acts_of, of_each, trail_of
from equipoise.site.forms import Day, Ordering
from equipoise.site.in_words import in_words
from equipoise.site.pages_patient import recorded
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.shown import Shown
from equipoise.site.tables import Action, Board, Cell, Page, choice, moment, show
from equipoise.trial.problem import Problem

#: So many lines of the audit trail stand on a page; the filter finds the others.
MOST = 300
_TAGS = {"verified": "good", "fallen": "bad", "not yet": "wait"}


def board(request: HttpRequest) -> HttpResponse:
    """Of each patient how much is verified, what fell, and what changed since the monitor's last visit."""
    shown = live.shown(request)
    if not shown.may("verified"):
        return errors.forbidden(request)
    visit = last_visit(shown.log, shown.person)
    of = of_each(shown, "verification", verification)
    changed: Counter[str] = Counter()
    for t in reversed(trail_of(shown).entries):
        if visit is not None and t.event.recorded <= visit:
            break
        if t.change is not None:
            changed[t.patient] += 1
    rows = []
    for name, p in sorted(shown.patients.items()):
        states = [v.state for v in of.get(name, ())]
        done, fallen, left = states.count("verified"), states.count("fallen"), states.count("not yet")
        rows.append([
            Cell(name, reverse("verify_patient", args=[shown.key_of(name)])), p.site, Cell(f"{done} of {len(states)}", number=True),
            Cell(fallen, tag="bad" if fallen else ""), Cell(left, number=True), Cell(changed[name], number=True),
        ])  # fmt: skip
    since = (
        f"Your last visit: {moment(visit)}."
        if visit is not None
        else "You have not verified or asked anything yet: all is new to you."
    )
    columns = ("Patient", "Site", "Verified", "Fallen", "Not yet", "Changes since")
    page = Page("Source verification", since, [Board("Patients", columns, rows, "Nobody was screened at your sites.")],
        [Action("What changed since", reverse("trail") + (f"?since={visit:%Y-%m-%d}" if visit else "")), Action("Queries", reverse("queries"))])  # fmt: skip
    return show(request, page)


def of_patient(request: HttpRequest, key: str) -> HttpResponse:
    """One patient's values, each with whether it was compared with its source; those that are ticked are verified."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    if not shown.may("verified"):
        return errors.forbidden(request)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        numbers = [int(n) for n in request.POST.getlist("event") if n.isdecimal() and len(n) < 16]
        answer = give(
            request,
            oversight.verify(
                live.person_of(request),
                numbers,
                request.POST.get("text", "").strip() or None,
                key=request.POST.get("key", "")[:60],
            ),
        )
        if answer.ok:
            return redirect("verify_patient", key)
        problems = answer.problems
        shown = live.shown(request)
    words = {r.event.number: r for r in recorded(shown, patient)}
    states = of_each(shown, "verification", verification).get(patient.name, [])
    visit = last_visit(shown.log, shown.person)
    rows = [
        {"v": v, "r": words[v.event.number], "tag": _TAGS[v.state], "new": visit is not None and v.event.recorded > visit, "at": moment(v.at)}
        for v in states if v.event.number in words
    ]  # fmt: skip
    context = {
        "patient": patient,
        "key": key,
        "rows": rows,
        "problems": problems,
        "order": Ordering(),
        "asks": shown.may("query opened"),
    }
    return render(request, "site/verify.html", context)


# -- the audit trail ------------------------------------------------------------------------------------------------------

_WHAT = ("recorded", "corrected", "taken back", "removed", "act", "late")


def _filter(request: HttpRequest) -> Filter:
    said = request.GET
    texts = {k: said.get(k, "").strip() for k in ("person", "patient", "kind", "field", "what")}
    return Filter(**texts, since=day(said.get("since", "")), until=day(said.get("until", "")))


def _filters(request: HttpRequest, every: Trail) -> forms.Form:
    form = forms.Form(request.GET)
    form.fields["person"] = choice("Person", [(p, p) for p in sorted(every.people)])
    few = len(every.patients) <= MOST  # of more nobody picks one from a list
    form.fields["patient"] = (
        choice("Patient", [(p, p) for p in sorted(every.patients)])
        if few
        else forms.CharField(label="Patient", required=False, max_length=200)
    )
    form.fields["kind"] = choice("Kind", [(k, k) for k in sorted(every.kinds)])
    form.fields["field"] = choice("Field", [(f, f.replace("_", " ")) for f in sorted(every.fields)])
    form.fields["what"] = choice("Change", [(w, w if w != "late" else "late entry") for w in _WHAT])
    form.fields["since"] = Day(label="Since", required=False)
    form.fields["until"] = Day(label="Until", required=False)
    return form


def audit(request: HttpRequest) -> HttpResponse:
    """Each change of each value, with old, new, who, when and why, and each act; filtered; the newest first."""
    shown = live.shown(request)
    if not shown.reads("record"):
        return errors.forbidden(request)
    every, asks = trail_of(shown), _filter(request)
    found = every.entries if asks == Filter() else [t for t in every.entries if asks.keeps(t)]
    rows = [_line(shown, t) for t in islice(reversed(found), MOST)]
    lead = f"{len(found):,} of {len(every.entries):,} lines" + (
        f", the newest {MOST} shown." if len(found) > MOST else "."
    )
    actions = (
        [Action("Record a review of this", f"{reverse('trail_review')}?{urlencode({'scope': str(asks)})}")]
        if shown.may("reviewed")
        else []
    )
    reviews = [
        [moment(e.recorded), e.by, e.data["scope"], e.data["finding"]] for e in reversed(acts_of(shown)) if e.kind == "reviewed"
    ]  # fmt: skip
    columns = ("When", "Patient", "Of", "Field", "Change", "Was", "Became", "By", "Why")
    boards = [Board("Audit trail", columns, rows, "Nothing is in this list.")]
    if shown.may("reviewed") or reviews:
        boards.append(Board("Reviews", ("When", "By", "Scope", "Finding"), reviews, "No review is recorded."))
    return show(request, Page("Audit trail", lead, boards, actions, filters=_filters(request, every)))


def _line(shown: Shown, t: Entry) -> list[Cell | object]:
    patient = (
        Cell(t.patient, reverse("patient", args=[shown.key_of(t.patient)]))
        if t.patient in shown.patients
        else t.patient or "–"
    )
    when = moment(t.event.recorded) + (f", {t.late} days late" if t.late else "")
    if t.change is not None:
        c = t.change
        when += f" ({c.local_words})" if c.zone else ""
        return [
            when,
            patient,
            t.kind,
            t.field.replace("_", " "),
            t.what,
            in_words(c.old),
            in_words(c.new),
            t.event.by,
            t.event.why or "–",
        ]
    said = "; ".join(
        f"{k} {in_words(v)}"
        for k, v in t.event.data.items()
        if k not in ("key", "definition", "digest", "events", "head")
    )
    return [when, patient, t.kind, "–", "act", "–", said or "–", t.event.by, t.event.why or "–"]


class Review(Ordering):
    """A review of the audit trail: its scope and what was found."""

    scope = forms.CharField(label="What was reviewed", max_length=4000)
    finding = forms.CharField(label="What was found", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


def review(request: HttpRequest) -> HttpResponse:
    """Record that the audit trail was reviewed."""
    shown = live.shown(request)
    if not shown.may("reviewed"):
        return errors.forbidden(request)
    form = Review(request.POST or None, initial={"scope": request.GET.get("scope", "")[:4000]})

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        return oversight.act(by, "reviewed", key=said["key"], scope=said["scope"], finding=said["finding"])

    return asked(request, form, "Record a review", "Record", making, reverse("trail"))


urlpatterns = [
    path("verify/", board, name="verify"),
    path("p/<str:key>/verify/", of_patient, name="verify_patient"),
    path("trail/", audit, name="trail"),
    path("trail/review/", review, name="trail_review"),
]
