"""Overall survival watched for harm beside a design: never lost by rounding, by skipping, or by what another rule says."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.decide.safety import look_data, safety_rulings
from equipoise.decide.watch.survival import watched_endpoint
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.decision import Decision, Declare, Stop
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from safety_trials import conducted, trial_with, with_rules

NAME = "survival"
HARM: dict[str, Any] = {"kind": "safety-survival", "margin": 1.3, "benefit": 0.8, "allocation": "2:1"}
#: Flags whatever is seen: any ratio above a twentieth, as it were.
ALWAYS = {**HARM, "benefit": 0.05, "margin": 1.01, "false_alarm": 0.45}


def beside(rule: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A rule on overall survival in NORTH's file."""
    none = dict.fromkeys(("arm", "counts", "among", "looks", "within"))
    return {**none, "name": NAME, "label": "Death", "between": ["IMGN901", "CE"], "rule": rule, **changes}


def north_with(deaths: Sequence[int], **changes: Any) -> Trial:
    return trial_with(beside({**HARM, "deaths": list(deaths)}, **changes))


def sequential(*rules: dict[str, Any]) -> Trial:
    """The example of a group-sequential trial with these rules beside its design."""
    raw = copy.deepcopy(dict(read_toml(find_trial("kinds/group-sequential"), "a trial file")))
    raw["safety"] = tuple(
        {"name": NAME, "label": "Death", "between": ("T", "C"), "does": "caution", **r} for r in rules
    )
    raw["assumptions"][0]["of"] = (*raw["assumptions"][0]["of"], "safety")
    return trial_from(raw, "a test")


@cache
def done(harm: bool, *rules: tuple[tuple[int, ...], str]) -> SimulatedTrial:
    """A simulated group-sequential trial with rules (deaths, does); where there is harm the arms' hazards change places."""
    trial = sequential(
        *({"name": f"r{i}", "rule": {**HARM, "deaths": d}, "does": does} for i, (d, does) in enumerate(rules))
    )
    *_, truth = own_scenarios(trial)
    if harm:
        truth = truth.model_copy(update={"arms": {"T": truth.arms["C"], "C": truth.arms["T"]}})
    return run(Plan.of(trial, truth, seed=7), 1, detail=True)


# -- the file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"counts": {"fatal": True}}, "counts", "safety-counts"),
        ({"among": "treated"}, "among", "safety-among"),
        ({"looks": "monthly"}, "looks", "safety-looks"),
        ({"within": "60 days"}, "within", "safety-within"),
        ({"endpoint": "PFS"}, "endpoint", "safety-endpoint"),
        ({"endpoint": "XX"}, "endpoint", "unknown-endpoint"),
        ({"between": ["CE", "IMGN901"]}, "between", "safety-between"),
        ({"between": None, "arm": "IMGN901"}, "arm", "safety-arm"),
        ({"rule": {**HARM, "deaths": [6], "allocation": "1:1"}}, "rule.allocation", "allocation"),
        ({"rule": {**HARM, "deaths": [9, 6]}}, "rule.deaths", "deaths"),
    ],
)
def test_what_is_wrong_is_said_and_where(change: dict[str, Any], where: str, code: str) -> None:
    with pytest.raises(BadInput) as bad:
        trial_from(with_rules({**beside({**HARM, "deaths": [6, 12]}), **change}), "a test")
    found = {p.where: p.code for p in bad.value.problems}
    assert found.get(f"safety[0].{where}") == code, found


def test_all_problems_at_once_of_this_rule_and_of_one_that_needs_counts() -> None:
    mine = beside({**HARM, "deaths": [6]}, counts={"fatal": True}, looks="monthly", endpoint="ORR")
    raw = with_rules(mine, {"counts": None, "endpoint": "OS"})
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "a test")
    assert {p.where for p in bad.value.problems} == {
        "safety[0].counts", "safety[0].looks", "safety[0].endpoint", "safety[1].counts", "safety[1].endpoint",
    }  # fmt: skip


def test_the_only_time_to_death_need_not_be_named_and_of_two_one_must_be() -> None:
    trial = north_with([6])
    found = watched_endpoint(trial.safety[0], trial.endpoints)
    assert found is not None
    assert found.name == "OS"
    raw = with_rules(beside({**HARM, "deaths": [6]}))
    (os,) = (e for e in raw["endpoints"] if e["name"] == "OS")
    raw["endpoints"] = [*raw["endpoints"], {**os, "name": "OS2"}]
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "a test")
    assert [(p.where, p.given) for p in bad.value.problems] == [("safety[0].endpoint", "nothing")]
    raw["safety"][0]["endpoint"] = "OS2"
    assert trial_from(raw, "a test").safety[0].endpoint == "OS2"


