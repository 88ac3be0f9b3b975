"""What people do, as they click it: each with a trial of its own, whose clock the test sets; each ends with a look at the log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from browsing import CHROMIUM, FLAGS, Person, at_hand
from phase1_trials import FIRST
from site_patients import ENTRY, Patients
from site_server import PASSPHRASE, Served, account, key_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.thorough,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]
As = Callable[[Served, str], Person]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright runs a loop in the tests' own thread, which asks Django for logs and accounts.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)


@pytest.fixture
def as_(chromium: Any) -> Iterator[As]:
    """A person of a trial that is served; at the end nothing was wrong with any page that he saw."""
    found: list[Person] = []
    with at_hand() as root:

        def of(served: Served, who: str) -> Person:
            person = Person(chromium, root).as_of(served.client(who))
            person.page.set_default_timeout(15_000)
            found.append(person)
            return person

        yield of
        for person in found:
            person.context.close()
    assert [w for p in found for w in p.wrong if " 403 (" not in w] == []


def on(n: int) -> str:
    return str(ENTRY + timedelta(days=n))


def confirmed(who: Person, action: str) -> None:
    """Say that what is asked about is right, where it is asked."""
    if who.page.get_by_role("heading", name="Is this right?").count():
        who.page.get_by_label(re.compile("Yes, I have looked")).check()
        who.click(action)


def recorded(who: Person, form: str, **said: str) -> None:
    who.page.get_by_role("link", name=form, exact=True).first.click()
    who.page.wait_for_load_state()
    who.look().fill(**said).click("Record")
    confirmed(who, "Record")
    assert who.sees("Recorded:"), who.page.inner_text("main")


def test_a_screening_fails_by_the_number_of_its_criterion(site: Patients, as_: As) -> None:
    cora = as_(site.at(5).served, "coordinator").to("/screen/")
    for number in range(1, 9):
        right = "Absent" if number > 6 else "Met"
        wrong = "Not met" if number == 3 else right
        cora.page.locator(f"#id_c{number}").get_by_label(wrong, exact=True).check()
    cora.page.locator("#id_on").fill(on(5))
    cora.click("Record the screening")
    assert cora.sees("not eligible"), cora.page.inner_text("main")
    assert cora.sees("not met: 3.")
    assert not cora.page.get_by_role("link", name="Enrol", exact=True).count()
    last = site.log()[-1]
    assert (last.kind, last.data["failed"], last.by) == ("screened", [3], "coordinator-1")


def test_randomised_by_pass_phrase_with_a_receipt_and_never_twice(served: Served, as_: As) -> None:
    ivy = as_(served, "investigator").to(f"/p/{key_of('S01-012')}/").click("Randomise", "link")
    ivy.page.locator("#id_passphrase").fill("not the right one at all")
    ivy.click("Randomise now")
    assert ivy.sees("This is not your pass phrase.")
    ivy.page.locator("#id_passphrase").fill(PASSPHRASE)
    ivy.page.get_by_role("button", name="Randomise now").dblclick()
    ivy.page.wait_for_url("**/receipt/")
    told = ivy.look().page.inner_text("main")
    ivy.page.go_back()
    ivy.page.wait_for_load_state()
    assert ivy.page.inner_text("main") == told or "receipt" in ivy.page.url
    allocated = [e for e in served.log() if e.kind == "randomised" and e.patient == "S01-012"]
    assert len(allocated) == 1
    assert served.log().hash_at(allocated[0].number) in told


def test_what_ends_a_patient_s_course_and_what_is_taken_back(site: Patients, as_: As) -> None:
    ivy = as_(site.at(60).served, "investigator").to(f"/p/{site.key}/")
    recorded(ivy, "Next therapy", Day=on(50), Therapy="topotecan")
    recorded(ivy, "Withdrawal", Day=on(52), Reason="moved")
    assert ivy.sees("withdrew")
    take_back = ivy.page.get_by_role("link", name=re.compile("Take back Withdrawal"))
    take_back.first.click()
    ivy.page.wait_for_load_state()
    ivy.look().page.locator("#id_why").fill("it was another patient")
    ivy.click("Take it back")
    recorded(ivy, "Lost to follow-up", Day=on(53))
    assert ivy.sees("lost to follow-up")
    ivy.page.get_by_role("link", name=re.compile("Take back Lost")).first.click()
    ivy.page.wait_for_load_state()
    ivy.look().page.locator("#id_why").fill("he called")
    ivy.click("Take it back")
    recorded(ivy, "Death", Day=on(58), Cause="progression")
    assert ivy.sees("died")
    assert (
        ivy.page.get_by_text(re.compile("^due by|^due on")).count() == 0
    )  # what was overdue before he died stays to be entered
    kinds = [e.kind for e in site.log()[-6:]]
    assert kinds == ["next therapy", "withdrawn", "voided", "lost", "voided", "died"]


def test_a_pharmacist_records_from_the_list_of_what_is_due_that_a_dose_was_not_given(site: Patients, as_: As) -> None:
    pia = as_(site.at(3).served, "pharmacist").to("/").click("Due and overdue", "link")
    assert pia.sees("overdue by 3 days")
    pia.page.get_by_role("link", name=re.compile(r"^not given\s*: carboplatin, cycle 1, day 1")).click()
    pia.page.wait_for_load_state()
    pia.look().page.get_by_label("Why it was not given").fill("platelets too low")
    pia.click("Record")
    confirmed(pia, "Record")
    last = site.log()[-1]
    assert (last.kind, last.by, last.data["drug"], last.data["reason"]) == (
        "dose omitted", "pharmacist-1", "carboplatin", "platelets too low",
    )  # fmt: skip
    assert not pia.to("/due/").sees("carboplatin, cycle 1, day 1")


def test_a_sponsor_activates_a_site_and_pauses_enrolment_and_a_site_reads_it(site: Patients, as_: As) -> None:
    sue, cora = as_(site.at(9).served, "sponsor"), as_(site.served, "coordinator")
    sue.to("/sites/").click("Activate a site", "link")
    sue.page.get_by_label("Site").select_option("S03")
    sue.fill(Day=on(9)).click("Activate")
    assert sue.sees("Sites and enrolment")
    sue.click("Pause enrolment", "link").fill(Day=on(9)).click("Pause")
    assert sue.page.url.endswith("/sites/pause/")  # the browser says that a reason is asked for, and sends nothing
    sue.fill(Day=on(9), Why="the drug is short").click("Pause")
    assert sue.sees("Enrolment is paused")
    assert cora.to("/").sees("Enrolment is paused")
    sue.click("Resume enrolment", "link").fill(Day=on(9)).click("Resume")
    assert sue.sees("Enrolment is open")
    assert sue.page.get_by_role("img", name=re.compile("came, .* planned")).count()
    assert not re.search("IMGN901(?! added)", sue.page.inner_text("main"))
    assert [e.kind for e in site.log()[-3:]] == ["site activated", "enrolment paused", "enrolment resumed"]


def test_an_administrator_grants_and_trains_an_investigator_delegates_and_a_revoked_role_ends(
    served: Served, as_: As
) -> None:
    account("nina")
    ada, nina = as_(served, "ada"), as_(served, "nina")
    ada.to("/people/").click("Grant a role", "link").fill(Person="nina", Name_in_full="Nina Berg")
    ada.page.get_by_label("Role").select_option("coordinator")
    ada.page.get_by_label("S01 Site 1", exact=True).check()
    ada.click("Grant")
    assert ada.sees("Nina Berg")
    ada.to("/people/train/").fill(Person="nina", Trained_in="GCP").click("Record")
    assert nina.to("/").sees("Good day")
    ivy = as_(served, "investigator").to("/people/delegate/")
    ivy.page.get_by_label("Person").select_option("nina")
    ivy.page.get_by_label("contact", exact=True).check()
    ivy.click("Delegate")
    ada.to("/people/revoke/").page.get_by_label("Person and role").select_option(label="nina: coordinator")
    ada.fill(Why="left").click("Revoke")
    assert [e.kind for e in list(served.log())[-4:]] == ["granted", "trained", "delegated", "revoked"], (
        ada.page.inner_text("main")
    )
    nina.page.goto(f"{nina.root}/patients/")
    assert not nina.page.locator("tbody tr").count()


def test_an_inspector_reads_all_as_known_on_any_day(served: Served, as_: As) -> None:
    ines = as_(served, "inspector").to("/known/")
    ines.page.locator("#day").fill("2013-03-01")
    ines.click("Show")
    then = ines.page.inner_text("main")
    ines.page.locator("#day").fill("2013-07-01")
    ines.click("Show")
    assert ines.page.inner_text("main") != then
    ines.to(f"/p/{key_of('S02-001')}/record/")
    ines.page.locator("#day").fill("2013-02-09")
    ines.click("Show")
    assert not ines.sees("2013-03-22")
    ines.to("/people/?day=2013-01-02")
    assert ines.sees("investigator-1")
    assert len(served.log()) == len(list(served.log()))


def test_an_arm_is_told_in_an_emergency_once_it_is_recorded_and_the_sponsor_hears_of_it_without_the_arm(
    blind: tuple[Served, str], as_: As
) -> None:
    served, key = blind
    ivy = as_(served, "ivy").to(f"/p/{key}/").click("Randomise", "link")
    ivy.page.locator("#id_passphrase").fill(PASSPHRASE)
    ivy.click("Randomise now")
    assert ivy.sees("Code")
    ivy.to(f"/p/{key}/").click("Emergency unblinding", "link")
    ivy.page.get_by_label("Reason").first.fill("emergency")
    ivy.page.locator("#id_why").fill("sepsis, unconscious")
    ivy.page.locator("#id_passphrase").fill(PASSPHRASE)
    ivy.page.get_by_role("button").last.click()
    ivy.page.wait_for_load_state()
    ivy.look()
    assert list(served.log())[-1].kind == "unblinded"
    arms = [a.label or a.name for a in _trial().arms]
    shown = [a for a in arms if ivy.sees(a)]
    assert len(shown) == 1
    sue = as_(served, "sue").to("/")
    assert sue.sees("Unblinded in an emergency")
    assert sue.sees("by ivy: emergency")
    assert not any(sue.sees(a) for a in arms)
    assert not ivy.to(f"/p/{key}/").sees(shown[0])


def _trial() -> Any:
    from equipoise.site import live

    return live.current().shown("sue").trial


def test_phase_i_says_which_dose_and_whom_it_waits_for(phase1: Served, as_: As) -> None:
    from equipoise.site import live

    ivy = as_(phase1, "ivy")
    key = live.current().shown("ivy").key_of("P4")
    ivy.to(f"/p/{key}/").page.get_by_role("link", name="Dose level", exact=True).first.click()
    ivy.page.wait_for_load_state()
    ivy.look()
    assert ivy.sees("the design waits for")
    assert ivy.sees("P1 at level 1")
    before = len(phase1.log())
    ivy.page.locator("#id_level input[value=DL1]").check()
    ivy.page.locator("#id_happened").fill(f"{FIRST}")
    ivy.click("Record")
    assert not ivy.sees("Recorded:")  # while it waits nobody is assigned
    assert len(phase1.log()) == before
