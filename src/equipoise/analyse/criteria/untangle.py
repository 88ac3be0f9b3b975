"""Lesions that split, and lesions that grew together: each lesion of the baseline gets one reading at every scan.

RECIST 1.1, section 4.2.2 (doi:10.1016/j.ejca.2008.10.026): the diameters of the fragments of a target lesion are added; of lesions
that coalesced the one that they became is measured. Nothing vanishes: what is part of a lesion, and is not read, was not evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from equipoise.analyse.criteria.criterion import Scan
from equipoise.trial.lesion import Kind, Reading, State

#: What stands for a lesion that is seen and too small to measure [mm].
TOO_SMALL = 5.0
#: Of several parts of a non-target or of a new lesion the first state here that any of them has is that of the whole.
_WORST: dict[str, tuple[State, ...]] = {
    "non-target": ("unequivocal progression", "not evaluated", "present", "absent"),
    "new": ("unequivocal", "equivocal", "not evaluated", "absent"),
}


def size_of(reading: Reading) -> float | None:
    """What a reading adds to the sum [mm]; None if it was not evaluated."""
    match reading.state:
        case "absent":
            return 0.0
        case "too small":
            return TOO_SMALL if reading.size is None else reading.size
        case "measured":
            return reading.size
        case _:
            return None


def untangled(scans: Iterable[Scan]) -> list[Scan]:
    """One patient's scans by one assessor in the order of days, no reading of which is part of another any more.

    A lesion that split has the sum of its fragments, or the worst of their states, once all fragments that were ever read are read.
    Of lesions that grew together into one that was not there at baseline the first stands for it, and the others add nothing.
    """
    ordered = sorted(scans, key=lambda s: (s.on, not s.baseline))
    if not any(r.part_of or r.state == "merged" for s in ordered for r in s.readings):
        return ordered
    fragments: dict[str, dict[str, None]] = {}
    roots: dict[str, Reading] = {}
    found = []
    for scan in ordered:
        here = _Here([_placed(r, roots, fragments) for r in scan.readings], fragments, scan.baseline)
        if scan.baseline:
            roots |= {name: r for name, r in here.roots().items() if r.kind != "new"}
        found.append(replace(scan, readings=here.resolved(roots), told=tuple(here.told)))
    return found


def _placed(reading: Reading, roots: Mapping[str, Reading], fragments: Mapping[str, Mapping[str, None]]) -> Reading:
    """A reading with what it is part of: a lesion of the baseline only once it grew into another; a fragment for good."""
    if reading.state == "merged":
        return reading
    if reading.lesion in roots or reading.part_of == reading.lesion:
        return replace(reading, part_of="")
    known = next((whole for whole, own in fragments.items() if reading.lesion in own), "")
    return replace(reading, part_of=known) if known else reading


class _Here:
    """The readings of one scan; ``fragments`` (lesion → the names of its fragments read so far) grows with it."""

    def __init__(self, readings: Sequence[Reading], fragments: dict[str, dict[str, None]], baseline: bool) -> None:
        self.baseline = baseline
        self.read = {r.lesion: r for r in readings}
        self.fragments = fragments
        self.told: list[str] = []
        for r in readings:
            if r.part_of and r.state != "merged":
                fragments.setdefault(r.part_of, {})[r.lesion] = None

    def roots(self) -> dict[str, Reading]:
        """The lesions that are part of no other; of one that is only read in fragments the first of these stands for it."""
        found: dict[str, Reading] = {}
        for r in self.read.values():
            if r.part_of and r.state != "merged":
                top = self._top(r)
                if self.read.get(top, r) is not r and self.read[top].part_of and self.read[top].state != "merged":
                    found[r.lesion] = r  # each part of the other
                elif top not in self.read:
                    found.setdefault(top, replace(r, lesion=top, part_of=""))
            else:
                found[r.lesion] = r
        return found

    def _top(self, reading: Reading) -> str:
        return self._above(reading.part_of, {reading.lesion})

    def _above(self, name: str, passed: set[str]) -> str:
        """The lesion at the top of one's wholes; the last before a circle."""
        while name not in passed and (above := self._whole(name)):
            passed.add(name)
            name = above
        return name

    def _whole(self, name: str) -> str:
        """The lesion of which one is a fragment, now or before; '' if of none."""
        if name in self.read:
            own = self.read[name]
            return "" if own.state == "merged" else own.part_of
        return next((whole for whole, parts in self.fragments.items() if name in parts and name != whole), "")

    def resolved(self, at_baseline: dict[str, Reading]) -> list[Reading]:
        """One reading of each lesion: those of the baseline, and what is new."""
        names = {n: r for n, r in self.roots().items() if n not in at_baseline and not self._of(n, at_baseline)}
        became = {n: self._became(n) for n in (*at_baseline, *names)}
        carriers: dict[str, str] = {}
        for name in at_baseline:
            into = became[name]
            if into and into not in at_baseline:
                carriers.setdefault(into, name)
        found = []
        for name, reading in {**at_baseline, **names}.items():
            if name in carriers and name not in at_baseline and reading.kind != "new":
                continue
            mine = self._one(name, reading, became[name], at_baseline, carriers)
            if mine is None:
                continue
            if name in names and mine.kind != "new" and at_baseline:
                self.told.append(f"{name} is no lesion of the baseline and part of none.")
            found.append(mine)
        return found

    def _of(self, name: str, at_baseline: Mapping[str, Reading]) -> bool:
        """True of a fragment of a lesion of the baseline that grew into another: the lesion tells of it."""
        merged = name in self.read and self.read[name].state == "merged"
        return merged and any(name in parts and whole in at_baseline for whole, parts in self.fragments.items())

    def _became(self, name: str) -> str:
        """Into which lesion one, or all its fragments, grew at this scan; '' if it is its own."""
        passed: set[str] = set()
        at = name
        if name not in self.read and (parts := [f for f in self.fragments.get(name, ()) if f in self.read]):
            wholes = {self.read[f].part_of if self.read[f].state == "merged" else "" for f in parts}
            wholes |= {"" for f in self.fragments[name] if f != name and f not in self.read}  # expected, and not read
            at = wholes.pop() if len(wholes) == 1 else name
            at = at if at not in ("", name) else name
        while at in self.read and self.read[at].state == "merged" and at not in passed:
            passed.add(at)
            at = self.read[at].part_of
        if at != name and at in self.read and self.read[at].part_of and self.read[at].state != "merged":
            at = self._top(self.read[at])
        elif at != name and at not in self.read and (whole := self._whole(at)):  # a fragment that itself split
            at = self._above(whole, {at})
        return at if at != name else ""

    def _one(
        self, name: str, first: Reading, into: str, at_baseline: dict[str, Reading], carriers: dict[str, str]
    ) -> Reading | None:
        own = self.read.get(name)
        node, kind = first.node, own.kind if own is not None and name not in at_baseline else first.kind
        if not into and own is None and not self._parts(name):
            # Without a reading the scan might be none at all.
            return None if self.baseline else self._reading(name, kind, "not evaluated", first)
        if into:
            whole = self.read.get(into) or next((self.read[f] for f in self._parts(into) if f in self.read), None)
            if whole is None or (kind == "target" and whole.kind != "target"):
                return self._reading(name, kind, "not evaluated", first)
            if kind != "target":
                return self._reading(name, kind, _seen_as(self._state(into, whole.kind, set()), kind), first)
            size = self._size(into, set())
            if size is None:
                return self._reading(name, kind, "not evaluated", first)
            self.told.append(f"{name} grew into {into}.")
            return self._sized(name, size if carriers.get(into) == name else 0.0, first)
        parts = self._parts(name)
        if own is not None and own.state == "merged" and not into:  # each into the other
            return self._reading(name, kind, "not evaluated", first)
        if not parts and own is not None:
            return replace(own, part_of="", node=own.node or node)
        if parts:
            self.told.append(f"{name} is read as {', '.join(parts)}.")
        if kind == "target":
            size = self._size(name, set(), at_baseline.keys() | carriers.keys())
            return self._reading(name, kind, "not evaluated", first) if size is None else self._sized(name, size, first)
        return self._reading(name, kind, self._state(name, kind, set()), first)

    def _parts(self, name: str) -> list[str]:
        """The fragments of a lesion, read now or before, if any is read now."""
        own = [f for f in self.fragments.get(name, ()) if f != name]
        return own if any(self._read_as_part(f, name, {name}) for f in own) else []

    def _read_as_part(self, fragment: str, whole: str, passed: set[str]) -> bool:
        """True if a fragment, or a fragment of it, is read."""
        if fragment in self.read:
            return self.read[fragment].part_of == whole
        below = [f for f in self.fragments.get(fragment, ()) if f not in passed]
        return any(self._read_as_part(f, fragment, passed | {fragment}) for f in below)

    def _size(self, name: str, passed: set[str], counted: Set[str] = frozenset()) -> float | None:
        """A lesion with its fragments [mm]; None where any of it was not evaluated. A fragment that grew into one of ``counted``, which are
        in the sum already, adds nothing."""
        if name in passed:
            return None
        passed = passed | {name}
        own, parts = self.read.get(name), self._parts(name)
        if own is None and not parts:
            return None
        sizes: list[float | None] = []
        if own is not None and own.state != "merged":
            sizes.append(size_of(own))
        for part in parts:
            into = self._became(part)
            if into:
                other = self.read.get(into)
                gone_into = other is not None and other.state not in ("merged", "not evaluated")
                elsewhere = into in counted and other is not None and other.kind == "target"
                sizes.append(0.0 if gone_into and (into == name or into in parts or elsewhere) else None)
                if elsewhere and sizes[-1] is not None:
                    self.told.append(f"{part}, of {name}, grew into {into}.")
            else:
                sizes.append(self._size(part, passed, counted))
        return None if any(s is None for s in sizes) else sum(s for s in sizes if s is not None)

    def _state(self, name: str, kind: Kind, passed: set[str]) -> State:
        """The worst state of a lesion and its fragments."""
        own, parts = self.read.get(name), self._parts(name)
        if name in passed or (own is None and not parts):
            return "not evaluated"
        if kind == "target":
            size = self._size(name, set())
            return "not evaluated" if size is None else "measured" if size else "absent"
        passed = passed | {name}
        states: set[State] = {own.state} if own is not None and own.state != "merged" else set()
        states |= {self._state(part, kind, passed) for part in parts if not self._became(part)}
        return next((s for s in _WORST[kind] if s in states), "not evaluated")

    def _sized(self, name: str, size: float, first: Reading) -> Reading:
        return self._reading(name, "target", "measured" if size else "absent", first, size or None)

    def _reading(self, name: str, kind: Kind, state: State, first: Reading, size: float | None = None) -> Reading:
        own = self.read.get(name)
        source = (own or first).source
        return Reading(name, kind, state, size, first.organ, first.node, source=source, said=own.said if own else "")


def _seen_as(state: State, kind: Kind) -> State:
    """The state of a lesion as that of one of another kind which grew into it."""
    if state in ("absent", "not evaluated"):
        return state
    if kind == "non-target":
        return "unequivocal progression" if state == "unequivocal progression" else "present"
    return "equivocal" if state == "equivocal" else "unequivocal"
