"""The log on disk: whole after a crash, whole with two writers, and never quietly changed."""

from __future__ import annotations

import json
import multiprocessing
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.conduct.conduct import Conduct
from equipoise.desk.order import give
from equipoise.files.log_file import LogFile, read_log, write_new_log
from equipoise.files.log_lines import line_of
from equipoise.trial.event import GENESIS
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from helpers import moment

DAY = date(2012, 5, 1)


def some_log(n: int = 5) -> Log:
    log = Log()
    log.append("opened", DAY, moment(DAY), "t", data={"trial": "north", "fingerprint": "f"})
    for i in range(n):
        log.append("contact", DAY, moment(DAY + timedelta(days=i)), "Ünï", "why: “so”", f"P{i}")
    return log


@pytest.mark.property
@given(
    st.lists(
        st.tuples(
            st.dates(date(2012, 1, 1), date(2020, 1, 1)),
            st.text(),
            st.text(max_size=5),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        max_size=8,
    )
)
def test_reading_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[date, str, str, float]]
) -> None:
    log = some_log(0)
    for day, why, patient, size in rows:
        data = {"response": "SD", "sum_mm": size, "baseline": False}
        log.append("assessed", day, moment(date(2021, 1, 1)), "t", why, patient, data=data)
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    write_new_log(path, log)
    assert read_log(path, "north").log == log


def test_a_log_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, some_log())
    before = path.read_bytes()
    with pytest.raises(BadInput, match="never overwritten"):
        write_new_log(path, some_log(1))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_torn_last_line_is_set_aside_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = some_log()
    write_new_log(path, log)
    whole = path.read_bytes()
    for cut in (1, 30, 200):
        last = whole.rstrip(b"\n").rfind(b"\n") + 1
        path.write_bytes(whole[: last + cut])
        reading = read_log(path)
        assert len(reading.log) == len(log) - 1
        assert reading.torn == whole[last : last + cut]
        event = reading.log.append("contact", DAY, moment(date(2013, 1, 1)), "t", patient="P9")
        aside = LogFile(path).append([event], reading.log.hashes()[-2])
        assert aside is not None
        assert Path(aside).read_bytes() == whole[last : last + cut]
        again = read_log(path)
        assert again.torn is None
        assert again.log[len(again.log) - 1].patient == "P9"


@pytest.mark.property
@given(st.integers(0, 5), st.sampled_from(["kind", "happened", "by", "why", "patient", "hash", "recorded"]))
def test_a_change_in_the_middle_is_found(tmp_path_factory: pytest.TempPathFactory, line: int, key: str) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    write_new_log(path, some_log())
    lines = path.read_text().splitlines()
    record = json.loads(lines[line])
    of = record if key == "hash" else record["open"]
    of[key] = {"kind": "lost", "happened": "2012-04-30", "recorded": "2012-06-30T00:00:00.000000+00:00"}.get(
        key, of[key] + "x"
    )
    lines[line] = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput) as caught:
        read_log(path)
    assert any(f"line {line + 1}" in p.where for p in caught.value.problems)


def test_a_removed_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, some_log())
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:2] + lines[3:]))
    with pytest.raises(BadInput, match="line 3"):
        read_log(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}\n", b"not json\n", b"[1]\n", b'{"number": 1}\n', b"null\n"])
def test_what_is_no_log_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        read_log(path)


def test_a_log_of_another_trial_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, some_log())
    with pytest.raises(BadInput, match="a log of trial 'north'"):
        read_log(path, "colon")


def _write(path: Path, name: str, count: int) -> None:
    store = LogFile(path)
    for i in range(count):
        with store.held():
            log = store.read().log
            head = log.head
            store.append([log.append("contact", DAY, moment(date(2013, 1, 1)), name, patient=f"{name}{i}")], head)


@pytest.mark.process
def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, some_log(0))
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, name, 12)) for name in "AB"]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    log = read_log(path).log
    assert {e.patient for e in log if e.patient} == {f"{n}{i}" for n in "AB" for i in range(12)}


def test_nothing_is_written_when_an_order_is_refused(tmp_path: Path, running: Conduct) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, running.log)
    before = path.read_bytes()
    with pytest.raises(BadInput):
        give(
            running.trial,
            LogFile(path, "north"),
            lambda c, now: c.order("died", date(2011, 1, 1), now, "t", patient="P1"),
        )
    assert path.read_bytes() == before


def test_what_was_judged_by_an_older_log_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, some_log(0))
    store, log = LogFile(path), read_log(path).log
    head = log.head
    event = log.append("contact", DAY, moment(date(2013, 1, 1)), "A", patient="P1")
    assert store.append([event], head) is None
    before = path.read_bytes()
    with pytest.raises(BadInput, match="order again"):
        store.append([event], head)
    assert path.read_bytes() == before
    assert read_log(path).log == log


def test_the_chain_begins_with_genesis() -> None:
    line, digest = line_of(some_log()[0], GENESIS)
    assert json.loads(line)["previous"] == "0" * 64
    assert json.loads(line)["hash"] == digest == some_log().hashes()[0]
