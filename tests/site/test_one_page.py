"""Three pages in Chromium, quickly; every page of every role is in the slow suite (browser/test_every_page.py)."""

from __future__ import annotations

import pytest

from browsing import CHROMIUM, FLAGS, Person, at_hand
from site_server import Served, key_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.thorough,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]


def test_pages_are_sound_in_a_browser(served: Served) -> None:
    from playwright.sync_api import sync_playwright

    key = key_of("S01-000")
    with at_hand() as root, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        ivy = Person(browser, root).as_of(served.client("investigator"))
        for page in ("/", "/due/", f"/p/{key}/", f"/p/{key}/new/adverse-event/"):
            ivy.to(page)
            assert ivy.sees("Log out"), ivy.page.url
        assert ivy.wrong == []
