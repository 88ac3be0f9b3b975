"""The first day of a trial, as people click it: from the link that works once to a patient's arm and its receipt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from browsing import CHROMIUM, FLAGS, Person, serving
from helpers import Answer

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
PHRASE = "lanterns over the harbour"
MET = {**dict.fromkeys(range(1, 7), "Met"), 7: "Absent", 8: "Absent"}


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")
def test_from_the_first_link_to_a_receipt(tmp_path: Path, equipoise: Any) -> None:
    from playwright.sync_api import sync_playwright

    folder = tmp_path / "north-site"
    with serving(folder, "--administrator", "ada") as said, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        ada, sue, ivy = (Person(browser, said["address"]) for _ in range(3))
        ada.by_link(said["links"]["ada"], "ada", PHRASE).with_app(PHRASE)
        links = {}
        for person, role, sites in (("sue", "sponsor", []), ("ivy", "investigator", ["S01 Site 1"])):
            ada.to("/accounts/").fill(User_name=person, Name_in_full=f"{person.title()} Lang").click("Make it")
            links[person] = ada.page.get_by_label("The link").input_value()
            ada.click("Grant a role", "link").fill(Person=person, Name_in_full=f"{person.title()} Lang")
            ada.page.get_by_label("Role").select_option(role)
            for site in sites:
                ada.page.get_by_label(site, exact=True).check()
            ada.click("Grant")
            assert ada.sees(role)
        sue.by_link(links["sue"], "sue", PHRASE).with_app(PHRASE).to("/sites/activate/")
        sue.page.get_by_label("Site").select_option("S01")
        sue.click("Activate").to("/").to("/known/")

        ivy.by_link(links["ivy"], "ivy", PHRASE).with_passkey(PHRASE).to("/screen/")
        for number, answer in MET.items():
            ivy.page.locator(f"#id_c{number}").get_by_label(answer, exact=True).check()
        ivy.click("Record the screening")
        assert ivy.sees("S01-001")
        patient = ivy.page.url
        ivy.click("Enrol", "link")
        ivy.page.get_by_label("0-1").check()
        ivy.page.get_by_label("normal").check()
        ivy.click("Enrol")
        assert ivy.sees("ecog=0-1 / ldh=normal")
        assert "S01" not in ivy.page.url
        ivy.page.locator("#id_passphrase").fill("not the right one at all")
        ivy.click("Randomise now")
        assert ivy.sees("This is not your pass phrase.")
        ivy.click("Confirm by passkey instead", "link").click_and_wait("Use a security key", "/randomise/")
        assert ivy.sees("Confirmed by your passkey")
        ivy.click("Randomise now")
        receipt = ivy.page.inner_text("main")
        assert "S01-001 is randomised" in receipt
        ivy.page.reload()
        assert ivy.page.inner_text("main") == receipt
        ivy.page.go_back()
        assert ivy.page.inner_text("main") == receipt
        for page in (patient, f"{patient}record/", "/patients/", "/known/", "/people/", "/", "/account/sessions/"):
            ivy.to(page)
        ivy.click("Log out").click_and_wait("With a passkey", "/")
        assert ivy.sees("Good day, Ivy Lang")
        for page in ("/access/", "/people/", "/accounts/", "/people/revoke/", "/people/train/", "/"):
            ada.to(page)
        assert [p.wrong for p in (ada, sue, ivy)] == [[], [], []]
        browser.close()
    log = f"sqlite:///{folder}/log/trial.sqlite3"
    verified: Answer = equipoise("conduct", "verify", "north", "--log", log, "--as", "ada")
    assert verified.status == 0
    number, given = re.search(r"Event\s+(\d+)", receipt), re.search(r"[0-9a-f]{64}", receipt)
    assert number is not None
    assert given is not None
    from equipoise.files.log_store import store_at

    stored = store_at(log, "north").read().log
    assert stored.hash_at(int(number[1])) == given[0]
    assert [e.by for e in stored if e.patient] == ["ivy"] * 3
