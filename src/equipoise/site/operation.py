"""Keeping an installation: back it up while it runs, restore it into a new folder, and say whether all of it is well. Nothing here needs Django."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from equipoise import __version__
from equipoise.conduct.conduct import replay
from equipoise.conduct.definitions import Definitions
from equipoise.desk import opening, witness
from equipoise.files.definition import trial_of
from equipoise.files.log_address import address_of
from equipoise.files.log_lines import read_lines
from equipoise.files.write_new import write_new
from equipoise.site.access import Access
from equipoise.site.folder import Installation
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

_MANIFEST, _LOG = "manifest.json", "log.jsonl"
_DATABASES = ("accounts.sqlite3", "access.sqlite3")
#: So much room a disk has left at least [bytes].
_ROOM = 200_000_000


@dataclass(frozen=True)
class BackedUp:
    """A back-up: the log's length and head, the files with their digests, and what is in none of them."""

    made: str
    software: str
    trial: str
    events: int
    head: str
    files: dict[str, str]
    notes: Sequence[str] = ()


def installation_of(folder: Path) -> Installation:
    """What stands in a folder. Raises BadInput where nothing was set up there."""
    found = Installation.read(folder)
    if found is None:
        raise BadInput(
            str(folder), [Problem("no-site", "FOLDER", str(folder), "a folder that `equipoise serve` set up")]
        )
    return found


def backup(folder: Path, out: Path) -> BackedUp:
    """Copy log, accounts and the access chain into a new folder, while the app runs. Secret and keys are not in it: they are kept apart.

    The log's copy is verified before the manifest is written, so that a folder with one is whole. Raises BadInput where ``out`` is there.
    """
    own = installation_of(folder)
    if out.exists():
        raise BadInput(str(out), [Problem("file-exists", "--out", str(out), "a new folder")])
    trial = opening.load_trial(own.trial)
    data = opening.log_of(trial, address_of(own.log)).lines()
    log = read_lines(bytes(data).splitlines(), str(out)).log()
    out.mkdir(parents=True, mode=0o700)
    write_new(out / _LOG, bytes(data), mode=0o600)
    notes = ["the allocation's secret and the keys are not in it: keep them apart, once"]
    for name in _DATABASES:
        if (own.folder / name).exists():
            _copy_database(own.folder / name, out / name)
        elif name == "accounts.sqlite3":
            notes.append("accounts are in PostgreSQL: pg_dump them")
    shutil.copyfile(own.folder / "site.toml", out / "site.toml")
    files = {p.name: sha256(p.read_bytes()).hexdigest() for p in sorted(out.iterdir())}
    made = BackedUp(
        datetime.now(UTC).isoformat(timespec="seconds"), __version__, trial.id, len(log), log.head, files, notes
    )
    write_new(out / _MANIFEST, json.dumps(asdict(made), indent=1, sort_keys=True).encode(), mode=0o600)
    return made


def _copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that is in use."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
    target.chmod(0o600)


@dataclass(frozen=True)
class Restored:
    """A back-up in a new folder. ``missing``: heads that are witnessed and later than the back-up; nobody is randomised before they are reconciled."""

    folder: str
    events: int
    head: str
    missing: Sequence[str]
    notes: Sequence[str]


def restore(source: Path, folder: Path, held: Path | None = None) -> Restored:
    """Put a back-up into a new folder, verified. ``held``: the folder of witnessed heads to hold it against.

    Raises BadInput, and leaves nothing, where a file is not the one that was written, the log's chain is broken, or something is set up there.
    """
    said = _manifest(source)
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(str(folder), [Problem("file-exists", "--into", str(folder), "a new folder")])
    problems = [
        Problem("another-file", name, "other bytes", "the file that was written, by its digest in the manifest")
        for name, digest in said["files"].items()
        if not (source / name).exists() or sha256((source / name).read_bytes()).hexdigest() != digest
    ]
    if problems:
        raise BadInput(str(source), problems)
    data = (source / _LOG).read_bytes()
    log = read_lines(data.splitlines(), str(source / _LOG)).log()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = Installation.read(source)
    assert own is not None, "the manifest holds its digest"
    placed = Installation(
        folder.resolve(), own.trial, f"sqlite:///{folder.resolve() / 'log' / 'trial.sqlite3'}", own.accounts, own.demo
    )
    (folder / "log").mkdir(mode=0o700)
    trial = opening.load_trial(own.trial)
    opening.log_of(trial, address_of(placed.log)).create_lines(data)
    for name in _DATABASES:
        if name in said["files"]:
            shutil.copyfile(source / name, folder / name)
            (folder / name).chmod(0o600)
    placed.write()
    notes = ["put secret/allocation.secret and keys/ back from where they are kept, then start `equipoise serve`"]
    if own.accounts:
        notes.append("accounts are in PostgreSQL: restore them there")
    missing = _missing(trial, log, held) if held is not None else []
    if held is None:
        notes.append("held against no witness: that it is the last back-up nothing here tells")
    return Restored(str(folder), len(log), log.head, missing, notes)


