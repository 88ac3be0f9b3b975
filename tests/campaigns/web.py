"""Many at once through the web: a real server of several processes, of which one is killed -9 at a time, or PostgreSQL; what was lost?

usage: python tests/campaigns/web.py {sqlite,postgresql,server} [KILLS] [PEOPLE] [SEED] [--orders N] [--no-lock]

'server' kills PostgreSQL itself: one of its processes, which fells all of them, or the first. Without kills each person gives N orders.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

import web_app  # noqa: E402
from kills import forked  # noqa: E402
from orders import north  # noqa: E402
from web_client import Browser, Given, Refused, orders  # noqa: E402

from browsing import free_port  # noqa: E402
from equipoise.conduct.place import Place  # noqa: E402
from equipoise.desk.known import verify  # noqa: E402
from equipoise.desk.order import allocation  # noqa: E402
from equipoise.files.log_address import address_of  # noqa: E402
from equipoise.site.folder import Installation  # noqa: E402
from equipoise.trial.event import Event  # noqa: E402
from equipoise.trial.problem import BadInput  # noqa: E402
from postgres import APPLICATION, OWNER, Server, running  # noqa: E402

PHRASE, WORKERS, SITES = "lanterns over the harbour", 8, ("S01", "S02", "S03", "S04")

#: After a crash PostgreSQL is there again in a second and not in ten.
QUICK_AGAIN = "-c recovery_init_sync_method=syncfs"


@dataclass
class Counted:
    """What a campaign found. ``faults``: what is wrong with the log or with an answer, in words; ``given_again``: requests that got no answer."""

    kind: str
    people: int
    seed: int
    locked: bool = True
    kills: int = 0
    #: Kills since whose predecessor an order was acknowledged.
    met: int = 0
    acknowledged: int = 0
    given_again: int = 0
    refused: int = 0
    lost: int = 0
    twice: int = 0
    off_the_list: int = 0
    randomised: int = 0
    corrected: int = 0
    arms: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    at_work: float = 0.0
    seconds: float = 0.0


def set_up(folder: Path, database: str, people: int) -> tuple[Installation, list[tuple[str, str]]]:
    """An installation with open sites and an investigator for each person: names and the secrets of their apps."""
    said = ["--database", database] if database else []
    code = "from equipoise.cli.main import main; main()"
    subprocess.run(
        [sys.executable, "-c", code, "serve", "north", "--folder", str(folder), "--administrator", "ada", "--set-up-only", "--json", *said],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    installation = web_app.set_up(str(folder))
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.db import connections

    from equipoise.site.live import Live
    from equipoise.site.models import Account

    served, first = Live(installation), north().start
    made: list[tuple[str, dict[str, Any]]] = [("ada", {"person": "sue", "role": "sponsor"})]
    names = [f"investigator-{i}" for i in range(people)]
    made.append(("ada", {"person": "carl", "role": "committee"}))
    made += [
        ("ada", {"person": p, "role": "investigator", "sites": [SITES[i % len(SITES)]]}) for i, p in enumerate(names)
    ]
    for by, data in made:
        assert served.order(by, lambda c, now, by=by, data=data: c.order("granted", now.date(), now, by, data=data)).ok
    for site in SITES:
        assert served.order("sue", lambda c, now, s=site: c.order("site activated", first, now, "sue", site=s)).ok
    found = []
    for name in names:
        account, secret = Account.objects.make(name), generate_totp_secret()
        account.set_password(PHRASE)
        account.save()
        TOTP.activate(account, secret)
        found.append((name, secret))
    connections.close_all()
    return installation, found


class Gunicorn:
    """The server, with some processes that are forked from its first."""

    def __init__(self, folder: Path, *, locked: bool) -> None:
        self.port, more = free_port(), {} if locked else {web_app.UNLOCKED: "1"}
        self._said = (folder.parent / "gunicorn").open("wb")
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--bind", f"127.0.0.1:{self.port}", "--no-control-socket",
                "--chdir", str(HERE.parent), "--timeout", "60", "--graceful-timeout", "1", f'web_app:application("{folder}")',
            ],
            env={**os.environ, **more}, stdout=self._said, stderr=self._said,
        )  # fmt: skip
        browser, end = Browser(self.port, "10.0.0.1"), time.monotonic() + 60
        while True:
            with suppress(OSError):
                if browser.ask("/account/login/").status == 200:
                    break
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError((folder.parent / "gunicorn").read_text())
            time.sleep(0.1)

    def kill_one(self, rng: Random) -> bool:
        """Kill -9 one of its processes; whether there was one."""
        there = _children(self._process.pid)
        return bool(there) and _killed(rng.choice(there))

    def close(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()
        self._said.close()


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text()
    return ""


def _killed(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def fell(server: Server, rng: Random) -> bool:
    """Kill -9 a process of PostgreSQL that serves us, at which the first ends all others and recovers; or, one time in five, the first itself."""
    import psycopg

    file = Path(server.data) / "postmaster.pid"
    first = int(file.read_text().split()[0])
    if rng.random() < 0.2:
        _killed(first)
        for _ in range(200):  # the others see it and end
            if " Z " in _state(first):  # dead, in a container whose first process buries nobody
                file.unlink(missing_ok=True)
            if server.start():
                return True
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL does not start again")
    for _ in range(300):  # from the kill before this one it has recovered
        with suppress(psycopg.OperationalError):
            server.psql("postgres", "SELECT 1")
            break
        time.sleep(0.1)
    time.sleep(rng.random() * 0.5)
    busy = [p for p in _children(first) if b"site trial" in _command(p)]
    return bool(busy) and _killed(rng.choice(busy))


def _command(process: int) -> bytes:
    """What a process was started as; nothing of one that has ended meanwhile."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def person(
    browser: Browser, name: str, secret: str, seed: int, most: int, over: Any, ready: Any, heard: Any, end: int
) -> None:
    """Log in and give orders until the campaign is over; acknowledge each once it is answered, and say what was refused."""
    try:
        browser.log_in(name, PHRASE, secret)
        ready.wait(120)
        for given in islice(orders(browser, Random(seed), PHRASE), most or None):
            os.write(end, f"{json.dumps(asdict(given))}\n".encode())
            heard.release()
            if over.is_set():
                break
    except Refused as refused:
        os.write(end, f"{json.dumps(str(refused))}\n".encode())
    os.write(end, f"{browser.unanswered}\n".encode())