# -- what it sees and when it speaks ------------------------------------------------------------------------------

deaths = st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 60)), min_size=2, max_size=25)


@pytest.mark.property
@given(drawn=deaths, days=st.lists(st.integers(0, 300), min_size=1, max_size=3))
def test_it_speaks_where_the_unrounded_ratio_reaches_the_threshold_at_the_deaths_attained(
    drawn: Any, days: list[int]
) -> None:
    """Whatever numbers were passed unlooked at, and whatever was said before."""
    trial = north_with([4, 6, 9, 14])
    day, people = 0, []
    for tested, step, after in drawn:
        day += step
        people.append(("IMGN901" if tested else "CE", day, day + after, 0))
    log = conducted(trial, people).log
    design: Any = trial.safety[0].design
    for at in days:
        (said,) = safety_rulings(trial, cut(trial, log, trial.start + timedelta(days=at)))
        d = sum(p[2] <= at for p in people)
        assert said.reading.counts["events"] == d
        ratio = said.reading.counts["log_hazard_ratio"]
        expected = d >= 4 and ratio >= design.log_threshold(d, d >= 14)
        assert said.speaks == expected
        assert said.reading.ended == (d >= 14 and not expected)


def test_a_threshold_is_not_rounded() -> None:
    """A ratio that differs from the threshold in the ninth decimal is on its side of it."""
    people = [("IMGN901" if i % 3 else "CE", i, 40 + 3 * i + (7 * i) % 5, 0) for i in range(12)]
    base = north_with([6, 12, 20])
    end = base.start + timedelta(days=200)
    (seen,) = safety_rulings(base, cut(base, conducted(base, people).log, end))
    log_hr = seen.reading.counts["log_hazard_ratio"]
    for shift, speaks in ((-1e-9, True), (1e-9, False)):
        # benefit · exp(z se) is the threshold: so that it lies that little below or above what is seen
        design: Any = base.safety[0].design
        benefit = math.exp(log_hr + shift - (design.log_threshold(12) - math.log(0.8)))
        trial = trial_with(beside({**HARM, "benefit": benefit, "margin": 3.0, "deaths": [6, 12, 20]}))
        (said,) = safety_rulings(trial, cut(trial, conducted(trial, people).log, end))
        assert said.speaks is speaks
        seen_there, needed = said.reading.because[0].split(" at ")[0].split()[-1], said.reading.because[0].split()[-2]
        assert seen_there != needed


def test_looks_that_were_passed_over_are_no_harm() -> None:
    """Two planned numbers pass between two data cuts: it speaks at the deaths there are."""
    trial = north_with([4, 8, 12, 40])
    people = [("IMGN901" if i % 4 else "CE", i, 30 + 2 * i if i % 4 else 190 + i, 0) for i in range(18)]
    log = conducted(trial, people).log
    early, late = (cut(trial, log, trial.start + timedelta(days=d)) for d in (29, 150))
    (before,) = safety_rulings(trial, early)
    assert (before.speaks, before.due) == (False, "0 of 4 events have come")
    (said,) = safety_rulings(trial, late)
    assert said.reading.counts["events"] == 13
    assert said.reading.counts["look"] == 3
    assert (said.speaks, said.anew, said.due) == (True, True, "")
    assert any("13 deaths came, 12 were planned" in c for c in said.reading.cautions)


def test_after_a_look_the_next_planned_number_is_awaited_and_after_the_last_nothing() -> None:
    trial = north_with([4, 8])
    people = [("IMGN901" if i % 4 else "CE", i, 30 + 2 * i, 0) for i in range(18)]
    conduct = conducted(trial, people)
    for day, due in ((41, "7 of 8 events have come"), (60, "its last planned look has been taken")):
        on = trial.start + timedelta(days=day)
        (said,) = safety_rulings(trial, cut(trial, conduct.log, on))
        assert said.due == ""
        conduct.order("safety look", on, moment(on + timedelta(days=80)), "test", data=look_data(said))
        later = trial.start + timedelta(days=day + 2)
        (after,) = safety_rulings(trial, cut(trial, conduct.log, later, known_on=later + timedelta(days=90)))
        assert after.due == due


