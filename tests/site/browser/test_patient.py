"""A patient's page and forms, as people click and type: doses, the lesion sheet, an adverse event, two tabs, a time-out, the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from browsing import CHROMIUM, FLAGS, Person, serving
from equipoise.desk.opening import load_trial
from equipoise.site.demo import day_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.thorough,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]
PHRASE = "equipoise shows itself"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration is kept."""
    return tmp_path_factory.mktemp("demo") / "site"


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[str]:
    """The demonstration, served."""
    with serving(folder, "--demo") as said:
        yield said["address"]


@pytest.fixture(scope="module")
def day(folder: Path, demo: str) -> date:
    """The day before the one on which the demonstration stands: its trial's days are moved to today's."""
    return day_of(load_trial(str(folder / "trial" / "trial.toml"))) - timedelta(days=1)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def person(chromium: Any, demo: str, user: str) -> Person:
    found = Person(chromium, demo)
    found.page.set_default_timeout(15_000)
    return found.to("/account/login/").log_in(user, PHRASE)


def on_study(who: Person) -> str:
    """The address of a patient of one's site who is on study."""
    who.to("/patients/")
    row = who.page.locator("tr", has_text="on study").first
    row.get_by_role("link").first.click()
    who.page.wait_for_load_state()
    who.look()
    return str(who.page.url)


def typed(who: Person) -> Person:
    """Wait until what was typed is judged and kept."""
    who.page.locator("#saved", has_text="Draft kept").wait_for()
    who.page.wait_for_timeout(900)
    return who


def test_the_doses_of_a_cycle_come_from_the_schedule(chromium: Any, demo: str, day: date) -> None:
    pia = person(chromium, demo, "pia")
    address = on_study(pia)
    pia.to(f"{address}doses/")
    first = pia.page.locator("fieldset.dose").first
    drug = first.locator("legend").inner_text().split(",")[0]
    amount = first.locator("input.number").input_value()
    assert float(amount) > 0
    if not first.get_by_role("checkbox").is_checked():
        first.get_by_role("checkbox").check()
    for other in pia.page.locator("fieldset.dose").all()[1:]:
        other.get_by_role("checkbox").uncheck()
    if not first.locator("input[type=date]").input_value():
        first.locator("input[type=date]").fill(f"{day}")
    pia.click("Record what is ticked")
    if pia.page.get_by_role("heading", name="Is this right?").count():
        pia.page.get_by_label(re.compile("Yes, I have looked")).check()
        pia.click("Record what is ticked")
    assert pia.sees("1 dose recorded.")
    assert (
        pia.page.locator("section", has_text="What was recorded").get_by_text(re.compile(rf"{drug} {amount}")).count()
    )
    # a pharmacist has no other form
    assert not pia.page.get_by_role("link", name="Adverse event", exact=True).count()
    assert pia.wrong == []


def test_the_verdict_stands_beside_the_sheet_as_one_types(chromium: Any, demo: str, day: date) -> None:
    ivo = person(chromium, demo, "ivo")
    address = on_study(ivo)
    page = ivo.page
    entry = re.search(r"On an arm since\s+(\d{4}-\d\d-\d\d)", page.inner_text("main"))
    assert entry is not None
    ivo.to(f"{address}new/assessment/")
    page.get_by_label("Day of the assessment").fill(entry[1])
    page.locator("#id_baseline_0").check()
    page.wait_for_selector('[aria-label="Name of lesion 3"]')
    for n, (name, organ, size) in enumerate((("T1", "Liver", "60"), ("T2", "Lung", "40")), 1):
        page.get_by_label(f"Name of lesion {n}").fill(name)
        page.get_by_label(f"Organ of lesion {n}").fill(organ)
        page.get_by_label(f"Size of lesion {n}, mm").fill(size)
    page.locator("#verdict", has_text="100 mm").wait_for()
    ivo.look().click("Record")
    if page.get_by_role(
        "heading", name="Is this right?"
    ).count():  # a simulated patient has a baseline, without lesions
        page.get_by_label(re.compile("Yes, I have looked")).check()
        ivo.click("Record")
    assert ivo.sees("Recorded: tumour assessment")
    ivo.to(f"{address}new/assessment/")
    page.get_by_label("Day of the assessment").fill(f"{day}")
    page.get_by_label("Size of T1, mm").fill("30")
    page.get_by_label("Size of T2, mm").fill("30")
    page.locator("#verdict strong", has_text="PR").wait_for()
    assert "Target: sum 60 mm of 2 lesions" in page.inner_text("#verdict")
    page.get_by_label("Size of T1, mm").fill("90")
    page.locator("#verdict strong", has_text="PD").wait_for()
    assert "at least 20 % and 5 mm above the nadir" in page.inner_text("#verdict")
    page.get_by_label("Size of T1, mm").fill("ninety")
    page.get_by_label("Size of T2, mm").focus()
    page.wait_for_selector("#said_row_0 .errorlist")
    page.get_by_label("Size of T1, mm").fill("30")
    page.locator("#verdict strong", has_text="PR").wait_for()
    typed(ivo).look().click("Record")
    assert ivo.sees(f"Recorded: tumour assessment of {day}")
    assert page.get_by_role("img", name=re.compile("Sum of the target lesions")).count()
    assert ivo.wrong == []


