"""Acts about the record: what is refused in words, what falls, and that a look goes step by step."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipoise.conduct.conduct import Refused, replay
from equipoise.conduct.visibility import Reader, seen
from equipoise.conduct.watched_over import Filter, endorsements, queries, signatures, trail, verification
from equipoise.desk import oversight
from equipoise.files.definition import trial_of
from equipoise.trial.log import Log
from equipoise.trial.oversight import ON_PATIENTS, ON_TRIAL, STEPS
from equipoise.trial.role import ROLES
from equipoise.trial.snapshot import snapshot
from overseen_log import CUTOFF, OTHER, OWN, Desk, overseen
from people_log import PEOPLE, log, north, with_other_arms, with_others_elsewhere

MONITOR, MANAGER, SITE = PEOPLE["monitor"], PEOPLE["data manager"], PEOPLE["coordinator"]
INVESTIGATOR, SPONSOR, ROOM = PEOPLE["investigator"], PEOPLE["sponsor"], PEOPLE["committee"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def codes(desk: Desk, order: object) -> set[str]:
    with pytest.raises(Refused) as refused:
        desk(order)  # type: ignore[arg-type]
    return {p.code for p in refused.value.problems}


def correct(desk: Desk, number: int, **data: object) -> None:
    desk(lambda c, now: c.correct(number, now, INVESTIGATOR, "misread", data=data))


def void(desk: Desk, number: int) -> None:
    desk(lambda c, now: c.correct(number, now, INVESTIGATOR, "not his", void=True))


# -- queries ------------------------------------------------------------------------------------------------------------


def test_a_query_goes_from_open_to_answered_to_closed_and_again(desk: Desk) -> None:
    event = desk.number(OWN, "adverse event")
    asked = desk(oversight.on(MONITOR, "query opened", event, field="grade", text="3?"))

    def state() -> str:
        return queries(list(desk.conduct.log), desk.now)[0].state

    assert state() == "open"
    assert codes(desk, oversight.turn(MONITOR, "query reopened", asked.number, "why")) == {"query-state"}
    desk(oversight.turn(SITE, "query answered", asked.number, "yes"))
    assert state() == "answered"
    assert codes(desk, oversight.turn(SITE, "query answered", asked.number, "yes")) == {"query-state"}
    desk(oversight.turn(MONITOR, "query closed", asked.number, None))
    assert state() == "closed"
    desk(oversight.turn(MONITOR, "query reopened", asked.number, "still"))
    assert state() == "open"
    desk.now += timedelta(days=9)
    (query,) = queries(list(desk.conduct.log), desk.now)
    assert (query.age, query.waited, query.waits_for, query.field) == (9, 9, "site", "grade")
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_a_query_is_closed_by_who_holds_the_role_that_asked(desk: Desk) -> None:
    event = desk.number(OWN, "adverse event")
    asked = desk(oversight.on(MONITOR, "query opened", event, text="3?"))
    number = desk.shown("data manager", asked.number)
    assert codes(desk, oversight.turn(MANAGER, "query closed", number, None)) == {"not-your-query"}
    assert codes(desk, oversight.turn(SITE, "query closed", asked.number, None)) == {"not-your-order"}
    assert codes(desk, oversight.turn(MONITOR, "query answered", asked.number, "me")) == {"not-your-order"}


def test_a_query_on_what_does_not_stand_is_refused_in_words(desk: Desk) -> None:
    event = desk.number(OWN, "adverse event")
    correct(desk, event, grade=2)
    with pytest.raises(Refused, match=r"corrected on .* by investigator-1"):
        desk(oversight.on(MONITOR, "query opened", event, text="3?"))
    later = len(desk.conduct.log)
    void(desk, later)
    with pytest.raises(Refused, match=r"taken back on .* by investigator-1"):
        desk(oversight.on(MONITOR, "query opened", later, text="3?"))
    assert codes(desk, oversight.on(MONITOR, "query opened", 1, text="3?")) == {"unknown-event"}
    assert codes(desk, oversight.on(MONITOR, "query opened", 9999, text="3?")) == {"unknown-event"}


def test_a_query_names_a_field_that_there_is_and_of_an_own_site(desk: Desk) -> None:
    event = desk.number(OWN, "adverse event")
    assert codes(desk, oversight.on(MONITOR, "query opened", event, field="graed", text="3?")) == {"unknown-field"}
    assert codes(desk, oversight.on(MONITOR, "query opened", desk.number(OTHER, "assessed"), text="?")) == {
        "unknown-event"
    }


def test_a_query_lapses_with_its_value_and_follows_its_correction(desk: Desk) -> None:
    event = desk.number(OWN, "adverse event")
    asked = desk(oversight.on(MONITOR, "query opened", event, text="3?"))
    correct(desk, event, grade=2)
    (query,) = queries(list(desk.conduct.log), desk.now)
    assert query.state == "open"
    assert query.changed
    assert query.about.data["grade"] == 2
    void(desk, len(desk.conduct.log))
    (query,) = queries(list(desk.conduct.log), desk.now)
    assert query.state == "lapsed"
    assert query.number == asked.number
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_a_confirmed_check_is_a_query_and_is_settled_like_one(desk: Desk) -> None:
    made = desk(lambda c, now: c.order("contact", now.date(), now, SITE, "Confirmed: more than 90 days ago.", OWN))
    (query,) = queries(list(desk.conduct.log), desk.now)
    assert (query.number, query.by_check, query.text, query.state) == (
        made.number,
        True,
        "more than 90 days ago.",
        "open",
    )
    desk(oversight.turn(MANAGER, "query closed", desk.shown("data manager", made.number), "seen"))
    assert queries(list(desk.conduct.log), desk.now)[0].state == "closed"
    assert codes(desk, oversight.turn(SITE, "query answered", desk.number(OWN, "assessed"), "?")) == {"unknown-query"}


# -- verification and signatures ------------------------------------------------------------------------------------------


def test_verification_falls_when_the_value_changes(desk: Desk) -> None:
    event = desk.number(OWN, "adverse event")
    desk(oversight.verify(MONITOR, [event]))

    def of(number: int) -> tuple[str, str]:
        return next((v.state, v.why) for v in verification(list(desk.conduct.log), OWN) if v.event.number == number)

    assert of(event)[0] == "verified"
    correct(desk, event, grade=2)
    state, why = of(len(desk.conduct.log))
    assert state == "fallen"
    assert "corrected by investigator-1" in why
    assert "misread" in why
    assert codes(desk, oversight.verify(MONITOR, [event])) == {"not-standing"}
    desk(oversight.verify(MONITOR, [len(desk.conduct.log)]))
    assert of(len(desk.conduct.log) - 1)[0] == "verified"


def test_a_signature_is_of_what_was_shown_and_falls_with_a_reason(desk: Desk) -> None:
    shown = oversight.to_sign(desk.conduct, OWN, CUTOFF)
    signing = oversight.sign(INVESTIGATOR, OWN, "read", CUTOFF, shown.events, shown.digest)
    event = desk.number(OWN, "adverse event")
    correct(desk, event, grade=2)
    with pytest.raises(Refused, match=r"changed meanwhile|corrected on"):
        desk(signing)
    signed = desk(oversight.sign(INVESTIGATOR, OWN, "read", CUTOFF))
    assert signed.data["name"] == "investigator one"
    assert signatures(list(desk.conduct.log))[0].holds
    assert {e.patient: e.state for e in endorsements(list(desk.conduct.log), CUTOFF)}[OWN] == "signed"
    correct(desk, desk.number(OWN, "adverse event"), grade=1)
    (after,) = signatures(list(desk.conduct.log))
    assert not after.holds
    assert "corrected by investigator-1" in after.fallen[0]
    states = {e.patient: e.state for e in endorsements(list(desk.conduct.log), CUTOFF)}
    assert states[OWN] == "fallen"
    assert states[OTHER] == "missing"
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_a_signature_at_a_cut_off_falls_with_a_record_that_comes_late(desk: Desk) -> None:
    desk(oversight.sign(INVESTIGATOR, OWN, "read", CUTOFF))
    desk(lambda c, now: c.order("contact", date(2013, 8, 1), now, SITE, "", OWN))
    assert signatures(list(desk.conduct.log))[0].holds
    desk(
        lambda c, now: c.order(
            "adverse event", date(2013, 7, 1), now, SITE, "", OWN, data={"term": "Nausea", "grade": 1}
        )
    )
    assert "was recorded by coordinator-1" in signatures(list(desk.conduct.log))[0].fallen[0]


def test_a_signature_of_another_record_or_another_s_name_is_found(desk: Desk) -> None:
    shown = oversight.to_sign(desk.conduct, OWN, CUTOFF)
    data = {
        "meaning": "read",
        "name": "investigator one",
        "events": list(shown.events),
        "digest": shown.digest,
        "cutoff": "2013-07-05",
    }

    def sign(**other: object) -> object:
        return lambda c, now: c.order("signed", now.date(), now, INVESTIGATOR, "", OWN, data={**data, **other})

    assert codes(desk, sign(digest="ab" * 32)) == {"not-as-shown"}
    assert codes(desk, sign(name="Somebody Else")) == {"printed-name"}
    assert codes(desk, sign(events=list(shown.events)[1:])) == {"not-as-shown", "not-all"}
    assert codes(desk, oversight.sign(SITE, OWN, "read", CUTOFF)) == {"not-your-order"}
    assert codes(desk, oversight.sign(INVESTIGATOR, OTHER, "read", CUTOFF)) == {"not-your-patient"}


# -- freeze, lock, the steps of a look -------------------------------------------------------------------------------------


def steps(desk: Desk, *kinds: str, look: int = 2) -> None:
    by = {"cut off": SPONSOR, "look checked": MANAGER, "entry closed": MANAGER}
    for kind in kinds:
        if kind == "decided":
            data = {
                "look": look,
                "action": "continue",
                "cutoff": CUTOFF.isoformat(),
                "known_on": desk.now.date().isoformat(),
            }
            desk(lambda c, now, d=data: c.order("decided", now.date(), now, ROOM, "so", data=d))
        else:
            said = {"cut off": {"cutoff": CUTOFF.isoformat()}, "recommended": {"recommendation": "stop"}}.get(kind, {})
            desk(oversight.act(by.get(kind, ROOM), kind, look=look, **said))


def a_step(kind: str, look: int = 2) -> object:
    def order(c: object, now: object) -> object:
        desk = Desk.__new__(Desk)
        desk.conduct, desk.now = c, now - timedelta(hours=1)  # type: ignore[assignment,operator]
        steps(desk, kind, look=look)

    return order


@pytest.mark.parametrize("done", range(len(STEPS) + 1))
def test_any_other_order_of_steps_is_refused(desk: Desk, done: int) -> None:
    steps(desk, "cut off", look=3)  # from now on this log's looks go by steps
    desk(oversight.act(SPONSOR, "cut withdrawn", why="another day", look=3))
    steps(desk, *STEPS[:done])
    for i, kind in enumerate(STEPS):
        if i != done:
            assert codes(desk, a_step(kind)) == {"out-of-order"}, kind
    if done < len(STEPS):
        steps(desk, STEPS[done])
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_a_log_that_knows_no_steps_is_decided_as_before(desk: Desk) -> None:
    steps(desk, "decided")
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_entry_is_closed_for_the_cut_and_for_nothing_else(desk: Desk) -> None:
    steps(desk, *STEPS[:3])
    late = lambda c, now: c.order("contact", CUTOFF, now, SITE, "", OWN)  # noqa: E731
    assert codes(desk, late) == {"entry-closed"}
    event = desk.number(OWN, "adverse event")
    assert codes(desk, lambda c, now: c.correct(event, now, INVESTIGATOR, "misread", data={"grade": 2})) == {
        "entry-closed"
    }
    assert codes(desk, lambda c, now: c.redact(event, now, INVESTIGATOR, "a name")) == {"entry-closed"}
    desk(lambda c, now: c.order("contact", CUTOFF + timedelta(days=1), now, SITE, "", OWN))
    steps(desk, *STEPS[3:])
    desk(late)
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_a_decision_is_of_the_cut_and_of_what_was_checked(desk: Desk) -> None:
    steps(desk, *STEPS[:4])

    def decide(**d):
        return lambda c, now: c.order(
            "decided", now.date(), now, ROOM, "so", data={"look": 2, "action": "continue", **d}
        )

    assert codes(desk, decide(cutoff="2013-07-04", known_on="2013-08-01")) == {"another-cutoff"}
    assert codes(desk, decide(cutoff="2013-07-05", known_on="2013-07-05")) == {"known-before-closed"}
    assert codes(desk, oversight.act(SPONSOR, "cut withdrawn", why="no", look=2)) == {"out-of-order"}


def test_nothing_is_locked_while_a_look_is_open_and_nothing_written_once_it_is(desk: Desk) -> None:
    steps(desk, *STEPS[:2])
    assert codes(desk, oversight.act(SPONSOR, "locked")) == {"look-open"}
    steps(desk, *STEPS[2:])
    desk(oversight.act(SPONSOR, "locked"))
    event = desk.number(OWN, "adverse event")
    for order in (
        lambda c, now: c.order("contact", now.date(), now, SITE, "", OWN),
        lambda c, now: c.correct(event, now, INVESTIGATOR, "misread", data={"grade": 2}),
        oversight.verify(MONITOR, [event]),
        oversight.on(MONITOR, "query opened", event, text="3?"),
        oversight.sign(INVESTIGATOR, OWN, "read", CUTOFF),
    ):
        assert codes(desk, order) == {"locked"}
    assert codes(desk, oversight.act(SPONSOR, "unlocked")) == {"no-reason"}
    desk(oversight.act(SPONSOR, "unlocked", why="a late death"))
    desk(lambda c, now: c.order("contact", now.date(), now, SITE, "", OWN))
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_a_frozen_record_is_not_written_and_says_by_whom(desk: Desk) -> None:
    desk(oversight.act(MANAGER, "frozen", OWN))
    with pytest.raises(Refused, match=r"frozen since 2013-08-01, by data-manager-1"):
        desk(lambda c, now: c.order("contact", now.date(), now, SITE, "", OWN))
    assert codes(desk, oversight.act(MANAGER, "frozen", OWN)) == {"frozen-already"}
    desk(oversight.act(MANAGER, "unfrozen", OWN, "an answer"))
    desk(lambda c, now: c.order("contact", now.date(), now, SITE, "", OWN))


def test_a_code_is_of_a_text_and_no_value(desk: Desk) -> None:
    said = {"term": "Neutropenia", "code": "10029354", "dictionary": "MedDRA", "version": "27.1"}
    number = desk.shown("data manager", desk.number(OWN, "adverse event"))
    desk(oversight.on(MANAGER, "coded", number, field="term", **said))
    assert codes(desk, oversight.on(MANAGER, "coded", number, field="grade", **said)) == {"not-coded"}
    assert codes(desk, oversight.on(SITE, "coded", desk.number(OWN, "adverse event"), field="term", **said)) == {
        "not-your-order"
    }
    assert codes(desk, lambda c, now: c.order("contact", now.date(), now, MANAGER, "", OWN)) == {"not-your-order"}


# -- the record is untouched -----------------------------------------------------------------------------------------------


def test_acts_about_the_record_are_none_of_it() -> None:
    """A query does not say that a patient was alive, nor change anything that is analysed."""
    one, other = (snapshot(Log(e), date(2013, 7, 5), date(2013, 8, 9)) for e in (log(), overseen()))
    assert one.patients == other.patients
    assert list(one.events) == list(other.events)
    assert [e for e in one.beyond if e.patient] == [e for e in other.beyond if e.patient]


def test_the_log_of_all_acts_replays_and_verifies() -> None:
    kinds = {e.kind for e in overseen()}
    assert not replay(north(), list(overseen()), trial_of)
    assert len(kinds & {*ON_PATIENTS, *ON_TRIAL}) >= 14


@pytest.mark.parametrize("role", ["data manager", "medical monitor", "sponsor", "inspector"])
def test_acts_tell_no_arm(role: str) -> None:
    worlds = [overseen(log), overseen(with_other_arms)]
    desks = [Desk(w) for w in worlds]
    shown = []
    for desk, world in zip(desks, worlds, strict=True):
        reader = Reader.of(PEOPLE[role], desk.conduct.people, *desk.conduct.definitions.trials)
        shown.append(list(seen(world, reader)))
    assert shown[0] == shown[1]
    acts = [e for e in shown[0] if e.kind in ON_PATIENTS]
    assert len(acts) >= 5
    assert "IMGN901" not in str([e.data for e in acts])


@pytest.mark.parametrize("role", ["coordinator", "pharmacist", "monitor"])
def test_acts_tell_nothing_of_another_site(role: str) -> None:
    shown = []
    for world in (overseen(log), overseen(with_others_elsewhere)):
        desk = Desk(world)
        reader = Reader.of(PEOPLE[role], desk.conduct.people, *desk.conduct.definitions.trials)
        shown.append(
            [e for e in seen(world, reader) if e.kind != "exported"]
        )  # it carries the head, over salted digests
    assert shown[0] == shown[1]
    assert not any(e.patient == OTHER for e in shown[0])
    assert not any(e.kind == "seen" for e in shown[0])
    assert [e.data["recommendation"] for e in shown[0] if e.kind == "recommended"] == ["masked"]


def test_the_trail_tells_each_change_and_is_filtered(desk: Desk) -> None:
    event = desk.number(OWN, "adverse event")
    correct(desk, event, grade=2)
    events = list(desk.conduct.log)
    found = [t for t in trail(events) if Filter(patient=OWN, field="grade", what="corrected").keeps(t)]
    assert [(t.change.old, t.change.new, t.event.by, t.event.why) for t in found if t.change] == [
        (3, 2, INVESTIGATOR, "misread")
    ]
    late = [t for t in trail(events) if Filter(what="late").keeps(t)]
    assert all(t.late > 30 for t in late)
    assert str(Filter(person="kit", what="late")) == "person kit, what late"


# -- what was removed, and an unblinding ---------------------------------------------------------------------------------------


def test_a_query_s_words_are_removed_and_the_log_still_verifies(desk: Desk) -> None:
    """A name in a query's text: its content goes, its turns stay, and everything replays."""
    event = desk.number(OWN, "adverse event")
    asked = desk(oversight.on(MONITOR, "query opened", event, text="Mrs Example of Elm Street?"))
    desk(oversight.turn(SITE, "query answered", asked.number, "yes"))
    before = desk.conduct.log.head
    desk(lambda c, now: c.redact(asked.number, now, INVESTIGATOR, "a name"))
    assert "Elm Street" not in str(list(desk.conduct.log))
    assert desk.conduct.log.hash_at(len(desk.conduct.log) - 1) == before
    assert not replay(north(), list(desk.conduct.log), trial_of)


def test_an_unblinding_is_a_task_of_the_sponsor_s() -> None:
    """Only what is an unblinding waits for its impact to be assessed, and only the sponsor says what it means."""
    assert [r.name for r in ROLES if "impact assessed" in r.orders] == ["sponsor"]
    desk = Desk()
    event = desk.number(OWN, "adverse event")
    number = desk.shown("sponsor", event)
    assert codes(desk, oversight.on(SPONSOR, "impact assessed", number, text="none")) == {"not-unblinded"}
    assert codes(desk, oversight.on(MONITOR, "impact assessed", event, text="none")) == {"not-your-order"}
