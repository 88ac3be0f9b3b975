"""Two patients of NORTH, one at each of two sites, and a clock that a test sets: what the tests of pages and forms begin with."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import people_log
from equipoise.desk import order
from equipoise.site.folder import Installation
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from site_server import Served, key_of, serve

ENTRY = date(2013, 2, 1)
PATIENT, OTHER = "S01-000", "S02-001"


class Patients:
    """One patient of the first site on CE, one of the second; and a clock."""

    def __init__(self, installation: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write = people_log.opened(people_log.north())
        for name, site, by in ((PATIENT, "S01", "investigator-1"), (OTHER, "S02", "investigator-2")):
            write("screened", by, ENTRY, name, site, failed=[])
            write("enrolled", by, ENTRY, name, site, factors={"ecog": "0-1", "ldh": "normal"})
            write("randomised", by, ENTRY, name, arm="CE", stratum="0-1/normal")
        self.write, self.monkeypatch = write, monkeypatch
        self.now = datetime(2013, 2, 1, 18, tzinfo=UTC)
        self.served: Served = serve(installation, folder, Log(write.conduct.log))
        monkeypatch.setattr(order, "now", lambda: self.now)
        self.key = key_of(PATIENT)

    def at(self, day: int, hour: int = 18) -> Patients:
        """Later: days since entry."""
        self.now = datetime(2013, 2, 1, hour, tzinfo=UTC) + timedelta(days=day)
        return self

    def client(self, role: str = "coordinator") -> Any:
        return self.served.client(role)

    def log(self) -> list[Event]:
        return list(self.served.log())

    def post(self, where: str, role: str = "coordinator", **typed: Any) -> Any:
        """What is answered to a form: the page is loaded first, as a person does."""
        client, address = self.client(role), f"/p/{self.key}/{where}"
        page = client.get(address)
        assert page.status_code == 200, page.status_code
        return client.post(address, {"key": key_in(page), **typed})


def key_in(page: Any) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def day(n: int) -> str:
    return str(ENTRY + timedelta(days=n))
