"""Random patients whose records are as odd as records can be: for tests that hold one road against another."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from equipoise.trial.assessment import Assessment
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient, gather
from helpers import moment

START = date(2012, 6, 1)
CUTOFF = START + timedelta(days=700)
ARMS = ("IMGN901", "CE")
READERS = ("investigator", "reader 1")
#: Few sizes and few days, so that sums and days meet: 20 %, 30 % and 5 mm exactly, ties, two scans on a day.
SIZES = (0.0, 4.0, 5.0, 7.0, 9.9, 10.0, 12.0, 14.0, 20.0, 24.0, 25.0, 30.0, 33.3)
DAYS = (0, 1, 20, 41, 42, 43, 84, 90, 126, 127, 150, 168, 183, 184, 210, 252, 300, 400)
RESPONSES = ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "NED")
DRUGS = ("IMGN901", "IMGN901", "carboplatin", "ketchup")
ENDS = ("completed", "progressive disease", "adverse event", "physician decision", "Death")


def random_patients(random: Random, n: int) -> list[Patient]:
    """Patients in the order in which they first appear. Some assessments count from an earlier day than their own."""
    people = list(gather(e for e in random_events(random, n) if e.happened <= CUTOFF).values())
    for patient in people:
        for read in (patient.assessments, *patient.readers.values()):
            read[:] = [a._replace(counts_on=_earlier(a)) for a in read]
    return people


def _earlier(a: Assessment) -> date:
    said = a.event.data.get("progressed_on")
    return date.fromisoformat(said) if said else a.happened


def random_events(random: Random, n: int) -> list[Event]:
    """What happened to them, in no order of days."""
    events: list[Event] = []
    for i in range(n):
        name = f"P{i + 1}"
        for day, kind, data in _record(random):
            on = START + timedelta(days=day)
            events.append(Event(len(events) + 1, kind, on, moment(CUTOFF), "t", patient=name, data=data))
    return events


def _record(random: Random) -> list[tuple[int, str, dict[str, Any]]]:
    sometimes = lambda share: random.random() < share  # noqa: E731
    day = lambda: random.choice(DAYS)  # noqa: E731
    start = random.choice((0, 0, 0, 10))
    found: list[tuple[int, str, dict[str, Any]]] = []
    if sometimes(0.95):
        found.append((start, "randomised", {"arm": random.choice(ARMS), "stratum": "all"}))
    else:
        found.append((start, "enrolled", {"factors": {}}))
    for kind, share, data in (
        ("died", 0.4, {}), ("next therapy", 0.3, {}), ("next therapy", 0.1, {}), ("withdrawn", 0.2, {}), ("lost", 0.2, {}),
        ("contact", 0.3, {}), ("progressed", 0.2, {"basis": "clinical"}), ("progressed", 0.05, {"basis": "clinical"}),
        ("treatment ended", 0.5, {"reason": random.choice(ENDS)}),
    ):  # fmt: skip
        if sometimes(share):
            found.append((day(), kind, data))
    for _ in range(random.choice((0, 1, 2, 3))):
        dose = {"drug": random.choice(DRUGS), "cycle": 1, "day": 1, "dose": 90.0, "unit": "mg/m2"}
        found.append((start + random.choice((0, 1, 21)), "treated", dose))
    if sometimes(0.2):
        found.append((0, "screened", {"failed": random.choice(([], [], [3]))}))
    if sometimes(0.2):
        found.append((day(), "deviation", {"what": "late", "major": sometimes(0.5)}))
    if sometimes(0.1):
        found.append((day(), "adverse event", {"term": "rash", "grade": random.choice((1, 3, 5))}))
    for reader in READERS:
        if sometimes(0.9 if reader == "investigator" else 0.3):
            found += _course(random, reader)
    random.shuffle(found)
    return found


def _course(random: Random, reader: str) -> list[tuple[int, str, dict[str, Any]]]:
    targets = [f"T{i}" for i in range(random.choice((0, 1, 1, 2, 3)))]
    others = [f"N{i}" for i in range(random.choice((0, 0, 1, 2)))]
    nodes = {name for name in targets if random.random() < 0.4}
    extra = {"assessor": reader} if reader != "investigator" or random.random() < 0.2 else {}
    found = []
    for baseline in [True] * random.choice((0, 1, 1, 1, 1, 2)) + [False] * random.choice((0, 1, 2, 3, 5, 8)):
        wellness = random.random()  # all lesions of a scan tend to go one way, so that complete responses come about
        lesions = _scan(random, targets, others, nodes, baseline, wellness) if random.random() < 0.9 else []
        data: dict[str, Any] = {"response": "" if baseline else random.choice(RESPONSES), **extra}
        if baseline:
            data["baseline"] = True
        if lesions:
            data["lesions"] = lesions
        elif random.random() < 0.3:
            data["sum_mm"] = random.choice(SIZES)
        on = random.choice((0, 1)) if baseline and random.random() < 0.9 else random.choice(DAYS)
        if random.random() < 0.1:
            data["progressed_on"] = (START + timedelta(days=random.choice([d for d in DAYS if d <= on]))).isoformat()
        found.append((on, "assessed", data))
    return found


def _scan(
    random: Random, targets: list[str], others: list[str], nodes: set[str], baseline: bool, wellness: float
) -> list[dict[str, Any]]:
    odd = random.random() < 0.15
    lesions: dict[str, dict[str, Any]] = {}

    def read(name: str, kind: str, state: str, **more: Any) -> None:
        lesions[name] = {"lesion": name, "kind": kind, "state": state, **more}

    for name in targets:
        if random.random() < 0.03:
            continue
        node = {"node": True} if name in nodes else {}
        dice = random.random()
        if dice < 0.04:
            read(name, "target", "not evaluated", **node)
        elif dice < 0.1:
            size = {} if random.random() < 0.5 else {"size": random.choice(SIZES)}
            read(name, "target", "too small", **size, **node)
        elif dice < 0.14 and odd:
            read(name, "target", "merged", part_of=random.choice([*targets, *others, "X", "T0"]), **node)
        elif not baseline and wellness < 0.3:
            if node and random.random() < 0.7:
                read(name, "target", "measured", size=random.choice((4.0, 5.0, 9.9)), **node)
            else:
                read(name, "target", "absent", **node)
        else:
            read(name, "target", "measured", size=random.choice(SIZES[4 if baseline else 1 :]), **node)
        if odd and random.random() < 0.3:
            if lesions[name]["state"] != "merged" and random.random() < 0.3:
                lesions[name]["part_of"] = random.choice([*targets, "X"])
            for k in range(random.choice((1, 2))):
                fragment = random.choice(("measured", "measured", "absent", "not evaluated", "merged"))
                size = {"size": random.choice(SIZES)} if fragment == "measured" else {}
                read(f"{name}.{k}", "target", fragment, part_of=name, **size)
    for name in others:
        if random.random() < 0.95:
            states = ("present", "absent", "unequivocal progression", "not evaluated")
            weights = (5, 60, 1, 1) if wellness < 0.3 else (10, 4, 1, 1)
            if odd and random.random() < 0.2:
                read(name, "non-target", "merged", part_of=random.choice([*targets, *others, "X"]))
            else:
                read(name, "non-target", random.choices(states, weights)[0])
            if odd and random.random() < 0.2:
                read(f"{name}.1", "non-target", random.choices(states, weights)[0], part_of=name)
    if not baseline or odd:
        for name in ("L1", "L2"):
            if random.random() < 0.12:
                read(name, "new", random.choice(("equivocal", "equivocal", "unequivocal", "absent", "not evaluated")))
    if odd and random.random() < 0.5 and targets:
        read("X", "target", random.choice(("measured", "absent", "not evaluated")), size=random.choice(SIZES))
    if odd and random.random() < 0.2 and targets:
        read(targets[0], "non-target", "present")
    found = list(lesions.values())
    random.shuffle(found)
    return found
