"""A copy of a log for one reader, in a new file: lines of the log itself with parts withheld, or the events that he may see."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from equipoise.files.plain import plain
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem


def lines_of_view(log: Log) -> Iterator[str]:
    """The events of a view, one a line, as JSON: what the reader was shown, and no log."""
    for event in log:
        yield (
            json.dumps(plain(event), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"
        )


def write_copy(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a new file, all or none. Raises BadInput where it is there."""
    data = "".join(lines).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.link(part, path)  # fails if the name is taken
    except FileExistsError:
        raise BadInput(str(path), [Problem("file-exists", "--out", str(path), "a new file")]) from None
    finally:
        part.unlink(missing_ok=True)
