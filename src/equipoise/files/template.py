"""A bundled trial's file as a text to begin from: entries replaced line by line, so that comments and order stay."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any


def written(value: Any) -> str:
    """A plain value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def replaced(text: str, section: str, entries: Mapping[str, Any], *, every: bool = False) -> str:
    """``text`` with these entries of a section, in the place of those that stand there or at the section's end.

    ``section``: its header, '[design]' or '[[cohorts]]'; '' for what stands before the first. Only the first of that header, unless
    ``every``. None takes an entry away. Entries are those of one line.
    """
    lines, within, done = text.splitlines(), section == "", False
    out: list[str] = []
    left = dict(entries)
    for line in [*lines, "[end]"]:
        if line.startswith("["):
            if within:
                out[_end(out) : _end(out)] = [f"{k} = {written(v)}" for k, v in left.items() if v is not None]
                done = True
            within = line.strip() == section and (every or not done)
            left = dict(entries)
        key = re.match(r"([A-Za-z0-9_-]+)\s*=", line)
        if within and key is not None and key[1] in entries:
            value = left.pop(key[1], None)
            if value is None:
                continue
            line = f"{key[1]} = {written(value)}"
        out.append(line)
    return "\n".join(out[:-1]) + "\n"


def _end(lines: list[str]) -> int:
    """Where a section that ends here takes another entry: before its blank lines."""
    at = len(lines)
    while at and (not lines[at - 1].strip() or lines[at - 1].startswith("#")):
        at -= 1
    return at


def headed(text: str, lines: list[str]) -> str:
    """``text`` with its first comment replaced by these lines; the line that names the schema goes, since a folder of one's own has none."""
    rest = text.splitlines()
    while rest and rest[0].startswith("#"):
        rest.pop(0)
    return "\n".join([f"# {line}" for line in lines] + rest) + "\n"
