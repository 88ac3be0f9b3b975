"""Sessions: begun anew, ended in time, listed; what a page that asks by itself does not keep alive. Rows of docs/asvs.md."""

from __future__ import annotations

import time

import pytest

from equipoise.site.settings import IDLE, LONGEST
from people_log import PEOPLE
from site_server import PASSPHRASE, Served, account, log_in, plain


def test_log_in_makes_a_new_session(served: Served) -> None:
    client = served.stranger()
    plain("monitor-1")
    client.get("/account/login/")
    session = client.session
    session["planted"] = 1
    session.save()
    client.cookies["__Host-session"] = session.session_key
    log_in(client, "monitor-1", PASSPHRASE)
    assert client.cookies["__Host-session"].value != session.session_key


@pytest.mark.parametrize(("entry", "age"), [("seen", IDLE + 1), ("began", LONGEST + 1)])
def test_a_session_ends(served: Served, entry: str, age: int) -> None:
    client = served.client("monitor")
    assert client.get("/patients/").status_code == 200
    session = client.session
    session[entry] = time.time() - age
    session.save()
    answer = client.get("/patients/")
    assert answer["Location"] == "/account/login/?next=/patients/"
    assert client.get("/patients/")["Location"].startswith("/account/login/")
    from equipoise.site import live

    assert live.current().access.lines()[0].what in ("logged out", "timed out")
    assert any(x.what == "timed out" and x.person == PEOPLE["monitor"] for x in live.current().access.lines())


def test_a_page_that_asks_by_itself_keeps_no_session_alive(served: Served) -> None:
    client = served.client("monitor")
    client.get("/")
    session = client.session
    before = session["seen"] = time.time() - 600
    session.save()
    client.get("/mark/")
    assert client.session["seen"] == before
    client.get("/")
    assert client.session["seen"] > before


def test_log_out_ends_the_session(served: Served) -> None:
    client = served.client("monitor")
    cookie = client.cookies["__Host-session"].value
    client.post("/account/logout/")
    thief = served.stranger()
    thief.cookies["__Host-session"] = cookie
    assert thief.get("/patients/")["Location"].startswith("/account/login/")


def test_sessions_are_listed_and_others_ended(served: Served) -> None:
    from allauth.usersessions.models import UserSession

    first, second = served.stranger(), served.stranger()
    UserSession.objects.filter(user=plain("monitor-1")).delete()
    for client in (first, second):
        log_in(client, "monitor-1", PASSPHRASE)
    account("monitor-1")  # with a second factor again
    assert "You are logged in elsewhere too" in second.get("/").content.decode()
    assert second.get("/account/sessions/").content.decode().count("<li><strong>") == 2
    assert first.get("/").status_code == second.get("/").status_code == 200
    again = second.post("/account/sessions/")["Location"]
    assert again.startswith("/account/again/")
    assert first.get("/").status_code == 200
    second.post(again, {"password": PASSPHRASE})
    second.post("/account/sessions/")
    assert first.get("/")["Location"].startswith("/account/login/")
    assert second.get("/").status_code == 200


def test_second_factors_are_changed_by_who_says_again_who_he_is(served: Served) -> None:
    client = served.client("monitor")
    for address in ("totp/deactivate/", "webauthn/add/", "recovery-codes/generate/"):
        assert client.get(f"/account/factors/{address}")["Location"].startswith("/account/again/"), address
