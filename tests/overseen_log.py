"""NORTH's log with people, and acts about its record: queries, verification, signatures, a look step by step. The same acts in every world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache

from equipoise.conduct.conduct import Conduct
from equipoise.desk import oversight
from equipoise.files.definition import trial_of
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from people_log import PEOPLE, SITES, log, north

OWN, OTHER = f"{SITES[0]}-000", f"{SITES[1]}-003"
CUTOFF = date(2013, 7, 5)
START = datetime(2013, 8, 1, 9, tzinfo=UTC)


class Desk:
    """Orders one after the other, an hour apart, each judged and taken in."""

    def __init__(self, events: Log | None = None) -> None:
        self.conduct = Conduct(north(), events if events is not None else log(), read=trial_of)
        self.now = START

    def __call__(self, order: Callable[[Conduct, datetime], Event]) -> Event:
        self.now += timedelta(hours=1)
        return order(self.conduct, self.now)

    def number(self, patient: str, kind: str, **details: object) -> int:
        """The log's number of an event that stands."""
        return next(
            e.number
            for e in self.conduct.record_of(patient)
            if e.kind == kind and all(e.data.get(k) == v for k, v in details.items())
        )

    def shown(self, role: str, number: int) -> int:
        """The number under which a role sees an event."""
        from equipoise.conduct.visibility import Reader, numbers_shown

        reader = Reader.of(PEOPLE[role], self.conduct.people, *self.conduct.definitions.trials)
        return next(there for there, here in numbers_shown(self.conduct.log, reader).items() if here == number)


def act(desk: Desk) -> None:
    """One of each, by whom it is; on what every world has."""
    monitor, manager, investigator, sponsor = (
        PEOPLE[r] for r in ("monitor", "data manager", "investigator", "sponsor")
    )
    grade = desk.number(OWN, "adverse event")
    asked = desk(oversight.on(monitor, "query opened", grade, field="grade", text="Is it 3?"))
    desk(oversight.turn(PEOPLE["coordinator"], "query answered", asked.number, "yes"))
    desk(oversight.turn(monitor, "query closed", asked.number, None))
    # Every dose is asked about: of which drug there are how many must stay unknown to who is masked.
    for e in [e for e in desk.conduct.record_of(OWN) if e.kind == "treated"]:
        desk(oversight.on(monitor, "query opened", e.number, field="dose", text="IMGN901 or not?"))
    desk.now = START + timedelta(hours=10)  # in every world the same
    desk(
        oversight.on(manager, "query opened", desk.shown("data manager", desk.number(OTHER, "assessed")), text="When?")
    )
    desk(oversight.verify(monitor, [e.number for e in desk.conduct.record_of(OWN)]))
    desk(oversight.sign(investigator, OWN, "I endorse these data at the cut-off", CUTOFF))
    desk(
        oversight.on(
            manager,
            "coded",
            desk.shown("data manager", grade),
            field="term",
            term="Neutropenia",
            code="10029354",
            dictionary="MedDRA",
            version="27.1",
        )
    )
    desk(oversight.act(manager, "frozen", f"{SITES[1]}-001"))
    desk(oversight.act(monitor, "reviewed", scope="S01", finding="nothing"))
    desk(oversight.act(monitor, "exported", what="log"))
    for kind, by, said in (
        ("cut off", sponsor, {"cutoff": CUTOFF.isoformat()}), ("look checked", manager, {}), ("entry closed", manager, {}),
        ("look unblinded", PEOPLE["committee"], {}),
    ):  # fmt: skip
        desk(oversight.act(by, kind, look=2, **said))
    desk(oversight.act(PEOPLE["committee"], "seen", why="look 2", page="report by arm"))
    desk(lambda c, now: c.order("decided", now.date(), now, PEOPLE["committee"], "as it stands", data={
        "look": 2, "action": "continue", "cutoff": CUTOFF.isoformat(), "known_on": now.date().isoformat()}))  # fmt: skip
    desk(oversight.act(PEOPLE["committee"], "recommended", look=2, recommendation="continue"))
    desk(oversight.act(sponsor, "recommendation taken", look=2, text="It goes on."))


@cache
def _events(of: Callable[[], Log]) -> tuple[Event, ...]:
    desk = Desk(of())
    act(desk)
    return tuple(desk.conduct.log)


def overseen(of: Callable[[], Log] = log) -> Log:
    """A world's log with the acts at its end."""
    return Log(_events(of))
