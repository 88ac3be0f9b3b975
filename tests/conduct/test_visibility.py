"""What a reader sees of an event: nothing that tells an arm he may not know, nothing of another site, and no gap that counts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.people import People
from equipoise.conduct.visibility import Reader, padded, seen, visible
from equipoise.files.plain import plain
from equipoise.trial.event import NEITHER, Event
from equipoise.trial.log import Log, in_force
from equipoise.trial.masked import MASKED
from equipoise.trial.role import DOSES, ROLES
from people_log import ADMIN, PEOPLE, SITES, Writer, log, north, with_other_arms, with_others_elsewhere

ROLE_NAMES = [r.name for r in ROLES]
BLIND = ["data manager", "medical monitor", "sponsor", "inspector"]
AT_SITE = ["coordinator", "investigator", "monitor", "pharmacist"]
OWN, OTHER = f"{SITES[0]}-000", f"{SITES[1]}-001"


def reader(role: str, events: Log | None = None) -> Reader:
    return Reader.of(PEOPLE[role], People.of(events or log()), north())


def text(events: Log) -> str:
    """All that is shown, but the trial's definition, which names all arms and tells of nobody which is his."""
    return json.dumps(plain([replace(e, data={k: v for k, v in e.data.items() if k != "definition"}) for e in events]))


@pytest.mark.parametrize("role", BLIND)
def test_who_may_not_know_the_arm_finds_no_name_of_one(role: str) -> None:
    shown = seen(log(), reader(role))
    assert not [word for word in ("IMGN901", '"CE"', "CE was given", "112") if word in text(shown)]
    assert [e.data["arm"] for e in shown if e.kind == "randomised"] == [MASKED] * 12
    assert {e.data["drug"] for e in shown if e.kind == "treated"} == {"carboplatin"}
    (decided,) = [e for e in shown if e.kind == "decided"]
    assert (decided.why, decided.data["action"], decided.data["look"]) == (MASKED, MASKED, 1)
    # Numbered anew: no gap tells how many doses of the tested arm's drug there were.
    assert [e.number for e in shown] == list(range(1, len(shown) + 1))


@pytest.mark.parametrize("role", BLIND)
def test_two_logs_that_differ_in_arms_are_one_to_the_blind(role: str) -> None:
    assert seen(log(), reader(role)) == seen(with_other_arms(), reader(role, with_other_arms()))
    assert seen(log(), reader(role)).head == seen(with_other_arms(), reader(role, with_other_arms())).head


@pytest.mark.parametrize("role", AT_SITE)
def test_a_site_sees_its_own_patients_with_their_arms_and_no_other(role: str) -> None:
    shown = seen(log(), reader(role))
    assert {e.patient.split("-")[0] for e in shown if e.patient} == {SITES[0]}
    assert {e.data["arm"] for e in shown if e.kind == "randomised"} == {"IMGN901", "CE"}
    assert all(log()[e.number - 1].kind == e.kind for e in shown), "he corrects by the log's own numbers"
    assert shown == seen(with_others_elsewhere(), reader(role, with_others_elsewhere()))
    assert "11 of 20" not in text(shown)


def test_a_pharmacist_sees_doses_and_nothing_of_the_outcome() -> None:
    kinds = {e.kind for e in seen(log(), reader("pharmacist")) if e.patient}
    assert kinds <= DOSES
    assert "treated" in kinds
    assert not DOSES & {"assessed", "died", "progressed", "outcome", "adverse event"}


def test_an_administrator_sees_people_and_no_patient() -> None:
    shown = seen(log(), reader("administrator"))
    assert not [e for e in shown if e.patient]
    assert sum(e.kind == "granted" for e in shown) == len(ROLES)


def test_the_committee_and_an_inspector_who_may_sees_everything() -> None:
    w = Writer(Conduct(north(), Log(log())), now=log()[len(log()) - 1].recorded)
    w("granted", ADMIN, person=PEOPLE["inspector"], role="inspector", arms=True)
    for role in ("committee", "inspector"):
        of = reader(role, w.conduct.log)
        assert [visible(e, of) for e in w.conduct.log] == list(w.conduct.log)
        assert "by arm" in of.views


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_the_salts_of_what_is_shown_are_not(role: str) -> None:
    """With the salt of a guarded part its digest could be tried for each arm."""
    salted = Log(replace(e, salts=("0" * 32, "1" * 32)) for e in log())
    of = reader(role)
    assert of.whole or {e.salts for e in seen(salted, of)} == {NEITHER}


