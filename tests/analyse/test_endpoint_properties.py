"""Properties of RECIST and of endpoints that no record may break."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import Scan
from equipoise.analyse.endpoints import observe
from equipoise.analyse.explain import explain
from equipoise.analyse.sensitivity import AS_STATED, variant
from equipoise.analyse.stated import as_stated
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.lesion import Reading
from equipoise.trial.log import Log
from equipoise.trial.named_rules import NAMED_RULES
from equipoise.trial.snapshot import Snapshot, snapshot
from equipoise.trial.trial import Trial
from helpers import moment
from random_patients import CUTOFF, START, random_events

RECIST = CRITERIA["RECIST 1.1"]
DAY = date(2012, 6, 1)
#: From best to worst.
ORDER = ("CR", "PR", "SD", "PD")
SIZES = st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=2), min_size=1, max_size=5)


def scans(sizes: list[list[int]]) -> list[Scan]:
    return [
        Scan(
            DAY + timedelta(days=42 * i),
            [Reading(f"T{k}", "target", "measured", float(s)) for k, s in enumerate(row)],
            baseline=i == 0,
        )
        for i, row in enumerate([[30, 20], *sizes])
    ]


@pytest.mark.property
@given(SIZES, st.integers(0, 1), st.integers(1, 30))
def test_shrinking_a_lesion_at_the_last_scan_never_worsens_target_response(
    sizes: list[list[int]], lesion: int, less: int
) -> None:
    smaller = [list(row) for row in sizes]
    smaller[-1][lesion] = max(smaller[-1][lesion] - less, 0)
    before, after = (RECIST.read(scans(s))[-1].target for s in (sizes, smaller))
    assert ORDER.index(after) <= ORDER.index(before)


@pytest.mark.property
@given(SIZES, st.data())
def test_an_unequivocal_new_lesion_is_progression_at_that_scan(sizes: list[list[int]], data: st.DataObject) -> None:
    read = scans(sizes)
    i = data.draw(st.integers(1, len(read) - 1))
    read[i] = Scan(read[i].on, [*read[i].readings, Reading("N1", "new", "unequivocal")])
    assert RECIST.read(read)[i - 1].overall == "PD"
    shuffled = data.draw(st.permutations(read))
    assert RECIST.read(shuffled) == RECIST.read(read)


#: Eisenhauer et al. 2009, table 1 (target disease) and table 2 (non-target only): target, non-target, new, overall.
TABLES = [
    ("CR", "CR", False, "CR"), ("CR", "NON-CR/NON-PD", False, "PR"), ("CR", "NE", False, "PR"),
    *(("PR", n, False, "PR") for n in ("CR", "NON-CR/NON-PD", "NE")),
    *(("SD", n, False, "SD") for n in ("CR", "NON-CR/NON-PD", "NE")),
    *(("NE", n, False, "NE") for n in ("CR", "NON-CR/NON-PD", "NE")),
    *(("PD", n, new, "PD") for n in ("CR", "NON-CR/NON-PD", "NE", "PD") for new in (True, False)),
    *((t, "PD", new, "PD") for t in ("CR", "PR", "SD", "NE", "PD") for new in (True, False)),
    *((t, n, True, "PD") for t in ("CR", "PR", "SD", "NE", "PD") for n in ("CR", "NON-CR/NON-PD", "NE", "PD")),
    ("", "CR", False, "CR"), ("", "NON-CR/NON-PD", False, "NON-CR/NON-PD"), ("", "NE", False, "NE"),
    ("", "PD", False, "PD"), ("", "PD", True, "PD"), *(("", n, True, "PD") for n in ("CR", "NON-CR/NON-PD", "NE")),
]  # fmt: skip


@pytest.mark.property
@pytest.mark.parametrize(("target", "other", "new", "overall"), TABLES)
def test_overall_response_by_tables_1_and_2(target: str, other: str, new: bool, overall: str) -> None:
    assert RECIST.overall(target, other, new) == overall


READ = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 9)), min_size=1, max_size=5)


@pytest.mark.property
@given(READ, st.data())
def test_fragments_of_a_lesion_that_split_add_up_to_it(sizes: list[tuple[int, int, int]], data: st.DataObject) -> None:
    whole, split = scans([[a, b] for a, b, _ in sizes]), scans([[a, b] for a, b, _ in sizes])
    for i, (size, _, tenths) in enumerate(sizes, 1):
        if size == 0 or not data.draw(st.booleans()):
            continue
        part = size * tenths / 10
        fragments = [
            Reading(f"T0.{k}", "target", "measured", mm, part_of="T0") for k, mm in enumerate((part, size - part))
        ]
        split[i] = replace(split[i], readings=[*fragments, split[i].readings[1]])
    for one, two in zip(RECIST.read(whole), RECIST.read(split), strict=True):
        assert two.sum == pytest.approx(one.sum)
        assert (two.target, two.overall, two.nadir) == (one.target, one.overall, pytest.approx(one.nadir))


@pytest.mark.property
@given(READ, st.integers(0, 4))
def test_a_lesion_that_merged_counts_once_where_it_is_measured(sizes: list[tuple[int, int, int]], since: int) -> None:
    merged, gone = scans([[a, b] for a, b, _ in sizes]), scans([[a, b] for a, b, _ in sizes])
    for i in range(since + 1, len(merged)):
        kept = merged[i].readings[0]
        merged[i] = replace(merged[i], readings=[kept, Reading("T1", "target", "merged", part_of="T0")])
        gone[i] = replace(gone[i], readings=[kept, Reading("T1", "target", "absent")])
        assert RECIST.read(merged)[i - 1].sum == kept.size
    # It adds nothing and is not missing: so it stands as a lesion that is gone.
    assert [p.overall for p in RECIST.read(merged)] == [p.overall for p in RECIST.read(gone)]


NORTH = read_trial(find_trial("north"))
assert NORTH.assessments is not None
TRIALS = (
    NORTH,
    NORTH.model_copy(update={"assessments": NORTH.assessments.model_copy(update={"responses": "from lesions"})}),
)
trials = st.sampled_from(TRIALS)
LATER = CUTOFF + timedelta(days=30)


def _records(seed: int, n: int) -> list[Event]:
    """What happened to ``n`` patients; nothing twice on a day by one assessor, so that days alone say what came first."""
    kept: dict[Any, Event] = {}
    for e in random_events(Random(seed), n):
        # Two sums at baseline are one reading: which came last would matter.
        day = START if e.data.get("baseline") else e.happened
        kept.setdefault((e.patient, e.kind, e.data.get("assessor", "investigator"), day), e)
    return list(kept.values())


records = st.builds(_records, st.integers(0, 2**32), st.integers(1, 12))


def cut(events: list[Event], cutoff: date, trial: Trial, known_on: date = LATER) -> Snapshot:
    return as_stated(trial, snapshot(Log(events), cutoff, known_on, fingerprint=False))


def told(snap: Snapshot, trial: Trial) -> dict[str, Any]:
    """Everything that is derived: time points, endpoints and populations of every randomised patient."""
    return {p.name: asdict(explain(trial, snap, p)) for p in snap.randomised}


def without_numbers(found: Any) -> Any:
    """The same, but for the numbers of events."""
    if isinstance(found, dict):
        return {k: without_numbers(v) for k, v in found.items() if k != "source"}
    return [without_numbers(v) for v in found] if isinstance(found, list) else found


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(records, trials, st.integers(0, 420))
def test_nothing_after_the_cutoff_and_no_order_of_records_matters(events: list[Event], trial: Trial, day: int) -> None:
    cutoff = START + timedelta(days=day)
    everything = told(cut(events, cutoff, trial), trial)
    assert everything == told(cut([e for e in events if e.happened <= cutoff], cutoff, trial), trial)
    Random(day).shuffle(events)
    renumbered = [replace(e, number=i) for i, e in enumerate(events, 1)]
    assert without_numbers(told(cut(renumbered, cutoff, trial), trial)) == without_numbers(everything)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(records, trials)
def test_progression_free_survival_is_no_longer_than_survival_under_any_rules(
    events: list[Event], trial: Trial
) -> None:
    start = {e.patient: e.happened for e in events if e.kind == "randomised"}
    end = {
        e.patient: e.happened
        for e in sorted(events, key=lambda e: e.happened, reverse=True)
        if e.kind in ("died", "withdrawn", "lost")
    }
    # Nothing comes before randomisation or after death, withdrawal and loss: a death that is learned of after loss is left to the rules.
    events = [e for e in events if start.get(e.patient, START) <= e.happened <= end.get(e.patient, CUTOFF)]
    snap = cut(events, CUTOFF, trial)
    for patient in snap.randomised:
        survival = observe(patient, trial.time_to_event("OS"), CUTOFF, trial.assessments)
        assert survival is not None
        for rules in (AS_STATED, *NAMED_RULES):
            found = observe(
                patient, variant(trial.time_to_event("PFS"), rules, "investigator"), CUTOFF, trial.assessments
            )
            assert found is not None
            assert found.days <= survival.days, (rules, found, survival)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(records, trials, st.data())
def test_a_correction_changes_what_it_should_and_nothing_else(
    events: list[Event], trial: Trial, data: st.DataObject
) -> None:
    events = [replace(e, number=i, recorded=moment(CUTOFF)) for i, e in enumerate(events, 1)]
    seen = [e for e in events if e.kind == "assessed" and not e.data.get("baseline")]
    if not seen:
        return
    wrong = data.draw(st.sampled_from(seen))
    other = data.draw(st.sampled_from(["CR", "PR", "SD", "PD", "NE"]))
    # Another response, no lesions, and perhaps a day on which nothing else happened.
    day = data.draw(st.sampled_from([wrong.happened, START + timedelta(days=55)]))
    right = replace(
        wrong,
        happened=day,
        data={k: v for k, v in wrong.data.items() if k not in ("lesions", "progressed_on")} | {"response": other},
    )
    number = len(events) + 1
    correction = replace(right, number=number, recorded=moment(LATER), corrects=wrong.number, why="misread")
    before = told(cut(events, CUTOFF, trial), trial)
    after = told(cut([*events, correction], CUTOFF, trial), trial)
    assert told(cut([*events, correction], CUTOFF, trial, CUTOFF), trial) == before
    assert {k: v for k, v in after.items() if k != wrong.patient} == {
        k: v for k, v in before.items() if k != wrong.patient
    }
    from_the_start = told(cut([right if e is wrong else e for e in events], CUTOFF, trial), trial)
    assert _numbered(after, number, wrong.number) == from_the_start


def _numbered(found: Any, number: int, instead: int) -> Any:
    """With the number of the correction replaced by that of what it corrects."""
    if isinstance(found, dict):
        return {
            k: instead if k == "source" and v == number else _numbered(v, number, instead) for k, v in found.items()
        }
    return [_numbered(v, number, instead) for v in found] if isinstance(found, list) else found
