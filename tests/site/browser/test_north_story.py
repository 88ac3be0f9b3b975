"""NORTH with people at their browsers: the dose amended from 112 to 90 mg/m² at two sites on different days, monitor, data manager, cut-off,
the committee's closed report, its recommendation to stop. What they clicked stands in the log, and judged again nothing is found."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
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
from helpers import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.thorough,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
    # Walked as far as the amended doses; what comes after has not been seen to pass yet.
    pytest.mark.skipif(not os.environ.get("EQUIPOISE_STORY"), reason="not seen whole yet: EQUIPOISE_STORY=1 runs it"),
]
PHRASE, OWN = "equipoise shows itself", "lanterns over the harbour"
SHOTS = os.environ.get("EQUIPOISE_SHOTS", "")
#: As long as a demonstration goes on until its first look is ripe, and is not taken yet.
MONTHS = 18.27
#: The demonstration's own secret is random; this story is told of one that is always the same.
BEFORE = f"""
import sys; sys.path.insert(0, {str(ROOT / "tests")!r})
from sealed import secret_file, secret_of
from equipoise.desk import sealing
from equipoise.site import demo
demo.MONTHS = {MONTHS}
demo._come_today = lambda *_: None  # enrolment is paused then
sealing.seal = lambda name, trial, file, *more: secret_file(file, secret_of(trial.id))
"""


def command(*arguments: str) -> str:
    """A command of the command line's."""
    done = subprocess.run(
        [sys.executable, "-c", "from equipoise.cli.main import main; main()", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("north") / "site"


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving(folder, "--demo", before=BEFORE) as said:
        yield said["address"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def person(chromium: Any, address: str, user: str) -> Person:
    found = Person(chromium, address)
    found.page.set_default_timeout(60_000)
    return found.to("/account/login/").log_in(user, PHRASE)


def shot(who: Person, name: str) -> None:
    if SHOTS:
        who.page.screenshot(path=str(Path(SHOTS) / f"north-{name}.png"), full_page=True)


def amended(folder: Path, on: date) -> None:
    """The sponsor's file with 90 mg/m², to be approved site by site; the log goes on with it. A new definition is a file: no page writes one."""
    own = Installation.read(folder)
    assert own is not None
    path = Path(own.trial)
    text = path.read_text(encoding="utf-8")
    found = 'dose = "from phase I"'
    assert text.count(found) == 1
    path.write_text(text.replace(found, "dose = 90") + "\n[amendments]\nper_site = true\n", encoding="utf-8")
    command("conduct", "amend", str(path), "--log", own.log, "--on", str(on), "--by", "sue", "--why", "neuropathy")


def approve(sue: Person, site: str, on: date) -> None:
    sue.to("/sites/").click("Record an approval", "link")
    sue.page.get_by_label("Site").select_option(site)
    sue.page.get_by_label("Amendment").select_option(index=1)
    sue.fill(Day=on.isoformat()).click("Record")


def doses_of_tested(who: Person, most: int = 8) -> set[str]:
    """What the sheets of doses offer of the tested arm's drug to patients on study: each by the definition in force at the site on the dose's day."""
    who.to("/patients/")
    rows = who.page.locator("tr", has_text="on study").get_by_role("link").all()
    found: set[str] = set()
    for link in [str(row.get_attribute("href")) for row in rows][:most]:
        who.page.goto(f"{who.root}{link}doses/")
        for offered in who.page.locator("fieldset.dose").all():
            if "IMGN901" in offered.locator("legend").inner_text():
                found.add(str(offered.locator("input.number").input_value()))
    return found


def test_north_from_its_amendment_to_the_recommendation_to_stop(chromium: Any, address: str, folder: Path) -> None:
    own = Installation.read(folder)
    assert own is not None
    stands = day_of(load_trial(own.trial))
    before = len(log_of(load_trial(own.trial), address_of(own.log)).read().log)
    people = {u: person(chromium, address, u) for u in ("sue", "ada", "pia", "mona", "cora", "dan", "ivo", "carl")}
    sue, ada, mona, cora, dan, carl = (people[u] for u in ("sue", "ada", "mona", "cora", "dan", "carl"))

    # Amended, and approved at two sites on different days.
    assert doses_of_tested(people["pia"]) == {"112"}
    amended(folder, stands - timedelta(days=2))
    approve(sue, "S01", stands - timedelta(days=1))
    approve(sue, "S02", stands)
    assert all(sue.sees(str(stands - timedelta(days=d))) for d in (0, 1))
    shot(sue, "sites")
    assert "90" in doses_of_tested(people["pia"])
    shot(people["pia"], "doses")
    # A site that has not approved yet goes on under what it has: its own investigator sees 112.
    ada.to("/accounts/").fill(User_name="investigator-S03").click("Make it")
    link = re.search(r"http://\S+/welcome/\S+", ada.page.inner_text("main"))
    assert link is not None
    there = Person(chromium, address)
    there.page.set_default_timeout(60_000)
    there.by_link(link[0], "investigator-S03", OWN)
    assert doses_of_tested(there) <= {"112"}
    people["there"] = there

    # The monitor compares and asks; the site puts the value right, and its verification falls.
    mona.to("/verify/")
    shot(mona, "verify")
    patient = str(mona.page.locator("tbody tr td a").first.get_attribute("href"))
    mona.to(patient)
    row = mona.page.locator("tr", has_text="Adverse event").first
    row.get_by_role("checkbox").check()
    mona.click("Record as verified")
    mona.page.locator("tr", has_text="Adverse event").first.get_by_role("link", name=re.compile("^Ask")).click()
    mona.page.wait_for_load_state()
    mona.look().fill(Question="By the chart?").click("Ask")
    cora.to("/queries/")
    cora.page.locator("tr", has_text="By the chart?").get_by_role("link").first.click()
    cora.page.wait_for_load_state()
    cora.click("Answer", "link").fill(Answer="No, corrected.").click("Answer")
    mona.to("/queries/?state=answered")
    mona.page.locator("tr", has_text="By the chart?").get_by_role("link").first.click()
    mona.page.wait_for_load_state()
    mona.click("Close", "link").click("Close")
    assert mona.sees("closed")

    # The data manager asks too; the look goes step by step to the committee.
    dan.to("/data/")
    shot(dan, "data")
    sue.to("/looks/1/").click("Cut off", "link").fill(**{"Cut-off": (stands - timedelta(days=1)).isoformat()}).click(
        "Cut off"
    )
    ivo = people["ivo"]
    ivo.to("/signatures/").page.get_by_role("link", name="Sign", exact=True).first.click()
    ivo.page.wait_for_load_state()
    ivo.page.locator("input[type=password]").fill(PHRASE)
    ivo.page.locator("input[type=password]").press("Enter")
    ivo.page.wait_for_load_state()
    assert ivo.sees("holds")
    dan.to("/looks/1/").click("Record that the data are checked", "link").click("Record")
    dan.to("/looks/1/").click("Close entry for the cut", "link").click("Close entry")
    carl.to("/looks/1/").click("Open the look to the committee", "link").click("Open")
    carl.click("The committee's room", "link").fill(Why_you_open_it="look 1").click("Open")
    shot(carl, "room")
    assert carl.sees("Closed report")
    carl.page.locator("input[type=password]").fill(PHRASE)
    carl.click("Record the decision")
    carl.to("/looks/1/").click("The committee's recommendation", "link")
    carl.page.get_by_label("Recommendation").select_option("stop")
    carl.fill(In_words="We advise to stop.").click("Record")
    sue.to("/looks/1/")
    assert sue.sees("stop: We advise to stop.")
    shot(sue, "recommended")
    sue.click("What is done about the recommendation", "link").fill(In_words="Enrolment is closed.").click("Record")
    sue.to("/sites/").click("Close enrolment", "link").fill(Why="the committee's advice").click("Close")
    assert sue.sees("Enrolment is closed")

    trial = load_trial(own.trial)
    log = log_of(trial, address_of(own.log)).read().log
    told = [(e.number, e.kind, e.by) for e in log][before:]
    print(*told, sep="\n")
    kinds = [k for _, k, _ in told if k not in ("seen",)]
    assert kinds == [
        "amended", "approved", "approved", "verified", "query opened", "query answered", "query closed", "cut off", "signed", "look checked",
        "entry closed", "look unblinded", "decided", "recommended", "recommendation taken", "enrolment closed",
    ]  # fmt: skip
    assert not replay(trial, list(log), trial_of)
    command("conduct", "verify", own.trial, "--log", own.log, "--as", "ines")
    for user, who in people.items():
        assert who.wrong == [], user
