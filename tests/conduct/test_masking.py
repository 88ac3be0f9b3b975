"""A masked trial's log tells codes: they say nothing of the arm, and the seed, and no other, reads the arms from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.masking import Key, holds_codes
from equipoise.conduct.place import Place
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.conduct.sealed import Sealed
from equipoise.conduct.secret import Secret
from equipoise.conduct.shape import shape_problems
from equipoise.conduct.unmasking import unmasked
from equipoise.decide.decide import decide
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.arm import Arm
from equipoise.trial.decision import Decision
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED, known_treatments, own_treatments
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from masked_log import SECRET as MADE_WITH
from masked_log import masked, simulated
from sealed import secret_of

TRIAL = read_trial(find_trial("e2511"))
SECRET, ANOTHER = secret_of("e2511"), secret_of("e2511", 2)
NUMBERS = st.integers(0, 10**6)
DAY = date(2014, 2, 1)
NAMES = st.text("PS0123456789-", min_size=1, max_size=8)


def conducted(sexes: str, blocks: PermutedBlocks | None = None, secret: Secret = SECRET) -> Conduct:
    """One patient for each letter, f or m, all with normal LDH; masked unless the arms are given by ``blocks``."""
    c = Conduct.open(TRIAL, moment(DAY), "t", blocks or Sealed(TRIAL, [secret]))
    if blocks is None:
        c.seal(secret, DAY, moment(DAY), "t")
    c.activate("S01", DAY, moment(DAY), "t")
    for i, sex in enumerate(sexes, 1):
        c.screen(f"P{i}", "S01", DAY, moment(DAY), "t")
        c.enrol(f"P{i}", DAY, moment(DAY), "t", {"sex": {"f": "female", "m": "male"}[sex], "ldh": "normal"})
        c.randomise(f"P{i}", DAY, moment(DAY), "t")
    return c


def arms(log: Log) -> dict[str, str]:
    return {e.patient: e.data["arm"] for e in log if e.kind == "randomised"}


def swapped(trial: Trial) -> Trial:
    """The same arms, each called as the other: every patient of the same list is given the other arm's name."""
    first, second = trial.arms
    return trial.model_copy(
        update={
            "arms": (first.model_copy(update={"name": second.name}), second.model_copy(update={"name": first.name}))
        }
    )


@pytest.mark.property
@given(st.text("fm", min_size=1, max_size=24), NUMBERS)
def test_the_log_with_the_key_is_that_of_an_unmasked_twin(sexes: str, number: int) -> None:
    secret = secret_of("e2511", number)
    blind, open_ = conducted(sexes, secret=secret), conducted(sexes, PermutedBlocks(TRIAL, secret))
    codes = [e.data["code"] for e in blind.log if e.kind == "randomised"]
    assert len(set(codes)) == len(sexes)
    assert all(len(c) == 8 for c in codes)
    assert holds_codes(blind.log)
    told = unmasked(TRIAL, blind.log, Sealed(TRIAL, [secret]))
    told_of = [replace(e, number=0) for e in told if e.kind != "sealed"]
    assert told_of == [replace(e, number=0) for e in open_.log]
    assert told.head == blind.log.head != open_.log.head  # the data are named by the record's own chain
    assert not holds_codes(told)


@pytest.mark.property
@given(NAMES, st.integers(0, 300), NUMBERS)
def test_a_code_is_the_same_whatever_the_arm(patient: str, place: int, number: int) -> None:
    """The list is asked for nothing: a key that has none gives the same code."""

    class NoList(Key):
        def give(self, place: Place) -> str:
            raise AssertionError("an arm was asked for")

    seed = secret_of("e2511", number)
    code = NoList(TRIAL, seed).code(patient, "all", place)
    assert code == Key(TRIAL, seed).code(patient, "all", place)
    assert code != Key(TRIAL, secret_of("e2511", number + 1)).code(patient, "all", place)
    assert code != Key(TRIAL, seed).code(patient, "all", place, {code})


def test_codes_do_not_sort_patients_by_arm_or_order() -> None:
    """2000 codes: neither the arm nor the half of the list shows in any letter (chi-square of 8 × 31, alpha 1e-6)."""
    from scipy.stats import chi2_contingency

    key, blocks = Key(TRIAL, SECRET), PermutedBlocks(TRIAL, SECRET)
    codes = [key.code(f"P{i}", "all", i) for i in range(2000)]
    for groups in ([blocks.arm("all", i) == "CEV" for i in range(2000)], [i < 1000 for i in range(2000)]):
        for letter in range(8):
            letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
            counts = [
                [sum(c[letter] == s and g == side for c, g in zip(codes, groups, strict=True)) for s in letters]
                for side in (True, False)
            ]
            assert chi2_contingency(counts).pvalue > 1e-6


