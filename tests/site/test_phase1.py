"""Phase I in the browser: which level the design gives now, and whom it waits for, in words that the investigator may know."""

from __future__ import annotations

import re
from typing import Any

import pytest

from equipoise.site import live
from phase1_trials import FIRST
from site_server import Served


@pytest.fixture
def served(phase1: Served) -> Served:
    """The phase I is what is served here."""
    return phase1


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
