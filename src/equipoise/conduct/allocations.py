"""What of a log's allocations can be judged without any secret: the strata, and whether the arms can come from whole blocks.

Strata are those of the patient's factors at that moment, as the log then stood: a level that was corrected later changes no stratum.
Where codes stand for the arms, blocks cannot be seen: each code must be a code, and no other patient's. By minimisation every arm can come, so
what is judged is the stratum and the arm's name. What came from datasets was allocated elsewhere and is not judged. The list itself is
held against the secret by ``remade``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from equipoise.conduct.masking import LENGTH, LETTERS
from equipoise.conduct.randomisation import ArmsOf, stratum_of
from equipoise.conduct.secret import SCHEME
from equipoise.conduct.shape import shape_problems
from equipoise.conduct.walk import Defined, Stood, Walk
from equipoise.conduct.whole_blocks import WholeBlocks
from equipoise.trial.event import Event
from equipoise.trial.problem import Problem
from equipoise.trial.resealed import cautions_of_secret
from equipoise.trial.trial import Trial

Found = tuple[Event, Problem]
_Sizes = tuple[tuple[tuple[str, int], ...], ...]

#: What an allocation follows from, and what may change it.
_KINDS = frozenset({"enrolled", "randomised", "voided", "sealed"})


def allocation_problems(trial: Trial, events: Sequence[Event], defined: Defined | None = None) -> Iterator[Found]:
    """Everything in a log's allocations that cannot be, with the event that shows it.

    ``defined``: the trial as it was defined when an event was recorded; ``trial`` where it is not said.
    """
    events = [e for e in events if e.kind in _KINDS and not any(shape_problems(e.kind, dict(e.data)))]
    yield from _commitments(events)
    codes: dict[str, str] = {}
    blocks = _Blocks()
    for stood in Walk(events):
        event = stood.event
        then = defined(event) if defined is not None else trial
        if event.source or not stood.enrolled or then.randomisation is None or then.as_recorded:
            continue
        stratum = _stratum(then, stood)
        if stratum is not None and stratum != stood.place.stratum:
            allowed = f"the stratum of the patient's factors at that moment, {stratum!r}"
            yield event, Problem("another-stratum", event.patient, repr(stood.place.stratum), allowed)
        if "code" in event.data:
            yield from _code(event, codes)
        yield from blocks.problems(then, stood)


def _stratum(trial: Trial, stood: Stood) -> str | None:
    """The stratum of the patient's factors; None where a factor has no level, which is a problem of the enrolment."""
    factors = stood.place.factors
    known = all(isinstance(factors.get(f.name), str) for f in trial.factors)
    return stratum_of(trial, factors, stood.place.cohort) if known else None


def _code(event: Event, codes: dict[str, str]) -> Iterator[Found]:
    code = str(event.data["code"])
    if len(code) != LENGTH or not set(code) <= set(LETTERS):
        allowed = f"{LENGTH} of the letters and digits {LETTERS}"
        yield event, Problem("no-code", event.patient, repr(code), allowed)
    elif code in codes:
        yield event, Problem("code-twice", event.patient, code, f"a code of his own; {codes[code]} has this one")
    codes.setdefault(code, event.patient)


class _Blocks:
    """The lists of all strata, each for the secret that was in force and the blocks that the trial then had."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str, _Sizes], WholeBlocks] = {}

    def problems(self, trial: Trial, stood: Stood) -> Iterator[Found]:
        """That the stratum's arms up to here cannot come from whole blocks; nothing by minimisation, and where sizes are sealed."""
        r, stratum, event = trial.randomisation, stood.place.stratum, stood.event
        if r is None or not r.block_sizes:
            return
        arms = ArmsOf(trial).stratum(stratum)
        total = sum(a.share for a in arms)
        blocks = tuple(tuple((a.name, a.share * size // total) for a in arms) for size in r.block_sizes)
        at = (stratum, stood.commitment, blocks)
        if at not in self._lists:
            self._lists[at] = WholeBlocks([dict(block) for block in blocks])
        # Another list goes on at the same place: what it held before is not told, nor what was allocated elsewhere or is removed.
        self._lists[at].go_to(stood.place.position)
        arm = event.data.get("arm")
        # An arm that the stratum does not have is told of elsewhere.
        if not self._lists[at].take(arm if arm in {a.name for a in arms} else None):
            sizes = ", ".join(map(str, r.block_sizes))
            allowed = f"an arm by which whole blocks of {sizes} can give what stratum {stratum} was given so far"
            yield event, Problem("not-in-blocks", event.patient, repr(arm), allowed)


def _commitments(events: Sequence[Event]) -> Iterator[Found]:
    before = ""
    for event in events:
        if event.kind == "sealed":
            yield from ((event, p) for p in commitment_problems(event, before))
            before = event.data["commitment"]


def commitment_problems(event: Event, before: str) -> Iterator[Problem]:
    """Why a secret's commitment cannot stand after ``before``: it is none, or another secret comes without a reason."""
    commitment, scheme = event.data["commitment"], event.data["scheme"]
    if len(commitment) != 64 or not set(commitment) <= set("0123456789abcdef"):
        yield Problem("no-commitment", "commitment", repr(commitment), "a SHA-256, 64 hexadecimal digits")
    if scheme != SCHEME:
        yield Problem("unknown-scheme", "scheme", repr(scheme), repr(SCHEME), "a newer equipoise may know it")
    if before and not event.why.strip():
        yield Problem("no-reason", "why", "nothing", "why the trial goes on with another secret")
    if before == commitment:
        yield Problem("same-secret", "commitment", commitment[:12], "another secret than the one in force")


def allocations_in_words(trial: Trial, events: Sequence[Event]) -> list[str]:
    """What was judged of a log's allocations without a secret, and what could not be; [] where nobody was randomised here."""
    own = [e for e in events if e.kind == "randomised" and e.corrects is None and not e.source]
    r = trial.randomisation
    if not own or r is None or trial.as_recorded:
        return []
    masked = sum("code" in e.data for e in own)
    n = f"{len(own)} allocation{'' if len(own) == 1 else 's'}"
    found = [f"{n}: each stratum is that of the patient's factors at that moment."]
    if masked:
        found.append(f"{masked} are codes, each a patient's own; what stands behind them is seen with the secret only.")
    if r.minimises:
        found.append("By minimisation every arm can come: that each is the rule's is seen with the secret only.")
    elif r.sealed:
        found.append("Block sizes are sealed: whether arms come from whole blocks is seen with the secret only.")
    elif masked < len(own):
        found.append(f"The arms of each stratum can come from whole blocks of {', '.join(map(str, r.block_sizes))}.")
    return [*found, *secret_in_words(events)]


def secret_in_words(events: Sequence[Event]) -> list[str]:
    """What stands in a log of its allocation's secret: whether it was changed, or that none was committed to before arms were given."""
    if any(e.kind == "sealed" for e in events):
        return list(cautions_of_secret(events))
    if not any(e.kind == "randomised" and not e.source for e in events):
        return []
    return ["No commitment to a secret stands in the log: nothing shows by which secret the arms were given."]