def campaign(kind: str, kills: int, people: int, seed: int, each: int = 0, *, locked: bool = True) -> Counted:
    """``each``: so many orders a person, and no end by kills."""
    found, begun, rng = Counted(kind, people, seed, locked), time.monotonic(), Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eq-web-"))) / "site"
        os.environ["XDG_CACHE_HOME"] = str(folder.parent / "cache")
        server = stack.enter_context(running(options=QUICK_AGAIN)) if kind != "sqlite" else None
        installation, names = set_up(folder, _database(server) if server is not None else "", people)
        app = Gunicorn(folder, locked=locked)
        stack.callback(app.close)
        forking = multiprocessing.get_context("fork")
        over, ready, heard = forking.Event(), forking.Barrier(people + 1), forking.Semaphore(0)
        started = [
            forked(lambda end, i=i, n=n, s=s: person(Browser(app.port, f"10.0.1.{i}", locked), n, s, 100 * seed + i, each, over, ready, heard, end))
            for i, (n, s) in enumerate(names)
        ]  # fmt: skip
        ready.wait(120)
        at_work = time.monotonic()
        strike: Callable[[], bool] = (
            (lambda: fell(server, rng)) if kind == "server" and server else lambda: app.kill_one(rng)
        )
        while found.kills < kills:
            # No kill before an order is acknowledged since the last: else those who try again meet nothing but kills.
            if met := heard.acquire(timeout=20):
                while heard.acquire(block=False):
                    pass
            time.sleep(rng.random() * 0.2)
            if strike():
                found.kills += 1
                found.met += met
        if not each:
            over.set()
        told: list[Given] = []
        for pid, end in started:
            with os.fdopen(end) as pipe:
                for line in pipe:
                    _took(found, told, json.loads(line))
            os.waitpid(pid, 0)
        found.at_work = round(time.monotonic() - at_work, 1)
        app.close()
        _judge(found, installation, told)
    found.seconds = round(time.monotonic() - begun, 1)
    return found


