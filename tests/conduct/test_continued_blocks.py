"""A stratum's list continued: what its history tells by every list there could be, complete blocks, calibrated chances."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.conduct.continued_blocks import ContinuedBlocks, blocks_of, histories, left_in_block
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.trial import Trial

NORTH = read_trial(find_trial("north"))
TESTED, CONTROL = (arm.name for arm in NORTH.arms)


def with_blocks(*sizes: int, shares: tuple[int, int] = (2, 1)) -> Trial:
    """NORTH with other blocks and shares."""
    randomisation = NORTH.randomisation.model_copy(update={"block_sizes": sizes})  # type: ignore[union-attr]
    arms = tuple(a.model_copy(update={"share": s}) for a, s in zip(NORTH.arms, shares, strict=True))
    return NORTH.model_copy(update={"randomisation": randomisation, "arms": arms})


def by_every_list(trial: Trial, history: list[str]) -> Fraction | None:
    """P(the tested arm is next | history), by going through all lists of blocks; None if no list begins so."""
    names = [a.name for a in trial.arms]
    orders = []
    for block in blocks_of(trial):
        whole = [n for n, k in zip(names, block, strict=True) for _ in range(k)]
        distinct = sorted(set(itertools.permutations(whole)))
        orders += [(list(o), Fraction(1, len(blocks_of(trial)) * len(distinct))) for o in distinct]
    chances: Counter[str] = Counter()
    growing = [([], Fraction(1))]
    while growing:
        so_far, weight = growing.pop()
        if len(so_far) > len(history):
            chances[so_far[len(history)]] += weight  # type: ignore[assignment]
            continue
        for order, p in orders:
            longer = so_far + order
            k = min(len(longer), len(history))
            if longer[:k] == history[:k]:
                growing.append((longer, weight * p))
    total = sum(chances.values())
    return Fraction(chances[TESTED], 1) / total if total else None


def next_is_tested(trial: Trial, history: list[str]) -> float:
    """The same by what may be left in the block; a new block begins with the tested arm in proportion to its share."""
    share = trial.arms[0].share / sum(a.share for a in trial.arms)
    return sum(p * (left[0] / sum(left) if sum(left) else share) for left, p in left_in_block(trial, history).items())


@pytest.mark.independent
@pytest.mark.parametrize(("sizes", "shares"), [((3,), (2, 1)), ((3, 6), (2, 1)), ((2, 4, 6), (1, 1))])
def test_what_the_history_tells_is_what_every_list_tells(sizes: tuple[int, ...], shares: tuple[int, int]) -> None:
    trial = with_blocks(*sizes, shares=shares)
    possible = 0
    for n in range(8):
        for history in itertools.product((TESTED, CONTROL), repeat=n):
            expected = by_every_list(trial, list(history))
            if expected is None:
                assert left_in_block(trial, list(history)) == {(0, 0): 1.0}
            else:
                possible += 1
                assert next_is_tested(trial, list(history)) == pytest.approx(float(expected), abs=1e-12)
    assert possible > 40


@pytest.mark.property
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 40),
    sizes=st.sampled_from([(3,), (3, 6), (6, 9)]),
)
def test_every_complete_block_has_the_ratio(seed: int, n: int, sizes: tuple[int, ...]) -> None:
    """The history and what follows can together be cut into blocks, each with the ratio, at a step of a block at most."""
    trial = with_blocks(*sizes)
    secret = PermutedBlocks(trial, seed)
    history = [secret.arm("all", i) for i in range(n)]
    left = {"all": left_in_block(trial, history)}
    going_on = ContinuedBlocks(trial, {"all": n}, left, np.random.default_rng(seed))
    whole = history + [going_on.arm("all", n + i) for i in range(40)]
    assert [going_on.arm("all", n + i) for i in range(40)] == whole[n:]
    ends = {0}
    for i in range(1, len(whole) + 1):
        if any(i - s in ends and 3 * whole[i - s : i].count(TESTED) == 2 * s for s in sizes):
            ends.add(i)
    assert max(ends) > len(whole) - max(sizes)
    assert left_in_block(trial, whole) != {(0, 0): 1.0} or len(whole) in ends
    with pytest.raises(ValueError, match="given already"):
        ContinuedBlocks(trial, {"all": 1}, {}, np.random.default_rng(1)).arm("all", 0)


@pytest.mark.property
def test_the_chance_of_the_next_arm_is_calibrated() -> None:
    """Over 300 secret lists of NORTH: of the patients who come with a chance p, a share p gets the tested arm."""
    said: list[float] = []
    came: list[bool] = []
    for seed in range(300):
        secret = PermutedBlocks(NORTH, seed)
        arms = [secret.arm("ecog=0-1 / ldh=normal", i) for i in range(31)]
        for n in (0, 1, 2, 4, 7, 11, 18, 30):
            said.append(next_is_tested(NORTH, arms[:n]))
            came.append(arms[n] == TESTED)
    p, y = np.array(said), np.array(came)
    for low, high in ((0, 0.4), (0.4, 0.6), (0.6, 0.7), (0.7, 0.9), (0.9, 1.01)):
        chosen = (p >= low) & (p < high)
        error = np.sqrt(max(p[chosen].mean() * (1 - p[chosen].mean()), 1e-9) / chosen.sum())
        assert chosen.sum() > 50
        assert abs(y[chosen].mean() - p[chosen].mean()) <= 4 * error
    assert np.mean((y - p) ** 2) < np.mean((y - 2 / 3) ** 2), "better than the ratio alone"


@pytest.mark.property
def test_continued_lists_come_as_often_as_their_chance() -> None:
    history = [TESTED, TESTED]
    left = {"all": left_in_block(NORTH, history)}
    assert left["all"] == pytest.approx({(0, 1): 5 / 11, (2, 2): 6 / 11})
    rng = np.random.default_rng(1)
    n = 4000
    controls = sum(ContinuedBlocks(NORTH, {"all": 2}, left, rng).arm("all", 2) == CONTROL for _ in range(n))
    assert abs(controls / n - 8 / 11) < 4 * (8 / 11 * 3 / 11 / n) ** 0.5
    fresh = ContinuedBlocks(NORTH, {}, {}, rng)
    assert [fresh.arm("new", i) for i in range(60)].count(TESTED) in range(38, 43)


def test_histories_by_stratum(running: object) -> None:
    arms = histories(running.log)  # type: ignore[attr-defined]
    assert list(arms) == ["ecog=0-1 / ldh=normal"]
    assert len(arms["ecog=0-1 / ldh=normal"]) == 1
