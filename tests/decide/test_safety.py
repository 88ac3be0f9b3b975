"""Safety rules beside a design: who is counted, when a rule speaks, and how it joins a decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.decide.safety import safety_rulings
from equipoise.design import shelf
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.decision import Continue, Decision, Stop
from equipoise.trial.trial import Trial
from safety_trials import RULE, conducted, trial_with

RATES: list[dict[str, Any]] = [
    {"kind": "safety-pocock", "theta0": 0.2, "theta1": 0.5, "n": 12, "phi": 0.1},
    {"kind": "safety-bayes", "theta0": 0.2, "theta1": 0.5, "n": 12, "phi": 0.1, "first": 4, "cohort": 3},
    {"kind": "safety-sprt", "theta0": 0.2, "theta1": 0.5, "n": 12, "alpha": 0.1, "power": 0.8, "cohort": 2},
]
LOWER = {"kind": "safety-sprt", "theta0": 0.2, "theta1": 0.5, "n": 12, "alpha": 0.1, "power": 0.9, "lower": True}


def spoke_in_turn(rule: dict[str, Any], events: list[bool]) -> bool:
    """Whether the shelf's rule stops patients who are taken in turn, each of them known."""
    d = shelf.build(rule["kind"], rule)
    for n, least, low in zip(d.sizes, d.stops_at, [d.low_at(m) for m in d.sizes], strict=True):  # type: ignore[attr-defined]
        if n > len(events):
            return False
        x = sum(events[:n])
        if x >= least:
            return True
        if x <= low:
            return False
    return False


patients = st.lists(
    st.tuples(st.integers(0, 20), st.booleans(), st.integers(1, 60), st.integers(0, 40)), min_size=1, max_size=14
)


def told(drawn: list[tuple[int, bool, int, int]]) -> list[tuple[str, int, int | None, int]]:
    """Patients as ``conducted`` takes them, from steps between entries."""
    day, found = 0, []
    for step, had, after, late in drawn:
        day += step
        found.append(("IMGN901", day, day + after if had else None, late))
    return found


@pytest.mark.property
@pytest.mark.parametrize("rule", [*RATES, LOWER])
@given(drawn=patients)
def test_over_a_whole_trial_it_speaks_exactly_when_the_shelfs_rule_stops(rule: dict[str, Any], drawn: Any) -> None:
    trial = trial_with({"rule": rule, "within": "60 days"})
    log = conducted(trial, told(drawn)).log
    end = trial.start + timedelta(days=700)
    (said,) = safety_rulings(trial, cut(trial, log, end))
    assert said.speaks == spoke_in_turn(rule, [had for _, had, _, _ in drawn])
    assert said.reading.counts["followed"] == 0


@pytest.mark.property
@pytest.mark.parametrize("rule", RATES)
@given(drawn=patients, days=st.lists(st.integers(0, 400), min_size=2, max_size=5))
def test_once_it_speaks_it_goes_on_speaking_and_never_before_it_is_certain(
    rule: dict[str, Any], drawn: Any, days: list[int]
) -> None:
    trial = trial_with({"rule": rule})
    log = conducted(trial, told(drawn)).log
    said = [safety_rulings(trial, cut(trial, log, trial.start + timedelta(days=d)))[0].speaks for d in sorted(days)]
    assert said == sorted(said)
    assert not said[-1] or spoke_in_turn(rule, [had for _, had, _, _ in drawn])


@pytest.mark.property
@given(drawn=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 40)), min_size=1, max_size=25))
def test_events_between_arms_are_taken_in_the_order_in_which_they_became_known(drawn: Any) -> None:
    rule = {"kind": "safety-imbalance", "n": 80, "control_n": 40, "events": 20, "false_alarm": 0.1, "first": 2}
    trial = trial_with({"rule": rule, "arm": None, "between": ["IMGN901", "CE"]})
    day, people = 0, []
    for tested, step, after in drawn:
        day += step
        people.append(("IMGN901" if tested else "CE", day, day + after, 0))
    end = trial.start + timedelta(days=day + 60)
    (said,) = safety_rulings(trial, cut(trial, conducted(trial, people).log, end))
    d = trial.safety[0].design
    order = sorted(range(len(people)), key=lambda i: (people[i][2], i))
    tested = [people[i][0] == "IMGN901" for i in order]
    crossed = [sum(tested[:n]) >= least for n, least in zip(d.sizes, d.stops_at, strict=True) if n <= len(tested)]
    assert said.speaks == any(crossed)


