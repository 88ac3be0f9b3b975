"""Enrolment into cohorts: as open as the trial and the cohort leave it, one patient in one cohort, arms balanced in each."""

from __future__ import annotations

import copy
import tomllib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.data import cut, cut_beside
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.conduct.rules import Standing
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.trial import Trial

NOW = datetime(2015, 1, 1, tzinfo=UTC)
DAY = date(2012, 10, 1)
CHANGES = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["open", "paused", "closed"]), st.sampled_from(["", "A", "B"])),
    max_size=12,
)


@given(CHANGES)
def test_enrolment_is_as_open_as_both_leave_it(changes: list[tuple[int, str, str]]) -> None:
    entries = [(DAY + timedelta(days=d), i, state, of) for i, (d, state, of) in enumerate(changes, 1)]
    standing = Standing({}, entries)
    for cohort in ("", "A", "B"):
        for day, number, state in standing.states(cohort):
            last = {"": "open", "A": "open", "B": "open"}
            for d, n, s, of in sorted(entries):
                if (d, n) <= (day, number):
                    last[of] = s
            both = {last[""], last[cohort]}
            assert state == ("closed" if "closed" in both else "paused" if "paused" in both else "open")


def north_by_ecog() -> Trial:
    raw: dict[str, Any] = copy.deepcopy(tomllib.loads(find_trial("north").read_text()))
    raw["assumptions"] = raw["sources"] = []
    raw.pop("safety", None)  # rules beside a design go with no cohorts yet
    own = {"monitoring": {"control_cohort": [10, 20]}, "design": {"n1": 20, "r1": 9, "n": 40, "r": 21}}
    raw["cohorts"] = [
        {"name": "fit", "target_enrolment": 60, "of": {"ecog": "0-1"}, **own},
        {"name": "frail", "target_enrolment": 60, "of": {"ecog": "2"}, **own},
    ]
    return trial_from(raw, "north by ECOG")


def test_levels_tell_the_cohort_and_each_keeps_the_ratio_of_its_arms() -> None:
    trial = north_by_ecog()
    conduct = Conduct.open(trial, NOW, "us", PermutedBlocks(trial, "a secret of sixteen"))
    day = max(s.activation for s in trial.sites)
    site = trial.sites[0].name
    conduct.activate(site, day, NOW, "us")
    for i in range(24):
        name = f"P{i}"
        conduct.screen(name, site, day, NOW, "us")
        entry = conduct.enrol(name, day, NOW, "us", {"ecog": "2" if i % 2 else "0-1", "ldh": "normal"})
        assert entry.data["cohort"] == ("frail" if i % 2 else "fit")
        conduct.randomise(name, day, NOW, "us")
    conduct.screen("Q", site, day, NOW, "us")
    with pytest.raises(Refused, match="patients of ecog=2"):
        conduct.enrol("Q", day, NOW, "us", {"ecog": "0-1", "ldh": "normal"}, cohort="frail")
    assert replay(trial, list(conduct.log)) == []
    for name in trial.cohort_names:
        snap = cut(trial.cohort(name), conduct.log)
        assert len(snap.randomised) == 12
        assert len(snap.on_arm("IMGN901")) == 8, "2:1, after whole blocks of 3 or 6"


def test_cohorts_with_arms_of_their_own() -> None:
    """An umbrella: each cohort its drug, nobody randomised."""
    raw: dict[str, Any] = tomllib.loads(find_trial("create").read_text())
    raw["assumptions"] = raw["sources"] = []
    raw.pop("safety", None)  # rules beside a design go with no cohorts yet
    other = {**raw["arms"][0], "name": "OTH", "label": "Another drug"}
    raw["arms"].append(other)
    for c in raw["cohorts"]:
        c["arms"] = ["OTH" if c["name"] == "ARMS" else "CRZ"]
    trial = trial_from(raw, "umbrella")
    conduct = Conduct.open(trial, NOW, "us")
    conduct.activate("S01", DAY, NOW, "us")
    for cohort in trial.cohort_names:
        conduct.screen(cohort, "S01", DAY, NOW, "us")
        entry = conduct.enrol(cohort, DAY, NOW, "us", cohort=cohort)
        assert entry.data["arm"] == ("OTH" if cohort == "ARMS" else "CRZ")
    conduct.screen("Q", "S01", DAY, NOW, "us")
    with pytest.raises(Refused, match="got 'OTH'; one of CRZ"):
        conduct.order("enrolled", DAY, NOW, "us", patient="Q", data={"factors": {}, "arm": "OTH", "cohort": "IMT"})


def test_one_patient_is_in_one_cohort_and_a_view_holds_its_own_who_count() -> None:
    trial = read_trial(find_trial("create"))
    conduct = Conduct.open(trial, NOW, "us")
    conduct.activate("S01", DAY, NOW, "us")
    levels = {"a": "altered", "b": "not altered", "c": None, "d": "altered"}
    for name, level in levels.items():
        conduct.screen(name, "S01", DAY, NOW, "us", cohort="IMT")
        if name != "d":
            conduct.enrol(name, DAY, NOW, "us", {"marker": level} if level else {}, cohort="IMT")
    conduct.screen("e", "S01", DAY, NOW, "us", cohort="CCS")
    with pytest.raises(Refused, match="enrolled already"):
        conduct.enrol("a", DAY, NOW, "us", {"marker": "altered"}, cohort="CCS")
    view = trial.cohort("IMT")
    snap, beside = cut(view, conduct.log), cut_beside(view, conduct.log)
    assert set(snap.patients) == {"a", "d"}, "one who was only screened is in the flow of the cohort"
    assert [p.name for p in snap.randomised] == ["a"]
    assert set(beside.patients) == {"b", "c"}
    assert snap.head == cut(trial, conduct.log).head, "the data are the whole log's"
    assert sum("1 patient" in n for n in snap.notes) == 2
    assert set(cut(trial.cohort("CCS"), conduct.log).patients) == {"e"}
    assert cut_beside(trial, conduct.log).patients == {}


@pytest.mark.parametrize("kind", ["enrolment paused", "enrolment resumed", "enrolment closed"])
def test_what_is_ordered_of_a_cohort_that_there_is_not(kind: str) -> None:
    conduct = Conduct.open(read_trial(find_trial("create")), NOW, "us")
    with pytest.raises(Refused, match="a cohort of create"):
        conduct.order(kind, DAY, NOW, "us", data={"cohort": "INT"})
    plain = Conduct.open(read_trial(find_trial("merkel")), NOW, "us")
    with pytest.raises(Refused, match="merkel has no cohorts"):
        plain.order(kind, plain.trial.start, NOW, "us", data={"cohort": "IMT"})


def test_a_decision_is_one_cohort_s() -> None:
    conduct = Conduct.open(read_trial(find_trial("create")), NOW, "us")
    data = {"look": 1, "action": "stop", "cutoff": "2014-01-01", "known_on": "2014-01-01"}
    with pytest.raises(Refused, match="got none; a cohort of create"):
        conduct.order("decided", DAY, NOW, "us", data=data)
    assert conduct.order("decided", DAY, NOW, "us", data={**data, "cohort": "IMT"}).data["cohort"] == "IMT"
