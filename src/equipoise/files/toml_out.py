"""Plain values as a TOML file: tables and arrays of tables under their headings, what is inside them on one line each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: What JSON leaves as it is and TOML does not allow.
_CONTROLS = re.compile(r"[\x7f\ud800-\udfff]")
#: Tables inside a table that have a heading of their own: arms.regimen, phase1.dlt.
_HEADED = 2


def toml_text(values: Mapping[str, Any], comments: Sequence[str] = ()) -> str:
    """The values as TOML, under these comments. What is None is left out. Reading it back gives the same."""
    lines = [f"# {c}" for c in comments]
    return "\n".join([*lines, *([""] if lines else []), *_table(values, ())]).rstrip("\n") + "\n"


def _table(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    said = {k: v for k, v in values.items() if v is not None}
    inside = {k for k, v in said.items() if len(path) < _HEADED and _is_table(v)}
    for key, value in said.items():
        if key not in inside:
            yield f"{_key(key)} = {value_text(value)}"
    for key, value in said.items():
        if key not in inside:
            continue
        here = (*path, key)
        heading = ".".join(map(_key, here))
        if isinstance(value, Mapping):
            yield from ("", f"[{heading}]", *_table(value, here))
        else:
            for member in value:
                yield from ("", f"[[{heading}]]", *_table(member, here))


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) for v in value)


def value_text(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {value_text(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _CONTROLS.sub(
            lambda m: f"\\u{ord(m[0]):04x}" if m[0] == "\x7f" else "�", json.dumps(value, ensure_ascii=False)
        )
    return repr(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else value_text(key)
