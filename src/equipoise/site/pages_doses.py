"""The doses of a visit, from the schedule: those of the cycle that is on, each with its day and amount, given together or one by one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from equipoise.conduct.filled import FieldProblem
from equipoise.desk import order
from equipoise.site import errors, live
from equipoise.site.entry import Entry, Looked, entry_of, not_given
from equipoise.site.pages_forms import today_at
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.patient_calendar import Item, items_of, next_doses, typed_for
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient

#: What a row of the sheet holds, beside what the schedule says.
_CELLS = ("given", "happened", "dose", "why")


@dataclass
class DoseRow:
    """A dose that is offered, as it stands on the page."""

    item: Item
    index: int
    given: bool
    happened: str
    dose: str
    unit: str
    why: str = ""
    problems: list[str] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)

    @property
    def typed(self) -> dict[str, Any]:
        """As the form of one dose would hold it."""
        own = {"happened": self.happened, "dose": self.dose, "why": self.why}
        return {
            **typed_for(self.item.due, date.min),
            **{k: v for k, v in own.items() if v or k != "dose"},
            "unit": self.unit,
        }


def doses(request: HttpRequest, key: str) -> HttpResponse:
    """Record the doses of a visit. Each is an order of its own: what is possible is recorded, what is not says why."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    today = today_at(request, patient.site)
    entry = entry_of(shown, patient, "dose", today)
    if entry is None or shown.reader.masked:
        return errors.forbidden(request)
    rows = [_row(i, item, today) for i, item in enumerate(next_doses(items_of(shown, patient, today)))]
    order_key = secrets.token_urlsafe(16)
    asks = ""
    if request.method == "POST":
        order_key = str(request.POST.get("key", ""))[:50] or order_key
        asks = _give(request, key, entry, rows, order_key)
        if not asks and not any(r.problems for r in rows):
            given = sum(r.given for r in rows)
            if given:
                messages.success(request, f"{given} dose{'s' if given != 1 else ''} recorded.")
                return redirect("patient", key)
            messages.warning(request, "No dose is ticked: nothing was recorded.")
    context = {
        "patient": patient,
        "key": key,
        "rows": rows,
        "order_key": order_key,
        "asks": asks,
        "today": today.isoformat(),
    }
    return render(request, "patient/doses.html", context)


def _row(i: int, item: Item, today: date) -> DoseRow:
    offer = item.due.offers[0] if item.due.offers else None
    dose = f"{offer.dose:g}" if offer is not None and offer.dose is not None else ""
    return DoseRow(
        item,
        i,
        item.due.open,
        str(item.due.on) if item.due.on <= today else "",
        dose,
        (offer.unit or "") if offer is not None else "",
    )


def _give(request: HttpRequest, key: str, entry: Entry, rows: list[DoseRow], order_key: str) -> str:
    """Give the orders of the ticked rows; the cautions that are to be confirmed first, as one word, or ''."""
    person, asked = live.person_of(request), dict[int, Looked]()
    by_label = {row.item.key: row for row in rows}
    for name in request.POST:
        # Rows are told by what they stand for: the page may be older than the record.
        stem, _, cell = str(name).rpartition("-")
        row = by_label.get(stem)
        if row is not None and cell in _CELLS:
            setattr(row, cell, True if cell == "given" else str(request.POST[name]).strip())
    for row in rows:
        row.given = f"{row.item.key}-given" in request.POST
        if not row.given:
            continue
        looked = entry.looked_at(row.typed, person)
        if not looked.fine:
            row.problems = [str(p) for p in looked.problems]
        row.cautions = [str(c) for c in looked.cautions]
        asked[row.index] = looked
        if looked.fine:
            entry = replace(entry, patient=_with(entry.patient, looked))
    if any(row.problems for row in rows):
        return ""
    codes = " ".join(sorted(f"{i}:{c.code}" for i, looked in asked.items() for c in looked.cautions))
    if codes and request.POST.get("confirm", "") != codes:
        return codes
    for i, looked in asked.items():
        answer = live.give(
            request, "treated", entry.patient.name, looked.filled.happened, looked.data, None, looked.why, f"{order_key}-{rows[i].item.key}"
        )  # fmt: skip
        if not answer.ok:
            found: list[FieldProblem] = not_given(answer.problems, entry.spec)
            rows[i].problems = [str(p) for p in found]
    return ""


def _with(patient: Patient, looked: Looked) -> Patient:
    """The patient as he stands once a dose of the same page is recorded: the next is held against that."""
    on = looked.filled.happened
    assert on is not None, "it was found fine"
    found = patient.copy()
    found.add(Event(0, "treated", on, order.now(), "", patient=patient.name, data=looked.data))
    return found


urlpatterns = [path("p/<str:key>/doses/", doses, name="doses")]
