"""Adverse events: tables counted by hand; the interval of a difference against the paper's closed form; the incidence of the first severe one against a plain sum."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from equipoise.analyse.adverse_events import by_grade_table, compared, overview_table, rates_of, years_watched
from equipoise.analyse.first_severe import first_severe, first_severe_figure
from equipoise.numerics.times.competing import CENSORED, EVENT, OTHER
from people_by_hand import ae, dose, group, on, patient, snap

SKIN = "Skin and subcutaneous tissue disorders"
FIRST = group(
    "A",
    patient("1", dose(0), ae(5, "rash", 1, organ_class=SKIN), ae(9, "rash", 3, organ_class=SKIN, related=True), (364, "contact", {})),
    patient("2", dose(0), ae(5, "fever", 2, serious=True), (20, "treatment ended", {"reason": "toxicity"})),
    patient("3", dose(0), ae(5, "sepsis", 5, serious=True, related=True), (10, "died", {"cause": "adverse event"})),
    patient("4", dose(0)),
)  # fmt: skip
SECOND = group("B", patient("5", dose(0), ae(3, "rash", 2, organ_class=SKIN)), patient("6", dose(0)))


def test_the_overview_counts_patients_and_not_events() -> None:
    found = {str(r[0]): list(r[1:]) for r in overview_table([FIRST, SECOND]).rows}
    assert found == {
        "Any adverse event": ["3 (75%)", "1 (50%)"],
        "of grade 3 or worse": ["2 (50%)", "0 (0%)"],
        "of grade 5": ["1 (25%)", "0 (0%)"],
        "A serious adverse event": ["2 (50%)", "0 (0%)"],
        "A related adverse event": ["2 (50%)", "0 (0%)"],
        "related, of grade 3 or worse": ["2 (50%)", "0 (0%)"],
        "related and serious": ["1 (25%)", "0 (0%)"],
        "Treatment ended for toxicity": ["1 (25%)", "0 (0%)"],
        "Died within 30 days of the last dose": ["1 (25%)", "0 (0%)"],
    }


def test_by_class_and_term_at_the_worst_grade() -> None:
    rows = [list(r) for r in by_grade_table(FIRST).rows]
    assert [SKIN] in rows
    rash = next(r for r in rows if r[0] == "rash")
    # The grade 1 of the same patient is no second patient.
    assert rash == ["rash", "1 (25%)", "", "", "1 (25%)", "", "", "1 (25%)", ""]
    assert [r[0] for r in rows if len(r) == 1] == ["No class recorded", SKIN]


def test_rates_are_events_of_watched_years() -> None:
    both = [*FIRST.patients, *SECOND.patients]
    known = snap(400, *both)
    # The first day counts: day 0 to day 364 is 365 days.
    assert years_watched(FIRST.patients[0], known) == pytest.approx(365 / 365.25, abs=1e-12)
    assert years_watched(FIRST.patients[2], known) == pytest.approx(11 / 365.25, abs=1e-12)
    found = compared(FIRST, SECOND)
    row = next(r for r in rates_of(found, FIRST, SECOND, known).rows if r[0] == "rash")
    years = (365 + 21 + 11 + 1) / 365.25, (4 + 1) / 365.25
    assert row[2] == f"{2 / years[0]:.2f}"
    assert row[4] == f"{1 / years[1]:.2f}"


def z_by_the_cubic(x1: int, n1: int, x2: int, n2: int, d: float) -> float:
    """Miettinen & Nurminen's score statistic with the restricted estimate in closed form (their appendix 1): no search."""
    n, x = n1 + n2, x1 + x2
    l3, l2, l1, l0 = n, (n1 + 2 * n2) * d - n - x, (n2 * d - n - 2 * x2) * d + x, x2 * d * (1 - d)
    q = l2**3 / (3 * l3) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = math.copysign(math.sqrt(max(l2**2 / (3 * l3) ** 2 - l1 / (3 * l3), 0.0)), q)
    angle = (math.pi + math.acos(max(-1.0, min(1.0, q / p**3 if p else 0.0)))) / 3
    p2 = 2 * p * math.cos(angle) - l2 / (3 * l3)
    p1 = p2 + d
    variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * n / (n - 1)
    return (x1 / n1 - x2 / n2 - d) / math.sqrt(variance)


@given(st.integers(4, 60), st.integers(4, 60), st.data())
def test_the_interval_of_a_difference_ends_where_the_closed_form_says(n1: int, n2: int, data: st.DataObject) -> None:
    """statsmodels 0.15 has these limits wrong (issue 10269), so the paper's own closed form is asked."""
    x1, x2 = data.draw(st.integers(1, n1 - 1)), data.draw(st.integers(1, n2 - 1))
    people = [
        group(k, *(patient(f"{k}{i}", dose(0), *([ae(1, "rash", 1)] if i < x else [])) for i in range(n)))
        for k, x, n in (("a", x1, n1), ("b", x2, n2))
    ]
    found = compared(*people)
    assume(bool(found))  # a term that less than 5 % of both had is not compared
    (c,) = found
    assert c.difference == pytest.approx(x1 / n1 - x2 / n2, abs=1e-12)
    assert z_by_the_cubic(x1, n1, x2, n2, c.lower) == pytest.approx(1.959963984540054, abs=1e-5)
    assert z_by_the_cubic(x1, n1, x2, n2, c.upper) == pytest.approx(-1.959963984540054, abs=1e-5)


def test_the_first_severe_event_death_before_it_and_who_is_still_free() -> None:
    cutoff = on(400)
    assert first_severe(FIRST.patients[0], cutoff) == (9, EVENT)
    assert first_severe(FIRST.patients[1], cutoff) == (20, CENSORED)
    assert first_severe(FIRST.patients[2], cutoff) == (5, EVENT)  # the fatal event itself came first
    dead = patient("7", dose(2), (12, "died", {}))
    assert first_severe(dead, cutoff) == (10, OTHER)  # from the first dose
    figure = first_severe_figure([group("A", *FIRST.patients, dead)], snap(400, *FIRST.patients, dead))
    assert figure is not None
    # 5 at risk: patient 4 (day 0) is censored; of 4 an event on day 5, of 3 one on day 9, then death competes.
    assert figure.curves[0].y[-1] == pytest.approx(1 / 4 + 3 / 4 * 1 / 3, abs=1e-12)
    assert first_severe_figure([SECOND], snap(400, *SECOND.patients)) is None
