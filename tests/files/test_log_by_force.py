"""A log tried by force: bytes changed at random, pages lost, disks full. Nothing is taken for the record that was not written so."""

from __future__ import annotations

import itertools
import os
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, replay
from equipoise.desk.order import salted
from equipoise.files.log_file import LogFile, read_log, write_new_log
from equipoise.files.log_lines import lines_of, read_lines, withhold
from equipoise.simulate.run import run as simulate
from equipoise.trial.event import Event
from equipoise.trial.kinds import KINDS
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import FIXTURES, ROOT, moment

DAY = date(2012, 5, 1)
CHANGES = 10_000
PAGE = 4096


@pytest.fixture(scope="module")
def log(plan: Any) -> Log:
    """Forty events of NORTH, salted, an arm among them."""
    found = Log(list(simulate(plan(cap=12), 0).log)[:40])
    assert any(e.kind == "randomised" for e in found)
    return salted(found)


def changed(data: bytes, draw: Random) -> bytes:
    """The bytes with one change: of a bit, a byte, some bytes taken out, put in, doubled or exchanged, or a line moved."""
    at = draw.randrange(len(data))
    n = draw.choice((1, 1, 1, 2, 8, 64, 300))
    new = bytearray(data)
    match draw.choice(("bit", "byte", "in", "out", "double", "swap", "blank", "digit", "lines", "zeros")):
        case "bit":
            new[at] ^= 1 << draw.randrange(8)
        case "byte":
            new[at] = draw.randrange(256)
        case "in":
            new[at:at] = draw.randbytes(n)
        case "out":
            del new[at : at + n]
        case "double":
            new[at:at] = new[at : at + n]
        case "swap":
            new[at : at + 2] = bytes(reversed(new[at : at + 2]))
        case "blank":
            new[at:at] = draw.choice((b" ", b"\t", b"\r", b"\n", b"\xef\xbb\xbf", b"\\u0020"))
        case "digit":
            new[at] = draw.choice(b"0123456789abcdef")
        case "lines":
            lines = data.split(b"\n")
            i, j = draw.randrange(len(lines) - 1), draw.randrange(len(lines) - 1)
            lines[i], lines[j] = lines[j], lines[i]
            return b"\n".join(lines)
        case "zeros":
            new[at : at + n] = b"\0" * len(new[at : at + n])
    return bytes(new)


def verdict(data: bytes, path: Path, original: Log) -> str:
    path.write_bytes(data)
    try:
        reading = read_log(path, "north")
    except BadInput:
        return "refused"
    events, ours = list(reading.log), list(original)
    if reading.log.hashes() != original.hashes()[: len(events)] or events != ours[: len(events)]:
        return "EVENTS CHANGED"
    if len(events) == len(ours):
        return (
            "all there, a torn rest said"
            if reading.torn
            else "all there, the newline said"
            if reading.unended
            else "UNSEEN"
        )
    return "the last gone, a torn line said" if reading.torn else "the tail cut at a newline"


@pytest.mark.slow
@pytest.mark.parametrize("of", ["whole", "withheld", "first form"])
def test_ten_thousand_changes_of_bytes(log: Log, tmp_path: Path, of: str) -> None:
    """What is not refused is a log cut at its end, and all but a cut exactly at a newline is said: for that one there are witnesses."""
    if of == "first form":
        data = (FIXTURES / "logs" / "format_1.jsonl").read_bytes()
    elif of == "withheld":
        data = "".join(withhold(log, lambda e: ("open",) if e.number % 3 else ("open", "guarded"))).encode()
    else:
        data = "".join(line for line, _ in lines_of(log)).encode()
    (tmp_path / "original").write_bytes(data)
    original = read_log(tmp_path / "original").log
    draw, found = Random(2012), Counter[str]()
    while found.total() < CHANGES:
        new = changed(data, draw)
        if new != data:
            found[verdict(new, tmp_path / "log", original)] += 1
    print(of, dict(found))
    assert set(found) <= {
        "refused", "all there, a torn rest said", "all there, the newline said", "the last gone, a torn line said",
        "the tail cut at a newline",
    }  # fmt: skip
    assert found["refused"] > 0.9 * CHANGES


