"""Patients who come one by one fill a dose-finding design's cohorts; what comes next while one is filled."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.conducting import Given, in_cohorts, next_dose
from equipoise.design.dose.dose_design import Give
from equipoise.design.dose.history import answer, seen_of
from equipoise.trial.dose_outcomes import PatientOutcome, read_outcomes, written

THREE = dose_shelf.build("a-plus-b", {"doses": 4})
BOIN = dose_shelf.build("boin", {"target": 0.3, "doses": 4})
DESIGNS = {
    "3+3": THREE,
    "boin": BOIN,
    "rolling-six": dose_shelf.build("rolling-six", {"doses": 4}),
    "tite-boin": dose_shelf.build("boin", {"target": 0.3, "doses": 4, "tite": "ess"}),
}


def patients(text: str) -> list[Given]:
    """'1N 1N 2T' as patients with their levels."""
    return [Given(t.level[0], o, t.beside) for t in read_outcomes(text) for o in t.outcomes]


@pytest.mark.parametrize(
    ("came", "cohorts"),
    [
        ("1NNN 1N", "1NNN 1N"),
        ("1N 1N 1T 1N 1N 1N 2N", "1NNT 1NNN 2N"),
        ("1N 1X 1N 1N 2N", "1NXNN 2N"),
        ("1N 1N 2N 2N 2N", "1NN 2NNN"),
        ("1N 1P:3 1P:2 2N", "1NP:3P:2 2N"),
        ("1NNX 2N 1N", "1NNX 2N 1N"),
        ("", ""),
    ],
)
def test_cohorts_are_filled(came: str, cohorts: str) -> None:
    assert written(in_cohorts(THREE, patients(came))) == cohorts


@pytest.mark.parametrize(
    ("design", "history", "action", "dose", "size"),
    [
        ("3+3", "", "start", 1, 3),
        ("3+3", "1NNN", "escalate", 2, 3),
        ("3+3", "1N", "stay", 1, 2),
        ("3+3", "1NNX", "stay", 1, 1),
        ("3+3", "1NP:3", "stay", 1, 1),
        ("3+3", "1NNP:3", "wait", None, 0),
        ("3+3", "1NNN 2TT", "declare", 1, 0),
        ("3+3", "1NNT 1N", "stay", 1, 2),
        ("3+3", "1TT", "stop", None, 0),
        ("3+3", "1NNP:3 2N", "wait", None, 0),
        ("boin", "1N", "stay", 1, 2),
        ("boin", "1NNN 2TT", "de-escalate", 1, 3),
        ("boin", "1NNN 2NT", "stay", 2, 1),
        ("rolling-six", "1NP:3", "stay", 1, 1),
        ("rolling-six", "1NP:3P:2", "stay", 1, 1),
        ("tite-boin", "1NNP:20", "escalate", 2, 3),
        ("tite-boin", "1NP:3P:2", "wait", None, 0),
        ("tite-boin", "1NP:3", "stay", 1, 1),
    ],
)
def test_the_next_dose(design: str, history: str, action: str, dose: int | None, size: int) -> None:
    found = next_dose(DESIGNS[design], read_outcomes(history), 21)
    assert (found.action, found.dose, found.size) == (action, dose, size), found.because


OUTCOMES = st.lists(
    st.builds(
        lambda dose, outcome: Given(dose, outcome),
        st.integers(1, 4),
        st.sampled_from([PatientOutcome(x) for x in "NTX"] + [PatientOutcome("P", 5)]),
    ),
    max_size=24,
)


@given(st.sampled_from(sorted(DESIGNS)), OUTCOMES)
def test_the_history_is_read_back_to_the_same_counts(name: str, given_: list[Given]) -> None:
    cohorts = in_cohorts(DESIGNS[name], given_)
    again = read_outcomes(written(cohorts))
    assert again == cohorts
    assert [Given(t.level[0], o) for t in again for o in t.outcomes] == given_
    told = answer(DESIGNS[name], again, 21)
    seen = Counter((g.dose, g.outcome.letter) for g in given_)
    assert told.n == tuple(seen[k, "N"] + seen[k, "T"] for k in range(1, 5))
    assert told.dlt == tuple(seen[k, "T"] for k in range(1, 5))


@given(st.sampled_from(["3+3", "boin"]), st.lists(st.sampled_from("NNNTX"), min_size=1, max_size=40))
def test_who_follows_the_design_is_never_cautioned_and_fills_whole_cohorts(name: str, letters: list[str]) -> None:
    """Patient by patient at the dose that is given: the folded cohorts are the design's own, and it gives them again."""
    design: Any = DESIGNS[name]
    came: list[Given] = []
    for letter in letters:
        found = next_dose(design, in_cohorts(design, came), 21)
        if found.action in ("stop", "declare"):
            break
        assert isinstance(found.dose, int)
        assert not found.cautions
        came.append(Given(found.dose, PatientOutcome(letter)))
    state = design.start()
    *whole, _last = in_cohorts(design, came)
    for cohort in whole:
        action = design.verdict(state).action
        assert isinstance(action, Give)
        assert action.dose == cohort.level[0]
        counted = [o.letter for o in cohort.outcomes if o.letter != "X"]
        assert len(counted) <= action.size
        state = design.step(state, cohort.level[0], seen_of([o.letter for o in cohort.outcomes]))


@pytest.mark.parametrize(
    ("kind", "entries", "came"),
    [
        ("keyboard", {"target": 0.25, "doses": 4}, "1NNN 2NNN 3NTT 2NNN 3P:0"),
        ("keyboard", {"target": 0.25, "doses": 4}, "1NNN 2NNN 3NTT 2NNN 3N"),
        ("boin", {"target": 0.3, "doses": 4, "tite": "ess"}, "1NNN 2NNN 3NTT 2NNN 3P:0"),
    ],
)
def test_a_cohort_that_was_asked_for_is_not_left_for_what_was_known_before_it(
    kind: str, entries: dict[str, Any], came: str
) -> None:
    """Two of three had a DLT there before: without any more it would be left again, and the design asked for three."""
    design = dose_shelf.build(kind, entries)
    found = next_dose(design, in_cohorts(design, patients(came)), 28)
    assert (found.action, found.dose, found.size) == ("stay", 3, 2)


def test_it_is_left_for_its_own_toxicities() -> None:
    design = dose_shelf.build("keyboard", {"target": 0.25, "doses": 4})
    found = next_dose(design, in_cohorts(design, patients("1NNN 2NNN 3NNT 2NNN 3TT")), 28)
    assert found.dose == 2


def test_it_is_left_for_what_was_known_late_and_for_its_own_where_the_dose_was_toxic_before() -> None:
    """A late DLT before it takes the dose away from under it; a DLT of its own is enough where two of two had one."""
    design = dose_shelf.build("boin", {"target": 0.3, "doses": 4})
    late = next_dose(design, in_cohorts(design, patients("1NNN 2NNN 3TTT 2NNN 3N")), 28)
    assert late.dose == 2
    own = next_dose(design, in_cohorts(design, patients("1NNN 2NNN 3TT 2NNN 3T")), 28)
    assert own.dose == 2


def test_who_is_replaced_is_not_replaced_at_a_dose_that_is_too_toxic() -> None:
    """Rolling six: six at the first dose with one DLT, two at the second: it ends with the first, whoever is to be replaced at the second."""
    design = dose_shelf.build("rolling-six", {"doses": 4})
    found = next_dose(design, in_cohorts(design, patients("1T 1N 1N 1N 1N 1N 2T 2T 2N 2X")), 28)
    assert (found.action, found.dose) == ("declare", 1)
