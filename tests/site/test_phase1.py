"""Phase I in the browser: which level the design gives now, and whom it waits for, in words that the investigator may know."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.desk import order
from equipoise.files.log_file import LogFile
from equipoise.site import live
from equipoise.site.folder import Installation
from equipoise.trial.log import Log
from phase1_trials import FIRST, START, trial
from site_server import Served


@pytest.fixture
def served(site_installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A phase I with one site, opened with people; three patients at the first level, of whom one is dosed, and a fourth who is enrolled."""
    (tmp_path / "log").mkdir()
    own = replace(site_installation, folder=tmp_path, trial="phase1-example", log=str(tmp_path / "log" / "log.jsonl"))
    now = datetime.combine(START, datetime.min.time(), UTC) + timedelta(hours=8)
    c = Conduct.open(trial(), now, "ada", administrator="ada")
    for person, role, sites in (("ivy", "investigator", ["S01"]), ("sue", "sponsor", [])):
        c.order(
            "granted", START, now, "ada", data={"person": person, "role": role, **({"sites": sites} if sites else {})}
        )
    c.order("site activated", START, now, "sue", site="S01")
    now = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(hours=8)
    for n in range(1, 5):
        name = f"P{n}"
        c.screen(name, "S01", FIRST, now, "ivy")
        c.enrol(name, FIRST, now, "ivy")
        if n < 4:
            c.order("assigned", FIRST, now, "ivy", patient=name, data={"level": "DL1"})
    LogFile(tmp_path / "log" / "log.jsonl", own.trial).create(Log(c.log))
    monkeypatch.setattr(order, "now", lambda: now)
    live.use(live.Live(own))
    return Served(own)


def form_of(served: Served, patient: str) -> Any:
    client, key = served.client("ivy"), live.current().shown("ivy").key_of(patient)
    return client, f"/p/{key}/new/dose-level/", client.get(f"/p/{key}/new/dose-level/").content.decode()


def test_the_form_says_whom_the_next_cohort_waits_for(served: Served) -> None:
    client, address, page = form_of(served, "P4")
    assert "the design waits for" in page
    assert "P1 at level 1" in page
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None
    refused = client.post(address, {"key": key[1], "happened": str(FIRST), "level": "DL1"})
    assert refused.status_code == 200
    assert "the design waits for" in refused.content.decode()


def test_the_form_says_which_level_the_design_gives(served: Served) -> None:
    own = live.current()
    assigned = next(e.number for e in served.log() if e.kind == "assigned" and e.patient == "P3")
    assert own.order("ivy", lambda c, now: c.correct(assigned, now, "ivy", "not of the cohort", void=True)).ok
    _, _, page = form_of(served, "P4")
    assert "By the design this patient is given DL1" in page


def test_to_ask_records_nothing(served: Served) -> None:
    before = len(served.log())
    form_of(served, "P4")
    assert len(served.log()) == before
