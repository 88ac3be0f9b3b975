"""More rows of OWASP ASVS 5.0, levels 1 and 2: docs/asvs.md names them."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from equipoise.site.folder import Installation
from equipoise.site.settings import settings_of
from people_log import PEOPLE
from site_server import PASSPHRASE, WRONG, Served, account, key_of, log_in, plain, posted

DAY = "2013-07-20"
READ = ("/", "/patients/", "/known/", "/people/", "/account/sessions/", "/account/pass-phrase/", "/account/factors/")


@pytest.fixture
def ivy(served: Served) -> Any:
    return served.client("investigator")


def test_every_page_says_what_it_is_and_allows_no_other_origin(ivy: Any) -> None:
    for address in (*READ, "/none/", f"/p/{key_of('S01-000')}/"):
        answer = ivy.get(address, headers={"origin": "https://evil.example"})
        assert answer["Content-Type"] == "text/html; charset=utf-8", address
        assert not [name for name in answer.headers if name.startswith("Access-Control")], address


def test_static_files_are_what_they_say_and_folders_show_nothing(served: Served) -> None:
    client = served.stranger()
    page = client.get("/account/login/").content.decode()
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = client.get(address)
        answer.close()
        right = {"css": "text/css", "svg": "image/svg+xml", "js": "text/javascript"}[address.rsplit(".", 1)[1]]
        assert answer["Content-Type"].split(";")[0] == right, address
        assert answer["X-Content-Type-Options"] == "nosniff"
    for address in ("/static/", "/static/site/", "/static/../settings.py", "/static/%2e%2e/serving.py", "/.git/config"):
        answer = client.get(address)
        assert answer.status_code in (302, 404), address
        assert "import" not in answer.content.decode()


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_pages_are_read_and_forms_sent_and_nothing_else(ivy: Any, method: str) -> None:
    for address in ("/", "/screen/", "/none/"):
        answer = ivy.generic(method, address, HTTP_SECRET="of a header")
        assert answer.status_code == 405
        assert "of a header" not in answer.content.decode()


def test_log_out_is_on_every_page_and_clears_what_the_browser_kept(ivy: Any) -> None:
    for address in READ:
        assert '<form method="post" action="/account/logout/">' in ivy.get(address).content.decode(), address
    assert ivy.post("/account/logout/")["Clear-Site-Data"] == '"cache", "storage"'


def test_pass_phrases_are_masked_and_may_be_pasted(served: Served, ivy: Any) -> None:
    for client, address in (
        (served.stranger(), "/account/login/"),
        (ivy, "/account/pass-phrase/"),
        (ivy, "/account/again/"),
    ):
        page = client.get(address).content.decode()
        fields = re.findall(r"<input[^>]*(?:password|passphrase)[^>]*>", page)
        assert fields, address
        for field in fields:
            assert 'type="password"' in field
            assert "autocomplete=" in field or "login" in address
            assert "onpaste" not in field
            assert "value=" not in field


@pytest.mark.parametrize("phrase", ["  blanks before and after  ", "Case Counts Here As Typed", "é" * 3 + "long" * 60])
def test_a_pass_phrase_is_taken_as_typed(served: Served, phrase: str) -> None:
    found = plain("monitor-1")
    found.set_password(phrase)
    found.save()
    try:
        assert log_in(served.stranger(), "monitor-1", phrase).status_code == 302
        for other in (phrase.strip(), phrase.casefold(), phrase[:64]):
            if other != phrase:
                assert log_in(served.stranger(), "monitor-1", other, REMOTE_ADDR="10.0.0.9").status_code == 200
    finally:
        found.set_password(PASSPHRASE)
        found.save()


def test_a_forgotten_pass_phrase_leaves_the_second_factor(served: Served) -> None:
    from allauth.mfa.models import Authenticator

    ada, person = served.client("administrator"), account("monitor-1")
    ada.post(f"/accounts/{person.pk}/link/")
    assert Authenticator.objects.filter(user=person).exists()
    ada.post(f"/accounts/{person.pk}/link/", {"factors": "end"})
    assert not Authenticator.objects.filter(user=person).exists()
    from equipoise.site import live

    told = [(x.what, x.detail) for x in live.current().access.lines(2)]
    assert told == [("link made", "second factors ended"), ("link made", "")]


def test_secrets_of_second_factors_are_encrypted(served: Served) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    from browsing import code_of

    person, secret = plain("monitor-1"), generate_totp_secret()
    TOTP.activate(person, secret)
    codes = RecoveryCodes.activate(person)
    kept = str([a.data for a in Authenticator.objects.filter(user=person)])
    assert secret not in kept
    assert not any(code in kept for code in codes.get_unused_codes())
    assert len({*codes.get_unused_codes()}) == 10
    assert all(len(code) >= 8 for code in codes.get_unused_codes())
    assert TOTP(Authenticator.objects.get(user=person, type="totp")).validate_code(code_of(secret))


def test_a_code_of_the_step_before_is_taken_and_none_older(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal import auth

    person, secret = plain("monitor-1"), auth.generate_totp_secret()
    auth.TOTP.activate(person, secret)
    app, step = auth.TOTP(Authenticator.objects.get(user=person)), int(time.time()) // 30
    monkeypatch.setattr(auth.time, "time", lambda: step * 30.0 + 15)
    for by, taken in ((-2, False), (-1, True), (1, True), (2, False)):
        code = auth.format_hotp_value(auth.hotp_value(secret, step + by))
        assert app.validate_code(code) is taken, by
        assert not app.validate_code(code), "used once"


def test_who_ends_other_sessions_says_again_who_he_is(served: Served) -> None:
    client = served.client("monitor")  # logged in by force: who he is was never asked
    assert client.get("/account/sessions/").status_code == 200
    assert client.post("/account/sessions/")["Location"].startswith("/account/again/")


def test_what_is_sent_twice_is_no_way_round(served: Served) -> None:
    """A field that is there twice, in the form or in the address too, is one value or refused; nothing fails."""
    key, client, before = key_of("S01-000"), served.client("coordinator"), len(served.log())
    typed = {"happened": DAY, "term": ["nausea", "pain"], "grade": ["1", "5"], "serious": ["no", "yes"], "key": "twice"}
    answer = client.post(f"/p/{key}/new/adverse-event/?grade=4&key=other", typed)
    assert answer.status_code in (200, 302)
    added = list(served.log())[before:]
    assert all(e.data["term"] in ("nausea", "pain") for e in added)
    page = client.get("/known/?day=2013-03-01&day=2013-04-01")
    assert page.status_code == 200


def test_a_field_that_no_form_has_is_not_taken(served: Served) -> None:
    """Mass assignment: who, when recorded, the arm and what is not asked for follow from no field."""
    key, client, before = key_of("S01-000"), served.client("coordinator"), len(served.log())
    more = {"by": "ada", "recorded": "2010-01-01", "arm": "CE", "is_active": "1", "number": "1", "confirm": "long-ago"}
    posted(client, f"/p/{key}/new/contact/", happened=DAY, **more)
    for event in list(served.log())[before:]:
        assert (event.by, set(event.data) - {"key"}) == (PEOPLE["coordinator"], set())
    made = served.client("administrator").post(
        "/accounts/", {"person": "new-1", "is_active": "", "password": PASSPHRASE}
    )
    assert made.status_code == 200
    from equipoise.site.models import Account

    found = Account.objects.get(username="new-1")
    assert not found.has_usable_password()
    found.delete()


def test_quotes_and_commands_are_names(served: Served) -> None:
    bad = "x'; DROP TABLE equipoise_site_account; -- $(id) `id` {{ 7|add:7 }} %s {0.__class__}"
    ada = served.client("administrator")
    for address, said in (("/accounts/", {"person": bad}), ("/access/", {"person": bad})):
        answer = ada.post(address, said) if address == "/accounts/" else ada.get(address, said)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "14 %s" not in page
        assert "uid=" not in page
    assert ada.get("/accounts/").status_code == 200
    log_in(served.stranger(), bad, WRONG)
    assert ada.get("/access/").status_code == 200


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", "http:evil.example"]
)
def test_log_in_leads_nowhere_else(served: Served, to: str) -> None:
    plain("monitor-1")
    assert log_in(served.stranger(), "monitor-1", PASSPHRASE, QUERY_STRING=f"next={to}")["Location"] == "/"


def test_a_fault_is_told_to_whoever_runs_the_server(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    client = Client(headers={"host": "localhost"}, raise_request_exception=False)
    client.force_login(account("monitor-1"))
    monkeypatch.setattr("equipoise.site.pages_record.boards.rows", lambda shown: 1 / 0)
    logger = logging.getLogger("django")
    logger.addHandler(caplog.handler)
    try:
        client.get("/patients/")
    finally:
        logger.removeHandler(caplog.handler)
    assert "ZeroDivisionError" in caplog.text
    assert PASSPHRASE not in caplog.text


def test_a_database_elsewhere_is_reached_as_its_address_says(site_installation: Installation) -> None:
    said = "postgresql://site@db.example/trial?sslmode=verify-full"
    found = settings_of(replace(site_installation, accounts=said))["DATABASES"]["default"]
    assert found["OPTIONS"] == {"sslmode": "verify-full"}
    assert (found["HOST"], found["NAME"], found["USER"]) == ("db.example", "trial", "site")


def test_what_is_kept_of_a_session_is_no_patients(served: Served, ivy: Any) -> None:
    """Cookies hold a random name of a session of 128 bits at least, and a token; sessions hold times and who one is."""
    ivy.get(f"/p/{key_of('S01-000')}/")
    assert len(ivy.cookies["__Host-session"].value) >= 32  # of 36 letters: 165 bits
    assert not re.search(r"S0\d|CE|IMGN", str(dict(ivy.session)))


def test_paused_enrolment_takes_nobody(served: Served) -> None:
    met = {f"c{n}": "yes" for n in range(1, 7)} | {"c7": "no", "c8": "no"}
    cora = served.client("coordinator")
    key = str(posted(cora, "/screen/", on=DAY, **met)["Location"]).split("/")[2]
    assert posted(served.client("sponsor"), "/sites/pause/", on=DAY, why="a signal").status_code == 302
    before = len(served.log())
    answer = posted(cora, f"/p/{key}/enrol/", on=DAY, f_ecog="0-1", f_ldh="raised")
    assert answer.status_code == 200
    assert "paused" in answer.content.decode()
    assert len(served.log()) == before
