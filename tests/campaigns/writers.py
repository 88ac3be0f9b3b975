"""Sixteen who give mixed orders at once: is each allocation the next of its list? And the same without the lock, which must fail.

usage: python tests/campaigns/writers.py {file,sqlite,postgresql} [WRITERS] [ORDERS] [--no-lock]
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from kills import acknowledgements, forked  # noqa: E402
from orders import SECRET, begin, done, north, orders  # noqa: E402

from equipoise.conduct.conduct import replay  # noqa: E402
from equipoise.conduct.randomisation import PermutedBlocks  # noqa: E402
from equipoise.desk.store import LogStore  # noqa: E402
from equipoise.files import log_file, log_postgresql, log_sqlite  # noqa: E402
from equipoise.files.log_disk import Regular, open_regular  # noqa: E402
from equipoise.trial.problem import BadInput  # noqa: E402
from postgres import running  # noqa: E402
from stores import place_of  # noqa: E402


@dataclass
class Counted:
    """What a campaign found. ``refused``: orders that the store refused; ``faults``: what is wrong with the log, in words."""

    store: str
    writers: int
    orders: int
    locked: bool
    acknowledged: int = 0
    refused: int = 0
    lost: int = 0
    randomised: int = 0
    corrected: int = 0
    arms: dict[str, int] = field(default_factory=dict)
    off_the_list: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def writer(store: LogStore, number: int, count: int, end: int) -> None:
    """Give so many orders; acknowledge those that were answered, and say nothing of others but that there were."""
    trial, rng = north(), Random(number)
    for _, order in islice(orders(rng, 1 + 1000 * number, f"w{number}"), count):
        try:
            answer = done(trial, store, order)
        except BadInput as bad:
            os.write(end, f"0 {bad.problems[0].code}\n".encode())
        except Exception as error:  # without its lock a store may fail in any way
            os.write(end, f"0 {type(error).__name__}\n".encode())
        else:
            os.write(end, f"{answer.event.number} {answer.hash}\n".encode())


def campaign(kind: str, writers: int = 16, count: int = 100, *, locked: bool = True) -> Counted:
    """So many processes with so many orders each; then the log is held against the list."""
    found, begun = Counted(kind, writers, count, locked), time.monotonic()
    trial = north()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eq-writers-")))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # where the index of a server's table is kept
        place = place_of(kind, folder, lambda: stack.enter_context(running()))
        store = place.store(timeout=600.0)
        begin(trial, store)
        if not locked:
            _unlock()
        started = [forked(lambda end, w=w: writer(store, w, count, end)) for w in range(writers)]
        told: list[tuple[int, str]] = []
        for pid, end in started:
            told += acknowledgements(end)
            os.waitpid(pid, 0)
        _judge(found, store, told)
    found.seconds = round(time.monotonic() - begun, 1)
    return found


def _judge(found: Counted, store: LogStore, told: list[tuple[int, str]]) -> None:
    trial = north()
    answered = [t for t in told if t[0]]
    found.acknowledged, found.refused = len(answered), len(told) - len(answered)
    if twice := [n for n, times in Counter(n for n, _ in answered).items() if times > 1]:
        found.faults.append(f"{len(twice)} numbers were acknowledged twice")
    try:
        log = store.read().log
    except BadInput as bad:
        found.faults.append(f"the log cannot be read: {bad.problems[0].code}, {bad.problems[0].where}")
        return
    hashes = log.hashes()
    found.lost = sum(n > len(hashes) or hashes[n - 1] != head for n, head in answered)
    if found.lost:
        found.faults.append(f"{found.lost} acknowledged events lost")
    if len(log) != 2 + len(answered):
        found.faults.append(f"{len(log) - 2} events for {len(answered)} acknowledged")
    found.faults += [f"event {e.number}: {p}" for e, p in replay(trial, list(log))]
    _against_the_list(found, [e.data for e in log if e.kind == "randomised"])
    found.corrected = sum(e.corrects is not None for e in log)


def _against_the_list(found: Counted, allocated: list[Any]) -> None:
    """Each allocation is the next of its stratum's list, none is given twice, and the arms are as often there as in the lists so far."""
    lists = PermutedBlocks(north(), SECRET)
    places: dict[str, int] = defaultdict(int)
    listed: Counter[str] = Counter()
    for data in allocated:
        right = lists.arm(data["stratum"], places[data["stratum"]])
        places[data["stratum"]] += 1
        listed[right] += 1
        found.off_the_list += data["arm"] != right
    found.randomised, found.arms = len(allocated), dict(sorted(Counter(d["arm"] for d in allocated).items()))
    if found.off_the_list or found.arms != dict(sorted(listed.items())):
        found.faults.append(f"{found.off_the_list} allocations are not the next of their list")


def _unlock() -> None:
    """Take the lock away from every store: the control that must fail. A file is not looked at again before it is written either.

    What a table refuses by itself it still refuses.
    """

    @contextmanager
    def hold(path: Path, timeout: float) -> Iterator[Regular]:
        with open_regular(path, os.O_RDWR) as file:
            yield file

    def begin_deferred(self: Any, chain: str) -> None:
        with log_sqlite._said(self._database):
            self._connection.execute("BEGIN DEFERRED")

    log_file.hold = hold
    log_file.moved = lambda file, size=None: False
    log_sqlite._Session.begin = begin_deferred  # type: ignore[method-assign]
    log_postgresql._Session.begin = lambda self, chain: None  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[2:] if a.isdecimal()]
    print(json.dumps(asdict(campaign(sys.argv[1], *numbers, locked="--no-lock" not in sys.argv))))
