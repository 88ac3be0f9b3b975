"""Forms of the trial file's own: what cannot be recorded on one, what is asked about, and what a value is graded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from equipoise.conduct.laboratory import grade
from equipoise.trial.check import near
from equipoise.trial.event import Event
from equipoise.trial.own_form import OwnCheck, OwnField, OwnForm
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial


def form_problems(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """Why these values cannot stand on this form, at this visit."""
    forms = {f.name: f for f in trial.forms}
    name, values = event.data["form"], event.data["values"]
    form = forms.get(name)
    if form is None:
        known = ", ".join(forms) or "it has none"
        yield Problem(
            "unknown-form",
            "form",
            repr(name),
            f"a form of [[forms]] in the trial file: {known}",
            near(name, list(forms)),
        )
        return
    visit = event.data.get("visit")
    if form.visits and visit not in form.visits:
        yield Problem(
            "visit",
            "visit",
            repr(visit) if visit else "nothing",
            f"one of {', '.join(form.visits)}",
            near(str(visit), form.visits),
        )
    elif not form.visits and visit is not None:
        yield Problem("visit", "visit", repr(visit), f"none: {form.title} is of no visit")
    twice = [e for e in patient.forms if e.data["form"] == name and e.data.get("visit") == visit]
    if twice and not form.repeating and (form.visits or any(e.happened == event.happened for e in twice)):
        at = f"at {visit}" if visit else f"on {event.happened}"
        yield Problem(
            "form-twice",
            "visit",
            f"{form.title} {at}",
            f"it is recorded already, on {twice[0].happened}",
            "correct that event",
        )
    for field in form.fields:
        if field.required and field.name not in values:
            yield Problem("missing", f"values.{field.name}", "nothing", f"{field.title} is asked for")
    for key, value in values.items():
        known_field = form.field(key)
        if known_field is None:
            names = [f.name for f in form.fields]
            yield Problem(
                "unknown-field",
                f"values.{key}",
                repr(value),
                f"a field of {name}: {', '.join(names)}",
                near(key, names),
            )
        else:
            yield from _value(known_field, value)
    for check in form.checks:
        if check.hard and not holds(check, event, patient):
            yield Problem("check", f"values.{check.field}", repr(values.get(check.field)), check.says)


def _value(field: OwnField, value: Any) -> Iterator[Problem]:
    where = f"values.{field.name}"
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    fits = {
        "number": number, "whole": number and value == int(value) if number else False, "text": isinstance(value, str),
        "choice": value in field.levels, "yes-no": isinstance(value, bool), "day": isinstance(value, str) and _is_day(value),
    }[field.kind]  # fmt: skip
    if not fits:
        asked = {
            "number": "a number",
            "whole": "a whole number",
            "text": "a text",
            "yes-no": "true or false",
            "day": "a day, YYYY-MM-DD",
        }
        yield Problem("value", where, repr(value), asked.get(field.kind) or f"one of {', '.join(field.levels)}")
        return
    if number and (
        (field.at_least is not None and value < field.at_least) or (field.at_most is not None and value > field.at_most)
    ):
        yield Problem(
            "out-of-range",
            where,
            f"{value:g}{f' {field.unit}' * bool(field.unit)}",
            _limits(field.at_least, field.at_most, field.unit),
        )


def _limits(low: float | None, high: float | None, unit: str) -> str:
    said = [f"at least {low:g}" if low is not None else "", f"at most {high:g}" if high is not None else ""]
    return f"{' and '.join(s for s in said if s)} {unit}".strip()


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def soft_checks(event: Event, patient: Patient, trial: Trial) -> Iterator[tuple[str, str]]:
    """What is unlikely of these values: the field, and what is said. Whoever confirms it opens a query."""
    form = next((f for f in trial.forms if f.name == event.data["form"]), None)
    if form is None:
        return
    for field in form.fields:
        value = event.data["values"].get(field.name)
        if (
            field.expected is not None
            and isinstance(value, int | float)
            and not field.expected[0] <= value <= field.expected[1]
        ):
            usual = f"{field.expected[0]:g} to {field.expected[1]:g} {field.unit}".strip()
            yield field.name, f"{field.title} {value:g}: {usual} is usual."
    for check in form.checks:
        if not check.hard and not holds(check, event, patient):
            yield check.field, check.says


def holds(check: OwnCheck, event: Event, patient: Patient) -> bool:
    """True where a check holds, or one of its two values is not there."""
    left = event.data["values"].get(check.field)
    right: Any = check.than
    if isinstance(right, str):
        of, dot, name = right.partition(".")
        right = (
            event.data["values"].get(right)
            if not dot
            else _before(event, patient, event.data["form"] if of == "previous" else of).get(name)
        )
    if left is None or right is None:
        return True
    try:
        return bool({
            "<": lambda: left < right, "<=": lambda: left <= right, "=": lambda: left == right, "!=": lambda: left != right,
            ">=": lambda: left >= right, ">": lambda: left > right,
        }[check.comparison]())  # fmt: skip
    except TypeError:
        return True  # of another kind: said at its field


def _before(event: Event, patient: Patient, form: str) -> Mapping[str, Any]:
    """The values of the last record of a form before this one: on an earlier day or, on the same, recorded before."""
    own = event.corrects or event.number
    found = [e for e in patient.forms if e.data["form"] == form and (e.happened, e.number) < (event.happened, own)]
    return max(found, key=lambda e: (e.happened, e.number)).data["values"] if found else {}


def grades(event: Event, patient: Patient, trial: Trial) -> dict[str, int]:
    """CTCAE's grade of each laboratory value of a form that numbers alone grade, by the trial's edition and the site's limits of normal."""
    form = next((f for f in trial.forms if f.name == event.data["form"]), None)
    edition = trial.adverse_events.version if trial.adverse_events is not None else None
    if form is None or edition is None:
        return {}
    found = {}
    for field in form.fields:
        value = event.data["values"].get(field.name)
        if field.ctcae is not None and isinstance(value, int | float):
            known = grade(
                field.ctcae,
                float(value),
                field.unit,
                field.range_at(patient.site),
                edition,
                _baseline(field.name, event, patient),
            )
            if known is not None:
                found[field.name] = known
    return found


