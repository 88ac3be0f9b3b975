"""The shape of an event: the details that its kind asks for and allows, and their types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from reprlib import Repr
from typing import Any

from equipoise.trial.event import is_hash
from equipoise.trial.kinds import KINDS
from equipoise.trial.problem import Problem

#: Details that hold others, and the types of those.
_MEMBERS: Mapping[str, tuple[type, ...]] = {
    "failed": (int,), "criteria": (str,), "left_out": (str,), "attained": (int, float), "factors": (str,), "baseline": (str, int, float),
    "events": (int,), "values": (str, int, float, bool),
}  # fmt: skip
#: Shows a value in short, however large or deep it is.
_short = Repr()
_short.maxlevel, _short.maxlist, _short.maxdict, _short.maxlong = 3, 8, 8, 40
_short.maxstring = _short.maxother = 120

_REQUIRED = {kind: [name for name, (_, must) in fields.items() if must] for kind, fields in KINDS.items()}
#: Kind → detail → the types of values that are right at once; a subclass, and what has members, is looked at.
_PLAIN = {
    kind: {
        name: frozenset(types) - ({list, dict} if name in _MEMBERS else set()) for name, (types, _) in fields.items()
    }
    for kind, fields in KINDS.items()
}


def shape_problems(kind: str, data: object) -> Iterator[Problem]:
    """Details that are missing, unknown or of the wrong type for this kind of event."""
    fields = KINDS.get(kind)
    if fields is None:
        yield Problem("unknown-kind", "kind", repr(kind), f"one of {_list(KINDS)}")
        return
    if not isinstance(data, dict):
        yield Problem("wrong-type", "data", _short.repr(data), "an object")
        return
    for name in _REQUIRED[kind]:
        if name not in data:
            yield Problem("missing", f"data.{name}", "nothing", f"required for {kind!r}")
    if kind == "randomised" and ("arm" in data) + ("code" in data) != 1:
        given = "both" if "arm" in data else "neither"
        yield Problem("arm-or-code", "data.arm, data.code", given, "one: the arm or, where it is masked, the code")
    elif kind == "randomised" and "code" in data and "actual" in data:
        yield Problem("arm-or-code", "data.actual", repr(data["actual"]), "no arm beside a code")
    if kind == "decided" and ("look" in data) + ("part" in data) != 1:
        given = "both" if "look" in data else "neither"
        allowed = "one: a look of the design, or the part whose dose was asked for"
        yield Problem("look-or-part", "data.look, data.part", given, allowed)
    if kind == "reconciled":
        yield from _lost_problems(data.get("lost"))
    # What is there is gone through, not what may be: an event has few of the details that its kind allows.
    plain = _PLAIN[kind]
    for name, value in data.items():
        if name in plain and type(value) in plain[name]:
            continue
        if name not in fields:
            allowed = f"details of {kind!r}: {_list(fields) or 'none'}"
            yield Problem("unknown-key", f"data.{name}", _short.repr(value), allowed)
            continue
        types, _ = fields[name]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            yield Problem("wrong-type", f"data.{name}", _short.repr(value), _types(types))
        elif name in _MEMBERS:
            yield from _members(f"data.{name}", value, _MEMBERS[name])


def well_shaped(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether ``shape_problems`` finds nothing; most events are told at once."""
    plain = _PLAIN.get(kind)
    if plain is None or kind in ("randomised", "reconciled"):
        return not any(shape_problems(kind, data))
    for name in _REQUIRED[kind]:
        if name not in data:
            return False
    for name, value in data.items():
        if name not in plain or type(value) not in plain[name]:
            return not any(shape_problems(kind, data))
    return True


def _members(where: str, value: Any, types: tuple[type, ...]) -> Iterator[Problem]:
    """The members of a list, or the values of an object, that are of another type."""
    for at, member in value.items() if isinstance(value, dict) else enumerate(value):
        if not isinstance(member, types) or isinstance(member, bool):
            yield Problem("wrong-type", f"{where}[{_short.repr(at)}]", _short.repr(member), _types(types))


def _types(types: tuple[type, ...]) -> str:
    return " or ".join(t.__name__ for t in types)


def _lost_problems(lost: object) -> Iterator[Problem]:
    """Witnessed heads that a log is reconciled with: each the number of an event and its whole hash."""
    for i, head in enumerate(lost if isinstance(lost, list) else ()):
        known = head if isinstance(head, dict) else {}
        number, digits = known.get("number"), known.get("hash")
        if set(known) != {"number", "hash"} or type(number) is not int or number < 1 or not is_hash(digits):
            yield Problem("wrong-type", f"data.lost[{i}]", repr(head)[:80], "a number from 1 and a hash of 64 digits")


def _list(values: Iterable[object]) -> str:
    return ", ".join(str(v) for v in values)
