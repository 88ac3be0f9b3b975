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
ASKED = ("/", "/patients/", "/people/", "/known/", "/screen/", "/mark/")


def log_of(length: int) -> Log:
    """The log of the tests, and contacts of its patients in turn up to a length."""
    events = list(people_log.log())
    last, patients = events[-1], sorted({e.patient for e in events if e.patient})
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
    """What each page costs just after an order: the least of four."""
    served = serve(installation, folder, log_of(length))
    client, key = served.client("investigator"), key_of("S01-000")
    for page in ASKED:
        client.get(page)  # once, as a process begins
    found: dict[str, list[float]] = {page: [] for page in ASKED}
    for i in range(4):
        for page in ASKED:
            answer = posted(
                client, f"/p/{key}/new/contact/", happened="2013-07-20", why=f"{i} {page}", confirm="long-ago"
            )
            assert answer.status_code == 302
            found[page].append(spent(lambda page=page: client.get(page)))
    return {page: min(times) for page, times in found.items()}


def test_a_page_costs_the_same_at_300_and_at_30_000_events(site_installation: Installation, tmp_path: Path) -> None:
    short, long = (costs(site_installation, tmp_path, n) for n in (300, 30_000))
    print({page: f"{1000 * short[page]:.0f} ms, {1000 * long[page]:.0f} ms" for page in ASKED})
    for page in ASKED:
        assert long[page] < 3 * short[page] + 0.04, page
