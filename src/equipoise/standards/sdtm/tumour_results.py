"""TR of one time point of one assessor → a reading of each lesion, and the sum that was recorded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from equipoise.standards.sdtm.lesion_words import (
    FOLLOW,
    NODE_SIZES,
    NOT_DONE,
    OTHER_SIZES,
    STATE_TESTS,
    SUMS,
    has_merged,
    has_split,
    state_of,
)
from equipoise.standards.sdtm.lesions import Lesion, Lesions
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.lesion import Reading, State

_SIZES = frozenset(NODE_SIZES)
_UNIT = re.compile(r"^(\d+(?:\.\d*)?|\.\d+)\s*(mm|cm)$", re.IGNORECASE)
#: A sum of fragments that differs by less is the same [mm].
_SAME = 0.05


def read_results(
    records: Sequence[Record], lesions: Lesions, notes: Notes, *, baseline: bool
) -> tuple[list[Reading], float | None]:
    """The readings of a time point, and the recorded sum [mm]; what is not understood is listed, and not evaluated."""
    total: float | None = None
    by_lesion: dict[str, list[Record]] = {}
    for r in records:
        test, name = r.code("TRTESTCD"), r.text("TRLNKID")
        if test in SUMS:
            total = size_of(r, notes)
        elif not name:
            why = "follows from the diameters" if test in FOLLOW else "belongs to no lesion"
            notes.left("TR", f"TRTESTCD {test}", why, r.example)
        else:
            by_lesion.setdefault(name, []).append(r)
    found: dict[str, Reading] = {}
    because: dict[str, str] = {}
    for name, own in by_lesion.items():
        lesion = lesions.of_results(name, own[0].code("TRGRPID"))
        if lesion is None:
            why = "a lesion that TU does not identify"
            notes.left("TR", "TRLNKID", why, own[0].example, len(own), endpoint=True)
            continue
        reading, said = _reading(lesion, own, notes)
        if reading is not None:
            found[name], because[name] = reading, said
    if not baseline:
        _joined(found, because, lesions, notes)
        _fragments(found, notes)
    return list(found.values()), total


def as_read(lesion: Lesion, state: State, size: float | None, source: str, said: str = "") -> Reading:
    """A reading. A lesion chosen at baseline is part of another only from when the two grew together."""
    part_of = lesion.part_of if state == "merged" or not lesion.chosen else ""
    return Reading(lesion.name, lesion.kind, state, size, lesion.organ, lesion.node, part_of, source=source, said=said)


def _reading(lesion: Lesion, records: Sequence[Record], notes: Notes) -> tuple[Reading | None, str]:
    """What the records of a lesion say, and the words in which they say that it grew into another."""
    tests = _once(records, notes)
    sizes: tuple[str, ...] = NODE_SIZES if lesion.node else OTHER_SIZES
    if lesion.kind != "target":
        sizes = NODE_SIZES if lesion.node else (*OTHER_SIZES, "LPERP")
    measured = next((tests[t] for t in sizes if t in tests), None)
    state = tests.get("TUMSTATE") or tests.get("LNSTATE") or tests.get("TOOSMALL")
    used = (measured or state) if lesion.kind == "target" else (state or measured)
    for test, r in tests.items():
        if r is not used and test not in STATE_TESTS:
            why = (
                "not the diameter that counts"
                if test in _SIZES
                else "follows from the diameters"
                if test in FOLLOW
                else ""
            )
            notes.left("TR", f"TRTESTCD {test}", why or "no test that the log holds", r.example)
    told = tests.get("TUMSTATE") or tests.get("LNSTATE")
    if lesion.kind == "target" and measured is not None and told is not None and size_of(measured, Notes()):
        word = told.code("TRSTRESC", "TRORRES")
        if state_of("target", word) == "absent":
            notes.left("TR", f"{told.code('TRTESTCD')} {word}", "beside a diameter, which counts", told.example)
    small = "TOOSMALL" in tests and tests["TOOSMALL"].code("TRSTRESC", "TRORRES") == "Y"
    if used is None and "NEWCONF" in tests:
        used = tests["NEWCONF"]
    if used is None:
        # Nothing that counts: of a target it is then as if nobody had looked.
        if lesion.kind != "target":
            return None, ""
        said = ", ".join(dict.fromkeys(r.code("TRTESTCD") for r in records))
        notes.left(
            "TR",
            f"{lesion.name}: {said}",
            "no diameter that counts: not evaluated",
            records[0].example,
            endpoint=True,
            kept=True,
        )
        return as_read(lesion, "not evaluated", None, records[0].source("TRSTRESC"), said=f"{said} only"), ""

    def read(state: State, size: float | None = None, variable: str = "TRSTRESC", said: str = "") -> Reading:
        return as_read(lesion, state, size, used.source(variable), said=said)

    if used.code("TRSTAT") in NOT_DONE:
        reason = used.code("TRREASND")
        known = state_of(lesion.kind, reason) if reason else None
        if known in ("merged", "too small", "absent"):
            return read(known, variable="TRREASND"), reason
        if reason and known is None and not has_split(reason):
            why = "a reason of which no state follows: not evaluated"
            notes.left("TR", f"TRREASND {reason}", why, used.example)
        return read("not evaluated", variable="TRSTAT"), ""
    if used is tests.get("TOOSMALL") and used is not measured:
        return (read("too small" if lesion.kind == "target" else "present"), "") if small else (None, "")
    if used is measured:
        found = _measured(lesion, used, notes, small=small)
    elif used is tests.get("NEWCONF"):
        found = ("unequivocal" if used.code("TRSTRESC", "TRORRES") == "Y" else "equivocal"), None
    else:
        found = state_of(lesion.kind, used.code("TRSTRESC", "TRORRES")), None
    if found[0] in ("unequivocal", "equivocal") and lesion.kind == "new" and "NEWCONF" in tests:
        found = ("unequivocal" if tests["NEWCONF"].code("TRSTRESC", "TRORRES") == "Y" else "equivocal"), None
    term = used.code("TRSTRESC", "TRORRES")
    if found[0] is None:
        test = used.code("TRTESTCD")
        why = f"not understood of a {lesion.kind} lesion: not evaluated"
        notes.left("TR", f"{test} {term or 'empty'}", why, used.example, endpoint=True, kept=True)
        return read("not evaluated", said=term or "nothing"), ""
    number = "TRSTRESN" if found[1] is not None and found[0] == "measured" else "TRSTRESC"
    return read(found[0], found[1], number), (" ".join((used.code("TRORRES"), term)) if found[0] == "merged" else "")


def _once(records: Sequence[Record], notes: Notes) -> dict[str, Record]:
    """One record a test: the first that was done."""
    tests: dict[str, Record] = {}
    for r in records:
        test = r.code("TRTESTCD")
        if test not in tests:
            tests[test] = r
            continue
        why = "a second record of one lesion and time point: the first that was done stands"
        notes.left("TR", test, why, r.example)
        if tests[test].code("TRSTAT") == "NOT DONE" and r.code("TRSTAT") != "NOT DONE":
            tests[test] = r
    return tests


def _measured(lesion: Lesion, record: Record, notes: Notes, *, small: bool) -> tuple[State | None, float | None]:
    """The state and the size [mm] that a diameter says; no state where it is a word that is not understood."""
    words = (record.code("TRORRES"), record.code("TRSTRESC"))
    said = [state_of("target", word) for word in words if word]
    if lesion.kind == "target":
        if small or "too small" in said:
            return "too small", size_of(record, notes)
        if "merged" in said:
            return "merged", None
    size = size_of(record, notes)
    if size is None:
        known = next((s for s in said if s is not None), None)
        if not any(words) and not record.text("TRSTRESN"):
            return "not evaluated", None
        return (known, None) if lesion.kind == "target" else (state_of(lesion.kind, words[1] or words[0]), None)
    if lesion.kind == "target":
        return ("measured", size) if size else ("absent", None)
    if lesion.kind == "new":
        return ("unequivocal" if size else "absent"), None
    return (
        "present" if size and not (lesion.node and size < 10) else "absent"
    ), None  # RECIST 1.1, 4.3.3: a node below 10 mm


def size_of(record: Record, notes: Notes) -> float | None:
    """A diameter [mm]; centimetres are taken tenfold. None where there is no number, or one that cannot be (a problem)."""
    # The numeric result must be a number; the others may be words, which are no size.
    name = next((n for n in ("TRSTRESC", "TRORRES") if _numeric(record.text(n))), "TRSTRESN")
    name = "TRSTRESN" if record.text("TRSTRESN") else name
    text = record.text(name)
    unit = record.text("TRSTRESU" if name != "TRORRES" else "TRORRESU").casefold()
    with_unit = _UNIT.match(text)
    if with_unit:
        size: float | None = float(with_unit[1])
        unit = with_unit[2].casefold()
    else:
        size = record.number(name, notes)
    if size is not None and unit not in ("", "mm", "cm"):
        notes.problem("unit", record.where("TRSTRESU"), repr(unit), "mm or cm")
    size = 10 * size if size is not None and unit == "cm" else size
    if size is not None and not 0 <= size < 10_000:
        notes.problem("size-out-of-range", record.where(name), str(size), "millimetres, from 0 to 10,000")
        return None
    return size


def _numeric(text: str) -> bool:
    try:
        return bool(_UNIT.match(text)) or math.isfinite(float(text))
    except ValueError:
        return False


def _joined(found: dict[str, Reading], because: Mapping[str, str], lesions: Lesions, notes: Notes) -> None:
    """Say of each lesion that grew together with others into which one; one that nobody names was not evaluated."""
    wholes = [lesion for name in found if (lesion := lesions.by_name[name]).merged]
    order = list(lesions.by_name)
    for whole in sorted(wholes, key=lambda lesion: order.index(lesion.name)):
        for part in whole.made_of:
            own, source = found.get(part), found[whole.name].source
            if own is None or own.state in ("merged", "absent") or (own.state == "not evaluated" and not own.said):
                of = lesions.by_name[part]
                found[part] = Reading(
                    part, of.kind, "merged", None, of.organ, of.node, whole.name, source=own.source if own else source
                )
            else:
                said = f"{own.size:g} mm" if own.size is not None else own.said or own.state
                found[part] = replace(own, state="not evaluated", size=None, said=f"{said} beside {whole.name}")
                why = "read by itself and as part of a merged lesion: not evaluated"
                notes.left("TR", f"{part}, {whole.name}", why, own.source, endpoint=True, kept=True)
    for name, reading in list(found.items()):
        if reading.state != "merged":
            continue
        # What the reason names is where a fragment grew into; what it is a fragment of is another thing.
        into = _named_in(because.get(name, ""), name, lesions)
        if not into and reading.part_of and reading.part_of != name:
            continue
        alone = [w.name for w in wholes if w.name != name and w.kind == reading.kind and not w.made_of]
        into = into or (alone[0] if len(alone) == 1 else "")
        if into:
            found[name] = replace(reading, part_of=into)
        else:
            said = "merged, into which lesion is not said"
            notes.left(
                "TR",
                f"{name}: {because.get(name) or 'merged'}",
                f"{said}: not evaluated",
                reading.source,
                endpoint=True,
                kept=True,
            )
            found[name] = replace(reading, state="not evaluated", part_of="", said=said)


def _named_in(text: str, but: str, lesions: Lesions) -> str:
    """The lesion that a reason names: 'MERGED WITH T02'."""
    if not has_merged(text):
        return ""
    names = sorted(lesions.by_name, key=len, reverse=True)
    return next((n for n in names if n != but and re.search(rf"(?<!\w){re.escape(n.upper())}(?!\w)", text)), "")


def _fragments(found: dict[str, Reading], notes: Notes) -> None:
    """A lesion that is read beside its fragments: it says nothing more, repeats their sum, or contradicts them."""
    by_whole: dict[str, list[Reading]] = {}
    for r in found.values():
        if r.part_of in found and r.state != "merged":
            by_whole.setdefault(r.part_of, []).append(r)
    for name, parts in by_whole.items():
        own = found[name]
        if own.state == "not evaluated" and not own.said:
            del found[name]  # it is followed in its fragments
        elif len(parts) > 1 and own.kind == "target" and own.state in ("measured", "too small", "absent"):
            total = sum(r.size or 0.0 for r in parts)
            if own.size is not None and abs(own.size - total) <= _SAME:
                notes.left("TR", name, "the sum of its fragments, which stand for it", own.source)
                del found[name]
            elif own.state == "absent":
                del found[name]
            else:
                said = f"{own.size:g} mm" if own.size is not None else own.state
                notes.left(
                    "TR",
                    name,
                    "read by itself and in fragments that are not its sum: not evaluated",
                    own.source,
                    endpoint=True,
                    kept=True,
                )
                found[name] = replace(own, state="not evaluated", size=None, said=f"{said} beside its fragments")
