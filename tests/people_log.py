"""A log of NORTH with people: one of each role, and patients at two sites; and logs that differ from it in what a reader may not know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import stratum_of
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.role import ROLES
from equipoise.trial.trial import Trial
from sealed import secret_of

ADMIN = "ada"
#: Who holds each role; the site roles at the first site.
PEOPLE = {role.name: f"{role.name.replace(' ', '-')}-1" for role in ROLES if role.name != "administrator"} | {
    "administrator": ADMIN
}
SITES = ("S01", "S02")


@cache
def north() -> Trial:
    return read_trial(find_trial("north"))


@dataclass
class Writer:
    """Gives orders one after the other, a minute apart."""

    conduct: Conduct
    now: datetime = field(default_factory=lambda: datetime(2013, 1, 2, 8, tzinfo=UTC))

    def __call__(
        self, kind: str, by: str, on: date | None = None, patient: str = "", site: str = "", why: str = "", **data: Any
    ) -> Event:
        self.now = max(
            self.now + timedelta(minutes=1), datetime.combine(on, datetime.min.time(), UTC) if on else self.now
        )
        return self.conduct.order(kind, on or self.now.date(), self.now, by, why, patient, site, data)


def opened(trial: Trial) -> Writer:
    """A log opened with people, one of each role, and both sites open."""
    start = datetime(2013, 1, 2, 7, tzinfo=UTC)
    write = Writer(Conduct.open(trial, start, "ben", administrator=ADMIN))
    write.conduct.seal(secret_of("north"), start.date(), start, "ben")
    for role in ROLES:
        if role.name == "administrator":
            continue
        where = {"sites": [SITES[0]]} if role.of_sites else {}
        write("granted", ADMIN, person=PEOPLE[role.name], role=role.name, name=f"{role.name} one", **where)
    write("granted", ADMIN, person="investigator-2", role="investigator", sites=[SITES[1]])
    for site in SITES:
        write("site activated", PEOPLE["sponsor"], site=site)
    return write


@cache
def _written() -> tuple[Event, ...]:
    """Twelve patients, alternately at the two sites, two of three on the tested arm; with doses, assessments and events."""
    trial = north()
    write = opened(trial)
    arms = ("IMGN901", "CE", "IMGN901")
    for i in range(12):
        site, arm = SITES[i % 2], arms[i % 3]
        by = "investigator-1" if site == SITES[0] else "investigator-2"
        name, day = f"{site}-{i:03d}", date(2013, 2, 1) + timedelta(days=7 * i)
        write("screened", by, day, name, site, failed=[])
        factors = {"ecog": "0-1", "ldh": "normal" if i % 4 else "raised"}
        write("enrolled", by, day, name, site, factors=factors)
        # In place of a list: the arms that the tests wish, of whole blocks.
        write("randomised", by, day, name, arm=arm, stratum=stratum_of(trial, factors, ""))
        write("treated", by, day, name, drug="carboplatin", cycle=1, day=1, dose=5, unit="AUC")
        if arm == "IMGN901":
            write("treated", by, day, name, drug="IMGN901", cycle=1, day=1, dose=112, unit="mg/m2")
        write("adverse event", by, day + timedelta(days=3), name, term="Neutropenia", grade=3, serious=i == 0)
        write("assessed", by, day + timedelta(days=42), name, response=("PR", "SD", "PD")[i % 3])
        write("deviation", by, day + timedelta(days=50), name, what=f"{arm} was given a day late", major=False)
        if i % 3 == 2:
            write("died", by, day + timedelta(days=80), name, why="progression")
    for i, site in ((12, SITES[0]), (13, SITES[1])):
        by, day = f"investigator-{1 + i % 2}", date(2013, 6, 1)
        write("screened", by, day, f"{site}-{i:03d}", site, failed=[])
        write("enrolled", by, day, f"{site}-{i:03d}", site, factors={"ecog": "2", "ldh": "normal"})
    write(
        "decided",
        PEOPLE["committee"],
        why="11 of 20 on IMGN901",
        look=1,
        action="continue",
        cutoff="2013-07-01",
        known_on="2013-07-01",
    )
    return tuple(write.conduct.log)


def log() -> Log:
    """The log as it was written."""
    return Log(_written())


def with_other_arms() -> Log:
    """The same but for who is on which arm, with the doses that follow, what is written of it, and what was found by arm."""
    patients = [e.patient for e in log() if e.kind == "randomised"]
    # As many on each arm: how many events there are is no secret.
    of = {p: ("CE", "IMGN901", "IMGN901")[(i + i // 3) % 3] for i, p in enumerate(patients)}
    found: list[Event] = []
    for e in log():
        arm = of.get(e.patient, "")
        if e.kind == "treated" and e.data["drug"] == "IMGN901":
            continue
        if e.kind == "randomised":
            e = replace(e, data={**e.data, "arm": arm})
        elif e.kind == "deviation":
            e = replace(e, data={**e.data, "what": f"{arm} was given a day late"})
        elif e.kind == "decided":
            e = replace(e, why="2 of 20 on IMGN901", data={**e.data, "action": "stop for futility"})
        found.append(e)
        if e.kind == "treated" and arm == "IMGN901":
            dose = {"drug": "IMGN901", "cycle": 1, "day": 1, "dose": 112, "unit": "mg/m2"}
            found.append(replace(e, data=dose))
    return _numbered(found)


def with_others_elsewhere(site: str = SITES[1]) -> Log:
    """The same but for the patients of a site: their arms, responses, events and deaths; as many events, for their number is no secret."""
    # Of whole blocks too, with those of the other site.
    elsewhere = [e.patient for e in log() if e.kind == "randomised" and e.patient.startswith(site)]
    arms = dict(zip(elsewhere, ("IMGN901", "CE", "IMGN901", "IMGN901", "CE", "IMGN901"), strict=True))

    def other(e: Event) -> Event:
        if e.kind == "decided":
            return replace(e, why="2 of 20 on IMGN901", data={**e.data, "action": "stop for futility"})
        if not e.patient.startswith(site):
            return e
        match e.kind:
            case "randomised":
                return replace(e, data={**e.data, "arm": arms[e.patient]})
            case "assessed":
                return replace(e, data={"response": {"PR": "PD", "SD": "PR", "PD": "SD"}[e.data["response"]]})
            case "adverse event":
                return replace(e, data={"term": "Neuropathy", "grade": 2})
            case "treated" if e.data["drug"] == "IMGN901":
                return replace(e, kind="contact", data={})
            case "died":
                return replace(e, kind="contact", data={}, why="")
        return e

    return _numbered([other(e) for e in log()])


def with_no_word_of_patients() -> Log:
    """The same but for all that became of patients."""
    return _numbered(
        [
            e
            if not e.patient or e.kind in ("screened", "enrolled", "randomised")
            else replace(e, kind="contact", data={}, why="")
            for e in log()
        ]
    )


def _numbered(events: Iterable[Event]) -> Log:
    return Log(replace(e, number=i) for i, e in enumerate(events, 1))
