"""A log against the heads that were witnessed elsewhere: what a chain cannot say of itself.

A chain shows that nothing within it was changed. That its end was cut off, that an older copy was put back, or that all of it
was made anew shows only against a head that somebody else holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.trial.checkpoint import Checkpoint
from equipoise.trial.event import GENESIS, Event
from equipoise.trial.problem import Problem

#: After these orders the head is witnessed, whenever they are given; after any other, where it is the first of a day.
WITNESSED_KINDS = frozenset(
    {
        "randomised",
        "unblinded",
        "decided",
        "dose set",
        "safety look",
        "amended",
        "opened",
        "sealed",
        "redacted",
        "reconciled",
    }
)


@dataclass(frozen=True)
class Witnessed:
    """A checkpoint, and where it was found."""

    checkpoint: Checkpoint
    source: str

    @property
    def key(self) -> tuple[int, str]:
        """The head itself: number and hash."""
        return self.checkpoint.number, self.checkpoint.hash

    def __str__(self) -> str:
        return f"head {self.checkpoint.number} was witnessed on {_when(self)} ({self.source})"


@dataclass(frozen=True)
class Comparison:
    """What the witnessed heads say of a log.

    ``lost`` are those that are not in its chain and that nobody has reconciled; ``problems`` say so, a sentence for each way in
    which it can be. ``last``: the last that is in the chain; ``agreed``: how many are.
    """

    lost: Sequence[Witnessed]
    problems: Sequence[Problem]
    last: Witnessed | None
    agreed: int


def is_due(event: Event, before: Event | None) -> bool:
    """True if the head is to be witnessed after ``event``: ``before`` is the one before it."""
    return event.kind in WITNESSED_KINDS or before is None or before.recorded.date() < event.recorded.date()


def compare(events: Iterable[Event], hashes: Sequence[str], witnessed: Sequence[Witnessed]) -> Comparison:
    """Hold the log's chain against witnessed heads of the same trial."""
    found = sorted(witnessed, key=lambda w: (*w.key, w.checkpoint.at, w.source))
    inside, lost = [w for w in found if _in(w, hashes)], [w for w in found if not _in(w, hashes)]
    if lost:  # else the log need not be gone through: an order asks this of a long one
        known = reconciled_heads(events)
        lost = [w for w in lost if w.key not in known]
    return Comparison(lost, list(_problems(hashes, inside, lost)), inside[-1] if inside else None, len(inside))


def reconciled_heads(events: Iterable[Event]) -> set[tuple[int, str]]:
    """Heads, as number and hash, that somebody has recorded as lost."""
    return {(h["number"], h["hash"]) for e in events if e.kind == "reconciled" for h in e.data["lost"]}


def _in(w: Witnessed, hashes: Sequence[str]) -> bool:
    number, digits = w.key
    return number <= len(hashes) and hashes[number - 1] == digits


def _problems(hashes: Sequence[str], inside: Sequence[Witnessed], lost: Sequence[Witnessed]) -> Iterator[Problem]:
    step = "find the copy that holds it; where it is gone for good: conduct reconcile"
    ahead = [w for w in lost if w.checkpoint.number > len(hashes)]
    if ahead:
        given = f"a log cut after event {len(hashes)}, or an older copy of it"
        yield Problem("cut-tail", "witness", given, f"{ahead[-1]}{_more(len(ahead) - 1)}", step)
    first: dict[int, Witnessed] = {}
    split, rewritten = [], []
    for w in sorted([*inside, *lost], key=lambda w: (w.checkpoint.number, w.checkpoint.at)):
        other = first.setdefault(w.checkpoint.number, w)
        if other.checkpoint.hash != w.checkpoint.hash:
            split.append((other, w))
    told = {w.key for pair in split for w in pair}
    rewritten = [w for w in lost if w.checkpoint.number <= len(hashes) and w.key not in told]
    if split:
        one, two = split[0]
        given = f"two heads of event {one.checkpoint.number}: {_short(one)} of {_when(one)} ({one.source})"
        allowed = f"{_short(two)} was witnessed too, on {_when(two)} ({two.source}): two logs were shown{_more(len(split) - 1)}"
        yield Problem("split-view", "witness", given, allowed, step)
    if rewritten:
        w = rewritten[0]
        number = w.checkpoint.number
        agreed = max((i.checkpoint.number for i in inside if i.checkpoint.number < number), default=0)
        given = f"a log rewritten after event {agreed}, or gone on with from an older copy: head {number} is {hashes[number - 1][:12]}…"
        yield Problem("rewritten", "witness", given, f"{_short(w)} as {w}{_more(len(rewritten) - 1)}", step)


def reconciliation(hashes: Sequence[str], comparison: Comparison) -> dict[str, Any]:
    """What the log keeps of being reconciled: the last head that it and the witness both have, and each that it has not."""
    first = min(w.checkpoint.number for w in comparison.lost)
    last = comparison.last.checkpoint.number if comparison.last is not None else 0
    number = min(last, first - 1)
    lost = [{"number": n, "hash": h} for n, h in dict.fromkeys(w.key for w in comparison.lost)]
    return {"number": number, "hash": _head(hashes, number), "lost": lost}


def reconciled(event: Event) -> str:
    """A 'reconciled' event as a sentence: it stands wherever the log is verified."""
    last, number = max((h["number"] for h in event.data["lost"]), default=0), event.data["number"]
    after = f"after event {number}" if number else "from the beginning"
    return (
        f"Event {event.number}, {event.happened}: {event.by} reconciled the log with its witness. Lost {after}: up to "
        f"{max(last - number, 0)} events, up to head {last}. Why: {event.why}"
    )


def head_problems(events: Iterable[Event], hashes: Sequence[str]) -> Iterator[tuple[Event, Problem]]:
    """Events that rest on a head which the chain before them has not: a decision on other data, a false reconciliation."""
    resting = [e for e in events if "head" in e.data or e.kind == "reconciled"]
    at = {h: number for number, h in enumerate(hashes, 1)} if resting else {}
    for e in resting:
        head = e.data.get("head")
        if head is not None and at.get(head, len(hashes) + 1) >= e.number:
            allowed = "the hash of an event before it: it was decided on data that are not this log's"
            yield e, Problem("head-not-in-chain", "head", f"{str(head)[:12]}…", allowed)
        if e.kind == "reconciled":
            number, digits = e.data["number"], e.data["hash"]
            if not 0 <= number < e.number or digits != _head(hashes, number):
                allowed = "the number and the hash of an event before it"
                yield e, Problem("head-not-in-chain", "hash", f"{digits[:12]}… of event {number}", allowed)


def _head(hashes: Sequence[str], number: int) -> str:
    return hashes[number - 1] if number else GENESIS


def _when(w: Witnessed) -> str:
    return f"{w.checkpoint.at:%Y-%m-%d %H:%M} UTC"


def _short(w: Witnessed) -> str:
    return f"{w.checkpoint.hash[:12]}…"


def _more(count: int) -> str:
    return f", and {count} more" if count else ""
