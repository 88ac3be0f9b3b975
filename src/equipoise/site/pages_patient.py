"""One patient's page: where he stands, what is due, the calendar, his lesions and his course in pictures, and all that was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from equipoise.analyse.dose_limiting import dlt_status
from equipoise.conduct.calendar import came_on
from equipoise.conduct.forms import form_for, forms_of
from equipoise.conduct.value_history import line_of
from equipoise.desk import order
from equipoise.site import boards, drafts, live
from equipoise.site.in_words import detail_label, in_words
from equipoise.site.pages_forms import today_at
from equipoise.site.pages_queries import about, all_of
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.patient_calendar import cycles_of, items_of, next_doses
from equipoise.site.pictures import lane_picture, lesions_picture
from equipoise.site.shown import Shown
from equipoise.trial.event import Event
from equipoise.trial.form import FormSpec
from equipoise.trial.patient import Patient

#: A site tells the sponsor of a serious adverse event within so long of knowing it; and a sponsor the authorities, in days: ICH E2A, III.
REPORT = timedelta(hours=24)
EXPEDITED, EXPEDITED_IF_FATAL = 15, 7
#: So long a serious adverse event's clock is shown.
_SHOWN = timedelta(days=EXPEDITED + 1)
#: So many things that are due stand at the top of the page; all of them in the calendar.
_MOST_OPEN = 8
#: Forms of the patient's page that have a button of their own elsewhere, or come before treatment.
_ELSEWHERE = frozenset({"screening", "enrolment", "randomisation"})


@dataclass(frozen=True)
class Clock:
    """The clock of a serious adverse event, from when it was known here."""

    event: Event
    known: datetime
    hours: int
    left: int
    fatal: bool
    day: int

    @property
    def within(self) -> int:
        """In how many days the sponsor's expedited report is due."""
        return EXPEDITED_IF_FATAL if self.fatal else EXPEDITED


@dataclass(frozen=True)
class Recorded:
    """An event in force, in a person's words; ``earlier``: how often it was put right."""

    event: Event
    title: str
    short: str
    details: list[tuple[str, str]]
    earlier: int
    corrects: bool


def patient(request: HttpRequest, key: str) -> HttpResponse:
    """Where a patient stands, what is due, and what was recorded."""
    found, shown = patient_or_404(request, key), live.shown(request)
    today = today_at(request, found.site)
    state, tag, coming = boards.state_of(found, shown.trial.entered)
    arm = shown.trial.arm_by_name.get(found.arm)
    items = items_of(shown, found, today)
    asked = [i for i in items if i.due.open and i.due.what not in ("enrolment", "randomisation")]
    whole = shown.reads("explained") and not shown.reader.masked
    context = {
        "patient": found, "key": key, "state": state, "tag": tag, "today": today,
        "next": coming if coming and shown.may(coming) else "",
        "arm": (arm.label or arm.name) if arm is not None else found.arm, "regimen": arm.regimen if arm is not None else (),
        "failed": [c for c in shown.trial.eligibility if c.number in found.failed_criteria],
        "unblinds": shown.may("unblinded") and found.masked,
        "receipt": found.randomised is not None and not shown.reader.renumbers,
        "open": asked[:_MOST_OPEN], "more": len(asked) - _MOST_OPEN,
        "doses_now": bool(shown.may("treated") and not shown.reader.masked and any(i.due.open for i in next_doses(items))),
        "coming": [i for i in items if i.due.state == "not due"][:3],
        "cycles": cycles_of(items), "visits": [i for i in items if i.due.what not in ("dose", "enrolment", "randomisation")],
        "partial": bool(items) and not whole,
        "forms": forms(shown, found, today), "drafts": _drafts(request, key, shown, found, today),
        "lesions": lesions_picture(found) if whole else None, "lane": lane_picture(shown.trial, found, today) if whole else None,
        "queries": [(q, about(q.about, q.field)) for q in all_of(shown) if q.patient == found.name and q.waits_for] if shown.reads("record") else [],
        "clocks": clocks(found), "events": recorded(shown, found),
        "dlt": dlt_status(shown.trial, found, today) if whole and shown.trial.phase1 is not None and found.assigned is not None else None,
    }  # fmt: skip
    return render(request, "patient/patient.html", context)


