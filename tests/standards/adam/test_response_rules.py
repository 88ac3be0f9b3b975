"""The rules of admiral's parameters on small tables: what the visible subjects do not exercise."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adam_cases import START, case, derived, patient, said
from equipoise.standards.adam.response import ResponseRecord, analysed, response_records
from equipoise.standards.adam.rules import ADMIRAL
from equipoise.trial.log import Log
from equipoise.trial.patient import gather

RESPONSES = ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "ND")

#: Responses by day → what CBOR and CRSP are, with their days. Written from admiralonco's help pages.
CONFIRMED = [
    # 28 days are enough, 27 are not; before day 42 an unconfirmed response is NE.
    ([(10, "CR"), (38, "CR")], ("CR", 10), ("Y", 10)),
    ([(10, "CR"), (37, "CR")], ("NE", 10), ("N", None)),
    ([(50, "PR"), (77, "PR")], ("SD", 50), ("N", None)),
    # A PR is confirmed by a CR; a CR not by a PR.
    ([(42, "PR"), (84, "CR")], ("PR", 42), ("Y", 42)),
    ([(42, "CR"), (84, "PR")], ("SD", 42), ("N", None)),
    # One NE between is allowed, two are not.
    ([(42, "CR"), (60, "NE"), (84, "CR")], ("CR", 42), ("Y", 42)),
    ([(42, "CR"), (50, "NE"), (60, "NE"), (84, "CR")], ("SD", 42), ("N", None)),
    # SD between is not, for either.
    ([(42, "PR"), (60, "SD"), (84, "PR"), (112, "PR")], ("PR", 84), ("Y", 84)),
    ([(42, "CR"), (60, "SD"), (84, "CR")], ("SD", 42), ("N", None)),
    # A PR after a CR within the window spoils it.
    ([(42, "PR"), (50, "CR"), (84, "PR")], ("SD", 42), ("N", None)),
    # A CR too near does not confirm; what comes after it does.
    ([(42, "PR"), (60, "CR"), (84, "CR")], ("PR", 42), ("Y", 42)),
    # Nothing after the first progression confirms.
    ([(42, "CR"), (63, "PD"), (84, "CR"), (126, "CR")], ("SD", 42), ("N", None)),
    ([(21, "CR"), (35, "PD"), (84, "CR")], ("PD", 35), ("N", None)),
    # Non-CR/non-PD between is neither NE nor SD: it spoils the confirmation.
    ([(42, "PR"), (60, "NON-CR/NON-PD"), (84, "PR")], ("SD", 42), ("N", None)),
]


@pytest.mark.independent
@pytest.mark.parametrize(("responses", "best", "response"), CONFIRMED)
def test_confirmed(responses: list[tuple[int, str]], best: tuple[str, int], response: tuple[str, int | None]) -> None:
    log = case(*responses)
    assert said(log, "CBOR") == best
    assert said(log, "CRSP") == response
    yes = best[0] in ("CR", "PR")
    assert said(log, "CBCP") == (("Y", best[1]) if yes else ("N", None))


UNCONFIRMED = [
    ([(41, "SD")], ("NE", 41), ("N", None)),
    ([(42, "SD")], ("SD", 42), ("Y", 42)),
    ([(41, "NON-CR/NON-PD"), (60, "NE")], ("NE", 41), ("N", None)),
    ([(42, "NON-CR/NON-PD"), (60, "SD")], ("SD", 60), ("Y", 42)),
    # An early response is benefit; an early SD is not.
    ([(10, "SD"), (20, "PR"), (60, "PD")], ("PR", 20), ("Y", 20)),
    ([(10, "SD"), (20, "PD"), (60, "CR")], ("PD", 20), ("N", None)),
    ([(50, "NE"), (60, "ND")], ("NE", 50), ("N", None)),
    ([(50, "ND")], ("MISSING", None), ("N", None)),
    # The best that is shown first, where several are as good.
    ([(21, "PR"), (42, "CR"), (63, "CR")], ("CR", 42), ("Y", 21)),
    # On one day the worst counts, so that this is progression and no response.
    ([(42, "CR"), (42, "PD"), (63, "CR")], ("PD", 42), ("N", None)),
    # Before randomisation nothing counts.
    ([(-5, "PD"), (42, "PR")], ("PR", 42), ("Y", 42)),
    ([], ("MISSING", None), ("N", None)),
]  # fmt: skip


@pytest.mark.independent
@pytest.mark.parametrize(("responses", "best", "benefit"), UNCONFIRMED)
def test_unconfirmed(
    responses: list[tuple[int, str]], best: tuple[str, int | None], benefit: tuple[str, int | None]
) -> None:
    log = case(*responses)
    assert said(log, "BOR") == best
    assert said(log, "CB") == benefit


def test_benefit_needs_confirmation_or_time() -> None:
    early = case((20, "PR"), (30, "PD"))
    assert said(early, "CB") == ("Y", 20)
    assert said(early, "CCB") == ("N", None)
    assert said(case((20, "PR"), (48, "PR")), "CCB") == ("Y", 20)


def test_the_last_assessment_is_the_last_of_any_kind() -> None:
    assert said(case((42, "PD"), (63, "NE")), "LSTA") == ("NE", 63)
    assert said(case((42, "SD"), (63, "ND")), "LSTA") == ("SD", 42)
    assert said(case(), "LSTA") == ("", None)


def test_of_several_on_a_day_one_is_analysed() -> None:
    log = case((42, "SD"), (42, "PR"), (42, "SD"))
    flags = [r.analysed for r in response_records(patient(log), "investigator", ADMIRAL) if r.parameter.code == "OVR"]
    assert flags == [False, False, True]
    why = [r.because for r in response_records(patient(log), "investigator", ADMIRAL) if r.parameter.code == "OVR"]
    assert why[0] == "not analysed: SD stands for this day"


def test_a_record_says_why() -> None:
    log = case((42, "PR"), (84, "CR"))
    assert derived(log, "CBOR").because == "PR on 2014-02-12, confirmed by CR on 2014-03-26"
    assert derived(log, "CBOR").visit == "D42"


courses = st.lists(st.tuples(st.integers(-3, 130), st.sampled_from(RESPONSES)), max_size=7)


@pytest.mark.property
@given(courses, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(responses: list[tuple[int, str]], random: object) -> None:
    """Days apart: of two on one day that are as bad, the one recorded last is shown, as the rule says."""
    by_day = list(dict(responses).items())
    events = list(case(*by_day))
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def all_of(found: list[ResponseRecord]) -> list[tuple[object, ...]]:
        return [(r.parameter.code, r.on, r.value, r.text, r.analysed, r.because) for r in found]

    renumbered = Log()
    for e in shuffled:
        renumbered.append(e.kind, e.happened, e.recorded, e.by, patient=e.patient, data=e.data, source=e.source)
    again = gather(list(renumbered))["P"]
    assert all_of(response_records(patient(events), "investigator", ADMIRAL)) == all_of(
        response_records(again, "investigator", ADMIRAL)
    )


@pytest.mark.property
@given(courses)
def test_parameters_agree_with_each_other(responses: list[tuple[int, str]]) -> None:
    p = patient(case(*responses))
    by = {r.parameter.code: r for r in response_records(p, "investigator", ADMIRAL) if r.parameter.code != "OVR"}
    counted = analysed(p, "investigator", ADMIRAL)
    assert (by["BCP"].text == "Y") == (by["RSP"].text == "Y")
    assert (by["CBCP"].text == "Y") == (by["CRSP"].text == "Y")
    if by["CRSP"].text == "Y":
        assert by["RSP"].text == by["CB"].text == by["CCB"].text == "Y"
    if by["CCB"].text == "Y":
        assert by["CB"].text == "Y"
        assert by["CB"].on <= by["CCB"].on  # type: ignore[operator]
    first = next((a.on for a in counted if a.response == "PD"), None)
    assert by["PD"].on == first
    for code in ("RSP", "CRSP", "CB", "CCB", "BOR", "CBOR"):
        if first is not None and by[code].on is not None:
            assert by[code].on <= first  # type: ignore[operator]
    assert all(r.because for r in by.values())
    assert all(a.on >= START for a in counted)
    assert date.max > START + timedelta(1)
