"""Set an installation up, and serve it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.conduct.people import People
from equipoise.desk import opening, sealing
from equipoise.desk.witness import make_keys, witness_of
from equipoise.files.log_address import Address, Database, address_of
from equipoise.files.log_store import prepare
from equipoise.site.folder import Installation, new_installation
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

HOST = "localhost"


@dataclass(frozen=True)
class Begun:
    """An installation that is set up. ``links``: of administrators who have no pass phrase yet, each with the address that works once."""

    installation: Installation
    new: bool
    events: int
    links: Sequence[tuple[str, str]] = ()
    people: Sequence[tuple[str, str]] = ()


def installation_at(
    folder: Path, trial: str, log: str = "", accounts: str = "", *, demo: bool = False
) -> tuple[Installation, bool]:
    """The installation in a folder, written if there was none, and whether it is new. Raises BadInput where it is another trial's or log's."""
    asked = new_installation(folder, trial, log, accounts, demo=demo)
    for name in (asked.log, asked.accounts):
        if name:
            address_of(name)
    if asked.accounts and not asked.accounts.startswith("postgres"):
        allowed = "postgresql://USER@HOST/DATABASE; left out: a file of SQLite in the folder"
        raise BadInput("serve", [Problem("bad-address", "--database", repr(accounts), allowed)])
    found = Installation.read(asked.folder)
    if found is None:
        return asked, True
    told: dict[str, str | bool] = {"trial": trial, "log": log, "accounts": accounts, "demo": demo}
    if found.demo and demo:
        told["trial"] = ""  # a demonstration has a copy of it, moved to today
    problems = [
        Problem("another-site", name, repr(getattr(asked, name)), f"what the folder was set up with: {getattr(found, name)!r}", "another --folder")
        for name in told
        if told[name] and getattr(asked, name) != getattr(found, name)
    ]  # fmt: skip
    if found.demo and not demo:
        problems.append(
            Problem("a-demo", "--folder", str(folder), "a folder that is no demo's", "--demo, or another --folder")
        )
    if problems:
        raise BadInput(str(folder), problems)
    return found, False


def configure(installation: Installation, behind_proxy: str = "") -> None:
    """Make Django's settings, and its tables where they are not there. Once a process."""
    _settings(installation, behind_proxy)
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("clearsessions")


def _settings(installation: Installation, behind_proxy: str) -> None:
    import django
    from django.conf import settings

    from equipoise.site.settings import settings_of

    if not settings.configured:
        settings.configure(**settings_of(installation, behind_proxy))
        django.setup()