def forms(shown: Shown, patient: Patient, today: date) -> list[FormSpec]:
    """The forms that a person may fill in of a patient now: by his roles, and what is there already only once."""
    trial = shown.definitions.at(patient.site, today)
    there = {e.kind for e in shown.today.events if e.patient == patient.name}
    return [
        f
        for f in forms_of(trial, patient)
        if shown.may(f.kind)
        and f.name not in _ELSEWHERE
        and not (f.once and f.kind in there)
        and (came_on(patient) is not None or f.name == "consent")
    ]


def recorded(shown: Shown, patient: Patient) -> list[Recorded]:
    """The patient's events in force, the newest first."""
    every = shown.events_of(patient.name)
    found = []
    for e in shown.today.events:
        if e.patient != patient.name:
            continue
        spec = form_for(e.kind, shown.trial, patient, str(e.data.get("form", "")))
        short, told = _short(e)
        order_of = [f.detail.split(".")[1] for f in spec or () if "." in f.detail]
        names = sorted((k for k in e.data if k not in told), key=lambda k: order_of.index(k) if k in order_of else 99)
        said = [(detail_label(spec, f"data.{k}"), in_words(e.data[k])) for k in names]
        earlier = len(line_of(every, e.number)) - 1 if e.corrects is not None else 0
        found.append(
            Recorded(
                e,
                spec.title if spec is not None else e.kind.capitalize(),
                short,
                said,
                earlier,
                spec is not None and shown.may(e.kind) and e.kind != "randomised",
            )
        )
    return sorted(found, key=lambda r: (r.event.happened, r.event.number), reverse=True)


def _short(event: Event) -> tuple[str, frozenset[str]]:
    """What everybody reads first of an event, in a phrase, and the details that it tells."""
    d, never = event.data, frozenset({"key", "stratum"})
    if event.kind == "treated":
        amount = f" {d['dose']:g} {d.get('unit', '')}" if isinstance(d.get("dose"), int | float) else ""
        return f"{d['drug']}{amount}, cycle {d['cycle']}, day {d['day']}", never | {
            "drug",
            "dose",
            "unit",
            "cycle",
            "day",
        }
    if event.kind == "dose omitted":
        return f"{d['drug']}, cycle {d['cycle']}, day {d['day']}: {d['reason']}", never | {
            "drug",
            "cycle",
            "day",
            "reason",
        }
    if event.kind == "consented":
        return f"version {d['version']}", never | {"version"}
    if event.kind == "adverse event":
        serious = ", serious" if d.get("serious") else ""
        return f"{d['term']}, grade {d['grade']}{serious}", never | {"term", "grade", "serious"}
    if event.kind == "screened":
        failed = d["failed"]
        return f"criterion {in_words(failed)} not met" if failed else "all criteria met", never | {"failed"}
    return "", never


def clocks(patient: Patient) -> list[Clock]:
    """The clocks of serious adverse events that were recorded of late."""
    now, found = order.now(), []
    for e in patient.adverse_events:
        if e.data.get("serious") is not True or now - e.recorded > _SHOWN:
            continue
        gone = now - e.recorded
        hours = int(gone.total_seconds() // 3600)
        worst = {"death", "life-threatening"} & set(e.data.get("criteria", ()))
        found.append(
            Clock(
                e,
                e.recorded.astimezone(UTC),
                hours,
                max(int(REPORT.total_seconds() // 3600) - hours, 0),
                bool(worst),
                gone.days + 1,
            )
        )
    return found


def _drafts(
    request: HttpRequest, key: str, shown: Shown, patient: Patient, today: date
) -> list[tuple[drafts.Draft, str]]:
    """What the person typed of this patient and has not given."""
    titles = {f.name: f.title for f in forms_of(shown.definitions.at(patient.site, today), patient)}
    found = []
    for draft in drafts.of(live.person_of(request)):
        if f"/p/{key}/" in draft.place:
            kind, _, name = draft.place.rstrip("/").rpartition("/")
            found.append(
                (
                    draft,
                    titles.get(name, "Correction of event " + name)
                    if "/new" in kind
                    else f"Correction of event {name}",
                )
            )
    return found


urlpatterns = [
    path("p/<str:key>/", patient, name="patient"),
    path("", include("equipoise.site.pages_forms")),
    path("", include("equipoise.site.pages_doses")),
]
