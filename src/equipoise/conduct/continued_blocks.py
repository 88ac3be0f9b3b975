"""A stratum's list continued from its history: what of it can be told without the seed, which is secret.

The log holds the arms that a stratum was given, in order, and the trial file the block sizes. A complete block holds the arms
exactly in the ratio of their shares, so the history tells where blocks may have ended, and what is left in the one that has
begun. Every block size has the same chance, and so has every order within a block; by Bayes' theorem each way of cutting the
history into blocks weighs what it makes probable. With a ratio of 2:1, blocks of 3 and 6 and the history A A, the block is of 3
with a chance of 5/11 (1/2 × 1/3 against 1/2 × 2/5), and so B comes next with 5/11 × 1 + 6/11 × 1/2 = 8/11.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from equipoise.conduct.place import Place
from equipoise.trial.block_sizes import sizes_foreseen
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial

#: What is left in a stratum's block, by arm in the trial file's order → the probability that it is so.
Left = Mapping[tuple[int, ...], float]


def blocks_of(trial: Trial) -> tuple[tuple[int, ...], ...]:
    """The blocks of the trial, each with the number of patients of each arm; those assumed where sizes are sealed, the smallest where none is stated."""
    shares = [arm.share for arm in trial.arms]
    sizes = sizes_foreseen(trial) or (sum(shares),)
    return tuple(tuple(share * size // sum(shares) for share in shares) for size in sizes)


def histories(events: Iterable[Event]) -> dict[str, list[str]]:
    """The arms that each stratum was given, in order, from the events in force."""
    found: dict[str, list[str]] = {}
    for event in events:
        if event.kind == "randomised":
            found.setdefault(event.data["stratum"], []).append(event.data["arm"])
    return found


def left_in_block(trial: Trial, history: Sequence[str]) -> Left:
    """What may be left in the stratum's block after ``history``; nothing left: the next patient begins a block.

    A history that no blocks can have given (allocations by another list) tells nothing: the next patient begins a block.
    """
    names, blocks = [arm.name for arm in trial.arms], blocks_of(trial)
    chance = {block: -math.log(len(blocks)) - _orders(block) for block in blocks}
    given = [tuple(history[:i].count(name) for name in names) for i in range(len(history) + 1)]
    # Logarithms of the probability that the history is as it is up to a place, and a block ends there.
    ends = [0.0] + [-math.inf] * len(history)
    for i in range(1, len(given)):
        ends[i] = _log_sum(
            ends[i - sum(block)] + chance[block]
            for block in blocks
            if sum(block) <= i and _less(given[i], given[i - sum(block)]) == block
        )
    weights: dict[tuple[int, ...], list[float]] = {(0,) * len(names): [ends[-1]]}
    for begun, end in enumerate(ends[:-1]):
        used = _less(given[-1], given[begun])
        for block in blocks:
            left = _less(block, used)
            if end > -math.inf and min(left) >= 0 and sum(left) > 0:
                weights.setdefault(left, []).append(end + chance[block] + _orders(left))
    total = _log_sum(w for found in weights.values() for w in found)
    if total == -math.inf:
        return {(0,) * len(names): 1.0}
    shares = {left: math.exp(_log_sum(found) - total) for left, found in weights.items()}
    return {left: share for left, share in shares.items() if share > 0}


def _less(a: Sequence[int], b: Sequence[int]) -> tuple[int, ...]:
    return tuple(x - y for x, y in zip(a, b, strict=True))


def _orders(counts: Sequence[int]) -> float:
    """Logarithm of the number of orders in which so many of each arm can come."""
    return math.lgamma(sum(counts) + 1) - sum(math.lgamma(k + 1) for k in counts)


def _log_sum(values: Iterable[float]) -> float:
    found = list(values)
    highest = max(found, default=-math.inf)
    return highest + math.log(sum(math.exp(v - highest) for v in found)) if highest > -math.inf else highest


class ContinuedBlocks:
    """One list, out of those that can follow: the rest of each stratum's block, then new blocks at random."""

    def __init__(
        self, trial: Trial, begun: Mapping[str, int], left: Mapping[str, Left], rng: np.random.Generator
    ) -> None:
        self._names, self._blocks = [arm.name for arm in trial.arms], blocks_of(trial)
        self._begun, self._left, self._rng = begun, left, rng
        self._lists: dict[str, list[str]] = {}

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there: the next of the stratum's list."""
        return self.arm(place.stratum, place.position)

    def arm(self, stratum: str, position: int) -> str:
        """The arm at ``position`` (from 0) of the stratum's list, which is after all that it has given so far."""
        ahead = self._lists.get(stratum)
        if ahead is None:
            ahead = self._lists[stratum] = self._rest(stratum)
        place = position - self._begun.get(stratum, 0)
        if place < 0:
            raise ValueError(f"position {position} of {stratum!r} is given already")
        while len(ahead) <= place:
            ahead.extend(self._shuffled(self._blocks[int(self._rng.integers(len(self._blocks)))]))
        return ahead[place]

    def _rest(self, stratum: str) -> list[str]:
        left = self._left.get(stratum)
        if not left:
            return []
        return self._shuffled(list(left)[int(self._rng.choice(len(left), p=list(left.values())))])

    def _shuffled(self, counts: Sequence[int]) -> list[str]:
        arms = [i for i, k in enumerate(counts) for _ in range(k)]
        return [self._names[arms[i]] for i in self._rng.permutation(len(arms))]
