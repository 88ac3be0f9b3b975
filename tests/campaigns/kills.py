"""Kill -9 whoever gives orders, at random points; say what was lost. Also the server of PostgreSQL, all at once.

usage: python tests/campaigns/kills.py {file,sqlite,postgresql,postmaster} [KILLS]
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from orders import begin, done, north, orders  # noqa: E402

import equipoise.files.log_sqlite  # noqa: E402, F401 - before the fork, so that kills fall on work and not on imports
from equipoise.conduct.conduct import replay  # noqa: E402
from equipoise.desk.store import LogStore  # noqa: E402
from equipoise.trial.problem import BadInput  # noqa: E402
from postgres import Server, running  # noqa: E402
from stores import place_of  # noqa: E402

#: A log is begun anew after so many kills: what is tried is the moment of a kill, not the length of a log.
FRESH = 40


@dataclass
class Counted:
    """What a campaign found. ``unsound``: logs that could not be read, or in which something was impossible."""

    store: str
    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    unsound: int = 0
    kept_unacknowledged: int = 0
    torn: int = 0
    before_the_first: int = 0
    stuck: int = 0
    seconds: float = 0.0


def worker(store: LogStore, first: int, seed: int, end: int) -> None:
    """Give orders until killed, and acknowledge each once it is answered."""
    trial, rng = north(), Random(seed)
    for _, order in orders(rng, first, f"w{seed}"):
        answer = done(trial, store, order)
        os.write(end, f"{answer.event.number} {answer.hash}\n".encode())


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """A process that does the work, and the end from which its acknowledgements are read."""
    mine, other = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(mine)
        try:
            work(other)
        finally:
            os._exit(3)
    os.close(other)
    return pid, mine


def acknowledgements(end: int) -> list[tuple[int, str]]:
    """All that was acknowledged; a line that was cut is none."""
    data = b""
    while chunk := os.read(end, 65536):
        data += chunk
    os.close(end)
    return [(int(n), head) for n, head in (line.split() for line in data.decode().split("\n")[:-1])]


def judged(counted: Counted, store: LogStore, told: list[tuple[int, str]], before: int) -> int:
    """Read what is there after a kill: every acknowledged event, whole, possible; and the next order goes on. How long the log is."""
    trial = north()
    try:
        reading = store.read()
    except BadInput as bad:
        print(bad, file=sys.stderr)
        counted.unsound += 1
        return 0
    hashes = reading.log.hashes()
    counted.acknowledged += len(told)
    counted.lost += sum(n > len(hashes) or hashes[n - 1] != head for n, head in told)
    counted.before_the_first += not told
    counted.torn += reading.torn is not None
    counted.kept_unacknowledged += max(0, len(hashes) - max([before, *(n for n, _ in told)]))
    counted.unsound += bool(replay(trial, list(reading.log)))
    return len(hashes)


def kills(
    kind: str, count: int, folder: Path, server: Callable[[], Server], seed: int = 11, workers: int = 2
) -> Counted:
    """Kill both of two writers at random points, over and over."""
    counted, rng, begun = Counted(kind), Random(seed), time.monotonic()
    trial = north()
    used, place = 0, None
    while counted.kills < count:
        if place is None or used >= FRESH:
            place, used = place_of(kind, folder, server), 0
            store = place.store(timeout=20.0)
            begin(trial, store)
            length = len(store.read().log)
        running = [
            forked(lambda end, w=w, s=store, n=counted.kills: worker(s, 10_000 * w + 10 * n, n + w, end))
            for w in range(workers)
        ]
        time.sleep(rng.random() * (0.3 if kind == "postgresql" else 0.12))
        for pid, _ in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            counted.kills += 1
            used += 1
        told = [t for _, end in running for t in acknowledgements(end)]
        length = judged(counted, store, told, length)
        try:  # whoever is dead holds nothing
            _, order = next(orders(rng, 90_000 + counted.kills, "next"))
            length = done(trial, place.store(timeout=5.0), order).event.number
        except BadInput as bad:
            print(bad, file=sys.stderr)
            counted.stuck += 1
            place = None
    counted.seconds = round(time.monotonic() - begun, 1)
    return counted


def postmaster(count: int, seed: int = 12, workers: int = 3) -> Counted:
    """Stop the whole server at once, as a crash does, while three writers give orders; then start it again."""
    counted, rng, begun = Counted("postmaster"), Random(seed), time.monotonic()
    trial = north()
    with running() as server:
        place = place_of("postgresql", server.folder, lambda: server)
        store = place.store()
        begin(trial, store)
        length = len(store.read().log)
        while counted.kills < count:
            started = [
                forked(lambda end, w=w, n=counted.kills: _until_refused(store, 10_000 * w + 100 * n, n + w, end))
                for w in range(workers)
            ]
            time.sleep(0.05 + rng.random() * 0.4)
            server.stop("immediate")
            for pid, _ in started:
                os.waitpid(pid, 0)
            counted.kills += 1
            told = [t for _, end in started for t in acknowledgements(end)]
            assert server.start()
            length = judged(counted, store, told, length)
    counted.seconds = round(time.monotonic() - begun, 1)
    return counted


def _until_refused(store: LogStore, first: int, seed: int, end: int) -> None:
    with suppress(BadInput):
        worker(store, first, seed, end)


def campaign(kind: str, count: int) -> Counted:
    """One campaign, in a folder and with a server of its own."""
    if kind == "postmaster":
        return postmaster(count)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eq-kills-")))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # where the index of a server's table is kept
        started: list[Server] = []

        def server() -> Server:
            if not started:
                started.append(stack.enter_context(running()))
            return started[0]

        return kills(kind, count, folder, server)


if __name__ == "__main__":
    print(json.dumps(asdict(campaign(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000))))
