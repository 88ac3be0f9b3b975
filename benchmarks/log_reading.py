"""Reading a log and verifying it: microseconds an event, and the ratio to json.loads and one SHA-256 of the same bytes.

Same lines, same process, in turns; the median of the rounds. To read a line is to parse it, to write it again and compare it byte for
byte, to compute two or three digests, and to make an event of it. 100,000 events are to be read in two seconds of processor time.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256
from random import Random
from statistics import median
from typing import Any

from equipoise.files.log_lines import lines_of, read_lines
from equipoise.trial.event import Event

EVENTS, ROUNDS = 100_000, 5
DAY = date(2012, 5, 1)
NOW = datetime(2012, 5, 1, tzinfo=UTC)
RECORDS: list[tuple[str, dict[str, Any]]] = [
    ("contact", {}),
    ("treated", {"drug": "IMGN901", "cycle": 1, "day": 1, "dose": 112.0, "unit": "mg/m2"}),
    ("assessed", {"response": "PR", "sum_mm": 31.5, "new_lesion": False}),
    ("adverse event", {"term": "Neutropenia", "grade": 3, "serious": False}),
]


def log() -> list[bytes]:
    """The lines of a log of salted events, one in four of them guarded in part."""
    draw = Random(2012)

    def salts() -> tuple[str, str]:
        return draw.randbytes(16).hex(), draw.randbytes(16).hex()

    events = [Event(1, "opened", DAY, NOW, "t", data={"trial": "north", "fingerprint": "0" * 64}, salts=salts())]
    for number in range(2, EVENTS + 1):
        kind, data = RECORDS[number % 4]
        events.append(Event(number, kind, DAY, NOW, "dm", "", f"P{number % 120}", "", data, salts=salts()))
    return [line.encode()[:-1] for line, _ in lines_of(events)]


def seconds(call: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    lines = log()

    def bare() -> None:
        for line in lines:
            json.loads(line)
            sha256(line).hexdigest()

    rounds = [(seconds(lambda: read_lines(lines, "log")), seconds(bare)) for _ in range(ROUNDS)]
    ours, peer = (median(times) for times in zip(*rounds, strict=True))
    print(f"{EVENTS} events, {sum(map(len, lines)) / EVENTS:.0f} bytes each")
    print(f"read and verified: {ours / EVENTS * 1e6:.1f} µs an event, {ours:.2f} s")
    print(f"json.loads and SHA-256: {peer / EVENTS * 1e6:.1f} µs an event, {peer:.2f} s; ratio {ours / peer:.1f}")


if __name__ == "__main__":
    main()
