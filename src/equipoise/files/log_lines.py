"""Events as lines and back: what stands in a log byte for byte, whoever keeps the lines (a file, a table of a database).

A line is one JSON object as we write it and in no other way: it is compared with what we would write. What is shown by another
program that reads JSON is then what we read.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from equipoise.conduct.shape import shape_problems
from equipoise.files.log_quick import quick
from equipoise.trial.event import FIRST_FORM, FORM, GENESIS, NEITHER, WITHHELD, Event, chained, digests_of, hash_of
from equipoise.trial.kinds import TRIAL_KINDS
from equipoise.trial.log import Log, places
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.withheld import PARTS, shown, with_removals

_CONTENT = frozenset(
    {"number", "kind", "happened", "recorded", "by", "why", "patient", "site", "data", "corrects", "source"}
)
_TEXTS = ("kind", "happened", "recorded", "by", "why", "patient", "site", "source")
_FIRST = _CONTENT | {"previous", "hash"}
_FRAME = frozenset({"hash", "previous", "salts"})
_FORMS = frozenset(
    {
        _FRAME | {"open"},
        _FRAME | {"open", "guarded"},
        _FRAME | {"open", "guarded_digest"},
        _FRAME | {"open_digest"},
        _FRAME | {"open_digest", "guarded_digest"},
    }
)
_DIGEST = re.compile("[0-9a-f]{64}")
_SALT = re.compile("(?:[0-9a-f]{32})?")
_read = json.JSONDecoder().raw_decode
#: What a line that is no event of a log may make of itself while it is read.
_UNREADABLE = (ValueError, TypeError, KeyError, OverflowError, RecursionError)


def line_of(event: Event, previous: str) -> tuple[str, str]:
    """The event's line, with its newline, and its hash. Raises ValueError for what no line can hold (NaN, half a letter)."""
    if event.form == FIRST_FORM:
        content, digest = event.first_form(previous), hash_of(event, previous)
        return f'{content[:-1]},"hash":"{digest}"}}\n', digest
    texts = event.texts()
    shown, guarded = texts
    digests = digests_of(event, texts)
    digest = chained(previous, digests)
    of_guarded = f'"guarded":{guarded},' if guarded else f'"guarded_digest":"{digests[1]}",' if digests[1] else ""
    of_open = f'"open":{shown}' if shown else f'"open_digest":"{digests[0]}"'
    salts = f'["{event.salts[0] if shown else ""}","{event.salts[1] if guarded else ""}"]'
    return f'{{{of_guarded}"hash":"{digest}",{of_open},"previous":"{previous}","salts":{salts}}}\n', digest


def lines_of(events: Iterable[Event], previous: str = GENESIS) -> Iterator[tuple[str, str]]:
    """Line and hash of events that follow each other, the first after the event whose hash is ``previous``.

    Raises BadInput for an event that no line can hold.
    """
    for event in events:
        try:
            line, previous = line_of(event, previous)
        except _UNREADABLE as error:
            given = Problem("unwritable", f"event {event.number}", _said(error), "texts of UTF-8 and finite numbers")
            raise BadInput("an event that cannot be written", [given]) from None
        yield line, previous


@dataclass(frozen=True)
class Lines:
    """What some lines hold: the events, each with its hash."""

    events: list[Event]
    hashes: list[str]

    def log(self) -> Log:
        """A log of these events, which begin with the first."""
        return Log.verified(self.events, self.hashes)


def read_lines(
    lines: Sequence[bytes], source: str, previous: str = GENESIS, before: Event | None = None, where: str = "line"
) -> Lines:
    """Read and verify lines, without their newlines, that follow each other after the event ``before`` with hash ``previous``.

    Raises BadInput, naming ``source``, with all that is wrong with them up to the first at which the chain cannot be followed further.
    """
    collects = gc.isenabled()
    gc.disable()  # nothing here hangs on itself, and looking for what does takes an eighth of the time
    try:
        return _read_lines(lines, source, previous, before, where)
    finally:
        if collects:
            gc.enable()


def _read_lines(lines: Sequence[bytes], source: str, previous: str, before: Event | None, where: str) -> Lines:
    begins = before is None
    events: list[Event] = []
    hashes: list[str] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, before.number + 1 if before is not None else 1):
        try:
            text = line.decode()
            found = quick(text, number)
            if found is not None and found[1] == previous:
                before, _, previous = found
                events.append(before)
                hashes.append(previous)
                continue
            record, _ = _read(text)
            event = _event(record, number, before)
            ours, digest = line_of(event, previous)
        except _UNREADABLE as error:
            given = _wrong(line) or _said(error)
            problems.append(
                Problem("broken-line", f"{where} {number}", given, "one event of the log as JSON, as we write it")
            )
            break  # what follows is chained to a line that cannot be read
        if ours[:-1] != text:
            problems.append(_otherwise(f"{where} {number}", text, ours[:-1], record, previous, digest))
            break
        if event.withheld == NEITHER:
            for p in shape_problems(event.kind, event.data):
                problems.append(Problem(p.code, f"{where} {number}.{p.where}", p.given, p.allowed))
        if event.patient and event.kind in TRIAL_KINDS:
            allowed = f"nobody: {event.kind!r} is the trial's"
            problems.append(Problem("no-patient", f"{where} {number}.patient", repr(event.patient), allowed))
        if event.number != number:
            problems.append(Problem("number", f"{where} {number}", f"number {event.number}", f"number {number}"))
            break
        if before is not None and before.form == FORM != event.form:
            allowed = "a line as they are written now, as the one before is"
            problems.append(Problem("older-form", f"{where} {number}", "a line of the first form", allowed))
        previous, before = digest, event
        events.append(event)
        hashes.append(digest)
    if problems:
        raise BadInput(source, problems)
    return Lines(with_removals(events) if begins else events, hashes)


