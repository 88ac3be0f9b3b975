"""The road for pooled data against the reference: the same answers for patients as odd as records can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pooled_database import pooled

from equipoise.analyse import best_overall as reference_best
from equipoise.analyse.best_overall import Assessed, BestRule
from equipoise.analyse.columns import best, landmark, run, times
from equipoise.analyse.columns.codes import EPOCH, NEVER, NEWS, RESPONSES
from equipoise.analyse.columns.counted import counted
from equipoise.analyse.columns.fallback import completed
from equipoise.analyse.columns.from_patients import pool_of
from equipoise.analyse.columns.recist import time_points
from equipoise.analyse.columns.run import outcome
from equipoise.analyse.columns.targets import RULES
from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import scans_of
from equipoise.analyse.endpoints import observe as reference_observe
from equipoise.analyse.landmark import landmark_status as reference_status
from equipoise.analyse.populations import membership
from equipoise.analyse.response import best_response as reference_response
from equipoise.analyse.stated import as_stated
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.duration import Duration
from equipoise.trial.endpoint import Censoring, Response, TimeToEvent
from equipoise.trial.estimand import Estimand
from equipoise.trial.named_rules import NAMED_RULES
from equipoise.trial.patient import Patient
from equipoise.trial.population import Condition, Population
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.vocabularies import OURS
from random_patients import CUTOFF, READERS, random_patients

RECIST = CRITERIA["RECIST 1.1"]
NORTH = read_trial(find_trial("north"))
patients = st.builds(
    lambda seed, n: random_patients(Random(seed), n), st.integers(0, 2**32), st.integers(1, 40)
)  # fmt: skip


def _none(value: float) -> float | None:
    return None if np.isnan(value) else value


@pytest.mark.property
@settings(max_examples=40)
@given(patients)
def test_every_time_point_is_that_of_the_reference(people: list[Patient]) -> None:
    pool = pool_of(people, CUTOFF, NORTH, READERS)
    points = time_points(pool)
    for i, patient in enumerate(people):
        for k, reader in enumerate(READERS):
            expected = RECIST.read(scans_of(patient.read_by(reader)))
            rows = np.flatnonzero((pool.assessments.course == i * len(READERS) + k) & points.point)
            assert len(rows) == len(expected), patient.name
            for row, point in zip(rows, expected, strict=True):
                shown = (
                    pool.assessments.day[row] + EPOCH,
                    RESPONSES[points.target[row]],
                    RESPONSES[points.non_target[row]],
                    NEWS[points.new[row]],
                    RESPONSES[points.overall[row]],
                    None if points.progressed_on[row] == NEVER else points.progressed_on[row] + EPOCH,
                    RULES[points.rule[row]],
                )
                assert shown == (
                    point.on.toordinal(),
                    point.target,
                    point.non_target,
                    point.new,
                    point.overall,
                    point.progressed_on and point.progressed_on.toordinal(),
                    point.rules[0],
                ), point.sentence
                for found, told in (
                    (points.sum, point.sum), (points.nadir, point.nadir), (points.baseline_sum, point.baseline_sum)
                ):  # fmt: skip
                    assert _none(found[row]) == (None if told is None else pytest.approx(told, abs=1e-9)), (
                        point.sentence
                    )


TRIGGERS = (
    "next therapy", "withdrawal", "loss", "death", "progression", "clinical progression", "treatment ended early",
    "missed assessments", "no baseline",
)  # fmt: skip
EVENTS = (
    "progression", "documented progression", "clinical progression", "death", "next therapy", "treatment ended early",
    "response",
)  # fmt: skip
PLACES = ("last assessment", "last contact", "that day", "origin")
COMMON = {"name": "E", "label": "E", "role": "secondary", "kind": "time to event"}
who = {
    "origin": st.sampled_from(["randomisation", "first dose", "first response"]),
    "confirmed": st.booleans(),
    "stable_between": st.integers(0, 1),
    "assessor": st.sampled_from([*READERS, "nobody"]),
}
rules = st.lists(
    st.builds(
        lambda when, at, missed, before: {"when": when, "at": at, "missed": missed, "before": before},
        st.sampled_from(TRIGGERS), st.sampled_from(PLACES), st.integers(1, 3), st.sampled_from(["any event", "death"]),
    ),
    max_size=5,
)  # fmt: skip
endpoints = st.one_of(
    st.builds(
        lambda events, censoring, last, **more: TimeToEvent.model_validate(
            {**COMMON, "events": tuple(events), "censoring": (*censoring, {"when": "no event", "at": last}), **more}
        ),
        st.lists(st.sampled_from(EVENTS), min_size=1, max_size=4, unique=True), rules, st.sampled_from(PLACES), **who,
    ),
    st.builds(
        lambda name, **more: TimeToEvent.model_validate({**COMMON, "rules": name, **more}),
        st.sampled_from(list(NAMED_RULES)), **who,
    ),
)  # fmt: skip
SCHEDULE = st.sampled_from([NORTH.assessments, None])


@pytest.mark.property
@settings(max_examples=40)
@given(patients, endpoints, SCHEDULE, st.sampled_from(["6 months", "12 weeks"]))
def test_every_time_to_event_is_that_of_the_reference(
    people: list[Patient], endpoint: TimeToEvent, schedule: Any, when: str
) -> None:
    pool = pool_of(people, CUTOFF, NORTH, READERS)
    found = times.observe(pool, endpoint, schedule)
    at = NORTH.landmark("PFS6").model_copy(update={"of": "E", "landmark": Duration.parse(when)})
    statuses = landmark.landmark_status(found, at, pool.cutoff)
    trial = NORTH.model_copy(update={"endpoints": (endpoint, at), "assessments": schedule})
    for i, patient in enumerate(people):
        expected = reference_observe(patient, endpoint, CUTOFF, schedule)
        assert bool(found.has_origin[i]) == (expected is not None)
        if expected is None:
            assert landmark.STATUSES[statuses[i]] == ""
            continue
        assert (found.days[i], bool(found.event[i]), found.reason(i), bool(found.known[i])) == (
            expected.days, expected.event, expected.reason, expected.source is not None
        ), (expected, endpoint)  # fmt: skip
        told = reference_status(patient, at, trial, CUTOFF)
        assert told is not None
        assert landmark.STATUSES[statuses[i]] == told.status


best_rules = st.builds(
    BestRule, st.sampled_from([None, 0, 28, 42, 84]), st.sampled_from([0, 42, 84]), st.integers(0, 2), st.integers(0, 1)
)  # fmt: skip


@pytest.mark.property
@settings(max_examples=40)
@given(patients, best_rules)
def test_every_best_response_is_that_of_the_reference(people: list[Patient], rule: BestRule) -> None:
    pool = pool_of(people, CUTOFF, NORTH, READERS)
    origin = pool.patients.randomised
    for reader in READERS:
        response, on = best.best_overall(counted(pool, reader), origin, rule)
        for i, patient in enumerate(people):
            if patient.randomised is None:
                continue
            course = reference_best.counted(patient, reader)
            expected = reference_best.best_overall(course, patient.randomised.happened, rule)
            found = RESPONSES[response[i]] or "MISSING"
            day = None if on[i] == NEVER else on[i] + EPOCH
            assert (found, day) == (expected.response, expected.on and expected.on.toordinal()), (course, expected)


@pytest.mark.property
@pytest.mark.parametrize("rule", [BestRule(), BestRule(None, 70), BestRule(28, 70), BestRule(28, 100, 0, 1)])
def test_every_short_course_is_that_of_the_reference(rule: BestRule) -> None:
    # All courses of one to four responses, on days of which some are too early for SD to count and some too near to confirm.
    courses = [c for length in (1, 2, 3, 4) for c in product(OURS.order, repeat=length)]
    days = (40, 60, 80, 120)
    lengths = [len(c) for c in courses]
    on = np.array([d for n in lengths for d in days[:n]], dtype=np.int32)
    codes = np.array([RESPONSES.index(r) for c in courses for r in c], dtype=np.int8)
    course = best.ResponseRows(np.repeat(np.arange(len(courses)), lengths), on, codes, on)
    response, shown = best.best_overall(course, np.zeros(len(courses), dtype=np.int32), rule)
    start = date(1970, 1, 1)
    for i, c in enumerate(courses):
        assessed = [Assessed(start + timedelta(days=d), r) for d, r in zip(days, c, strict=False)]
        told = reference_best.best_overall(assessed, start, rule)
        assert (RESPONSES[response[i]], start + timedelta(days=int(shown[i]))) == (told.response, told.on), (c, told)


@pytest.mark.property
@settings(max_examples=15)
@given(patients, st.integers(1, 7))
def test_parts_of_a_pool_give_what_the_whole_gives(people: list[Patient], size: int) -> None:
    pool = pool_of(people, CUTOFF, NORTH, READERS)
    whole = time_points(pool)
    parts = [time_points(pool.part(i, min(i + size, len(people)))) for i in range(0, len(people), size)]
    for name in ("overall", "progressed_on", "nadir", "rule"):
        np.testing.assert_array_equal(np.concatenate([getattr(p, name) for p in parts]), getattr(whole, name))


def test_a_rule_that_is_not_known_here_is_refused() -> None:
    endpoint = NORTH.time_to_event("PFS")
    odd = endpoint.model_copy(
        update={"censoring": (Censoring.model_construct(when="eclipse", at="that day", missed=2),)}
    )
    with pytest.raises(times.NotInColumns, match="eclipse"):
        times.observe(pool_of([], CUTOFF, NORTH), odd, None)


orrs = st.builds(
    lambda confirmed, reader, strategy: next(e for e in NORTH.endpoints if isinstance(e, Response)).model_copy(
        update={"confirmed": confirmed, "assessor": reader, "estimand": strategy and Estimand.model_validate(strategy)}
    ),
    st.booleans(), st.sampled_from(READERS),
    st.sampled_from([None, *({"intercurrent": ({"event": "next therapy", "strategy": s},)} for s in ("treatment policy", "while on treatment"))]),
)  # fmt: skip
CONDITIONS = (
    "eligible", "treated", "as allocated", "measurable at baseline", "assessed", "responded", "no major deviation",
)  # fmt: skip
conditions = st.one_of(
    st.builds(lambda what, assessor: Condition(what=what, assessor=assessor), st.sampled_from(CONDITIONS), who["assessor"]),
    st.builds(lambda n, event: Condition(what="cycles", at_least=n, unless_event=event), st.integers(1, 2), st.booleans()),
)  # fmt: skip
own_populations = st.builds(
    lambda require, by: Population(name="OWN", label="Own", by=by, require=tuple(require)),
    st.lists(conditions, max_size=3), st.sampled_from(["arm as randomised", "treatment received"]),
)  # fmt: skip


@pytest.mark.property
@settings(max_examples=40)
@given(patients, endpoints, orrs, own_populations, st.booleans())
def test_the_whole_road_is_that_of_the_reference(
    people: list[Patient], endpoint: TimeToEvent, orr: Response, own: Population, derive: bool
) -> None:
    at = NORTH.landmark("PFS6").model_copy(update={"of": "E"})
    assert NORTH.assessments is not None
    policy = NORTH.assessments.model_copy(update={"responses": "from lesions" if derive else "as recorded"})
    trial = NORTH.model_copy(
        update={"endpoints": (endpoint, at, orr), "populations": (own,), "assessments": policy, "looks": ()}
    )
    for cached in ("population_by_name", "endpoint_by_name"):
        vars(trial).pop(cached, None)  # the copy has its own
    snap = Snapshot(CUTOFF, CUTOFF, (), {p.name: p for p in people}, "")
    stated = list(as_stated(trial, snap).patients.values())
    pool = pool_of(people, CUTOFF, trial, READERS)
    found = completed(outcome(pool, trial, derive=derive), stated, trial, CUTOFF, pool.patients.arms)
    assert not found.refused
    assert set(found.refused_populations) <= {"OWN"}
    for i, patient in enumerate(stated):
        expected = reference_observe(patient, endpoint, CUTOFF, trial.assessments)
        assert bool(found.times["E"].has_origin[i]) == (expected is not None)
        if expected is not None:
            of = found.times["E"]
            assert (of.days[i], bool(of.event[i]), of.reason(i)) == (expected.days, expected.event, expected.reason)
        assert RESPONSES[found.best[orr.name][i]] == reference_response(patient, orr, CUTOFF).response
        for name, arm in found.populations.items():
            told = membership(patient, trial.population_by_name[name], trial, CUTOFF) if patient.randomised else None
            assert (pool.patients.arms[arm[i]] if arm[i] >= 0 else "") == (told.arm if told and told.member else ""), (
                told
            )


@pytest.mark.property
@settings(max_examples=25)
@given(patients, endpoints, SCHEDULE)
def test_what_the_fast_road_refuses_the_reference_fills_in(
    people: list[Patient], endpoint: TimeToEvent, schedule: Any
) -> None:
    at = NORTH.landmark("PFS6").model_copy(update={"of": "E"})
    orr = next(e for e in NORTH.endpoints if isinstance(e, Response))
    trial = NORTH.model_copy(update={"endpoints": (endpoint, at, orr), "assessments": schedule})
    for cached in ("population_by_name", "endpoint_by_name"):
        vars(trial).pop(cached, None)
    pool = pool_of(people, CUTOFF, NORTH, READERS)
    whole = outcome(pool, trial)
    emptied = replace(
        whole, times={}, best={}, status={}, populations={}, refused=dict.fromkeys(["E", "PFS6", orr.name], "?"),
        refused_populations=dict.fromkeys(whole.populations, "?"),
    )  # fmt: skip
    again = completed(emptied, people, trial, CUTOFF, pool.patients.arms)
    for field in ("has_origin", "days", "event", "code", "missed", "known"):
        mine, told = getattr(again.times["E"], field), getattr(whole.times["E"], field)
        keep = whole.times["E"].has_origin if field in ("code", "missed") else slice(None)
        np.testing.assert_array_equal(mine[keep], told[keep], err_msg=field)
    np.testing.assert_array_equal(again.status["PFS6"], whole.status["PFS6"])
    np.testing.assert_array_equal(again.best[orr.name], whole.best[orr.name])
    for name, arm in whole.populations.items():
        np.testing.assert_array_equal(again.populations[name], arm)


def test_chunks_and_cores_change_nothing_and_the_lesions_decide_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pooled(300, 6, "test")
    whole = outcome(pool, NORTH, derive=True)
    monkeypatch.setattr(run, "CHUNK", 37)
    done: list[int] = []
    parts = outcome(pool, NORTH, derive=True, cores=2, on_chunk=done.append)
    assert done[-1] == 300
    assert whole.points is not None
    assert parts.points is not None
    np.testing.assert_array_equal(parts.points.overall, whole.points.overall)
    for name in whole.times:
        np.testing.assert_array_equal(parts.times[name].on, whole.times[name].on)
    assert not np.array_equal(outcome(pool, NORTH).times["PFS"].on, whole.times["PFS"].on)  # all recorded are SD
    assert {RESPONSES[c] for c in np.unique(whole.points.overall[whole.points.point])} >= {"CR", "PR", "SD", "PD", "NE"}
    assert (whole.populations["ITT"] >= 0).all()
    assert 0 < (whole.populations["SAF"] >= 0).sum() < 300


def test_an_endpoint_that_is_refused_is_named_and_the_others_are_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(times._KNOWN, "triggers", times._KNOWN["triggers"] - {"next therapy"})
    found = outcome(pooled(20, 2, "test"), NORTH)
    assert set(found.refused) == {"PFS", "TTP", "PFS6"}
    assert "next therapy" in found.refused["PFS"]
    assert set(found.refused_populations) == {"PFS6-evaluable"}
    assert set(found.times) == {"OS"}
