"""A person at a browser: pages are looked at as they are visited, by axe, for messages, and on a narrow screen."""

from __future__ import annotations

import base64
import hmac
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from helpers import ROOT

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def serving(folder: Path, *options: str, before: str = "") -> Iterator[dict[str, Any]]:
    """`equipoise serve north` as a process of its own: what it said of itself. ``before``: what is run in it first."""
    port = free_port()
    code = before + "\nfrom equipoise.cli.main import main; main()"
    args = ["serve", "north", "--folder", str(folder), "--port", str(port), "--json", *options]
    with (folder.parent / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *args],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE, stderr=err, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            said = ""
            while not said.endswith("\n}\n"):
                line = process.stdout.readline()
                assert line, (folder.parent / "stderr").read_text()
                said += line
            for _ in range(100):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield json.loads(said)
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def at_hand() -> Iterator[str]:
    """What the test's own process serves, for a browser: the address."""
    from django.db import connections

    from equipoise.site.serving import application

    called = application()

    def closing(environ: Any, start: Any) -> Any:
        answer = called(environ, start)
        try:
            return list(answer)
        finally:
            answer.close()
            connections.close_all()

    server = make_server("127.0.0.1", 0, closing, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    unsafe = (
        "DJANGO_ALLOW_ASYNC_UNSAFE"  # Playwright runs a loop in the test's own thread, and nothing of it asks Django
    )
    before = os.environ.get(unsafe)
    os.environ[unsafe] = "1"
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        os.environ.pop(unsafe) if before is None else os.environ.update({unsafe: before})
        server.shutdown()
        server.server_close()


def code_of(secret: str) -> str:
    """The six digits that an authenticator app shows (RFC 6238), with some seconds left to type them."""
    if (left := 30 - time.time() % 30) < 5:
        time.sleep(left)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


class Person:
    """Somebody at a browser of his own, by keyboard and mouse; what is wrong with the pages that he visits is kept."""

    def __init__(self, browser: Any, root: str) -> None:
        from axe_playwright_python.sync_playwright import Axe

        self.root, self.context = root.rstrip("/"), browser.new_context(viewport={"width": 1200, "height": 900})
        self.page, self._axe, self.wrong = self.context.new_page(), Axe(), []
        self.page.on("console", lambda m: self._told(m.text))
        self.page.on("pageerror", lambda e: self.wrong.append(f"{self.page.url}: {e}"))

    def _told(self, text: str) -> None:
        """A message of the console is wrong; but Chromium tells of what logging out cleared, as it was asked to."""
        if not text.startswith("Clear-Site-Data header on"):
            self.wrong.append(f"{self.page.url}: console says {text}")

    def to(self, address: str) -> Person:
        """Go to an address and look at the page."""
        self.page.goto(address if address.startswith("http") else self.root + address)
        return self.look()

    def click(self, name: str, role: str = "button") -> Person:
        """Click what is called so, and look at the page that comes."""
        self.page.get_by_role(role, name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        return self.look()

    def fill(self, **said: str) -> Person:
        """Fill fields by their labels, with _ for a blank."""
        for label, value in said.items():
            self.page.get_by_label(label.replace("_", " ")).first.fill(value)
        return self

    def look(self) -> Person:
        """What axe finds, and whether the page is wider than a narrow screen."""
        for v in self._axe.run(self.page).response["violations"]:
            self.wrong.append(f"{self.page.url}: {v['id']} at {v['nodes'][0]['html'][:200]}")
        self.page.set_viewport_size({"width": 360, "height": 740})
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.wrong.append(f"{self.page.url}: wider than 360 px")
        self.page.set_viewport_size({"width": 1200, "height": 900})
        return self

    def sees(self, text: str) -> bool:
        """Whether the page shows a text."""
        return text in self.page.inner_text("body")

    def by_link(self, link: str, user: str, passphrase: str) -> Person:
        """Choose a pass phrase by a link, and log in with it."""
        self.to(link).fill(Pass_phrase=passphrase, Once_more=passphrase).click("Set the pass phrase")
        return self.log_in(user, passphrase)

    def as_of(self, client: Any) -> Person:
        """As who is logged in by a client of the test's own process."""
        cookie, url = client.cookies["__Host-session"].value, self.root.replace("http:", "https:")
        self.context.add_cookies(
            [{"name": "__Host-session", "value": cookie, "url": url, "secure": True, "httpOnly": True}]
        )
        return self

    def log_in(self, user: str, passphrase: str) -> Person:
        """Log in by pass phrase."""
        return self.fill(User_name=user, Pass_phrase=passphrase).click("Log in")

    def with_app(self, passphrase: str) -> Person:
        """Add an authenticator app; who one is is asked once more before."""
        self.click("Set up an app", "link")
        if "/again/" in self.page.url:
            self.page.locator("input[type=password]").fill(passphrase)
            self.click("Confirm")
        secret = self.page.locator("#authenticator_secret").input_value()
        self.page.locator("#id_code").fill(code_of(secret))
        return self.click_and_wait("Turn it on", "/recovery-codes/")

    def with_passkey(self, passphrase: str) -> Person:
        """Add a passkey, kept by a virtual authenticator of Chromium's."""
        session = self.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.click("Add a passkey", "link")
        if "/again/" in self.page.url:
            self.page.locator("input[type=password]").fill(passphrase)
            self.click("Confirm")
        return self.click_and_wait("Add", "/recovery-codes/")

    def click_and_wait(self, name: str, address: str) -> Person:
        """Click, and look at the page that a script leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).first.click()
        assert address in self.page.url.split("?")[0]
        return self.look()