def test_a_death_that_the_endpoint_censors_is_said_and_so_is_a_ratio_beyond_its_threshold_before_the_first_look() -> (
    None
):
    trial = north_with([30])
    people = [("IMGN901" if i % 4 else "CE", i, 30 + 2 * i if i % 4 else 190 + i, 0) for i in range(12)]
    people[4] = ("CE", 4, 35, 0)
    conduct = conducted(trial, people)
    (said,) = safety_rulings(trial, cut(trial, conduct.log, trial.start + timedelta(days=250)))
    assert not said.speaks
    assert said.reading.counts["events"] == 12
    assert "already reaches the rule's own threshold there" in said.reading.cautions[0]
    on = trial.start + timedelta(days=20)
    conduct.order("withdrawn", on, moment(trial.start + timedelta(days=251)), "test", patient="P001")
    (said,) = safety_rulings(trial, cut(trial, conduct.log, trial.start + timedelta(days=260)))
    assert said.reading.counts["events"] == 11
    assert any(c.startswith("1 death is recorded on arm IMGN901 that OS does not count") for c in said.reading.cautions)


# -- beside the design --------------------------------------------------------------------------------------------


def declared() -> tuple[SimulatedTrial, Any]:
    """A trial with a benefit whose design declares at an efficacy look, and the snapshot of that look."""
    for k in range(1, 6):
        trial = sequential()
        *_, truth = own_scenarios(trial)
        found = run(Plan.of(trial, truth, seed=7), k, detail=True)
        look = next((x for x in found.looks if isinstance(x.decision.action, Declare)), None)
        if look is not None:
            return found, look
    raise AssertionError("a benefit is found sometimes")


def test_a_flag_that_stops_wins_over_a_declare_and_one_that_cautions_stands_among_the_cautions() -> None:
    found, look = declared()
    for does in ("stop", "caution"):
        trial = sequential({"rule": {**ALWAYS, "deaths": (20, 400)}, "does": does})
        said = decide(trial, cut(trial, found.log, look.cutoff), look.decision.look)
        assert isinstance(said, Decision)
        spoken = said.because if does == "stop" else said.cautions
        assert isinstance(said.action, Stop if does == "stop" else Declare)
        assert any(text.startswith(f"Safety rule {NAME}") and "observed hazard ratio" in text for text in spoken)


def test_another_safety_rule_that_says_nothing_does_not_hide_it() -> None:
    found, look = declared()
    silent = {
        "name": "silent",
        "rule": {**HARM, "margin": 19.0, "benefit": 1.0, "false_alarm": 1e-9, "deaths": (20, 400)},
    }
    loud = {"rule": {**ALWAYS, "deaths": (20, 400)}, "does": "stop"}
    for rules in ((silent, loud), (loud, silent)):
        trial = sequential(*rules)
        snap = cut(trial, found.log, look.cutoff)
        assert sorted(r.speaks for r in safety_rulings(trial, snap)) == [False, True]
        said = decide(trial, snap, look.decision.look)
        assert isinstance(said, Decision)
        assert said.action == Stop("safety")


# -- simulated ----------------------------------------------------------------------------------------------------


def test_the_reference_looks_at_each_planned_number_and_says_what_real_data_are_told() -> None:
    plan_numbers = (20, 50, 80, 120)
    simulated = done(True, (plan_numbers, "caution"))
    trial = sequential({"name": "r0", "rule": {**HARM, "deaths": plan_numbers}})
    *_, truth = own_scenarios(trial)
    assert Plan.of(trial, truth, seed=7).usual
    looks = simulated.safety
    assert [sum(n <= x.events for n in plan_numbers) for x in looks] == [1, 2, 3, 4][: len(looks)]
    assert len(looks) >= 2
    assert any(x.speaks for x in looks)
    for look in looks:
        (said,) = safety_rulings(trial, cut(trial, simulated.log, look.on))
        assert (said.speaks, said.reading.events) == (look.speaks, look.events)
        (eve,) = safety_rulings(trial, cut(trial, simulated.log, look.on - timedelta(days=1)))
        assert eve.reading.events < look.events


def test_a_rule_that_stops_ends_a_simulated_trial_with_harm() -> None:
    numbers = (20, 50, 80, 120)
    stopped, free = done(True, (numbers, "stop")), done(True, (numbers, "caution"))
    first = next(x for x in free.safety if x.speaks)
    assert stopped.stopped
    assert stopped.ended == first.on
