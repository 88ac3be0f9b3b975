"""Random orders of every kind, possible and not, for logs of trials that differ in what an order must know of the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.conduct.sealed import ByWhom, Sealed
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, read_trial, trial_from
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial
from helpers import moment
from sealed import secret_of

FIRST = date(2012, 5, 1)
DETAILS: dict[str, dict[str, Any]] = {
    "contact": {}, "treated": {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5, "unit": "AUC"}, "assessed": {"response": "SD"},
    "adverse event": {"term": "nausea", "grade": 2}, "progressed": {"basis": "clinical"}, "died": {}, "withdrawn": {}, "lost": {},
    "enrolment paused": {}, "enrolment resumed": {}, "deviation": {"what": "x", "major": False}, "unblinded": {"reason": "x"},
}  # fmt: skip
Order = Callable[[Conduct, datetime], Event | Sequence[Event]]


@cache
def asking() -> tuple[Trial, ByWhom, Trial]:
    """NORTH, that asks for details of the person; and an amendment of it."""
    raw = read_toml(find_trial("north"), "a trial") | {"assumptions": [], "sources": []}
    raw["patients"] = {"asks": ["birth_year", "sex", "initials"]}
    trial = trial_from(raw, "north")
    raw["arms"][0]["regimen"][0]["dose"] = 90
    return trial, PermutedBlocks(trial, "a secret for tests only"), trial_from(raw, "north")


@cache
def blinded() -> tuple[Trial, ByWhom, None]:
    """E2511: its log holds codes."""
    trial = read_trial(find_trial("e2511"))
    return trial, Sealed(trial, [secret_of("e2511")]), None


@cache
def minimised() -> tuple[Trial, ByWhom, None]:
    """NORTH, its arms by minimisation: each follows from all before."""
    raw = read_toml(find_trial("north"), "a trial") | {"assumptions": [], "sources": []}
    raw["randomisation"] = {"method": "minimisation", "factors": raw["randomisation"]["factors"]}
    trial = trial_from(raw, "north")
    return trial, Sealed(trial, [secret_of("north")]), None


@cache
def peopled() -> tuple[Trial, ByWhom, Trial]:
    """NORTH with people, some trained and delegated to; its amendment takes effect by site."""
    raw = read_toml(find_trial("north"), "a trial") | {"assumptions": [], "sources": []}
    raw["people"] = {"training": ["GCP"], "delegation": True}
    trial = trial_from(raw, "north")
    raw |= {"amendments": {"per_site": True}}
    raw["arms"][0]["regimen"][0]["dose"] = 90
    return trial, PermutedBlocks(trial, "a secret for tests only"), trial_from(raw, "north")


@cache
def adaptive() -> tuple[Trial, ByWhom, Trial]:
    """NORTH, its arms by minimisation that counts another way after the amendment."""
    trial, by_secret, _ = minimised()
    raw = read_toml(find_trial("north"), "a trial") | {"assumptions": [], "sources": []}
    raw["randomisation"] = {
        "method": "minimisation",
        "factors": raw["randomisation"]["factors"],
        "imbalance": "variance",
    }
    return trial, by_secret, trial_from(raw, "north")


#: Who gives orders in a log with people, beside the administrator "t".
STAFF = {
    "in1": ("investigator", "S01"), "in2": ("investigator", "S02"), "co1": ("coordinator", "S01"), "sp": ("sponsor", ""),
    "cm": ("committee", ""), "dm": ("data manager", ""),
}  # fmt: skip


def begin(trial: Trial, by_secret: ByWhom) -> Log:
    at = moment(trial.start)
    c = Conduct.open(trial, at, "t", administrator="t" if trial.people is not None else "")
    for person, (role, site) in STAFF.items() if trial.people is not None else ():
        data = {"person": person, "role": role, **({"sites": [site]} if site else {})}
        c.order("granted", at.date(), at, "t", data=data)
        if person != "dm":
            c.order("trained", at.date(), at, "t", data={"person": person, "what": "GCP"})
    if trial.people is not None:
        c.order("delegated", at.date(), at, "in1", data={"person": "co1", "tasks": ["screened", "contact"]})
    for site in list(trial.site_by_name)[:2]:
        c.activate(
            site,
            max(trial.start, trial.site_by_name[site].activation or trial.start),
            moment(FIRST.replace(year=2016)),
            "sp" if trial.people is not None else "t",
        )
    if isinstance(by_secret, Sealed):
        c.seal(by_secret.secrets[0], c.log[len(c.log) - 1].recorded.date(), c.log[len(c.log) - 1].recorded, "t")
    return c.log


def an_order(draw: Random, trial: Trial, log: Log) -> Order:
    """Some order, possible or not; mostly of a patient who is there, or one of the trial's own."""
    return (_of_the_trial if draw.random() < 0.3 else _of_a_patient)(draw, trial, log)


