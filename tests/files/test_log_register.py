"""An order by the index beside the log is the order by the whole log: the same event or the same problems, and the same bytes.

Whatever becomes of the index: it may be missing, old, another log's, cut, changed at any byte, or behind after a kill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.register import WholeNeeded
from equipoise.conduct.sealed import ByWhom
from equipoise.desk import order as desk_order
from equipoise.files import log_register
from equipoise.files.log_table import LogTable
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from random_orders import Order, adaptive, an_order, asking, begin, blinded, minimised, peopled, somebody
from stores import Place


@dataclass
class Side:
    """A log at a place, and the clock that tells the moment and the salt of its orders, however often they are judged."""

    place: Place
    clock: Iterator[int] = field(default_factory=count)

    def give(
        self, trial: Trial, order: Order, by_secret: ByWhom, *, amends: bool = False, by: str = ""
    ) -> tuple[Any, ...]:
        """The event with its hash, or the problems as ``by`` is told them."""
        order_number = next(self.clock)
        at, salt = moment(date(2017, 1, 1)) + timedelta(minutes=order_number), f"{order_number:032x}"
        with (
            patch.object(desk_order, "now", lambda: at),
            patch.object(desk_order, "salts", lambda: (salt, salt)),
            patch.object(LogTable, "now", lambda _: None),
        ):
            try:
                done = desk_order.give(trial, self.place.store(trial.id), order, by_secret, amends=amends, by=by)
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
    trial, by_secret, amendment = draw.choice(
        [asking, asking, blinded, minimised, minimised, adaptive, peopled, peopled]
    )()
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
        if amendment is not None and trial is not amendment and draw.random() < 0.04:
            allowed = draw.choice([[], ["method"], ["method", "looks"]])
            data = {"fingerprint": amendment.fingerprint, "definition": amendment.definition}
            data |= {"allowed": allowed} if allowed else {}
            by, ago = "sp" if trial.people is not None else "t", draw.choice([0, 0, 3, 1400])
            order: Order = lambda c, now, d=data, by=by, ago=ago: c.order(  # type: ignore[misc]  # noqa: E731
                "amended", now.date() - timedelta(ago), now, by, "a dose", data=d
            )
            amends = True
        else:
            order, amends = an_order(draw, trial, log), False
        reader = somebody(draw, trial, "in1", "sp", "cm")
        with patch.object(log_register, "WORTH", 10**9):
            right = by_whole.give(amendment if amends else trial, order, by_secret, amends=amends, by=reader)
        if harmed:
            told[harm(draw, by_index.index, old)] += 1
        killed = harmed and draw.random() < 0.1
        with counting(told), patch.object(log_register, "WORTH", 0):
            if killed:  # between the append to the log and what follows it
                with patch.object(desk_order, "make_register"), patch.object(log_register.StoredRegister, "_note"):
                    found = by_index.give(amendment if amends else trial, order, by_secret, amends=amends, by=reader)
            else:
                found = by_index.give(amendment if amends else trial, order, by_secret, amends=amends, by=reader)
        if amends and right[0] == "done":
            trial = amendment
        assert found == right, (found, right)
    assert by_index.place.bytes() == by_whole.place.bytes()


@pytest.mark.parametrize(
    ("kind", "examples"),
    [
        ("file", 6),
        ("sqlite", 2),
        ("postgresql", 2),
        pytest.param("file", 120, marks=pytest.mark.slow),
        pytest.param("sqlite", 30, marks=pytest.mark.slow),
        pytest.param("postgresql", 20, marks=pytest.mark.slow),
    ],
)
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
