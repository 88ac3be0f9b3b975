"""Rates at an interim: who counts, who is too recent, who is pending, in tables of three to five patients, and without bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import exp, log, sqrt
from random import Random
from typing import Any

import numpy as np
import pytest

from equipoise.analyse.analysis import Analysis, analyse, comparisons_table, rates_table, response_table
from equipoise.analyse.between_arms import compare
from equipoise.analyse.binary import status_of
from equipoise.analyse.data import cut
from equipoise.analyse.early_enough import days_awaited, early_enough
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.rates import ArmRate, RateResult, analyse_rate
from equipoise.analyse.response import best_response
from equipoise.decide.words import beside_lines
from equipoise.history.against import against_history, against_table
from equipoise.history.three_answers import all_answers
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.duration import Duration
from equipoise.trial.endpoint import Binary, Outcome, Response
from equipoise.trial.event import Event
from equipoise.trial.patient import gather
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from helpers import moment

DAY = date(2012, 6, 1)
Course = Sequence[tuple[int, str] | tuple[int, str, dict[str, Any]]]
People = Mapping[str, tuple[int, Course]]


def snap_of(cutoff: int, people: People, *, closed: bool = False, arm: str = "IMGN901") -> Snapshot:
    """Patients by the day on which they were randomised, and what happened so many days after it, up to the cut-off."""
    found: list[tuple[int, str, str, dict[str, Any]]] = []
    for name, (start, course) in people.items():
        found.append((start, "randomised", name, {"arm": arm, "stratum": "all"}))
        found += [(start + day, kind, name, data[0] if data else {}) for day, kind, *data in course]
    if closed:
        found.append((cutoff, "enrolment closed", "", {}))
    events = [
        Event(i, kind, DAY + timedelta(days=day), moment(DAY), "t", patient=name, data=data)
        for i, (day, kind, name, data) in enumerate(found, 1)
        if day <= cutoff
    ]
    on = DAY + timedelta(days=cutoff)
    return Snapshot(on, on, events, gather(e for e in events if e.patient), "")


def scan(day: int, response: str = "SD") -> tuple[int, str, dict[str, Any]]:
    return (day, "assessed", {"response": response})


def rate(trial: Trial, snap: Snapshot, endpoint: Binary) -> ArmRate:
    return analyse_rate(trial, snap, endpoint).arms["IMGN901"]


# -- landmarks: origin + 183 + 70 < cut-off -------------------------------------------------------------------------------

LANDMARKS: People = {
    "free": (0, [scan(168), scan(210)]),
    "progressed": (10, [scan(42, "PD")]),
    "left": (46, [scan(84), (100, "withdrawn")]),
    "early failure": (47, [scan(42, "PD")]),
    "overdue": (60, [scan(168)]),
}


@pytest.mark.parametrize(
    ("cutoff", "n", "successes", "recent"),
    [(250, 0, 0, 5), (253, 0, 0, 5), (254, 1, 1, 4), (263, 1, 1, 4), (264, 2, 1, 3), (300, 2, 1, 2), (301, 3, 1, 1)],
)
def test_a_landmark_counts_by_dates_alone(north: Trial, cutoff: int, n: int, successes: int, recent: int) -> None:
    """On day 250 the failure of day 52 is known, and is not counted before a success of that day would be."""
    found = rate(north, snap_of(cutoff, LANDMARKS), north.landmark("PFS6"))
    assert (found.of, found.n, found.successes, found.too_recent) == (5, n, successes, recent)


def test_what_is_shown_of_a_landmark(north: Trial) -> None:
    endpoint = north.landmark("PFS6")
    found = rate(north, snap_of(300, LANDMARKS), endpoint)
    assert found.left_out == {"pending": 1, "known early": 1, "not evaluable": 1}
    assert sum(found.left_out.values()) + found.n == found.of
    # the first scan at or after day 183 is planned for day 210, day 270 of the trial
    assert (found.pending_due, found.not_evaluable) == (1, 1)
    assert rate(north, snap_of(269, LANDMARKS), endpoint).pending_due == 0
    assert found.by_category == {"failure": 2, "not evaluable": 1, "pending": 1, "success": 1}
    assert found.counted_by_category == {"failure": 1, "not evaluable": 1, "success": 1}
    assert found.kaplan_meier is not None
    assert found.kaplan_meier.survival == pytest.approx(0.6)
    assert found.ci == pytest.approx((0.01257912, 0.98742088))  # R: binom.test(1, 2)$conf.int
    strict = rate(north, snap_of(300, LANDMARKS), endpoint.model_copy(update={"not_evaluable": "failure"}))
    assert (strict.n, strict.successes, strict.not_evaluable) == (3, 1, 1)


def test_all_count_once_enrolment_is_over_and_nobody_is_pending(north: Trial) -> None:
    endpoint = north.landmark("PFS6")
    settled = {k: v for k, v in LANDMARKS.items() if k != "overdue"}
    assert rate(north, snap_of(260, settled), endpoint).n == 1
    assert rate(north, snap_of(260, settled, closed=True), endpoint).n == 3
    assert rate(north, snap_of(260, LANDMARKS, closed=True), endpoint).n == 1
    # who is pending is asked of all patients: a population of those who are settled does not hide the others
    narrow = endpoint.model_copy(update={"population": "PFS6-evaluable"})
    assert analyse_rate(north, snap_of(260, settled, closed=True), narrow).complete
    assert not analyse_rate(north, snap_of(260, LANDMARKS, closed=True), narrow).complete


# -- recorded outcomes: origin + due + window < cut-off -----------------------------------------------------------------------


def test_an_outcome_counts_by_dates_alone(north: Trial) -> None:
    endpoint = Outcome(
        name="pCR", label="pCR", role="secondary", kind="outcome", success=("yes",), failure=("no",),
        due=Duration.parse("100 days"), window=Duration.parse("20 days"), not_evaluable="failure",
    )  # fmt: skip
    said = lambda day, result: (day, "outcome", {"outcome": "pCR", "result": result})  # noqa: E731
    people: People = {
        "yes": (0, [said(100, "yes")]),
        "dead": (10, [(50, "died")]),
        "no": (79, [said(90, "no")]),
        "early": (80, [said(90, "yes")]),
        "overdue": (99, []),
    }
    found = rate(north, snap_of(200, people), endpoint)
    assert (found.n, found.successes, found.too_recent, found.pending_due, found.not_evaluable) == (3, 1, 2, 1, 1)
    assert found.left_out == {"pending": 1, "known early": 1}
    assert found.kaplan_meier is None
    assert rate(north, snap_of(201, people), endpoint).successes == 2


# -- responses -----------------------------------------------------------------------------------------------------------

RESPONSES: People = {
    "partial": (0, [scan(42, "PR")]),
    "stable": (5, [scan(42), scan(84)]),
    "never seen": (15, []),
    "early": (16, [scan(42, "PR")]),
    "not due": (80, []),
}


def orr(trial: Trial, **changes: Any) -> Response:
    endpoint = next(e for e in trial.endpoints if isinstance(e, Response))
    days = {k: Duration.parse(v) for k, v in changes.items() if k in ("within", "window")}
    return endpoint.model_copy(update={**changes, **days})


def test_how_long_a_response_is_waited_for(north: Trial) -> None:
    """Scans are planned on days 42, 84, 126, 168 …"""
    assert days_awaited(orr(north), north) == 84
    assert days_awaited(orr(north, window="7 days"), north) == 91
    # one of day 84 is confirmed on or after day 112
    assert days_awaited(orr(north, confirmed=True), north) == 126
    assert days_awaited(orr(north, within="24 weeks", window="14 days"), north) == 182
    # one of day 182 is confirmed on or after day 210
    assert days_awaited(orr(north, within="24 weeks", window="14 days", confirmed=True), north) == 210 + 14
    assert days_awaited(orr(north, within="10 days"), north) == 42


def test_a_response_without_a_last_day_counts_from_the_second_planned_scan(north: Trial) -> None:
    result = analyse_rate(north, snap_of(100, RESPONSES), orr(north))
    found = result.arms["IMGN901"]
    assert (found.of, found.n, found.successes, found.too_recent) == (5, 3, 1, 2)
    assert (found.pending_due, found.not_evaluable) == (1, 1)
    assert found.left_out == {"pending": 1, "known early": 1}
    assert found.by_category == {"NE": 2, "PR": 2, "SD": 1}
    assert found.counted_by_category == {"NE": 1, "PR": 1, "SD": 1}
    assert "second planned assessment" in result.counted
    assert rate(north, snap_of(101, RESPONSES), orr(north)).successes == 2
    for policy in ("exclude", "replace"):
        assert rate(north, snap_of(100, RESPONSES), orr(north, not_evaluable=policy)).n == 2


def test_a_response_that_waits_for_its_confirmation_is_none_yet(north: Trial) -> None:
    people: People = {
        "confirmed": (0, [scan(42, "PR"), scan(84, "PR")]),
        "waits": (0, [scan(42), scan(84), scan(126, "PR")]),
        "stable": (0, [scan(42), scan(84), scan(126)]),
    }
    found = rate(north, snap_of(127, people), orr(north, confirmed=True))
    assert (found.n, found.successes) == (3, 1)
    later: People = {**people, "waits": (0, [*people["waits"][1], scan(168, "PR")])}
    assert rate(north, snap_of(168, later), orr(north, confirmed=True)).successes == 2


@pytest.mark.property
@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("within", ["2 weeks", "12 weeks", "20 weeks"])
def test_nobody_who_counts_is_pending(north: Trial, within: str, confirmed: bool) -> None:
    """Random courses with missed and late scans: whoever came early enough is settled, and by best response."""
    endpoint, random = orr(north, within=within, window="10 days", confirmed=confirmed), Random(f"{within} {confirmed}")
    seen = 0
    for _ in range(200):
        scans = [
            scan(42 * k + random.randint(0, 14), random.choice(["PR", "PR", "SD", "NE", "PD"]))
            for k in range(1, 6)
            if random.random() < 0.7
        ]
        snap = snap_of(random.randint(40, 300), {"P": (0, scans)})
        patient, status = snap.patients["P"], status_of(snap.patients["P"], endpoint, north, snap.cutoff)
        assert status is not None
        if early_enough(patient, endpoint, north, snap.cutoff):
            seen += 1
            assert status.status != "pending"
            assert (status.status == "success") == best_response(patient, endpoint, snap.cutoff).success
    assert seen > 20


# -- without bias ----------------------------------------------------------------------------------------------------------

CUTS = (440, 470, 500, 560, 620, 700, 900)


def staggered(random: Random) -> People:
    """40 patients, one every 10 days, half of them alive on day 365; seen every 56 days, now and then late or not at all."""
    people: dict[str, tuple[int, Course]] = {}
    for i in range(40):
        dies = int(random.expovariate(log(2) / 365.5)) + 1
        seen = [56 * k + random.randint(0, 9) for k in range(1, 25) if random.random() < 0.95]
        course: list[tuple[int, str]] = [(day, "contact") for day in seen if day < dies]
        people[f"P{i}"] = (10 * i, [*course, (dies, "died")])
    return people


@pytest.mark.property
def test_the_rate_of_the_early_enough_has_no_bias_on_any_day(north: Trial) -> None:
    """Truth: S(365) = 0.5. On seven days, of 120 trials each, within 4 Monte-Carlo errors (one is 4.6 points at day 440, 1.7 at day 500, 0.7
    at day 900), those who cannot be evaluated (whom nobody saw in the window after the landmark) aside. The rate of all who are known, which it
    replaces, is 35 points too low at day 440 and still 6 at day 700; Kaplan–Meier, which takes survivors up to their last
    contact and the dead up to the cut-off, is 6 points low at day 440 and 1 at day 700.
    """
    endpoint, random = north.landmark("OS12"), Random("unbiased")
    truth = exp(-log(2) / 365.5 * 365)
    new, old, curve = ({c: np.zeros(2) for c in CUTS} for _ in range(3))
    for _ in range(120):
        people = staggered(random)
        for c in CUTS:
            found = rate(north, snap_of(c, people), endpoint)
            new[c] += found.successes, found.n
            known = found.by_category.get("success", 0), found.by_category.get("failure", 0)
            old[c] += known[0], sum(known)
            assert found.kaplan_meier is not None
            curve[c] += found.kaplan_meier.survival, 1
    for c in CUTS:
        x, n = new[c]
        assert abs(x / n - truth) < 4 * sqrt(truth * (1 - truth) / n), c
    lower = {c: (truth - old[c][0] / old[c][1], truth - curve[c][0] / curve[c][1]) for c in CUTS}
    assert (lower[440][0] > 0.3, lower[700][0] > 0.04) == (True, True)
    assert 0.03 < lower[440][1] < 0.09
    assert abs(lower[900][1]) < 0.03


@pytest.mark.property
@pytest.mark.parametrize("within", [None, "12 weeks"])
def test_the_response_rate_of_the_early_enough_has_no_bias_on_any_day(north: Trial, within: str | None) -> None:
    """Truth: 0.4 respond at the first scan, 0.55 by the second. 60 trials of 40 patients, one every 4 days: within 4 Monte-Carlo errors
    (one is 3.2 points at day 110, 1.0 at day 260). All patients with those not seen yet as failures, as it was: 29 points low at day 110.
    All who are known: where a failure is known at the second scan only (`within`), 20 points high.
    """
    endpoint = orr(north, window="10 days") if within is None else orr(north, window="10 days", within=within)
    random, cuts = Random(f"responses {within}"), (110, 140, 180, 260)
    new, old, known = ({c: np.zeros(2) for c in cuts} for _ in range(3))
    for _ in range(60):
        people: dict[str, tuple[int, Course]] = {}
        for i in range(40):
            u, late = random.random(), [random.randint(0, 9) for _ in range(3)]
            codes = ["PR", "PR", "PR"] if u < 0.4 else ["SD", "PR", "PR"] if u < 0.55 else ["SD", "SD", "SD"]
            people[f"P{i}"] = (4 * i, [scan(42 * k + d, r) for k, d, r in zip((1, 2, 3), late, codes, strict=True)])
        for c in cuts:
            found = rate(north, snap_of(c, people), endpoint)
            new[c] += found.successes, found.n
            responses = found.by_category.get("PR", 0)
            old[c] += responses, found.of
            known[c] += responses, found.n + found.left_out["known early"]
    for c in cuts:
        x, n = new[c]
        assert abs(x / n - 0.55) < 4 * sqrt(0.55 * 0.45 / n), c
    assert old[110][0] / old[110][1] < 0.40
    if within is not None:
        assert known[110][0] / known[110][1] > 0.68


# -- NORTH with virtual patients ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conducted(plan: Any) -> SimulatedTrial:
    return run(plan("target"), 0, detail=True)


def known(a: ArmRate) -> tuple[int, int]:
    """Successes among all who are known: what was shown before."""
    return a.by_category.get("success", 0), a.by_category.get("success", 0) + a.by_category.get("failure", 0)


def rates_at(north: Trial, trial: SimulatedTrial, look: int, later: int = 0) -> tuple[Snapshot, Analysis]:
    snap = cut(north, trial.log, trial.looks[look - 1].cutoff + timedelta(days=later))
    return snap, analyse(north, snap)


def test_alive_at_a_year_at_the_first_look_of_north(north: Trial, conducted: SimulatedTrial) -> None:
    """Of 13 who are known 2 are alive at a year, beside 54 % by Kaplan–Meier; of those who came early enough it is 2 of 5."""
    _, found = rates_at(north, conducted, 1)
    result = found.endpoints["OS12"]
    assert isinstance(result, RateResult)
    tested = result.arms["IMGN901"]
    assert known(tested) == (2, 13)
    assert (tested.n, tested.successes, tested.too_recent, tested.pending_due) == (5, 2, 61, 3)
    assert tested.kaplan_meier is not None
    assert tested.kaplan_meier.survival == pytest.approx(0.537, abs=0.0005)
    assert tested.ci[0] < tested.kaplan_meier.survival < tested.ci[1]
    assert result.counted_after_days == 365 + 70
    text = str(rates_table(north, found).rows)
    assert "'2/5', '40.0% (5.3 to 85.3)'" in text
    assert "53.7%" in text
    assert any("more than 435 days before the cut-off" in note for note in rates_table(north, found).notes)


@pytest.mark.property
def test_rates_agree_with_kaplan_meier(north: Trial, conducted: SimulatedTrial) -> None:
    """Whose landmark has had its time, and Kaplan–Meier of all: within 2.5 binomial errors, which the known alone are not."""
    off = 0.0
    for later in (0, 60, 100):
        _, found = rates_at(north, conducted, 1, later)
        for name in ("PFS6", "OS12"):
            result = found.endpoints[name]
            assert isinstance(result, RateResult)
            for a in result.arms.values():
                at = a.kaplan_meier
                assert at is not None
                error = sqrt(at.survival * (1 - at.survival) / a.n)
                assert abs(a.rate - at.survival) < 2.5 * error, (name, later)
                x, n = known(a)
                off = max(off, (at.survival - x / n) / sqrt(at.survival * (1 - at.survival) / n))
    assert off > 2.5


def test_at_the_end_the_numbers_are_what_they_were(north: Trial, conducted: SimulatedTrial) -> None:
    snap, found = rates_at(north, conducted, 2)
    for name in ("PFS6", "ORR"):
        result = found.endpoints[name]
        assert isinstance(result, RateResult)
        assert result.complete
        for arm, a in result.arms.items():
            if name == "PFS6":
                assert (a.successes, a.n) == known(a)
            else:
                best = [best_response(p, orr(north), snap.cutoff) for p in snap.on_arm(arm)]
                assert (a.successes, a.n) == (sum(b.success for b in best), len(best))
                assert a.counted_by_category == a.by_category


def test_history_takes_the_same_patients(north: Trial, conducted: SimulatedTrial) -> None:
    snap, found = rates_at(north, conducted, 1)
    result = found.endpoints["PFS6"]
    assert isinstance(result, RateResult)
    against, first = against_history(north, snap), all_answers(north, snap)[0]
    for arm, a in result.arms.items():
        r = against[arm].rate
        assert r is not None
        assert (r.successes, r.n, r.too_recent, r.kaplan_meier) == (a.successes, a.n, a.too_recent, a.kaplan_meier)
    tested, control = result.arms["IMGN901"], result.arms["CE"]
    assert first.answers[0].estimate == pytest.approx(tested.rate - 0.44)
    assert first.answers[1].estimate == pytest.approx(tested.rate - control.rate)
    assert f"{tested.successes}/{tested.n}, {tested.too_recent} too recent" in first.counted
    assert "too recent; Kaplan–Meier" in str(against_table(north, against).rows)


def test_before_anybody_has_been_followed_long_enough(north: Trial, conducted: SimulatedTrial) -> None:
    """There are answers for times, and none for the rate; best responses are of nobody yet."""
    snap = cut(north, conducted.log, north.start + timedelta(days=100))
    assert "Progression-free at 6 months" not in [a.question for a in all_answers(north, snap)]
    assert len(all_answers(north, snap)) == 2
    found = analyse(north, snap)
    rows = rates_table(north, found).rows
    assert [row[1:3] for row in rows if len(row) > 1][:4] == [["0/0", "–"]] * 4
    best = response_table(north, found)
    assert best is not None
    assert best.rows[-1][0] == "Too recent to count"


# -- hazard ratios that there are not ---------------------------------------------------------------------------------------


def times(arm: str, *given: tuple[int, bool]) -> list[Observed]:
    return [
        Observed(f"{arm}{i}", arm, DAY, DAY + timedelta(days=d), event, "", None) for i, (d, event) in enumerate(given)
    ]


@pytest.mark.parametrize(
    ("tested", "control", "because"),
    [
        ([(10, False), (20, False)], [(10, False)], "no events yet"),
        ([(10, True), (20, False)], [(15, False)], "events in one arm only"),
        ([(20, True), (30, True)], [(10, False), (15, False)], "events in one arm only"),
        # the second arm's event comes when nobody of the first is left
        (
            [(10, True), (20, False)],
            [(15, False), (40, True)],
            "while both arms were at risk, events came in one of them only",
        ),
        ([(10, False)], [(15, True)], "events in one arm only"),
        ([(10, True), (20, False)], [(15, True), (40, False)], ""),
    ],
)
def test_why_there_is_no_hazard_ratio(
    tested: list[tuple[int, bool]], control: list[tuple[int, bool]], because: str
) -> None:
    found = compare(times("A", *tested), times("B", *control), "A", "B")
    assert found is not None
    assert (found.estimable, found.not_estimable_because) == (because == "", because)


def test_the_reason_is_told(north: Trial, conducted: SimulatedTrial) -> None:
    """In the table of comparisons, also where an arm is empty, and beside a decision."""
    people: People = {"A": (0, [scan(42)]), "B": (0, [scan(42, "PD")])}
    told = comparisons_table(north, analyse(north, snap_of(60, people)))
    assert told.rows[0][2] == "not estimable: nobody on Carboplatin/etoposide yet"
    decision = conducted.looks[0].decision
    lines = beside_lines(decision)
    assert any(line.startswith("Kaplan–Meier at day 183, of all randomised") for line in lines)
    beside: Any = decision.beside["randomised comparison"]
    beside = {**beside, "hr_estimable": False, "hr_not_estimable_because": "no events yet"}
    without = replace(decision, beside={**decision.beside, "randomised comparison": beside})
    assert "hazard ratio not estimable (no events yet)" in beside_lines(without)[0]
