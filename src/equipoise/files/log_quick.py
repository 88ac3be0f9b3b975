"""A line of a log read by its pattern, where it is one that holds nothing odd: twice as quick as to parse it and to write it again.

What is taken here is what the whole reading takes (``log_lines``), and the same event; what is not is for that reading to judge, and to say why.
A line of this pattern is as we write it but for its details: its texts hold nothing that would be written by an escape, its numbers and clocks
stand in the one way in which we write them. The details are parsed, written again and compared, and divided among the two parts as we divide them.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from hashlib import sha256
from json import JSONDecoder
from sys import intern
from typing import Any

from equipoise.conduct.shape import well_shaped
from equipoise.trial.event import FORM, NEITHER, Event, canonical, chained
from equipoise.trial.guarded import GUARDED, GUARDED_WHY
from equipoise.trial.kinds import TRIAL_KINDS

#: A longer line is for the whole reading: the time that a pattern takes grows faster than what it is held against.
LONGEST = 4096
_TEXT = r'"([^"\\\x00-\x1f]*)"'
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = _DAY + r"T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00"
_LINE = re.compile(
    r'\{(?:"guarded":(\{.+?\}),)?"hash":"([^"]{64})","open":(\{"by":'
    + _TEXT
    + r',"corrects":(null|[1-9][0-9]*),"data":(\{.*?\}),"happened":"('
    + _DAY
    + r')","kind":'
    + _TEXT
    + r',"number":([1-9][0-9]*),"patient":'
    + _TEXT
    + rf',"recorded":"({_MOMENT})","site":'
    + _TEXT
    + r',"source":'
    + _TEXT
    + r',"why":'
    + _TEXT
    + r'\}),"previous":"([^"]{64})","salts":\["((?:[0-9a-f]{32})?)","((?:[0-9a-f]{32})?)"\]\}'
).fullmatch
_scanned = JSONDecoder().raw_decode


def quick(text: str, number: int) -> tuple[Event, str, str] | None:
    """The event ``number`` that a line holds, the hash to which the line is chained, and its own; None: the whole reading is to judge the line.

    ``text``: the line without its newline. The hash is computed; that it is chained to the one before is for whoever knows that.
    """
    if len(text) > LONGEST or (found := _LINE(text)) is None:
        return None
    (
        guarded, stated, shown, by, corrects, details, happened, kind, numbered, patient, recorded, site, source, why, previous, salt, other,
    ) = found.groups()  # fmt: skip
    names = GUARDED.get(kind)
    if numbered != str(number) or (patient and kind in TRIAL_KINDS) or (why and kind in GUARDED_WHY):
        return None
    try:
        data: dict[str, Any] = {}
        if details != "{}":
            data, _ = _scanned(details)
            if canonical(data) != details or (names is not None and not names.isdisjoint(data)):
                return None
        first, second = sha256(bytes.fromhex(salt) + b"open\0" + shown.encode()).hexdigest(), ""
        if guarded is not None:
            kept, _ = _scanned(guarded)
            if names is None or not kept or canonical(kept) != guarded:
                return None
            second = sha256(bytes.fromhex(other) + b"guarded\0" + guarded.encode()).hexdigest()
            if "why" in kept and kind in GUARDED_WHY:
                why = kept.pop("why")
                if type(why) is not str or not why:
                    return None
            if not names.issuperset(kept):
                return None
            data = dict(sorted({**data, **kept}.items()))
        elif other:
            return None  # a salt of nothing
        digest = chained(previous, (first, second))
        if digest != stated or not well_shaped(kind, data):
            return None
        event = Event(
            number, intern(kind), date.fromisoformat(happened), datetime.fromisoformat(recorded), intern(by), why, intern(patient), intern(site), data,
            None if corrects == "null" else int(corrects), source, (salt, other), NEITHER, FORM,
        )  # fmt: skip
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return event, previous, digest
