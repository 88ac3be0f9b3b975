"""An installation of the site app: its folder, and what stands in it."""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from equipoise.files.bundled import find_trial
from equipoise.files.write_new import write_new
from equipoise.trial.problem import BadInput, Problem

_FILE = "site.toml"
_ENTRIES = {"format": int, "trial": str, "log": str, "accounts": str, "demo": bool}


@dataclass(frozen=True)
class Installation:
    """Where an installation keeps what it needs. No password stands in any of it: PostgreSQL's are in ~/.pgpass or PGPASSWORD.

    ``trial``: a trial file, its folder or a bundled name. ``log``: where the trial's log is; ``accounts``: the database of accounts and
    sessions, '' for a file of SQLite in the folder. ``demo``: with known pass phrases, on this computer only.
    """

    folder: Path
    trial: str
    log: str
    accounts: str = ""
    demo: bool = False

    @property
    def access(self) -> Path:
        """The chain of what became of accounts: log-ins, failures, log-outs."""
        return self.folder / "access.sqlite3"

    @property
    def secret(self) -> Path:
        """The allocation's secret: not in the log's folder, so that a copy of the log goes without it."""
        return self.folder / "secret" / "allocation.secret"

    @property
    def keys(self) -> Path:
        """The folder of the key that signs the log's heads."""
        return self.folder / "keys"

    @property
    def witness(self) -> Path:
        """The folder of signed heads: better a mount of another computer."""
        return self.folder / "witness"

    def key(self, name: str) -> str:
        """A random text of the installation's own, made when it is first asked for; its owner alone may read it."""
        path = self.folder / "keys" / f"{name}.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with suppress(FileExistsError):  # another process, a moment ago
                write_new(path, f"{secrets.token_urlsafe(64)}\n".encode(), mode=0o600)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            allowed, step = "a file that its owner alone may read", f"chmod 600 {path}"
            raise BadInput("site", [Problem("open-key", str(path), "a key that others can read", allowed, step)])
        return path.read_text(encoding="utf-8").strip()

    def write(self) -> None:
        """Write ``site.toml``. Raises FileExistsError where one is there."""
        said = {"format": 1, "trial": self.trial, "log": self.log, "accounts": self.accounts, "demo": self.demo}
        # A text in JSON is a text in TOML.
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items())
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_new(self.folder / _FILE, text.encode())

    @classmethod
    def read(cls, folder: Path) -> Installation | None:
        """What stands in a folder; None where nothing was set up there. Raises BadInput for a file that is none of ours."""
        path = folder / _FILE
        if not path.exists():
            return None
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(
                str(path), [Problem("unreadable", _FILE, str(error), "what `equipoise serve` wrote")]
            ) from None
        problems = [
            Problem("site-file", name, repr(said.get(name)), f"{kind.__name__}, as `equipoise serve` wrote it")
            for name, kind in _ENTRIES.items()
            if type(said.get(name)) is not kind or (name == "format" and said[name] != 1)
        ]
        if problems:
            raise BadInput(str(path), problems)
        return cls(folder.resolve(), said["trial"], said["log"], said["accounts"], said["demo"])


def new_installation(
    folder: Path, trial: str, log: str = "", accounts: str = "", *, demo: bool = False
) -> Installation:
    """An installation that is not written yet: a trial that is a file is named by its whole path, and so is a log."""
    folder = folder.resolve()
    named = trial if not Path(trial).exists() else str(find_trial(trial).resolve())
    if not log:
        log = accounts if accounts else f"sqlite:///{folder / 'log' / 'trial.sqlite3'}"
    elif log.startswith("sqlite:///"):
        log = f"sqlite:///{Path(log.removeprefix('sqlite:///')).resolve()}"
    elif "://" not in log:
        log = str(Path(log).resolve())
    return Installation(folder, named, log, accounts, demo)