def test_another_seed_is_noticed_before_anything_is_given() -> None:
    c = conducted("fmf")
    other = Conduct(TRIAL, Log(c.log), Sealed(TRIAL, [ANOTHER]))
    other.screen("P4", "S01", DAY, moment(DAY), "t")
    other.enrol("P4", DAY, moment(DAY), "t", {"sex": "male", "ldh": "normal"})
    before = len(other.log)
    with pytest.raises(BadInput) as caught:
        other.randomise("P4", DAY, moment(DAY), "t")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("another-secret", "--secret")
    assert len(other.log) == before


@pytest.mark.parametrize(
    "changed",
    [
        swapped(TRIAL),
        TRIAL.model_copy(update={"arms": (TRIAL.arms[0].model_copy(update={"share": 3}), TRIAL.arms[1])}),
        TRIAL.model_copy(update={"randomisation": TRIAL.randomisation.model_copy(update={"block_sizes": (2, 6)})}),  # type: ignore[union-attr]
    ],
    ids=["arms", "shares", "blocks"],
)
def test_a_file_with_another_list_is_noticed(changed: Trial) -> None:
    """Its list would tell other arms than were given: no arm is better than a wrong one."""
    with pytest.raises(BadInput, match="block sizes were changed"):
        unmasked(changed, conducted("fm").log, Sealed(changed, [SECRET]))


def test_the_list_goes_on_where_another_process_ended() -> None:
    whole = conducted("ffmfmmff")
    c = conducted("ffm")
    later = Conduct(TRIAL, Log(c.log), Sealed(TRIAL, [SECRET]))
    for i, sex in enumerate("fmmff", 4):
        later.screen(f"P{i}", "S01", DAY, moment(DAY), "t")
        later.enrol(f"P{i}", DAY, moment(DAY), "t", {"sex": {"f": "female", "m": "male"}[sex], "ldh": "normal"})
        later.randomise(f"P{i}", DAY, moment(DAY), "t")
    assert list(later.log) == list(whole.log)


def test_a_correction_of_the_day_keeps_code_and_arm() -> None:
    c = conducted("ff")
    number = next(e.number for e in c.log if e.kind == "randomised")
    before = arms(unmasked(TRIAL, c.log, Sealed(TRIAL, [SECRET])))
    c.correct(number, moment(DAY + timedelta(3)), "t", "a day late", on=DAY)
    assert arms(unmasked(TRIAL, c.log, Sealed(TRIAL, [SECRET]))) == before
    with pytest.raises(Refused, match="never changed"):
        c.correct(len(c.log), moment(DAY + timedelta(3)), "t", "no", data={"code": "00000000"})


def test_a_dose_tells_nothing() -> None:
    c = conducted("ffmm")
    given_ = {"cycle": 1, "day": 1, "dose": 100, "unit": "mg", "times_a_day": 2}
    answers = set()
    for patient in ("P1", "P2", "P3", "P4"):
        for drug in ("veliparib", "placebo"):
            with pytest.raises(Refused) as caught:
                c.order("treated", DAY, moment(DAY), "t", patient=patient, data={"drug": drug, **given_})
            answers.add(str(caught.value).replace(patient, "").replace(drug, ""))
        c.order("treated", DAY, moment(DAY), "t", patient=patient, data={"drug": MASKED, **given_})
        c.order("treated", DAY, moment(DAY), "t", patient=patient, data={"drug": "cisplatin", "cycle": 1, "day": 1, "dose": 75, "unit": "mg/m2"})  # fmt: skip
    assert len(answers) == 1  # the refusal is the same on either arm
    told = unmasked(TRIAL, c.log, Sealed(TRIAL, [SECRET]))
    own = {"CEV": "veliparib", "CEP": "placebo"}
    for e in told:
        if e.kind == "treated" and e.data["drug"] != "cisplatin":
            assert e.data["drug"] == own[arms(told)[e.patient]]
    assert replay(TRIAL, list(told)) == replay(TRIAL, list(c.log)) == []


