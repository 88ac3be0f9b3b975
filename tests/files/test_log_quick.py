"""A line that is read by its pattern is one that the whole reading takes, and the same event; also of a forger who knows the hash's rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files import log_lines
from equipoise.files.log_lines import lines_of, read_line, read_lines
from equipoise.files.log_quick import LONGEST, quick
from equipoise.trial.event import GENESIS, Event, chained
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from people_log import log as people_log
from random_logs import logs

DAY, NOW = date(2012, 5, 1), datetime(2012, 5, 1, 12, tzinfo=UTC)


def salted(events: Sequence[Event], seed: int = 1) -> list[str]:
    """Lines without their newlines, each with salts."""
    from dataclasses import replace

    draw = Random(seed)
    given = [replace(e, salts=(draw.randbytes(16).hex(), draw.randbytes(16).hex())) for e in events]
    return [line[:-1] for line, _ in lines_of(given)]


def by_the_whole(lines: Sequence[str], previous: str = GENESIS, before: Event | None = None) -> Any:
    """What the whole reading makes of lines: events and hashes; None where it takes them not."""
    with patch.object(log_lines, "quick", lambda *_: None):
        try:
            found = read_lines([line.encode() for line in lines], "log", previous, before)
        except BadInput:
            return None
    return [(e, e.salts, e.form, list(e.data)) for e in found.events], found.hashes


def said(lines: Sequence[str], previous: str = GENESIS, before: Event | None = None) -> Any:
    """As ``by_the_whole``, with the pattern."""
    try:
        found = read_lines([line.encode() for line in lines], "log", previous, before)
    except BadInput:
        return None
    return [(e, e.salts, e.form, list(e.data)) for e in found.events], found.hashes


@given(logs(), st.integers(0, 99))
def test_every_line_is_the_same_event_either_way(log: Log, seed: int) -> None:
    events = [Event(1, "opened", DAY, NOW, "t", data={"trial": "north", "fingerprint": "f"})]
    events += [
        Event(i, e.kind, e.happened, e.recorded, e.by, e.why, e.patient, e.site, e.data) for i, e in enumerate(log, 2)
    ]
    lines = salted(events, seed)
    assert said(lines) == by_the_whole(lines) is not None


def test_most_lines_are_read_by_the_pattern() -> None:
    lines = salted(list(people_log()))
    assert sum(quick(line, i) is not None for i, line in enumerate(lines, 1)) > 0.9 * len(lines)
    odd = Event(1, "contact", DAY, NOW, "t", 'a "word" \\ and\na line', "P1")
    long = Event(1, "contact", DAY, NOW, "t", "w" * LONGEST, "P1")
    assert [quick(salted([e])[0], 1) for e in (odd, long)] == [None, None]
    assert said(salted([odd, Event(2, "contact", DAY, NOW, "t", "", "P1")])) is not None


LINES = salted(
    [
        Event(1, "opened", DAY, NOW, "t", data={"trial": "north", "fingerprint": "f"}),
        Event(2, "adverse event", DAY, NOW, "dm", "why", "P1", "S01", {"term": "Übelkeit", "grade": 3, "serious": False}),
        Event(3, "treated", DAY, NOW, "dm", "", "P1", "", {"drug": "IMGN901", "cycle": 1, "day": 1, "dose": 112.5, "unit": "mg/m2"}),
        Event(4, "decided", DAY, NOW, "cm", "7 of 9", data={"look": 1, "action": "stop", "cutoff": "2012-05-01", "known_on": "2012-05-01"}),
        Event(5, "adverse event", DAY, NOW, "dm", "", "P1", "", {"term": "x", "grade": 2}, corrects=2),
        Event(6, "randomised", DAY, NOW, "dm", "", "P1", "", {"arm": "CE", "stratum": "all"}),
        Event(7, "contact", DAY, NOW, "dm", "", "P1", source="DS 7"),
    ]
)  # fmt: skip


def rehashed(line: str, previous: str) -> str:
    """The line with the hash that its parts give as they stand, and the hash before it: what a forger writes."""
    try:
        at = line.index('"open":') + 7
        _, end = json.JSONDecoder().raw_decode(line, at)
        shown, guarded = line[at:end], ""
        if line.startswith('{"guarded":'):
            _, last = json.JSONDecoder().raw_decode(line, 11)
            guarded = line[11:last]
        salts = json.loads(line)["salts"]
        digests = (
            sha256(bytes.fromhex(salts[0]) + b"open\0" + shown.encode()).hexdigest(),
            sha256(bytes.fromhex(salts[1]) + b"guarded\0" + guarded.encode()).hexdigest() if guarded else "",
        )
        old = json.loads(line)
        return line.replace(old["hash"], chained(previous, digests)).replace(old["previous"], previous)
    except (ValueError, KeyError, TypeError, IndexError):
        return line


FORGED = [
    ('"by":"dm"', '"by":"\\u0064m"'), ('"by":"dm"', '"by":"d\\/m"'), ('"by":"dm"', '"by":"d\tm"'), ('"by":"dm"', '"by":""'),
    ('"grade":3', '"grade":3.0'), ('"grade":3', '"grade":03'), ('"grade":3', '"grade": 3'), ('"grade":3', '"grade":3,"grade":3'),
    ('"grade":3', '"grade":true'), ('"grade":3', '"grade":NaN'), ('"grade":3', '"grade":"3"'), ('"grade":3,', ""), ('"dose":112.5', '"dose":112.50'),
    ('"dose":112.5', '"dose":1125e-1'), ('"cycle":1', '"cycle":1,"dose":1'), ('"corrects":null', '"corrects":0'), ('"corrects":null', '"corrects":-1'),
    ('"corrects":2', '"corrects":2.0'), ('"corrects":2', '"corrects":02'), ('"corrects":2', '"corrects":"2"'), ('"corrects":null', '"corrects":false'),
    ('"happened":"2012-05-01"', '"happened":"2012-W18-2"'), ('"happened":"2012-05-01"', '"happened":"20120501"'),
    ('"happened":"2012-05-01"', '"happened":"2012-05-32"'), ('"happened":"2012-05-01"', '"happened":"0000-05-01"'),
    ('T12:00:00.000000+00:00', 'T24:00:00.000000+00:00'), ('T12:00:00.000000+00:00', 'T12:00:00+00:00'), ('T12:00:00.000000+00:00', 'T14:00:00.000000+02:00'),
    ('T12:00:00.000000+00:00', 'T12:00:00.000000Z'), ('T12:00:00.000000+00:00', ' 12:00:00.000000+00:00'), ('T12:00:00.000000+00:00', 'T12:60:00.000000+00:00'),
    ('T12:00:00.000000+00:00', 'T12:00:00.000000'), ('"number":2', '"number":2.0'), ('"number":2', '"number":3'), ('"number":2', '"number":"2"'),
    ('"kind":"adverse event"', '"kind":"odd"'), ('"kind":"contact"', '"kind":"sealed"'), ('"kind":"contact"', '"kind":"opened"'), ('"kind":"treated"', '"kind":"contact"'),
    ('{"guarded":{"dose"', '{"guarded":{"cycle":1,"dose"'), ('"unit":"mg/m2"', '"unit":"mg/m2","why":"x"'), ('"why":"7 of 9"', '"why":""'),
    ('"why":"7 of 9"', '"why":7'), ('"source":"","why":""', '"source":"","why":"more"'), ('"patient":"P1"', '"patient":"P1","patient":"P1"'),
    ('"patient":"P1"', '"patient":null'), ('"patient":"","recorded"', '"patient":"P1","recorded"'), ('"site":"S01",', ''),
    ('"data":{}', '"data":[]'), ('"data":{}', '"data":{ }'), ('"data":{}', '"data":{},"more":1'), ('"data":{}', '"data":{"key":"k"}'),
    ('"term":"Übelkeit"', '"term":"\\u00dcbelkeit"'), ('"term":"Übelkeit"', '"term":{"a":[1,{"b":2}]}'), ('"serious":false', '"serious":0'),
    ('"salts":["', '"salts":["AB'), ('"salts":["', '"salts":[ "'), ('"source":"DS 7"', '"source":"DS\u2028 7"'), ('"arm":"CE"', '"arm":"CE","code":"X"'),
    ('"arm":"CE"', '"arm":[]'), ('"stratum":"all"', '"arm":"CE","stratum":"all"'), ('{"guarded":{"arm":"CE"},', '{'), ('{"guarded":{"arm":"CE"},', '{"guarded":{},'),
    ('"salts"', '"salts":["",""],"salts"'), ('"hash"', '"a":1,"hash"'), ('}', '} '), ('"by":"dm"', '"by":"dm\x7f"'), ('"by":"dm"', '"by":"\ud800"'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), FORGED)
def test_what_a_forger_writes_is_judged_as_by_the_whole_reading(old: str, new: str) -> None:
    tried = 0
    previous, before = GENESIS, None
    for line in LINES:
        if old in line and not any("\ud800" <= c <= "\udfff" for c in new):
            tried += 1
            forged = rehashed(line.replace(old, new, 1), previous)
            ways = said([forged], previous, before), by_the_whole([forged], previous, before)
            assert ways[0] == ways[1]
        found = read_lines([line.encode()], "log", previous, before)
        (before,), (previous,) = found.events, found.hashes
    assert tried or "\ud800" in new


@given(st.data())
def test_a_line_that_was_changed_anywhere_is_judged_as_by_the_whole_reading(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(LINES) - 1))
    known = read_lines([line.encode() for line in LINES[:at]], "log") if at else None
    previous, before = (known.hashes[-1], known.events[-1]) if known is not None else (GENESIS, None)
    line = LINES[at]
    for _ in range(data.draw(st.integers(1, 3))):
        i, j = sorted(data.draw(st.tuples(st.integers(0, len(line)), st.integers(0, len(line)))))
        piece = data.draw(
            st.sampled_from([*'0129aF"\\{}[],:. -\x00é', "null", "true", '""', "{}", "\\u0041", line[i : i + 12]])
        )
        line = line[:i] + piece + line[data.draw(st.sampled_from([i, i + 1, j])) :]
    if data.draw(st.booleans()):
        line = rehashed(line, previous)
    assert said([line], previous, before) == by_the_whole([line], previous, before)


def test_a_single_line_proves_itself_as_by_the_whole_reading() -> None:
    known = read_lines([line.encode() for line in LINES], "log")
    for number, (line, event, digest) in enumerate(zip(LINES, known.events, known.hashes, strict=True), 1):
        assert read_line(line.encode() + b"\n", number, digest) == event
        for wrong in (
            (line.encode(), number + 1, digest), (line.encode(), number, "0" * 64),
            (line.replace('"by":"', '"by":"x').encode(), number, digest), (line.replace('"previous":"', '"previous":"f').encode(), number, digest),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="another line"):
                read_line(*wrong)
