"""What changed between two definitions of a trial: entry by entry, by their paths in the file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.trial.arm import FROM_PHASE1

#: By what a table in an array is called, in this order; as in the paths of [[assumptions]].
_CALLED = ("name", "drug", "number", "endpoint")
#: Changes that are told one by one; the rest are counted.
SHOWN = 20


@dataclass(frozen=True)
class Change:
    """One entry that another definition states otherwise; None where it does not state it."""

    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.path or 'all of it'}: {in_words(self.old)} → {in_words(self.new)}"


def changes(old: str, new: str) -> list[Change]:
    """The changes from one definition to another, both as canonical JSON, in the order of their paths.

    The members of an array of tables that have a name stand under it: 'arms.CE.regimen.carboplatin.dose'. An entry that is null is
    one that is not stated. A dose that is left to phase I is told as what the definition says that it declared before.
    """
    was, now = _parsed(old), _parsed(new)
    return [
        Change(c.path, _declared(was, c.old, beside=c.new), _declared(now, c.new, beside=c.old))
        for c in _between("", was, now)
    ]


def _declared(definition: Any, value: Any, beside: Any) -> Any:
    """The dose of the level that phase I declared, in place of the word for it; the word where it would read like no change."""
    if value != FROM_PHASE1:
        return value
    label = (definition.get("phase1") or {}).get("declared")
    dose = next((x["dose"] for x in definition.get("dose_levels") or () if x["label"] == label), value)
    return value if dose == beside else dose


def _parsed(definition: str) -> Any:
    """The tables; a text that holds none stays one, and is told as a whole."""
    try:
        return json.loads(definition)
    except (ValueError, RecursionError):
        return definition


def told(found: Sequence[Change], shown: int = SHOWN) -> list[str]:
    """The changes in words, those beyond ``shown`` counted."""
    rest = len(found) - shown
    return [*map(str, found[:shown]), *([f"and {rest} more"] if rest > 0 else [])]


def _between(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, list) and isinstance(new, list) and _of_tables([*old, *new]):
        names = [_names(v) for v in (old, new)]
        old, new = (dict(zip(n, v, strict=True)) for n, v in zip(names, (old, new), strict=True))
        kept = [[n for n in own if n in other] for own, other in (names, names[::-1])]
        if kept[0] != kept[1]:
            yield Change(f"{path} (their order)", ", ".join(kept[0]), ", ".join(kept[1]))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            inner = f"{path}.{key}" if path and not key.startswith("[") else f"{path}{key}"
            yield from _between(inner, old.get(key), new.get(key))
        return
    yield Change(path, old, new)


def _of_tables(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(v, Mapping) for v in values)


def _names(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each table of an array is called; its number from 0 where it has no name, or one that another has too."""
    found = [next((str(t[k]) for k in _CALLED if t.get(k) is not None), "") for t in tables]
    often = Counter(found)
    return [name if name and often[name] == 1 else f"[{i}]" for i, name in enumerate(found)]


def in_words(value: Any) -> str:
    """An entry as a reader sees it, shortened where it is long."""
    if value is None:
        return "not stated"
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 112.0 mg/m2 is 112 to a reader
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
