"""Forms of a patient: record, correct, take back; checked as one types, kept as a draft, and never overwriting what somebody else made of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.filled import CONFIRMED_BY, FieldProblem
from equipoise.conduct.value_history import Clash, clash
from equipoise.desk import order
from equipoise.site import demo, drafts, errors, live
from equipoise.site.entry import Entry, Looked, correction_of, entry_of, not_given
from equipoise.site.in_words import detail_label, in_words
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.patient_calendar import due_at, typed_for
from equipoise.site.record_form import RecordForm
from equipoise.trial.event import Event


def today_at(request: HttpRequest, site: str) -> date:
    """The day that it is at a patient's site; UTC where its time zone is not stated. A demonstration stands on a day of its own."""
    trial = live.shown(request).trial
    if settings.EQUIPOISE_DEMO:
        return demo.day_of(trial)
    place = trial.site_by_name.get(site)
    zone = ZoneInfo(place.timezone) if place is not None and place.timezone else UTC
    return order.now().astimezone(zone).date()


# -- a new record -------------------------------------------------------------------------------------------------------


def new(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """Record something of a patient."""
    entry = _new_entry(request, key, name)
    if entry is None:
        return errors.forbidden(request)
    if request.method == "POST":
        return _given(request, key, entry)
    due = due_at(live.shown(request), entry.patient, entry.today, request.GET.get("due", ""))
    typed = typed_for(due, entry.today) if due is not None else {}
    return _blank(request, key, entry, typed)


def _new_entry(request: HttpRequest, key: str, name: str) -> Entry | None:
    patient = patient_or_404(request, key)
    return entry_of(live.shown(request), patient, name, today_at(request, patient.site))


# -- a correction -------------------------------------------------------------------------------------------------------


def correct(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Correct an event. Where it was corrected since it was read, both versions and what is typed are shown side by side."""
    entry = _correction(request, key, number)
    if request.method == "POST":
        return _given(request, key, entry)
    line = clash(live.shown(request).events_of(entry.patient.name), number, {})
    if line is not None:  # an old address: the form of what is in force
        if line.theirs.kind == "voided":
            messages.warning(request, "This was taken back; there is nothing to correct.")
            return redirect("patient", key)
        return redirect("correct", key, line.theirs.number)
    return _blank(request, key, entry, entry.typed_first())


def _correction(request: HttpRequest, key: str, number: int) -> Entry:
    patient = patient_or_404(request, key)
    entry = correction_of(live.shown(request), patient, number, today_at(request, patient.site))
    if entry is None:
        raise Http404
    return entry


def take_back(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Take an event back that never happened, with the reason; it stays in the record as taken back."""
    entry = _correction(request, key, number)
    why, problems = str(request.POST.get("why", "")).strip(), []
    if request.method == "POST":
        answer = live.give(
            request, entry.spec.kind, entry.patient.name, corrects=number, why=why, void=True, key=str(request.POST.get("key", ""))
        )  # fmt: skip
        if answer.ok:
            messages.success(request, f"{entry.spec.title} of {entry.old.happened if entry.old else ''} is taken back.")
            return redirect("patient", key)
        problems = not_given(answer.problems, entry.spec)
    context = {
        "entry": entry,
        "key": key,
        "why": why,
        "problems": problems,
        "order_key": _fresh(request),
        "said": _said(entry),
    }
    return render(request, "patient/take_back.html", context)


def _said(entry: Entry) -> list[tuple[str, str]]:
    old = entry.old
    data = old.data if old is not None else {}
    return [(detail_label(entry.spec, f"data.{k}"), in_words(v)) for k, v in data.items() if k != "key"]


# -- the form -----------------------------------------------------------------------------------------------------------


def _blank(request: HttpRequest, key: str, entry: Entry, typed: Mapping[str, Any]) -> HttpResponse:
    """The form as it is first seen: with the draft that was kept of it, if there is one."""
    person, place = live.person_of(request), _place(key, entry)
    if request.GET.get("fresh"):
        drafts.drop(person, place)
    draft = drafts.kept(person, place)
    typed = {**typed, **draft.typed} if draft is not None else typed
    looked = entry.looked_at(typed, person) if entry.has_sheet else None
    return _form(request, key, entry, typed, looked, draft=draft)


def _given(request: HttpRequest, key: str, entry: Entry) -> HttpResponse:
    """Give the order, unless something is impossible, or unlikely and not confirmed."""
    typed, person, place = drafts.typed_in(request.POST), live.person_of(request), _place(key, entry)
    more = 3 if "more" in request.POST else 0
    looked = entry.looked_at(typed, person, more)
    if more:
        return _form(request, key, entry, typed, looked)
    order_key = str(request.POST.get("key", ""))[:60]
    if _done_before(request, entry, order_key):
        return redirect("patient", key)
    stale = _stale(request, entry, looked)
    if stale is not None:
        drafts.keep(person, place, typed)
        return _clashed(request, key, entry, looked, stale)
    if not looked.fine or looked.changes_nothing:
        drafts.keep(person, place, typed)
        nothing = [FieldProblem("", "nothing-to-correct", "nothing", "nothing is otherwise than it was recorded")]
        return _form(request, key, entry, typed, looked, problems=nothing if looked.fine else ())
    codes = " ".join(sorted({c.code for c in looked.cautions}))
    if codes and request.POST.get("confirm", "") != codes:
        drafts.keep(person, place, typed)
        return _form(request, key, entry, typed, looked, asks=codes)
    answer = _give(request, entry, looked, order_key)
    if answer.event is None:
        drafts.keep(person, place, typed)
        return _form(request, key, entry, typed, looked, problems=not_given(answer.problems, entry.spec))
    drafts.drop(person, place)
    what = "Corrected" if entry.old is not None else "Recorded"
    messages.success(
        request, f"{what}: {entry.spec.title.lower()} of {answer.event.happened}, event {answer.event.number}."
    )
    return redirect("patient", key)


def _give(request: HttpRequest, entry: Entry, looked: Looked, order_key: str) -> live.Answer:
    filled = looked.filled
    if entry.old is not None:
        on = filled.happened if filled.happened != entry.old.happened else None
        return live.give(
            request, entry.spec.kind, entry.patient.name, on, looked.changed, entry.old.number, looked.why, order_key
        )
    return live.give(
        request, entry.spec.kind, entry.patient.name, filled.happened, looked.data, None, looked.why, order_key, site=filled.site
    )  # fmt: skip


def _done_before(request: HttpRequest, entry: Entry, order_key: str) -> bool:
    """True of an order that was recorded already: a double click, a step back."""
    own = live.person_of(request)
    found = [
        e
        for e in live.shown(request).events_of(entry.patient.name)
        if order_key and e.data.get("key") == order_key and e.by == own
    ]
    for e in found:
        messages.info(
            request, f"This was recorded already: {entry.spec.title.lower()} of {e.happened}, event {e.number}."
        )
    return bool(found)


def _stale(request: HttpRequest, entry: Entry, looked: Looked) -> Clash | None:
    if entry.old is None:
        return None
    yours: dict[str, Any] = {**_kept_of(entry), **looked.data}
    if looked.filled.happened is not None:
        yours["happened"] = looked.filled.happened
    return clash(live.shown(request).events_of(entry.patient.name), entry.old.number, yours)


def _kept_of(entry: Entry) -> dict[str, Any]:
    """The details of an event of which the form has no field: they stay."""
    have = {f.detail.split(".", 2)[1] for f in entry.spec if f.detail.startswith("data.")}
    old = entry.old
    return {k: v for k, v in (old.data if old is not None else {}).items() if k not in have and k != "key"}


def _clashed(request: HttpRequest, key: str, entry: Entry, looked: Looked, found: Clash) -> HttpResponse:
    """Three columns: what was read, what they made of it, what is typed; below, the form of what is in force now, with yours where only you changed it."""
    columns = [
        (detail_label(entry.spec, c.detail if c.detail == "happened" else f"data.{c.detail}"), in_words(c.read), in_words(c.theirs), in_words(c.yours), c.who)
        for c in found.columns
    ]  # fmt: skip
    context: dict[str, Any] = {"entry": entry, "key": key, "clash": found, "columns": columns}
    if found.theirs.kind == "voided":
        return render(request, "patient/clash.html", context)
    now = correction_of(live.shown(request), entry.patient, found.theirs.number, entry.today)
    assert now is not None, "what is in force is there to be corrected"
    read, theirs = entry.typed_first(), now.typed_first()
    names = {*read, *theirs, *looked.typed}
    typed = {
        n: looked.typed[n] if n in looked.typed and looked.typed.get(n) != read.get(n, "") and theirs.get(n) == read.get(n) else theirs.get(n, "")
        for n in names
    }  # fmt: skip
    typed["why"] = looked.typed.get("why", "")
    drafts.keep(live.person_of(request), _place(key, now), typed)
    drafts.drop(live.person_of(request), _place(key, entry))
    again = now.looked_at(typed, live.person_of(request)) if now.has_sheet else None
    return _form(request, key, now, typed, again, clash=context)


def _dose_now(request: HttpRequest, entry: Entry) -> str:
    """Which level the design gives now, or whom it waits for, as the judge would say it of an order of this person's: in words that he may know."""
    if entry.spec.kind != "assigned" or entry.old is not None:
        return ""
    by, told = live.person_of(request), list[str]()
    for x in entry.trial.dose_levels:

        def assign(conduct: Conduct, now: datetime, label: str = x.label) -> Event:
            return conduct.order("assigned", entry.today, now, by, "", entry.patient.name, "", {"level": label})

        problems = live.would(by, assign)
        if not problems:
            return f"By the design this patient is given {x.label}: {x.drug} {x}."
        told += [p.allowed for p in problems if p.code in ("waits", "dose-finding-over")]
    return f"{told[0][:1].upper()}{told[0][1:]}." if told else ""


def _form(
    request: HttpRequest, key: str, entry: Entry, typed: Mapping[str, Any], looked: Looked | None = None, *,
    problems: Any = (), asks: str = "", draft: drafts.Draft | None = None, clash: Mapping[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    """The page of a form."""
    posted = request.method == "POST" and clash is None and "more" not in request.POST
    found = [*(looked.problems if looked is not None and posted else ()), *problems]
    asked = frozenset(name for p in found for code, name in CONFIRMED_BY.items() if p.code == code)
    form = RecordForm(entry.spec, typed, found, day=entry.today.isoformat(), asked=asked)
    context = {
        "entry": entry, "key": key, "form": form, "looked": looked, "asks": asks, "draft": draft, "order_key": _fresh(request, again=posted),
        "rows": looked.rows if looked is not None else (), "sheet": entry.has_sheet, "clash": clash, "posted": posted,
        "check": _check_at(key, entry), "here": _place(key, entry), "dose_now": _dose_now(request, entry),
    }  # fmt: skip
    return render(request, "patient/form.html", context)


def _fresh(request: HttpRequest, *, again: bool = False) -> str:
    """The key of an order: the same while one form is sent again, so that it is recorded once."""
    return str(request.POST.get("key", ""))[:60] or secrets.token_urlsafe(16) if again else secrets.token_urlsafe(16)


def _place(key: str, entry: Entry) -> str:
    if entry.old is not None:
        return reverse("correct", args=[key, entry.old.number])
    return reverse("new", args=[key, entry.spec.name])


def _check_at(key: str, entry: Entry) -> str:
    if entry.old is not None:
        return reverse("check_correction", args=[key, entry.old.number])
    return reverse("check", args=[key, entry.spec.name])


# -- as one types -------------------------------------------------------------------------------------------------------


@login_not_required  # it says itself that a session has ended, where one types
def check(request: HttpRequest, key: str, name: str = "", number: int = 0) -> HttpResponse:
    """Judge the field that was changed, and keep what was typed. Nothing is recorded."""
    if not request.user.is_authenticated:
        return render(
            request,
            "patient/ended.html",
            {"back": reverse("correct", args=[key, number]) if number else reverse("new", args=[key, name])},
        )
    if request.method != "POST":
        return HttpResponse(status=405)
    entry = _correction(request, key, number) if number else _new_entry(request, key, name)
    if entry is None:
        return errors.forbidden(request)
    typed, person = drafts.typed_in(request.POST), live.person_of(request)
    saved = drafts.keep(person, _place(key, entry), typed)
    looked = entry.looked_at(typed, person)
    checked = str(request.POST.get("checked", ""))
    for row in looked.rows:
        if row.begun:
            row.problems = []  # it is still being typed
    # Of rows that are not on the page yet nothing is said; a sheet of another kind is shown whole.
    there = [row for row in looked.rows if f"lesion-{row.index}-size" in typed]
    rows = there if checked == "lesions" else looked.rows if checked == "baseline" else ()
    spec = entry.spec.field(checked)
    said = [p for p in looked.problems if p.field == checked and not (p.code == "missing" and not typed.get(checked))]
    context = {
        "entry": entry, "field": checked, "problems": said, "cautions": looked.at(spec) if spec is not None else (),
        "saved": saved, "looked": looked, "sheet": entry.has_sheet, "of_the_sheet": looked.of_the_sheet if checked == "lesions" else (),
        "rows": rows, "check": _check_at(key, entry), "oob": True,
    }  # fmt: skip
    return render(request, "patient/checked.html", context)


def discard(request: HttpRequest, key: str) -> HttpResponse:
    """Forget a draft of this patient's forms."""
    place = str(request.POST.get("place", ""))
    if request.method == "POST" and place.startswith(reverse("patient", args=[key])):
        drafts.drop(live.person_of(request), place)
    return redirect(place if place.startswith(reverse("patient", args=[key])) else reverse("patient", args=[key]))


urlpatterns = [
    path("p/<str:key>/new/<slug:name>/", new, name="new"),
    path("p/<str:key>/new/<slug:name>/check/", check, name="check"),
    path("p/<str:key>/correct/<int:number>/", correct, name="correct"),
    path("p/<str:key>/correct/<int:number>/check/", check, name="check_correction"),
    path("p/<str:key>/take-back/<int:number>/", take_back, name="take_back"),
    path("p/<str:key>/discard/", discard, name="discard"),
]