def somebody(draw: Random, trial: Trial, *likely: str) -> str:
    """Who gives an order: in a log with people mostly one of those who may."""
    if trial.people is None:
        return "t"
    return draw.choice([*likely * 3, *STAFF, "t", "nobody"])


def _of_the_trial(draw: Random, trial: Trial, log: Log) -> Order:
    """An order of the trial's own: of enrolment, a look, a site, people, a definition, or the correction of one."""
    site = draw.choice([*list(trial.site_by_name)[:3], "S99"])
    last = max(e.happened for e in log if e.happened.year < 2016)
    on = draw.choice(
        [last, last, last + timedelta(1), last - timedelta(1), last - timedelta(draw.randrange(400)), None]
    )
    key = draw.choice(["", "", "", f"o{draw.randrange(40)}"])
    own = [e.number for e in log if e.number > 1 and not e.patient and e.kind != "removed"]
    changes = [e.number for e in log if e.kind in ("approved", "site activated") or e.kind.startswith("enrolment")]
    number = draw.choice([*changes[-4:] * 3, *own[-6:], draw.choice(own)])
    person, role = draw.choice([*STAFF, "new"]), draw.choice(["investigator", "coordinator", "sponsor", "monitor"])
    look = {"look": 1, "action": "continue", "cutoff": "2013-06-01", "known_on": "2013-06-01"}
    rule = trial.safety[0].name if trial.safety else "none"
    safety = {
        "rule": rule,
        "speaks": True,
        "does": "pause",
        "events": 4,
        "watched": 9,
        "cutoff": "2013-06-01",
        "known_on": "2013-06-01",
    }
    who = somebody(draw, trial, "sp")
    of_cm, of_t = somebody(draw, trial, "cm"), somebody(draw, trial, "t")
    patients = sorted({e.patient for e in log if e.kind == "randomised"}) or ["P1"]
    unblinded, told = draw.choice(patients), draw.choice(["in1", "in2"])
    fingerprints = [e.data["fingerprint"] for e in log if e.kind in ("opened", "amended")]

    def day(now: datetime) -> date:
        return on or now.date()

    def ruled(c: Conduct, now: datetime) -> list[Event]:
        ahead = c.fork(None)
        ahead.takes = True
        made = [ahead.order("safety look", day(now), now, of_cm, "four of nine", data=safety) for _ in "ab"]
        return [*made, ahead.order("enrolment paused", day(now), now, of_cm, "it speaks")]

    people = 4 if trial.people is not None else 1
    kind = draw.choice(["enrolment paused", "enrolment resumed", "enrolment resumed", "enrolment closed"])
    kind = kind if kind != "enrolment closed" or draw.random() < 0.3 else "enrolment paused"
    grant = {
        "person": person,
        "role": role,
        **({"sites": [site]} if role in ("investigator", "coordinator", "monitor") else {}),
    }
    orders: list[tuple[int, Order]] = [
        (9, lambda c, now: c.order(kind, day(now), now, who, "x", key=key)),
        (2, lambda c, now: c.order("decided", now.date(), now, of_cm, "enough", data=look, key=key)),
        (2, lambda c, now: c.order("safety look", now.date(), now, of_cm, "x", data=safety, key=key)),
        (3, ruled),
        (2, lambda c, now: c.activate(site, day(now), now, who, key=key)),
        (6, lambda c, now: c.order("approved", day(now), now, who, site=site, data={"fingerprint": draw_print}, key=key)),
        (5, lambda c, now: c.correct(number, now, who, "wrong", on=day(now), key=key)),
        (3, lambda c, now: c.correct(number, now, who, "wrong", void=True, key=key)),
        (people, lambda c, now: c.order("granted", now.date(), now, of_t, data=grant, key=key)),
        (people, lambda c, now: c.order("revoked", now.date(), now, of_t, data={"person": person, "role": role}, key=key)),
        (people, lambda c, now: c.order("trained", now.date(), now, of_t, data={"person": person, "what": "GCP"}, key=key)),
        (people, lambda c, now: c.order("delegated", now.date(), now, told, data={"person": "co1", "tasks": ["contact"]}, key=key)),
        (12 if trial.masked else 0, lambda c, now: c.unblind(unblinded, day(now), now, "t", "an overdose", key=key)[0]),
    ]  # fmt: skip
    draw_print = draw.choice([fingerprints[-1]] * 4 + [*fingerprints, "f" * 64])
    return draw.choices([o for _, o in orders], [w for w, _ in orders])[0]