def test_an_event_counts_within_its_window_only_and_the_living_are_followed_until_it_ends() -> None:
    trial = trial_with({"within": "30 days"})
    conduct = conducted(
        trial, [("IMGN901", 0, 30, 0), ("IMGN901", 0, 31, 0), ("CE", 1, 3, 0), ("IMGN901", 10, None, 0)]
    )
    for day, followed in ((40, 1), (41, 0)):
        (said,) = safety_rulings(trial, cut(trial, conduct.log, trial.start + timedelta(days=day)))
        counts = said.reading.counts
        assert (counts["watched"], counts["events"], counts["followed"]) == (3, 1, followed)
        assert counts["with_event"] == ["P000"]


def test_who_had_no_dose_is_not_watched_among_the_treated(north: Trial) -> None:
    conduct = conducted(north, [("IMGN901", 0, None, 0)])
    conduct._allocation = type("Tested", (), {"give": lambda *_: "IMGN901"})()
    on = north.start + timedelta(days=3)
    from helpers import moment

    conduct.screen("X", "S01", on, moment(on), "test")
    conduct.enrol("X", on, moment(on), "test", {"ecog": "0-1", "ldh": "normal"})
    conduct.randomise("X", on, moment(on), "test")
    everybody = trial_with({"among": "randomised"})
    (treated,) = safety_rulings(north, cut(north, conduct.log, on))
    (randomised,) = safety_rulings(everybody, cut(everybody, conduct.log, on))
    assert treated.reading.watched == 1
    assert randomised.reading.watched == 2


@pytest.fixture(scope="module")
def toxic(plan: Any) -> SimulatedTrial:
    """One whose first look goes on by its rates while the safety rule speaks."""
    many = (run(plan("toxic"), k) for k in range(100))
    found = next(
        t.replicate for t in many
        if isinstance(t.looks[0].decision.action, Continue) and any("Safety rule" in c for c in t.looks[0].decision.cautions)
    )  # fmt: skip
    return run(plan("toxic"), found, detail=True)


def test_a_rule_that_speaks_cautions_and_one_that_stops_wins(toxic: SimulatedTrial, north: Trial) -> None:
    snap = cut(north, toxic.log, toxic.looks[0].cutoff)
    cautious, plain = decide(north, snap, 1), decide(north.model_copy(update={"safety": ()}), snap, 1)
    assert isinstance(cautious, Decision)
    assert isinstance(plain, Decision)
    assert isinstance(plain.action, Continue)
    assert cautious.action == plain.action
    assert cautious.because == plain.because
    assert any("Safety rule toxic-death" in c and "This is a caution" in c for c in cautious.cautions)
    stopping = trial_with({"does": "stop"})
    stopped = decide(stopping, cut(stopping, toxic.log, toxic.looks[0].cutoff), 1)
    assert isinstance(stopped, Decision)
    assert stopped.action == Stop("safety")
    assert "Safety rule toxic-death" in stopped.because[0]
    assert set(plain.because) <= set(stopped.because)


def test_a_silent_rule_changes_nothing_of_a_decision(plan: Any, north: Trial) -> None:
    trial = run(plan("target"), 0)
    snap = cut(north, trial.log, trial.looks[0].cutoff)
    with_rule, without = decide(north, snap, 1), decide(north.model_copy(update={"safety": ()}), snap, 1)
    assert isinstance(with_rule, Decision)
    assert isinstance(without, Decision)
    for name in ("action", "because", "distance", "unit", "evidence", "beside"):
        assert getattr(with_rule, name) == getattr(without, name)
    assert not any("Safety rule" in c for c in with_rule.cautions)


@pytest.mark.parametrize(
    ("looks", "day", "due"),
    [
        ("each event", 20, "no event since the look before"),
        ("each event", 26, ""),
        ("monthly", 29, "not before 2012-04-29"),
        ("monthly", 30, ""),
        ({"each": 4}, 20, "3 of 4 more patients are known since the look before"),
        ({"each": 3}, 20, ""),
    ],
)
def test_when_it_looks(looks: Any, day: int, due: str) -> None:
    trial = trial_with({"looks": looks})
    conduct = conducted(trial, [("IMGN901", 0, 25, 1), ("IMGN901", 5, None, 0), ("IMGN901", 9, None, 0)])
    (said,) = safety_rulings(trial, cut(trial, conduct.log, trial.start + timedelta(days=day)))
    assert said.due == due


def test_norths_rule_is_as_it_says() -> None:
    d = shelf.build("safety-bayes", RULE["rule"])
    assert d.stop_probability(0.05) <= 0.05  # type: ignore[attr-defined]
    assert d.stops_at[:3] == (2, 3, 3)  # type: ignore[attr-defined]  # 2 of 1: none; no two deaths alone
