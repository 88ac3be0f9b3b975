"""Event: one line of the trial's log, with two clocks, an author and a reason; and what the chain of hashes holds of it.

The chain runs over salted digests, not over what was written: a part can be withheld or taken away, and its digest, which stays,
tells nothing of it and still holds the chain. What is said of an arm or of results is a part of its own (``trial/guarded.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, TypeGuard

from equipoise.trial.guarded import GUARDED, GUARDED_WHY

#: What the hash of the first event is chained to.
GENESIS = "0" * 64
#: No part is salted, or none withheld.
NEITHER = ("", "")
#: The form of a line that is written today, and the one before: hash over the content itself, nothing can be withheld.
FORM, FIRST_FORM = 2, 1
#: An event of which a reader knows nothing but that it is there; and one whose content was removed, as a later 'redacted' event says.
WITHHELD, REMOVED = "withheld", "removed"

_text = json.encoder.encode_basestring
#: As the log writes JSON: sorted keys, no blanks, letters as they are. Raises ValueError for what is no number (NaN).
canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, when; who recorded it, when and why.

    ``number`` counts from 1. ``happened`` is a day. ``recorded`` is a moment in UTC; what is known on a day is what
    was recorded by the end of that day, UTC. ``corrects`` names the event that this one replaces (same kind) or, for
    'voided', takes away.

    ``salts``: 16 random bytes each, hexadecimal, for the open part and the guarded; '' for none (virtual patients). They keep what a digest
    stands for from being guessed, and are no part of what happened. ``withheld``: the digests of the parts that are not shown here, '' for one
    that is. ``form``: of the line.
    """

    number: int
    kind: str
    happened: date
    recorded: datetime
    by: str
    why: str = ""
    patient: str = ""
    site: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    corrects: int | None = None
    source: str = ""
    salts: tuple[str, str] = field(default=NEITHER, compare=False, repr=False)
    withheld: tuple[str, str] = field(default=NEITHER, repr=False)
    form: int = field(default=FORM, compare=False, repr=False)

    def parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What everybody may see who may see the event, and what is guarded; the second is empty for most kinds."""
        data, why, guarded = self._split()
        return self._entries(data, why), guarded

    def _split(self) -> tuple[Mapping[str, Any], str, dict[str, Any]]:
        """The details and the reason that are open, and what is guarded."""
        data, why, guarded = self.data, self.why, {}
        names = GUARDED.get(self.kind)
        if names is not None:
            guarded = {k: v for k, v in data.items() if k in names}
            data = {k: v for k, v in data.items() if k not in names}
            if why and self.kind in GUARDED_WHY:
                guarded["why"], why = why, ""
        return data, why, guarded

    def _entries(self, data: Mapping[str, Any], why: str) -> dict[str, Any]:
        return {
            "number": self.number,
            "kind": self.kind,
            "happened": self.happened.isoformat(),
            "recorded": self.recorded.astimezone(UTC).isoformat(timespec="microseconds"),
            "by": self.by,
            "why": why,
            "patient": self.patient,
            "site": self.site,
            "data": dict(data),
            "corrects": self.corrects,
            "source": self.source,
        }

    def texts(self) -> tuple[str, str]:
        """Both parts as canonical JSON; '' for one that is withheld or that there is not."""
        if self.withheld[0]:
            return NEITHER
        data, why, guarded = self._split()
        # As `canonical` writes `parts`, in half the time: a log is read by what is written here.
        at = self.recorded if self.recorded.tzinfo is UTC else self.recorded.astimezone(UTC)
        corrects = "null" if self.corrects is None else int.__repr__(self.corrects)
        shown = (
            f'{{"by":{_text(self.by)},"corrects":{corrects},"data":{canonical(data) if data else "{}"},'
            f'"happened":"{self.happened.isoformat()}","kind":{_text(self.kind)},"number":{int.__repr__(self.number)},'
            f'"patient":{_text(self.patient)},"recorded":"{at.isoformat(timespec="microseconds")}","site":{_text(self.site)},'
            f'"source":{_text(self.source)},"why":{_text(why)}}}'
        )
        return shown, canonical(guarded) if guarded else ""

    def first_form(self, previous: str) -> str:
        """The content as canonical JSON, chained to the hash of the event before, as form 1 has it."""
        return canonical({**self._entries(self.data, self.why), "previous": previous})


def digest_of(part: str, text: str, salt: str) -> str:
    """SHA-256 of the salt's bytes, the part's name ('open', 'guarded'), a zero byte and its canonical JSON; hexadecimal."""
    return sha256(bytes.fromhex(salt) + part.encode() + b"\0" + text.encode()).hexdigest()


def digests_of(event: Event, texts: tuple[str, str]) -> tuple[str, str]:
    """The digests of both parts; of the second '' where nothing is guarded. A part that is withheld has left its own."""
    (shown, guarded), (salt, other) = texts, event.salts
    return (
        digest_of("open", shown, salt) if shown else event.withheld[0],
        digest_of("guarded", guarded, other) if guarded else event.withheld[1],
    )


def chained(previous: str, digests: tuple[str, str]) -> str:
    """SHA-256 of the hash before and the digests, all as hexadecimal text one after the other."""
    return sha256("".join((previous, *digests)).encode()).hexdigest()


def hash_of(event: Event, previous: str) -> str:
    """The hash of an event, over what it holds and the hash of the one before; hexadecimal."""
    if event.form == FIRST_FORM:
        return sha256(event.first_form(previous).encode()).hexdigest()
    return chained(previous, digests_of(event, event.texts()))


def is_hash(value: object) -> TypeGuard[str]:
    """True for 64 hexadecimal digits in lower case."""
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")
