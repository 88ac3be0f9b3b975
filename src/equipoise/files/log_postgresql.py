"""A trial's log in a table of PostgreSQL, by psycopg 3.

The table is made by its owner (`equipoise conduct prepare`); who gives orders needs SELECT and INSERT and nothing else. A writer
holds an advisory lock of the chain until its transaction ends, so no row and no right to update it are needed for that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equipoise.files.log_address import Database
from equipoise.files.log_sqlite import unguarded
from equipoise.files.log_table import LogTable, Row
from equipoise.trial.problem import BadInput, Missing, Problem

if TYPE_CHECKING:
    import psycopg

_SCHEMA = Path(__file__).with_name("log_postgresql.sql")
_TRIGGERS = {"event_next", "event_redacted", "event_never"}
_RIGHTS = """
WITH it AS (SELECT oid, relowner, relacl FROM pg_catalog.pg_class WHERE oid = 'public.event'::regclass),
given AS (
  SELECT a.grantee, a.privilege_type AS what FROM it, LATERAL aclexplode(it.relacl) a WHERE a.grantee <> it.relowner
  UNION SELECT a.grantee, a.privilege_type || ' (' || c.attname || ')' FROM it, pg_catalog.pg_attribute c, LATERAL aclexplode(c.attacl) a
    WHERE c.attrelid = it.oid AND a.grantee <> it.relowner
)
SELECT CASE g.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(g.grantee)::text END AS who, g.what FROM given g
  WHERE g.what NOT LIKE 'SELECT%%' AND g.what NOT LIKE 'INSERT%%'
UNION SELECT r.rolname::text, 'of its owner, whose member it is,' FROM pg_catalog.pg_roles r, it
  WHERE r.oid <> it.relowner AND NOT r.rolsuper AND pg_has_role(r.oid, it.relowner, 'MEMBER')
ORDER BY 1, 2
"""
#: Seconds until a server that does not answer is given up.
_PATIENCE = 10


def log_in_postgresql(database: Database, trial_id: str | None, timeout: float = 30.0) -> LogTable:
    """A trial's log in a database of PostgreSQL, whose table is there. Raises Missing without psycopg."""
    _psycopg()
    return LogTable(database, trial_id, lambda: _opened(database, timeout), lambda: _opened(database, timeout))


def prepare(database: Database, role: str = "") -> str:
    """Make the table, its triggers and functions, as their owner; for ``role``, the right to read and to add.

    What is there stays; functions and triggers are written anew. Returns the statement that gives the rights.
    """
    from psycopg import sql

    name = sql.Identifier(role) if role else sql.SQL("ROLE")
    grant = sql.SQL("GRANT SELECT, INSERT ON public.event TO {}").format(name)
    with _connected(database) as connection, _said(database), connection.transaction():
        encoding = connection.execute("SHOW server_encoding").fetchone()
        if encoding != ("UTF8",):
            problem = Problem("encoding", "log", f"a database in {(encoding or ('?',))[0]}", "a database in UTF8")
            raise BadInput(str(database), [problem])
        connection.execute(_SCHEMA.read_bytes())
        if role:
            connection.execute(grant)
        return grant.as_string(connection)


def chain_key(chain: str) -> int:
    """The advisory lock's key of a chain: 64 bits of a digest, signed."""
    return int.from_bytes(hashlib.sha256(f"equipoise event {chain}".encode()).digest()[:8], "big", signed=True)


@cache
def _functions() -> set[tuple[str, str]]:
    """The functions of our triggers, each with its text: one of the same name that does nothing refuses nothing."""
    text = _SCHEMA.read_text(encoding="utf-8")
    return set(re.findall(r"FUNCTION public\.(\w+)\([^)]*\) RETURNS.*?\$\$(.*?)\$\$", text, re.DOTALL))