def test_a_dose_corrected_out_of_sight_or_into_it() -> None:
    """What is in force for the blind is what they may see of what is in force."""
    events = list(log())

    def corrected(number: int, kind: str, **data: object) -> Event:
        old = events[number - 1]
        return replace(old, number=len(events) + 1, kind=kind, data=data, corrects=number, why="typed wrong")

    carboplatin = next(e.number for e in events if e.kind == "treated" and e.data["drug"] == "carboplatin")
    own = next(e.number for e in events if e.kind == "treated" and e.data["drug"] == "IMGN901")
    dose = {"cycle": 1, "day": 1, "dose": 5, "unit": "AUC"}
    for number, kind, data, left in (
        (carboplatin, "treated", {**dose, "drug": "IMGN901"}, 11),  # into what is not shown: taken back
        (own, "treated", {**dose, "drug": "carboplatin"}, 13),  # out of it: the first that is seen of it
        (own, "voided", {}, 12),  # of what is not shown: nothing
        (carboplatin, "voided", {}, 11),
    ):
        changed = Log([*events, corrected(number, kind, **data)])
        shown = seen(changed, reader("data manager", changed))
        assert sum(e.kind == "treated" for e in in_force(shown)) == left, (number, kind)
        assert [e.number for e in shown] == list(range(1, len(shown) + 1))


def test_where_nobody_is_randomised_the_arm_is_no_secret() -> None:
    trial = north().model_copy(update={"randomisation": None, "arms": north().arms[:1]})
    event = Event(
        5, "enrolled", date(2013, 2, 1), log()[0].recorded, "x", patient=OWN, data={"factors": {}, "arm": "IMGN901"}
    )
    assert visible(event, Reader.of(PEOPLE["data manager"], People.of(log()), trial)) == event


def test_a_masked_trial_s_codes_are_shown_under_the_log_s_numbers() -> None:
    """Its log tells no arm, so that nothing is hidden by it and no number tells."""
    assert north().randomisation is not None
    blind = north().model_copy(
        update={"randomisation": north().randomisation.model_copy(update={"blinding": "double blind"})}
    )
    of = Reader.of(PEOPLE["investigator"], People.of(log()), blind)
    assert of.masked
    assert not of.renumbers
    code = Event(
        5, "randomised", date(2013, 2, 1), log()[0].recorded, "x", patient=OWN, data={"code": "7ZKQ", "stratum": "s"}
    )
    assert visible(code, of) == code


def test_words_of_an_arm_are_masked_in_texts_as_words_only() -> None:
    of = reader("data manager")
    at = log()[len(log()) - 1].recorded.astimezone(UTC)
    for given, shown in (
        ("on imgn901 since May", f"on {MASKED} since May"),
        ("IMGN901 + carboplatin/etoposide", MASKED),
        ("a CE-marked device", f"a {MASKED}-marked device"),
        ("PROCEDURE and carboplatin", "PROCEDURE and carboplatin"),
    ):
        event = Event(5, "deviation", date(2013, 2, 1), at, "x", given, OWN, data={"what": given, "major": False})
        found = visible(event, of)
        assert found is not None
        assert (found.why, found.data["what"]) == (shown, shown)


def test_an_order_is_judged_by_what_its_giver_sees_under_the_log_s_numbers() -> None:
    of = reader("coordinator")
    found = padded(log(), of)
    assert [e.number for e in found] == [e.number for e in log()]
    assert [e for e in found if e.patient] == [e for e in seen(log(), of) if e.patient]


def test_what_told_the_arm_under_a_definition_before_tells_it_still() -> None:
    trial = north()
    tested, control = trial.arms
    # As if every arm had had the tested drug: by that definition alone its doses would tell nothing.
    every = trial.model_copy(update={"arms": (tested, tested.model_copy(update={"name": control.name}))})
    people = People.of(log())
    by_one = Reader.of(PEOPLE["data manager"], people, every)
    by_both = Reader.of(PEOPLE["data manager"], people, every, trial)
    assert "IMGN901" in by_one.known
    assert not by_one.renumbers
    assert "IMGN901" not in by_both.known
    assert by_both.renumbers
    assert seen(log(), by_both) == seen(log(), reader("data manager"))


def test_a_definition_is_shown_whole() -> None:
    shown = seen(log(), reader("data manager"))
    assert shown[0].data["definition"] == north().definition
