"""How much of a list of permuted blocks is foretold by one who knows the sizes of the blocks and the stratum's history: enumerated.

What such a person knows is how likely each rest of the block at hand is. It follows from the history, and many histories lead to the same
knowledge: so the recursion goes from one knowledge to the next, with the probability of each. In each he names the likeliest arm, and is certain
where only one arm is left. Nothing is simulated, and the shares are right to 1e-5; ``foreseen_allocation`` simulates the same, and other methods too.

A patient's place in his stratum is drawn: with n patients, a stratum that each belongs to with probability p has a k-th patient with the probability that
a binomial number (n, p) is k or more. So the shares are those of all patients of the trial, each as likely to be asked about as the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod

import numpy as np
from scipy.special import bdtrc

from equipoise.conduct.continued_blocks import blocks_of
from equipoise.conduct.foreseen_allocation import foreseen_allocation
from equipoise.trial.trial import Trial

#: Knowledge less likely than this is left out, and the rest is taken for all: no share is off by more than what was left out.
_LEAST = 1e-7
#: Probabilities are kept to so many digits: states of knowledge that are alike in them are one.
_SAME = 6
#: With more states of knowledge than this at one place the list is given up.
_MOST = 8000


@dataclass(frozen=True)
class Foretold:
    """``certain``, ``guessed``: shares of the patients whose arm is certain, and is named rightly, beforehand. ``floor``: guessed by
    naming the commonest arm each time, which nobody can be kept from."""

    sizes: tuple[int, ...]
    certain: float
    guessed: float
    floor: float


#: What may be left of the block, by arm, → its probability; nothing left: the next patient begins a block.
Knowledge = tuple[tuple[tuple[int, ...], float], ...]


def foretold(trial: Trial, levels: Mapping[str, Sequence[float]] | None = None) -> Foretold | None:
    """What known sizes of blocks tell in this trial; None where nobody is randomised in blocks, sizes are sealed, or it is too much to enumerate.

    ``levels``: for each factor the probability of each level; each as likely as the others where it is not said.
    """
    r = trial.randomisation
    if r is None or r.method != "permuted blocks" or not r.block_sizes:
        return None
    n = trial.target_enrolment
    each = [(levels or {}).get(f.name) or [1 / len(f.levels)] * len(f.levels) for f in r.factors]
    shares = [prod(some) for some in product(*each)]
    # As many have a k-th patient: place k of the list, weighed by how often a stratum comes so far.
    weights = np.zeros(n)
    for share in shares:
        weights += bdtrc(np.arange(n), n, share) / n
    certain = guessed = 0.0
    places = by_place(blocks_of(trial))
    for k, weight in enumerate(weights):
        if weights[k:].sum() < 1e-6:
            break
        found = next(places, None)
        if found is None:
            return None
        certain += weight * found[0]
        guessed += weight * found[1]
    return Foretold(r.block_sizes, float(certain), float(guessed), _floor(trial))


def by_place(blocks: Sequence[tuple[int, ...]]) -> Iterator[tuple[float, float]]:
    """For the first patient of a list, the second, … : how likely it is that the arm is certain, and that it is named rightly.

    ``blocks``: how many of each arm each block holds; all as likely. The iterator ends where there is too much to go through.
    """
    nothing = (0,) * len(blocks[0])
    states: dict[Knowledge, float] = {((nothing, 1.0),): 1.0}
    while len(states) <= _MOST:
        certain = guessed = known = 0.0
        following: dict[Knowledge, float] = {}
        for knowledge, probability in states.items():
            chances, after = _next(knowledge, tuple(blocks))
            known += probability
            best = max(chances)
            guessed += probability * best
            certain += probability * (best > 1 - 1e-9)
            for chance, then in zip(chances, after, strict=True):
                if probability * chance > _LEAST:
                    following[then] = following.get(then, 0.0) + probability * chance
        yield certain / known, guessed / known
        states = following


@cache
def _next(knowledge: Knowledge, blocks: tuple[tuple[int, ...], ...]) -> tuple[tuple[float, ...], tuple[Knowledge, ...]]:
    """The chance of each arm for the next patient, and what is known after each."""
    nothing = (0,) * len(blocks[0])
    now: dict[tuple[int, ...], float] = {}
    for left, probability in knowledge:
        for begun in blocks if left == nothing else (left,):
            now[begun] = now.get(begun, 0.0) + probability / (len(blocks) if left == nothing else 1)
    chances, after = [], []
    for arm in range(len(nothing)):
        rest: dict[tuple[int, ...], float] = {}
        for left, probability in now.items():
            if left[arm]:
                one_less = tuple(k - (i == arm) for i, k in enumerate(left))
                rest[one_less] = rest.get(one_less, 0.0) + probability * left[arm] / sum(left)
        chance = sum(rest.values())
        chances.append(chance)
        known = ((left, round(p / chance, _SAME)) for left, p in rest.items())
        after.append(tuple(sorted(known)) if chance else ())
    return tuple(chances), tuple(after)


def in_words(trial: Trial) -> str:
    """What the stated sizes tell, as a warning; '' where none are stated. Where there is too much to enumerate it is simulated."""
    r = trial.randomisation
    if r is None or r.method != "permuted blocks" or not r.block_sizes:
        return ""
    found = foretold(trial)
    if found is not None:
        certain, guessed = f"{100 * found.certain:.1f}%", f"{100 * found.guessed:.1f}%"
    else:
        seen = foreseen_allocation(trial, max(20, min(200, 10_000 // trial.target_enrolment)), 1)
        certain, guessed = (f"{100 * x.value:.1f}% ± {100 * x.mc_error:.1f}" for x in (seen.certain, seen.guessed))
    return (
        f"Blocks of {', '.join(map(str, r.block_sizes))} are stated: whoever knows them and who got what in a stratum is certain of {certain} "
        f"of the {trial.target_enrolment} arms before they are given, and names {guessed} rightly ({100 * _floor(trial):.1f}% by naming the "
        'commonest each time). Where arms are known as they are given, keep the sizes with the secret: block_sizes = "sealed".'
    )


def _floor(trial: Trial) -> float:
    return max(a.share for a in trial.arms) / sum(a.share for a in trial.arms)
