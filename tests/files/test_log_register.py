"""An order by the index beside the log is the order by the whole log: the same event or the same problems, and the same bytes.

Whatever becomes of the index: it may be missing, old, another log's, cut, changed at any byte, or behind after a kill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.conduct.register import WholeNeeded
from equipoise.conduct.sealed import ByWhom, Sealed
from equipoise.desk import order as desk_order
from equipoise.files import log_register
from equipoise.files.bundled import find_trial
from equipoise.files.log_table import LogTable
from equipoise.files.trial_file import read_toml, read_trial, trial_from
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from sealed import secret_of
from stores import Place

FIRST = date(2012, 5, 1)
DETAILS: dict[str, dict[str, Any]] = {
    "contact": {}, "treated": {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5, "unit": "AUC"}, "assessed": {"response": "SD"},
    "adverse event": {"term": "nausea", "grade": 2}, "progressed": {"basis": "clinical"}, "died": {}, "withdrawn": {}, "lost": {},
    "enrolment paused": {}, "enrolment resumed": {}, "deviation": {"what": "x", "major": False}, "unblinded": {"reason": "x"},
}  # fmt: skip
Order = Callable[[Conduct, datetime], Event]


@cache
def asking() -> tuple[Trial, ByWhom, Trial]:
    """NORTH, that asks for details of the person; and an amendment of it."""
    raw = read_toml(find_trial("north"), "a trial") | {"assumptions": [], "sources": []}
    raw["patients"] = {"asks": ["birth_year", "sex", "initials"]}
    trial = trial_from(raw, "north")
    raw["arms"][0]["regimen"][0]["dose"] = 90
    return trial, PermutedBlocks(trial, "a secret for tests only"), trial_from(raw, "north")


@cache
def blinded() -> tuple[Trial, ByWhom, None]:
    """E2511: its log holds codes."""
    trial = read_trial(find_trial("e2511"))
    return trial, Sealed(trial, [secret_of("e2511")]), None


@cache
def minimised() -> tuple[Trial, ByWhom, None]:
    """NORTH, its arms by minimisation: each follows from all before."""
    raw = read_toml(find_trial("north"), "a trial") | {"assumptions": [], "sources": []}
    raw["randomisation"] = {"method": "minimisation", "factors": raw["randomisation"]["factors"]}
    trial = trial_from(raw, "north")
    return trial, Sealed(trial, [secret_of("north")]), None


def begin(trial: Trial, by_secret: ByWhom) -> Log:
    at = moment(trial.start)
    c = Conduct.open(trial, at, "t")
    for site in list(trial.site_by_name)[:2]:
        c.activate(
            site,
            max(trial.start, trial.site_by_name[site].activation or trial.start),
            moment(FIRST.replace(year=2016)),
            "t",
        )
    if isinstance(by_secret, Sealed):
        c.seal(by_secret.secrets[0], c.log[len(c.log) - 1].recorded.date(), c.log[len(c.log) - 1].recorded, "t")
    return c.log


def an_order(draw: Random, trial: Trial, log: Log) -> Order:
    """Some order, possible or not; mostly of a patient who is there."""
    sites = list(trial.site_by_name)[:3]
    of_kind = {kind: {e.patient for e in log if e.kind == kind} for kind in ("screened", "enrolled", "randomised")}
    screened, enrolled, randomised = of_kind.values()
    odd = draw.random() < 0.2
    oddly = ["P1", "р1", "S01-001", "NOBODY", *sorted({e.patient for e in log if e.patient})]

    def one_of(names: set[str]) -> str:
        return draw.choice(oddly) if odd or not names else draw.choice(sorted(names))

    new, next_one, next_two, who = (
        one_of(set()),
        one_of(screened - enrolled),
        one_of(enrolled - randomised),
        one_of(randomised),
    )
    day = max(trial.start, FIRST) + timedelta(
        draw.choice([400, 401, 401, 401, 402, 403, 404]) - 10 * (draw.random() < 0.05)
    )
    key = draw.choice([""] * 12 + [f"k{len(log)}"] * 5 + ["k3", f"k{draw.randrange(60)}"])
    number = draw.randrange(3, len(log) + 2)
    levels = {f.name: draw.choice([*f.levels * 4, "?"]) for f in trial.recorded_factors}
    person: dict[str, Any] = {}
    if trial.patients is not None:
        person = {
            "birth_year": draw.choice([1950, 1951]),
            "sex": draw.choice("mf"),
            "initials": draw.choice(["AB", "CD", "EF"]),
        }
        person |= {"new_person": True} if draw.random() < 0.5 else {}
        if odd:
            del person[draw.choice(sorted(person))]
    kind = draw.choice(list(DETAILS) if draw.random() < 0.25 else ["contact", "adverse event", "assessed"])
    of = who if not kind.startswith("enrolment") else ""
    data = {**DETAILS[kind], **({"cycle": draw.randrange(1, 4)} if kind == "treated" else {})}
    orders: list[tuple[int, Order]] = [
        (8, lambda c, now: c.screen("" if draw_none else new, draw_site, day, now, "t", person=person, key=key)),
        (10 if screened - enrolled else 1, lambda c, now: c.enrol(next_one, day, now, "t", levels, key=key)),
        (10 if enrolled - randomised else 1, lambda c, now: c.randomise(next_two, day, now, "t", key=key)),
        (12 if randomised else 1, lambda c, now: c.order(kind, day, now, "t", "x", of, data=data, key=key)),
        (4, lambda c, now: c.correct(number, now, "t", "wrong", on=day, key=key)),
        (4, lambda c, now: c.correct(number, now, "t", "wrong", void=True, key=key)),
        (2, lambda c, now: c.correct(number, now, "t", "wrong", data={"birth_year": 1951, "grade": 3}, key=key)),
        (2, lambda c, now: c.correct(number, now, "t", "wrong", factors=levels, key=key)),
        (1, lambda c, now: c.redact(number, now, "t", "a name", key=key)),
        (1, lambda c, now: c.activate(draw_site, day, now, "t", key=key)),
        (1, lambda c, now: c.correct_clock(now - timedelta(1), "t", "ahead", key=key)),
    ]  # fmt: skip
    draw_none, draw_site = draw.random() < 0.8, draw.choice([*sites[:2] * 6, *sites, "S99"])
    return draw.choices([o for _, o in orders], [w for w, _ in orders])[0]


@dataclass
class Side:
    """A log at a place, and the clock and the salts that its orders are given with."""

    place: Place
    clock: Iterator[int] = field(default_factory=count)
    salt: Iterator[int] = field(default_factory=count)

    def give(self, trial: Trial, order: Order, by_secret: ByWhom, *, amends: bool = False) -> tuple[Any, ...]:
        """The event with its hash, or the problems."""
        at = moment(date(2017, 1, 1)) + timedelta(minutes=next(self.clock))
        with (
            patch.object(desk_order, "now", lambda: at),
            patch.object(desk_order, "salts", lambda: (f"{next(self.salt):032x}", f"{next(self.salt):032x}")),
            patch.object(LogTable, "now", lambda _: None),
        ):
            try:
                done = desk_order.give(trial, self.place.store(trial.id), order, by_secret, amends=amends)
            except BadInput as bad:
                return "refused", tuple(bad.problems)
        return "done", done.event, done.hash

    @property
    def index(self) -> Path:
        return self.place.store(None if self.place.kind == "file" else self.trial).index()[0]  # type: ignore[attr-defined]

    trial: str = "north"


@contextmanager
def counting(told: Counter[str]) -> Iterator[None]:
    """Count how orders are judged: by the excerpt, or first by it and then by the whole log."""
    judged = desk_order._judged

    def counted(conduct: Conduct, *given: Any, **named: Any) -> Any:
        name = type(conduct).__name__
        try:
            found = judged(conduct, *given, **named)
        except WholeNeeded:
            told["needed"] += 1
            raise
        except BadInput:
            told[f"{name} refuses"] += 1
            raise
        told[name] += 1
        return found

    with patch.object(desk_order, "_judged", counted):
        yield


def harm(draw: Random, index: Path, old: list[bytes]) -> str:
    """Something happens to an index, or nothing."""
    if not index.exists() or index.stat().st_size < 4096:
        return "absent"
    data = index.read_bytes()
    old.append(data)
    what = draw.choice(["nothing"] * 5 + ["deleted", "older", "cut", "empty", "bytes", "bytes", "page"])
    if what == "deleted":
        index.unlink()
    elif what == "older":
        index.write_bytes(draw.choice(old))
    elif what == "cut":
        index.write_bytes(data[: draw.randrange(len(data))])
    elif what == "empty":
        index.write_bytes(b"")
    elif what == "bytes":
        changed = bytearray(data)
        for _ in range(draw.choice([1, 5, 200])):
            changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        index.write_bytes(changed)
    elif what == "page":
        one, other = (draw.randrange(len(data) // 4096) * 4096 for _ in "ab")
        index.write_bytes(data[:one] + data[other : other + 4096] + data[one + 4096 :])
    return what


def history(seed: int, kind: str, place: Callable[[str], Place], told: Counter[str], orders: int = 60) -> None:
    draw = Random(seed)
    trial, by_secret, amendment = draw.choice([asking, asking, blinded, minimised])()
    by_index, by_whole = Side(place(kind)), Side(place(kind))
    by_index.trial = by_whole.trial = trial.id
    log = begin(trial, by_secret)
    by_index.place.store(trial.id).create(log)
    by_whole.place.store(trial.id).create(log)
    if kind == "postgresql":
        for side in (by_index, by_whole):
            side.place.execute("GRANT UPDATE (line) ON public.event TO site", owner=True)
    old: list[bytes] = []
    harmed = draw.random() < 0.5
    for _ in range(orders):
        log = by_whole.place.store(trial.id).read().log
        if amendment is not None and trial is not amendment and draw.random() < 0.03:
            data = {"fingerprint": amendment.fingerprint, "definition": amendment.definition}
            order: Order = lambda c, now, d=data: c.order("amended", now.date(), now, "t", "a dose", data=d)  # type: ignore[misc]  # noqa: E731
            trial, amends = amendment, True
        else:
            order, amends = an_order(draw, trial, log), False
        with patch.object(log_register, "WORTH", 10**9):
            right = by_whole.give(trial, order, by_secret, amends=amends)
        if harmed:
            told[harm(draw, by_index.index, old)] += 1
        killed = harmed and draw.random() < 0.1
        with counting(told), patch.object(log_register, "WORTH", 0):
            if killed:  # between the append to the log and what follows it
                with patch.object(desk_order, "make_register"), patch.object(log_register.StoredRegister, "_note"):
                    found = by_index.give(trial, order, by_secret, amends=amends)
            else:
                found = by_index.give(trial, order, by_secret, amends=amends)
        assert found == right
    assert by_index.place.bytes() == by_whole.place.bytes()


@pytest.mark.parametrize(("kind", "examples"), [("file", 25), ("sqlite", 8), ("postgresql", 6)])
def test_an_order_by_the_index_is_the_order_by_the_whole_log(
    kind: str, examples: int, place: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    told: Counter[str] = Counter()

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**9))
    def tried(seed: int) -> None:
        history(seed, kind, place, told)

    tried()
    if examples > 4 and sum(told.values()) > 400:
        assert told["Excerpt"] > 20, told
        assert told["Excerpt refuses"] > 20, told
        assert told["needed"] > 2, told
