"""A form that was filled in: what was typed becomes the event's details, and what is wrong with it is said at the field.

What cannot be read as what the field asks for (a day, a number) is said here. All else that is impossible is what the judge says of the
event; ``at_fields`` tells at which field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.trial.event import Event
from equipoise.trial.form import OWN, FieldSpec, FormSpec
from equipoise.trial.partial_date import DateRule, PartialDate, impute
from equipoise.trial.problem import Problem

#: What was typed, by the fields' names; several values of a field of several choices.
Typed = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class FieldProblem:
    """A problem at a field; ``field`` is '' where it is of the whole form."""

    field: str
    code: str
    given: str
    allowed: str
    next_step: str = ""

    def __str__(self) -> str:
        text = self.allowed[:1].upper() + self.allowed[1:]
        text = f"{text}. Given: {self.given}." if self.given not in ("nothing", "''") else f"{text}."
        return f"{text} {self.next_step}." if self.next_step.startswith("did you mean") else text


@dataclass(frozen=True)
class Filled:
    """``happened`` is None, and a detail is not there, where nothing was typed or it cannot be read. ``problems`` say what cannot."""

    happened: date | None
    why: str
    site: str
    data: Mapping[str, Any]
    problems: tuple[FieldProblem, ...]


#: Kinds whose day may be known to the month or the year only, and which possible day stands for it: as for datasets that are taken in.
PARTIAL = {
    "adverse event": DateRule("first", not_before="screening"),
    "next therapy": DateRule("first", not_before="randomisation"),
    "died": DateRule("first", not_before="the last record of the patient"),
}


def fill(form: FormSpec, typed: Typed, bounds: Mapping[str, date] | None = None) -> Filled:
    """What was typed into a form, read field by field. ``bounds``: days of the patient by which a date that is known in part becomes a day."""
    data: dict[str, Any] = {}
    own: dict[str, Any] = {}
    problems = []
    for spec in form:
        given = typed.get(spec.name, "")
        if isinstance(given, str):
            given = given.strip()
        if not given:
            if spec.fails:
                data.setdefault("failed", [])
            if spec.required:
                problems.append(FieldProblem(spec.name, "missing", "nothing", "this is asked for"))
            continue
        value, problem = _read(spec, given)
        if problem is not None:
            problems.append(FieldProblem(spec.name, problem.code, problem.given, problem.allowed))
        elif spec.detail.startswith("data."):
            _put(data, spec, value)
        else:
            own[spec.detail] = value
    if "dated" in data:
        problems = _dated(form.kind, own, data, problems, bounds or {})
    return Filled(own.get("happened"), own.get("why", ""), own.get("site", ""), _complete(form, data), tuple(problems))


def _dated(
    kind: str, own: dict[str, Any], data: dict[str, Any], problems: list[FieldProblem], bounds: Mapping[str, date]
) -> list[FieldProblem]:
    """A day that is known in part: the day that stands for it, and what says so, into ``own`` and ``data``; the problems that are left."""
    text = str(data.pop("dated"))
    if "happened" in own:
        return [
            *problems,
            FieldProblem("dated", "dated", repr(text), "the day, or the part of it that is known: one of them"),
        ]
    left = [p for p in problems if (p.field, p.code) != ("happened", "missing")]
    try:
        partial = PartialDate.parse(text)
    except ValueError:
        return [*left, FieldProblem("dated", "dated", repr(text), "a month or a year, as 2013-05 or 2013")]
    rule = PARTIAL[kind]
    found = impute(partial, rule, bounds.get(rule.not_before))
    own["happened"] = found.on
    data |= found.flags()
    return left


def _complete(form: FormSpec, data: dict[str, Any]) -> dict[str, Any]:
    """With what an event of its kind holds also where nothing is said of it."""
    if form.kind == "screened":
        data.setdefault("failed", [])
    if form.kind == "form":
        data["form"] = form.name.removeprefix(OWN)
        data.setdefault("values", {})
    if form.kind == "enrolled":
        data.setdefault("factors", {})
    if form.kind == "assessed" and (data.get("lesions") or data.get("measurements") or "sum_mm" in data):
        # An assessment may say what was seen and no response.
        data.setdefault("response", "")
    return data


def _put(data: dict[str, Any], spec: FieldSpec, value: Any) -> None:
    _, name, *rest = spec.detail.split(".", 2)
    if spec.fails:
        failed = data.setdefault(name, [])
        if value is (spec.fails == "yes"):
            failed.append(int(rest[0]))
    elif rest:
        data.setdefault(name, {})[rest[0]] = value
    else:
        data[name] = value


def _read(spec: FieldSpec, given: str | Sequence[str]) -> tuple[Any, Problem | None]:
    """A field's value, or what is wrong with what was typed."""
    if spec.kind == "many":
        values = [given] if isinstance(given, str) else list(given)
        return [int(v) if spec.whole_numbers and v.isdecimal() else v for v in values], None
    text = given if isinstance(given, str) else (given[-1] if given else "")
    if spec.kind == "yes-no":
        known = {"yes": True, "no": False}
        return known.get(text), None if text in known else _no(spec, text, "yes or no")
    if spec.kind == "day":
        return _day(spec, text)
    if spec.kind in ("whole", "number"):
        return _number(spec, text)
    if spec.kind == "lesions":
        try:
            return json.loads(text), None
        except (ValueError, RecursionError):
            return None, _no(spec, text[:40], "lesions")
    if spec.kind == "choice" and spec.whole_numbers and text.isdecimal():
        return int(text), None
    return text, None


