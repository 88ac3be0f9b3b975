"""The data manager's page: what is overdue by site, what waits for a word, what is frozen, which texts have no code. Never a value, never an arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from equipoise.conduct.calendar import assessments_due
from equipoise.desk import oversight
from equipoise.site import errors, live
from equipoise.site.acts import asked, now
from equipoise.site.by_patient import of_each
from equipoise.site.forms import Ordering
from equipoise.site.pages_queries import all_of
from equipoise.site.pages_screening import patient_or_404
from equipoise.site.patient_calendar import trial_of
from equipoise.site.shown import Shown
from equipoise.site.tables import Action, Board, Cell, Page, show
from equipoise.trial.event import Event
from equipoise.trial.log import in_force

#: Kinds with a text that a dictionary codes, and the text.
_TEXTS = (("adverse event", "term"), ("next therapy", "therapy"), ("died", "cause"))


#: So many patients stand on the page.
_MOST = 300


def page_of(request: HttpRequest) -> HttpResponse:
    """By site and by patient: what is late, what waits, what is frozen."""
    shown = live.shown(request)
    if not shown.may("frozen"):
        return errors.forbidden(request)
    today = now().date()
    waits = [q for q in all_of(shown) if q.waits_for]
    frozen = frozen_of(shown)
    trial = trial_of(shown)
    late = shown.of_each(
        f"late {today}", lambda p: [d for d in assessments_due(trial, p, today) if d.state == "overdue"]
    )
    asked_of = Counter(q.patient for q in waits)
    by_site: dict[str, list[str]] = {}
    for name, p in shown.patients.items():
        by_site.setdefault(p.site, []).append(name)
    sites: list[list[Cell | object]] = []
    for site in shown.sites:
        own = by_site.get(site.name, [])
        if not own:
            continue
        here = set(own)
        scans, open_here = sum(len(late[n]) for n in own), [q for q in waits if q.patient in here]
        oldest = max((q.waited for q in open_here), default=0)
        sites.append([
            site.name, Cell(len(own), number=True), Cell(scans, tag="bad" if scans else ""), Cell(len(open_here), f"{reverse('queries')}?site={site.name}"),
            Cell(oldest, number=True), Cell(sum(n in frozen for n in own), number=True),
        ])  # fmt: skip
    rows: list[list[Cell | object]] = []
    for name, p in sorted(shown.patients.items()):
        if (len(shown.patients) > _MOST and not (late[name] or asked_of[name] or name in frozen)) or len(rows) >= _MOST:
            continue  # a long list shows those in whom something is to be done
        key = shown.key_of(name)
        due = ", ".join(f"{d.label} by {d.days} days" for d in late[name])
        act = "unfreeze" if name in frozen else "freeze"
        rows.append([
            Cell(name, reverse("patient", args=[key])), p.site, Cell(due or "–"), Cell(asked_of[name], number=True),
            Cell("frozen", tag="good") if name in frozen else "–", Cell(act.capitalize(), reverse("freeze", args=[key, act])),
        ])  # fmt: skip
    boards = [
        Board("By site", ("Site", "Patients", "Scans overdue", "Queries waiting", "Oldest, days", "Frozen"), sites, "No site has a patient."),
        Board("By patient", ("Patient", "Site", "Scans overdue", "Queries", "State", ""), rows, "Nobody was screened."),
    ]  # fmt: skip
    actions = [Action("Codes", reverse("codes")), Action("Looks and lock", reverse("looks"))]
    return show(
        request,
        Page(
            "Data management",
            "Overdue are assessments by the plan that all arms share; doses would tell the arm.",
            boards,
            actions,
        ),
    )


def frozen_of(shown: Shown) -> set[str]:
    """The patients whose record is frozen."""

    def make(events: Sequence[Event]) -> bool:
        return [e.kind for e in events if e.kind in ("frozen", "unfrozen")][-1:] == ["frozen"]

    return {name for name, frozen in of_each(shown, "frozen", make).items() if frozen}


class Freezing(Ordering):
    """Why a record is frozen, or opened again."""

    def __init__(self, act: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["why"] = forms.CharField(label="Why", max_length=4000, required=act == "unfreeze")


def freeze(request: HttpRequest, key: str, act: str) -> HttpResponse:
    """Freeze a patient's record, or open it again."""
    patient, shown = patient_or_404(request, key), live.shown(request)
    kinds = {"freeze": ("frozen", "Freeze"), "unfreeze": ("unfrozen", "Unfreeze")}
    if act not in kinds:
        return errors.not_found(request)
    kind, action = kinds[act]
    if not shown.may(kind):
        return errors.forbidden(request)

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        return oversight.act(by, kind, patient.name, said["why"], said["key"])

    return asked(
        request,
        Freezing(act, request.POST or None),
        f"{action} the record of {patient.name}",
        action,
        making,
        reverse("data"),
    )


