"""Where a log is kept, as it is typed: the path of a file, or the URL of a database.

A password never becomes part of an address as it is shown: it is kept apart, and taken out of what a database says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from equipoise.trial.problem import BadInput, Problem

ALLOWED = "a path, sqlite:///FOLDER/FILE or postgresql://USER@HOST/DATABASE"
_DATABASES = {"sqlite": "sqlite", "postgresql": "postgresql", "postgres": "postgresql"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True)
class Database:
    """A database that holds logs. ``url`` is without password; ``str`` of it names it in messages."""

    scheme: str
    url: str
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.url

    @property
    def file(self) -> Path:
        """Of SQLite: the file. As elsewhere three slashes begin a path from the folder one is in, four one from the root."""
        return Path(self.url.removeprefix("sqlite:///"))

    @property
    def name(self) -> str:
        """What it is called: SQLite's file without its ending, PostgreSQL's database."""
        return self.file.stem if self.scheme == "sqlite" else urlsplit(self.url).path.strip("/") or "log"

    def scrubbed(self, text: str) -> str:
        """What a database says, without the password."""
        return text.replace(self.password, "…") if self.password else text


Address = Path | Database


def shown(text: str) -> str:
    """What was typed, as it may be shown: of what may be a URL with a password, the scheme and the user."""
    return re.sub(r"(://[^\s:/@]*:)\S+", r"\1…", text)


def address_of(text: str) -> Address:
    """The address that was typed. Raises BadInput for a database that is not known or that is written otherwise.

    >>> address_of("logs/north.jsonl")
    PosixPath('logs/north.jsonl')
    >>> str(address_of("postgres://eq:secret@localhost/north"))
    'postgresql://eq@localhost/north'
    """
    found = _SCHEME.match(text)
    if found is None:
        before = text.split(":", 1)[0].lower()
        if ":" in text and before in _DATABASES:
            raise _refused(before + ":…", f"did you mean {_DATABASES[before]}://…?")
        return Path(text)
    scheme = _DATABASES.get(found[1].lower())
    if scheme is None:
        raise _refused(f"{found[1]}://…")
    rest = text[found.end() :]
    return _sqlite(rest) if scheme == "sqlite" else _postgresql(rest)


def _sqlite(rest: str) -> Database:
    name = rest.removeprefix("/")
    if name == rest:
        raise _refused(f"sqlite://{rest}", "three slashes: sqlite:///log.db here, sqlite:////srv/log.db from the root")
    if name in ("", ":memory:") or "\0" in name:
        raise _refused(f"sqlite:///{name}", "name a file: a log lasts")
    return Database("sqlite", f"sqlite:///{name}")


def _postgresql(rest: str) -> Database:
    """USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS, as libpq reads it; the password is taken out."""
    place, question, options = rest.partition("?")
    who, at, where = place.rpartition("@")
    # What is shown here must not hold a password that was written with a sign that ends it: no part of it is quoted.
    if "@" in who or "/" in who or "#" in rest:
        raise _refused("postgresql://…", "in a password write @ as %40, / as %2F, # as %23; or keep it in ~/.pgpass")
    port = where.split("/", 1)[0].rsplit(":", 1)
    if not at and len(port) == 2 and not port[0].endswith("]") and not port[1].isdecimal():
        raise _refused("postgresql://…", "a port is a number; a password stands before @HOST")
    user, _, password = who.partition(":")
    kept = []
    for option in options.split("&") if question else []:
        key, _, value = option.partition("=")
        if key in ("password", "sslpassword"):
            password = value if key == "password" else password
            continue
        kept.append(option)
    url = f"postgresql://{user}{at}{where}" + (f"?{'&'.join(kept)}" if kept else "")
    return Database("postgresql", url, unquote(password))


def _refused(given: str, step: str = "") -> BadInput:
    return BadInput("log", [Problem("bad-address", "log", given, ALLOWED, step)])


def beside(address: Address, ending: str) -> Path:
    """A file of the log's name, where the log is; of a server's database, in the folder one is in."""
    if isinstance(address, Path):
        return address.with_name(address.name.split(".")[0] + ending)
    name = address.name.split(".")[0] + ending
    return address.file.with_name(name) if address.scheme == "sqlite" else Path(name)
