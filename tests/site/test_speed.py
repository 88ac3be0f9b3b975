"""A page costs the same at 300 and at 30,000 events, also after an order has made the log longer; in processor time, and by a ratio."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import people_log
from equipoise.site.folder import Installation
from equipoise.trial.log import Log
from site_server import key_of, posted, serve

pytestmark = pytest.mark.slow
#: Role → its pages; {} stands for a patient whose own record grows by nothing but the orders.
ASKED = {
    "coordinator": ("/", "/patients/", "/due/", "/screen/", "/queries/", "{}", "/mark/"),
    "investigator": ("/", "/patients/", "/people/", "/known/", "/signatures/", "{}"),
    "pharmacist": ("/", "/due/", "{}"),
    "monitor": ("/", "/patients/", "/queries/", "{}"),
    "data manager": ("/", "/patients/", "/due/", "/data/", "/queries/", "{}", "/mark/"),
    "medical monitor": ("/", "/safety/", "{}"),
    "sponsor": ("/", "/sites/", "/known/", "/looks/", "/mark/"),
    "committee": ("/", "/looks/"),
    "administrator": ("/", "/people/"),
    "inspector": ("/", "/known/", "/patients/", "{}"),
}


def log_of(length: int) -> Log:
    """The log of the tests, and contacts of its patients in turn up to a length."""
    events = list(people_log.log())
    last, patients = events[-1], sorted({e.patient for e in events if e.patient} - {"S01-000"})
    for number in range(len(events) + 1, length + 1):
        name = patients[number % len(patients)]
        by = "investigator-1" if name.startswith("S01") else "investigator-2"
        at = last.recorded + timedelta(seconds=number)
        events.append(
            replace(last, number=number, kind="contact", patient=name, site="", by=by, happened=date(2013, 7, 1), recorded=at, data={}, why="", corrects=None)
        )  # fmt: skip
    return Log(events)


def spent(asked: Callable[[], Any]) -> float:
    """Processor time [s]."""
    begun = time.process_time()
    assert asked().status_code in (200, 204)
    return time.process_time() - begun


def costs(installation: Installation, folder: Path, length: int) -> dict[str, float]:
    """What each page of each role costs just after an order, which another person gave: the least of three."""
    served = serve(installation, folder, log_of(length))
    writer, key = served.client("investigator"), key_of("S01-000")
    found: dict[str, float] = {}
    for role, pages in ASKED.items():
        client = served.client(role)
        for page in (p.format(f"/p/{key}/") for p in pages):
            client.get(page)  # once, as a process begins
            times = []
            for i in range(3):
                said = {"happened": "2013-07-20", "why": f"{i} {role} {page}", "confirm": "long-ago"}
                assert posted(writer, f"/p/{key}/new/contact/", **said).status_code == 302
                times.append(spent(lambda client=client, page=page: client.get(page)))
            found[f"{role} {page.replace(key, '…')}"] = min(times)
    return found


def test_a_page_costs_the_same_at_300_and_at_30_000_events(site_installation: Installation, tmp_path: Path) -> None:
    short, long = (costs(site_installation, tmp_path, n) for n in (300, 30_000))
    said = {page: f"{1000 * short[page]:.0f} ms, {1000 * long[page]:.0f} ms" for page in short}
    print(*said.items(), sep="\n")
    assert {page: said[page] for page in short if long[page] >= 3 * short[page] + 0.04} == {}