# -- codes ------------------------------------------------------------------------------------------------------------------


def texts_of(shown: Shown) -> list[tuple[Event, str, str]]:
    """The recorded texts that a dictionary codes: the event, its field and the text."""
    texts = dict(_TEXTS)

    def make(events: Sequence[Event]) -> list[tuple[Event, str, str]]:
        return [
            (e, texts[e.kind], str(e.data[texts[e.kind]]))
            for e in in_force(events)
            if e.kind in texts and e.data.get(texts[e.kind])
        ]

    return [t for name, of in of_each(shown, "texts", make).items() if name in shown.patients for t in of]


def coded_of(shown: Shown) -> dict[tuple[int, str], Event]:
    """The code of each text that has one, by its event and field."""
    coded = of_each(shown, "coded", lambda events: [e for e in events if e.kind == "coded"])
    return {(e.data["event"], e.data["field"]): e for of in coded.values() for e in of}


def codes(request: HttpRequest) -> HttpResponse:
    """Each recorded text with its code, those without one first."""
    shown = live.shown(request)
    if not shown.may("coded"):
        return errors.forbidden(request)
    done = coded_of(shown)
    rows: list[list[Cell | object]] = []
    every = texts_of(shown)
    bare = [t for t in every if (t[0].number, t[1]) not in done]
    others = [t for t in every if (t[0].number, t[1]) in done]
    for e, field, text in [*bare, *others][:_MOST]:
        found = done.get((e.number, field))
        said = (
            f"{found.data['term']} ({found.data['dictionary']} {found.data['version']}: {found.data['code']})"
            if found is not None
            else "–"
        )
        rows.append(
            [
                e.patient,
                e.kind,
                text,
                said,
                Cell("Code again" if found is not None else "Code", reverse("code", args=[e.number])),
            ]
        )
    lead = f"{len(bare):,} of {len(every):,} texts have no code. Dictionaries are licensed and not shipped: the code is typed."
    if len(every) > _MOST:
        lead += f" {_MOST} are shown, those without a code first."
    board = Board("Texts", ("Patient", "Kind", "As recorded", "Code", ""), rows, "No text is recorded that is coded.")
    return show(request, Page("Codes", lead, [board], back=("Data management", reverse("data"))))


class Code(Ordering):
    """A dictionary's term and code."""

    term = forms.CharField(label="Term", max_length=400)
    code = forms.CharField(label="Code", max_length=40)
    dictionary = forms.CharField(label="Dictionary", max_length=40, initial="MedDRA")
    version = forms.CharField(label="Version", max_length=40)


def code(request: HttpRequest, number: int) -> HttpResponse:
    """Give a text its code. The text stays as it was recorded."""
    shown = live.shown(request)
    if not shown.may("coded"):
        return errors.forbidden(request)
    found = next(((e, f, t) for e, f, t in texts_of(shown) if e.number == number), None)
    if found is None:
        return errors.not_found(request)
    event, field, text = found

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        details = {k: said[k] for k in ("term", "code", "dictionary", "version")}
        return oversight.on(by, "coded", number, key=said["key"], field=field, **details)

    return asked(
        request,
        Code(request.POST or None),
        "Code a text",
        "Record",
        making,
        reverse("codes"),
        f"{event.patient}, {event.kind}: {text}",
    )


urlpatterns = [
    path("data/", page_of, name="data"),
    path("codes/", codes, name="codes"),
    path("codes/<int:number>/", code, name="code"),
    path("p/<str:key>/frozen/<slug:act>/", freeze, name="freeze"),
]
