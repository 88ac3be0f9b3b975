"""Fifty people at once at the site app: 200 sites, 400 accounts, 30,000 events on PostgreSQL, ten requests a second for a minute.

Usage: python benchmarks/site_load.py [EVENTS] [SECONDS] [WORKERS]

gunicorn with WORKERS processes (2) as docs/serve.md has it, PostgreSQL of our own, both on loopback; Argon2, second factors and limits as they are
served. Each person gives a request each five seconds, at a moment that is fixed beforehand: who waits is counted from then. Their pages ask for
``/mark/`` each ten seconds beside, as browsers do. Bounds: p95 of a page 300 ms, of a save 500 ms, of a randomisation 1 s, no error, 250 MB a process,
5 s to the first answer. Beside the time by the clock stands the processor time that the app spent on each request, and the machine's load: what others
do on the machine is in the first and not in the second.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

HERE = Path(__file__).resolve()
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent), str(ROOT / "tests")]

HOST, PHRASE = "trial.example.org", "lanterns over the harbour"
PEOPLE, RATE = 50, 10
TODAY = datetime.now(UTC).date().isoformat()
BOUNDS = {"page": 300.0, "save": 500.0, "randomise": 1000.0}
MEMORY, COLD = 250.0, 5.0
#: How many of the fifty are what; the others are investigators and coordinators, in turn.
WATCHING = ("monitor-1", "data-manager-1", "medical-monitor-1", "sponsor-1")
_HIDDEN = re.compile(r'<input type="(?:hidden|checkbox)" name="(csrfmiddlewaretoken|key|on|confirm)" value="([^"]*)"')


# -- in the server's processes ------------------------------------------------------------------------------------------


def application(folder: str) -> Any:
    """The app as it is served, saying of each answer what processor time it took [ms]."""
    from equipoise.site import serving

    served = serving.wsgi(folder, HOST)

    def timed(environ: Any, start: Any) -> Any:
        began = time.thread_time()

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [*headers, ("X-Spent", f"{1000 * (time.thread_time() - began):.2f}")], *more)

        return served(environ, started)

    return timed


# -- before: the trial, its log, its people ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cast:
    """A person at a browser: the cookie of his session, and addresses of patients at his site: some on study, some to be randomised."""

    name: str
    role: str
    cookie: str
    patients: tuple[str, ...]
    waiting: tuple[str, ...]


def set_up(folder: Path, server: Any, events: int) -> list[Cast]:
    """An installation with its log and accounts in PostgreSQL; sessions of fifty people."""
    import site_pages

    from equipoise.files.log_address import address_of
    from equipoise.files.log_store import prepare, store_at
    from equipoise.site import live, serving
    from equipoise.site.folder import Installation
    from postgres import APPLICATION, OWNER
    from sealed import secret_file, secret_of

    name = server.database()
    prepare(address_of(server.url(name, OWNER)), APPLICATION)
    server.psql(name, f"GRANT CREATE ON SCHEMA public TO {APPLICATION}")
    url = server.url(name, APPLICATION)
    (folder / "trial").mkdir(parents=True)
    path = site_pages.trial_of(folder / "trial")
    conduct = site_pages.log_of(path, events, waiting=12)
    own = Installation(folder, str(path), url, url)
    own.write()
    for part in (own.secret.parent, own.keys, own.witness):
        part.mkdir(mode=0o700)
    secret_file(own.secret, secret_of("north"))
    store_at(address_of(url), "north").create(conduct.log)
    serving.configure(own, HOST)
    live.use(live.Live(own))
    people = sorted({g.person for g in conduct.people.grants})
    accounts(people)
    return list(_cast(conduct, people))


def accounts(people: list[str]) -> None:
    """An account and a second factor of each; the pass phrase is hashed once for all."""
    from allauth.mfa.models import Authenticator
    from django.contrib.auth.hashers import make_password

    from equipoise.site.models import Account

    hashed = make_password(PHRASE)
    for person in people:
        made = Account.objects.make(person)
        made.password = hashed
        made.save()
        Authenticator.objects.create(user=made, type=Authenticator.Type.TOTP, data={"secret": "none"})


def _cast(conduct: Any, people: list[str]) -> Iterator[Cast]:
    from django.test import Client

    from equipoise.site import live
    from equipoise.site.models import Account

    at: dict[str, list[Any]] = defaultdict(list)
    for p in conduct.patients.values():
        at[p.site].append(p)
    key_of = live.current().shown("ada").key_of
    site_people = [p for p in people if p.startswith(("investigator-", "coordinator-"))]
    investigators = [
        p for p in site_people if p.startswith("i") and any(x.randomised is None for x in at[p.split("-", 1)[1]])
    ]
    coordinators = [p for p in site_people if p.startswith("c")]
    watching = [w for w in WATCHING for _ in range(2)]
    rest = PEOPLE - len(watching)
    chosen = investigators[: rest // 2] + coordinators[: rest - rest // 2] + watching
    for name in chosen:
        client = Client(headers={"host": "localhost"})
        client.force_login(Account.objects.get(username=name))
        role, _, site = name.partition("-") if name.startswith(("inv", "coo")) else (name.removesuffix("-1"), "", "")
        there = at[site] if site else list(conduct.patients.values())[:40]
        cookie = client.cookies["__Host-session"].value
        yield Cast(
            name, role, cookie,
            tuple(key_of(p.name) for p in there if p.randomised is not None),
            tuple(key_of(p.name) for p in there if p.randomised is None and p.enrolled is not None),
        )  # fmt: skip


# -- people ---------------------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """What requests took: by what was asked for, by the clock from the moment at which it was due [ms], and of the processor [ms]."""

    wall: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    kind: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, kind: str, wall: float, spent: float, wrong: str) -> None:
        with self.lock:
            self.kind[name] = kind
            self.wall[name].append(wall)
            self.spent[name].append(spent)
            if wrong:
                self.errors.append(f"{name}: {wrong}")

    def of(self, kind: str, what: dict[str, list[float]]) -> list[float]:
        return [t for name, times in what.items() if self.kind[name] == kind for t in times]


class Person:
    """One of the fifty: a script of requests without end, one at each of his moments."""

    def __init__(self, cast: Cast, port: int, told: Told) -> None:
        self.cast, self.port, self.told = cast, port, told
        self.cookies = {"__Host-session": cast.cookie}
        self.waiting, self.turn = list(cast.waiting), 0

    def ask(self, due: float, name: str, kind: str, path: str, said: dict[str, str] | None = None) -> str:
        """One request, timed from when it was due; the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1", "Origin": f"https://{HOST}",
            "Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items()), "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        text, wrong, spent = "", "", 0.0
        try:
            connection.request("GET" if said is None else "POST", path, urlencode(said or {}).encode() or None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            spent = float(answer.getheader("X-Spent") or 0)
            wanted = (200, 204) if said is None else (302,)
            if answer.status not in wanted:
                words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
                wrong = f"{answer.status} {answer.getheader('Location') or ''} {words[-300:]}"
            for key, value in answer.getheaders():
                if key.lower() == "set-cookie" and (found := re.match(r"(__Host-\w+)=([^;]*)", value)):
                    self.cookies[found[1]] = found[2]
        except (OSError, http.client.HTTPException) as error:
            wrong = repr(error)
        finally:
            connection.close()
        self.told.add(name, kind, 1000 * (time.monotonic() - due), spent, wrong)
        return text

    def script(self) -> Iterator[Any]:
        """What he does, one request after the other: each is called with the moment at which it is due."""
        role = self.cast.role
        while True:
            self.turn += 1
            patients = self.cast.patients
            at = f"/p/{patients[self.turn % len(patients)]}/" if patients else ""
            if role in ("investigator", "coordinator"):
                yield from self._at_site(role, at)
            elif role == "monitor":
                yield from self._pages("/verify/", f"{at}verify/", "/queries/", "/trail/")
            elif role == "data-manager":
                yield from self._pages("/data/", "/codes/", "/queries/", "/patients/")
            elif role == "medical-monitor":
                yield from self._pages("/safety/", "/", "/queries/", at)
            else:
                yield from self._pages("/sites/", "/looks/", "/", "/looks/1/")

    def _pages(self, *paths: str) -> Iterator[Any]:
        for path in paths:
            shown = re.sub(r"/p/[^/]+/", "/p/…/", path)
            yield lambda due, p=path, s=shown: self.ask(due, f"{self.cast.role} {s}", "page", p)

    def _at_site(self, role: str, at: str) -> Iterator[Any]:
        yield from self._pages("/", "/patients/")
        if role == "investigator" and self.waiting:
            address = f"/p/{self.waiting.pop()}/"
            yield from self._form("randomise", "randomise", f"{address}randomise/", on=TODAY, passphrase=PHRASE)
            yield from self._pages(f"{address}receipt/")
        yield from self._pages(at)
        entered = {"term": f"Headache {self.turn}", "grade": "1", "serious": "no", "happened": TODAY}
        yield from self._form("adverse event", "save", f"{at}new/adverse-event/", **entered)
        yield from self._pages(at, "/queries/", "/trail/")

    def _form(self, name: str, kind: str, path: str, **said: str) -> Iterator[Any]:
        hidden: dict[str, str] = {}

        def read(due: float) -> None:
            hidden.update(_HIDDEN.findall(self.ask(due, f"form of {name}", "page", path)))

        yield read
        yield lambda due: self.ask(due, f"{name} saved" if kind == "save" else name, kind, path, {**hidden, **said})


def campaign(cast: list[Cast], port: int, seconds: int) -> Told:
    """All of them, each at his moments; their pages ask for their mark beside."""
    told, began = Told(), time.monotonic() + 1.0

    def wait(due: float) -> bool:
        time.sleep(max(0.0, due - time.monotonic()))
        return due < began + seconds

    def live(i: int, c: Cast) -> None:
        for n, step in enumerate(Person(c, port, told).script()):
            due = began + (i + n * len(cast)) / RATE
            if not wait(due):
                break
            step(due)

    def poll(i: int, c: Cast) -> None:
        one, n = Person(c, port, told), 0
        while wait(due := began + 0.05 + i * 10 / len(cast) + 10 * n):
            one.ask(due, "mark", "mark", "/mark/?seen=")
            n += 1

    threads = [threading.Thread(target=of, args=(i, c)) for of in (live, poll) for i, c in enumerate(cast)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return told


# -- the server -----------------------------------------------------------------------------------------------------------


class Gunicorn:
    """The server, as it is documented."""

    def __init__(self, folder: Path, workers: int) -> None:
        from browsing import free_port

        self.port, began = free_port(), time.monotonic()
        self.said = (folder.parent / "gunicorn").open("wb")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "--preload", "--workers", str(workers), "--bind", f"127.0.0.1:{self.port}", "--no-control-socket",
                "--chdir", str(HERE.parent), f'site_load:application("{folder}")',
            ],
            stdout=self.said, stderr=self.said,
        )  # fmt: skip
        while True:
            with suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/account/login/", headers={"Host": HOST, "X-Forwarded-Proto": "https"})
                if connection.getresponse().status == 200:
                    break
            if time.monotonic() - began > 60 or self.process.poll() is not None:
                raise RuntimeError((folder.parent / "gunicorn").read_text())
            time.sleep(0.05)
        self.cold = time.monotonic() - began
        self.cold_spent = sum(_cpu(p) for p in self.processes())

    def processes(self) -> list[int]:
        first = self.process.pid
        return [first, *(int(p) for p in Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.said.close()


def _cpu(pid: int) -> float:
    """Processor time of a process so far [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> tuple[float, float, float]:
    """What a process holds, what of it is its own share, and the most that it held [MB]."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss, rss = (int(re.search(rf"^{n}:\s+(\d+)", rollup, re.MULTILINE)[1]) / 1024 for n in ("Pss", "Rss"))  # type: ignore[index]
    most = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return rss, pss, int(most[1]) / 1024 if most else 0.0


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else (times or [0.0])[0]


def report(told: Told, server: Gunicorn, seconds: int) -> bool:
    """Print what was found; True where all bounds hold."""
    held = []
    print(f"{'':32} {'n':>5} {'p50':>7} {'p95':>7} {'most':>7}   processor: p50, p95")
    for name in sorted(told.wall, key=lambda n: (told.kind[n], n)):
        w, s = told.wall[name], told.spent[name]
        print(
            f"{name:32} {len(w):5} {statistics.median(w):7.0f} {p95(w):7.0f} {max(w):7.0f}   {statistics.median(s):7.0f} {p95(s):7.0f}"
        )
    for kind, bound in BOUNDS.items():
        w, s = told.of(kind, told.wall), told.of(kind, told.spent)
        held.append(p95(w) < bound)
        print(
            f"{kind}: p95 {p95(w):.0f} ms < {bound:.0f}: {held[-1]}; of the processor {p95(s):.0f} ms; {len(w)} requests"
        )
    for pid in server.processes():
        rss, pss, most = memory(pid)
        held.append(rss < MEMORY)
        print(
            f"process {pid}: {rss:.0f} MB < {MEMORY:.0f}: {held[-1]}; its own share {pss:.0f} MB, at most {most:.0f} MB"
        )
    held.append(server.cold < COLD)
    print(
        f"first answer after {server.cold:.1f} s < {COLD:.0f}: {held[-1]}; {server.cold_spent:.1f} s of the processor"
    )
    spent = sum(sum(s) for s in told.spent.values()) / 1000
    asked = sum(len(w) for w in told.wall.values())
    print(
        f"{asked} requests in {seconds} s, {spent:.1f} s of the processor: {spent / seconds:.0%} of one core; load {os.getloadavg()[0]:.1f}"
    )
    for e in told.errors[:5]:
        print(f"error: {e}")
    held.append(not told.errors)
    print(f"{len(told.errors)} errors")
    return all(held)


def main() -> None:
    """Set up in a process of its own, serve, ask, report."""
    given = [int(a) for a in sys.argv[1:4]]
    events, seconds, workers = [*given, *(30_000, 60, 2)[len(given) :]]
    from postgres import running

    with tempfile.TemporaryDirectory(prefix="eq-load-") as place, running() as server:
        folder = Path(place) / "site"
        os.environ["XDG_CACHE_HOME"] = str(folder.parent / "cache")
        cast = set_up(folder, server, events)
        print(f"{events:,} events, {len({c.name for c in cast})} accounts in use, {workers} processes")
        app = Gunicorn(folder, workers)
        try:
            told = campaign(cast, app.port, seconds)
            ok = report(told, app, seconds)
        finally:
            app.close()
    print(json.dumps({"held": ok}))


if __name__ == "__main__":
    main()