def _of_a_patient(draw: Random, trial: Trial, log: Log) -> Order:
    sites = list(trial.site_by_name)[:3]
    of_kind = {kind: {e.patient for e in log if e.kind == kind} for kind in ("screened", "enrolled", "randomised")}
    screened, enrolled, randomised = of_kind.values()
    odd = draw.random() < 0.2
    oddly = ["P1", "р1", "S01-001", "NOBODY", *sorted({e.patient for e in log if e.patient})]

    def one_of(names: set[str]) -> str:
        return draw.choice(oddly) if odd or not names else draw.choice(sorted(names))

    new, next_one, next_two, who = (
        one_of(set()),
        one_of(screened - enrolled),
        one_of(enrolled - randomised),
        one_of(randomised),
    )
    day = max(trial.start, FIRST) + timedelta(
        draw.choice([400, 401, 401, 401, 402, 403, 404]) - 10 * (draw.random() < 0.05)
    )
    key = draw.choice([""] * 12 + [f"k{len(log)}"] * 5 + ["k3", f"k{draw.randrange(60)}"])
    number = draw.randrange(3, len(log) + 2)
    levels = {f.name: draw.choice([*f.levels * 4, "?"]) for f in trial.recorded_factors}
    person: dict[str, Any] = {}
    if trial.patients is not None:
        person = {
            "birth_year": draw.choice([1950, 1951]),
            "sex": draw.choice("mf"),
            "initials": draw.choice(["AB", "CD", "EF"]),
        }
        person |= {"new_person": True} if draw.random() < 0.5 else {}
        if odd:
            del person[draw.choice(sorted(person))]
    by = somebody(draw, trial, *["in1"] * 3, "in2", "co1")
    kind = draw.choice(list(DETAILS) if draw.random() < 0.25 else ["contact", "adverse event", "assessed"])
    of = who if not kind.startswith("enrolment") else ""
    data = {**DETAILS[kind], **({"cycle": draw.randrange(1, 4)} if kind == "treated" else {})}
    orders: list[tuple[int, Order]] = [
        (8, lambda c, now: c.screen("" if draw_none else new, draw_site, day, now, by, person=person, key=key)),
        (10 if screened - enrolled else 1, lambda c, now: c.enrol(next_one, day, now, by, levels, key=key)),
        (10 if enrolled - randomised else 1, lambda c, now: c.randomise(next_two, day, now, by, key=key)),
        (12 if randomised else 1, lambda c, now: c.order(kind, day, now, by, "x", of, data=data, key=key)),
        (4, lambda c, now: c.correct(number, now, by, "wrong", on=day, key=key)),
        (4, lambda c, now: c.correct(number, now, by, "wrong", void=True, key=key)),
        (2, lambda c, now: c.correct(number, now, by, "wrong", data={"birth_year": 1951, "grade": 3}, key=key)),
        (2, lambda c, now: c.correct(number, now, by, "wrong", factors=levels, key=key)),
        (2, lambda c, now: c.redact(number, now, by, "a name", key=key)),
        (1, lambda c, now: c.activate(draw_site, day, now, by, key=key)),
        (1 if draw.random() < 0.2 else 0, lambda c, now: c.correct_clock(now - timedelta(1), by, "ahead", key=key)),
    ]  # fmt: skip
    draw_none, draw_site = draw.random() < 0.8, draw.choice([*sites[:2] * 6, *sites, "S99"])
    return draw.choices([o for _, o in orders], [w for w, _ in orders])[0]
