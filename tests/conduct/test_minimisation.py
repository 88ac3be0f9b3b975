"""Minimisation: the preferred arm as another package finds it, the chances by hand, and what log and seed alone give."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import moment

from equipoise.conduct.conduct import Conduct, replay
from equipoise.conduct.foreseen_allocation import foreseen_allocation
from equipoise.conduct.minimisation import Margins, Minimisation
from equipoise.conduct.place import Earlier, Place
from equipoise.conduct.remade import remade
from equipoise.conduct.sealed import Sealed
from equipoise.conduct.unmasking import unmasked
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, read_trial, trial_from
from equipoise.trial.arm import Arm
from equipoise.trial.problem import BadInput
from equipoise.trial.protocol_parts import Factor
from equipoise.trial.trial import Trial
from sealed import secret_of

CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "r" / "minimisation.json").read_text())


def minimised(**more: Any) -> Trial:
    """NORTH, its arms by minimisation over its two factors."""
    raw = read_toml(find_trial("north"), "a trial")
    raw["assumptions"] = raw["sources"] = ()
    raw["randomisation"] = {"method": "minimisation", "factors": raw["randomisation"]["factors"], **more}
    return trial_from(raw, "north")


def arms(shares: Sequence[int]) -> list[Arm]:
    """Arms named 1, 2 …."""
    role = {0: "tested"}
    return [Arm.model_construct(name=str(i + 1), role=role.get(i, "control"), share=s) for i, s in enumerate(shares)]


@pytest.mark.independent
@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_preferred_arms_are_those_of_minirand(case: dict[str, Any]) -> None:
    weights = zip("abc", case["weights"], strict=True)
    factors = [Factor(name=name, levels=("0", "1", "2"), weight=w) for name, w in weights]
    margins = Margins(arms(case["ratio"]), factors, 0.9, case["imbalance"])
    *before, now = [dict(zip("abc", map(str, row), strict=True)) for row in case["levels"]]
    for levels, arm in zip(before, case["arms"], strict=True):
        margins.add(levels, str(arm))
    chances = margins.chances(now)
    assert math.fsum(chances) == pytest.approx(1)
    if len(case["preferred"]) == len(chances):
        assert chances == pytest.approx([s / sum(case["ratio"]) for s in case["ratio"]])
        return
    base = [s * 0.1 / (sum(case["ratio"]) - min(case["ratio"])) for s in case["ratio"]]
    assert [i + 1 for i, (c, b) in enumerate(zip(chances, base, strict=True)) if c > b + 1e-9] == case["preferred"]


def test_the_chances_by_hand() -> None:
    """2:1 with p = 0.8 for the arm of share 1: the other is given with 1 - 0.2 × (3 - 2) / (3 - 1) = 0.9 when it is preferred.

    Two men got A, one woman B. A third man on A has (3/2, 0) among men, range 1.5; on B (2/2, 1/1), range 0: B with 0.8. A woman on
    A has (1/2, 1), range 0.5; on B (0, 2), range 2: A with 0.9.
    """
    margins = Margins(arms([2, 1]), [Factor(name="sex", levels=("m", "f"))], 0.8, "range")
    assert margins.chances({"sex": "m"}) == pytest.approx([0.9, 0.1])  # nobody yet: (1/2, 0) against (0, 1)
    for sex, arm in (("m", "1"), ("m", "1"), ("f", "2")):
        margins.add({"sex": sex}, arm)
    assert margins.chances({"sex": "m"}) == pytest.approx([0.2, 0.8])
    assert margins.chances({"sex": "f"}) == pytest.approx([0.9, 0.1])


@pytest.mark.property
@given(
    st.lists(st.tuples(st.sampled_from(["0-1", "2"]), st.sampled_from(["normal", "raised"])), max_size=40), st.text()
)
def test_log_and_seed_give_the_arms_whatever_order_they_are_read_in(levels: list[tuple[str, str]], seed: str) -> None:
    trial = minimised()

    def run(reverse: bool) -> list[str]:
        rule, earlier = Minimisation(trial, seed), list[Earlier]()
        for ecog, ldh in levels:
            factors = {"ecog": ecog, "ldh": ldh}
            seen = earlier[::-1] if reverse else list(earlier)
            arm = rule.give(Place("any", 0, factors, "", lambda seen=seen: seen))
            earlier.append(Earlier(factors, arm))
        return [e.arm for e in earlier]

    assert run(reverse=False) == run(reverse=True)


def test_a_masked_log_is_read_by_its_seed() -> None:
    """The same patients with arms told and with codes: the codes are read as the arms, also after a corrected factor."""
    trial, secret = minimised(), secret_of(minimised().id)

    def conducted(trial: Trial) -> Conduct:
        c = Conduct.open(trial, moment(trial.start), "t", Sealed(trial, [secret]))
        c.seal(secret, trial.start, moment(trial.start), "t")
        site = trial.sites[0]
        day = max(site.activation, trial.start)
        c.activate(site.name, day, moment(day), "t")
        for i in range(40):
            name, after = f"P{i}", day + timedelta(days=1)
            c.screen(name, site.name, day, moment(day), "t")
            entry = c.enrol(name, day, moment(day), "t", {"ecog": "0-1" if i % 3 else "2", "ldh": "normal"})
            c.randomise(name, after, moment(after), "t")
            day = after
            if i == 20:
                data = {"factors": {"ecog": "2", "ldh": "raised"}}
                c.correct(entry.number, moment(after), "t", "was read wrongly", data=data)
        return c

    open_label = conducted(trial)
    masked_trial = minimised(blinding="double blind")
    masked = conducted(masked_trial)
    told = unmasked(masked_trial, masked.log, Sealed(masked_trial, [secret]))
    arms_told = [e.data["arm"] for e in told if e.kind == "randomised"]
    assert arms_told == [e.data["arm"] for e in open_label.log if e.kind == "randomised"]
    assert len(set(arms_told)) == 2
    with pytest.raises(BadInput, match="the secret that the log holds"):
        unmasked(masked_trial, masked.log, Sealed(masked_trial, [secret_of(trial.id, 2)]))
    for c in (open_label, masked):
        assert replay(c.trial, list(c.log)) == []
        found = remade(list(c.log), Sealed(c.trial, [secret]))
        assert (found.same, found.other, found.without) == (40, [], [])


def test_it_balances_better_than_chance_and_is_foreseen_as_it_is_conducted() -> None:
    """The share guessed is what a second count gives: a guesser who names the likeliest arm, counted when right."""
    trial = minimised()
    found = foreseen_allocation(trial, 60, 1)
    assert found.off.value < 1.2
    assert abs(found.tested.value - 80) < 4 * found.tested.mc_error + 0.3
    assert found.certain.value == 0
    right = patients = 0
    for replicate in range(40):
        rule, earlier = Minimisation(trial, 1, replicate), list[Earlier]()
        for i in range(trial.target_enrolment):
            levels = {
                "ecog": ("0-1", "2")[(i * 7 + replicate) % 2],
                "ldh": ("normal", "raised")[(i // 2 + replicate) % 2],
            }
            sums = []
            for name in ("IMGN901", "CE"):
                total = 0.0
                for factor, level in levels.items():
                    counts = {"IMGN901": 0, "CE": 0}
                    for e in earlier:
                        counts[e.arm] += e.factors[factor] == level
                    counts[name] += 1
                    total += abs(counts["IMGN901"] / 2 - counts["CE"])
                sums.append(total)
            guess = "CE" if sums[1] < sums[0] - 1e-9 else "IMGN901"
            arm = rule.give(Place("", 0, levels, "", lambda seen=earlier: seen))
            right += guess == arm
            patients += 1
            earlier.append(Earlier(levels, arm))
    assert right / patients == pytest.approx(found.guessed.value, abs=0.025)


@pytest.mark.independent
def test_blocks_are_foreseen_as_their_lists_are() -> None:
    """NORTH's blocks of 3 and 6: a second count walks through the lists, with the chance of each arm from all lists that begin so."""
    north = read_trial(find_trial("north"))
    found = foreseen_allocation(north, 60, 2)
    assert 0.06 < found.certain.value < 0.14
    orders = {3: ["AAB", "ABA", "BAA"], 6: []}
    orders[6] = sorted({"".join(o) for o in _orders("AAAABB")})
    # Certain by enumeration: strata of a few patients, every list of two blocks, by plain counting of what can follow.
    lists: dict[str, float] = {}
    for a in (3, 6):
        for x in orders[a]:
            for b in (3, 6):
                for y in orders[b]:
                    key = x + y
                    lists[key] = lists.get(key, 0.0) + 1 / (4 * len(orders[a]) * len(orders[b]))
    sure = guessed = 0.0
    for n in range(3):  # the first three of a stratum
        heads: dict[str, list[float]] = {}
        for text, p in lists.items():
            heads.setdefault(text[:n], [0.0, 0.0])["AB".index(text[n])] += p
        guessed += sum(max(pair) for pair in heads.values())
        sure += sum(sum(pair) for pair in heads.values() if min(pair) == 0)
    small = north.model_copy(
        update={"target_enrolment": 3, "randomisation": north.randomisation.model_copy(update={"factors": ()})}
    )
    simulated = foreseen_allocation(small, 2000, 3)
    assert simulated.guessed.value == pytest.approx(guessed / 3, abs=4 * simulated.guessed.mc_error + 1e-9)
    assert simulated.certain.value == pytest.approx(sure / 3, abs=4 * simulated.certain.mc_error + 1e-9)


def _orders(letters: str) -> list[str]:
    from itertools import permutations

    return list({"".join(p) for p in permutations(letters)})


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"probability": 0.3}, {"out-of-range"}),
        ({"probability": 1.0}, {"less_than", "out-of-range"}),
        ({"factors": []}, {"no-factors"}),
        ({"block_sizes": [3, 6], "factors": []}, {"no-factors", "not-stated"}),
        (
            {"method": "permuted blocks", "block_sizes": [3], "probability": 0.8, "imbalance": "variance"},
            {"not-stated"},
        ),
    ],
)
def test_what_minimisation_cannot_be(changed: dict[str, Any], codes: set[str]) -> None:
    with pytest.raises(BadInput) as bad:
        minimised(**changed)
    assert {p.code for p in bad.value.problems} <= codes
    assert bad.value.problems
