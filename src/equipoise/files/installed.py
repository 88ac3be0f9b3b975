"""What is installed here: the package's files against the record that its wheel brought, and libraries against the lock."""

from __future__ import annotations

import base64
import csv
import hashlib
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

#: Written after the wheel is unpacked, and no part of what it says.
_MADE_LATER = ("__pycache__", ".pyc", ".bitcode")
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


@dataclass(frozen=True)
class Files:
    """The package's files: how many are as recorded, and which are not. ``recorded``: False in a checkout, which brings no record."""

    recorded: bool
    same: int
    altered: tuple[str, ...]
    absent: tuple[str, ...]
    added: tuple[str, ...]
    digest: str

    @property
    def sound(self) -> bool:
        """True where every file is the one that was recorded."""
        return self.recorded and not (self.altered or self.absent or self.added)


@dataclass(frozen=True)
class Library:
    """A library that Equipoise names, as it is installed ('' where it is not) and as the lock has it: of several versions, each for some Pythons, that which is installed, else all."""

    name: str
    installed: str
    locked: str


def package_folder() -> Path:
    """Where the package is."""
    return Path(__file__).resolve().parent.parent


def recorded_files() -> dict[str, str]:
    """Path → SHA-256 (base64, as RECORD writes it) of the package's files by its wheel's record; empty in a checkout."""
    try:
        text = metadata.distribution("equipoise").read_text("RECORD") or ""
    except metadata.PackageNotFoundError:
        return {}
    return record_of(text)


def record_of(text: str) -> dict[str, str]:
    """The files of the package in a RECORD."""
    found = {}
    for row in csv.reader(text.splitlines()):
        if len(row) >= 2 and row[0].startswith("equipoise/") and row[1].startswith("sha256=") and not _later(row[0]):
            found[row[0]] = row[1].removeprefix("sha256=")
    return found


def check_files(folder: Path, recorded: Mapping[str, str]) -> Files:
    """The files of a package's folder against their record."""
    here = {f"equipoise/{p.relative_to(folder).as_posix()}": p for p in sorted(folder.rglob("*")) if p.is_file()}
    here = {name: p for name, p in here.items() if not _later(name)}
    sums = {name: sha256(p.read_bytes()) for name, p in here.items()}
    whole = hashlib.sha256("".join(f"{n} {s}\n" for n, s in sorted(sums.items())).encode()).hexdigest()
    altered = tuple(n for n in recorded if n in sums and sums[n] != recorded[n])
    absent = tuple(n for n in recorded if n not in sums)
    added = tuple(n for n in sums if n not in recorded) if recorded else ()
    return Files(bool(recorded), len(recorded) - len(altered) - len(absent), altered, absent, added, whole)


def _later(name: str) -> bool:
    return any(part in name for part in _MADE_LATER)


def sha256(data: bytes) -> str:
    """As RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def lock_text() -> str:
    """requirements.lock: inside the package, or at the top of a checkout; '' where there is none."""
    package = package_folder()
    places = (package / "requirements.lock", package.parent.parent / "requirements.lock")
    return next((p.read_text(encoding="utf-8") for p in places if p.is_file()), "")


def libraries() -> Iterator[Library]:
    """The libraries that Equipoise asks for, by name."""
    locked: dict[str, list[str]] = {}
    for name, version in _LOCKED.findall(lock_text()):
        locked.setdefault(name.lower().replace("_", "-"), []).append(version)
    asked = {
        re.split(r"[<>=!~;\[ ]", r, maxsplit=1)[0].lower().replace("_", "-")
        for r in metadata.requires("equipoise") or ()
    }
    for name in sorted(asked):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        known = locked.get(name, [])
        yield Library(name, version, version if version in known else " or ".join(known))


def machine() -> dict[str, str]:
    """The interpreter and the kind of machine: nothing that changes from run to run."""
    return {
        "Python": platform.python_version(), "implementation": platform.python_implementation(), "system": f"{platform.system()} {platform.machine()}",
        "byte order": sys.byteorder, "float": f"{sys.float_info.mant_dig} bits",
    }  # fmt: skip
