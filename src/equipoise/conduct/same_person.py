"""A person who is screened a second time under another number: told by birth year, sex and initials at one site, to be confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.patients import DETAILS
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

#: How many details must agree before two are taken for one.
_ENOUGH = 2


def person_problems(
    event: Event, trial: Trial, patients: Iterable[Patient], old: Event | None = None
) -> Iterator[Problem]:
    """What a screening lacks of the details that are asked, holds beyond them, or has in common with another of the site.

    Two are likely one person where no detail that both have differs and two at least are the same. It is a warning: a screening that says
    ``new_person`` was confirmed. ``old``: the screening that ``event`` corrects; details that stay as they were are not asked about again.
    """
    if old is not None and all(event.data.get(d) == old.data.get(d) for d in DETAILS):
        return
    asks, given = trial.patients.asks if trial.patients is not None else (), [d for d in DETAILS if d in event.data]
    if not event.source:
        for detail in asks:
            if detail not in given:
                yield Problem(
                    "missing", detail, "nothing", "asked at screening by [patients] of the trial file", _option(detail)
                )
        for detail in given if asks else ():
            if detail not in asks:
                yield Problem(
                    "not-asked", detail, "a detail of the person", f"only what [patients] asks: {', '.join(asks)}"
                )
    if not given or event.data.get("new_person"):
        return
    same = [p.name for p in patients if p.site == event.site and p.name != event.patient and alike(event, p.screened)]
    if same:
        yield Problem(
            "likely-the-same-person", "patient", f"a person like {', '.join(same)}, screened at {event.site} before",
            "a person who is new: birth year, sex and initials agree, as far as both are given",
            "once it is known to be another one: --confirm-new-person, or in a correction --set new_person=true",
        )  # fmt: skip


def detail_problems(event: Event) -> Iterator[Problem]:
    """Details of a person that can be nobody's, in a screening or in its correction."""
    year = event.data.get("birth_year")
    if year is not None and not 1900 <= year <= event.happened.year:
        yield Problem("birth-year", "birth_year", str(year), f"a year from 1900 to {event.happened.year}")
    for detail in ("sex", "initials"):
        text = event.data.get(detail)
        if text is not None and not (text.strip() and len(text) <= 20):
            yield Problem("detail", detail, repr(text), "1 to 20 characters")


def pairs(data: Mapping[str, Any]) -> list[str]:
    """What a screening says of the person, two details at a time: two that are alike share at least one pair."""
    said = [f"{d}={_same(data[d])}" for d in DETAILS if d in data]
    return ["/".join(pair) for pair in combinations(said, _ENOUGH)]


def alike(event: Event, other: Event | None) -> bool:
    """Whether two screenings are likely of one person, by their details alone."""
    if other is None:
        return False
    both = [d for d in DETAILS if d in event.data and d in other.data]
    return len(both) >= _ENOUGH and all(_same(event.data[d]) == _same(other.data[d]) for d in both)


def _same(value: object) -> str:
    return "".join(c for c in str(value).casefold() if c.isalnum())


def _option(detail: str) -> str:
    return f"--{detail.replace('_', '-')}"