ODD = (
    0,
    -1,
    3,
    10**30,
    1.5,
    1e308,
    True,
    None,
    "",
    "x",
    "P1",
    "CE",
    "2012-13-45",
    [],
    [1],
    ["x"],
    [{}],
    [[1]],
    {},
    {"a": [{}]},
    "\0",
)


def altered(events: list[Event], draw: Random) -> list[Event]:
    """One to three events that say something else, are gone, or are there twice; numbered anew."""
    found = list(events)
    for _ in range(draw.choice((1, 1, 2, 3))):
        i = draw.randrange(len(found))
        e = found[i]
        kind = draw.choice(list(KINDS))
        whole = {
            n: {str: "x", int: 1, float: 1.5, list: [], dict: {}, bool: True}[t[0]] for n, (t, _) in KINDS[kind].items()
        }
        detail = draw.choice([*e.data, *KINDS[e.kind], "x"])
        match draw.choice(
            ("detail", "detail", "detail", "less", "kind", "who", "where", "day", "clock", "corrects", "gone", "twice")
        ):
            case "detail":
                found[i] = replace(e, data={**e.data, detail: draw.choice(ODD)})
            case "less":
                found[i] = replace(e, data={k: v for k, v in e.data.items() if k != detail})
            case "kind":
                found[i] = replace(e, kind=kind, data=whole)
            case "who":
                found[i] = replace(e, patient=draw.choice(("", "P1", "P2", "P9")))
            case "where":
                found[i] = replace(e, site=draw.choice(("", "S01", "S99")))
            case "day":
                found[i] = replace(e, happened=draw.choice((date.min, date.max, date(2011, 1, 1), date(2013, 6, 1))))
            case "clock":
                found[i] = replace(e, recorded=draw.choice((moment(date.min), moment(date.max))))
            case "corrects":
                found[i] = replace(e, corrects=draw.choice((0, -1, 1, 5, 12, 10**20, e.number, e.number - 1)))
            case "gone" if len(found) > 1:
                del found[i]
            case _:
                found.insert(i, e)
    return [replace(e, number=i) for i, e in enumerate(found, 1)]


@pytest.mark.slow
def test_a_log_with_a_right_chain_that_says_the_impossible_is_refused_in_words(north: Trial) -> None:
    """Whoever writes lines by hand, hash and all: reading, verifying and ordering say what is impossible, and never fail otherwise."""
    events = [replace(e, form=2) for e in read_log(FIXTURES / "logs" / "format_1.jsonl").log]
    draw, refused = Random(2012), 0
    for _ in range(3000):
        lines = [line.encode()[:-1] for line, _ in lines_of(altered(events, draw))]
        try:
            log = read_lines(lines, "x").log()
            impossible = bool(replay(north, list(log)))
            conduct = Conduct(north, log, takes=False)
        except BadInput:
            refused += 1
            continue
        refused += impossible
        now = max(moment(date(2013, 1, 1)), log[len(log) - 1].recorded)
        orders: list[Callable[[], Event]] = [
            lambda c=conduct, now=now: c.screen("P7", "S01", date(2012, 6, 1), now, "x"),
            lambda c=conduct, now=now: c.order("contact", date(2012, 12, 1), now, "x", patient="P1"),
            lambda c=conduct, now=now: c.correct(12, now, "x", "y", on=date(2012, 5, 4)),
            lambda c=conduct, now=now: c.redact(13, now, "x", "y"),
        ]
        for order in orders:
            with suppress(BadInput):
                order()
        if not impossible:
            cut(north, log)
    assert refused > 1500


