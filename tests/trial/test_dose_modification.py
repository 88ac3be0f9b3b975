"""[[dose_modifications]]: what a rule says on which day, by hand; what cannot be; and what is said where a dose is recorded."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.dose_departures import departures
from equipoise.conduct.cautions import cautions
from equipoise.conduct.doses_due import doses_due, offers_of
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.trial_file import read_trial
from equipoise.trial.dose_modification import DoseModification, Occurred, ruling
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment

RULES = """
[[dose_modifications]]
name = "neuropathy-2"
counts = { terms = ["peripheral neuropathy"], grade_at_least = 2 }
drugs = ["IMGN901"]
does = "hold"
until_grade = 1
at_most = "21 days"
to = 0.8

[[dose_modifications]]
name = "neuropathy-4"
counts = { terms = ["peripheral neuropathy"], grade_at_least = 4 }
drugs = ["IMGN901"]
does = "stop"

[[dose_modifications]]
name = "neutropenia-again"
counts = { terms = ["neutropenia"], grade_at_least = 3 }
occurrence = 2
does = "reduce"
to = 0.75
"""
NEUROPATHY = "peripheral neuropathy"


def with_rules(folder: Path, rules: str) -> Path:
    path = folder / "trial.toml"
    path.write_text(find_trial("north").read_text() + rules)
    return path


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return read_trial(with_rules(tmp_path, RULES))


def event(day: int, grade: int, until: int | None = None, term: str = NEUROPATHY) -> Occurred:
    return Occurred(day, until, {"term": term, "grade": grade})


#: events, day of the dose, drug → stopped, held, share
CASES: list[tuple[list[Occurred], int, str, bool, bool, float]] = [
    ([], 30, "IMGN901", False, False, 1.0),
    ([event(10, 1)], 30, "IMGN901", False, False, 1.0),
    ([event(10, 2)], 10, "IMGN901", False, False, 1.0),
    ([event(10, 2)], 11, "IMGN901", False, True, 0.8),
    ([event(10, 2)], 11, "carboplatin", False, False, 1.0),
    ([event(10, 2)], 31, "IMGN901", False, True, 0.8),
    ([event(10, 2)], 32, "IMGN901", True, True, 0.8),
    ([event(10, 2, until=20)], 20, "IMGN901", False, True, 0.8),
    ([event(10, 2, until=20)], 21, "IMGN901", False, False, 0.8),
    ([event(10, 2, until=20)], 200, "IMGN901", False, False, 0.8),
    ([event(10, 2), event(25, 1)], 26, "IMGN901", False, False, 0.8),
    ([event(10, 2), event(40, 1)], 41, "IMGN901", True, False, 0.8),
    ([event(10, 4, until=12)], 13, "IMGN901", True, False, 0.8),
    ([event(5, 3, 8, "neutropenia")], 9, "etoposide", False, False, 1.0),
    ([event(5, 3, 8, "neutropenia"), event(26, 4, 30, "Neutropenia")], 40, "etoposide", False, False, 0.75),
    ([event(5, 3, 8, "neutropenia"), event(26, 4, 30, "neutropenia"), event(30, 2, 31)], 40, "IMGN901", False, False, 0.75),
]  # fmt: skip


@pytest.mark.parametrize(("events", "day", "drug", "stopped", "held", "share"), CASES)
def test_by_hand(
    trial: Trial, events: list[Occurred], day: int, drug: str, stopped: bool, held: bool, share: float
) -> None:
    found = ruling(trial.dose_modifications, drug, day, events)
    assert (found.stopped is not None, found.held is not None, found.share) == (stopped, held, share)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 40)))),
    st.integers(0, 80),
    st.integers(0, 40),
)
def test_a_stop_and_a_reduction_stay(events: list[tuple[int, int, int | None]], day: int, later: int) -> None:
    said = [event(d, g, None if n is None else d + n) for d, g, n in events]
    rules = [
        DoseModification.model_validate({"name": f"r{g}", "does": does, "counts": {"grade_at_least": g}, **more})
        for g, does, more in ((4, "stop", {}), (3, "hold", {"to": 0.7}), (2, "reduce", {"to": 0.9}))
    ]
    now, then = (ruling(rules, "X", d, said) for d in (day, day + later))
    assert then.stopped is not None or now.stopped is None
    assert then.share <= now.share
    # an earlier dose knows nothing of what came later
    assert now == ruling(rules, "X", day, [e for e in said if e.day < day])


def problems(folder: Path, rules: str) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as bad:
        read_trial(with_rules(folder, rules))
    return [(p.code, p.where) for p in bad.value.problems]


def test_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    rule = '[[dose_modifications]]\nname = "{}"\ncounts = {}\ndoes = "{}"\n'
    grade_3 = "{ grade_at_least = 3 }"
    said = "\n" + "".join(
        [
            rule.format("a", grade_3, "stop"),
            rule.format("b", "{ terms = ['neutropenia'], grade_at_least = 4 }", "reduce") + "to = 0.5\n",
            rule.format("c", "{ terms = ['nausea'] }", "hold") + 'drugs = ["IMGN91"]\n',
            rule.format("c", "{ terms = ['vomiting'] }", "hold"),
            rule.format("d", "{ terms = ['vomiting'] }", "hold"),
        ]
    )
    assert problems(tmp_path, said) == [
        ("duplicate-name", "dose_modifications[3].name"),
        ("no-trigger", "dose_modifications[1]"),
        ("unknown-drug", "dose_modifications[2].drugs[0]"),
        ("no-trigger", "dose_modifications[4]"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        'does = "reduce"\ncounts = { grade_at_least = 3 }',
        'does = "stop"\nto = 0.5\ncounts = { grade_at_least = 3 }',
        'does = "stop"\nuntil_grade = 1\ncounts = { grade_at_least = 3 }',
        'does = "hold"\nuntil_grade = 3\ncounts = { grade_at_least = 3 }',
        'does = "stop"\ncounts = { fatal = true }',
        'does = "stop"\ncounts = { grade_at_least = 5 }',
        'does = "reduce"\nto = 1.2\ncounts = { grade_at_least = 3 }',
        'does = "rest"\ncounts = { grade_at_least = 3 }',
        'does = "stop"\ncounts = {}',
    ],
)
def test_what_no_rule_can_be(tmp_path: Path, said: str) -> None:
    found = problems(tmp_path, f'\n[[dose_modifications]]\nname = "x"\n{said}\n')
    assert found
    assert all(where.startswith("dose_modifications[0]") for _, where in found)


def test_of_no_weight_where_it_is_not_said(north: Trial, trial: Trial) -> None:
    assert "dose_modifications" not in north.definition
    assert trial.fingerprint != north.fingerprint
    assert trial_of(trial.definition).dose_modifications == trial.dose_modifications


ENTRY = date(2012, 6, 1)


def recorded(kind: str, at: int, number: int = 50, **data: Any) -> Event:
    on = ENTRY + timedelta(days=at)
    return Event(number, kind, on, moment(on), "t", "", "P", data=data)


def dose(day: int, cycle: int, of: int, amount: float = 112.0) -> Event:
    return recorded("treated", day, drug="IMGN901", cycle=cycle, day=of, dose=amount, unit="mg/m2")


def patient(*events: Event) -> Patient:
    found = Patient("P")
    for e in (
        recorded("screened", -3, failed=[]), recorded("enrolled", 0, factors={}), recorded("randomised", 0, arm="IMGN901", stratum="x"), *events,
    ):  # fmt: skip
        found.add(e)
    return found


def neuropathy(day: int, grade: int, until: int | None = None) -> Event:
    more = {} if until is None else {"until": (ENTRY + timedelta(days=until)).isoformat()}
    return recorded("adverse event", day, number=51, term=NEUROPATHY, grade=grade, **more)


@pytest.mark.parametrize(
    ("known", "now", "code", "departs"),
    [
        ([dose(0, 1, 1), dose(7, 1, 8)], dose(21, 2, 1), None, None),
        ([dose(0, 1, 1), dose(7, 1, 8), neuropathy(15, 2)], dose(21, 2, 1), "held-by-rule", "given during a hold"),
        ([dose(0, 1, 1), dose(7, 1, 8), neuropathy(15, 4)], dose(21, 2, 1), "stopped-by-rule", "given after a stop"),
        ([dose(0, 1, 1), dose(7, 1, 8), neuropathy(15, 2, 19)], dose(21, 2, 1), "not-reduced", "not reduced"),
        ([dose(0, 1, 1), dose(7, 1, 8), neuropathy(15, 2, 19)], dose(21, 2, 1, 89.6), None, None),
        ([dose(0, 1, 1), dose(7, 1, 8), neuropathy(21, 2)], dose(21, 2, 1), None, None),
    ],
)
def test_it_is_judged_where_a_dose_is_recorded(
    trial: Trial, known: list[Event], now: Event, code: str | None, departs: str | None
) -> None:
    ours = {"held-by-rule", "stopped-by-rule", "not-reduced"}
    found = [c.code for c in cautions(trial, patient(*known), now, now.happened) if c.code in ours]
    assert found == ([code] if code else [])
    against = list(departures(trial, patient(*known, now)))
    assert [d.departs for d in against] == ([departs] if departs else [])


def test_the_next_dose_says_it(trial: Trial) -> None:
    first = [dose(0, 1, 1), dose(7, 1, 8)]
    day_21 = ENTRY + timedelta(days=21)
    reduced = patient(*first, neuropathy(15, 2, 19))
    assert [o.dose for o in offers_of(trial, reduced, "IMGN901", day_21)] == [89.6, 112]
    assert [o.dose for o in offers_of(trial, patient(*first), "IMGN901", day_21)] == [112]
    for known, state, word in ((neuropathy(15, 2), "due", "held"), (neuropathy(15, 4), "no longer due", "no more")):
        next_dose = next(
            d for d in doses_due(trial, patient(*first, known), ENTRY, day_21) if (d.drug, d.cycle) == ("IMGN901", 2)
        )
        assert next_dose.state == state
        assert word in next_dose.because
    assert offers_of(trial, patient(*first, neuropathy(15, 4)), "IMGN901", day_21) == ()
