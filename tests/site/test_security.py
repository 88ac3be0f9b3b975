"""OWASP ASVS 5.0, levels 1 and 2, where a test can hold it. docs/asvs.md names the rows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from equipoise.site.folder import Installation
from equipoise.site.settings import MOST_BYTES, settings_of
from people_log import PEOPLE
from site_server import PASSPHRASE, WRONG, Served, account, key_of, log_in, plain, posted

# -- headers and cookies (3.3, 3.4, 14.3) -------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/account/login/", "/", "/p/aaaaaaaaaaaaaaaa/", "/none/"])
def test_headers_of_every_answer(served: Served, address: str) -> None:
    answer = served.client("investigator").get(address)
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "connect-src": "'self'",
        "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
    }  # fmt: skip


def test_no_script_and_no_style_stand_in_a_page(served: Served) -> None:
    for role in PEOPLE:
        client = served.client(role)
        for address in ("/", "/patients/", "/screen/", "/people/", f"/p/{key_of('S01-000')}/"):
            page = client.get(address).content.decode()
            assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", page), address
            assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page)), address


def test_cookies_are_of_this_host_and_not_for_scripts(served: Served) -> None:
    client = served.stranger()
    plain("monitor-1")
    client.get("/account/login/")
    log_in(client, "monitor-1", PASSPHRASE)
    assert set(client.cookies) == {"__Host-csrf", "__Host-session"}
    for cookie in client.cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
            True,
            True,
            "Lax",
            "/",
            "",
        )


def test_hsts_and_https_behind_a_proxy(site_installation: Installation) -> None:
    found = settings_of(site_installation, "trial.example.org")
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert found["SECURE_SSL_REDIRECT"]
    assert found["ALLOWED_HOSTS"] == ["trial.example.org"]
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def test_another_host_is_refused(served: Served) -> None:
    assert Client(headers={"host": "evil.example"}).get("/account/login/").status_code == 400


def test_no_settings_are_for_development(site_installation: Installation) -> None:
    found = settings_of(site_installation)
    assert found["DEBUG"] is False
    assert found["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert not any("admin" in app for app in found["INSTALLED_APPS"])


def test_the_keys_are_their_owners_only(site_installation: Installation) -> None:
    keys = list((site_installation.folder / "keys").glob("*.key"))
    assert keys
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    from equipoise.trial.problem import BadInput

    installation = Installation(tmp_path, "north", "log")
    installation.key("django")
    (tmp_path / "keys" / "django.key").chmod(0o644)
    with pytest.raises(BadInput, match="others can read"):
        installation.key("django")


# -- forgery (3.5) ------------------------------------------------------------------------------------------------------


def test_a_form_of_another_site_records_nothing(served: Served) -> None:
    client = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    client.force_login(account("coordinator-1"))
    before = len(served.log())
    answer = client.post("/screen/", {"on": "2013-07-20", **{f"c{n}": "yes" for n in range(1, 9)}, "key": "x"})
    assert answer.status_code == 403
    assert "Nothing was recorded" in answer.content.decode()
    assert len(served.log()) == before


def test_nothing_is_ordered_by_an_address(served: Served) -> None:
    """No GET of any page changes the log, the accounts or who is logged in."""
    before = len(served.log())
    administrator = served.client("administrator")
    for number in (1, 2, 3):
        assert administrator.get(f"/accounts/{number}/enable/").status_code == 405
        assert administrator.get(f"/accounts/{number}/link/").status_code == 405
    for role in PEOPLE:
        client = served.client(role)
        for address in (
            "/screen/",
            f"/p/{key_of('S01-012')}/randomise/",
            "/people/grant/",
            "/sites/close/",
            "/account/logout/",
        ):
            client.get(address, {"key": "k", "on": "2013-07-20", "passphrase": PASSPHRASE})
        assert client.get("/").status_code == 200
    assert len(served.log()) == before


# -- pass phrases and log-in (6.2, 6.3) -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("short", "at least 15 characters"),
        ("passwordpassword", "too common"),
        ("1q2w3e4r5t6y7u8i9o0p", "too common"),
        ("abcabcabcabcabcab", "too common"),
        ("equipoise shows itself", "everybody knows"),
        ("equipoise trial 2026!", "anybody would try first"),
        ("my sponsors pass phrase", "anybody would try first"),
        ("1492 1618 1776 1848", None),
        ("yan mo of yan mo yan", None),
        ("a long one of many words, sixty-four letters at the least, I think", None),
        ("ein Satz mit Umläuten und 🙂 Blank", None),
        ("aaaaaaaaaaaaaaaa!", None),
    ],
)
def test_pass_phrases_are_long_and_of_any_kind(site_installation: Installation, phrase: str, said: str | None) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    if said is None:
        validate_password(phrase)
        return
    with pytest.raises(ValidationError, match=said):
        validate_password(phrase)


def test_a_name_that_there_is_not_fails_like_a_wrong_pass_phrase(served: Served) -> None:
    plain("monitor-1")
    pages = [log_in(served.stranger(), who, WRONG).content.decode() for who in ("monitor-1", "nobody-1")]
    told = [re.sub(r"monitor-1|nobody-1|csrf[^>]*|hx-headers[^>]*", "", page) for page in pages]
    assert told[0] == told[1]


def test_failures_are_limited_by_user_and_address(served: Served) -> None:
    """Five of one user from one address; from another he goes in: nobody shuts out somebody else."""
    plain("monitor-1")
    thief = served.stranger()
    for _ in range(5):
        assert log_in(thief, "monitor-1", WRONG).status_code == 200
    assert "Too many failed login attempts" in log_in(thief, "monitor-1", PASSPHRASE).content.decode()
    assert log_in(served.stranger(), "monitor-1", PASSPHRASE, REMOTE_ADDR="10.0.0.7").status_code == 302


def test_limits_are_shared_by_processes(site_installation: Installation) -> None:
    caches = settings_of(site_installation)["CACHES"]["default"]
    assert caches["BACKEND"].endswith("DatabaseCache")
    assert caches["OPTIONS"]["MAX_ENTRIES"] >= 100_000


def test_no_page_opens_without_a_second_factor(served: Served) -> None:
    client = served.stranger()
    plain("investigator-1")
    assert log_in(client, "investigator-1", PASSPHRASE).status_code == 302
    for address in ("/", "/patients/", "/screen/", f"/p/{key_of('S01-000')}/"):
        assert client.get(address)["Location"] == "/account/factors/"
    assert client.post("/screen/", {}).status_code == 302


def test_a_second_factor_is_asked_for_at_log_in(served: Served) -> None:
    account("investigator-1")
    client = served.stranger()
    assert log_in(client, "investigator-1", PASSPHRASE)["Location"] == "/account/factors/authenticate/"
    assert client.get("/")["Location"].startswith("/account/login/")


# -- what is sent (4.3, 5.2, 16.5) ------------------------------------------------------------------------------------------


def test_what_is_too_long_is_refused_unread(served: Served) -> None:
    answer = served.client("coordinator").post("/screen/", {"patient": "x" * (MOST_BYTES + 1)})
    assert answer.status_code == 413
    assert "Too large" in answer.content.decode()


def test_no_file_is_taken(served: Served) -> None:
    from io import BytesIO

    answer = served.client("coordinator").post("/screen/", {"patient": BytesIO(b"x")})
    assert answer.status_code == 400


def test_a_fault_shows_no_trace(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(headers={"host": "localhost"}, raise_request_exception=False)
    client.force_login(account("monitor-1"))
    monkeypatch.setattr("equipoise.site.pages_record.boards.rows", lambda shown: 1 / 0)
    answer = client.get("/patients/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "A fault of ours" in page
    assert "ZeroDivision" not in page
    assert "Traceback" not in page


def test_what_was_typed_is_shown_as_text(served: Served) -> None:
    bad = '<script>alert(1)</script>"><img src=x onerror=y>'
    page = posted(served.client("coordinator"), "/screen/", on="2013-07-20", patient=bad).content.decode()
    assert "<script>alert" not in page
    assert "onerror=y>" not in page
    chain = served.client("administrator").get("/access/", {"person": bad}).content.decode()
    assert "<script>alert" not in chain


def test_a_redirect_stays_here(served: Served) -> None:
    client = served.stranger()
    plain("monitor-1")
    answer = log_in(client, "monitor-1", PASSPHRASE, QUERY_STRING="next=https://evil.example/")
    assert answer["Location"] == "/"


# -- the access chain (16.2 to 16.4) ------------------------------------------------------------------------------------------


def test_what_becomes_of_log_ins_is_in_the_chain(served: Served) -> None:
    from equipoise.site import live

    plain("monitor-1")
    client = served.stranger()
    log_in(client, "monitor-1\nroot: granted", WRONG)
    log_in(client, "monitor-1", WRONG)
    log_in(client, "monitor-1", PASSPHRASE)
    client.post("/account/logout/")
    chain = live.current().access
    said = [(x.what, x.person) for x in reversed(chain.lines())]
    assert said[-4:] == [
        ("failed to log in", "monitor-1\ufffdroot: granted"), ("failed to log in", "monitor-1"), ("logged in", "monitor-1"), ("logged out", "monitor-1"),
    ]  # fmt: skip
    assert chain.verify() == len(said)
    assert all(x.at.tzinfo is not None and x.address == "127.0.0.1" for x in chain.lines()[:4])


def test_pass_phrases_stand_nowhere(served: Served) -> None:
    from django.db import connection

    plain("monitor-1")
    log_in(served.stranger(), "monitor-1", WRONG)
    log_in(served.stranger(), "monitor-1", PASSPHRASE)
    kept = served.installation.access.read_bytes() + (served.installation.access.with_name("access.sqlite3-wal")).read_bytes() if served.installation.access.with_name("access.sqlite3-wal").exists() else served.installation.access.read_bytes()  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        kept += "".join(row[0] for row in cursor.fetchall()).encode()
    assert WRONG.encode() not in kept
    assert PASSPHRASE.encode() not in kept


def test_the_installation_of_a_demo_is_not_served_behind_a_proxy(tmp_path: Path) -> None:
    from equipoise.site import serving
    from equipoise.trial.problem import BadInput

    with pytest.raises(BadInput, match="on this computer only"):
        serving.set_up(tmp_path / "x", "north", demo=True, behind_proxy="trial.example.org")
    demo = replace(Installation(tmp_path, "north", "log"), demo=True)
    demo.write()
    with pytest.raises(BadInput, match="on this computer only"):
        serving.wsgi(str(tmp_path), "trial.example.org")


# -- what is changed, and what is refused (6.2.3, 6.5.1, 7.4.3, 16.3.2) --------------------------------------------------


def test_a_new_pass_phrase_asks_for_the_old_one_and_ends_other_sessions(served: Served) -> None:
    person = "medical-monitor-1"
    plain(person)
    first, second = served.stranger(), served.stranger()
    for client in (first, second):
        log_in(client, person, PASSPHRASE)
    account(person)
    new = "another four words here"
    refused = second.post("/account/pass-phrase/", {"oldpassword": WRONG, "password1": new, "password2": new})
    assert refused.status_code == 200
    assert first.get("/").status_code == 200
    done = second.post("/account/pass-phrase/", {"oldpassword": PASSPHRASE, "password1": new, "password2": new})
    assert done.status_code == 302
    assert first.get("/")["Location"].startswith("/account/login/")
    assert second.get("/").status_code == 200
    found = account(person)
    found.set_password(PASSPHRASE)
    found.save()


def test_a_code_works_once(served: Served) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    from browsing import code_of

    user, secret = plain("monitor-1"), generate_totp_secret()
    TOTP.activate(user, secret)
    code = code_of(secret)
    first, second = served.stranger(), served.stranger()
    for client in (first, second):
        log_in(client, "monitor-1", PASSPHRASE)
    assert first.post("/account/factors/authenticate/", {"code": code})["Location"] == "/"
    again = second.post("/account/factors/authenticate/", {"code": code})
    assert again.status_code == 200
    assert second.get("/")["Location"].startswith("/account/login/")
    from equipoise.site import live

    assert any(
        x.what == "failed at the second factor" and x.person == "monitor-1" for x in live.current().access.lines()
    )


def test_what_a_role_is_refused_is_recorded(served: Served) -> None:
    from equipoise.site import live

    served.client("monitor").get("/accounts/")
    last = live.current().access.lines()[0]
    assert (last.what, last.person, last.detail) == ("refused", PEOPLE["monitor"], "accounts")


def test_addresses_tell_nothing(served: Served) -> None:
    """No number of a patient, no site and no arm stands in an address of any page."""
    for role in ("investigator", "inspector"):
        client = served.client(role)
        for page in ("/", "/patients/", "/known/", f"/p/{key_of('S01-000')}/"):
            found = re.findall(r'(?:href|action)="([^"]*)"', client.get(page).content.decode())
            assert not [a for a in found if re.search(r"S0\d|IMGN|-0\d\d|CE\b", a.split("?day=")[0])], page


def test_djangos_own_check_for_deployment_finds_nothing(site_installation: Installation) -> None:
    from django.core.management import call_command
    from django.test import override_settings

    proxied = settings_of(site_installation, "trial.example.org")
    secure = {k: v for k, v in proxied.items() if k.startswith(("SECURE_", "ALLOWED", "CSRF_TRUSTED"))}
    with override_settings(**secure):
        call_command("check", deploy=True, fail_level="WARNING")
