"""Minimisation with a random element: the next patient is likely to get the arm that balances the factors best.

For each arm, suppose that the patient gets it. For each factor, count who has the patient's level, by arm, over the arm's share;
the factor's imbalance is the range of these numbers, or their variance. The arm with the least weighted sum over the factors
is preferred (Pocock & Simon 1975, doi:10.2307/2529712).

The preferred arm is given with a probability below 1. With equal shares that is ``probability`` = p. With unequal ones p is for
the arm of the least share c, and an arm of share s, of S in all, is given with 1 - (1 - p) (S - s) / (S - c) when it is preferred; the
others share the rest in proportion to their shares (Han, Enas & McEntegart 2009, doi:10.1002/sim.3710). Among arms that tie, each is
preferred in proportion to its share; where all tie, so are the arms given.

The random number of a patient follows from the trial's secret and from how many were randomised before him, so that log and secret
give the next arm, as with lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from equipoise.conduct.draws import Source, draws_of
from equipoise.conduct.place import Before, Counted, Earlier, Place
from equipoise.conduct.randomisation import ArmsOf
from equipoise.trial.arm import Arm
from equipoise.trial.protocol_parts import Factor
from equipoise.trial.trial import Trial

#: Two sums of imbalances this close are a tie: they differ by rounding only.
TIE = 1e-9


class Margins:
    """How many of each arm have each level of each factor; from them the chance of each arm for the next patient."""

    def __init__(
        self,
        arms: Sequence[Arm],
        factors: Sequence[Factor],
        probability: float,
        imbalance: Literal["range", "variance"],
    ) -> None:
        self._names = [arm.name for arm in arms]
        self._shares = [arm.share for arm in arms]
        self._weights = [(f.name, f.weight or 1.0) for f in factors]
        self._probability, self._imbalance = probability, imbalance
        self._counts: dict[tuple[str, str], list[int]] = {}

    def add(self, levels: Mapping[str, str], arm: str) -> None:
        """One more with these levels has the arm."""
        at = self._names.index(arm)
        for name, _ in self._weights:
            self._counts.setdefault((name, levels[name]), [0] * len(self._names))[at] += 1

    def counted(self, levels: Mapping[str, str], cohort: str, before: Counted) -> None:
        """Take the counts of those who share a level with a patient of these, and no others: by them his chances are told."""
        for name, _ in self._weights:
            self._counts[name, levels[name]] = [before.of(cohort, name, levels[name], arm) for arm in self._names]

    def chances(self, levels: Mapping[str, str]) -> list[float]:
        """The probability of each arm, in the trial file's order, for a patient with these levels."""
        sums = [0.0] * len(self._names)
        for name, weight in self._weights:
            counts = self._counts.get((name, levels[name]), [0] * len(self._names))
            for k in range(len(sums)):
                after = [(n + (j == k)) / s for j, (n, s) in enumerate(zip(counts, self._shares, strict=True))]
                sums[k] += weight * self._spread(after)
        least = min(sums)
        return self._given([k for k, value in enumerate(sums) if value <= least + TIE])

    def _spread(self, values: Sequence[float]) -> float:
        if self._imbalance == "range":
            return max(values) - min(values)
        mean = sum(values) / len(values)
        return sum((v - mean) ** 2 for v in values) / (len(values) - 1)

    def _given(self, preferred: Sequence[int]) -> list[float]:
        """The probability of each arm where each of ``preferred`` is so in proportion to its share."""
        whole = sum(self._shares)
        rest = (1 - self._probability) / (whole - min(self._shares))
        tied = sum(self._shares[k] for k in preferred)
        chances = [s * rest for s in self._shares]
        # What an arm has when it is not preferred is in there; when it is, it has all that the others leave.
        for k in preferred:
            chances[k] += self._shares[k] / tied * (1 - whole * rest)
        return chances


class Minimisation:
    """The arms of a trial by minimisation, with the random numbers of a secret, or of a seed; within a cohort, where the trial has cohorts."""

    #: Whether an arm follows from the arms of the patients before.
    asks_who_came_before = True

    def __init__(self, trial: Trial, source: Source, replicate: int = 0) -> None:
        assert trial.randomisation is not None, "who gives arms at random has checked that the trial does"
        self._trial, self._draws = trial, draws_of(source, replicate)
        self._arms_of = {name: view.arms for name, view in trial.views.items()}
        self._arms_in = ArmsOf(trial)

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there."""
        earlier = place.earlier()
        return self.drawn(len(earlier), self.chances(place, earlier), place.cohort)

    def chances(self, place: Place, earlier: Before) -> list[float]:
        """The probability of each arm for the patient who stands there, after those of his cohort before."""
        if isinstance(earlier, Counted):
            margins = self.margins((), place.cohort)
            margins.counted(place.factors, place.cohort, earlier)
            return margins.chances(place.factors)
        own = [e for e in earlier if e.cohort == place.cohort]
        return self.margins(own, place.cohort).chances(place.factors)

    def drawn(self, number: int, chances: Sequence[float], cohort: str = "") -> str:
        """The arm of the patient before whom ``number`` were randomised, by the chances of the arms."""
        arms = self._arms_of.get(cohort, self._trial.arms)
        u = self._draws.fraction(number)
        for arm, chance in zip(arms, chances, strict=True):
            u -= chance
            if u < 0:
                return arm.name
        return arms[-1].name

    def margins(self, earlier: Iterable[Earlier], cohort: str = "") -> Margins:
        """How many of those before have each level and arm."""
        r = self._trial.randomisation
        assert r is not None, "a trial that minimises randomises"
        arms = self._arms_of.get(cohort, self._trial.arms)
        found = Margins(arms, r.factors, r.minimised, r.imbalance or "range")
        for e in earlier:
            found.add(e.factors, e.arm)
        return found

    def terms(self, stratum: str) -> str:
        """What an arm follows from beside the secret and the patients before: arms with their shares, the rule, and its factors."""
        r = self._trial.randomisation
        assert r is not None, "a trial that minimises randomises"
        factors = " ".join(f"{f.name}:{f.weight or 1:g}" for f in r.factors)
        named = " ".join(f"{a.name}:{a.share}" for a in self._arms_in.stratum(stratum))
        return f"{named} by {r.imbalance or 'range'} at {r.minimised:g} over {factors}"
