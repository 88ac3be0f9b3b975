"""The site app's pages at 300 and at 30,000 events: processor time of a page, a save and a randomisation, and a process's memory.

Usage: python benchmarks/site_pages.py [events]. NORTH with 200 sites and 400 people, in one process, asked in turn by a coordinator, a monitor, a
data manager and a sponsor; the log is a file. No network and no second process: what is measured is what one request costs.
Many people at once over HTTP: ``site_load.py``.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from equipoise.conduct.conduct import Conduct  # noqa: E402
from equipoise.conduct.randomisation import stratum_of  # noqa: E402
from equipoise.files.bundled import find_trial  # noqa: E402
from equipoise.files.log_file import LogFile  # noqa: E402
from equipoise.files.trial_file import read_trial  # noqa: E402
from sealed import secret_file, secret_of  # noqa: E402

SITES, PAGES = 200, {
    "coordinator": ("/", "/patients/", "{patient}", "/queries/", "/trail/", "/signatures/"),
    "monitor": ("/verify/", "{patient}verify/"),
    "data manager": ("/data/", "/codes/"),
    "sponsor": ("/sites/", "/looks/"),
}  # fmt: skip
TIMES = 5


def trial_of(folder: Path) -> Path:
    """NORTH with 200 sites."""
    text = find_trial("north").read_text()
    have = text.count("[[sites]]")
    more = "".join(
        f'\n[[sites]]\nname = "S{i:03d}"\nactivation = 2012-04-02\nrate = 0.1\n' for i in range(100, 100 + SITES - have)
    )
    path = folder / "trial.toml"
    path.write_text(text + more)
    return path


def log_of(path: Path, events: int, waiting: int = 0) -> Conduct:
    """People, and patients at all sites in turn, until the log has so many events; at each of the first 30 sites ``waiting`` who are to be randomised."""
    trial, days = read_trial(path), events // (8 * 20)
    # As of today: what is due since long ago would be overdue a hundred times over.
    now = datetime.combine(datetime.now(UTC).date() - timedelta(days=days + 20), datetime.min.time(), UTC) + timedelta(
        hours=7
    )
    conduct = Conduct.open(trial, now, "ben", administrator="ada")
    conduct.seal(secret_of("north"), now.date(), now, "ben")
    sites = [s.name for s in trial.sites]

    def give(kind: str, by: str, on: date, patient: str = "", site: str = "", **data: Any) -> None:
        nonlocal now
        now = max(now + timedelta(seconds=20), datetime.combine(on, datetime.min.time(), UTC))
        conduct.order(kind, on, now, by, "", patient, site, data)

    day = now.date()
    few = sites if events > 1000 else sites[:40]
    for role in ("data manager", "medical monitor", "sponsor", "committee"):
        give("granted", "ada", day, person=f"{role.replace(' ', '-')}-1", role=role)
    for site in few:
        for role in ("coordinator", "investigator"):
            give("granted", "ada", day, person=f"{role}-{site}", role=role, sites=[site])
    give("granted", "ada", day, person="monitor-1", role="monitor", sites=few[:10])
    for site in few:
        give("site activated", "sponsor-1", day, site=site)
    i = 0
    while len(conduct.log) < events:
        site, on = few[i % len(few)], day + timedelta(days=1 + i // 8)
        name, by, arm = f"{site}-{i:04d}", f"investigator-{few[i % len(few)]}", ("IMGN901", "CE", "IMGN901")[i % 3]
        give("screened", by, on, name, site, failed=[])
        factors = {"ecog": "0-1", "ldh": "normal"}
        give("enrolled", by, on, name, site, factors=factors)
        give("randomised", by, on, name, arm=arm, stratum=stratum_of(trial, factors, ""))
        for cycle in range(1, 5):
            give("treated", by, on, name, drug="carboplatin", cycle=cycle, day=1, dose=5, unit="AUC")
        for k in range(12):
            give("contact", by, on + timedelta(days=k // 4), name)
        give("adverse event", by, on, name, term="Nausea", grade=2, serious=False)
        i += 1
    for k in range(30 * waiting):
        name, by = f"{few[k % 30]}-W{k:04d}", f"investigator-{few[k % 30]}"
        give("screened", by, on, name, few[k % 30], failed=[])
        give("enrolled", by, on, name, few[k % 30], factors={"ecog": "2" if k % 2 else "0-1", "ldh": "normal"})
    return conduct


def measured(events: int) -> Iterator[tuple[str, float]]:
    """What each page costs [ms of processor time], the first and the median of the others."""
    import site_server

    place = Path(tempfile.mkdtemp())
    for part in ("trial", "log", "secret"):
        (place / part).mkdir()
    path = trial_of(place / "trial")
    conduct = log_of(path, events)
    own = replace(
        site_server.set_up_django(Path(tempfile.mkdtemp())),
        folder=place,
        trial=str(path),
        log=str(place / "log" / "log.jsonl"),
    )
    LogFile(place / "log" / "log.jsonl", "north").create(conduct.log)
    secret_file(own.secret, secret_of("north"))
    from equipoise.site import live

    began = time.process_time()
    live.use(live.Live(own))
    live.current().shown("sponsor-1")
    yield "cold start", 1000 * (time.process_time() - began)
    served = site_server.Served(own)
    site = next(g.sites for g in conduct.people.grants if g.role.name == "coordinator")
    people = {
        "coordinator": f"coordinator-{min(site)}",
        "monitor": "monitor-1",
        "data manager": "data-manager-1",
        "sponsor": "sponsor-1",
    }
    key = live.current().shown(people["coordinator"])
    patient = next(iter(key.patients))
    for role, pages in PAGES.items():
        client = served.client(people[role])
        for page in pages:
            address = page.replace("{patient}", f"/p/{key.key_of(patient)}/")
            yield f"{role} {page}", _median(lambda c=client, a=address: _is_there(c.get(a)))  # type: ignore[misc]
    from equipoise.desk import oversight

    number = next(e.number for e in conduct.log if e.patient == patient and e.kind == "adverse event")
    client = served.client(people["coordinator"])

    def save() -> None:
        answer = live.current().order("monitor", oversight.on("monitor-1", "query opened", number, text="why"))
        assert answer.ok, answer.problems
        client.get("/queries/")

    yield "a query saved, and the list read", _median(save)
    yield "memory [MB]", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _is_there(answer: Any) -> None:
    assert answer.status_code == 200, answer.status_code


def _median(what: Callable[[], object]) -> float:
    found = []
    for _ in range(TIMES):
        began = time.process_time()
        what()
        found.append(1000 * (time.process_time() - began))
    return sorted(found)[TIMES // 2]


if __name__ == "__main__":
    for size in [int(a) for a in sys.argv[1:]] or [300, 30_000]:
        print(f"{size:,} events")
        for name, ms in measured(size):
            print(f"  {name:45} {ms:10.1f}")