def test_a_serious_adverse_event_starts_its_clock(chromium: Any, demo: str, day: date) -> None:
    cora = person(chromium, demo, "cora")
    address = on_study(cora)
    page = cora.page
    cora.to(f"{address}new/adverse-event/")
    page.get_by_label("What happened").fill("Sepsis")
    page.get_by_label("First day").fill(f"{day - timedelta(days=1)}")
    page.get_by_label("4: life-threatening").check()
    page.locator("#id_serious_1").check()
    page.get_by_text("Grade 4, and said not to be serious.").wait_for()
    cora.look()
    page.locator("#id_serious_0").check()
    page.get_by_role("checkbox", name="Life-threatening").check()
    typed(cora).click("Record")
    assert cora.sees("Serious: Sepsis, grade 4")
    assert cora.sees("hours are left to tell the sponsor")
    assert cora.wrong == []


def test_two_tabs_on_one_form(chromium: Any, demo: str, day: date) -> None:
    cora, ivo = person(chromium, demo, "cora"), person(chromium, demo, "ivo")
    address = on_study(cora)
    cora.to(f"{address}new/deviation/").fill(Day=f"{day - timedelta(days=7)}", What="a visit late")
    cora.page.locator("#id_major_1").check()
    typed(cora).click("Record")
    correct = cora.page.get_by_role("link", name=re.compile("Correct Deviation")).first.get_attribute("href")
    assert correct is not None
    cora.to(correct)
    ivo.to(correct)
    ivo.fill(What="a visit two days late", Note="the diary says so")
    typed(ivo).click("Record the correction")
    assert ivo.sees("Corrected: deviation")
    cora.fill(What="a visit three days late", Note="counted again")
    typed(cora).click("Record the correction")
    assert cora.sees("ivo corrected this while you had it open")
    row = cora.page.locator("#clash tr", has_text="What").last
    assert [c.inner_text() for c in row.locator("td").all()] == [
        "a visit late",
        "a visit two days late",
        "a visit three days late",
    ]
    cora.fill(What="a visit three days late", Note="counted again, with the diary")
    typed(cora).click("Record the correction")
    assert cora.sees("Corrected: deviation")
    assert cora.sees("a visit three days late")
    assert cora.sees("corrected 2 times")
    assert cora.wrong == ivo.wrong == []


def test_a_session_that_ends_in_mid_form_loses_nothing(chromium: Any, demo: str, day: date) -> None:
    cora = person(chromium, demo, "cora")
    address = on_study(cora)
    page = cora.page
    cora.to(f"{address}new/next-therapy/").fill(Therapy="topotecan")
    typed(cora)
    session = [c for c in cora.context.cookies() if "session" in c["name"]]
    cora.context.clear_cookies(name=session[0]["name"])
    page.get_by_label("Day", exact=True).fill(f"{day}")
    page.get_by_text("Your session has ended.").wait_for()
    cora.click("Log in again: you come back to this form", "link").log_in("cora", PHRASE)
    assert page.url == f"{address}new/next-therapy/"
    assert page.get_by_label("Therapy").input_value() == "topotecan"
    assert cora.sees("here it is again")
    cora.click("Begin anew, without it")
    assert page.get_by_label("Therapy").input_value() == ""
    assert cora.wrong == []


def test_by_keyboard_alone(chromium: Any, demo: str, day: date) -> None:
    cora = person(chromium, demo, "cora")
    address = on_study(cora)
    page = cora.page
    cora.to(f"{address}new/contact/")

    def tab_to(what: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("e => document.activeElement.matches(e)", what):
                return
        raise AssertionError(f"no way to {what} by keyboard")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    tab_to("#id_happened")
    page.keyboard.type(f"{day:%m%d%Y}")
    tab_to("#id_why")
    page.keyboard.type("by telephone")
    tab_to("form.entry button")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Enter")
    page.get_by_text(f"Recorded: contact of {day}").wait_for()
    assert cora.sees("by telephone")
    assert cora.wrong == []


def test_at_twice_the_size(chromium: Any, demo: str) -> None:
    """200 %: half the width, twice the pixels; nothing is cut off and no page scrolls sideways."""
    cora = person(chromium, demo, "cora")
    address = on_study(cora)
    page = cora.page
    page.set_viewport_size({"width": 640, "height": 450})
    for where in ("", "doses/", "new/assessment/", "new/adverse-event/", "new/dose/"):
        page.goto(f"{address}{where}")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), where
        cut = page.evaluate(
            "[...document.querySelectorAll('main button, main input, main select')].filter(e => !e.closest('.scroll') && e.type !== 'hidden'"
            " && e.getBoundingClientRect().right > innerWidth).length"
        )
        assert cut == 0, where
