"""Permuted blocks of varying size within strata.

The list of a stratum follows from the trial's secret and the stratum's name alone, so nothing but the log and the secret is needed
to give the next arm. Whoever holds the secret can foresee the allocation. A simulated trial's list follows from the simulation's seed.
"""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.conduct.draws import Source, draws_of
from equipoise.conduct.place import Place
from equipoise.conduct.secret import Secret
from equipoise.trial.arm import Arm
from equipoise.trial.block_sizes import sizes_foreseen
from equipoise.trial.trial import Trial

#: What could separate two levels, with a backslash before it.
_MARKED = str.maketrans({mark: f"\\{mark}" for mark in "\\/="})


class PermutedBlocks:
    """The allocation list: arms in proportion to their shares within each block.

    After every complete block the arms stand exactly in the ratio of their shares, so the ratio never drifts by more
    than a block holds. Block sizes are drawn at random from those stated, or sealed with the secret, each with the same chance.
    """

    #: Whether an arm follows from the arms of the patients before.
    asks_who_came_before = False

    def __init__(self, trial: Trial, source: Source, replicate: int = 0) -> None:
        self._arms = ArmsOf(trial)
        self._sizes = block_sizes_of(trial, source)
        self._draws = draws_of(source, replicate)
        self._lists: dict[str, list[str]] = {}
        #: How many blocks of each list were made.
        self._made: dict[str, int] = {}

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there: the next of the stratum's list."""
        return self.arm(place.stratum, place.position)

    def arm(self, stratum: str, position: int) -> str:
        """The arm at ``position`` (from 0) of the stratum's list."""
        allocation = self._lists.setdefault(stratum, [])
        while len(allocation) <= position:
            number = self._made.get(stratum, 0)
            allocation += self._block(stratum, number)
            self._made[stratum] = number + 1
        return allocation[position]

    def terms(self, stratum: str) -> str:
        """What the stratum's list is made of beside the secret: arms with their shares, and the sizes of blocks."""
        arms = " ".join(f"{a.name}:{a.share}" for a in self._arms.stratum(stratum))
        return f"{arms} in {' '.join(map(str, self._sizes))}"

    def _block(self, stratum: str, number: int) -> list[str]:
        size, changes = self._draws.block(stratum, number, self._sizes)
        arms = self._arms.stratum(stratum)
        total = sum(a.share for a in arms)
        block = [a.name for a in arms for _ in range(a.share * size // total)]
        for place, other in zip(range(size - 1, 0, -1), changes, strict=True):
            block[place], block[other] = block[other], block[place]
        return block


class ArmsOf:
    """The arms of a stratum: those of its cohort, which may be some of the trial's, or the trial's."""

    def __init__(self, trial: Trial) -> None:
        self._arms = trial.arms
        self._of = {_in(name): view.arms for name, view in trial.views.items()}

    def stratum(self, stratum: str) -> tuple[Arm, ...]:
        """The arms of the stratum with this name."""
        return self._of.get(stratum.split(" / ")[0], self._arms)


def block_sizes_of(trial: Trial, source: Source) -> tuple[int, ...]:
    """The sizes of blocks: those sealed with the secret; else the trial file's or, where it seals them, those that a simulation assumes."""
    if isinstance(source, Secret):
        r = trial.randomisation
        assert r is not None, "who gives arms at random has checked that the trial does"
        return source.blocks if r.sealed else r.block_sizes
    return sizes_foreseen(trial)


def stratum_of(trial: Trial, factors: Mapping[str, str], cohort: str = "") -> str:
    """The name of the stratum: the cohort, where the trial has any, and the levels of its factors in the file's order; 'all' without.

    So each cohort keeps the ratio of its arms. ``cohort`` is the patient's; the trial's own where it is seen by one. No two strata of a trial
    have the same name: what separates the levels is marked where it stands in one.
    """
    own = [_in(cohort or trial.cohort_name)] if trial.cohorts else []
    return " / ".join([*own, *(f"{f.name}={_marked(factors[f.name])}" for f in trial.factors)]) or "all"


def _in(cohort: str) -> str:
    return f"cohort={_marked(cohort)}"


def _marked(level: str) -> str:
    """A level as it stands in a stratum's name: what could separate two levels has a backslash before it."""
    return level.translate(_MARKED)
