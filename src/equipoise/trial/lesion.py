"""Lesion: what one reading of one lesion at one time point says. A time point is a list of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.trial.problem import Problem

Kind = Literal["target", "non-target", "new"]
State = Literal[
    "measured",
    "present",
    "absent",
    "too small",
    "not evaluated",
    "unequivocal progression",
    "equivocal",
    "unequivocal",
    "merged",
]

#: Which states a lesion of each kind may have, from the words of RECIST 1.1 (doi:10.1016/j.ejca.2008.10.026).
STATES: Mapping[str, tuple[str, ...]] = {
    "target": ("measured", "absent", "too small", "not evaluated", "merged"),
    "non-target": ("present", "absent", "unequivocal progression", "not evaluated", "merged"),
    "new": ("equivocal", "unequivocal", "absent", "not evaluated", "merged"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One lesion at one time point.

    ``size`` [mm] is the longest diameter, or the short axis of a node. 'too small': seen, too small to measure. A lesion that
    split is read as fragments, each naming it in ``part_of``; lesions that grew together are 'merged', each naming in
    ``part_of`` the one that is read in their place: one of them, or one with a name of its own. ``slice_mm`` is the scan's slice
    thickness. ``said`` is what was recorded of a lesion that was 'not evaluated', where that was a word that nobody here understands.
    """

    lesion: str
    kind: Kind
    state: State
    size: float | None = None
    organ: str = ""
    node: bool = False
    part_of: str = ""
    slice_mm: float | None = None
    source: str = ""
    said: str = ""

    def data(self) -> dict[str, Any]:
        """As it stands in the log: what is empty is left out."""
        held: dict[str, Any] = {}
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and value is not False and value != "":
                held[name] = value
        return held


def readings(lesions: Sequence[Mapping[str, Any]]) -> list[Reading]:
    """Readings from the ``lesions`` of an 'assessed' event."""
    return [Reading(**lesion) for lesion in lesions]


_TYPES: Mapping[str, tuple[type, ...]] = {
    "lesion": (str,), "kind": (str,), "state": (str,), "size": (int, float), "organ": (str,), "node": (bool,),
    "part_of": (str,), "slice_mm": (int, float), "source": (str,),
    "said": (str,),
}  # fmt: skip


def lesion_problems(lesions: Sequence[Any]) -> Iterator[Problem]:
    """What is wrong with the ``lesions`` of an event: types, states, sizes, and a lesion read twice."""
    seen: set[str] = set()
    for i, lesion in enumerate(lesions):
        where = f"lesions[{i}]"
        if not isinstance(lesion, Mapping):
            yield Problem("wrong-type", where, repr(lesion), "an object")
            continue
        where = f"{where} ({lesion.get('lesion', '?')})"
        unknown = sorted(set(lesion) - set(_TYPES))
        if unknown:
            yield Problem("unknown-key", where, ", ".join(unknown), f"details of a lesion: {', '.join(_TYPES)}")
        bad = [
            name
            for name, types in _TYPES.items()
            if name in lesion
            and (not isinstance(lesion[name], types) or (isinstance(lesion[name], bool) and bool not in types))
        ]
        missing = [name for name in ("lesion", "kind", "state") if name not in lesion]
        for name in bad:
            yield Problem(
                "wrong-type", f"{where}.{name}", repr(lesion[name]), " or ".join(t.__name__ for t in _TYPES[name])
            )
        for name in missing:
            yield Problem("missing", f"{where}.{name}", "nothing", "required of a lesion")
        if bad or missing:
            continue
        yield from _meaning(where, lesion)
        if lesion["lesion"] in seen:
            yield Problem("lesion-twice", where, lesion["lesion"], "one reading a lesion at a time point")
        seen.add(lesion["lesion"])


def _meaning(where: str, lesion: Mapping[str, Any]) -> Iterator[Problem]:
    if not lesion["lesion"].strip():
        yield Problem("no-name", f"{where}.lesion", repr(lesion["lesion"]), "a name, by which it is found again: 'T1'")
    states = STATES.get(lesion["kind"])
    if states is None:
        yield Problem("unknown-kind", f"{where}.kind", repr(lesion["kind"]), ", ".join(STATES))
        return
    if lesion["state"] not in states:
        yield Problem(
            "unknown-state", f"{where}.state", repr(lesion["state"]), f"{lesion['kind']}: {', '.join(states)}"
        )
    size = lesion.get("size")
    if lesion["state"] == "measured" and size is None:
        yield Problem("no-size", f"{where}.size", "nothing", "a measured lesion has a size in mm")
    if size is not None and not 0 <= size < 1000:
        yield Problem("size-out-of-range", f"{where}.size", str(size), "millimetres, from 0 to 1,000")
    if lesion["state"] == "merged" and not lesion.get("part_of"):
        yield Problem("no-part-of", f"{where}.part_of", "nothing", "a merged lesion names the one it is part of")
    if lesion.get("part_of") == lesion["lesion"]:
        yield Problem("part-of-itself", f"{where}.part_of", repr(lesion["lesion"]), "another lesion")
