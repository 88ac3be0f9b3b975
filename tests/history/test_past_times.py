"""Published arms as events and time at risk, the third answer for times, and borrowing as prespecified."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from equipoise.analyse.between_arms import arrays
from equipoise.analyse.survival import observations
from equipoise.cli.main import run as cli
from equipoise.files.history_file import library_of
from equipoise.files.log_file import write_new_log
from equipoise.files.trial_file import trial_from
from equipoise.history.answers import Count
from equipoise.history.answers_of_times import hazard_answers
from equipoise.history.hazards import ArmHazard, PastTimes, hazards, past_times
from equipoise.history.library import HistoricalArm, HistoryLibrary
from equipoise.history.rates import Choice, LeftOut, Shape
from equipoise.history.three_answers import all_answers, borrowing_of, prespecified, prespecified_text, with_library
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.simulate.run import run
from equipoise.trial.duration import Duration
from equipoise.trial.problem import BadInput
from equipoise.trial.snapshot import Snapshot, snapshot
from variants import NORTH


@pytest.fixture(scope="module")
def virtual(plan: Any) -> Any:
    return run(plan("target"), 0, detail=True)


@pytest.fixture(scope="module")
def snap(virtual: Any) -> Snapshot:
    return snapshot(virtual.log, virtual.looks[-1].cutoff)


def arm(name: str = "A", **changes: Any) -> HistoricalArm:
    raw = {
        "name": name, "trial": name, "treatment": "x", "n": 200, "published": 2010, "citation": "c", "verified": "abstract read",
        **{k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()},
    }  # fmt: skip
    return HistoricalArm.model_validate(raw)


def library(*arms: HistoricalArm) -> HistoryLibrary:
    raw = {"format": 1, "id": "x", "title": "x", "compiled": date(2026, 1, 1), "arms": arms}
    return HistoryLibrary.model_validate(raw)


def one(of: HistoricalArm, shape: float | None = 1.0, **asked: Any) -> ArmHazard | LeftOut:
    choice = Choice(("PFS",), Duration.parse("6 months"), shape=None if shape is None else Shape(shape), **asked)
    found, out = hazards(library(of), choice)
    return found[0] if found else out[0]


@pytest.mark.independent
@pytest.mark.parametrize("shape", [1.0, 1.5])
def test_an_arm_is_worth_the_events_that_its_number_is_precise(shape: float) -> None:
    """20,000 Weibull arms of 151: the spread of the log hazard read off the median, and off the rate at six months."""
    rng, n, median = np.random.default_rng(4), 151, 5.0
    scale = median / math.log(2) ** (1 / shape)
    times = scale * rng.exponential(size=(20000, n)) ** (1 / shape)
    medians = np.partition(times, n // 2, axis=1)[:, n // 2]
    by_median = one(arm(n=n, medians=[{"endpoint": "PFS", "value": "5 months"}]), shape)
    assert isinstance(by_median, ArmHazard)
    assert by_median.hazard == pytest.approx(math.log(2) / median**shape)
    assert by_median.exposure == pytest.approx(by_median.events / by_median.hazard)
    log_hazard = math.log(math.log(2)) - shape * np.log(medians)
    assert 1 / log_hazard.var() == pytest.approx(by_median.events, rel=0.03)
    rate = float(np.exp(-((6 / scale) ** shape)))
    alive = (times > 6).mean(axis=1)
    by_rate = one(arm(n=n, rates=[{"endpoint": "PFS", "at": "6 months", "rate": rate}]), shape)
    assert isinstance(by_rate, ArmHazard)
    assert by_rate.hazard == pytest.approx(math.log(2) / median**shape)
    assert 1 / np.log(-np.log(alive)).var() == pytest.approx(by_rate.events, rel=0.04)


def test_what_is_taken_of_an_arm() -> None:
    """A median before a rate; its interval before n; the rate next to the landmark; nothing from memory unless asked."""
    wide = {"endpoint": "PFS", "value": "5 months", "lower": "4 months", "upper": "6.25 months"}
    rates = [{"endpoint": "PFS", "at": f"{t} months", "rate": r} for t, r in ((3, 0.7), (7, 0.4), (12, 0.2))]
    found = one(arm(medians=[wide], rates=rates))
    assert isinstance(found, ArmHazard)
    assert found.events == pytest.approx((2 * 1.959963984540054 / math.log(6.25 / 4)) ** 2)
    assert "its interval" in found.how
    # 219 patients' median, known to a tenth of a month, because scans are on fixed days: no 5,000 events
    narrow = {"endpoint": "PFS", "value": "5.6 months", "lower": "5.5 months", "upper": "5.7 months"}
    found = one(arm(n=219, medians=[narrow]), 1.5)
    assert isinstance(found, ArmHazard)
    assert found.events == pytest.approx(219 * math.log(2) ** 2)
    assert "narrower than 219 patients can give" in found.how
    found = one(arm(medians=[wide], rates=rates), None)
    assert isinstance(found, ArmHazard)
    assert found.how.startswith("40.0% at 7 months")
    memory = "from memory: unverified"
    found = one(arm(medians=[{**wide, "verified": memory}], rates=rates))
    assert isinstance(found, ArmHazard)
    assert "7 months" in found.how
    left = one(arm(medians=[{**wide, "verified": memory}]))
    assert isinstance(left, LeftOut)
    assert "unverified" in left.why
    assert isinstance(one(arm(medians=[{**wide, "verified": memory}]), unverified=True), ArmHazard)
    left = one(arm(medians=[{**wide, "endpoint": "OS"}]))
    assert isinstance(left, LeftOut)
    assert "neither median nor rate" in left.why


@pytest.mark.independent
@pytest.mark.parametrize("shape", [1.0, 1.5])
@pytest.mark.thorough
def test_the_third_answer_for_times_by_hand(north: Any, snap: Snapshot, shape: float) -> None:
    """Pooled: inverse-variance means of log hazards of t^k, history's by their medians and n, in days."""
    found = library_of(north, "north")
    assert found is not None
    trial = with_library(north, "ed-sclc", {"shape": shape})
    past = past_times(trial, found, "PFS")
    ours = {a.arm: a for a in past.arms}
    assert list(ours) == ["Niell-2005-EP", "Hanna-2006-EP", "Eckardt-2006-EP", "Lara-2009-EP", "Spigel-2011-placebo"]
    ns, medians = [282, 110, 395, 327, 50], [5.9, 4.6, 25.1 * 7 / 30.4375, 5.2, 4.4]
    d = np.array(ns) * math.log(2) ** 2
    assert [a.events for a in past.arms] == pytest.approx(d)
    answers = hazard_answers(trial, snap, "PFS", (), Borrowing("pooled"), 0.05, past)
    assert answers is not None
    both = answers.answers[2]
    assert both.against == "both combined (5 historical arms)"
    by_arm = observations(north, snap, north.time_to_event("PFS"))
    (tt, te), (ct, ce) = arrays(by_arm["IMGN901"]), arrays(by_arm["CE"])
    logs = [math.log(math.log(2) / (m * 30.4375) ** shape) for m in medians]
    own, now = (math.log(e.sum() / (t**shape).sum()) for t, e in ((tt, te), (ct, ce)))
    mean = (float(d @ logs) + ce.sum() * now) / (d.sum() + ce.sum())
    sd = math.sqrt(1 / te.sum() + 1 / (d.sum() + ce.sum()))
    # N(0, 10²) before history moves next to nothing
    assert both.estimate == pytest.approx(math.exp(own - mean), rel=3e-4)
    assert both.evidence == pytest.approx(norm.cdf((mean - own) / sd), abs=3e-4)
    z = norm.ppf(0.95)
    assert both.interval == pytest.approx((math.exp(own - mean - z * sd), math.exp(own - mean + z * sd)), rel=4e-4)
    said = "; ".join(both.leans_on)
    assert "5 arms of ed-sclc with 1164 patients, PFS or TTP, enter as 559 events" in said
    assert ("of stated shape 1.5" in said) == (shape == 1.5)
    shown = re.search(r"own times have shape (\d\.\d\d) \((\d\.\d\d) to (\d\.\d\d)\)(, which contradicts)?", said)
    assert shown is not None
    low, high = float(shown[2]), float(shown[3])
    assert (shown[4] is not None) == (not low <= shape <= high)
    assert low > 1, "progression is seen at scans: the hazard is no constant"


