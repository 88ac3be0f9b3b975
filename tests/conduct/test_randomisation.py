"""Permuted blocks: balance, and a list that depends on nothing but the seed and the stratum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.conduct.balance import expected_balance
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.trial import Trial

NORTH = read_trial(find_trial("north"))


@pytest.mark.property
@given(st.text(min_size=1), st.integers(1, 200))
def test_the_ratio_never_drifts_beyond_a_block(seed: str, n: int) -> None:
    blocks = PermutedBlocks(NORTH, seed)
    arms = [blocks.arm("all", i) for i in range(n)]
    largest = max(NORTH.randomisation.block_sizes)
    for k in range(1, n + 1):
        tested = arms[:k].count("IMGN901")
        # a block of 6 holds 4 and 2: within it the count is off its share by at most the controls in it, 6 / 3
        assert abs(tested - 2 * k / 3) <= largest / 3 + largest / 6
        assert abs(tested - 2 * (k - tested)) <= largest


@pytest.mark.property
@given(st.lists(st.integers(0, 300), min_size=1, max_size=20))
def test_the_list_does_not_depend_on_how_it_is_read(positions: list[int]) -> None:
    in_order = PermutedBlocks(NORTH, "s")
    expected = {i: in_order.arm("x", i) for i in sorted(positions)}
    jumping = PermutedBlocks(NORTH, "s")
    assert [jumping.arm("x", i) for i in positions] == [expected[i] for i in positions]


def test_strata_have_lists_of_their_own() -> None:
    blocks = PermutedBlocks(NORTH, "s")
    a, b = ([blocks.arm(s, i) for i in range(60)] for s in ("x", "y"))
    assert a != b
    assert a.count("IMGN901") in range(38, 43)


@pytest.mark.property
def test_the_expected_imbalance_is_that_of_lists_stopped_anywhere(north: Trial) -> None:
    """Four strata of NORTH's lists, each stopped at a place drawn evenly: the spread of the tested arm about two thirds."""
    found = expected_balance(north)
    assert found is not None
    rng = np.random.default_rng(3)
    off = []
    for replicate in range(400):
        blocks = PermutedBlocks(north, 11, replicate)
        total = 0.0
        for stratum in ("a", "b", "c", "d"):
            stop = int(rng.integers(60, 120))
            total += sum(blocks.arm(stratum, i) == "IMGN901" for i in range(stop)) - 2 * stop / 3
        off.append(total)
    assert np.std(off) == pytest.approx(found.sd, rel=0.12)
    assert max(map(abs, off)) <= found.most
