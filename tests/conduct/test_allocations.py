"""What verify sees of allocations without any secret, and with it: each forged event is named, no honest log is accused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.conduct.remade import remade
from equipoise.conduct.sealed import Sealed
from equipoise.conduct.secret import SCHEME, Secret
from equipoise.conduct.whole_blocks import WholeBlocks
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.resealed import cautions_of_secret
from equipoise.trial.trial import Trial
from helpers import moment
from sealed import secret_of

NORTH, E2511 = read_trial(find_trial("north")), read_trial(find_trial("e2511"))
DAY = date(2014, 5, 2)
NOW = moment(DAY + timedelta(10))
FIRST, SECOND = secret_of("north"), secret_of("north", 2)
LEVELS = [{"ecog": e, "ldh": d} for e in ("0-1", "2") for d in ("normal", "raised")]


def opened(trial: Trial = NORTH, secret: Secret = FIRST) -> Conduct:
    c = Conduct.open(trial, NOW, "t", Sealed(trial, [secret]))
    c.seal(secret, DAY, NOW, "t")
    c.activate("S01", DAY, NOW, "t")
    return c


def enrolled(c: Conduct, patient: str, levels: dict[str, str]) -> int:
    c.screen(patient, "S01", DAY, NOW, "t")
    return c.enrol(patient, DAY, NOW, "t", levels).number


def randomised(c: Conduct, levels: Sequence[int], first: int = 1) -> Conduct:
    """One patient for each number of LEVELS."""
    for i, k in enumerate(levels, first):
        enrolled(c, f"P{i}", LEVELS[k])
        c.randomise(f"P{i}", DAY, NOW, "t")
    return c


def codes(trial: Trial, events: Sequence[Event]) -> list[str]:
    return [p.code for _, p in replay(trial, list(events))]


def forged(log: Log, patient: str, **data: str) -> list[Event]:
    return [replace(e, data={**e.data, **data}) if (e.kind, e.patient) == ("randomised", patient) else e for e in log]


@pytest.mark.property
@settings(max_examples=25)
@given(st.lists(st.integers(0, 3), max_size=24), st.integers(0, 10**6))
def test_no_honest_log_is_accused(levels: list[int], number: int) -> None:
    secret = secret_of("north", number)
    log = list(randomised(opened(secret=secret), levels).log)
    assert codes(NORTH, log) == []
    found = remade(log, Sealed(NORTH, [secret]))
    assert (found.same, list(found.other), list(found.without), found.before) == (len(levels), [], [], 0)


def test_a_stratum_that_is_not_the_patient_s() -> None:
    c = randomised(opened(), [0, 0, 1])
    for stratum in ("no such stratum", "ecog=2 / ldh=normal", ""):
        assert codes(NORTH, forged(c.log, "P3", stratum=stratum)) == ["another-stratum"]


def test_a_level_put_right_later_changes_no_stratum_and_before_it_does() -> None:
    c = opened()
    number = enrolled(c, "P1", LEVELS[0])
    c.correct(number, NOW, "t", "was read wrongly", factors={"ldh": "raised"})
    first = c.randomise("P1", DAY, NOW, "t")
    assert first.data["stratum"] == "ecog=0-1 / ldh=raised"
    c.correct(number + 1, NOW, "t", "read right at first", factors={"ldh": "normal"})
    assert codes(NORTH, list(c.log)) == []
    assert remade(list(c.log), Sealed(NORTH, [FIRST])).same == 1
    assert codes(NORTH, forged(c.log, "P1", stratum="ecog=0-1 / ldh=normal")) == ["another-stratum"]


def test_six_of_one_arm_cannot_come_from_blocks_of_3_and_6() -> None:
    """By the library, as by whoever writes the log: the third shows it, for a block of 6 holds two of CE."""
    c = opened()
    for i in range(6):
        enrolled(c, f"P{i}", LEVELS[0])
        c.order("randomised", DAY, NOW, "t", patient=f"P{i}", data={"arm": "CE", "stratum": "ecog=0-1 / ldh=normal"})
    found = replay(NORTH, list(c.log))
    assert {p.code for _, p in found} == {"not-in-blocks"}
    assert found[0][0].patient == "P2"


def test_every_arm_that_is_another_one_is_named() -> None:
    c = randomised(opened(), [0, 1, 2, 3] * 6)
    other = {"CE": "IMGN901", "IMGN901": "CE"}
    arm = {e.patient: e.data["arm"] for e in c.log if e.kind == "randomised"}
    events = forged(Log(forged(c.log, "P7", arm=other[arm["P7"]])), "P20", arm=other[arm["P20"]])
    found = remade(events, Sealed(NORTH, [FIRST]))
    assert [e.patient for e, _ in found.other] == ["P7", "P20"]
    assert found.same == 22
    assert "another-allocation" in {p.code for _, p in found.other}


def test_another_secret_gives_no_arm_and_leaves_no_trace() -> None:
    c = randomised(opened(), [0, 0])
    later = Conduct(NORTH, Log(c.log), Sealed(NORTH, [SECOND]))
    enrolled(later, "P3", LEVELS[0])
    before = list(later.log)
    with pytest.raises(BadInput, match="the secret that the log holds") as caught:
        later.randomise("P3", DAY, NOW, "t")
    assert not any(arm in str(caught.value) for arm in ("CE", "IMGN901"))
    assert list(later.log) == before
    bare = Conduct.open(NORTH, NOW, "t", Sealed(NORTH, [FIRST]))
    bare.activate("S01", DAY, NOW, "t")
    enrolled(bare, "P1", LEVELS[0])
    with pytest.raises(BadInput, match="before anybody is randomised"):
        bare.randomise("P1", DAY, NOW, "t")


def test_going_on_with_another_secret() -> None:
    """A reason, a caution, the next place of each list; and each stretch is made again by its own secret."""
    c = randomised(opened(), [0, 0, 0, 1, 2])
    later = Conduct(NORTH, Log(c.log), Sealed(NORTH, [SECOND]))
    with pytest.raises(Refused, match="why the trial goes on"):
        later.seal(SECOND, DAY, NOW, "t")
    with pytest.raises(Refused, match="another secret than the one in force"):
        later.seal(FIRST, DAY, NOW, "t", "for no reason")
    later.seal(SECOND, DAY, NOW, "dm", "the first was lost with a disk")
    randomised(later, [0, 0, 1, 0, 3, 0, 0], 6)
    log = list(later.log)
    lists = PermutedBlocks(NORTH, SECOND)
    arms = [e.data["arm"] for e in log if e.kind == "randomised"]
    assert [arms[i] for i in (5, 6, 8)] == [lists.arm("ecog=0-1 / ldh=normal", k) for k in (3, 4, 5)]
    assert codes(NORTH, log) == []
    (caution,) = cautions_of_secret(log)
    assert "after 5 patients were randomised, by dm" in caution
    assert "the first was lost with a disk" in caution
    one, both = remade(log, Sealed(NORTH, [SECOND])), remade(log, Sealed(NORTH, [FIRST, SECOND]))
    assert (one.same, len(one.without), list(one.other)) == (7, 5, [])
    assert (both.same, list(both.without), list(both.other)) == (12, [], [])
    assert "could not be made again" in " ".join(one.in_words([SECOND]))
    with pytest.raises(Refused, match="this event stands"):
        later.correct(2, NOW, "t", "x", void=True)


def test_a_commitment_after_patients_is_told_of() -> None:
    c = Conduct.open(NORTH, NOW, "t", PermutedBlocks(NORTH, FIRST))
    c.activate("S01", DAY, NOW, "t")
    randomised(c, [0])
    assert cautions_of_secret(c.log) == []
    c.seal(FIRST, DAY, NOW, "t")
    (caution,) = cautions_of_secret(c.log)
    assert "after 1 patient was randomised" in caution
    found = remade(list(c.log), Sealed(NORTH, [FIRST]))
    assert (found.same, found.before) == (1, 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"commitment": "0" * 63, "scheme": SCHEME}, "no-commitment"),
        ({"commitment": "g" * 64, "scheme": SCHEME}, "no-commitment"),
        ({"commitment": "0" * 64, "scheme": "of my own"}, "unknown-scheme"),
    ],
)
def test_what_is_no_commitment(data: dict[str, str], code: str) -> None:
    c = Conduct.open(NORTH, NOW, "t")
    with pytest.raises(Refused) as caught:
        c.order("sealed", DAY, NOW, "t", data=data)
    assert [p.code for p in caught.value.problems] == [code]
    log = [*c.log, Event(2, "sealed", DAY, NOW, "t", data=data)]
    assert codes(NORTH, log) == [code]


def masked(n: int = 6) -> Conduct:
    secret = secret_of("e2511")
    c = opened(E2511, secret)
    for i in range(n):
        c.screen(f"P{i}", "S01", DAY, NOW, "t")
        c.enrol(f"P{i}", DAY, NOW, "t", {"sex": "female", "ldh": "normal"})
        c.randomise(f"P{i}", DAY, NOW, "t")
    return c


def test_codes_are_each_a_patient_s_own() -> None:
    c = masked()
    assert codes(E2511, list(c.log)) == []
    given_ = {e.patient: e.data["code"] for e in c.log if e.kind == "randomised"}
    assert codes(E2511, forged(c.log, "P3", code=given_["P1"])) == ["code-twice"]
    assert codes(E2511, forged(c.log, "P3", code="CE")) == ["no-code"]
    assert codes(E2511, forged(c.log, "P3", stratum="sex=male / ldh=normal")) == ["another-stratum"]
    swapped = forged(Log(forged(c.log, "P3", code=given_["P1"])), "P1", code=given_["P3"])
    assert codes(E2511, swapped) == []
    found = remade(swapped, Sealed(E2511, [secret_of("e2511")]))
    assert {e.patient for e, _ in found.other} == {"P1", "P3"}
    assert not any(arm in str(p) for _, p in found.other for arm in ("CEV", "CEP"))


def test_a_masked_patient_is_unblinded_by_the_secret_of_his_time() -> None:
    c = masked(3)
    later = Conduct(E2511, Log(c.log), Sealed(E2511, [secret_of("e2511", 2)]))
    later.seal(secret_of("e2511", 2), DAY, NOW, "t", "the first was seen at a site")
    for i in (3, 4):
        later.screen(f"P{i}", "S01", DAY, NOW, "t")
        later.enrol(f"P{i}", DAY, NOW, "t", {"sex": "female", "ldh": "normal"})
        later.randomise(f"P{i}", DAY, NOW, "t")
    _, arm = later.unblind("P4", DAY, NOW, "t", "anaphylaxis")
    assert arm in ("CEV", "CEP")
    with pytest.raises(BadInput, match="several secrets may stand in one file"):
        later.unblind("P1", DAY, NOW, "t", "anaphylaxis")
    assert sum(e.kind == "unblinded" for e in later.log) == 1
    both = Conduct(E2511, Log(later.log), Sealed(E2511, [secret_of("e2511"), secret_of("e2511", 2)]))
    assert both.unblind("P4", DAY, NOW, "t", "again")[1] == arm
    assert both.unblind("P1", DAY, NOW, "t", "too")[1] in ("CEV", "CEP")


def possible(history: Sequence[str | None], blocks: Sequence[dict[str, int]]) -> bool:
    """Whether the history begins one of all lists of whole blocks: all of them written out."""
    if not history:
        return True
    for block in blocks:
        for order in set(permutations([arm for arm, k in block.items() for _ in range(k)])):
            head = order[: len(history)]
            if all(h is None or h == o for h, o in zip(history, head, strict=False)) and possible(
                history[len(order) :], blocks
            ):
                return True
    return False


BLOCKS = [
    [{"A": 2, "B": 1}, {"A": 4, "B": 2}],
    [{"A": 1, "B": 1}],
    [{"A": 1, "B": 1}, {"A": 2, "B": 2}],
    [{"A": 3, "B": 0}],
]


@pytest.mark.independent
@pytest.mark.parametrize("blocks", BLOCKS, ids=["3,6 of 2:1", "2", "2,4", "one arm"])
def test_the_search_finds_what_all_lists_written_out_find(blocks: list[dict[str, int]]) -> None:
    for n in range(1, 8):
        for history in product("AB", repeat=n):
            if not possible(history[:-1], blocks):
                continue
            search = WholeBlocks(blocks)
            assert [search.take(arm) for arm in history[:-1]] == [True] * (n - 1)
            assert search.take(history[-1]) == possible(history, blocks), history


@pytest.mark.property
@given(st.lists(st.sampled_from(["A", "B", None]), min_size=1, max_size=8))
def test_the_search_takes_what_is_not_told_as_any(history: list[str | None]) -> None:
    search = WholeBlocks(BLOCKS[0])
    told = [search.take(arm) for arm in history]
    first = next((i for i, ok in enumerate(told) if not ok), len(history))
    assert all(possible(history[: i + 1], BLOCKS[0]) for i in range(first))
    assert first == len(history) or not possible(history[: first + 1], BLOCKS[0])
