"""Editions of CTCAE: stated by the trial, said by an event, and never pooled unsaid."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.analysis import analyse, rates_table
from equipoise.analyse.data import cut
from equipoise.analyse.editions import UNSAID, pooled
from equipoise.analyse.safety import safety_table
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.decide.safety import safety_rulings
from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from safety_trials import conducted, with_rules

TOXIC = {
    "name": "DLT", "label": "Toxicity", "role": "secondary", "kind": "toxicity", "counts": {"grade_at_least": 3},
    "within": "60 days", "window": "4 weeks", "not_evaluable": "failure", "origin": "randomisation",
}  # fmt: skip


def trial_of(version: int | None) -> Trial:
    raw = with_rules({"counts": {"grade_at_least": 3}})
    raw["endpoints"] = [*raw["endpoints"], TOXIC]
    return trial_from(
        raw | ({"adverse_events": {"dictionary": "CTCAE", "version": version}} if version else {}), "a test"
    )


def with_events(trial: Trial, said: list[tuple[int, int | None]]) -> Conduct:
    """A patient an event: of a grade, by an edition or by none that is said."""
    conduct = conducted(trial, [("IMGN901" if i % 3 else "CE", i, None, 0) for i in range(len(said))])
    for i, (grade, edition) in enumerate(said):
        on = trial.start + timedelta(days=i + 5)
        data = {"term": "neutropenia", "grade": grade} | ({"ctcae": edition} if edition else {})
        conduct.order(
            "adverse event", on, moment(trial.start + timedelta(days=60)), "test", patient=f"P{i:03d}", data=data
        )
    return conduct


@pytest.mark.property
@given(
    stated=st.sampled_from([None, 3, 4, 5, 6]),
    said=st.lists(st.tuples(st.integers(1, 4), st.sampled_from([None, 3, 4, 5, 6])), min_size=1, max_size=12),
)
def test_a_caution_stands_exactly_where_editions_are_pooled_and_counts_them(
    stated: int | None, said: list[tuple[int, int | None]]
) -> None:
    trial = trial_of(stated)
    snap = cut(trial, with_events(trial, said).log, trial.start + timedelta(days=90))

    def told(events: list[tuple[int, int | None]]) -> dict[str, int]:
        return dict(Counter(str(e or stated or UNSAID) for _, e in events))

    found = analyse(trial, snap)
    assert sum((Counter(a.editions) for a in found.safety), Counter()) == told(said)
    severe = [x for x in said if x[0] >= 3]
    assert ("adverse events" in found.cautions) == (len(told(said)) > 1)
    # Where nobody on an arm counts yet, a caution says that too.
    assert ("more than one edition" in found.cautions.get("DLT", "")) == (len(told(severe)) > 1)
    for caution, counted in (
        (found.cautions.get("adverse events"), told(said)),
        (found.cautions.get("DLT"), told(severe)),
    ):
        for edition, n in counted.items() if len(counted) > 1 else ():
            assert f"{n} {'of an edition that is not said' if edition == UNSAID else f'by CTCAE {edition}'}" in str(
                caution
            )
    (rule,) = safety_rulings(trial, snap)
    tested = told([x for i, x in enumerate(said) if x[0] >= 3 and i % 3])
    assert rule.reading.counts["editions"] == tested
    assert bool(rule.reading.cautions) == (len(tested) > 1)


def test_tables_say_it() -> None:
    trial = trial_of(5)
    for said, shown in (([(3, None), (3, None)], False), ([(3, None), (3, 4)], True)):
        found = analyse(trial, cut(trial, with_events(trial, said).log, trial.start + timedelta(days=90)))
        for table in (safety_table(trial, found.safety), rates_table(trial, found)):
            assert any("1 by CTCAE 4, 1 by CTCAE 5" in note for note in table.notes) == shown
        assert ("(CTCAE 5)" in safety_table(trial, found.safety).notes[0]) != shown


def test_nothing_changes_where_it_is_not_said() -> None:
    assert trial_of(None).fingerprint == trial_from(with_rules({"counts": {"grade_at_least": 3}}) | {
        "endpoints": [*with_rules()["endpoints"], TOXIC]}, "a test").fingerprint  # fmt: skip
    assert len({trial_of(v).fingerprint for v in (None, 4, 5)}) == 3
    assert pooled({"5": 3}) == ()
    assert pooled({}) == ()


@pytest.mark.parametrize(
    ("stated", "where"),
    [
        ({"dictionary": "CTCAE", "version": 2}, {"adverse_events.version"}),
        ({"dictionary": "CTCAE", "version": 7}, {"adverse_events.version"}),
        ({"dictionary": "WHO", "version": 7}, {"adverse_events.version", "adverse_events.dictionary"}),
        ({"dictionary": "CTCAE"}, {"adverse_events.version"}),
    ],
)
def test_what_is_wrong_in_the_file(stated: dict[str, Any], where: set[str]) -> None:
    with pytest.raises(BadInput) as bad:
        trial_from(with_rules({}) | {"adverse_events": stated}, "a test")
    assert {p.where for p in bad.value.problems} == where


def test_an_edition_that_there_is_not_is_refused_with_what_else_is_wrong() -> None:
    conduct = conducted(trial_of(None), [("CE", 0, None, 0)])
    on = conduct.trial.start + timedelta(days=3)
    data = {"term": " ", "grade": 6, "ctcae": 7}
    with pytest.raises(Refused) as bad:
        conduct.order("adverse event", on, moment(on), "test", patient="P000", data=data)
    assert {p.code for p in bad.value.problems} == {"unknown-edition", "grade-out-of-range", "no-term"}
