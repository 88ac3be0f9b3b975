"""What is due and overdue, of all patients whom a person sees: what the patient's page says of one, by the same definition in force, in one list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from equipoise.conduct.calendar import assessments_due
from equipoise.site import errors, live
from equipoise.site.pages_forms import today_at
from equipoise.site.patient_calendar import Item, item_of, items_of, trial_of
from equipoise.site.shown import Shown
from equipoise.trial.patient import Patient

#: So far ahead 'coming' looks.
AHEAD = timedelta(days=7)
#: So many lines stand on the page, and so many on the first page.
_MOST, _MOST_AT_HOME = 300, 6
#: What comes before an arm has a page of its own.
_PAGES = {"enrolment": "enrol", "randomisation": "randomise"}


@dataclass(frozen=True)
class Line:
    """Something due of a patient: ``state`` is 'overdue', 'due' or 'coming'; ``href`` leads to where it is recorded, '' for who does not."""

    patient: Patient
    key: str
    item: Item
    state: str
    href: str

    @property
    def late(self) -> tuple[int, date, str]:
        """The latest first, then by planned day."""
        return -self.item.due.days, self.item.due.on, self.patient.name

    @property
    def not_given(self) -> str:
        """Where it is recorded that a dose was not given."""
        if self.item.due.what != "dose" or not self.item.form:
            return ""
        return f"{reverse('new', args=[self.key, 'dose-not-given'])}?due={self.item.key}"


def has(shown: Shown) -> bool:
    """True of who records, or sees to it that it is recorded."""
    return shown.reads("record") and any(map(shown.may, ("treated", "verified", "frozen")))


def lines_of(request: HttpRequest, shown: Shown) -> list[Line]:
    """All that is overdue, due, or comes within a week, the latest first."""
    days = {s.name: today_at(request, s.name) for s in shown.sites}
    trial = trial_of(shown)

    def of(p: Patient) -> list[tuple[Item, str]]:
        today = days.get(p.site) or today_at(request, p.site)
        if shown.reader.masked:  # by the plan that all arms share: a dose would tell the arm
            items = [item_of(shown, p, d) for d in assessments_due(trial, p, today)]
        else:
            items = items_of(shown, p, today)
        return [(i, state) for i in items if (state := _state(i, today))]

    found: list[Line] = []
    for name, items in shown.of_each(f"due {sorted(days.items())}", of).items():
        key = shown.key_of(name)
        found += (Line(shown.patients[name], key, i, state, _href(shown, key, i)) for i, state in items)
    return sorted(found, key=lambda line: line.late)


def _state(item: Item, today: date) -> str:
    due = item.due
    if due.open:
        return due.state
    return "coming" if due.state == "not due" and due.opens <= today + AHEAD else ""


def _href(shown: Shown, key: str, item: Item) -> str:
    due = item.due
    if due.what in _PAGES:
        return reverse(_PAGES[due.what], args=[key]) if shown.may(due.kind) else ""
    return f"{reverse('new', args=[key, item.form])}?due={item.key}" if item.form else ""


class Filter(forms.Form):
    """Which of them."""

    state = forms.ChoiceField(
        label=_("How it stands"),
        required=False,
        choices=[("", _("due and overdue")), ("overdue", _("overdue")), ("coming", _("coming within a week"))],
    )
    what = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[
            ("", _("all")), ("dose", _("doses")), ("assessment", _("tumour assessments")), ("contact", _("contacts")), ("other", _("the rest")),
        ],
    )  # fmt: skip


def due(request: HttpRequest) -> HttpResponse:
    """The list, the latest first."""
    shown = live.shown(request)
    if not has(shown):
        return errors.forbidden(request)
    asked = Filter(request.GET)
    said: Mapping[str, str] = asked.cleaned_data if asked.is_valid() else {}
    state, what = said.get("state", ""), said.get("what", "")
    every = lines_of(request, shown)
    found = [
        line for line in every
        if (line.state == state if state else line.state != "coming")
        and (not what or (line.item.due.what == what if what != "other" else line.item.due.what not in ("dose", "assessment", "contact")))
    ]  # fmt: skip
    context = {
        "filter": asked, "lines": found[:_MOST], "more": max(len(found) - _MOST, 0), "sites": len(shown.sites) > 1,
        "overdue": sum(line.state == "overdue" for line in every), "now": sum(line.state == "due" for line in every),
        "masked": shown.reader.masked, "doses_only": not shown.reads("explained") and not shown.reader.masked, "polls": True,
    }  # fmt: skip
    return render(request, "site/due.html", context)


def at_home(request: HttpRequest, shown: Shown) -> dict[str, object]:
    """What the first page says of it: how much there is, and the latest few."""
    if not has(shown):
        return {}
    # Who waits to be enrolled or randomised stands beside it already.
    open_now = [x for x in lines_of(request, shown) if x.state != "coming" and x.item.due.what not in _PAGES]
    late = [line for line in open_now if line.state == "overdue"]
    return {"due": open_now[:_MOST_AT_HOME], "overdue": len(late), "due_now": len(open_now) - len(late)}


urlpatterns = [path("due/", due, name="due")]