@pytest.mark.slow
@pytest.mark.parametrize("offset", [0, 1, 2000, PAGE - 1])
def test_every_set_of_lost_pages_of_a_long_last_line(tmp_path: Path, offset: int) -> None:
    """A line over several pages, of which any may have reached the disk: it is torn, and what is before it is whole."""
    path = tmp_path / "log.jsonl"
    log = Log([Event(1, "opened", DAY, moment(DAY), "t", "x" * offset, data={"trial": "north", "fingerprint": "f"})])
    log.append("contact", DAY, moment(DAY), "t", "y" * 3 * PAGE, "P1")
    first, last = (line.encode() for line, _ in lines_of(log))
    pages = range(len(first) // PAGE, len(first + last) // PAGE + 1)
    states = 0
    for lost in itertools.chain.from_iterable(itertools.combinations(pages, n) for n in range(1, len(pages) + 1)):
        data = bytearray(first + last)
        for page in lost:
            begin = max(page * PAGE, len(first))
            end = max(begin, min((page + 1) * PAGE, len(data)))
            data[begin:end] = b"\0" * (end - begin)
        if bytes(data) == first + last:
            continue
        for length in {len(data), *(p * PAGE for p in pages if p * PAGE > len(first))}:
            path.write_bytes(data[:length])
            reading = read_log(path)
            assert (len(reading.log), reading.torn) == (1, bytes(data[len(first) : length])), lost
            states += 1
    assert states > 30


@pytest.mark.slow
@pytest.mark.process
def test_a_disk_full_at_every_byte(tmp_path: Path) -> None:
    """However much of the new line fits: the order is refused in words, the log is as it was, and nothing lies about."""
    path = tmp_path / "log.jsonl"
    log = Log([Event(1, "opened", DAY, moment(DAY), "t", data={"trial": "north", "fingerprint": "f"})])
    write_new_log(path, log)
    before = path.read_bytes()
    event = Event(2, "contact", DAY, moment(DAY), "t", patient="P1")
    line = next(lines_of([event], log.head))[0].encode()

    def limited(limit: int, torn: bytes) -> tuple[str, bytes, set[str]]:
        path.write_bytes(before + torn)
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            try:
                LogFile(path).append([event], log.head)
            except BadInput as refused:
                os._exit(3 if "nothing was recorded" in str(refused) else 4)
            except BaseException:
                os._exit(5)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        names = {p.name for p in tmp_path.iterdir()} - {"log.jsonl", "log.jsonl.lock"}
        said = {0: "recorded", 3: "refused"}.get(os.waitstatus_to_exitcode(status), "FAULT")
        return said, path.read_bytes(), names

    for limit in range(len(before), len(before) + len(line), 7):
        assert limited(limit, b"") == ("refused", before, set()), limit
    assert limited(len(before) + len(line), b"")[:2] == ("recorded", before + line)
    for limit in (0, 1, 5):  # there is no room even for what is to be set aside
        assert limited(limit, b'{"torn') == ("refused", before + b'{"torn', set()), limit


SCRIPT = re.search(r"```python\n(import hashlib.*?)```", (ROOT / "docs" / "log.md").read_text(), re.DOTALL)


@pytest.mark.process
def test_the_check_by_hand_says_the_head_that_we_say(log: Log, tmp_path: Path) -> None:
    """docs/log.md's lines, run as they stand: on a whole log, one withheld in part, and one with a removed event."""
    assert SCRIPT is not None
    assert len([x for x in SCRIPT[1].splitlines() if x]) <= 16
    (tmp_path / "check.py").write_text(SCRIPT[1])

    def check(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(tmp_path / "check.py"), str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    write_new_log(tmp_path / "whole", log)
    (tmp_path / "open").write_text("".join(withhold(log, lambda _: ("open",))))
    (tmp_path / "some").write_text("".join(withhold(log, lambda e: ("open", "guarded") if e.number == 1 else ())))
    gone = Log(list(log))
    gone.append(
        "redacted",
        DAY,
        log[len(log) - 1].recorded,
        "dm",
        "a name",
        data={"event": 5, "recorded": log[4].recorded.isoformat(timespec="microseconds")},
    )
    head = gone.head
    gone.remove(gone[len(gone) - 1])
    write_new_log(tmp_path / "removed", gone)
    heads = {"whole": log.head, "open": log.head, "some": log.head, "removed": head}
    for name, expected in heads.items():
        assert check(tmp_path / name).stdout.strip() == expected == read_log(tmp_path / name).log.head
    data = (tmp_path / "whole").read_bytes()
    (tmp_path / "changed").write_bytes(data.replace(b'"patient":"', b'"patient":"X', 1))
    assert "AssertionError" in check(tmp_path / "changed").stderr
