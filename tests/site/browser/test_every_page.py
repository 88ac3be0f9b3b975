"""Every page of every role, as the demonstration has them: axe, the console, 360 px, 200 %, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from browsing import CHROMIUM, FLAGS, Person, serving
from equipoise.site.demo import CAST
from equipoise.site.words import DEMO_PASSPHRASE as PHRASE

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")]
#: Beside what its links name: the forms of a patient on study, and the pages of orders, as far as a role has them.
FORMS = (
    "dose", "dose-not-given", "assessment", "adverse-event", "progression", "next-therapy", "contact", "deviation", "withdrawal", "loss", "death",
    "end-of-treatment", "end-of-study", "consent",
)  # fmt: skip
ACTS = (
    "/people/grant/", "/people/revoke/", "/people/train/", "/people/delegate/", "/sites/activate/", "/sites/pause/", "/sites/close/", "/sites/approve/",
    "/account/sessions/", "/account/pass-phrase/", "/account/factors/", "/reconcile/", "/none/",
)  # fmt: skip
#: What htmx keeps for a tab: the address at which it is, which tells nobody's number.
HTMX = "htmx-current-path-for-history"
#: What Tab stops at, each group of radio buttons once; what is closed or hidden is none.
_STOPS = """() => {
  const seen = new Set(), found = [];
  for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')) {
    if (e.disabled || !e.checkVisibility() || e.closest('details:not([open])') && e.tagName !== 'SUMMARY') continue;
    const group = e.type === 'radio' ? 'radio ' + e.name : '';
    if (group && seen.has(group)) continue;
    seen.add(group); e.dataset.stop = group || String(found.length); found.push(e.dataset.stop);
    if (group) document.querySelectorAll(`input[name="${e.name}"]`).forEach(r => r.dataset.stop = group);
  }
  return found;
}"""
_FOCUSED = """() => {
  const e = document.activeElement;
  const s = getComputedStyle(e);
  return [e.dataset.stop || '', s.outlineStyle !== 'none' || s.boxShadow !== 'none' || e.id === 'main', e.outerHTML.slice(0, 120)];
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("every") / "demo", "--demo") as said:
        yield said["address"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)


def pages(who: Person) -> list[str]:
    """The addresses that a person has."""
    there = [a.get_attribute("href") or "" for a in who.page.locator("nav a").all()]
    found = [*there, *ACTS]
    if "/patients/" in there:
        who.page.goto(f"{who.root}/patients/")
        rows = who.page.locator("tbody tr", has_text="on study").all()
        if rows:
            patient = str(rows[0].locator("a").first.get_attribute("href"))
            found += [patient, f"{patient}doses/", f"{patient}record/", f"{patient}receipt/"]
            found += [f"{patient}new/{form}/" for form in FORMS]
            who.page.goto(who.root + patient)
            for link in ("history", "correct", "take-back"):
                links = who.page.locator(f'a[href*="/{link}/"]')
                found += [str(links.first.get_attribute("href"))] if links.count() else []
    return list(dict.fromkeys(found))


def by_keyboard(who: Person) -> list[str]:
    """What Tab does not reach on the page at hand, and where the focus is not to be seen."""
    page = who.page
    stops = set(page.evaluate(_STOPS))
    page.evaluate("document.activeElement.blur()")
    reached, lit, dark = set(), set(), dict[str, str]()
    for _ in range(2 * len(stops) + 10):
        page.keyboard.press("Tab")
        stop, seen, what = page.evaluate(_FOCUSED)
        reached.add(stop)
        if seen:
            lit.add(stop)  # a part of a day's field has a light of its own
        elif stop:
            dark[stop] = what
        if stops <= reached:
            break
    lost = [
        page.locator(f'[data-stop="{s}"]').first.evaluate("e => e.outerHTML.slice(0, 120)") for s in stops - reached
    ]
    return [f"{page.url}: not reached by Tab: {x}" for x in lost] + [
        f"{page.url}: focus unseen: {x}" for s, x in dark.items() if s not in lit
    ]


def at_twice_the_size(who: Person) -> list[str]:
    """At 200 % of a window of 1280: what scrolls sideways, or is cut off."""
    page = who.page
    page.set_viewport_size({"width": 640, "height": 450})
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    cut = page.evaluate(
        "[...document.querySelectorAll('main button, main input, main select')].filter(e => !e.closest('.scroll') && e.type !== 'hidden'"
        " && e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 120))"
    )
    page.set_viewport_size({"width": 1200, "height": 900})
    return [f"{page.url}: scrolls sideways at 200 %"] * bool(wide) + [f"{page.url}: cut off at 200 %: {x}" for x in cut]


@pytest.mark.parametrize("role", CAST)
def test_every_page_of_a_role(chromium: Any, address: str, role: str) -> None:
    who = Person(chromium, address)
    who.to("/").log_in(CAST[role][0], PHRASE)
    looked = 0
    for where in pages(who):
        answer = who.page.goto(who.root + where)
        if answer is None or answer.status not in (200, 404):
            continue  # none of the role's
        looked += answer.status == 200
        who.wrong += at_twice_the_size(who)
        who.look()
        who.wrong += by_keyboard(who)
        kept = who.page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
        who.wrong += [f"{where}: kept in the browser: {k}" for k in kept if k != HTMX]
    found = [w for w in who.wrong if not re.search(r"console says Failed to load resource.* (403|404)", w)]
    who.context.close()
    print(role, looked)
    assert found == []
    assert looked >= 7
