"""A person at a browser without windows: pages are asked for and forms are sent, over again where nothing answers."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from web_app import HOST

from browsing import code_of

DAY = "2013-07-20"
MET = {f"c{n}": "yes" for n in range(1, 7)} | {"c7": "no", "c8": "no"}
_HIDDEN = re.compile(r'<input type="(?:hidden|checkbox)" name="(csrfmiddlewaretoken|key|on|confirm)" value="([^"]*)"')
_COOKIE = re.compile(r"^(__Host-\w+)=([^;]*)")
#: Who gets no answer tries again for so long [s].
PATIENCE = 60.0


class Refused(Exception):  # noqa: N818 - told to the campaign, not a fault
    """A form was answered, and not as it should be."""


@dataclass(frozen=True)
class Answered:
    """What a request was answered."""

    status: int
    location: str
    text: str


@dataclass(frozen=True)
class Given:
    """An order that was acknowledged: of which kind, under which key, for the patient at which address; of an allocation its receipt."""

    kind: str
    key: str
    at: str = ""
    number: int = 0
    hash: str = ""
    arm: str = ""


@dataclass
class Browser:
    """``again``: whether what fails is tried again, under the same key; how often it was is counted."""

    port: int
    address: str
    again: bool = True
    cookies: dict[str, str] = field(default_factory=dict)
    unanswered: int = 0

    def ask(self, path: str, said: dict[str, str] | None = None) -> Answered:
        """One request. Raises OSError or HTTPException where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": self.address, "Origin": f"https://{HOST}",
            "Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items()), "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        try:
            connection.request("GET" if said is None else "POST", path, urlencode(said or {}).encode() or None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and (found := _COOKIE.match(value)):
                self.cookies[found[1]] = found[2]
        return Answered(answer.status, answer.getheader("Location") or "", text)

    def answered(self, path: str, said: dict[str, str] | None = None) -> Answered:
        """The first answer that is none of a failure; asked again, as a person clicks again."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                found = self.ask(path, said)
                if found.status < 500:
                    return found
                why: object = f"{found.status}: {_words(found.text)[-300:]}"
            except (OSError, http.client.HTTPException) as error:
                why = error
            self.unanswered += 1
            if not self.again or time.monotonic() > end:
                raise Refused(f"{path}: {why}")
            time.sleep(0.05)

    def page(self, path: str) -> str:
        """A page that one has."""
        found = self.answered(path)
        if found.status != 200:
            raise Refused(f"GET {path}: {found.status} {found.location}")
        return found.text

    def give(self, kind: str, path: str, **said: str) -> Given:
        """Send a page's own form until it is answered, and confirm what is asked."""
        hidden = dict(_HIDDEN.findall(self.page(path)))
        for _ in range(2):
            answer = self.answered(path, {**hidden, **said})
            if answer.status == 302:
                return Given(kind, hidden["key"], answer.location)
            hidden |= dict(_HIDDEN.findall(answer.text))
        told = _words(answer.text)
        raise Refused(f"POST {path}: {answer.status} {told[told.find('Nothing') :][:300]}")

    def log_in(self, user: str, passphrase: str, secret: str) -> None:
        """By pass phrase and the code of an app."""
        token = dict(_HIDDEN.findall(self.page("/account/login/")))
        answer = self.answered("/account/login/", {**token, "login": user, "password": passphrase})
        token = dict(_HIDDEN.findall(self.page(answer.location)))
        answer = self.answered(answer.location, {**token, "code": code_of(secret)})
        if answer.status != 302:
            raise Refused(f"log-in of {user}: {answer.status}")


def orders(browser: Browser, rng: Random, passphrase: str) -> Iterator[Given]:
    """What a site does without end: screen, enrol, randomise, enter, correct."""
    while True:
        found = browser.give("screened", "/screen/", **MET, on=DAY)
        yield found
        at = found.at
        levels = {"f_ecog": rng.choice(("0-1", "2")), "f_ldh": rng.choice(("normal", "raised"))}
        yield browser.give("enrolled", f"{at}enrol/", on=DAY, **levels)
        given = browser.give("randomised", f"{at}randomise/", on=DAY, passphrase=passphrase)
        for _ in range(
            30
        ):  # who was killed as it counted holds the counter for ten seconds, and nobody is let in meanwhile
            if given.at.endswith("/receipt/") or "Too many wrong" not in browser.page(given.at):
                break
            time.sleep(0.7)
            given = browser.give("randomised", f"{at}randomise/", on=DAY, passphrase=passphrase)
        if not given.at.endswith("/receipt/"):
            raise Refused(f"randomise led to {given.at}: {_words(browser.answered(given.at).text)[:600]}")
        yield _receipt(given, browser.page(given.at))
        entered = {"happened": DAY, "term": "neutropenia é", "grade": str(rng.randrange(1, 4)), "serious": "no"}
        yield browser.give("adverse event", f"{at}new/adverse-event/", **entered)
        if rng.random() < 0.5:
            yield browser.give("contact", f"{at}new/contact/", happened=DAY, why="x" * rng.randrange(1, 300))
        grade = "2" if entered["grade"] == "1" else "1"
        number = _of(browser.page(at), "Adverse event")
        yield browser.give("corrected", f"{at}correct/{number}/", **{**entered, "grade": grade, "why": "typing error"})


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _receipt(given: Given, page: str) -> Given:
    number = re.search(r"<dt>Event</dt><dd>(\d+)</dd>", page)
    digits = re.search(r'class="hash">([0-9a-f]{64})<', page)
    arm = re.search(r"<strong>([^<]+)</strong>", page)
    if number is None or digits is None or arm is None:
        raise Refused(f"{given.at}: no receipt")
    return Given(given.kind, given.key, given.at, int(number[1]), digits[1], arm[1])


def _of(page: str, title: str) -> int:
    """The number of the event of this title that is offered to be corrected."""
    found = re.search(rf'correct/(\d+)/">Correct<span class="visually-hidden"> {title}', page)
    if found is None:
        raise Refused(f"no {title} to be corrected")
    return int(found[1])
