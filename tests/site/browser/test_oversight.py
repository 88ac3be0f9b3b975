"""Oversight, as people click: a query and its answer, verification that falls, a signature, a look in the committee's room, audit review, export."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from browsing import CHROMIUM, FLAGS, Person, serving
from equipoise.conduct.conduct import replay
from equipoise.desk.opening import load_trial, log_of
from equipoise.files.definition import trial_of
from equipoise.files.log_address import address_of
from equipoise.site.demo import day_of
from equipoise.site.folder import Installation

pytestmark = [
    pytest.mark.browser,
    pytest.mark.thorough,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]
PHRASE = "equipoise shows itself"
SHOTS = os.environ.get("EQUIPOISE_SHOTS", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "site"


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[str]:
    with serving(folder, "--demo") as said:
        yield said["address"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def person(chromium: Any, demo: str, user: str) -> Person:
    found = Person(chromium, demo)
    found.page.set_default_timeout(20_000)
    return found.to("/account/login/").log_in(user, PHRASE)


def shot(who: Person, name: str) -> None:
    """A picture to look at, where somebody named a folder for them."""
    if SHOTS:
        who.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def patient_of(who: Person, board: str) -> str:
    """The address of the first patient on a board."""
    who.to(board)
    shot(who, board.strip("/"))
    return str(who.page.locator("tbody tr td a").first.get_attribute("href"))


def test_a_query_is_asked_answered_and_closed_and_a_value_verified(chromium: Any, demo: str) -> None:
    mona, cora = person(chromium, demo, "mona"), person(chromium, demo, "cora")
    address = patient_of(mona, "/verify/")
    mona.to(address)
    shot(mona, "verify-patient")
    mona.page.locator("table input[type=checkbox]").first.check()
    mona.click("Record as verified")
    assert mona.sees("verified")
    mona.page.get_by_role("link", name=re.compile("^Ask")).first.click()
    mona.page.wait_for_load_state()
    mona.look().fill(Question="Is the day right?").click("Ask")
    assert mona.sees("Is the day right?")
    shot(mona, "queries")
    cora.to("/queries/")
    cora.page.locator("tr", has_text="Is the day right?").get_by_role("link").first.click()
    cora.page.wait_for_load_state()
    cora.look()
    shot(cora, "query")
    cora.click("Answer", "link").fill(Answer="Yes, by the chart.").click("Answer")
    assert cora.sees("Yes, by the chart.")
    mona.to("/queries/?state=answered")
    mona.page.locator("tr", has_text="Is the day right?").get_by_role("link").first.click()
    mona.page.wait_for_load_state()
    mona.click("Close", "link").click("Close")
    assert mona.sees("closed")
    mona.to("/trail/?what=act")
    shot(mona, "trail")
    mona.click("Record a review of this", "link").fill(What_was_found="Nothing.").click("Record")
    assert mona.sees("change act") or mona.sees("what act")
    mona.to("/exports/").click("Export odm", "link")
    shot(mona, "export")
    assert mona.wrong == []
    assert cora.wrong == []


def test_a_record_is_signed_by_keyboard_and_the_signature_stands_with_its_name(chromium: Any, demo: str) -> None:
    ivo = person(chromium, demo, "ivo")
    ivo.to("/signatures/")
    shot(ivo, "signatures")
    ivo.page.get_by_role("link", name="Sign", exact=True).first.click()
    ivo.page.wait_for_load_state()
    ivo.look()
    shot(ivo, "sign")
    ivo.page.locator("input[type=password]").fill(PHRASE)
    ivo.page.locator("input[type=password]").press("Enter")
    ivo.page.wait_for_load_state()
    ivo.look()
    shot(ivo, "signed")
    assert ivo.sees("holds")
    assert ivo.sees("I endorse these data at the cut-off")
    assert ivo.wrong == []


def test_a_look_goes_to_the_committee_s_room_and_back(chromium: Any, demo: str, folder: Path) -> None:
    sue, dan, committee = (person(chromium, demo, user) for user in ("sue", "dan", "carl"))
    stands = day_of(load_trial(str(folder / "trial" / "trial.toml"))) - timedelta(days=1)
    sue.to("/looks/")
    shot(sue, "looks")
    sue.to("/looks/1/").click("Cut off", "link")
    sue.fill(**{"Cut-off": min(stands, datetime.now(UTC).date()).isoformat()}).click("Cut off")
    assert sue.sees("Next: look checked.")
    shot(sue, "look")
    dan.to("/data/")
    shot(dan, "data")
    dan.to("/codes/")
    dan.to("/looks/1/").click("Record that the data are checked", "link").click("Record")
    dan.to("/looks/1/").click("Close entry for the cut", "link").click("Close entry")
    committee.to("/looks/1/").click("Open the look to the committee", "link").click("Open")
    committee.click("The committee's room", "link").fill(Why_you_open_it="look 1").click("Open")
    shot(committee, "room")
    assert committee.sees("Closed report")
    mika = person(chromium, demo, "mika")
    mika.to("/safety/")
    shot(mika, "safety")
    own = Installation.read(folder)
    assert own is not None
    trial = load_trial(own.trial)
    log = log_of(trial, address_of(own.log)).read().log
    assert [e.kind for e in log][-5:] == ["cut off", "look checked", "entry closed", "look unblinded", "seen"]
    assert not replay(trial, list(log), trial_of)
    for who in (sue, dan, committee, mika):
        assert who.wrong == []