def _baseline(name: str, event: Event, patient: Patient) -> float | None:
    """The last value of a field before the first dose."""
    first = min((d.happened for d in patient.doses), default=None)
    before = [
        e
        for e in patient.forms
        if e.data["form"] == event.data["form"] and (first is None or e.happened <= first) and name in e.data["values"]
    ]
    last = max(before, key=lambda e: (e.happened, e.number), default=None)
    return float(last.data["values"][name]) if last is not None else None


def contradicted(
    old: tuple[OwnForm, ...], new: tuple[OwnForm, ...], used: Mapping[tuple[str, str], set[str]]
) -> Iterator[Problem]:
    """What records that are taken already contradict in a new definition. ``used``: (form, field) → the texts that were recorded there."""
    of_old = {(f.name, x.name): x for f in old for x in f.fields}
    of_new = {(f.name, x.name): x for f in new for x in f.fields}
    for (form, name), texts in sorted(used.items()):
        was, now = of_old.get((form, name)), of_new.get((form, name))
        where = f"forms.{form}.{name}"
        if now is None:
            yield Problem(
                "contradicts-records",
                where,
                "taken out",
                "a field on which nothing is recorded: values stand there",
                "leave it, and ask for it no more (required = false)",
            )
        elif was is not None and (was.kind, was.unit) != (now.kind, now.unit):
            given = f"{now.kind} {now.unit}".strip()
            yield Problem(
                "contradicts-records",
                where,
                given,
                f"{was.kind} {was.unit}".strip() + ": values stand there in it",
                "a field of another name",
            )
        elif now.kind == "choice" and texts - set(now.levels):
            yield Problem(
                "contradicts-records",
                where,
                f"without {', '.join(sorted(texts - set(now.levels)))}",
                "levels with all that were recorded",
            )
