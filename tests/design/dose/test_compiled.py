"""The compiled simulator takes the decisions of the design's own verdict, trial by trial, from the same streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.dose import dose_shelf, interval_exact, simulated
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.kernel import image as images
from equipoise.design.dose.kernel import places as at
from equipoise.design.dose.kernel.image import image_of
from equipoise.design.dose.kernel.rows import simulate_rows
from equipoise.design.dose.layers import WHY
from equipoise.design.dose.simulated import STREAM, Calendar, simulate, without_time
from equipoise.files.kernels import DOSES, ready

TRUTH = (0.05, 0.15, 0.30, 0.45, 0.60, 0.70)
MANY = 10**9
CRM = {"target": 0.25, "skeleton": (0.08, 0.16, 0.25, 0.35, 0.46)}
BY_TABLE: list[tuple[str, dict[str, Any]]] = [
    ("boin", {"target": 0.3, "doses": 5}),
    ("boin", {"target": 0.25, "doses": 6, "cohorts": 12, "n_stop": 12, "stay_on_1_of_3": True, "start": 3}),
    ("boin", {"target": 0.2, "doses": 4, "n_stop": 9, "n_stop_reading": "reached", "extra_safe": True, "bound": True}),
    ("boin", {"target": 0.3, "doses": 5, "cohort": 1, "cohorts": 25, "at_lambda_d": "stay"}),
    ("keyboard", {"target": 0.3, "doses": 5}),
    ("keyboard", {"target": 0.25, "doses": 5, "tie": "up", "eliminate_from": 2, "cohort": 2}),
    ("mtpi", {"target": 0.3, "doses": 5, "n_stop": 12}),
    ("i3plus3", {"target": 0.3, "doses": 5}),
    ("table", dict(dose_shelf.one("table").example)),
]
BY_STATES: list[tuple[str, dict[str, Any]]] = [
    ("a-plus-b", {"doses": 5}),
    ("a-plus-b", {"doses": 5, "deescalate": True, "top": "a+b"}),
    ("a-plus-b", {"doses": 4, "a": 4, "b": 2, "d": 1, "e": 1}),
    ("crm", {**CRM, "cohorts": 6, "stop_if_above": 0.3}),
    ("crm", {**CRM, "cohorts": 6, "method": "likelihood", "model": "logistic", "n_stop": 9}),
    ("blrm", {**dict(dose_shelf.one("blrm").example), "cohorts": 4}),
    ("rolling-six", {"doses": 5}),
    ("boin-combination", {**dict(dose_shelf.one("boin-combination").example), "cohorts": 4}),
    ("boin12", {**dict(dose_shelf.one("boin12").example), "cohorts": 3}),
]


@pytest.fixture(scope="module", autouse=True)
def _at_hand() -> None:
    pytest.importorskip("numba")
    assert ready(DOSES)


def truth_of(design: Any) -> DoseTruth:
    return DoseTruth(
        TRUTH[: design.doses], (0.2, 0.3, 0.5, 0.5, 0.6, 0.6)[: design.doses] if design.of_response else ()
    )


Told = tuple[tuple[int, ...], tuple[int, ...], int, str, int]


def compiled(design: Any, truth: DoseTruth, seed: int, first: int, trials: int) -> Iterator[Told]:
    """Of each trial: patients and DLTs by dose, cohorts, why it ended, the dose named."""
    image = image_of(design, truth, (seed, STREAM), MANY)
    assert image is not None
    for row in simulate_rows(image, first, trials).tolist():
        if image.ends:
            ended = image.ends[row[0]]
            assert ended is not None
            yield ended.state.n, ended.state.dlt, ended.state.cohorts, ended.why, ended.chosen
        else:
            n, dlt = row[at.COUNTS : at.COUNTS + design.doses], row[at.COUNTS + design.doses :]
            yield tuple(n), tuple(dlt), row[at.COHORTS], WHY[row[at.WHY]], row[at.CHOSEN]


def by_verdict(design: Any, truth: DoseTruth, seed: int, first: int, trials: int) -> Iterator[Told]:
    """The same by the design itself."""
    verdicts: dict[Any, Any] = {}
    for trial in range(first, first + trials):
        state, why, chosen = without_time(design, truth, seed, trial, verdicts)
        yield state.n, state.dlt, state.cohorts, why, chosen


@pytest.mark.parametrize(("kind", "said"), BY_TABLE + BY_STATES)
def test_each_trial_goes_as_the_verdict_says(kind: str, said: dict[str, Any]) -> None:
    design = dose_shelf.build(kind, said)
    truth = truth_of(design)
    trials = 1500 if (kind, said) in BY_TABLE else 600
    assert list(compiled(design, truth, 11, 0, trials)) == list(by_verdict(design, truth, 11, 0, trials))


@pytest.mark.thorough
def test_thousands_of_boin_trials() -> None:
    """Where much is eliminated, and estimates tie."""
    design = dose_shelf.build("boin", {"target": 0.3, "doses": 5})
    for rates in ((0.3, 0.42, 0.5, 0.6, 0.7), (0.3,) * 5, (0.6, 0.2, 0.5, 0.1, 0.4)):
        truth = DoseTruth(rates)
        assert list(compiled(design, truth, 5, 1_000_000, 5000)) == list(by_verdict(design, truth, 5, 1_000_000, 5000))


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_table_of_moves(data: Any) -> None:
    draw = data.draw
    doses, cohort = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    said = {
        "target": draw(st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 0.5])), "doses": doses, "cohort": cohort, "cohorts": draw(st.integers(1, 12)),
        "start": draw(st.integers(1, doses)), "n_stop": draw(st.sampled_from([0, 1, 3, 6, 9])),
        "n_stop_reading": draw(st.sampled_from(["would stay", "reached"])), "certainty": draw(st.sampled_from([0.5, 0.8, 0.95])),
    }  # fmt: skip
    kind = draw(st.sampled_from(["boin", "keyboard", "mtpi", "i3plus3"]))
    if kind == "boin":
        said |= {"extra_safe": draw(st.booleans()), "bound": draw(st.booleans())}
    design = dose_shelf.build(kind, said)
    truth = DoseTruth(tuple(draw(st.lists(st.floats(0, 1), min_size=doses, max_size=doses))))
    seed, first = draw(st.integers(0, 2**40)), draw(st.integers(0, 2**40))
    assert list(compiled(design, truth, seed, first, 60)) == list(by_verdict(design, truth, seed, first, 60))


@pytest.mark.parametrize(("kind", "said"), [BY_TABLE[2], BY_STATES[0], BY_STATES[-1]])
def test_the_numbers_are_the_same_with_and_without(
    kind: str, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    design = dose_shelf.build(kind, said)
    truth = truth_of(design)
    monkeypatch.setattr(images, "_STATES", MANY)
    fast = [simulate(design, truth, 700, "a text", None, workers) for workers in (1, 2)]
    monkeypatch.setattr(simulated, "kept", lambda: False)
    monkeypatch.setattr(simulated, "image_of", None)
    assert fast == [simulate(design, truth, 700, "a text")] * 2


def test_few_trials_are_not_worth_many_states() -> None:
    design = dose_shelf.build("crm", CRM)
    assert image_of(design, DoseTruth(TRUTH[:5]), (1, STREAM), 100) is None
    assert (
        image_of(
            dose_shelf.build("boin", {"target": 0.3, "doses": 5, "cohorts": 100}),
            DoseTruth(TRUTH[:5]),
            (1, STREAM),
            100,
        )
        is None
    )


@pytest.mark.parametrize(("kind", "said"), [BY_TABLE[0], BY_STATES[1]])
def test_in_calendar_time_the_same_where_nobody_comes_too_early(kind: str, said: dict[str, Any]) -> None:
    """Each patient is answered before the next one comes: then the calendar's trials are the kernel's."""
    design = dose_shelf.build(kind, said)
    truth = truth_of(design)
    slow = simulate(design, truth, 300, 21, Calendar(1e-9, 1e-9))
    assert slow.turned_away == 0
    told = list(compiled(design, truth, 21, 0, 300))
    assert slow.patients == tuple(sum(n[d] for n, *_ in told) / 300 for d in range(design.doses))
    assert slow.select == tuple(sum(chosen == d for *_, chosen in told) / 300 for d in range(1, design.doses + 1))
    assert slow.dlts == tuple(sum(y[d] for _, y, *_ in told) / 300 for d in range(design.doses))


def test_a_design_that_steps_otherwise_is_not_taken_by_its_table() -> None:
    """In time BOIN keeps other states: its table alone does not say what it does."""
    said = {"target": 0.3, "doses": 3, "cohorts": 4, "tite": "ess"}
    design = dose_shelf.build("boin", said)
    assert not interval_exact.served(design)
    truth = DoseTruth(TRUTH[:3])
    assert list(compiled(design, truth, 2, 0, 300)) == list(by_verdict(design, truth, 2, 0, 300))
