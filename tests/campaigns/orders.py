"""Real orders for campaigns: NORTH's log, and a hand that enters, randomises and corrects as a site would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from random import Random
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.desk.order import Ordered, give
from equipoise.desk.store import LogStore
from equipoise.files import log_register
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial
from helpers import moment

#: Every log has an index beside it, however short: what an index could break is tried too.
log_register.WORTH = 0
SECRET = "a secret of campaigns, for tests only"
SCREENED, LATER = date(2012, 5, 1), date(2012, 5, 9)
Order = Callable[[Conduct, datetime], Event]


@cache
def north() -> Trial:
    return read_trial(find_trial("north"))


def begin(trial: Trial, store: LogStore) -> None:
    """A log with one open site and nobody in it."""
    c = Conduct.open(trial, moment(date(2012, 3, 30)), "campaign")
    c.activate("S01", date(2012, 4, 2), moment(date(2012, 4, 2)), "campaign")
    store.create(c.log)


def orders(rng: Random, first: int, by: str) -> Iterator[tuple[str, Order]]:
    """What a site does without end, each with its kind: patients from number ``first`` on, and what is recorded of them meanwhile."""
    levels = ("0-1", "2"), ("normal", "raised")
    number = first
    while True:
        patient, number = f"S01-{number:05d}", number + 1
        factors = {"ecog": rng.choice(levels[0]), "ldh": rng.choice(levels[1])}
        wrong = {**factors, "ldh": levels[1][factors["ldh"] == "normal"]}
        yield "screen", lambda c, now, p=patient: c.screen(p, "S01", SCREENED, now, by)
        mistaken = rng.random() < 0.3
        entered = wrong if mistaken else factors
        yield "enrol", lambda c, now, p=patient, f=entered: c.enrol(p, SCREENED, now, by, f)
        if mistaken:
            yield (
                "correct",
                lambda c, now, p=patient, f=factors: c.correct(
                    _of(c, p, "enrolled"), now, by, "typing error", factors=f
                ),
            )
        yield "randomise", lambda c, now, p=patient: c.randomise(p, SCREENED, now, by)
        if rng.random() < 0.5:
            data = {"term": "neutropenia é", "grade": rng.randrange(1, 4)}
            yield (
                "adverse event",
                lambda c, now, p=patient, d=data: c.order("adverse event", LATER, now, by, patient=p, data=d),
            )
        if rng.random() < 0.5:
            why = "x" * rng.randrange(300)
            yield "contact", lambda c, now, p=patient, w=why: c.order("contact", LATER, now, by, w, patient=p)


def _of(c: Conduct, patient: str, kind: str) -> int:
    """The number of a patient's last event of a kind."""
    return max(e.number for e in c.log if e.patient == patient and e.kind == kind)


def done(trial: Trial, store: LogStore, order: Any) -> Ordered:
    return give(trial, store, order, PermutedBlocks(trial, SECRET))
