"""What an order costs on each store of a log, at 100 and at 10,000 events; beside the least that a lasting order can cost.

The bound: adding the same line to a file and flushing it to the disk. *alone*: as one command does, which reads and verifies the whole log.
*living*: in a process that knows the log and reads what came since. Processor time of this process, and time by the clock, for what a
server does is not in the first. All in one run; the median of several orders, turn about with the bound.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from equipoise.conduct.conduct import Conduct
from equipoise.desk.order import give, salts
from equipoise.desk.store import LogStore
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.log import Log
from postgres import Server, running, why_not
from stores import KINDS, place_of

ORDERS = 9
SIZES = (100, 10_000)
DAY = date(2012, 5, 1)


def log_of(trial_id: str, fingerprint: str, events: int) -> Log:
    """A log of patients with ten events each: three until they have an arm, and seven contacts."""
    now, log = datetime(2012, 6, 1, tzinfo=UTC), Log()
    log.append("opened", DAY, now, "bench", data={"trial": trial_id, "fingerprint": fingerprint})
    log.append("site activated", DAY, now, "bench", site="S01")
    for i in range((events - 2) // 10):
        who = f"S01-{i:05d}"
        log.append("screened", DAY, now, "bench", "", who, "S01", {"failed": []})
        log.append("enrolled", DAY, now, "bench", "", who, "S01", {"factors": {"ecog": "0-1", "ldh": "normal"}})
        log.append("randomised", DAY, now, "bench", "", who, "", {"arm": "CE", "stratum": "ecog=0-1/ldh=normal"})
        for _ in range(7):
            log.append("contact", DAY, now, "bench", "", who)
    return log


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of processor and by the clock."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.process_time() - processor), 1000 * (time.perf_counter() - clock)


def append_and_flush(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def main() -> None:
    trial = read_trial(find_trial("north"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        started: list[Server] = []

        def server() -> Server:
            if not started:
                started.append(stack.enter_context(running()))
            return started[0]

        print(f"{'':28}{'processor':>10}{'clock':>10}{'of bound':>10}")
        for kind in KINDS:
            if kind == "postgresql" and why_not():
                print(why_not())
                continue
            for size in SIZES:
                place = place_of(kind, folder, server)
                store, own = place.store(), place.store()
                log = log_of(trial.id, trial.fingerprint, size)
                store.create(log)
                line = store.lines().splitlines(keepends=True)[-1]
                living = Conduct(trial, own.read().log, None, salts, takes=False)

                def order(store: LogStore, conduct: Conduct | None) -> None:
                    give(
                        trial,
                        store,
                        lambda c, now: c.order("contact", DAY, now, "bench", patient="S01-00000"),
                        None,
                        conduct,
                    )

                works = {"alone": lambda: order(store, None), "living": lambda: order(own, living)}  # noqa: B023
                times: dict[str, list[tuple[float, float]]] = {name: [] for name in [*works, "bound"]}
                for _ in range(ORDERS):
                    for name, work in works.items():
                        times[name].append(taken(work))
                    times["bound"].append(taken(lambda: append_and_flush(folder / "bound", line)))  # noqa: B023
                processor, clock = (
                    {name: statistics.median(t[i] for t in each) for name, each in times.items()} for i in (0, 1)
                )
                for name in works:
                    what = f"{kind}, {size:,} events, {name}"
                    print(
                        f"{what:<40}{processor[name]:8.1f} ms{clock[name]:8.1f} ms{clock[name] / clock['bound']:8.1f}"
                    )


if __name__ == "__main__":
    main()
