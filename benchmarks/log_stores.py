"""What an order costs on each kind of store: given alone (nothing known before), and by a process that lives, at three sizes of log.

Processor time, by the clock, and the ratio to the store's own bound: one line appended to a file and flushed to the disk, on the same disk in the
same run. Each is the median of the runs; the two kinds of order take turns. *first*: an order given alone before there is an index beside the log,
which it makes. Bounds: at any size 50 ms of processor time alone, 5 ms in a process that lives.
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
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from equipoise.conduct.conduct import Conduct
from equipoise.desk.order import give, salts
from equipoise.desk.store import LogStore
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from postgres import Server, running, why_not
from stores import KINDS, place_of

ORDERS = 9
SIZES = (100, 10_000, 100_000)
DAY = date(2012, 5, 1)
#: The numbers of contacts: which one is corrected after which.
CONTACTS = dict(pairwise([None, *range(6, 13), *range(16, 23)]))


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


def contact(conduct: Conduct, now: datetime) -> Event:
    return conduct.order("contact", DAY, now, "bench", patient="S01-00000")


def screening(conduct: Conduct, now: datetime) -> Event:
    return conduct.screen("", "S01", DAY, now, "bench")


def correction(conduct: Conduct, now: datetime) -> Event:
    """Of the first contact that was not corrected before."""
    number = CONTACTS[conduct.log[len(conduct.log) - 1].corrects]
    return conduct.correct(number, now, "bench", "typing error", on=DAY)


def main() -> None:
    trial = read_trial(find_trial("north"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        started: list[Server] = []

        def server() -> Server:
            if not started:
                started.append(stack.enter_context(running()))
            return started[0]

        print(f"{'':42}{'processor':>10}{'clock':>12}{'of bound':>10}")
        for kind in KINDS:
            if kind == "postgresql" and why_not():
                print(why_not())
                continue
            for size in SIZES:
                place = place_of(kind, folder, server)
                own = place.store()
                log = log_of(trial.id, trial.fingerprint, size)
                own.create(log)
                line = (repr(log[len(log) - 1]) + "\n").encode()

                def order(store: LogStore, what: Callable[[Conduct, datetime], Event], conduct: Conduct | None) -> None:
                    give(trial, store, what, None, conduct)

                first = taken(lambda: order(place.store(), contact, None))  # noqa: B023
                living = Conduct(trial, own.read().log, None, salts, takes=False)
                works = {
                    "contact, alone": lambda: order(place.store(), contact, None),  # noqa: B023
                    "screening, alone": lambda: order(place.store(), screening, None),  # noqa: B023
                    "correction, alone": lambda: order(place.store(), correction, None),  # noqa: B023
                    "contact, living": lambda: order(own, contact, living),  # noqa: B023
                }
                times: dict[str, list[tuple[float, float]]] = {name: [] for name in [*works, "bound"]}
                for name, work in works.items():
                    if name.endswith("living"):
                        work()  # takes in what the others wrote before
                    for _ in range(ORDERS):
                        times[name].append(taken(work))
                        times["bound"].append(taken(lambda: append_and_flush(folder / "bound", line)))  # noqa: B023
                processor, clock = (
                    {name: statistics.median(t[i] for t in each) for name, each in times.items()} for i in (0, 1)
                )
                processor["contact, first"], clock["contact, first"] = first
                for name in ["contact, first", *works]:
                    what = f"{kind}, {size:,} events, {name}"
                    print(
                        f"{what:<44}{processor[name]:8.1f} ms{clock[name]:9.1f} ms{clock[name] / clock['bound']:9.1f}"
                    )


if __name__ == "__main__":
    main()