def test_masks_cover_a_name_only() -> None:
    cev, cep = TRIAL.arms
    assert set(known_treatments([cev, cep])) == {"cisplatin", "etoposide", MASKED}
    half = cep.model_copy(update={"regimen": (*cep.regimen[:2], cep.regimen[2].model_copy(update={"dose": 50.0}))})
    bare = cep.model_copy(update={"regimen": cep.regimen[:2]})
    for other in (half, bare):
        assert own_treatments([cev, other]) == {}
        assert set(known_treatments([cev, other])) == {"cisplatin", "etoposide"}


def test_an_emergency_is_recorded_without_the_arm() -> None:
    c = conducted("ff")
    event, arm = c.unblind("P2", DAY, moment(DAY), "t", "anaphylaxis")
    assert arm == arms(unmasked(TRIAL, c.log, Sealed(TRIAL, [SECRET])))["P2"]
    assert dict(event.data) == {"reason": "anaphylaxis"}
    assert cut(TRIAL, unmasked(TRIAL, c.log, Sealed(TRIAL, [SECRET])), DAY).notes[-1].endswith("1 patient, P2.")
    for patient, reason, code in (("P9", "x", "not-masked"), ("P1", " ", "no-reason")):
        with pytest.raises(Refused) as caught:
            c.unblind(patient, DAY, moment(DAY), "t", reason)
        assert code in {p.code for p in caught.value.problems}
    with pytest.raises(Refused, match="this event stands"):
        c.correct(event.number, moment(DAY), "t", "did not happen", void=True)
    c.order("died", DAY, moment(DAY), "t", patient="P1")
    c.unblind("P1", DAY + timedelta(2), moment(DAY + timedelta(2)), "t", "to report the death")
    with pytest.raises(Refused, match="secret of this trial"):
        Conduct(TRIAL, Log(c.log)).unblind("P2", DAY, moment(DAY + timedelta(2)), "t", "again")


def test_an_event_tells_an_arm_or_a_code() -> None:
    one: list[dict[str, str]] = [{"arm": "CEV"}, {"code": "ABCDEFGH"}, {"arm": "CEV", "actual": "CEP"}]
    wrong: list[dict[str, str]] = [{}, {"arm": "CEV", "code": "ABCDEFGH"}, {"code": "ABCDEFGH", "actual": "CEP"}]
    for data in one:
        assert list(shape_problems("randomised", {**data, "stratum": "all"})) == []
    for data in wrong:
        assert [p.code for p in shape_problems("randomised", {**data, "stratum": "all"})] == ["arm-or-code"]


def test_the_decision_is_that_of_the_unmasked_trial() -> None:
    """A whole simulated trial, masked as conduct would have: its patients, their doses, and the decision."""
    trial, log = simulated(), masked()
    assert replay(TRIAL, list(log)) == []
    told = unmasked(TRIAL, log, Sealed(TRIAL, [MADE_WITH]))
    assert list(told) == list(trial.log)
    (look,) = trial.looks
    a, b = (decide(TRIAL, cut(TRIAL, some, look.cutoff), 1) for some in (told, trial.log))
    assert isinstance(a, Decision)
    assert isinstance(b, Decision)
    assert replace(a, fingerprints=b.fingerprints) == b
    assert a.fingerprints.data == cut(TRIAL, log, look.cutoff).head != b.fingerprints.data


def test_cohorts_have_masked_treatments_of_their_own() -> None:
    def arm(name: str, *drugs: str) -> Arm:
        regimen = tuple(TRIAL.arms[0].regimen[2].model_copy(update={"drug": d}) for d in drugs)
        return TRIAL.arms[0].model_copy(update={"name": name, "regimen": regimen})

    assert {n: t.drug for n, t in own_treatments([arm("A", "x", "s"), arm("B", "y", "s")]).items()} == {"A": "x", "B": "y"}  # fmt: skip
    assert own_treatments([arm("A", "x", "v"), arm("B", "y", "w")]) == {}


def test_a_log_that_named_arms_goes_on_with_codes() -> None:
    c = conducted("ff", PermutedBlocks(TRIAL, SECRET))
    later = Conduct(TRIAL, Log(c.log), Sealed(TRIAL, [SECRET]))
    later.seal(SECRET, DAY, moment(DAY), "t")
    later.screen("P3", "S01", DAY, moment(DAY), "t")
    later.enrol("P3", DAY, moment(DAY), "t", {"sex": "female", "ldh": "normal"})
    assert "code" in later.randomise("P3", DAY, moment(DAY), "t").data
    assert arms(unmasked(TRIAL, later.log, Sealed(TRIAL, [SECRET]))) == arms(
        conducted("fff", PermutedBlocks(TRIAL, SECRET)).log
    )
