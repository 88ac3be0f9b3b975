"""A line of the log: what it holds of an event, and that it is read only as it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.desk.known import verify
from equipoise.desk.order import give, salted
from equipoise.files.log_file import LogFile, read_log, write_new_log
from equipoise.files.log_lines import line_of, lines_of, read_lines
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import GENESIS, Event, canonical, hash_of
from equipoise.trial.guarded import GUARDED, GUARDED_WHY
from equipoise.trial.kinds import KINDS, TRIAL_KINDS
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import FIXTURES, moment

DAY = date(2012, 5, 1)
FIRST = FIXTURES / "logs" / "format_1.jsonl"
#: Lists whose members are of one type.
MEMBERS = {"failed": [1, 2], "criteria": ["death"], "left_out": ["x"], "attained": [1, 2.5],
           "lost": [{"number": 7, "hash": "ab" * 32}]}  # fmt: skip
VALUES = {str: "a text", bool: True, int: 1, float: 1.5, list: [1, "x", {"y": None}], dict: {"b": "1", "a": "2"}}


def of_every_kind() -> Log:
    """One event of each kind with all details that it may have, the masked randomisation and the decision on a dose apart."""
    log = Log([Event(1, "opened", DAY, moment(DAY), "t", data={"trial": "north", "fingerprint": "f"})])
    for kind, details in KINDS.items():
        data = {
            name: [1, 2] if (name, types[0]) == ("events", list) else MEMBERS.get(name, VALUES[types[0]])
            for name, (types, _) in details.items()
            if (kind, name) not in (("randomised", "code"), ("decided", "part"))
        }
        whom = "" if kind in TRIAL_KINDS else "P1"
        log.append(kind, DAY, moment(DAY), "Ünï", "“so” \\ \u2028", whom, "S1", data, 1 if kind == "voided" else None)
    return salted(log)


def as_bytes(log: Log) -> list[bytes]:
    return [line.encode()[:-1] for line, _ in lines_of(log)]


def refused(*lines: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read_lines(lines, "x")
    return str(caught.value)


def test_a_line_is_what_the_format_says_computed_by_hand() -> None:
    """The digests and the hash, from the bytes of the line and nothing of ours."""
    data = {"arm": "CE", "stratum": "all"}
    salts = "0f" * 16, "a0" * 16
    event = Event(7, "randomised", DAY, datetime(2012, 5, 2, 9, 30, tzinfo=UTC), "dm", "", "P1", "", data, salts=salts)
    line, digest = line_of(event, "1" * 64)
    shown = (
        '{"by":"dm","corrects":null,"data":{"stratum":"all"},"happened":"2012-05-01","kind":"randomised","number":7,'
        '"patient":"P1","recorded":"2012-05-02T09:30:00.000000+00:00","site":"","source":"","why":""}'
    )
    guarded = '{"arm":"CE"}'
    of_open = hashlib.sha256(b"\x0f" * 16 + b"open\x00" + shown.encode()).hexdigest()
    of_guarded = hashlib.sha256(b"\xa0" * 16 + b"guarded\x00" + guarded.encode()).hexdigest()
    assert digest == hashlib.sha256(("1" * 64 + of_open + of_guarded).encode()).hexdigest() == hash_of(event, "1" * 64)
    assert line == (
        f'{{"guarded":{guarded},"hash":"{digest}","open":{shown},"previous":"{"1" * 64}",'
        f'"salts":["{"0f" * 16}","{"a0" * 16}"]}}\n'
    )


def test_every_kind_comes_back_with_its_salts_and_its_guarded_part_is_apart() -> None:
    log = of_every_kind()
    found = read_lines(as_bytes(log), "x")
    assert found.events == list(log)
    assert [e.salts for e in found.events] == [(e.salts[0], e.salts[1] if e.parts()[1] else "") for e in log]
    assert found.hashes == log.hashes() == found.log().hashes()
    for line, event in zip(as_bytes(log), log, strict=True):
        record = json.loads(line)
        names = set(GUARDED.get(event.kind, ())) | ({"why"} if event.kind in GUARDED_WHY else set())
        assert set(record.get("guarded", ())) == names
        assert not names & set(record["open"]["data"])
        assert record["open"]["why"] == ("" if "why" in names else event.why)


@pytest.mark.property
@given(st.text(), st.text(), st.integers(), st.datetimes(timezones=st.just(UTC)))
def test_the_text_of_a_part_is_its_canonical_json(who: str, why: str, number: int, at: datetime) -> None:
    for kind, data in (("decided", {"look": 1, "action": who}), ("contact", {}), ("died", {"cause": why})):
        event = Event(number, kind, at.date(), at, who, why, why, who, data, number, why)
        assert event.texts() == tuple(canonical(part) if part else "" for part in event.parts())


def test_what_is_guarded_is_a_detail_of_its_kind_and_none_is_called_why() -> None:
    for kind, names in GUARDED.items():
        assert names <= set(KINDS[kind])
        assert "why" not in KINDS[kind]
    assert set(GUARDED) >= GUARDED_WHY


def test_the_digest_of_an_arm_cannot_be_guessed_where_the_event_is_salted() -> None:
    def of(salts: tuple[str, str]) -> str:
        data = {"arm": "CE", "stratum": "all"}
        return hash_of(Event(1, "randomised", DAY, moment(DAY), "dm", patient="P1", data=data, salts=salts), GENESIS)

    assert of(("", "")) == of(("", ""))  # virtual patients: the same bytes each time
    assert len({of(("", "")), of(("00" * 16, "")), of(("", "00" * 16)), of(("00" * 16, "01" * 16))}) == 4


def test_what_is_recorded_by_an_order_is_salted_each_time_anew(north: Trial, tmp_path: Path) -> None:
    from equipoise.desk.opening import open_log

    store = LogFile(tmp_path / "log.jsonl", "north")
    open_log(north, store, "dm")
    site = north.sites[0].name
    give(north, store, lambda c, now: c.activate(site, DAY, now, "dm"))
    give(north, store, lambda c, now: c.screen("P1", site, DAY, now, "dm"))
    give(north, store, lambda c, now: c.correct(3, now, "dm", "wrong", data={"failed": [2]}))
    found = [e.salts[0] for e in store.read().log]
    assert len(set(found)) == 4
    assert all(len(s) == 32 for s in found)


def _digest_of_arm() -> bytes:
    return hashlib.sha256(b"\xab" * 16 + b"guarded\x00" + b'{"arm":"CE"}').hexdigest().encode()


# -- written otherwise ----------------------------------------------------------------------------------------------

OTHERWISE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a key twice": (lambda x: x.replace(b'{"by":', b'{"by":"a lie","by":', 1), "'by' is there twice"),
    "a key twice in data": (lambda x: x.replace(b'{"arm":', b'{"arm":"a lie","arm":'), "'arm' is there twice"),
    "a blank": (lambda x: x.replace(b'"by":', b'"by": '), "at character"),
    "a blank at the end": (lambda x: x + b" ", "blanks before the newline"),
    "a carriage return": (lambda x: x + b"\r", "carriage return"),
    "a byte order mark": (lambda x: b"\xef\xbb\xbf" + x, "byte order mark"),
    "an escape": (lambda x: x.replace(b"dm", b"\\u0064m"), "at character"),
    "another order": (lambda x: json.dumps(dict(reversed(json.loads(x).items()))).encode(), "at character"),
    "another zone": (
        lambda x: x.replace(b"T00:00:00.000000+00:00", b"T02:00:00.000000+02:00"),
        "at character",
    ),
    "no microseconds": (lambda x: x.replace(b"00.000000+", b"00+"), "at character"),
    "a day by its week": (lambda x: x.replace(b'"2012-05-01"', b'"2012-W18-2"'), "at character"),
    "a number as a float": (lambda x: x.replace(b'"number":1,', b'"number":1.0,'), "not a whole number"),
    "a number as true": (lambda x: x.replace(b'"number":1,', b'"number":true,'), "not a whole number"),
    "a salt in capitals": (lambda x: x.replace(b"ab" * 16, b"AB" * 16), "hexadecimal"),
    "a salt with blanks": (lambda x: x.replace(b"ab" * 16, b"ab " * 16), "hexadecimal"),
    "a salt too short": (lambda x: x.replace(b"ab" * 16, b"ab" * 15), "hexadecimal"),
    "another salt": (lambda x: x.replace(b"ab" * 16, b"ac" * 16), "the hash of this event"),
    "no salt": (lambda x: x.replace(b"ab" * 16, b""), "the hash of this event"),
    "not UTF-8": (lambda x: x.replace(b"dm", b"\xff"), "decode"),
    "UTF-16": (lambda x: x.decode().encode("utf-16-le"), ""),
    "half a letter": (lambda x: x.replace(b"dm", b"\\ud800"), "surrogates"),
    "no number": (lambda x: x.replace(b'"stratum":"all"', b'"stratum":NaN'), "not JSON compliant"),
    "an endless number": (lambda x: x.replace(b'"stratum":"all"', b'"stratum":1e999'), "not JSON compliant"),
    "a number of many digits": (lambda x: x.replace(b'"number":1,', b'"number":' + b"1" * 5000 + b","), "digits"),
    "brackets": (lambda x: x.replace(b'"stratum":"all"', b'"stratum":' + b"[" * 100_000 + b"]" * 100_000), "too deep"),
    "brackets, not closed": (lambda _: b"[" * 100_000, "too deep"),
    "a moment before all": (
        lambda x: x.replace(b"2012-05-01T00:00:00.000000+00:00", b"0001-01-01T00:00:00.000000+14:00"),
        "out of range",
    ),
    "no zone": (lambda x: x.replace(b".000000+00:00", b".000000"), "no time zone"),
    "guarded is open": (
        lambda x: x.replace(b'"guarded":{"arm":"CE"},', b"").replace(b'"data":{', b'"data":{"arm":"CE",'),
        "at character",
    ),
    "guarded without anything": (lambda x: x.replace(b'"guarded":{"arm":"CE"}', b'"guarded":{}'), "empty"),
    "guarded and its digest": (
        lambda x: x.replace(b'"hash"', b'"guarded_digest":"' + b"0" * 64 + b'","hash"', 1),
        "keys missing or unknown",
    ),
    "guarded taken out": (lambda x: x.replace(b'"guarded":{"arm":"CE"},', b""), "the hash of this event"),
    "a key of nobody's": (lambda x: x.replace(b'"site":', b'"seat":"","site":'), "seat"),
    "another arm": (lambda x: x.replace(b'"CE"', b'"XX"'), "the hash of this event"),
    "data is a list": (lambda x: x.replace(b'{"stratum":"all"}', b"[]"), "not an object"),
    "a why in both": (lambda x: x.replace(b'{"arm":"CE"}', b'{"arm":"CE","why":1}'), "why is not a text"),
    "a text is a number": (lambda x: x.replace(b'"site":""', b'"site":7'), "site is not a text"),
    "a kind is a list": (lambda x: x.replace(b'"kind":"randomised"', b'"kind":[]'), "kind is not a text"),
    "a digest too short": (lambda x: x.replace(b'"guarded":{"arm":"CE"}', b'"guarded_digest":"0"'), "64 hexadecimal"),
    "an empty digest": (lambda x: x.replace(b'"guarded":{"arm":"CE"}', b'"guarded_digest":""'), "64 hexadecimal"),
    "a part withheld, its salt not": (
        lambda x: x.replace(b'"guarded":{"arm":"CE"}', b'"guarded_digest":"' + _digest_of_arm() + b'"'),
        "at character",
    ),
    "more after it": (lambda x: x + b"1", "more after the event"),
    "a second one after it": (lambda x: x + x, "more after the event"),
    "not an object": (lambda _: b"17", "not an object"),
    "empty": (lambda _: b"", "Expecting value"),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_line_that_is_not_as_we_write_it_is_refused_and_said(name: str) -> None:
    event = Event(
        1, "randomised", DAY, moment(DAY), "dm", "", "P1", "", {"arm": "CE", "stratum": "all"}, salts=("ab" * 16,) * 2
    )
    line = line_of(event, GENESIS)[0].encode()[:-1]
    assert read_lines([line], "x").events == [event]
    change, words = OTHERWISE[name]
    changed = change(line)
    assert changed != line
    assert words in refused(changed)


@pytest.mark.property
@given(st.data())
def test_any_json_written_otherwise_is_refused(data: st.DataObject) -> None:
    lines = as_bytes(of_every_kind())
    record = json.loads(data.draw(st.sampled_from(lines)))
    spelled: Any = {"ensure_ascii": data.draw(st.booleans()), "sort_keys": data.draw(st.booleans())}
    blanks = data.draw(st.sampled_from([(", ", ": "), (",", ": "), (",", ":")]))
    text = json.dumps(record, separators=blanks, **spelled).encode()
    if text not in lines:
        refused(*lines[: record["open"]["number"] - 1], text)


def test_a_moment_of_another_zone_is_written_as_utc() -> None:
    there = datetime(2012, 5, 1, 12, tzinfo=timezone(timedelta(hours=12)))
    event = Event(1, "opened", DAY, there, "t", data={"trial": "north", "fingerprint": "f"})
    assert '"recorded":"2012-05-01T00:00:00.000000+00:00"' in line_of(event, GENESIS)[0]


# -- the first form -------------------------------------------------------------------------------------------------


def test_a_log_of_the_first_form_is_read_with_the_bytes_and_the_head_that_it_had() -> None:
    reading = read_log(FIRST, "north")
    assert reading.log.head == "15d68e45aadf448e90a9ceef91f8bd83a41120f90880cdedec905f11ac3c859d"
    assert "".join(line for line, _ in lines_of(reading.log)).encode() == FIRST.read_bytes()
    assert Log(reading.log).head == reading.log.head
    assert reading.log[15].data["action"] == "continue"


def test_a_log_of_the_first_form_goes_on_in_the_second(tmp_path: Path) -> None:
    north = read_trial(FIXTURES / "logs" / "north.toml")
    path = tmp_path / "log.jsonl"
    path.write_bytes(FIRST.read_bytes())
    store = LogFile(path, "north")
    site = north.sites[1].name
    done = give(north, store, lambda c, now: c.activate(site, DAY, now, "dm"))
    assert path.read_bytes().startswith(FIRST.read_bytes())
    verified = verify(north, store)
    assert (verified.events, verified.hash) == (17, done.hash)
    *lines, last = path.read_bytes().split(b"\n")[:-1]
    assert json.loads(last)["open"]["site"] == site
    again = line_of(replace(store.read().log[16], number=18, form=1), done.hash)[0].encode()[:-1]
    assert "of the first form" in refused(*lines, last, again)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'{"by":', b'{"by":"a lie","by":', "'by' is there twice"),
        (b'"number":1,', b'"number":true,', "not a whole number"),
        (b'"why":"', b'"why": "', "at character"),
        (b'"why":"', b'"why":"x', "the hash of this event"),
    ],
)
def test_a_line_of_the_first_form_is_held_to_its_bytes_too(old: bytes, new: bytes, words: str) -> None:
    first = FIRST.read_bytes().split(b"\n")[0]
    assert words in refused(first.replace(old, new, 1))


@pytest.mark.parametrize("kind", sorted(TRIAL_KINDS))
def test_an_event_of_the_trial_is_nobody_s(kind: str) -> None:
    data = {name: VALUES[types[0]] for name, (types, _) in KINDS[kind].items()}
    line, _ = line_of(Event(1, kind, DAY, moment(DAY), "t", patient="P1", data=data), GENESIS)
    assert "is the trial's" in refused(line.encode()[:-1])


def test_a_line_that_nobody_can_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, Log([Event(1, "opened", DAY, moment(DAY), "t", data={"trial": "north", "fingerprint": "f"})]))
    before, store = path.read_bytes(), LogFile(path)
    head = store.read().log.head
    for why, data in (("\ud800", {}), ("", {"x": float("nan")})):
        with pytest.raises(BadInput, match="cannot be written"):
            store.append([Event(2, "contact", DAY, moment(DAY), "t", why, "P1", data=data)], head)
    assert path.read_bytes() == before