@pytest.mark.property
@given(st.floats(0.4, 2.5), st.floats(1.5, 12), st.integers(20, 500))
def test_the_median_that_went_in_comes_out(shape: float, median: float, n: int) -> None:
    found = one(arm(n=n, medians=[{"endpoint": "PFS", "value": f"{median:.6f} months"}]), shape)
    assert isinstance(found, ArmHazard)
    assert (math.log(2) / found.hazard) ** (1 / shape) == pytest.approx(median, rel=1e-6)
    assert found.events < n


def test_numbers_and_libraries_in_their_order(north: Any, snap: Snapshot) -> None:
    """Given events before the library; OS is its own endpoint; nothing to borrow leaves two answers."""
    found = library_of(north, "north")
    assert found is not None
    rate, pfs, os = all_answers(north, snap, library=found)
    assert rate.answers[2].against == "both combined (5 historical arms)"
    assert pfs.past is not None
    assert os.past is not None
    assert {a.arm for a in os.past.arms} > {a.arm for a in pfs.past.arms}
    assert any(a.how.startswith("47.0% at 12 months") for a in os.past.arms)
    given_events = all_answers(north, snap, [Count(44, 100)], [300], library=found)
    assert given_events[0].answers[2].against == "both combined (1 historical arm)"
    assert given_events[1].answers[2].against == "both combined (1 historical curve)"
    assert given_events[1].past is None
    assert [len(a.answers) for a in all_answers(north, snap)] == [2, 2, 2]
    empty = hazard_answers(north, snap, "PFS", (), Borrowing(), 0.05, PastTimes((), 1.0, ()))
    assert empty is not None
    assert len(empty.answers) == 2


