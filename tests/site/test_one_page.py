"""Three pages in Chromium, quickly; every page of every role is in the slow suite (browser/test_every_page.py)."""

from __future__ import annotations

import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from browsing import CHROMIUM, FLAGS, Person
from site_server import Served, key_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.thorough,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_pages_are_sound_in_a_browser(served: Served) -> None:
    from django.db import connections
    from playwright.sync_api import sync_playwright

    from equipoise.site.serving import application

    called = application()

    def closing(environ: Any, start: Any) -> Any:
        answer = called(environ, start)
        try:
            return list(answer)
        finally:
            answer.close()
            connections.close_all()

    server = make_server("127.0.0.1", 0, closing, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cookie = served.client("investigator").cookies["__Host-session"].value
    key = key_of("S01-000")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            ivy = Person(browser, f"http://localhost:{server.server_address[1]}")
            ivy.context.add_cookies(
                [{"name": "__Host-session", "value": cookie, "url": ivy.root.replace("http:", "https:"), "secure": True, "httpOnly": True}]
            )  # fmt: skip
            for page in ("/", f"/p/{key}/", f"/p/{key}/new/adverse-event/"):
                ivy.to(page)
                assert ivy.sees("Log out"), ivy.page.url
            assert ivy.wrong == []
    finally:
        server.shutdown()
        server.server_close()