def read_line(line: bytes, number: int, digest: str) -> Event:
    """The event ``number`` of one line, with or without its newline, whose hash is ``digest``: it proves itself, and the hash before it.

    Raises ValueError for any other line.
    """
    try:
        text = line.decode().removesuffix("\n")
        known = quick(text, number)
        if known is not None and known[2] == digest:
            return known[0]
        record, _ = _read(text)
        event = _event(record, number, None)
        ours, found = line_of(event, record["previous"])
    except _UNREADABLE as error:
        raise ValueError(_said(error)) from None
    misshapen = event.withheld == NEITHER and any(shape_problems(event.kind, event.data))
    if ours[:-1] != text or found != digest or event.number != number or misshapen:
        raise ValueError(f"another line than that of event {number}")
    return event


def withhold(log: Log, show: Callable[[Event], Collection[str]]) -> Iterator[str]:
    """The log's lines for a reader to whom ``show`` grants the named parts of an event ('open', 'guarded', both or neither).

    They verify by themselves, with the hashes that the log has. A correction is shown as what it corrects is: by itself it would have
    that stand which it put right. Raises BadInput for a line of the first form that is not to be shown whole.
    """
    place = places(log)
    before, previous = log[0].recorded, GENESIS
    for event in log:
        first = log[place.get(event.number, event.number) - 1]
        parts = show(event if first.withheld[0] else first)
        if event.form == FIRST_FORM and not set(parts) >= PARTS:
            given = "a line of the first form, whose hash is of all that it says"
            raise BadInput(
                "withhold", [Problem("first-form", f"event {event.number}", given, "a line of the second form")]
            )
        seen = shown(event, parts, before)
        line, previous = line_of(seen, previous)
        before = seen.recorded
        yield line


def redacted_lines(log: Log, event: Event) -> tuple[int, str, str]:
    """What the redaction ``event`` makes of a log, which takes it in: the number of the event whose content goes, its line by the digests,
    and the redaction's own line; both without their newlines.
    """
    number, head = int(event.data["event"]), log.head
    log.add(event)
    log.remove(event)
    withheld, _ = line_of(log[number - 1], log.hash_at(number - 1) if number > 1 else GENESIS)
    added, _ = line_of(event, head)
    return number, withheld[:-1], added[:-1]


def refuse_another(log: Log, source: str, trial_id: str | None) -> None:
    """Raise BadInput for a log that does not begin with the opening of a trial, or of this one."""
    first = log[0]
    if first.kind != "opened":
        given = Problem("not-opened", "line 1", repr(first.kind), "a log begins with an 'opened' event")
    elif trial_id is not None and first.data.get("trial") != trial_id:
        of = f"a log of trial {first.data.get('trial')!r}"
        given = Problem("another-trial", "log", of, f"a log of trial {trial_id!r}")
    else:
        return
    raise BadInput(source, [given])


def refuse_shorter(hashes: Sequence[str], source: str, after: int, head: str = "") -> None:
    """Raise BadInput for a log that was read up to event ``after``, with hash ``head``, and no longer has it: no order can have done that."""
    if after <= len(hashes) and (not head or not after or hashes[after - 1] == head):
        return
    given = f"a log of {len(hashes)} events" if len(hashes) < after else f"another event {after} than was read before"
    allowed = f"the log that was read up to event {after}, and what followed"
    raise BadInput(
        source, [Problem("not-the-log", "log", given, allowed, "was an older copy put back? conduct verify")]
    )


def _event(record: Any, number: int, before: Event | None) -> Event:
    """The event that a line's object is of. Raises ValueError and the like where it is of none."""
    if not isinstance(record, dict):
        raise ValueError("not an object")
    if "open" in record or "open_digest" in record:
        return _sealed(record, number, before)
    _keys(record, _FIRST)
    return _content(record, record["data"], record["why"], form=FIRST_FORM)


