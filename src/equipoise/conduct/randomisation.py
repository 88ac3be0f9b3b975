"""Permuted blocks of varying size within strata.

The list of a stratum follows from the allocation seed and the stratum's name alone, so nothing but the log and the
seed is needed to give the next arm. Whoever holds the seed can foresee the allocation: the seed of a real trial is in
no file of the trial and in no report.
"""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.conduct.place import Place
from equipoise.numerics.random.streams import short_uniforms
from equipoise.trial.arm import Arm
from equipoise.trial.trial import Trial


class PermutedBlocks:
    """The allocation list: arms in proportion to their shares within each block.

    After every complete block the arms stand exactly in the ratio of their shares, so the ratio never drifts by more
    than a block holds. Block sizes are drawn at random from ``block_sizes``, each with the same chance.
    """

    def __init__(self, trial: Trial, seed: int | str, replicate: int = 0) -> None:
        self._arms = trial.arms
        #: Arms of the strata of a cohort, which may be some of the trial's.
        self._arms_of = {_in(name): view.arms for name, view in trial.views.items()}
        assert trial.randomisation is not None, "who gives arms at random has checked that the trial does"
        self._sizes = trial.randomisation.block_sizes
        self._seed = seed
        self._replicate = replicate
        self._lists: dict[str, list[str]] = {}

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there: the next of the stratum's list."""
        return self.arm(place.stratum, place.position)

    def arm(self, stratum: str, position: int) -> str:
        """The arm at ``position`` (from 0) of the stratum's list."""
        allocation = self._lists.setdefault(stratum, [])
        if len(allocation) <= position:
            self._extend(stratum, allocation, position)
        return allocation[position]

    def terms(self, stratum: str) -> str:
        """What the stratum's list is made of beside the seed: arms with their shares, and the sizes of blocks."""
        arms = " ".join(f"{a.name}:{a.share}" for a in self._arms_in(stratum))
        return f"{arms} in {' '.join(map(str, self._sizes))}"

    def _arms_in(self, stratum: str) -> tuple[Arm, ...]:
        return self._arms_of.get(stratum.split(" / ")[0], self._arms)

    def _extend(self, stratum: str, allocation: list[str], position: int) -> None:
        # Block b has row b of the stratum's table: the list does not depend on how far it was read before.
        rows = 2 * (1 + (position + 1) // min(self._sizes))
        table = short_uniforms(self._seed, f"allocation|{stratum}", self._replicate, rows, max(self._sizes)).tolist()
        arms = self._arms_in(stratum)
        total = sum(a.share for a in arms)
        allocation.clear()
        for u in table:
            size = self._sizes[int(u[0] * len(self._sizes))]
            block = [a.name for a in arms for _ in range(a.share * size // total)]
            # Fisher and Yates, from the end.
            for i in range(size - 1, 0, -1):
                j = int(u[i] * (i + 1))
                block[i], block[j] = block[j], block[i]
            allocation.extend(block)


def stratum_of(trial: Trial, factors: Mapping[str, str], cohort: str = "") -> str:
    """The name of the stratum: the cohort, where the trial has any, and the levels of its factors in the file's order; 'all' without.

    So each cohort keeps the ratio of its arms. ``cohort`` is the patient's; the trial's own where it is seen by one.
    """
    own = [_in(cohort or trial.cohort_name)] if trial.cohorts else []
    return " / ".join([*own, *(f"{f.name}={factors[f.name]}" for f in trial.factors)]) or "all"


def _in(cohort: str) -> str:
    return f"cohort={cohort}"
