"""Several processes of the app on one log: each allocation is the next of its list, and none is given twice."""

from __future__ import annotations

import contextlib
import threading
from datetime import date, datetime
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.sealed import Sealed
from equipoise.desk.known import verify
from equipoise.site import live
from equipoise.trial.event import Event
from people_log import PEOPLE, north
from sealed import secret_of
from site_server import Served

DAY = date(2013, 7, 20)


def test_no_allocation_is_given_twice(served: Served) -> None:
    """Four Lives, each with a lock and a projection of its own as processes have them, and twelve patients of one stratum."""
    by, own = PEOPLE["investigator"], [live.Live(served.installation) for _ in range(4)]

    def entered(i: int) -> str:
        def screen(c: Conduct, now: datetime) -> Event:
            return c.screen("", "S01", DAY, now, by)

        event = own[i].order(by, screen).event
        assert event is not None
        assert own[i].order(by, lambda c, now: c.enrol(event.patient, DAY, now, by, {"ecog": "2", "ldh": "raised"})).ok
        return event.patient

    patients = [entered(i % 4) for i in range(12)]
    answers: list[Any] = []
    together = threading.Barrier(4)

    def run(i: int) -> None:
        together.wait()
        for patient in patients[i::4]:
            for _ in range(2):  # a double click
                answers.append(own[i].order(by, lambda c, now, p=patient: c.randomise(p, DAY, now, by, key=f"of {p}")))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(a.ok for a in answers), [a.problems for a in answers if not a.ok]
    log = served.log()
    given = [e for e in log if e.kind == "randomised" and e.data["stratum"] == "ecog=2 / ldh=raised"]
    assert len(given) == len({e.patient for e in given}) == 12
    by_secret = Sealed(north(), [secret_of("north")]).known("")
    from equipoise.conduct.place import Place

    for i, e in enumerate(given):
        assert by_secret is not None
        factors = {"ecog": "2", "ldh": "raised"}
        assert e.data["arm"] == by_secret.give(Place(e.data["stratum"], i, factors, "", list))  # type: ignore[union-attr, arg-type]
    assert verify(north(), live.current().store, person=PEOPLE["inspector"]).ok


def test_what_another_process_recorded_is_seen_at_the_next_request(served: Served) -> None:
    client, other = served.client("investigator"), live.Live(served.installation)
    before = client.get("/patients/").content.decode()
    assert "S01-013" not in before
    by = PEOPLE["investigator"]
    assert other.order(by, lambda c, now: c.screen("", "S01", DAY, now, by)).ok
    assert "S01-013" in client.get("/patients/").content.decode()


def test_a_store_that_fails_leaves_a_process_that_reads_anew(served: Served) -> None:
    by, own = PEOPLE["investigator"], live.current()
    own.shown(by)

    def fails(c: Conduct, now: datetime) -> Event:
        raise OSError("no room")

    with contextlib.suppress(OSError):
        own.order(by, fails)
    assert own.order(by, lambda c, now: c.screen("", "S01", DAY, now, by)).ok