def _manifest(source: Path) -> dict[str, dict[str, str]]:
    try:
        said = json.loads((source / _MANIFEST).read_text(encoding="utf-8"))
        files = said["files"]
        if {_LOG, "site.toml"} <= set(files) and not any("/" in n or "\\" in n or n.startswith(".") for n in files):
            return said  # type: ignore[no-any-return]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise BadInput(
        str(source), [Problem("no-backup", "BACKUP", str(source), "a folder that `equipoise site backup` finished")]
    )


def _missing(trial: Trial, log: Log, held: Path) -> list[str]:
    found = witness.against(held, trial, log)
    return [f"event {w.key[0]}, head {w.key[1][:12]}, witnessed by {w.source}" for w in found.lost]


# -- is all well ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is well, and in words."""

    what: str
    well: bool
    said: str


def doctor(folder: Path) -> list[Finding]:
    """Look at everything: rights, keys, chain and rules of the log, access chain, witness, databases, clock, disk, versions."""
    own = installation_of(folder)
    found: list[Finding] = []

    def look(what: str, looking: Callable[[], str]) -> None:
        try:
            found.append(Finding(what, True, looking()))
        except BadInput as bad:
            found.append(
                Finding(what, False, "; ".join(f"{p.where}: {p.given}, not {p.allowed}" for p in bad.problems[:3]))
            )
        except (OSError, sqlite3.Error, ValueError) as error:
            found.append(Finding(what, False, f"{type(error).__name__}: {error}"))

    look("folder", lambda: _private(own.folder))
    look(
        "keys",
        lambda: (
            ", ".join(_private(p) for p in sorted(own.keys.glob("*")) if p.suffix != ".pub")
            or _wrong("keys", "none", "the keys of the installation")
        ),
    )
    look(
        "secret",
        lambda: (
            _private(own.secret)
            if own.secret.exists()
            else _wrong("secret", "not there", "the allocation's secret, or nobody can be randomised")
        ),
    )
    look("log and rules", lambda: _log(own))
    look("witness", lambda: _witness(own))
    look("access chain", lambda: f"{Access(own.access).verify()} lines, unbroken")
    look("accounts", lambda: _accounts(own))
    look("disk", lambda: _disk(own.folder))
    look("software", lambda: f"Equipoise {__version__}")
    return found


def _wrong(where: str, given: str, allowed: str) -> str:
    raise BadInput("doctor", [Problem("not-well", where, given, allowed)])


def _private(path: Path) -> str:
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
        _wrong(path.name, f"mode {mode:o}", "its owner's only")
    return f"{path.name} {mode:o}"


def _log(own: Installation) -> str:
    trial = opening.load_trial(own.trial)
    log = opening.log_of(trial, address_of(own.log)).read().log
    changed = Definitions.of(trial, log, trial_of).another()
    if changed is not None:
        raise BadInput("log", [changed])
    found = replay(trial, list(log), trial_of)
    if found:
        _wrong("log", f"{len(found)} impossible events", "none: `conduct verify` says which")
    last = log[len(log) - 1].recorded
    if last > datetime.now(UTC):
        _wrong("clock", f"the last record is of {last:%Y-%m-%d %H:%M} UTC", "a clock that is not behind it")
    return f"{len(log)} events, each possible, head {log.head[:12]}, definition {trial.fingerprint[:12]}"


def _witness(own: Installation) -> str:
    if not own.witness.is_dir():
        _wrong("witness", "not there", "a folder of signed heads, better on another computer")
    trial = opening.load_trial(own.trial)
    missing = _missing(trial, opening.log_of(trial, address_of(own.log)).read().log, own.witness)
    if missing:
        _wrong(
            "witness", "; ".join(missing[:3]), "heads that the log has: restore a later back-up, or `conduct reconcile`"
        )
    return "every witnessed head is in the log"


def _accounts(own: Installation) -> str:
    path = own.folder / "accounts.sqlite3"
    if own.accounts:
        return "in PostgreSQL"
    with closing(sqlite3.connect(path)) as db:
        said = db.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            _wrong("accounts", said, "a sound database")
        return f"{db.execute('SELECT count(*) FROM site_account').fetchone()[0]} accounts"


def _disk(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    if free < _ROOM:
        _wrong("disk", f"{free // 1_000_000} MB left", f"{_ROOM // 1_000_000} MB or more")
    return f"{free // 1_000_000:,} MB left"
