"""Looks step by step: the cut-off, its checks, closed entry, the unblinding, the recommendation; the open report, and the lock. Nothing by arm is here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from equipoise.conduct.overseen import Looks, named
from equipoise.desk import oversight, ripe
from equipoise.site import errors, live
from equipoise.site.acts import asked, day, now
from equipoise.site.by_patient import acts_of, of_each
from equipoise.site.forms import Day, Ordering, today
from equipoise.site.pages_queries import all_of
from equipoise.site.pages_sign import endorsed
from equipoise.site.shown import Shown
from equipoise.site.tables import Action, Board, Cell, Facts, Page, moment, show
from equipoise.trial.event import Event
from equipoise.trial.oversight import RECOMMENDATIONS, STEPS

#: Address → kind, title, button; in the order of the steps.
ACTS = {
    "cut-off": ("cut off", "Cut off", "Cut off"),
    "check": ("look checked", "Record that the data are checked", "Record"),
    "close-entry": ("entry closed", "Close entry for the cut", "Close entry"),
    "withdraw": ("cut withdrawn", "Withdraw the cut", "Withdraw"),
    "unblind": ("look unblinded", "Open the look to the committee", "Open"),
    "recommend": ("recommended", "The committee's recommendation", "Record"),
    "take": ("recommendation taken", "What is done about the recommendation", "Record"),
}
_OF_DATABASE = {
    "lock": ("locked", "Lock the database", "Lock"),
    "unlock": ("unlocked", "Unlock the database", "Unlock"),
}


def looks_of(shown: Shown) -> Looks:
    """How far the looks are, as a person may know it."""
    found = Looks()
    for e in acts_of(shown):  # a step is nobody's record
        found.take(e)
    return found


def may_see(shown: Shown) -> bool:
    """True of who has a step of a look, or locks, or reads by arm."""
    return any(shown.may(kind) for kind, *_ in (*ACTS.values(), *_OF_DATABASE.values())) or shown.reads("by arm")


def _numbers(shown: Shown) -> list[tuple[str, int]]:
    """The looks that the design has, by cohort."""
    views = {c: shown.trial.cohort(c) for c in shown.trial.cohort_names} if shown.trial.divided else {"": shown.trial}
    return [
        (name, n)
        for name, t in views.items()
        for n in range(1, (len(t.design.looks) if t.design is not None else 0) + 1)
    ]


def page_of(request: HttpRequest) -> HttpResponse:
    """Each look of the design: how far it is, whether it is ripe, what comes next; and the lock."""
    shown = live.shown(request)
    if not may_see(shown):
        return errors.forbidden(request)
    looks = looks_of(shown)
    known = dict.fromkeys([*_numbers(shown), *looks.steps])
    rows: list[list[Cell | object]] = []
    for look in known:
        done, coming = looks.done(look), looks.next_of(look) if look in looks.steps else "cut off"
        cutoff = looks.steps[look][0].data["cutoff"] if look in looks.steps else "–"
        rows.append(
            [
                Cell(named(look).capitalize(), _address("look", look)),
                cutoff,
                ", ".join(done) or "–",
                Cell(coming or "ended", tag="good" if not coming else "wait" if done else ""),
            ]
        )
    lock = looks.locked
    lead = (
        f"Locked since {lock.happened} by {lock.by}: nothing is written to any record."
        if lock is not None
        else "The database is open."
    )
    act = "unlock" if lock is not None else "lock"
    actions = [Action(_OF_DATABASE[act][1], reverse("database", args=[act]))] if shown.may(_OF_DATABASE[act][0]) else []
    board = Board(
        "Looks",
        ("Look", "Cut-off", "Steps taken", "Next"),
        rows,
        "The trial has no looks.",
        f"The order is: {', '.join(STEPS)}. Any other is refused.",
    )
    return show(request, Page("Looks and lock", lead, [board, _impacts(shown)], actions))


def _impacts(shown: Shown) -> Board:
    """Unplanned unblindings, each a task: what it means for the trial."""
    told = [e for of in of_each(shown, "unblindings", _unblindings).values() for e in of]
    done = {e.data["event"]: e for e in told if e.kind == "impact assessed"}
    rows: list[list[Cell | object]] = []
    for e in sorted((e for e in told if e.kind == "unblinded"), key=lambda e: e.number):
        found = done.get(e.number)
        state = (
            Cell(f"assessed by {found.by}: {found.data['text']}")
            if found is not None
            else Cell("Assess its impact", reverse("impact", args=[e.number]))
            if shown.may("impact assessed")
            else Cell("not assessed yet", tag="wait")
        )
        rows.append([moment(e.recorded), e.by, e.data["reason"], state])
    return Board("Unblindings", ("When", "By", "Reason", "Impact"), rows, "Nobody was unblinded.")


def _unblindings(events: Sequence[Event]) -> list[Event]:
    return [e for e in events if e.kind in ("unblinded", "impact assessed")]


def _address(name: str, look: tuple[str, int], *more: str) -> str:
    cohort, number = look
    return reverse(name, args=[number, *more]) + (f"?cohort={cohort}" if cohort else "")


def _look(request: HttpRequest, number: int) -> tuple[str, int]:
    shown = live.shown(request)
    cohort = request.GET.get("cohort", "")
    if cohort and cohort not in shown.trial.cohort_names:
        raise Http404
    return cohort, number


def one(request: HttpRequest, number: int) -> HttpResponse:
    """A look: its steps with who and when, the open report at its cut-off, and what comes next."""
    shown = live.shown(request)
    if not may_see(shown):
        return errors.forbidden(request)
    look, looks = _look(request, number), looks_of(shown)
    steps = looks.steps.get(look, [])
    if not steps and look not in _numbers(shown):
        return errors.not_found(request)
    coming = looks.next_of(look) if steps else "cut off"
    actions = [
        Action(title, _address("look_act", look, act), act != "cut-off")
        for act, (kind, title, _) in ACTS.items()
        if shown.may(kind) and _due(kind, coming, steps)
    ]
    if shown.reads("by arm") and any(e.kind == "look unblinded" for e in steps):
        actions.append(Action("The committee's room", _address("room", look), secondary=False))
    rows: list[list[Cell | object]] = [[e.kind, moment(e.recorded), e.by, _said(e)] for e in steps]
    boards = [Board("Steps", ("Step", "When", "By", "What"), rows, "The look is not cut off yet.")]
    return show(
        request,
        Page(
            named(look).capitalize(),
            f"Next: {coming}." if coming else "All steps are taken.",
            boards,
            actions,
            _open_report(shown, look, steps),
            back=("All looks", reverse("looks")),
        ),
    )


def _said(step: Event) -> str:
    """What a step says; of a decision nothing: it is of the room."""
    if step.kind == "decided":
        return "–"
    said = (f"{k} {v}" for k, v in step.data.items() if k not in ("look", "cohort", "key"))
    return "; ".join(said) or "–"


def _due(kind: str, coming: str, steps: list[Any]) -> bool:
    done = [e.kind for e in steps]
    if kind == "cut withdrawn":
        return bool(done) and "look unblinded" not in done
    if kind == "recommendation taken":
        return done[-1:] == ["recommended"]
    return kind == coming


def _open_report(shown: Shown, look: tuple[str, int], steps: list[Any]) -> Facts:
    """What everybody at this page may know of a look: all arms together."""
    cutoff = day(steps[0].data["cutoff"]) if steps else now().date()
    assert cutoff is not None, "the judge has seen that it is a day"
    seen = [p for p in shown.today.patients.values() if look[0] in ("", p.cohort)]
    entered = [p for p in seen if p.randomised is not None and p.randomised.happened <= cutoff]
    rows: list[tuple[str, object]] = [
        ("Cut-off", str(cutoff) if steps else "not cut off yet; counts are of today"), ("Screened", sum(p.screened is not None and p.screened.happened <= cutoff for p in seen)),
        (shown.trial.entered.capitalize(), len(entered)), ("Died, all arms together", sum(p.died is not None and p.died.happened <= cutoff for p in entered)),
    ]  # fmt: skip
    if shown.reads("record"):
        found = endorsed(shown, cutoff)
        rows.append(("Endorsed by investigators", f"{sum(e.state == 'signed' for e in found)} of {len(found)} records"))
        rows.append(("Queries that wait", sum(bool(q.waits_for) for q in all_of(shown))))
    if shown.reads("forecast"):
        rows.append(("Ripe", _ripe(shown, look, cutoff)))
    told = next((e for e in steps if e.kind == "recommended"), None)
    if told is not None and shown.may("recommendation taken"):
        rows.append(
            (
                "The committee recommends",
                told.data["recommendation"] + (f": {told.data['text']}" if told.data.get("text") else ""),
            )
        )
    return Facts("Open report", rows)


#: A log longer than this is asked again whether a look is ripe after so long [s], and the page says of when the answer is.
_LONG, _FRESH, _KEPT = 5000, 60.0, 200
_answers: dict[tuple[str, tuple[str, int], date], tuple[float, str]] = {}


def _ripe(shown: Shown, look: tuple[str, int], cutoff: date) -> str:
    """Whether a look is ripe. To say it the whole log is cut and read: of a long log the answer of a minute ago stands."""
    name = (f"{shown.trial.fingerprint} {shown.person}", look, cutoff)
    at, said = _answers.get(name, (0.0, ""))
    if len(shown.log) <= _LONG or time.monotonic() - at > _FRESH:
        said = ripe.in_words(shown.trial, shown.log, look[1], look[0], cutoff, shown.reader)
        if len(shown.log) > _LONG:
            said += f" (as of {moment(now())})"
            if len(_answers) > _KEPT:
                _answers.clear()
            _answers[name] = time.monotonic(), said
    return said


class Step(Ordering):
    """What a step asks for."""

    def __init__(self, act: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if act == "cut-off":
            self.fields["cutoff"] = Day(label="Cut-off", initial=today, help_text="What happened by this day counts.")
        if act == "recommend":
            self.fields["recommendation"] = forms.ChoiceField(
                label="Recommendation", choices=[("", ""), *((r, r) for r in RECOMMENDATIONS)]
            )
        if act in ("check", "recommend", "take"):
            self.fields["text"] = forms.CharField(
                label="In words", max_length=4000, required=act == "take", widget=forms.Textarea(attrs={"rows": 3}),
                help_text="The sponsor reads it: say nothing that stands by arm." if act == "recommend" else "",
            )  # fmt: skip
        if act in ("withdraw", "unlock", "lock"):
            self.fields["why"] = forms.CharField(label="Why", max_length=4000, required=act != "lock")


def step(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """A step of a look. Whether it is the next is for the judge to say."""
    shown = live.shown(request)
    if act not in ACTS:
        return errors.not_found(request)
    kind, title, action = ACTS[act]
    if not shown.may(kind):
        return errors.forbidden(request)
    look = _look(request, number)

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        details: dict[str, Any] = {k: said.get(k) or None for k in ("text", "recommendation")}
        if "cutoff" in said:
            details["cutoff"] = said["cutoff"].isoformat()
        return oversight.act(
            by, kind, why=said.get("why", ""), key=said["key"], look=number, cohort=look[0] or None, **details
        )

    form = Step(act, request.POST or None)
    return asked(request, form, f"{title}: {named(look)}", action, making, _address("look", look))


def database(request: HttpRequest, act: str) -> HttpResponse:
    """Lock or unlock."""
    shown = live.shown(request)
    if act not in _OF_DATABASE:
        return errors.not_found(request)
    kind, title, action = _OF_DATABASE[act]
    if not shown.may(kind):
        return errors.forbidden(request)

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        return oversight.act(by, kind, why=said["why"], key=said["key"])

    return asked(request, Step(act, request.POST or None), title, action, making, reverse("looks"))


class Impact(Ordering):
    """What an unblinding means for the trial."""

    text = forms.CharField(label="Impact", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


def impact(request: HttpRequest, number: int) -> HttpResponse:
    """Say what an unblinding means for the trial: only the sponsor closes this task."""
    shown = live.shown(request)
    if not shown.may("impact assessed"):
        return errors.forbidden(request)
    if not any(e.number == number and e.kind == "unblinded" for e in shown.log):
        return errors.not_found(request)

    def making(by: str, said: dict[str, Any]) -> live.Ordering:
        return oversight.on(by, "impact assessed", number, key=said["key"], text=said["text"])

    return asked(
        request, Impact(request.POST or None), "Assess the impact of an unblinding", "Record", making, reverse("looks")
    )


urlpatterns = [
    path("looks/", page_of, name="looks"),
    path("looks/<int:number>/", one, name="look"),
    path("looks/<int:number>/<slug:act>/", step, name="look_act"),
    path("database/<slug:act>/", database, name="database"),
    path("unblindings/<int:number>/", impact, name="impact"),
]