def _refuse_other_tables(folder: str) -> None:
    """Raise BadInput for tables of another version: several processes at once are no time to change them."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    found = MigrationExecutor(connection)
    if found.migration_plan(found.loader.graph.leaf_nodes()):
        step = f"equipoise serve TRIAL --folder {folder} --set-up-only"
        allowed = "tables of accounts as this version has them"
        raise BadInput("serve", [Problem("other-tables", folder, "tables of another version", allowed, step)])


def open_trial(installation: Installation, administrator: str, blocks: Sequence[int] = ()) -> Trial:
    """Seal a secret, make the key that signs heads, and open the trial's log with people, unless that was done.

    ``blocks``: sizes that are sealed with the secret, where the trial file leaves them to it.
    """
    trial = opening.load_trial(installation.trial)
    address = address_of(installation.log)
    store = opening.log_of(trial, address)
    if _is_there(trial, address):
        return trial
    secret = None
    if trial.randomisation is not None:
        if not installation.secret.exists():
            installation.secret.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sealing.seal(installation.trial, trial, installation.secret, blocks)
        secret = sealing.the_secret(installation.trial, trial, installation.secret, address)
    if not (installation.keys / "signing.key").exists():
        make_keys(installation.keys, f"{trial.id}.equipoise")
    installation.witness.mkdir(exist_ok=True)
    witness = witness_of(installation.witness, installation.keys / "signing.key")
    opening.open_log(trial, store, administrator, secret=secret, witness=witness, administrator=administrator)
    return trial


def _refuse_one_operator(installation: Installation) -> None:
    """Raise BadInput for a log that is there and was opened without people."""
    trial, address = opening.load_trial(installation.trial), address_of(installation.log)
    if _is_there(trial, address) and not People.of(opening.log_of(trial, address).read().log).kept:
        allowed = "a log that was opened with people (`conduct open --administrator NAME`)"
        raise BadInput("serve", [Problem("no-people", "--log", installation.log, allowed)])


def _is_there(trial: Trial, address: Address) -> bool:
    """Whether a log was begun there. Raises BadInput for what is there and is no log."""
    if isinstance(address, Path) and not address.exists():
        return False
    if isinstance(address, Database) and address.scheme == "sqlite" and not address.file.exists():
        return False
    try:
        opening.log_of(trial, address).read()
    except BadInput as bad:
        codes = {p.code for p in bad.problems}
        if codes == {"not-prepared"}:  # nobody has: the app's user does, and owns the table
            prepare(address)
            return False
        if codes <= {"no-file", "empty-log"}:
            return False
        raise
    return True


def set_up(
    folder: Path,
    trial: str,
    log: str = "",
    database: str = "",
    *,
    administrator: str = "administrator",
    demo: bool = False,
    behind_proxy: str = "",
    root: str = "",
    blocks: Sequence[int] = (),
) -> Begun:
    """Set an installation up, whole or as far as it is not yet: log, secret, key, accounts. ``root``: the address before each link.

    Raises BadInput with what is wrong before anything is made.
    """
    if demo and behind_proxy:
        allowed = "on this computer only: its pass phrases are known to everybody"
        raise BadInput("serve", [Problem("demo-outside", "--demo", f"--behind-proxy {behind_proxy}", allowed)])
    installation, new = installation_at(folder, trial, log, database, demo=demo)
    _refuse_one_operator(installation)
    if new:
        installation.folder.mkdir(parents=True, exist_ok=True)
        installation.folder.chmod(0o700)
    if demo and new:
        from equipoise.site.demo import begin

        installation = begin(installation)
    elif new:
        open_trial(installation, administrator, blocks)
    if new:
        installation.write()
    configure(installation, behind_proxy)
    from equipoise.site import live

    served = live.use(live.Live(installation))
    people = People.of(served.store.read().log)
    if demo:
        from equipoise.site.demo import accounts

        return Begun(installation, new, len(people.kind_of), people=accounts(people))
    return Begun(installation, new, len(people.kind_of), links=_first_links(people, root))


def _first_links(people: People, root: str) -> list[tuple[str, str]]:
    """A link for each administrator of the log who has no account yet, or no pass phrase."""
    from django.urls import reverse

    from equipoise.site import live
    from equipoise.site.links import link_of
    from equipoise.site.models import Account

    found = []
    for person in sorted({g.person for g in people.grants if g.role.name == "administrator" and g.until is None}):
        account = Account.objects.filter(username=person).first()
        if account is None:
            account = Account.objects.make(person)
            live.current().access.add("account made", person, "equipoise serve")
        if not account.has_usable_password():
            found.append((person, root + reverse("welcome", args=link_of(account))))
    return found


def refuse_taken(port: int) -> None:
    """Raise BadInput for a port at which somebody listens already, before anything is made."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            allowed = "a port at which nobody listens"
            given = f"{port}: {error.strerror}"
            raise BadInput("serve", [Problem("port-taken", "--port", given, allowed, "--port 8001")]) from None


def application() -> Any:
    """What a server of WSGI calls."""
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def wsgi(folder: str, host: str) -> Any:
    """For gunicorn behind a proxy, several processes: ``gunicorn --preload 'equipoise.site.serving:wsgi("FOLDER", "HOST")'``.

    No connection is left open: with ``--preload`` processes are forked from this one, and have the log as it read it.
    """
    found = Installation.read(Path(folder))
    if found is None:
        raise BadInput("serve", [Problem("no-site", folder, "nothing", "a folder that `equipoise serve` set up")])
    if found.demo:
        raise BadInput("serve", [Problem("demo-outside", folder, "a demo", "on this computer only")])
    _settings(found, host)
    _refuse_other_tables(folder)
    from django.db import connections
    from django.urls import get_resolver

    from equipoise.site import live

    live.use(live.Live(found)).begin()
    _ = get_resolver().url_patterns  # all pages are read before the first request
    connections.close_all()
    return application()


def serve(port: int, *, behind_proxy: bool = False) -> None:
    """Serve on loopback until interrupted: one process, some threads."""
    from equipoise.site import errors, one_process

    called = application()
    refused = errors.too_large_unread()
    one_process.serve(called, port, refused.content, dict(refused.items()), behind_proxy=behind_proxy)
