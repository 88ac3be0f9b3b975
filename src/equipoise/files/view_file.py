"""A log as one reader sees it, in a file: an event a line, as JSON. It is a copy of what he was shown, and no log."""

from __future__ import annotations

import json
from pathlib import Path

from equipoise.files.plain import plain
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem


def write_view(path: Path, log: Log) -> None:
    """Write the events to a new file. Raises BadInput where it is there."""
    lines = (
        json.dumps(plain(event), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        for event in log
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
    except FileExistsError:
        raise BadInput(str(path), [Problem("file-exists", "--out", str(path), "a new file")]) from None
