"""The one place where the text of an address becomes a store."""

from __future__ import annotations

from pathlib import Path

from equipoise.files.log_address import Address, address_of
from equipoise.files.log_file import LogFile
from equipoise.files.log_table import LogTable


def store_at(address: Address | str, trial_id: str | None = None, timeout: float = 30.0) -> LogFile | LogTable:
    """The store of a trial's log at an address. Nothing is opened yet.

    Raises BadInput for an address that is none, Missing where a library for it is not installed.
    """
    if isinstance(address, str):
        address = address_of(address)
    if isinstance(address, Path):
        return LogFile(address, trial_id, timeout)
    if address.scheme == "sqlite":
        from equipoise.files.log_sqlite import log_in_sqlite

        return log_in_sqlite(address, trial_id, timeout)
    from equipoise.files.log_postgresql import log_in_postgresql

    return log_in_postgresql(address, trial_id, timeout)


def prepare(address: Address, role: str = "") -> str:
    """Make the table of a database, where it is not there; the statement that gives an application's user its rights, if it has any.

    Raises BadInput for a file, which needs none.
    """
    from equipoise.trial.problem import BadInput, Problem

    if isinstance(address, Path):
        problem = Problem("no-database", "log", str(address), "a database: a file needs no preparing", "conduct open")
        raise BadInput("prepare", [problem])
    if address.scheme == "sqlite":
        from equipoise.files import log_sqlite

        if role:
            problem = Problem(
                "no-roles", "--grant", role, "nothing: SQLite knows no users; the file's rights are its folder's"
            )
            raise BadInput("prepare", [problem])
        log_sqlite.prepare(address)
        return ""
    from equipoise.files import log_postgresql

    return log_postgresql.prepare(address, role)