class _Session:
    """One connection."""

    def __init__(self, connection: psycopg.Connection[Any], database: Database, timeout: float) -> None:
        self._connection = connection
        self._database = database
        self._timeout = timeout

    def begin(self, chain: str) -> None:
        """Take the chain's lock, which lasts until the transaction ends. Refused where the table's triggers are gone or off."""
        self._all("SELECT set_config('lock_timeout', %s, true)", f"{max(1, int(self._timeout * 1000))}ms")
        self._all("SELECT pg_advisory_xact_lock(%s)", chain_key(chain))
        if missing := self.missing():
            self.rollback()
            raise unguarded(self._database, missing)

    def missing(self) -> list[str]:
        """Our triggers that are gone or off, and functions of theirs that do not say what we wrote."""
        there = self._all(
            "SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = 'public.event'::regclass AND tgenabled IN ('O', 'A')"
        )
        functions = self._all(
            "SELECT proname, prosrc FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'event\\_%%'"
        )
        altered = {name for name, _ in _functions() - set(functions)}
        return sorted((_TRIGGERS - {name for (name,) in there}) | altered)

    def rights(self) -> list[tuple[str, str]]:
        """Who was granted more than to read and to add, on the table or a column, and who is a member of its owner; no superusers, who may do anything."""
        return self._all(_RIGHTS)

    def rows(self, chain: str, after: int = 0) -> list[Row]:
        """The chain's rows after a number."""
        return self._all(
            "SELECT number, line, hash FROM public.event WHERE chain = %s AND number > %s ORDER BY number", chain, after
        )

    def some(self, chain: str, numbers: Sequence[int]) -> list[Row]:
        """The chain's rows of these numbers."""
        return self._all(
            "SELECT number, line, hash FROM public.event WHERE chain = %s AND number = ANY(%s) ORDER BY number",
            chain,
            list(numbers),
        )

    def last(self, chain: str) -> Row | None:
        """The chain's last row."""
        found = self._all(
            "SELECT number, line, hash FROM public.event WHERE chain = %s ORDER BY number DESC LIMIT 1", chain
        )
        return found[0] if found else None

    def chains(self) -> list[str]:
        """The chains that the table holds."""
        return [chain for (chain,) in self._all("SELECT DISTINCT chain FROM public.event ORDER BY chain")]

    def insert(self, chain: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        add = "INSERT INTO public.event (chain, number, line, hash) VALUES (%s, %s, %s, %s)"
        with _said(self._database), self._connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(add, (chain, *rows[0]))
            else:
                cursor.executemany(add, [(chain, *row) for row in rows])

    def withhold(self, chain: str, number: int, line: str) -> None:
        """Have a row's line give way to its digests: the owner's, or whose right it was made."""
        with _said(self._database, right="UPDATE (line)"):
            self._connection.execute(
                "UPDATE public.event SET line = %s WHERE chain = %s AND number = %s", (line, chain, number)
            )

    def commit(self) -> None:
        """Lasting once the server says so: a commit that the server no longer answers may have been done."""
        with _said(self._database, ending=True):
            self._connection.commit()

    def rollback(self) -> None:
        """Take back what was not committed."""
        import psycopg

        with suppress(psycopg.Error):
            self._connection.rollback()

    def now(self) -> datetime | None:
        """The server's clock."""
        ((moment,),) = self._all("SELECT clock_timestamp()")
        found: datetime = moment.astimezone(UTC)
        return found

    def _all(self, query: str, *given: object) -> list[Any]:
        with _said(self._database):
            return self._connection.execute(query.encode(), given).fetchall()


@contextmanager
def _opened(database: Database, timeout: float) -> Iterator[_Session]:
    """A session of a database in which the table is."""
    with _connected(database) as connection:
        with _said(database):
            there = connection.execute("SELECT to_regclass('public.event') IS NOT NULL").fetchone()
            connection.rollback()
        if there != (True,):
            step = f"its owner makes it: equipoise conduct prepare {database}"
            raise BadInput(
                str(database),
                [Problem("not-prepared", "log", "a database without the table 'event'", "that table", step)],
            )
        yield _Session(connection, database, timeout)


@contextmanager
def _connected(database: Database) -> Iterator[psycopg.Connection[Any]]:
    psycopg = _psycopg()
    with _said(database):
        password = {"password": database.password} if database.password else {}
        connection = psycopg.connect(
            database.url, connect_timeout=_PATIENCE, application_name="equipoise", client_encoding="UTF8", **password
        )
    try:
        # An order is lost to nobody's haste: whatever the server's default is, a commit waits for the disk.
        with _said(database):
            off = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
            connection.execute(off)
            connection.commit()
        yield connection
    finally:
        connection.close()


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError:
        raise Missing("a log in PostgreSQL needs psycopg: pip install 'equipoise[postgres]'") from None
    return psycopg


@contextmanager
def _said(database: Database, *, ending: bool = False, right: str = "SELECT, INSERT") -> Iterator[None]:
    """What PostgreSQL says, as a problem, without the password. ``ending``: of a commit; ``right``: what is needed."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        text = database.scrubbed(" ".join(str(error).split()))[:300]
        raise BadInput(str(database), [_problem(error, text, right, ending=ending)]) from None


def _problem(error: psycopg.Error, text: str, right: str, *, ending: bool) -> Problem:
    from psycopg import errors

    if isinstance(error, errors.LockNotAvailable):
        return Problem("locked", "log", "another writer holds it", "one writer at a time", "try again in a moment")
    if isinstance(error, errors.IntegrityError):
        return Problem("refused-by-table", "log", text, "the next event of the chain, and nothing else")
    if isinstance(error, errors.InsufficientPrivilege):
        step = f"its owner gives it: GRANT {right} ON public.event TO …"
        return Problem("no-right", "log", text, f"a user who has the right {right}", step)
    if ending:
        given = f"no answer to the commit: {text}"
        step = "equipoise conduct verify says what the log holds; then order again if it is not there"
        return Problem("may-be-recorded", "log", given, "the server's answer", step)
    if isinstance(error, (errors.OperationalError, errors.InterfaceError)):
        return Problem("no-connection", "log", text, "a server that answers", "is it running, and is this its address?")
    return Problem("unreadable", "log", text, "a database that can be read and written")