def _day(spec: FieldSpec, text: str) -> tuple[date | None, Problem | None]:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        return None, _no(spec, text, "a day, as 2012-05-31")
    # Of a detail the log holds the text.
    return (found if spec.detail == "happened" else text), None  # type: ignore[return-value]


def _number(spec: FieldSpec, text: str) -> tuple[int | float | None, Problem | None]:
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if spec.kind == "whole":
        if plain.lstrip("-").isdecimal() and plain.isascii():
            return int(plain), None
        return None, _no(spec, text, "a whole number")
    try:
        value = float(plain)
    except ValueError:
        return None, _no(spec, text, "a number, as 12 or 12.5")
    if not math.isfinite(value):
        return None, _no(spec, text, "a number, as 12 or 12.5")
    return value, None


def _no(spec: FieldSpec, given: str, allowed: str) -> Problem:
    return Problem("cannot-read", spec.name, repr(given), allowed)


# -- an event's own values -----------------------------------------------------------------------------------------------


def typed_of(form: FormSpec, event: Event) -> dict[str, str | list[str]]:
    """What a form holds that shows an event as it was recorded: read again it gives the same details."""
    found: dict[str, str | list[str]] = {}
    for spec in form:
        value = _value(spec, event)
        if value is None or (spec.detail == "happened" and "dated" in event.data and form.field("dated") is not None):
            continue
        if spec.kind == "many":
            found[spec.name] = [str(v) for v in value]
        elif spec.kind == "yes-no":
            found[spec.name] = "yes" if value else "no"
        elif spec.kind == "lesions":
            found[spec.name] = json.dumps(value)
        else:
            found[spec.name] = f"{value:g}" if isinstance(value, float) and value == round(value, 4) else str(value)
    return found


def _value(spec: FieldSpec, event: Event) -> Any:
    if not spec.detail.startswith("data."):
        return {"happened": event.happened, "site": event.site or None}.get(spec.detail)
    _, name, *rest = spec.detail.split(".", 2)
    value = event.data.get(name)
    if spec.fails:
        return (int(rest[0]) in (value or ())) == (spec.fails == "yes")
    if rest:
        return value.get(rest[0]) if isinstance(value, Mapping) else None
    return value


def changes(form: FormSpec, filled: Filled, old: Event) -> dict[str, Any]:
    """What a correction of ``old`` says anew: details that are otherwise now; None for one that the form shows and that was emptied."""
    shown = {spec.detail.split(".", 2)[1] for spec in form if spec.detail.startswith("data.")}
    if "dated" in shown:
        shown.add("date_rule")
    found = {k: v for k, v in filled.data.items() if old.data.get(k) != v}
    return found | {k: None for k in shown if k in old.data and k not in filled.data}


# -- the judge's problems --------------------------------------------------------------------------------------------------

#: Problems that are told of the patient, and are put right by another day.
_OF_THE_DAY = frozenset(
    {
        "after-death", "after-withdrawal", "after-treatment", "before-randomisation", "not-screened", "site-not-open", "treated-before",
        "enrolment-paused", "enrolment-closed",
    }
)  # fmt: skip
#: Problems that a person may confirm to be none, and the field by which he does.
CONFIRMED_BY = {"likely-the-same-person": "new_person"}


def at_fields(form: FormSpec, problems: Sequence[Problem]) -> Iterator[FieldProblem]:
    """The judge's problems, each at the field whose detail it speaks of; at none where it is of the event as a whole."""
    for p in problems:
        spec = _field_of(form, p)
        step = "" if p.next_step.startswith(("conduct", "--", "give", "leave")) else p.next_step
        yield FieldProblem(spec.name if spec is not None else "", p.code, p.given, p.allowed, step)


def _field_of(form: FormSpec, problem: Problem) -> FieldSpec | None:
    if problem.code in CONFIRMED_BY:
        return form.field(CONFIRMED_BY[problem.code])
    if problem.code in _OF_THE_DAY or problem.where == "on":
        return form.by_detail("happened")
    if problem.code == "dose-twice":
        return form.by_detail("data.day")
    where = problem.where.removeprefix("data.")
    if where in ("why", "site"):
        return form.by_detail(where)
    if where.startswith("factor "):
        return form.by_detail(f"data.factors.{where.removeprefix('factor ')}")
    if where.startswith("factors["):
        return form.by_detail(f"data.factors.{where[len('factors[') : -1].strip(chr(39))}")
    if where.startswith("values."):
        return form.by_detail(f"data.{where}")
    if where.startswith(("baseline ", "baseline.")):
        return form.by_detail(f"data.baseline.{where[len('baseline ') :]}")
    name = where.split("[")[0].split(".")[0].replace("-", "_")
    return form.by_detail(f"data.{name}")
