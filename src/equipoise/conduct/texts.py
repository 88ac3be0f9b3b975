"""Texts that a log can keep and a reader can trust: one place judges every text of an event.

A text can be written as UTF-8, stands in one form only (NFC), holds nothing that is not seen (control characters, marks of direction,
characters of no width) and is not longer than its kind. What was taken from datasets stays as it was recorded: it must be writable, and
no more. Of numbers: none that is no number.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.trial.event import Event
from equipoise.trial.problem import Problem

#: The longest text of each kind [characters]; 'detail': of the details of an event.
LONGEST: Mapping[str, int] = {
    "by": 200, "why": 4000, "patient": 64, "site": 64, "source": 2000, "detail": 4000, "key": 200,
    "definition": 1_000_000,
}  # fmt: skip
#: How deep details may be nested, and how many members a list or an object of them has.
DEEPEST, MOST = 6, 10_000
#: Details that have a rule of their own for an empty text (a response is one, where an assessment says what was seen).
_HAS_A_RULE = frozenset({
    ("assessed", "response"), ("adverse event", "term"), ("unblinded", "reason"), ("eligibility reviewed", "reason"),
    ("screened", "sex"), ("screened", "initials"), ("randomised", "stratum"), ("redacted", "recorded"),
})  # fmt: skip
#: Beyond what a whole number of a record is.
_LARGEST = 2**53
#: Characters that are not seen, though Unicode does not count them among the formatting ones.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(c) for c in range(0xFE00, 0xFE10)}
_NOT_SEEN = {
    "Cc": "a control character", "Cf": "a character that is not seen", "Co": "a character of no meaning",
    "Cn": "a character that does not exist", "Zl": "an end of line", "Zp": "an end of paragraph",
}  # fmt: skip


def text_problems(event: Event) -> Iterator[Problem]:
    """What is wrong with the texts and numbers of an event; and with an author of whom nothing is said."""
    own = not event.source
    for name, text in (("by", event.by), ("why", event.why), ("patient", event.patient), ("site", event.site)):
        if text:
            yield from _text(name, text, LONGEST[name], own=own or name in ("by", "patient"))
            if name != "why" and text.strip() and text != text.strip():
                yield Problem("blanks", name, repr(text), "no blanks before or after")
    if not event.by.strip():
        yield Problem("nobody", "by", repr(event.by), "who gives the order", "--by NAME")
    if event.source:
        yield from _text("source", event.source, LONGEST["source"], own=False)
    for name, value in event.data.items():
        longest = LONGEST[name if name in ("key", "definition") else "detail"]
        # A definition is the trial file's own text, which is held against its fingerprint.
        yield from _detail(f"data.{_shown(name)}", value, longest, own=own and name != "definition", deep=1)
        if own and isinstance(value, str) and not value.strip() and (event.kind, name) not in _HAS_A_RULE:
            yield Problem("nothing-said", f"data.{_shown(name)}", repr(value), "a text, or leave it out")
        elif name == "key" and isinstance(value, str) and value != value.strip():
            yield Problem("blanks", "data.key", repr(value), "no blanks before or after")


def plain(text: str, longest: int = 200) -> bool:
    """Whether there is nothing to judge: letters, digits and signs of ASCII, not too many."""
    return text.isascii() and text.isprintable() and len(text) <= longest


def _text(where: str, text: str, longest: int, *, own: bool) -> Iterator[Problem]:
    if text.isascii() and text.isprintable() and len(text) <= longest:
        return
    if any("\ud800" <= c <= "\udfff" for c in text):
        yield Problem("not-encodable", where, _shown(text), "a text that can be written as UTF-8")
        return
    if not own:
        return
    if len(text) > longest:
        yield Problem("too-long", where, f"{len(text):,} characters", f"at most {longest:,}")
    unseen = next((c for c in text if unicodedata.category(c) in _NOT_SEEN or c in _UNSEEN), None)
    if unseen is not None:
        what = _NOT_SEEN.get(unicodedata.category(unseen), "a character that is not seen")
        yield Problem("not-seen", where, f"{what}, U+{ord(unseen):04X}, in {_shown(text)}", "characters that are seen")
    elif not unicodedata.is_normalized("NFC", text):
        yield Problem("not-nfc", where, _shown(text), "accents in one character with their letters (NFC)")


def _detail(where: str, value: Any, longest: int, *, own: bool, deep: int) -> Iterator[Problem]:
    kind = type(value)
    if kind is str:
        yield from _text(where, value, longest, own=own)
    elif kind is bool or value is None:
        return
    elif kind is int:
        if not -_LARGEST <= value <= _LARGEST:
            yield Problem("number-out-of-range", where, f"a number of {value.bit_length()} bits", "at most 2^53")
    elif kind is float:
        if not math.isfinite(value):
            yield Problem("no-number", where, str(value), "a number")
    elif deep > DEEPEST:
        yield Problem("too-deep", where, "lists in lists", f"details nested at most {DEEPEST} deep")
    elif isinstance(value, Mapping | list | tuple):
        if len(value) > MOST:
            yield Problem("too-many", where, f"{len(value):,} members", f"at most {MOST:,}")
            return
        named = isinstance(value, Mapping)
        for name, member in value.items() if isinstance(value, Mapping) else enumerate(value):
            if named and not isinstance(name, str):
                yield Problem("wrong-type", where, repr(name), "names that are texts")
                continue
            if isinstance(name, str):
                yield from _text(f"a name in {where}", name, LONGEST["key"], own=True)
            yield from _detail(
                f"{where}.{_shown(name)}" if named else f"{where}[{name}]", member, longest, own=own, deep=deep + 1
            )
    else:
        yield Problem("wrong-type", where, kind.__name__, "a text, a number, true, false, a list or an object")


def _shown(text: object) -> str:
    """A text as it can be shown anywhere, in short."""
    plain_text = str(text)
    return plain_text if plain(plain_text, 60) else ascii(plain_text[:60])
