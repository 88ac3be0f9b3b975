"""Rules composed with and, or: every pair of actions; of one evidence and of all outcomes the same; each keeps its reason."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.decide.ruling import (
    CONTINUE,
    DECLARE,
    NOTHING,
    REFUSED,
    STOP,
    Codes,
    Outcomes,
    Rule,
    Ruling,
    Seen,
    by_count,
    code_of,
)
from equipoise.decide.trial_rule import rule_of
from equipoise.trial.decision import Action, Continue, Declare, Stop
from equipoise.trial.evidence import Evidence
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.trial import Trial

ACTIONS: dict[int, Action | None] = {CONTINUE: Continue(), STOP: Stop("why"), DECLARE: Declare("what"), NOTHING: None}


class Says(Rule):
    """Says one thing of each count."""

    def __init__(self, name: str, codes: list[int]) -> None:
        self.name, self.codes = name, codes

    def of(self, seen: Seen) -> Ruling:
        action = ACTIONS[self.codes[seen.evidence.successes]]
        return Ruling(self.name, action, (f"{self.name} says so",), 1.0, "u", (f"{self.name} is careful",))

    def table(self, outcomes: Outcomes) -> Codes:
        return by_count(outcomes.n, lambda x: self.codes[x])


def seen(x: int, n: int = 3) -> Seen:
    return Seen(Evidence(1, "A", n, x))


#: (one, other) → and, or; by the words: *and* goes on only if both do, *or* if either does; no objection is no say.
EXPECTED = {
    (CONTINUE, CONTINUE): (CONTINUE, CONTINUE),
    (CONTINUE, STOP): (STOP, CONTINUE),
    (CONTINUE, DECLARE): (CONTINUE, DECLARE),
    (STOP, STOP): (STOP, STOP),
    (STOP, DECLARE): (STOP, DECLARE),
    (DECLARE, DECLARE): (DECLARE, DECLARE),
    **{(code, NOTHING): (code, code) for code in (CONTINUE, STOP, DECLARE, NOTHING)},
}


@pytest.mark.parametrize(("pair", "both"), EXPECTED.items())
def test_every_pair_of_actions(pair: tuple[int, int], both: tuple[int, int]) -> None:
    for a, b in (pair, pair[::-1]):
        one, other = Says("one", [a] * 4), Says("other", [b] * 4)
        for composed, code in ((one & other, both[0]), (one | other, both[1])):
            ruling = composed.of(seen(1))
            assert code_of(ruling.action) == code
            assert (composed.table(Outcomes(1, "A", 3)) == code).all()
            said = {"one says so"} if ACTIONS[a] else set()
            said |= {"other says so"} if ACTIONS[b] else set()
            assert said <= set(ruling.because)
            assert set(ruling.cautions) == {"one is careful", "other is careful"}
            assert [p.by for p in ruling.parts] == ["one", "other"]


@pytest.mark.property
@given(
    st.lists(st.lists(st.sampled_from(list(ACTIONS)), min_size=4, max_size=4), min_size=3, max_size=3), st.booleans()
)
def test_a_table_is_every_ruling(codes: list[list[int]], ands: bool) -> None:
    a, b, c = (Says(name, row) for name, row in zip("abc", codes, strict=True))
    composed = (a & b) | c if ands else (a | b) & c
    table = composed.table(Outcomes(1, "A", 3))
    assert [code_of(composed.of(seen(x)).action) for x in range(4)] == table[:, 0].tolist()
    # The order in which rules are named changes no action.
    assert ((b & a).table(Outcomes(1, "A", 3)) == (a & b).table(Outcomes(1, "A", 3))).all()


@pytest.mark.parametrize("policy", ["note", "stop", "randomised comparison", "re-estimate the hurdle"])
@pytest.mark.parametrize("look", [1, 2])
@pytest.mark.thorough
def test_a_trial_s_table_is_every_ruling_on_all_pairs_of_counts(north: Trial, policy: str, look: int) -> None:
    """What the kernel and the enumeration are told is what `decide` would say, outcome by outcome."""
    check = ControlCheck.model_validate(
        {"method": "exact binomial", "alpha": 0.10, "on_caution": policy, "worth": 100.0}
    )
    trial = north.model_copy(update={"control_check": check})
    n, m = trial.monitored.planned(look).values()
    rule, earlier = rule_of(trial, look), 39 if look == 2 else 0
    table = rule.table(Outcomes(look, "IMGN901", n, earlier, m))
    assert table.shape == (n + 1, m + 1)
    assert not (table == REFUSED).any()
    rng = np.random.default_rng(5)
    pairs = list(product(range(0, n + 1, 7), range(0, m + 1, 3))) + list(
        zip(rng.integers(0, n + 1, 40).tolist(), rng.integers(0, m + 1, 40).tolist(), strict=True)
    )
    for x, y in pairs:
        ruling = rule.of(Seen(Evidence(look, "IMGN901", n, x, earlier), (y, m)))
        assert code_of(ruling.action) == table[x, y], (x, y, ruling.because)


def test_a_consequence_is_tested_at_the_design_s_own_alpha(north: Trial) -> None:
    """D1: 31 of 80 against 10 of 40, with a kind whose alpha is 0.10 by default: declared at 0.10, and had been stopped at 0.05."""
    from equipoise.design import shelf

    design = shelf.build("borrowing-one-arm", {"kind": "borrowing-one-arm", **shelf.one("borrowing-one-arm").example})
    check = ControlCheck(method="exact binomial", alpha=0.10, on_caution="randomised comparison")
    trial = north.designed(design).model_copy(update={"control_check": check})
    assert trial.monitored.alpha == 0.10
    found = rule_of(trial, 2).of(Seen(Evidence(2, "IMGN901", 80, 31, 39), (10, 40)))
    assert isinstance(found.action, Declare)
    assert "Barnard's exact test at 0.1 needs" in found.because[0]
