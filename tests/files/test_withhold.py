"""A log for a reader who may not see all: its chain is the whole log's, and what is withheld can neither be read nor guessed."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from equipoise.desk.known import as_known_on, verify
from equipoise.desk.order import give, salted
from equipoise.files.log_file import LogFile, read_log, write_new_log
from equipoise.files.log_lines import read_lines, withhold
from equipoise.simulate.run import run as simulate
from equipoise.trial.event import WITHHELD, Event
from equipoise.trial.guarded import GUARDED
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import not_shown
from helpers import FIXTURES

DAY = date(2012, 5, 1)
BOTH, OPEN, NONE = ("open", "guarded"), ("open",), ()


@pytest.fixture(scope="module")
def log(plan: Any) -> Log:
    return salted(Log(list(simulate(plan(cap=24), 0).log)[:150]))


def written(log: Log, path: Path, show: Any) -> Path:
    path.write_text("".join(withhold(log, show)))
    return path


def test_shown_whole_it_is_the_log(log: Log, tmp_path: Path) -> None:
    write_new_log(tmp_path / "a", log)
    assert written(log, tmp_path / "b", lambda _: BOTH).read_bytes() == (tmp_path / "a").read_bytes()


def test_without_what_is_guarded_no_arm_is_told_and_the_chain_is_the_same(
    log: Log, north: Trial, tmp_path: Path
) -> None:
    path = written(log, tmp_path / "log.jsonl", lambda _: OPEN)
    found = read_log(path, "north").log
    assert found.hashes() == log.hashes()
    assert not [a.name for a in north.arms if f'"{a.name}"' in path.read_text()]
    for event in found:
        assert not GUARDED.get(event.kind, frozenset()) & event.data.keys()
    guarded = sum(bool(e.parts()[1]) for e in log)
    verified = verify(north, LogFile(path, "north"))
    assert (verified.hash, verified.withheld) == (log.head, guarded)
    assert guarded > 20


def test_any_choice_of_parts_verifies_and_can_be_written_again(log: Log) -> None:
    for seed in range(20):
        draw = Random(seed)
        chosen: dict[int, Collection[str]] = {
            e.number: BOTH if e.number == 1 else draw.choice([BOTH, OPEN, NONE]) for e in log
        }
        lines = list(withhold(log, lambda e, chosen=chosen: chosen[e.number]))
        found = read_lines([line.encode()[:-1] for line in lines], "x").log()
        assert found.hashes() == log.hashes() == Log(found).hashes()
        assert list(withhold(found, lambda _: BOTH)) == lines
        for event, ours in zip(found, log, strict=True):
            if chosen[event.number] == BOTH:
                assert event == ours
            elif not chosen[event.number]:
                assert (event.kind, event.patient, event.data, event.salts) == (WITHHELD, "", {}, ("", ""))
        # Withheld once more from somebody who may see less.
        less = "".join(withhold(found, lambda e: OPEN if e.number == 1 else NONE))
        assert less == "".join(withhold(log, lambda e: OPEN if e.number == 1 else NONE))


def test_one_site_s_log_tells_nothing_of_the_others(log: Log, tmp_path: Path) -> None:
    where = {e.patient: e.site for e in log if e.kind == "screened"}
    site = next(iter(where.values()))
    own = {p for p, s in where.items() if s == site}
    path = written(log, tmp_path / "x", lambda e: BOTH if not e.patient or e.patient in own else NONE)
    assert {e.patient for e in read_log(path).log if e.patient} == own
    assert not [p for p in set(where) - own if f'"{p}"' in path.read_text()]


def test_two_logs_that_differ_in_what_is_withheld_differ_in_digests_only(log: Log) -> None:
    arms = {"CE": "IMGN901", "CEX": "CE"}
    swapped = Log(
        Event(
            e.number, e.kind, e.happened, e.recorded, e.by, e.why, e.patient, e.site,
            {**e.data, "arm": arms.get(e.data["arm"], "XX")} if e.kind == "randomised" else e.data, salts=e.salts,
        )
        for e in log
    )  # fmt: skip

    def bare(of: Log) -> list[Any]:
        lines = [json.loads(line) for line in withhold(of, lambda _: OPEN)]
        return [{k: v if k in ("open", "salts") else len(v) for k, v in line.items()} for line in lines]

    assert bare(log) == bare(swapped)


def test_a_correction_is_shown_as_what_it_corrects_is(log: Log) -> None:
    of = Log(list(log))
    last = of[len(of) - 1]
    patient = next(e.patient for e in of if e.kind == "assessed")
    number = next(e.number for e in of if e.kind == "assessed" and e.patient == patient)
    of.append("voided", DAY, last.recorded, "dm", "another's", patient, corrects=number)
    found = read_lines([x.encode()[:-1] for x in withhold(of, lambda e: NONE if e.number == number else BOTH)], "x")
    assert [e.number for e in found.events if e.kind == WITHHELD] == [number, len(of)]
    found = read_lines([x.encode()[:-1] for x in withhold(of, lambda e: NONE if e.kind == "voided" else BOTH)], "x")
    assert not_shown(found.events) == 0


def test_nothing_is_decided_or_ordered_by_a_log_of_which_a_part_is_withheld(
    log: Log, north: Trial, equipoise: Any, tmp_path: Path
) -> None:
    path = written(log, tmp_path / "log.jsonl", lambda _: OPEN)
    store = LogFile(path, "north")
    with pytest.raises(BadInput, match="a part is withheld"):
        give(north, store, lambda c, now: c.activate("x", DAY, now, "dm"))
    with pytest.raises(BadInput, match="a part is withheld"):
        as_known_on(north, store, DAY)
    for asked in (
        ("analyse",),
        ("decide", "--look", 1, "--cutoff", "2013-01-01"),
        ("report", "--out", tmp_path / "r"),
        ("forecast", "--look", 1),
    ):
        command, *options = asked
        done = equipoise(command, "north", "--log", path, *options)
        assert (done.status, "is withheld" in done.err) == (2, True), (asked, done.err)
    answer = equipoise("conduct", "verify", "north", "--log", path)
    assert answer.status == 0
    assert "a part is withheld here: only the chain was verified" in answer.out


def test_what_is_guarded_is_not_shown_without_what_is_open(log: Log) -> None:
    with pytest.raises(ValueError, match="shown with what is open"):
        list(withhold(log, lambda _: ("guarded",)))


def test_nothing_can_be_withheld_of_a_line_of_the_first_form() -> None:
    found = read_log(FIXTURES / "logs" / "format_1.jsonl").log
    assert "".join(withhold(found, lambda _: BOTH)).encode() == (FIXTURES / "logs" / "format_1.jsonl").read_bytes()
    with pytest.raises(BadInput, match="line of the first form"):
        list(withhold(found, lambda _: OPEN))


def test_an_opening_that_is_withheld_is_no_log(log: Log, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="begins with an 'opened' event"):
        read_log(written(log, tmp_path / "x", lambda _: NONE))


def test_a_digest_in_place_of_another_breaks_the_chain(log: Log) -> None:
    lines = [x.encode()[:-1] for x in withhold(log, lambda e: OPEN)]
    i = next(i for i, x in enumerate(lines) if b"guarded_digest" in x)
    record = json.loads(lines[i])
    record["guarded_digest"] = "0" * 64
    lines[i] = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(BadInput, match=f"line {i + 1} "):
        read_lines(lines, "x")
