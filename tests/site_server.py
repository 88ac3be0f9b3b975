"""A trial served in the test's own process: Django set up once, a log of one's own for each test, clients that are logged in."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.files.log_file import LogFile
from equipoise.site import serving
from equipoise.site.folder import Installation
from equipoise.trial.log import Log
from people_log import PEOPLE, log
from sealed import secret_file, secret_of

PASSPHRASE = "four words of no weight"


def set_up_django(folder: Path) -> Installation:
    """Django's settings and tables, in a folder, once a process; pass phrases are hashed quickly here."""
    from django.conf import settings

    from equipoise.site.settings import settings_of

    installation = Installation(folder, "north", str(folder / "log.jsonl"))
    quick = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
    if not settings.configured:
        import django

        settings.configure(**{**settings_of(installation), **quick})
        django.setup()
    serving.configure(installation)
    return installation


@dataclass
class Served:
    """A trial that is served: its installation, and clients of people."""

    installation: Installation

    def log(self) -> Log:
        """The log as it stands."""
        from equipoise.site import live

        return live.current().store.read().log

    def client(self, person: str) -> Any:
        """A browser of a person who has logged in; ``person`` may be the name of a role."""
        from django.test import Client

        client = Client(headers={"host": "localhost"}, raise_request_exception=True)
        client.force_login(account(PEOPLE.get(person, person)))
        return client

    def stranger(self) -> Any:
        """A browser of nobody."""
        from django.test import Client

        return Client(headers={"host": "localhost"}, raise_request_exception=True)


def account(person: str, passphrase: str = PASSPHRASE, *, factor: bool = True) -> Any:
    """The account of a person, with a second factor, made when it is first asked for."""
    from allauth.mfa.models import Authenticator

    from equipoise.site.models import Account

    found = Account.objects.filter(username=person).first()
    if found is None:
        found = Account.objects.make(person)
        found.set_password(passphrase)
        found.save()
    if factor and not Authenticator.objects.filter(user=found).exists():
        Authenticator.objects.create(user=found, type=Authenticator.Type.TOTP, data={"secret": "none of ours"})
    return found


WRONG = "four words of another weight"


def log_in(client: Any, person: str, passphrase: str, **more: Any) -> Any:
    return client.post("/account/login/", {"login": person, "password": passphrase}, **more)


def plain(person: str) -> Any:
    """An account that logs in by pass phrase alone, to get at what is behind: no page opens without a second factor."""
    from allauth.mfa.models import Authenticator

    found = account(person)
    Authenticator.objects.filter(user=found).delete()
    return found


def serve(installation: Installation, folder: Path, events: Log | None = None) -> Served:
    """Serve a log of one's own; that of ``people_log`` unless another is given."""
    from equipoise.site import live
    from equipoise.site.drafts import Draft

    Draft.objects.all().delete()
    place = Path(tempfile.mkdtemp(dir=folder))
    (place / "log").mkdir()
    own = replace(installation, folder=place, log=str(place / "log" / "log.jsonl"))
    LogFile(place / "log" / "log.jsonl", "north").create(log() if events is None else events)
    own.secret.parent.mkdir()
    secret_file(own.secret, secret_of("north"))
    # Keys in addresses are an installation's own; here all are one installation.
    (place / "keys").mkdir()
    key = place / "keys" / "addresses.key"
    key.touch(mode=0o600)
    key.write_text("the key of the tests\n")
    live.use(live.Live(own))
    return Served(own)


def key_of(patient: str) -> str:
    """What stands for a patient in an address."""
    from equipoise.site import live

    served = live.current().shown(PEOPLE["inspector"])
    return served.key_of(patient)


def posted(client: Any, address: str, **said: Any) -> Any:
    """Send a page's own form: its hidden fields as they are on the page."""
    page = client.get(address).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|on)" value="([^"]*)"', page))
    return client.post(address, {**hidden, **said})


_CHANGES = (
    (rb'(name="csrfmiddlewaretoken" value=")[^"]*', rb"\1"),
    (rb'("X-CSRFToken": ")[^"]*', rb"\1"),
    (rb'(name="key" value=")[^"]*', rb"\1"),
    (rb"(Draft kept[^0-9]*)[0-9:. -]+UTC", rb"\1UTC"),
    (rb'(id="saved"[^>]*>[^<]*?)[0-9]{2}:[0-9]{2}(:[0-9]{2})? UTC', rb"\1"),
    (rb"(Draft kept, |typed this on |typed on )[0-9: -]+ UTC", rb"\1"),
)


def same_each_time(page: bytes, hashes: Iterable[str] = ()) -> bytes:
    """A page without what is random in it, and without the log's own hashes, which are over salted digests."""
    now = f"{datetime.now(UTC):%Y-%m-%d}".encode() + rb" \d\d:\d\d(:\d\d)?"  # of what the test itself recorded
    for pattern, put in (*_CHANGES, (now, b"now")):
        page = re.sub(pattern, put, page)
    # Of files: the chain and the digests of what is withheld, as tests/cli strips them, and the moment at which one was made.
    page = re.sub(rb'"(hash|previous|open_digest|guarded_digest)":"[0-9a-f]{64}"', rb'"\1":"#"', page)
    page = page.replace(b'"guarded_digest":"#","hash":"#","open_digest"', b'"hash":"#","open_digest"')
    page = re.sub(rb"\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d(\.\d+)?", b"then", page)
    for i, value in enumerate(hashes):
        page = page.replace(value.encode(), b"hash of %d" % (i + 1)).replace(value[:12].encode(), b"hash %d" % (i + 1))
    return page


__all__ = [
    "PASSPHRASE",
    "WRONG",
    "Conduct",
    "Served",
    "account",
    "key_of",
    "log_in",
    "plain",
    "posted",
    "same_each_time",
    "serve",
    "set_up_django",
]
