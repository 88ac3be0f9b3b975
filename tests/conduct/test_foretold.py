"""What known block sizes tell: by every list written out, and by simulation of the conduct."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import islice, permutations

import pytest

from equipoise.conduct.foreseen_allocation import foreseen_allocation
from equipoise.conduct.foretold import by_place, foretold, in_words
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.trial import Trial
from helpers import tried

NORTH = read_trial(find_trial("north"))


def sized(*sizes: int) -> Trial:
    assert NORTH.randomisation is not None
    return NORTH.model_copy(update={"randomisation": NORTH.randomisation.model_copy(update={"block_sizes": sizes})})


def lists(blocks: list[str], n: int) -> dict[str, Fraction]:
    """Every beginning of n of a list, with its probability in fractions: each block as likely, each order as likely."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    orders = {block: [("".join(o)) for o in permutations(block)] for block in blocks}

    def go(so_far: str, probability: Fraction) -> None:
        if len(so_far) >= n:
            found[so_far[:n]] += probability
            return
        for block in blocks:
            counted: dict[str, int] = defaultdict(int)
            for order in orders[block]:
                counted[order] += 1
            for order, k in counted.items():
                go(so_far + order, probability * Fraction(k, len(orders[block]) * len(blocks)))

    go("", Fraction(1))
    return found


@pytest.mark.independent
@pytest.mark.parametrize(("blocks", "n"), [(["AAB", "AAAABB"], 9), (["AB", "AABB"], 10), (["ABC"], 7)])
def test_as_every_list_written_out_says(blocks: list[str], n: int) -> None:
    whole = lists(blocks, n)
    arms = sorted(set(blocks[-1]))
    found = by_place([tuple(b.count(a) for a in arms) for b in blocks])
    for place, (certain, guessed) in enumerate(islice(found, n)):
        before: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for arm_list, probability in whole.items():
            before[arm_list[:place]][arm_list[place]] += probability
        assert guessed == pytest.approx(float(sum(max(next_.values()) for next_ in before.values())), abs=1e-5)
        sure = sum(sum(next_.values()) for next_ in before.values() if len(next_) == 1)
        assert certain == pytest.approx(float(sure), abs=1e-5)


@pytest.mark.independent
@pytest.mark.thorough
@pytest.mark.parametrize("sizes", tried([(3, 6), (6,)], {(6,)}))
def test_as_the_conduct_simulated_says(sizes: tuple[int, ...]) -> None:
    """NORTH's 120 patients in four strata, 300 trials: within 4 Monte-Carlo errors."""
    trial = sized(*sizes)
    exact, simulated = foretold(trial), foreseen_allocation(trial, 300, 4)
    assert exact is not None
    assert abs(exact.certain - simulated.certain.value) < 4 * simulated.certain.mc_error
    assert abs(exact.guessed - simulated.guessed.value) < 4 * simulated.guessed.mc_error


def test_north_s_numbers() -> None:
    """Blocks of 3 and 6 at 2:1. Far down a list 10.4 % are certain and 75.6 % guessed; of the four strata of NORTH fewer."""
    found = foretold(NORTH)
    assert found is not None
    assert (round(100 * found.certain, 1), round(100 * found.guessed, 1), round(100 * found.floor, 1)) == (
        9.7,
        75.1,
        66.7,
    )
    far = list(islice(by_place([(2, 1), (4, 2)]), 300))[-30:]
    certain, guessed = (sum(column) / 30 for column in zip(*far, strict=True))
    assert (round(100 * certain, 1), round(100 * guessed, 1)) == (10.4, 75.6)
    assert "9.7% of the 120 arms" in in_words(NORTH)


def test_a_block_of_one_size_by_hand() -> None:
    """A A B in any order: the first is A with 2/3; the second is known half of a third of the time …"""
    places = list(islice(by_place([(2, 1)]), 3))
    assert places[0] == pytest.approx((0, 2 / 3), abs=1e-6)
    assert places[1] == pytest.approx((1 / 3, 1 / 3 + 2 / 3 / 2), abs=1e-6)
    assert places[2] == pytest.approx((1, 1), abs=1e-6)


def test_of_what_nothing_is_foretold() -> None:
    for name in ("merkel", "colon"):
        assert foretold(read_trial(find_trial(name))) is None
        assert in_words(read_trial(find_trial(name))) == ""
