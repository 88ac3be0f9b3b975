"""The data manager's and the medical monitor's pages: what they show, what they record, and that they write no value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from equipoise.conduct.conduct import replay
from equipoise.files.definition import trial_of
from overseen_log import OTHER, OWN
from people_log import PEOPLE, north
from site_server import Served, key_of, posted

Client = Callable[[str], Any]


def last(served: Served) -> Any:
    return served.log()[len(served.log()) - 1]


def test_what_is_overdue_by_site_and_a_record_is_frozen(served: Served, client: Client) -> None:
    manager = client("data manager")
    page = manager.get("/data/").content.decode()
    assert "Scans overdue" in page
    assert "IMGN901" not in page
    assert re.search(r'tag bad">\d+<', page), "NORTH's scans of 2013 are overdue by now"
    assert posted(manager, f"/p/{key_of(OTHER)}/frozen/freeze/", why="complete").status_code == 302
    assert (last(served).kind, last(served).patient) == ("frozen", OTHER)
    refused = posted(client("investigator-2"), f"/p/{key_of(OTHER)}/new/contact/", happened="2013-09-01")
    assert last(served).kind == "frozen"
    assert "frozen since" in refused.content.decode()
    assert posted(manager, f"/p/{key_of(OTHER)}/frozen/unfreeze/", why="an answer").status_code == 302
    assert not replay(north(), list(served.log()), trial_of)


def test_a_text_is_coded_and_stays_as_it_was_recorded(served: Served, client: Client) -> None:
    manager = client("data manager")
    numbers = re.findall(r"/codes/(\d+)/", manager.get("/codes/").content.decode())
    said = {"term": "Neutropenia", "code": "10029354", "dictionary": "MedDRA", "version": "27.1"}
    assert posted(manager, f"/codes/{numbers[0]}/", **said).status_code == 302
    event = served.log()[last(served).data["event"] - 1]
    assert (event.kind, event.data["term"]) == ("adverse event", "Neutropenia")
    assert "MedDRA 27.1: 10029354" in manager.get("/codes/").content.decode()


def test_a_serious_event_has_a_clock_until_it_is_reviewed(served: Served, client: Client) -> None:
    monitor = client("medical monitor")
    page = monitor.get("/safety/").content.decode()
    assert "days over" in page, "it was known in 2013"
    (number,) = re.findall(r"/safety/(\d+)/", page)
    assert posted(monitor, f"/safety/{number}/", related="yes", expected="no", text="as reported").status_code == 302
    assert last(served).data["related"] is True
    assert last(served).by == PEOPLE["medical monitor"]
    page = monitor.get("/safety/").content.decode()
    assert "related, unexpected" in page
    assert "0 wait" in page
    single = monitor.get(f"/p/{key_of(OWN)}/safety/").content.decode()
    assert "Neutropenia" in single
    assert "IMGN901" not in single


def test_no_other_has_them(client: Client) -> None:
    for role in (
        "coordinator",
        "investigator",
        "monitor",
        "sponsor",
        "committee",
        "administrator",
        "inspector",
        "pharmacist",
    ):
        for address in ("/data/", "/codes/", "/safety/"):
            assert client(role).get(address).status_code == 403, (role, address)
