"""A demonstration: NORTH's sites, people in every role, and virtual patients up to a day. Its pass phrases are known to everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.people import People
from equipoise.conduct.sealed import Sealed
from equipoise.desk import opening, order, sealing
from equipoise.desk.witness import make_keys
from equipoise.files.bundled import find_trial
from equipoise.files.log_address import address_of
from equipoise.files.write import write_text
from equipoise.site.folder import Installation
from equipoise.site.words import DEMO_PASSPHRASE
from equipoise.trial.event import NEITHER, Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.role import ROLES, may
from equipoise.trial.trial import Trial

ADMINISTRATOR = "ada"
#: Role → who holds it, and his name.
CAST = {
    "coordinator": ("cora", "Cora Lind"),
    "investigator": ("ivo", "Dr Ivo Brandt"),
    "pharmacist": ("pia", "Pia Novak"),
    "monitor": ("mona", "Mona Weiss"),
    "data manager": ("dan", "Dan Okafor"),
    "medical monitor": ("mika", "Dr Mika Sato"),
    "sponsor": ("sue", "Sue Park"),
    "committee": ("carl", "Prof Carl Reyes"),
    "administrator": (ADMINISTRATOR, "Ada Flores"),
    "inspector": ("ines", "Ines Dubois"),
}
#: How long after its start the demonstration stands.
MONTHS = 10
_SEED = 17
#: A day in a trial file, where it is no part of a text.
_DAY = re.compile(r"^(\w+ *= *)(\d{4}-\d{2}-\d{2})\b", re.MULTILINE)


def begin(installation: Installation) -> Installation:
    """Open the demonstration's log: patients are simulated day by day, by the trial's own secret, and recorded by its people.

    The trial is copied into the folder with its days moved, so that the demonstration stands at today: what is due is due now.
    """
    name = installation.trial
    installation = replace(installation, trial=str(_moved(name, installation.folder / "trial" / "trial.toml")))
    trial = opening.load_trial(installation.trial)
    if not trial.sites or trial.divided or trial.masked:
        allowed = "a trial with sites, without cohorts, whose log tells the arms: north"
        raise BadInput("serve", [Problem("no-demo", "--demo", trial.id, allowed)])
    installation.secret.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    installation.folder.joinpath("witness").mkdir(exist_ok=True)
    make_keys(installation.keys, f"{trial.id}.demo")
    allocation = None
    if trial.randomisation is not None:
        sealing.seal(installation.trial, trial, installation.secret)
        allocation = order.allocation(trial, installation.secret)
    address = address_of(installation.log)
    opening.log_of(trial, address).create(log_of(trial, name, allocation))
    return installation


def _moved(name: str, to: Path) -> Path:
    """A copy of a trial file whose days are moved by as many, so that it has gone on for ten months until yesterday."""
    file = find_trial(name)
    start, yesterday = opening.load_trial(name).start, order.now().date() - timedelta(days=1)
    by = yesterday - (start + timedelta(days=round(MONTHS * 365.25 / 12)))

    def moved(found: re.Match[str]) -> str:
        return found[1] + (date.fromisoformat(found[2]) + by).isoformat()

    write_text(to, _DAY.sub(moved, file.read_text(encoding="utf-8")))
    return to


def day_of(trial: Trial) -> date:
    """The day on which the demonstration stands."""
    return trial.start + timedelta(days=round(MONTHS * 365.25 / 12))


def log_of(trial: Trial, name: str, allocation: Sealed | None, until: date | None = None) -> Log:
    """The log of a demonstration up to a day: opened with people, and what a simulator made recorded by them."""
    until = until or day_of(trial)
    begun = datetime.combine(trial.start, datetime.min.time(), UTC) - timedelta(days=7)
    conduct = Conduct.open(trial, begun, ADMINISTRATOR, allocation, salts=order.salts, administrator=ADMINISTRATOR)
    if allocation is not None:
        conduct.seal(allocation.secrets[-1], begun.date(), begun, ADMINISTRATOR)
    for event in _grants(trial):
        begun += timedelta(minutes=1)
        conduct.order(event.kind, begun.date(), begun, ADMINISTRATOR, data=event.data)
    site_of: dict[str, str] = {}
    numbers: dict[int, int] = {}
    day, within = trial.start, 0
    for e in _simulated(trial, name, allocation, until):
        site_of.setdefault(e.patient, e.site)
        numbers[e.number] = len(conduct.log) + 1
        day, within = (day, within + 1) if e.recorded.date() == day else (e.recorded.date(), 0)
        # By day, a minute after the other: a simulator records all of a day at its beginning.
        recorded = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=7, minutes=within)
        by = _author(e, site_of.get(e.patient, "") or e.site, trial)
        data = {k: v for k, v in e.data.items() if k != "head"}  # of the simulator's own log
        corrects = numbers[e.corrects] if e.corrects is not None else None
        conduct.take(
            replace(
                e, number=numbers[e.number], by=by, recorded=recorded, data=data, corrects=corrects, salts=order.salts()
            )
        )
    _come_today(conduct, trial, until)
    return conduct.log


def accounts(people: People) -> list[tuple[str, str]]:
    """Accounts of the cast, made where they are not there: user name and role of each."""
    from django.contrib.auth.hashers import make_password

    from equipoise.site import live
    from equipoise.site.models import Account

    found, hashed = [], ""
    for person, name in CAST.values():
        held = people.held(person)
        if not Account.objects.filter(username=person).exists():
            hashed = hashed or make_password(DEMO_PASSPHRASE)  # everybody knows it: once is enough
            account = Account.objects.make(person, name)
            account.password = hashed
            account.save()
            live.current().access.add("account made", person, "equipoise serve --demo")
        where = ", ".join(sorted({s for g in held for s in g.sites}))
        found.append((person, ", ".join(dict.fromkeys(g.role.name for g in held)) + (f" ({where})" if where else "")))
    return found


def _grants(trial: Trial) -> Iterator[Event]:
    """One person of each role; the site roles at the first site, and an investigator at each other."""
    first, *others = [s.name for s in trial.sites]
    blank = Event(0, "granted", trial.start, datetime.now(UTC), ADMINISTRATOR, salts=NEITHER)
    for role in ROLES:
        person, name = CAST[role.name]
        if role.name != "administrator":
            where = {"sites": [first]} if role.of_sites else {}
            yield replace(blank, data={"person": person, "role": role.name, "name": name, **where})
    for site in others:
        yield replace(
            blank,
            data={
                "person": _elsewhere(site),
                "role": "investigator",
                "name": f"Investigator of {site}",
                "sites": [site],
            },
        )


def _elsewhere(site: str) -> str:
    return f"investigator-{site}"


def _author(event: Event, site: str, trial: Trial) -> str:
    """Who of the cast records an event: at the first site each what is his, elsewhere its investigator."""
    if not event.patient:
        sponsors = may(event.kind)
        return CAST["sponsor" if "sponsor" in sponsors else "committee"][0]
    if site != trial.sites[0].name:
        return _elsewhere(site)
    if event.kind == "treated":
        return CAST["pharmacist"][0]
    return CAST["coordinator" if "coordinator" in may(event.kind) else "investigator"][0]


def _simulated(trial: Trial, name: str, allocation: Sealed | None, until: date) -> Sequence[Event]:
    """What a simulator makes of the trial, with doses, events and contacts, up to a day; arms by the trial's own secret."""
    # Imported where used: the simulator, of 26 MB, is no part of a process that serves.
    from equipoise.desk import plans
    from equipoise.simulate.from_scenario import FromScenario
    from equipoise.simulate.loop import Loop, moment
    from equipoise.simulate.progress import Progress
    from equipoise.simulate.run import by_the_rule

    plan = plans.null_and_target(name, trial, _SEED)[-1]
    by_secret = allocation.known("") if allocation is not None else None
    conduct = Conduct.open(trial, moment(trial.start), "simulation", by_secret, virtual=True)
    progress = Progress.of(conduct, trial.start, by_the_rule)
    source = FromScenario(plan, 0, True)
    Loop(conduct, source, by_the_rule, progress, plan.waiting, plan.cap, safety=True).from_day(trial.start, until)
    return list(conduct.log)[1:]


def _come_today(conduct: Conduct, trial: Trial, day: date) -> None:
    """Patients in whom something is to be done: one to be enrolled and one to be randomised at the first site, and one who failed."""
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=20)
    site, by = trial.sites[0].name, CAST["coordinator"][0]
    if site not in conduct.standing.sites:
        return
    last = trial.eligibility[-1:]
    for i, failed in enumerate(([], [], [c.number for c in last])):
        at += timedelta(minutes=3)
        made = conduct.screen("", site, day, at, by, failed)
        if i == 0 and trial.randomisation is not None:
            levels = {f.name: f.levels[0] for f in trial.recorded_factors}
            conduct.enrol(made.patient, day, at, by, levels)