def _took(found: Counted, told: list[Given], said: Any) -> None:
    if isinstance(said, int):
        found.given_again += said
    elif isinstance(said, str):
        found.refused += 1
        found.faults.append(said)
    else:
        told.append(Given(**said))


def _database(server: Server) -> str:
    """A database whose log's table is its owner's, as docs/serve.md has it."""
    from equipoise.files.log_store import prepare

    name = server.database()
    prepare(address_of(server.url(name, OWNER)), APPLICATION)
    server.psql(name, f"GRANT CREATE ON SCHEMA public TO {APPLICATION}")
    return server.url(name, APPLICATION)


def _judge(found: Counted, installation: Installation, told: list[Given]) -> None:
    """Every acknowledged order once in the log, every receipt true, every allocation the next of its list, the whole verified with the secret."""
    from equipoise.site.access import Access
    from equipoise.site.live import Live

    served, trial = Live(installation), north()
    log = served.store.read().log
    by_key: dict[str, list[Event]] = defaultdict(list)
    for e in log:
        by_key[str(e.data.get("key", ""))].append(e)
    hashes = log.hashes()
    found.acknowledged = len(told)
    found.lost = sum(not by_key[g.key] for g in told)
    found.twice = sum(len(events) > 1 for key, events in by_key.items() if key)
    for g in (g for g in told if g.hash):
        arm = trial.arm_by_name[log[g.number - 1].data["arm"]] if g.number <= len(log) else None
        if arm is None or hashes[g.number - 1] != g.hash or (arm.label or arm.name) != g.arm:
            found.lost += 1
    allocated = [e for e in log if e.kind == "randomised"]
    if len({e.patient for e in allocated}) != len(allocated):
        found.faults.append("a patient is randomised twice")
    found.off_the_list = _off_the_list(installation, list(log))
    found.randomised, found.corrected = len(allocated), sum(e.corrects is not None for e in log)
    found.arms = dict(sorted(Counter(str(e.data["arm"]) for e in allocated).items()))
    try:
        verify(trial, served.store, secret=installation.secret, person="carl")
    except BadInput as bad:
        found.faults += [str(p) for p in bad.problems]
    Access(installation.access).verify()


def _off_the_list(installation: Installation, log: list[Event]) -> int:
    """How many allocations are not the next of their stratum's list."""
    sealed = allocation(north(), installation.secret)
    assert sealed is not None
    lists = sealed.known("")
    places: Counter[str] = Counter()
    factors = {e.patient: e.data["factors"] for e in log if e.kind == "enrolled"}
    wrong = 0
    for e in (e for e in log if e.kind == "randomised"):
        stratum = e.data["stratum"]
        place = Place(stratum, places[stratum], factors[e.patient], "", list)  # type: ignore[arg-type]
        wrong += lists.give(place) != e.data["arm"]  # type: ignore[union-attr]
        places[stratum] += 1
    return wrong


if __name__ == "__main__":
    arguments = sys.argv[2:]
    orders_each = int(arguments[arguments.index("--orders") + 1]) if "--orders" in arguments else 0
    numbers = [int(a) for a in arguments if a.isdecimal()][: 3 if not orders_each else 2]
    kills_, people_, seed_ = [*numbers, *(1000, 8, 1)[len(numbers) :]]
    print(
        json.dumps(
            asdict(campaign(sys.argv[1], kills_, people_, seed_, orders_each, locked="--no-lock" not in arguments))
        )
    )
