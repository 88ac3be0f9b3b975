"""A PostgreSQL of the tests' own: on loopback, in a temporary folder, from whatever Debian has installed."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

OWNER, APPLICATION = "trial_owner", "site"
_numbers = count(1)


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl: the newest of Debian's, or what the path has."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


def why_not() -> str:
    """Why there is no PostgreSQL here; '' where there is."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "no psycopg here"
    if binaries() is None:
        return "no PostgreSQL here: `make postgres` installs it when root, on Debian"
    if os.geteuid() == 0 and not _user():
        return "PostgreSQL does not run as root, and there is no user 'postgres'"
    return ""


def _user() -> str:
    """Whom root lends a server to."""
    import pwd

    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return ""


class Server:
    """A running server, with an owner of trials and an application's user, both without password on loopback."""

    def __init__(self, *, durable: bool = True, options: str = "") -> None:
        self.durable, self.options = durable, options
        self.folder = Path(tempfile.mkdtemp(prefix="eq-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, _user())
        self.superuser = _user() if os.geteuid() == 0 else getpass.getuser()
        self._run("initdb", "-D", self.data, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        for _ in range(5):  # another may take the port first
            self.port = _free_port()
            if self.start():
                break
        else:
            raise RuntimeError((self.folder / "log").read_text())
        for role in (OWNER, APPLICATION):
            self.psql("postgres", f"CREATE ROLE {role} LOGIN")

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> bool:
        """Start it, or start it again; after a crash it recovers first."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=60 {self.options}"
        if not self.durable:
            options += " -c fsync=off"
        started = ["start", "-D", self.data, "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options]
        return self._run("pg_ctl", *started, check=False).returncode == 0

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``immediate`` kills all that it is doing, as a crash does."""
        self._run("pg_ctl", "stop", "-D", self.data, "-m", mode, check=False)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def psql(self, database: str, statement: str) -> None:
        """One statement, as superuser."""
        import psycopg

        with psycopg.connect(self.url(database, self.superuser), autocommit=True) as connection:
            connection.execute(statement.encode())

    def database(self) -> str:
        """A new database of the owner's; its name. Nothing is lent twice: what was made there goes on being there, functions among it."""
        name = f"trial{next(_numbers)}"
        self.psql("postgres", f"CREATE DATABASE {name} OWNER {OWNER}")
        return name

    def give_back(self, name: str) -> None:
        """Take a database away, whoever is still in it: they are 7 MB each, and one is made in a fortieth of a second."""
        self.psql("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, database: str, user: str = APPLICATION) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        found = binaries()
        assert found is not None
        command: Sequence[str] = [str(found / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _user(), "--", *command]
        # A started server keeps what it is given as output: a pipe would never end.
        return subprocess.run(command, check=check, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def running(*, durable: bool = True, options: str = "") -> Iterator[Server]:
    server = Server(durable=durable, options=options)
    try:
        yield server
    finally:
        server.close()


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
