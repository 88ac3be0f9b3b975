"""An index file: values under keys, of which each that is read is known to be the one that was written, or to be none.

A file of SQLite, which finds a part without reading the others; nothing else is asked of it. It is not trusted: the keys are spread over
``BUCKETS`` buckets, the root holds the digest of each, and the header the digest of the root. What was changed, lost, half written or kept
from an older state does not fit its digest; that a key is not there is known as surely as what stands under it. Keys stand as digests: no
text of a log is in its index. A forger can write another index, whose digests fit: see docs/stores.md.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

BUCKETS, SIZE = 4096, 16
_HEADER, _ROOT = -1, -2
_NOTHING = bytes(SIZE)
#: What reading a file that is no index, or a broken one, may raise.
_BROKEN = (sqlite3.Error, sqlite3.Warning, OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError)


class BrokenIndex(Exception):  # noqa: N818 - as BadInput
    """The index is not as it was written."""


class LogIndex:
    """An open index. ``header``: what was said of it when it was written last."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._buckets: dict[int, dict[str, Any]] = {}
        try:
            head, root = self._part(_HEADER), self._part(_ROOT)
            if head is None or root is None or len(root) != BUCKETS * SIZE:
                raise BrokenIndex("parts are missing")
            if _digest(head[SIZE:], root) != head[:SIZE]:
                raise BrokenIndex("header")
            self._head, self._root = head, root
            self.header: dict[str, Any] = json.loads(head[SIZE:])
            self._salt = bytes.fromhex(self.header["salt"])
        except _BROKEN as error:
            raise BrokenIndex(str(error)) from None

    def look(self, key: str) -> Any | None:
        """What stands under a key; None for nothing. Raises BrokenIndex."""
        name = _name(key, self._salt)
        return self._bucket(_bucket_of(name)).get(name)

    def _bucket(self, number: int) -> dict[str, Any]:
        found = self._buckets.get(number)
        if found is None:
            right = self._root[number * SIZE : (number + 1) * SIZE]
            try:
                body = self._part(number)
                if (_digest(body) if body is not None else _NOTHING) != right:
                    raise BrokenIndex(f"bucket {number}")
                found = self._buckets[number] = json.loads(body) if body is not None else {}
            except _BROKEN as error:
                raise BrokenIndex(str(error)) from None
        return found

    def _part(self, number: int) -> bytes | None:
        found = self._connection.execute("SELECT body FROM part WHERE id = ?", (number,)).fetchone()
        if found is not None and not isinstance(found[0], bytes):
            raise BrokenIndex(f"part {number}")
        return found[0] if found is not None else None

    def write(self, entries: Mapping[str, Any], header: Mapping[str, Any]) -> bool:
        """Put entries under their keys, and say ``header`` of it. Nothing is written, and False answered, where another has written since it was opened.

        Raises BrokenIndex, and what SQLite raises.
        """
        touched = set()
        for key, value in entries.items():
            name = _name(key, self._salt)
            number = _bucket_of(name)
            self._bucket(number)[name] = value
            touched.add(number)
        bodies = {number: _body(self._buckets[number]) for number in touched}
        root = _with(self._root, bodies)
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                if self._part(_HEADER) != self._head:
                    cursor.execute("ROLLBACK")
                    return False
                self._head = _put(cursor, bodies, root, {**header, "salt": self._salt.hex()})
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    cursor.execute("ROLLBACK")
                raise
        self._root = root
        return True


@contextmanager
def opened(path: Path, like: Path | None = None) -> Iterator[LogIndex]:
    """The index at a path. Raises BrokenIndex where there is none, or one whose digests do not fit, or that another may have written than the log.

    ``like``: the log's file, whose rights it has; None: it is whose process this is.
    """
    try:
        own = path.lstat()
        if not stat.S_ISREG(own.st_mode):
            raise BrokenIndex("no file")
        if os.name == "posix":
            log = like.stat() if like is not None else None
            others = own.st_mode & 0o022 & ~(log.st_mode if log is not None else 0)
            if others or own.st_uid not in {os.geteuid(), log.st_uid if log is not None else os.geteuid()}:
                raise BrokenIndex("written by another than may write the log")
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=1, isolation_level=None)
    except _BROKEN as error:
        raise BrokenIndex(str(error)) from None
    with closing(connection):
        try:
            _plain(connection)
        except _BROKEN as error:
            raise BrokenIndex(str(error)) from None
        yield LogIndex(connection)


def make(path: Path, entries: Mapping[str, Any], header: Mapping[str, Any], like: Path | None = None) -> None:
    """A new index in the place of what is there, with the rights of the file ``like``. Raises OSError or sqlite3.Error.

    Nothing but a file is replaced. It need not last: what a failing computer leaves of it does not fit its digests.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(f"{path} is no file")
    salt = secrets.token_bytes(16)
    buckets: dict[int, dict[str, Any]] = {}
    for key, value in entries.items():
        name = _name(key, salt)
        buckets.setdefault(_bucket_of(name), {})[name] = value
    bodies = {number: _body(held) for number, held in buckets.items()}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    if like is None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            _plain(connection)
            connection.execute("BEGIN")
            connection.execute("CREATE TABLE part (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
            _put(connection.cursor(), bodies, _with(_NOTHING * BUCKETS, bodies), {**header, "salt": salt.hex()})
            connection.execute("COMMIT")
        if like is not None:
            own = like.stat()
            part.chmod(stat.S_IMODE(own.st_mode))
            with suppress(OSError, AttributeError):
                os.chown(part, own.st_uid, own.st_gid)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Take an index away, as far as that can be done."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _plain(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    # Nothing to be put back stands beside it: what a killed writer leaves half does not fit its digests.
    connection.execute("PRAGMA journal_mode = MEMORY")


def _put(cursor: sqlite3.Cursor, bodies: Mapping[int, bytes], root: bytes, header: Mapping[str, Any]) -> bytes:
    said = json.dumps(header, sort_keys=True).encode()
    head = _digest(said, root) + said
    cursor.executemany(
        "INSERT OR REPLACE INTO part (id, body) VALUES (?, ?)", [*bodies.items(), (_ROOT, root), (_HEADER, head)]
    )
    return head


def _with(root: bytes, bodies: Mapping[int, bytes]) -> bytes:
    changed = bytearray(root)
    for number, body in bodies.items():
        changed[number * SIZE : (number + 1) * SIZE] = _digest(body)
    return bytes(changed)


def _body(held: Mapping[str, Any]) -> bytes:
    return json.dumps(held, separators=(",", ":")).encode()


def _digest(*texts: bytes) -> bytes:
    found = sha256()
    for text in texts:
        found.update(text)
    return found.digest()[:SIZE]


def _name(key: str, salt: bytes) -> str:
    return sha256(salt + key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _bucket_of(name: str) -> int:
    return int(name[:3], 16)
