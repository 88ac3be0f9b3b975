"""Time stamps of RFC 3161 for checkpoints: the request, and a token checked offline, by the `openssl` command.

A stamp says that an authority outside saw these bytes at its time. Nothing here asks a network: the request is a file to be sent, the token a
file that came back.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from equipoise.trial.problem import Missing

#: The name of a checkpoint's stamp: the checkpoint's own, and this.
STAMP = ".tsr"
REQUEST = ".tsq"
_TIME = re.compile(r"^Time stamp: (\w{3} +\d{1,2} \d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT$", re.MULTILINE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def need_openssl() -> None:
    """Raise Missing where there is no openssl command."""
    _openssl()


def write_request(checkpoint: Path) -> Path:
    """Write the request for a stamp of a checkpoint's file beside it: SHA-256, a nonce, the authority's certificate asked for."""
    request = checkpoint.with_name(checkpoint.name + REQUEST)
    _run("-query", "-data", str(checkpoint), "-sha256", "-cert", "-out", str(request))
    return request


def stamped_at(checkpoint: Path, stamp: Path, authority: Path) -> datetime:
    """When the authority saw these bytes, UTC. Raises ValueError where the token is not of them, or not by the authority."""
    for path in (checkpoint, stamp, authority):
        if not path.is_file():
            raise ValueError(f"no file {path.name}")
    _run("-verify", "-data", str(checkpoint), "-in", str(stamp), "-CAfile", str(authority))
    known = _TIME.search(_run("-reply", "-in", str(stamp), "-text"))
    if known is None:
        raise ValueError("a token without a time")
    month, day, clock = known[1].split()
    hour, minute, second = map(int, clock.split(":"))
    return datetime(int(known[2]), _MONTHS.index(month) + 1, int(day), hour, minute, min(second, 59), tzinfo=UTC)


def _openssl() -> str:
    found = shutil.which("openssl")
    if found is None:
        raise Missing("A time stamp needs the command openssl: install it (Debian: apt install openssl)")
    return found


def _run(*args: str) -> str:
    """Run `openssl ts`. Raises ValueError with what it says is wrong."""
    command = [_openssl(), "ts", *args]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError("openssl gave no answer in a minute") from None
    if done.returncode != 0:
        raise ValueError(_reason(done.stderr))
    return done.stdout


def _reason(said: str) -> str:
    """The last word of openssl's report: '…:message imprint mismatch:…'."""
    parts = [line.split(":") for line in said.splitlines() if line.count(":") >= 5]
    reasons = [p[5].strip() for p in parts if p[5].strip()]
    return f"openssl: {reasons[0] if reasons else 'not a time stamp'}"
