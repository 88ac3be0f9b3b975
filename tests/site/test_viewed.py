"""A view that is gone on with after each order is the view made anew: the same events, the same patients, whoever reads and whatever was ordered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

import people_log
from equipoise.analyse.data import cut
from equipoise.analyse.grown import grown
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.visibility import Reader, seen
from equipoise.files.definition import trial_of
from equipoise.site.shown import Shown
from equipoise.site.viewed import Viewed, viewed
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.role import ROLES
from overseen_log import overseen

KEY = b"a key"


def corrected(draw: Random) -> Log:
    """The log of the tests, acts about it among it, and after each tenth event a correction, a voiding, or a late record of what is in force."""
    found: list[Event] = []
    number: dict[int, int] = {}
    standing: dict[str, list[Event]] = {}
    for e in overseen():
        number[e.number] = len(found) + 1
        if e.patient and e.kind in ("treated", "assessed", "adverse event", "deviation", "contact", "died"):
            standing.setdefault(e.patient, []).append(replace(e, number=len(found) + 1))
        found.append(replace(e, number=len(found) + 1))
        if draw.random() < 0.2 and standing:
            old = draw.choice([x for of in standing.values() for x in of])
            made = replace(old, number=len(found) + 1, recorded=e.recorded, corrects=old.number, why="read again")
            of = standing[old.patient]
            of.remove(old)
            match draw.randrange(4):
                case 0:
                    made = replace(made, kind="voided", data={})
                case 1:
                    made = replace(made, happened=old.happened - timedelta(days=draw.randrange(90)))
                    of.append(made)
                case 2:
                    of.append(made)
                case _:
                    made = replace(made, corrects=None, happened=old.happened - timedelta(days=draw.randrange(200)))
                    of.extend((old, made))
            if not of:
                del standing[old.patient]
            found.append(made)
    return Log(_renumbered(found, number))


def _renumbered(found: list[Event], number: dict[int, int]) -> Iterator[Event]:
    """The acts name their events by the new numbers."""
    for e in found:
        data = dict(e.data)
        for name in ("event", "query"):
            if isinstance(data.get(name), int):
                data[name] = number.get(data[name], data[name])
        if "events" in data:
            data["events"] = [number.get(n, n) for n in data["events"]]
        yield replace(e, data=data)


def same(one: Shown, other: Shown) -> None:
    assert list(one.log) == list(other.log)
    assert one.mark == other.mark
    a, b = one.today, other.today
    assert list(a.events) == list(b.events)
    assert list(a.patients.items()) == list(b.patients.items())
    assert (list(a.beyond), list(a.known), dict(a.came)) == (list(b.beyond), list(b.known), dict(b.came))
    assert {n: list(r) for n, r in one.record.items()} == {n: list(r) for n, r in other.record.items()}


@pytest.mark.parametrize("role", [r.name for r in ROLES])
def test_a_view_gone_on_with_is_the_view_made_anew(role: str) -> None:
    draw = Random(f"{role} 17")
    log, person = corrected(draw), people_log.PEOPLE[role]
    trial = people_log.north()
    begun = 20  # by then everybody holds his role
    conduct = Conduct(trial, Log(list(log)[:begun]), None, takes=False, read=trial_of)
    before: Viewed | None = None
    gone_on = 0
    for at in range(begun, len(log)):
        conduct.catch_up([log[at]])
        if draw.random() < 0.6 and at + 1 < len(log):
            continue  # several at once
        reader = Reader.of(person, conduct.people.copy(), *conduct.definitions.trials)
        now = viewed(before, person, conduct, reader, KEY)
        gone_on += before is not None and "today" in vars(now.shown)
        assert now.shown.today  # asked for, as a page does: the next goes on from it
        if draw.random() < 0.25 or at + 1 == len(log):
            same(now.shown, viewed(None, person, conduct, reader, KEY).shown)
            if not reader.whole:
                assert list(now.shown.log) == list(seen(conduct.log, reader))
        before = now
    assert gone_on > 10


def test_what_is_kept_of_each_patient_goes_with_his_record() -> None:
    trial, log = people_log.north(), people_log.log()
    conduct = Conduct(trial, Log(list(log)[:-6]), None, takes=False, read=trial_of)
    made: list[str] = []

    def ask(shown: Shown) -> dict[str, int]:
        return shown.of_each("doses", lambda p: (made.append(p.name), len(p.doses))[1])

    reader = Reader.of("investigator-1", conduct.people.copy(), *conduct.definitions.trials)
    first = viewed(None, reader.person, conduct, reader, KEY)
    ask(first.shown)
    assert sorted(made) == sorted(first.shown.patients)
    made.clear()
    conduct.catch_up(list(log)[-6:])
    second = viewed(first, reader.person, conduct, reader, KEY)
    assert ask(second.shown) == {n: len(p.doses) for n, p in second.shown.patients.items()}
    assert made == ["S01-012"]  # who was screened and enrolled meanwhile; S02 is none of his


def test_where_it_does_not_do_it_says_so() -> None:
    trial, log = people_log.north(), people_log.log()
    day = log[len(log) - 1].recorded.date()
    before = cut(trial, Log(list(log)[:-1]), day, day, fingerprint=False)
    late = replace(log[len(log) - 1], recorded=log[len(log) - 1].recorded + timedelta(days=1))
    assert grown(trial, before, [late], {}) is None
    unknown = replace(log[len(log) - 1], corrects=5000, patient="S01-000", kind="contact", data={})
    assert grown(trial, before, [unknown], {"S01-000": [unknown]}) is None
