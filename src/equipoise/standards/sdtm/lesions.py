"""TU of one subject and assessor → the lesions: which there are, and what each is a fragment of, or was made of.

By SDTMIG 3.4 and CDISC's supplement for RECIST 1.1: T04 that split is followed as T04.1 and T04.2 (TUSPLIT, TUGRPID names the lesion); T02 and
T03 that grew together as T02/T03 (TUMERGE). Forms that do not identify them again have them in TR alone, by the same names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from equipoise.standards.sdtm.lesion_words import IDENTIFY, KINDS
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.lesion import Kind

#: How a fragment is named after its lesion: T04.1, T04-1, T04_1, T04a.
_FRAGMENT = (re.compile(r"^(.+)[.\-_ ]\w+$"), re.compile(r"^(.*\d)[A-Za-z]$"))
#: A place that is a lymph node: CDISC's terms all say LYMPH NODE.
_NODE = re.compile(r"LYMPH\s?NODE|\bNODAL\b|\bLN\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:[/+&,;]|\band\b)\s*", re.IGNORECASE)


@dataclass
class Lesion:
    """A lesion as TU has it. ``part_of``: the lesion it is a fragment of, or (SUPPTU) the one it grew into; ``made_of``: what grew into it
    (``merged``, if anything did). ``chosen``: identified at baseline."""

    name: str
    kind: Kind
    organ: str = ""
    node: bool = False
    part_of: str = ""
    record: Record | None = None
    made_of: tuple[str, ...] = ()
    merged: bool = False
    chosen: bool = False


class Lesions:
    """One assessor's lesions by name, in the order in which they were identified."""

    def __init__(self, tu: Sequence[Record], parts: Mapping[str, str], notes: Notes) -> None:
        self.notes = notes
        self.by_name: dict[str, Lesion] = {}
        for record in tu:
            if record.code("TUTESTCD") not in ("TUSPLIT", "TUMERGE"):
                self._identify(record, parts)
        for record in tu:
            match record.code("TUTESTCD"):
                case "TUSPLIT":
                    self._split(record, parts)
                case "TUMERGE":
                    self._merge(record, parts)

    def _kind(self, record: Record) -> Kind | None:
        return KINDS.get(record.code("TUSTRESC", "TUORRES"))

    def _identify(self, record: Record, parts: Mapping[str, str]) -> None:
        name, test, kind = record.text("TULNKID"), record.code("TUTESTCD"), self._kind(record)
        if test not in IDENTIFY:
            self.notes.left("TU", f"TUTESTCD {test}", "no test that the log holds", record.example)
        elif not name:
            self.notes.left("TU", "TULNKID", "a lesion without an identity", record.example, endpoint=True)
        elif kind is None:
            term = record.code("TUSTRESC", "TUORRES")
            why = "neither target, non-target nor new"
            self.notes.left("TU", f"TUSTRESC {term or 'empty'}", why, record.example, endpoint=term != "BENIGN")
        elif name in self.by_name:
            why = "a lesion identified twice by one assessor: the first stands"
            self.notes.left("TU", "TULNKID", why, record.example)
        else:
            self._add(record, kind, parts.get(record.text("TUSEQ"), ""))

    def _add(
        self, record: Record, kind: Kind, part_of: str = "", made_of: tuple[str, ...] = (), like: str = ""
    ) -> None:
        name, organ = record.text("TULNKID"), record.text("TULOC")
        model = self.by_name.get(like)
        organ = organ or (model.organ if model is not None else "")
        term = record.code("TUSTRESC", "TUORRES")
        node = bool(_NODE.search(organ)) or term in ("TARGET NODAL", "NON-TARGET NODAL")
        node = node or (model is not None and model.node and not record.text("TULOC"))
        merged = record.code("TUTESTCD") == "TUMERGE"
        self.by_name[name] = Lesion(name, kind, organ, node, part_of, record, made_of, merged)

    def _split(self, record: Record, parts: Mapping[str, str]) -> None:
        name = record.text("TULNKID")
        whole = parts.get(record.text("TUSEQ"), "") or self._known(record.text("TUGRPID"), name) or self.stem(name)
        if name in self.by_name:
            # The lesion itself, once more: what it is part of is all that is new.
            self.by_name[name].part_of = self.by_name[name].part_of or whole
            return
        kind = self._kind(record) or (self.by_name[whole].kind if whole in self.by_name else None)
        if not name or not whole or kind is None:
            why = "a fragment of no lesion that TU identifies: its time points are not evaluable"
            self.notes.left("TU", "TUSPLIT", why, record.example, endpoint=True)
            if not name or kind is None:
                return
        self._add(record, kind, whole, like=whole)

    def _merge(self, record: Record, parts: Mapping[str, str]) -> None:
        name = record.text("TULNKID")
        into = parts.get(record.text("TUSEQ"), "") or self._known(record.text("TUGRPID"), name)
        if name in self.by_name:
            if into:
                self.by_name[name].part_of = into
            else:
                self.by_name[name].merged = True
            return
        made_of = self.named(name)
        kind = self._kind(record) or (self.by_name[made_of[0]].kind if made_of else None)
        if not name or kind is None:
            why = "a merged lesion without an identity, or of no kind"
            self.notes.left("TU", "TUMERGE", why, record.example, endpoint=True)
            return
        self._add(record, kind, "", made_of, like=made_of[0] if made_of else "")

    def choose(self, baseline: Callable[[Record], bool]) -> None:
        """Say which lesions were identified at baseline. One that was later, by a name made of theirs, is a fragment or what they became:
        forms that have no other word identify it as a tumour once more."""
        for lesion in self.by_name.values():
            lesion.chosen = lesion.record is not None and baseline(lesion.record)
        for name, lesion in self.by_name.items():
            if lesion.chosen or lesion.kind == "new" or lesion.part_of or lesion.made_of or lesion.record is None:
                continue
            whole, made_of = self.stem(name), self.named(name)
            if made_of:
                lesion.made_of, lesion.merged = made_of, True
            elif whole and self.by_name[whole].chosen:
                lesion.part_of = whole

    def _known(self, name: str, but: str) -> str:
        return name if name in self.by_name and name != but else ""

    def stem(self, name: str) -> str:
        """The lesion after which a fragment is named; '' if its name says none that is identified."""
        for pattern in _FRAGMENT:
            found = pattern.match(name)
            if found and found[1] in self.by_name:
                return found[1]
        return ""

    def named(self, text: str) -> tuple[str, ...]:
        """The lesions of which a merged one is named: 'T02/T03', 'T02/03', 'T02 + T03'; () if not all are identified."""
        pieces = [p for p in _BETWEEN.split(text) if p]
        if len(pieces) < 2:
            return ()
        # 'T02/03' and 'R1-T02/T03' leave out what the first name begins with.
        heads = [pieces[0][:k] for k in range(len(pieces[0]), -1, -1)]
        full = [next((h + p for h in ("", *heads) if h + p in self.by_name), "") for p in pieces]
        return tuple(full) if all(full) and len(set(full)) == len(full) else ()

    def of_results(self, name: str, group: str) -> Lesion | None:
        """A lesion that TR has; one that TU does not identify is known by its name, or by TRGRPID. None: nothing is known of it."""
        if name not in self.by_name:
            made_of, whole = self.named(name), self.stem(name)
            model = self.by_name.get(made_of[0] if made_of else whole)
            kind = model.kind if model is not None else KINDS.get(group)
            if kind is None:
                return None
            organ, node = (model.organ, model.node) if model is not None else ("", False)
            self.by_name[name] = Lesion(name, kind, organ, node, whole, None, made_of, bool(made_of))
        return self.by_name[name]
