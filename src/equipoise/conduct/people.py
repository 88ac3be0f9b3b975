"""The people of a trial, as its log has them after each event: who was granted what, since when, by which event."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from equipoise.trial.event import Event
from equipoise.trial.role import BY_NAME, Role


def folded(person: str) -> str:
    """A name as it is compared, so that two spellings are not two persons: compatible letters, no case, blanks as one."""
    return " ".join(unicodedata.normalize("NFKC", person).casefold().split())


def sites_of(events: Iterable[Event]) -> dict[str, str]:
    """The site of each patient: that of his screening."""
    found: dict[str, str] = {}
    for event in events:
        if event.patient and event.site:
            found.setdefault(event.patient, event.site)
    return found


@dataclass
class Grant:
    """A role that a person was granted; ``until`` and ``ended_by`` once it is revoked. Moments are those of recording, UTC."""

    person: str
    role: Role
    sites: frozenset[str]
    name: str
    arms: bool
    by: str
    number: int
    since: datetime
    until: datetime | None = None
    ended_by: int | None = None


@dataclass
class People:
    """What an order is judged by: grants, training and delegation as they stand, and whose patient each patient is.

    ``kept`` is False in a log that was opened without people: one operator gives all orders and sees all.
    """

    kept: bool = False
    grants: list[Grant] = field(default_factory=list)
    #: person → what he is trained in
    trained: dict[str, set[str]] = field(default_factory=dict)
    #: (person, site) → the kinds of order that an investigator of that site delegated
    tasks: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    site_of: dict[str, str] = field(default_factory=dict)
    #: number of an event → its kind; a correction has that of what it corrects
    kind_of: dict[int, str] = field(default_factory=dict)
    patient_of: dict[int, str] = field(default_factory=dict)
    #: number of a dose → its drug: who may not know the arm is not shown what is said about a drug of one arm alone
    drug_of: dict[int, str] = field(default_factory=dict)
    #: who was enrolled into phase I of a trial of two parts, where nobody is randomised: there is no arm to be kept from anybody
    of_phase1: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, events: Iterable[Event]) -> People:
        """As they stand after all of a log's events, corrected ones among them."""
        found = cls()
        for event in events:
            if event.number > 1 and not found.kept:
                break
            found.take(event)
        return found

    def copy(self) -> People:
        """The same, to be added to apart from this one."""
        if not self.kept:
            return People()
        return People(
            True, [Grant(**vars(g)) for g in self.grants], {p: set(w) for p, w in self.trained.items()}, dict(self.tasks),
            dict(self.site_of), dict(self.kind_of), dict(self.patient_of), dict(self.drug_of), set(self.of_phase1),
        )  # fmt: skip

    def take(self, event: Event) -> None:
        """Take in the next event of the log."""
        if event.kind == "opened" and event.data.get("administrator"):
            self.kept = True
            person = str(event.data["administrator"])
            role = BY_NAME["administrator"]
            self.grants.append(Grant(person, role, frozenset(), person, False, event.by, event.number, event.recorded))
        if not self.kept:
            return
        corrected = self.kind_of.get(event.corrects) if event.corrects is not None else None
        self.kind_of[event.number] = corrected or event.kind
        if event.patient:
            self.patient_of[event.number] = event.patient
            if event.site:
                self.site_of.setdefault(event.patient, event.site)
        data = event.data
        if event.kind in ("treated", "dose omitted", "sampled"):
            self.drug_of[event.number] = data["drug"]
        if event.kind == "enrolled":
            (self.of_phase1.add if data.get("part") == 1 else self.of_phase1.discard)(event.patient)
        if event.kind == "granted" and data["role"] in BY_NAME:
            role, sites = BY_NAME[data["role"]], frozenset(map(str, data.get("sites", ())))
            name, arms = str(data.get("name", data["person"])), bool(data.get("arms", False))
            self.grants.append(Grant(data["person"], role, sites, name, arms, event.by, event.number, event.recorded))
        elif event.kind == "revoked":
            for g in self.held(data["person"]):
                if g.role.name == data["role"]:
                    g.until, g.ended_by = event.recorded, event.number
                    # What was delegated to the role goes with it: it does not come back with another grant.
                    for site in g.sites:
                        self.tasks.pop((g.person, site), None)
        elif event.kind == "trained":
            self.trained.setdefault(data["person"], set()).add(data["what"])
        elif event.kind == "delegated":
            for site in self.sites(event.by, "investigator") & self.sites(data["person"]):
                self.tasks[data["person"], site] = frozenset(map(str, data["tasks"]))

    def opening_by(self, person: str) -> bool:
        """True of who opened the log, while nothing stands in it but its opening."""
        return len(self.kind_of) == 1 and self.grants[0].by == person

    def held(self, person: str) -> list[Grant]:
        """What a person holds now."""
        return [g for g in self.grants if g.person == person and g.until is None]

    def ever(self, person: str) -> list[Grant]:
        """What a person holds, or held once."""
        return [g for g in self.grants if g.person == person]

    def sites(self, person: str, role: str = "") -> frozenset[str]:
        """The sites for which a person holds a role, or any."""
        return frozenset(s for g in self.held(person) if role in ("", g.role.name) for s in g.sites)

    def of_role(self, role: str) -> set[str]:
        """Who holds a role, or held it once."""
        return {g.person for g in self.grants if g.role.name == role}

    def untrained(self, person: str, asked: Sequence[str]) -> list[str]:
        """What is asked of everybody and the person is not trained in."""
        return [what for what in asked if what not in self.trained.get(person, ())]

    def on(self, day: date) -> Iterator[Grant]:
        """The grants that stood at any moment of a day, UTC, in the order in which they were given."""
        for g in self.grants:
            if g.since.date() <= day and (g.until is None or g.until.date() >= day):
                yield g
