"""What an order of every kind costs on each kind of store, given alone (nothing known before), at three sizes of log; and what a process that lives pays.

Processor time, median of the runs, in milliseconds. The kinds of order take turns, so that each comes after others. *first*: an order given alone
before there is an index beside the log, which it makes. The logs grow by ten patients a day, with ten events each, until today: an order of the trial's own
is judged by what was recorded since its day. Bounds: at any size 50 ms alone, 5 ms in a process that lives; but for those that read all, see docs/stores.md.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.sealed import Sealed
from equipoise.desk.order import give, now, salted, salts
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, read_trial, trial_from
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial
from postgres import Server, running, why_not
from sealed import secret_of
from stores import KINDS, place_of

ROUNDS = 5
SIZES = (100, 10_000, 100_000)
TODAY = now().date()
Made = Event | Sequence[Event]
Order = Callable[[Conduct, datetime], Made]


class Bench:
    """A log of one trial at one place, to which orders are given one after the other, each alone."""

    def __init__(self, trial: Trial, place: Any, events: int) -> None:
        self.trial, self.place = trial, place
        self.by_secret = Sealed(trial, [secret_of(trial.id)])
        self.times: dict[str, list[float]] = {}
        place.store(trial.id).create(salted(log_of(trial, self.by_secret, events)))
        self.give("the first, which makes the index", contact(self))

    def give(self, name: str, order: Order, trial: Trial | None = None) -> Event:
        """Give an order, under an amended trial where one is given, and keep the processor time."""
        store = self.place.store(self.trial.id)
        gc.collect()
        start = time.process_time()
        done = give(trial or self.trial, store, order, self.by_secret, amends=trial is not None)
        self.times.setdefault(name, []).append(1000 * (time.process_time() - start))
        self.trial = trial or self.trial
        return done.event

    def who(self, role: str) -> str:
        """Who gives an order: one of the people, where the log has any."""
        return role if self.trial.people is not None else "bench"


def log_of(trial: Trial, by_secret: Sealed, events: int) -> Log:
    """A log of patients with ten events each, ten patients a day until today: three until they have an arm, and seven contacts."""
    at = (
        datetime(2012, 6, 1, tzinfo=UTC)
        if trial.start.year < 2012
        else datetime.combine(trial.start, datetime.min.time(), UTC)
    )
    opened = Conduct.open(trial, at, "bench", administrator="bench" if trial.people is not None else "")
    for person, role, site in (("investigator", "investigator", "S01"), ("sponsor", "sponsor", "")):
        if trial.people is not None:
            data = {"person": person, "role": role, **({"sites": [site]} if site else {})}
            opened.order("granted", at.date(), at, "bench", data=data)
    who = "sponsor" if trial.people is not None else "bench"
    site = next(iter(trial.site_by_name))
    began = max(trial.site_by_name[site].activation or trial.start, trial.start)
    opened.seal(by_secret.secrets[0], at.date(), at, "bench")
    log = opened.log
    recorded = datetime.combine(began, datetime.min.time(), UTC)
    log.append("site activated", began, max(recorded, at), who, site=site)
    patients, factors = events // 10, {f.name: f.levels[0] for f in trial.recorded_factors}
    by = "investigator" if trial.people is not None else "bench"
    codes = by_secret.under(by_secret.secrets[0].commitment) if trial.masked else None
    stratum = "all" if not trial.factors else " / ".join(f"{f.name}={f.levels[0]}" for f in trial.factors)
    for i in range(patients):
        name, day = f"{site}-{i:05d}", TODAY - timedelta(days=1 + (patients - 1 - i) // 10)
        moment = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
        log.append("screened", day, moment, by, "", name, site, {"failed": []})
        log.append("enrolled", day, moment, by, "", name, site, {"factors": factors})
        given = {"code": codes.code(name, stratum, i)} if codes is not None else {"arm": trial.arms[i % 2].name}  # type: ignore[union-attr]
        log.append("randomised", day, moment, by, "", name, "", {**given, "stratum": stratum})
        for _ in range(7):
            log.append("contact", day, moment, by, "", name)
    return log


def contact(bench: Bench) -> Order:
    site = next(iter(bench.trial.site_by_name))
    return lambda c, now: c.order("contact", now.date(), now, bench.who("investigator"), patient=f"{site}-00000")


def of_patients(bench: Bench, how: str) -> None:
    """A new patient, and corrections."""
    by, on = bench.who("investigator"), TODAY
    site = next(iter(bench.trial.site_by_name))
    levels = {f.name: f.levels[0] for f in bench.trial.recorded_factors}
    seen = bench.give("contact", contact(bench)).number
    bench.give(
        "correction of a contact", lambda c, now: c.correct(seen, now, by, "typing error", on=TODAY - timedelta(1))
    )
    screened = bench.give("screening", lambda c, now: c.screen("", site, on, now, by))
    who = screened.patient
    bench.give("enrolment", lambda c, now: c.enrol(who, on, now, by, levels))
    bench.give(f"randomisation, {how}", lambda c, now: c.randomise(who, on, now, by))


def of_the_trial(bench: Bench) -> None:
    """Looks, enrolment, sites, definitions, and their corrections."""
    trial = bench.trial
    look = {"look": 1, "action": "continue", "cutoff": str(TODAY), "known_on": str(TODAY)}
    rule = trial.safety[0]

    def ruled(c: Conduct, now: datetime) -> list[Event]:
        ahead = c.fork(None)
        ahead.takes = True
        data = {
            "rule": rule.name,
            "speaks": True,
            "does": rule.does,
            "events": 3,
            "watched": 9,
            "cutoff": str(TODAY),
            "known_on": str(TODAY),
        }
        made = ahead.order("safety look", now.date(), now, "bench", "3 of 9", data=data)
        return [made, ahead.order("enrolment paused", now.date(), now, "bench")]

    bench.give("recording a look", lambda c, now: c.order("decided", now.date(), now, "bench", data=look))
    bench.give("recording a safety look with its pause", ruled)
    bench.give("reopening of enrolment", lambda c, now: c.order("enrolment resumed", now.date(), now, "bench"))
    paused = bench.give(
        "pause of enrolment", lambda c, now: c.order("enrolment paused", now.date(), now, "bench")
    ).number
    bench.give("correction of a pause", lambda c, now: c.correct(paused, now, "bench", "was not", void=True))
    # Its first site is open from the beginning.
    site = list(trial.site_by_name)[1 + len(bench.times.get("opening of a site", ()))]
    opened = bench.give("opening of a site", lambda c, now: c.activate(site, now.date(), now, "bench")).number
    earlier = TODAY - timedelta(7)
    bench.give("correction of a site's opening", lambda c, now: c.correct(opened, now, "bench", "earlier", on=earlier))
    amend(bench)


def redaction(bench: Bench) -> None:
    """Given once: after it the index is made anew."""
    redacted = bench.give("contact", contact(bench)).number
    bench.give("redaction", lambda c, now: c.redact(redacted, now, "bench", "a name"))
    bench.give("the first, which makes the index", contact(bench))


def amend(bench: Bench) -> None:
    trial = bench.trial
    new = trial.model_copy(update={"title": f"{trial.title}+"})
    data = {"fingerprint": new.fingerprint, "definition": new.definition}
    by = bench.who("sponsor")
    bench.give("amendment", lambda c, now: c.order("amended", now.date(), now, by, "a title", data=data), new)


def of_people(bench: Bench) -> None:
    """Who may do what, and where an amendment is approved."""
    grant = {"person": "another", "role": "monitor", "sites": ["S01"]}
    of = {"person": "another", "role": "monitor"}
    bench.give("grant", lambda c, now: c.order("granted", now.date(), now, "bench", data=grant))
    bench.give("revocation", lambda c, now: c.order("revoked", now.date(), now, "bench", data=of))
    amend(bench)
    print_ = {"fingerprint": bench.trial.fingerprint}
    bench.give(
        "approval by a site", lambda c, now: c.order("approved", now.date(), now, "sponsor", site="S01", data=print_)
    )


def unblinding(bench: Bench) -> None:
    site = next(iter(bench.trial.site_by_name))

    def told(c: Conduct, now: datetime) -> Event:
        return c.unblind(f"{site}-00003", now.date(), now, "bench", "an overdose")[0]

    bench.give("emergency unblinding", told)


def living(bench: Bench) -> None:
    """Contacts by a process that knows the log."""
    own = bench.place.store(bench.trial.id)
    conduct = Conduct(bench.trial, own.read().log, None, salts, takes=False)
    for _ in range(ROUNDS):
        start = time.process_time()
        give(bench.trial, own, contact(bench), None, conduct)
        bench.times.setdefault("contact, by a process that lives", []).append(1000 * (time.process_time() - start))


def trials() -> Iterator[tuple[Trial, Callable[[Bench], None]]]:
    """NORTH, NORTH with people and minimised arms, and a masked trial; each with the orders that are given in it."""

    def of_north(bench: Bench) -> None:
        of_patients(bench, "by blocks")
        of_the_trial(bench)

    def of_many(bench: Bench) -> None:
        of_patients(bench, "by minimisation")
        of_people(bench)

    yield read_trial(find_trial("north")), of_north
    raw = read_toml(find_trial("north"), "a trial") | {
        "assumptions": [],
        "sources": [],
        "people": {},
        "amendments": {"per_site": True},
    }
    raw["randomisation"] = {"method": "minimisation", "factors": raw["randomisation"]["factors"]}
    yield trial_from(raw, "north"), of_many
    yield read_trial(find_trial("e2511")), unblinding


def main() -> None:
    kinds = sys.argv[1:] or [k for k in KINDS if k != "postgresql" or not why_not()]
    found: dict[tuple[str, str, int], float] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        started: list[Server] = []

        def server() -> Server:
            if not started:
                started.append(stack.enter_context(running()))
            return started[0]

        for kind in kinds:
            for size in SIZES:
                for trial, orders in trials():
                    place = place_of(kind, folder, server)
                    if kind == "postgresql":
                        place.execute("GRANT UPDATE (line) ON public.event TO site", owner=True)
                    bench = Bench(trial, place, size)
                    for _ in range(ROUNDS):
                        orders(bench)
                    if orders.__name__ == "of_north":
                        living(bench)
                        redaction(bench)
                    for name, times in bench.times.items():
                        found.setdefault((name, kind, size), statistics.median(times))
    names = list(dict.fromkeys(name for name, _, _ in found))
    print(
        f"| {'milliseconds of processor time':42} | "
        + " | ".join(f"{k} {' · '.join(f'{s:,}' for s in SIZES)}" for k in kinds)
        + " |"
    )
    for name in names:
        cells = (" · ".join(f"{found[name, kind, size]:.1f}" for size in SIZES) for kind in kinds)
        print(f"| {name:42} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
