"""[[safety]] in a trial file: read, refused with every problem at once, and silent where it is not said."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.problem import BadInput
from helpers import moment
from safety_trials import trial_with, with_rules

IMBALANCE = {"kind": "safety-imbalance", "n": 80, "control_n": 40, "events": 25}

#: Of a trial without [[safety]]: what it was before safety rules were known.
UNCHANGED = {
    "merkel": "aa01ef743d65",
    "myeloma": "48934e470beb",
    "colon": "b9f8722406aa",
}


def problems_of(raw: dict[str, Any]) -> dict[str, str]:
    """The problems of a file: where → code."""
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "variant")
    return {p.where: p.code for p in bad.value.problems}


def test_norths_rule_is_read_and_built(north: Any) -> None:
    (rule,) = north.safety
    assert rule.does == "caution"
    assert rule.arms == ("IMGN901",)
    assert rule.design.sizes == tuple(range(1, 81))
    assert north.model_copy(update={"title": "x"}).safety[0].design == rule.design


@pytest.mark.parametrize("name", UNCHANGED)
def test_files_that_do_not_say_it_keep_their_fingerprints(name: str) -> None:
    assert read_trial(find_trial(name)).fingerprint.startswith(UNCHANGED[name])


def test_a_rule_is_part_of_the_fingerprint(north: Any) -> None:
    one, other = trial_with({}), trial_with({"does": "stop"})
    assert len({one.fingerprint, other.fingerprint, trial_from(with_rules(), "variant").fingerprint}) == 3


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"rule": {"kind": "simon", "p0": 0.1}}, "safety[0].rule.kind", "no-safety-rule"),
        ({"rule": {"kind": "safety-bays"}}, "safety[0].rule.kind", "no-safety-rule"),
        ({"rule": {}}, "safety[0].rule.kind", "no-safety-rule"),
        ({"rule": {"kind": "safety-pocock", "theta0": 2.0, "theta1": 0.2, "n": 80}}, "safety[0].rule.theta0", "out-of-range"),
        ({"arm": "IMGN"}, "safety[0].arm", "unknown-arm"),
        ({"rule": IMBALANCE}, "safety[0].arm", "safety-arm"),
        ({"arm": None, "between": ["IMGN901", "CE"]}, "safety[0].between", "safety-arm"),
        ({"rule": IMBALANCE, "arm": None, "between": ["CE", "IMGN901"]}, "safety[0].between", "safety-between"),
        ({"rule": IMBALANCE, "arm": None, "between": ["IMGN901", "EC"]}, "safety[0].between", "unknown-arm"),
        ({"arm": None}, "safety[0]", "not-allowed"),
        ({"does": "pause"}, "safety[0]", "not-allowed"),
        ({"does": "stop", "review": "4 weeks"}, "safety[0]", "not-allowed"),
        ({"looks": "weekly"}, "safety[0].looks", "not-allowed"),
        ({"looks": {"each": 0}}, "safety[0].looks", "not-allowed"),
        ({"counts": {"terms": [" infection"]}}, "safety[0].counts", "not-allowed"),
        ({"counts": {"fatal": True, "serious": False}}, "safety[0].counts", "not-allowed"),
        ({"counts": {}}, "safety[0].counts", "not-allowed"),
        ({"counts": {"grade": 3}}, "safety[0].counts.grade", "unknown-key"),
        (
            {"rule": {"kind": "safety-sprt", "theta0": 0.1, "theta1": 0.3, "n": 40, "lower": True}},
            "safety[0].within", "no-window",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_where(change: dict[str, Any], where: str, code: str) -> None:
    found = problems_of(with_rules(change))
    assert found.get(where) == code, found


def test_all_problems_at_once() -> None:
    raw = with_rules({"arm": "x"}, {"rule": {"kind": "simon"}}, {"rule": IMBALANCE})
    assert problems_of(raw) == {
        "safety[1].name": "duplicate-name",
        "safety[2].name": "duplicate-name",
        "safety[0].arm": "unknown-arm",
        "safety[1].rule.kind": "no-safety-rule",
        "safety[2].arm": "safety-arm",
    }


def test_an_imbalance_rule_in_a_trial_of_one_arm() -> None:
    raw = with_rules({"rule": IMBALANCE, "arm": None, "between": ["IMGN901", "CE"]})
    raw["arms"] = raw["arms"][:1]
    raw["monitoring"].pop("control_cohort")
    raw.pop("control_check")
    raw["history"].pop("borrowing")
    found = problems_of(raw)
    assert found["safety[0].rule.kind"] == "safety-one-arm"


def test_a_rule_beside_cohorts_is_refused_in_words() -> None:
    assert problems_of(with_rules({}, cohorts=[]))["safety"] == "safety-with-cohorts"


def test_a_pause_is_reviewed() -> None:
    assert trial_with({"does": "pause", "review": "4 weeks"}).safety[0].review.days == 28  # type: ignore[union-attr]


def test_a_look_at_a_rule_that_there_is_not_is_refused(north: Any) -> None:
    now = moment(north.start)
    conduct = Conduct.open(north, now, "test")
    data = {"rule": "toxic", "speaks": False, "does": "caution", "events": 0, "watched": 0, "cutoff": "2012-04-01", "known_on": "2012-04-01"}  # fmt: skip
    with pytest.raises(Refused, match="toxic-death"):
        conduct.order("safety look", north.start, now, "test", data=data)
    conduct.order("safety look", north.start, now, "test", data={**data, "rule": "toxic-death"})
    with pytest.raises(Refused, match="stands"):
        conduct.correct(2, now, "test", "why", void=True)
    assert [p.code for _, p in replay(trial_with({"name": "other"}), list(conduct.log))] == ["unknown-safety-rule"]
