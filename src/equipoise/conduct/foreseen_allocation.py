"""How well a method of allocation will balance the arms, and how often the next arm can be guessed: simulated before it is used.

Patients with levels of the factors come one by one and are given arms; nothing else of a trial is drawn. ``Guessed``: what
share of the arms is foretold by somebody who knows the method, its settings and all that has gone before, and each time
names the likeliest arm (after Blackwell & Hodges 1957, doi:10.1214/aoms/1177706973); and the share of patients whose arm such a
person knows for certain. Site staff know less, if what other sites do is kept from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from equipoise.conduct.continued_blocks import left_in_block
from equipoise.conduct.minimisation import Minimisation
from equipoise.conduct.randomisation import PermutedBlocks, stratum_of
from equipoise.numerics.random.streams import uniforms
from equipoise.trial.block_sizes import sizes_foreseen
from equipoise.trial.trial import Trial

#: For each factor, the probability of each level.
Levels = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Simulated:
    """A mean over simulated trials and its Monte-Carlo error."""

    value: float
    mc_error: float


@dataclass(frozen=True)
class ForeseenAllocation:
    """``tested``: patients in the tested arms. ``off``: standard deviation of their number about their share; ``most``: its largest
    distance. ``off_in_a_level``: as ``off``, in the level of a factor where it is largest (named by ``level``). ``guessed`` and
    ``certain``: shares of all patients."""

    method: str
    patients: int
    replicates: int
    tested: Simulated
    off: Simulated
    most: float
    level: str
    off_in_a_level: Simulated
    guessed: Simulated
    certain: Simulated


class _Simple:
    """Each patient by himself: the chances are the shares."""

    def __init__(self, trial: Trial, seed: int, replicate: int) -> None:
        self._names = [a.name for a in trial.arms]
        whole = sum(a.share for a in trial.arms)
        self._chances = [a.share / whole for a in trial.arms]
        self._draws = uniforms(seed, "simple allocation", replicate, trial.target_enrolment, 1)[:, 0].tolist()

    def next(self, number: int, _levels: Mapping[str, str]) -> tuple[str, list[float]]:
        """The arm of the patient and the chances that it was drawn by."""
        cumulative = list(accumulate(self._chances))
        at = next((k for k, c in enumerate(cumulative) if self._draws[number] < c), len(cumulative) - 1)
        return self._names[at], self._chances


class _ByBlocks:
    """Permuted blocks in strata, as they are conducted; the chances by Bayes' theorem from the stratum's history."""

    def __init__(self, trial: Trial, seed: int, replicate: int, known: dict[tuple[str, ...], list[float]]) -> None:
        self._trial, self._lists, self._known = trial, PermutedBlocks(trial, seed, replicate), known
        self._histories: dict[str, list[str]] = {}

    def next(self, _number: int, levels: Mapping[str, str]) -> tuple[str, list[float]]:
        """The arm of the patient and the chances that it was drawn by."""
        stratum = stratum_of(self._trial, levels)
        history = self._histories.setdefault(stratum, [])
        key = tuple(history)
        if key not in self._known:
            self._known[key] = _next_in_blocks(self._trial, history)
        arm = self._lists.arm(stratum, len(history))
        history.append(arm)
        return arm, self._known[key]


class _ByMinimisation:
    """Minimisation, as it is conducted."""

    def __init__(self, trial: Trial, seed: int, replicate: int) -> None:
        self._rule = Minimisation(trial, seed, replicate)
        self._margins = self._rule.margins(())

    def next(self, number: int, levels: Mapping[str, str]) -> tuple[str, list[float]]:
        """The arm of the patient and the chances that it was drawn by."""
        chances = self._margins.chances(levels)
        arm = self._rule.drawn(number, chances)
        self._margins.add(levels, arm)
        return arm, chances


def foreseen_allocation(
    trial: Trial,
    replicates: int,
    seed: int,
    levels: Levels | None = None,
    done: Callable[[int], object] = lambda _: None,
) -> ForeseenAllocation:
    """What the trial's method will do, over ``replicates`` (2 or more) of its planned number of patients.

    ``levels``: how often the levels of the factors are met; each level as often as the others where it is not said. A trial that
    takes its arms as recorded stands for each patient by himself. ``done`` is told how many replicates are done.
    """
    r = trial.randomisation
    assert r is not None, "a trial whose allocation is foreseen randomises"
    known: dict[tuple[str, ...], list[float]] = {}
    made: dict[str, Callable[[int], _Simple | _ByBlocks | _ByMinimisation]] = {
        "minimisation": lambda i: _ByMinimisation(trial, seed, i),
        "permuted blocks": lambda i: _ByBlocks(trial, seed, i, known),
        "as recorded": lambda i: _Simple(trial, seed, i),
    }
    shares = {a.name: a.share for a in trial.arms}
    tested = {a.name for a in trial.tested_arms}
    part = sum(shares[name] for name in tested) / sum(shares.values())
    rows: list[tuple[float, float, float]] = []
    off_in: dict[str, list[float]] = {f"{f.name} = {level}": [] for f in r.factors for level in f.levels}
    n = trial.target_enrolment
    for replicate in range(replicates):
        rule = made[r.method](replicate)
        count = guessed = certain = 0.0
        off = dict.fromkeys(off_in, 0.0)
        for number, who in enumerate(_patients(trial, seed, replicate, levels or {})):
            arm, chances = rule.next(number, who)
            best = max(chances)
            guessed += best
            certain += best > 1 - 1e-9
            away = (arm in tested) - part
            count += away
            for name, level in who.items():
                off[f"{name} = {level}"] += away
        rows.append((count, guessed / n, certain / n))
        for name, value in off.items():
            off_in[name].append(value)
        done(replicate + 1)
    away, guess, sure = np.array(rows).T
    worst = max(off_in, key=lambda name: float(np.std(off_in[name])), default="")
    return ForeseenAllocation(
        named(trial), n, replicates, _mean(part * n + away), _sd(away), float(np.abs(away).max()),
        worst, _sd(np.array(off_in[worst])) if worst else Simulated(0.0, 0.0), _mean(guess), _mean(sure),
    )  # fmt: skip


def named(trial: Trial) -> str:
    """The method in words."""
    r = trial.randomisation
    assert r is not None, "a trial whose allocation is named randomises"
    if r.minimises:
        return f"minimisation, {r.minimised:g}"
    if r.method == "permuted blocks":
        return f"blocks of {', '.join(map(str, sizes_foreseen(trial)))} in strata"
    return "each patient by himself"


def _next_in_blocks(trial: Trial, history: Sequence[str]) -> list[float]:
    """The chance of each arm for the next patient of a stratum, by one who knows the sizes of blocks."""
    r = trial.randomisation
    assert r is not None
    whole = sum(a.share for a in trial.arms)
    chances = [0.0] * len(trial.arms)
    for left, probability in left_in_block(trial, history).items():
        of = left if sum(left) else tuple(a.share for a in trial.arms)
        rest = sum(left) or whole
        chances = [c + probability * k / rest for c, k in zip(chances, of, strict=True)]
    return chances


def _patients(trial: Trial, seed: int, replicate: int, levels: Levels) -> Iterator[dict[str, str]]:
    """The levels of each patient's factors."""
    factors = trial.factors
    drawn = uniforms(seed, "levels", replicate, trial.target_enrolment, max(len(factors), 1)).tolist()
    cumulative = [list(accumulate(levels.get(f.name) or [1 / len(f.levels)] * len(f.levels))) for f in factors]
    for row in drawn:
        yield {
            f.name: f.levels[min(sum(u >= c for c in cuts), len(f.levels) - 1)]
            for f, cuts, u in zip(factors, cumulative, row, strict=False)
        }


def _mean(values: np.ndarray) -> Simulated:
    return Simulated(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))


def _sd(values: np.ndarray) -> Simulated:
    """The root mean square about 0, with the error by the delta method."""
    square = values**2
    root = math.sqrt(float(square.mean()))
    error = float(square.std(ddof=1)) / math.sqrt(len(values))
    return Simulated(root, error / (2 * root) if root else 0.0)