def _sealed(record: dict[str, Any], number: int, before: Event | None) -> Event:
    """The event of a line of form 2: its parts put together again, or what is left of one that is withheld."""
    if frozenset(record) not in _FORMS:
        odd = sorted(record.keys() ^ (_FRAME | {"open", "guarded"}))
        raise ValueError(f"keys missing or unknown: {', '.join(odd)}")
    salts = record["salts"]
    if type(salts) is not list or len(salts) != 2 or not (_SALT.fullmatch(salts[0]) and _SALT.fullmatch(salts[1])):
        raise ValueError("salts are not two texts of 32 hexadecimal digits, or empty")
    withheld = _digests(record) if "open_digest" in record or "guarded_digest" in record else NEITHER
    if "open" not in record:
        # Nothing is known of its clocks: it stands at the moment of the one before.
        at = before.recorded if before is not None else datetime.min.replace(tzinfo=UTC)
        return Event(number, WITHHELD, at.date(), at, "", withheld=withheld)
    shown, guarded = record["open"], record.get("guarded")
    if not isinstance(shown, dict) or not isinstance(shown.get("data"), dict):
        raise ValueError("open or its data is not an object")
    _keys(shown, _CONTENT)
    data, why = shown["data"], shown["why"]
    if guarded is not None:
        if not isinstance(guarded, dict) or not guarded or guarded.keys() & data.keys():
            raise ValueError("guarded is not an object, or empty, or says again what is open")
        if "why" in guarded:
            if why:
                raise ValueError("why is there twice")
            why = guarded.pop("why")
            if type(why) is not str or not why:
                raise ValueError("why is not a text, or empty")
        data = dict(sorted({**data, **guarded}.items()))
    return _content(shown, data, why, (salts[0], salts[1]), withheld)


def _digests(record: dict[str, Any]) -> tuple[str, str]:
    """What is left of the parts that are withheld."""
    shown, guarded = record.get("open_digest", ""), record.get("guarded_digest", "")
    if not all(key not in record or _DIGEST.fullmatch(record[key]) for key in ("open_digest", "guarded_digest")):
        raise ValueError("a digest is not 64 hexadecimal digits")
    return shown, guarded


def _keys(record: dict[str, Any], allowed: frozenset[str]) -> None:
    if record.keys() != allowed:
        raise ValueError(f"keys missing or unknown: {', '.join(sorted(record.keys() ^ allowed))}")


def _content(
    record: dict[str, Any],
    data: Any,
    why: Any,
    salts: tuple[str, str] = NEITHER,
    withheld: tuple[str, str] = NEITHER,
    form: int = FORM,
) -> Event:
    # That texts are texts is asked by whoever writes the line again (``line_of``).
    if type(data) is not dict or type(record["number"]) is not int:
        raise ValueError("data is not an object or number not a whole number")
    if record["corrects"] is not None and type(record["corrects"]) is not int:
        raise ValueError("corrects is not a whole number")
    recorded = datetime.fromisoformat(record["recorded"])
    if recorded.tzinfo is None:
        raise ValueError("recorded has no time zone")
    return Event(
        record["number"], record["kind"], date.fromisoformat(record["happened"]), recorded, record["by"], why,
        record["patient"], record["site"], data, record["corrects"], record["source"], salts, withheld, form,
    )  # fmt: skip


def _otherwise(place: str, text: str, ours: str, record: dict[str, Any], previous: str, digest: str) -> Problem:
    """What is wrong with a line that is not as we would write it: its chain or, where that holds, its writing."""
    if record["previous"] != previous or record["hash"] != digest:
        return Problem(
            "broken-chain", place, f"hash {str(record['hash'])[:12]}…", "the hash of this event and of all before it",
            "the line, or one before it, was changed after it was written; restore the file from a copy",
        )  # fmt: skip
    return Problem(
        "not-as-written", place, _difference(text, ours), "the line byte for byte as it was written",
        "it says the same event, but was written again by something else; restore the file from a copy",
    )  # fmt: skip


def _difference(text: str, ours: str) -> str:
    """How a line that says the same is written otherwise, in words."""
    twice: list[str] = []

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [k for k, _ in pairs]
        twice.extend(k for k in dict.fromkeys(keys) if keys.count(k) > 1)
        return dict(pairs)

    _, end = json.JSONDecoder(object_pairs_hook=noted).raw_decode(text)
    if twice:
        return f"{twice[0]!r} is there twice"
    if not text[end:].strip() and text[:end] == ours:
        return "a carriage return or blanks before the newline"
    if end < len(text):
        return f"more after the event: {text[end : end + 24]!r}"
    at = next((i for i, (a, b) in enumerate(zip(text, ours, strict=False)) if a != b), min(len(text), len(ours)))
    return f"at character {at + 1} {text[at : at + 24]!r} in place of {ours[at : at + 24]!r}"


def _wrong(line: bytes) -> str:
    """What stands before a line that cannot be read, or is no text in it; '' for what reading it says better."""
    if line.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark"
    try:
        record = json.loads(line.decode())
        content = record.get("open", record)
        return next((f"{key} is not a text" for key in _TEXTS if not isinstance(content.get(key, ""), str)), "")
    except (*_UNREADABLE, AttributeError):
        return ""


def _said(error: BaseException) -> str:
    return "brackets too deep" if isinstance(error, RecursionError) else str(error)[:120]