def test_borrowing_is_as_prespecified_or_says_so(north: Any, snap: Snapshot) -> None:
    own = prespecified(north)
    assert own == Borrowing()
    assert borrowing_of(north) == (own, "as prespecified in the trial file")
    assert borrowing_of(north, {"weight": 0.2, "a0": 0.3})[1] == "as prespecified in the trial file"
    changed, standing = borrowing_of(north, {"weight": 0.5})
    assert changed == replace(Borrowing(), weight=0.5)
    assert standing.startswith(
        "not as prespecified (a robust meta-analytic-predictive prior (tau half-normal of scale 0.5; 20%"
    )
    assert borrowing_of(north, {"method": "power", "a0": 0.3})[0].a0 == 0.3
    bare = north.model_copy(update={"history": north.history.model_copy(update={"borrowing": None})})
    assert prespecified(bare) is None
    assert borrowing_of(bare)[1].startswith("not prespecified")
    found = {a.standing for a in all_answers(north, snap, library=library_of(north, "north"))}
    assert found == {"as prespecified in the trial file"}
    # a file that does not say it keeps its fingerprint
    assert "borrowing" not in bare.model_dump(mode="json")["history"]
    assert north.model_dump(mode="json")["history"]["borrowing"] == {
        "method": "robust-map", "weight": 0.2, "tau": "half-normal", "tau_scale": 0.5,
    }  # fmt: skip


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"method": "robust-map"}, ["`weight` is needed", "`tau` is needed", "`tau_scale` is needed"]),
    ({"method": "power", "a0": 0.5, "weight": 0.2, "tau": "uniform"}, ["`weight` does not go", "`tau` does not go"]),
    ({"method": "power", "a0": 1.5}, ["must be at most 1"]),
    ({"method": "robust"}, ["'robust-map', 'map', 'power'"]),
    ({"method": "map", "tau": "half-normal", "tau_scale": 0.5, "wieght": 0.2}, ["weight"]),
]


@pytest.mark.parametrize(("stated", "said"), CASES)
def test_a_borrowing_half_stated_is_refused(stated: dict[str, Any], said: list[str]) -> None:
    raw = {**NORTH, "history": {**NORTH["history"], "borrowing": stated}}
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "a file")
    text = str(bad.value)
    assert all(part in text for part in said), text


def test_check_says_what_is_prespecified(north: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["check", "north", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["borrowing"]
    assert said == (
        "Borrowing, prespecified: a robust meta-analytic-predictive prior (tau half-normal of scale 0.5; 20% of it vague); of "
        "the rate the prior is worth 55 patients (ELIR; 10 by moments, 303 by Morita)."
    )
    bare = north.model_copy(update={"history": north.history.model_copy(update={"borrowing": None})})
    assert prespecified_text(bare, None) == ""


def test_borrowing_needs_controls_and_something_to_borrow() -> None:
    history = {k: v for k, v in NORTH["history"].items() if k != "from"}
    raw = {**NORTH, "history": history, "arms": [{**a, "tested": True} for a in NORTH["arms"]]}
    raw = {k: v for k, v in raw.items() if k not in ("assumptions", "sources")}
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "a file")
    assert {"borrowing-without-control", "borrowing-from-nothing"} <= {p.code for p in bad.value.problems}


@pytest.mark.thorough
def test_the_command_shows_the_arms_and_the_standing(
    virtual: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    write_new_log(log, virtual.log)
    asked = ["answers", "north", "--log", str(log)]
    assert cli([*asked, "--history", "ed-sclc", "--arm", "Lara-2009-EP", "--arm", "Sun-2016-EP", "--json"]) == 0
    rate, pfs, _ = json.loads(capsys.readouterr().out)["questions"]
    assert rate["answers"][2]["against"] == "both combined (2 historical arms)"
    assert [a["arm"] for a in pfs["past"]["arms"]] == ["Lara-2009-EP", "Sun-2016-EP"]
    assert pfs["past"]["arms"][0]["events"] == pytest.approx(327 * math.log(2) ** 2)
    assert pfs["standing"] == "as prespecified in the trial file"
    assert cli([*asked, "--method", "pooled"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "published arms as events and time at risk" in said
    assert "Borrowing: not as prespecified (a robust" in said
    assert cli([*asked, "--history", "ed-sclc", "--history", "3/9"]) == 2
    assert cli([*asked, "--history", "3/9", "--arm", "Lara-2009-EP"]) == 2
    assert cli([*asked, "--arm", "Lara-2009"]) == 2
    assert cli([*asked, "--history", "no-such-library"]) == 2
    assert cli(["answers", "colon", "--tested", "3/9"]) == 2
