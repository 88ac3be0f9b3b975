"""Who may do what: grants, revocations, training and delegation, in judging an order and in judging a log again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from equipoise.conduct.authority import CODES, stopped
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.conduct.people import People
from equipoise.conduct.replaying import replay
from equipoise.trial.event import Event
from equipoise.trial.kinds import KINDS, PEOPLE_KINDS
from equipoise.trial.log import Log
from equipoise.trial.people_rules import PeopleRules
from equipoise.trial.problem import BadInput
from equipoise.trial.role import BY_NAME, NOBODYS, ROLES, TOGETHER, VIEWS, may
from equipoise.trial.trial import Trial
from helpers import moment
from people_log import ADMIN, PEOPLE, SITES, Writer, log, north, opened
from sealed import secret_of

Give = Callable[[Writer], Event]


def test_every_kind_of_event_is_somebody_s_order() -> None:
    without = {kind for kind in KINDS if not may(kind)} - NOBODYS
    assert not without, f"kinds that no role may order: {without}"
    assert all(kind in KINDS for kind in NOBODYS)


def test_the_table_of_roles_keeps_the_walls() -> None:
    values = {
        "screened",
        "enrolled",
        "randomised",
        "treated",
        "assessed",
        "adverse event",
        "died",
        "outcome",
        "progressed",
    }
    for name in ("sponsor", "monitor", "data manager", "medical monitor", "committee", "administrator", "inspector"):
        assert not BY_NAME[name].orders & values, f"{name} writes an investigator's value"
    for role in ROLES:
        assert ("by arm" in role.views) == (role.arms == "all") == (role.name == "committee")
        assert role.views <= set(VIEWS)
        assert role.arms != "none" or "explained" not in role.views, "what follows needs the doses, which tell the arm"
    assert BY_NAME["administrator"].views == {"people", "keeping"}
    assert [r.name for r in ROLES if "keeping" in r.views] == ["administrator"]
    assert BY_NAME["inspector"].orders == {"seen", "exported"}, "that he looked, and took away"
    assert {r.name for r in ROLES if r.delegated} < TOGETHER


def writing() -> Writer:
    """The log with people and patients, to be gone on with."""
    return Writer(Conduct(north(), Log(log())), now=log()[len(log()) - 1].recorded)


DAY = date(2013, 7, 1)
OWN, OTHER = f"{SITES[0]}-000", f"{SITES[1]}-001"
GRANT: dict[str, Any] = {"person": "zoe", "role": "monitor", "sites": ["S01"]}
REFUSED: dict[str, tuple[str, Give]] = {
    "a stranger orders": ("no-role", lambda w: w("contact", "mallory", DAY, OWN)),
    "somebody whose role was revoked": ("no-role", lambda w: (w("revoked", ADMIN, person="coordinator-1", role="coordinator"), w("contact", "coordinator-1", DAY, OWN))[1]),
    "a coordinator randomises": ("not-your-order", lambda w: w("randomised", "coordinator-1", DAY, f"{SITES[0]}-012", arm="CE", stratum="ecog=2, ldh=normal")),
    "the sponsor writes a value": ("not-your-order", lambda w: w("assessed", "sponsor-1", DAY, OWN, response="PD")),
    "the sponsor takes the look": ("not-your-order", lambda w: w("decided", "sponsor-1", look=1, action="stop", cutoff="2013-07-01", known_on="2013-07-01")),
    "the committee amends": ("not-your-order", lambda w: w("amended", "committee-1", fingerprint="x")),
    "the inspector orders": ("not-your-order", lambda w: w("contact", "inspector-1", DAY, OWN)),
    "the administrator writes of a patient": ("not-your-order", lambda w: w("contact", ADMIN, DAY, OWN)),
    "a patient of another site": ("not-your-patient", lambda w: w("contact", "coordinator-1", DAY, OTHER)),
    "a patient whom nobody knows": ("not-your-patient", lambda w: w("contact", "coordinator-1", DAY, "nobody")),
    "a screening at another site": ("not-your-site", lambda w: w("screened", "coordinator-1", DAY, "S02-099", "S02", failed=[])),
    "an event of another site is corrected": ("not-your-event", lambda w: correct(w, "coordinator-1", OTHER, "assessed")),
    "the sponsor corrects a value": ("not-your-event", lambda w: correct(w, "sponsor-1", OWN, "assessed")),
    "a coordinator takes back a randomisation": ("not-your-order", lambda w: correct(w, "coordinator-1", OWN, "randomised", void=True)),
    "a grant is taken back": ("access-stands", lambda w: correct(w, ADMIN, "", "granted", void=True)),
    "a grant by who is no administrator": ("not-your-order", lambda w: w("granted", "sponsor-1", **GRANT)),
    "a grant to himself": ("own-grant", lambda w: w("granted", ADMIN, person=ADMIN, role="inspector")),
    "an unknown role": ("unknown-role", lambda w: w("granted", ADMIN, person="zoe", role="king")),
    "a site role without a site": ("sites-of-role", lambda w: w("granted", ADMIN, person="zoe", role="monitor")),
    "a site for who has none": ("sites-of-role", lambda w: w("granted", ADMIN, person="zoe", role="sponsor", sites=["S01"])),
    "an unknown site": ("unknown-site-granted", lambda w: w("granted", ADMIN, person="zoe", role="monitor", sites=["S99"])),
    "arms for who has them otherwise": ("arms-of-role", lambda w: w("granted", ADMIN, person="zoe", role="data manager", arms=True)),
    "the same again": ("granted-already", lambda w: w("granted", ADMIN, person="monitor-1", role="monitor", sites=["S01"])),
    "the committee's member at a site": ("roles-apart", lambda w: w("granted", ADMIN, person="committee-1", role="investigator", sites=["S01"])),
    "who was of the committee becomes the sponsor": ("knew-arms", lambda w: (w("revoked", ADMIN, person="committee-1", role="committee"), w("granted", ADMIN, person="committee-1", role="sponsor"))[1]),
    "who knew his patients' arms becomes data manager": ("knew-arms", lambda w: (w("revoked", ADMIN, person="monitor-1", role="monitor"), w("granted", ADMIN, person="monitor-1", role="data manager"))[1]),
    "another spelling of a person": ("two-spellings", lambda w: w("granted", ADMIN, person="Monitor-1", role="inspector")),
    "a full-width spelling": ("two-spellings", lambda w: w("granted", ADMIN, person="ｍonitor-1", role="inspector")),
    "a name of blanks": ("person", lambda w: w("granted", ADMIN, person=" ", role="inspector")),
    "a name with a control character": ("person", lambda w: w("granted", ADMIN, person="zo\u202ee", role="inspector")),
    "the last administrator is revoked": ("last-administrator", lambda w: w("revoked", ADMIN, person=ADMIN, role="administrator")),
    "a role that is not held is revoked": ("not-granted", lambda w: w("revoked", ADMIN, person="monitor-1", role="sponsor")),
    "training in nothing": ("no-text", lambda w: w("trained", ADMIN, person="monitor-1", what=" ")),
    "delegation to somebody of another site": ("not-his-site", lambda w: w("delegated", "investigator-2", person="coordinator-1", tasks=["screened"])),
    "delegation of what he may not order": ("unknown-task", lambda w: w("delegated", "investigator-1", person="coordinator-1", tasks=["randomised"])),
    "a coordinator delegates": ("not-your-order", lambda w: w("delegated", "coordinator-1", person="pharmacist-1", tasks=["treated"])),
}  # fmt: skip


def correct(w: Writer, by: str, patient: str, kind: str, void: bool = False) -> Event:
    number = next(e.number for e in w.conduct.log if e.patient == patient and e.kind == kind)
    return w.conduct.correct(number, w.now, by, "because", DAY, void=void)


@pytest.mark.parametrize("case", REFUSED)
def test_who_may_not_is_refused_and_told_so_alone(case: str) -> None:
    code, give = REFUSED[case]
    w = writing()
    with pytest.raises(Refused) as bad:
        give(w)
    assert [p.code for p in bad.value.problems] == [code]
    assert code in CODES


def test_every_code_of_a_refusal_is_tried() -> None:
    assert {code for code, _ in REFUSED.values()} == CODES - {"no-people", "not-trained", "not-delegated"}, (
        "those three below"
    )


ALLOWED: dict[str, Give] = {
    "a coordinator writes of his patient": lambda w: w("contact", "coordinator-1", DAY, OWN),
    "a coordinator puts a colleague's event right": lambda w: correct(w, "coordinator-1", OWN, "adverse event"),
    "an investigator takes it back": lambda w: correct(w, "investigator-1", OWN, "adverse event", void=True),
    "the pharmacist gives a dose": lambda w: w("treated", "pharmacist-1", DAY, OWN, drug="carboplatin", cycle=2, day=1, dose=5, unit="AUC"),
    "the sponsor pauses": lambda w: w("enrolment paused", "sponsor-1"),
    "a safety rule's pause": lambda w: w("enrolment paused", "committee-1"),
    "a second site": lambda w: w("granted", ADMIN, person="monitor-1", role="monitor", sites=["S01", "S02"]),
    "a coordinator who is the pharmacist too": lambda w: w("granted", ADMIN, person="coordinator-1", role="pharmacist", sites=["S01"]),
    "an inspector who may know the arms": lambda w: w("granted", ADMIN, person="inspector-1", role="inspector", arms=True),
    "an administrator among two": lambda w: (w("granted", ADMIN, person="bo", role="administrator"), w("revoked", "bo", person=ADMIN, role="administrator"))[1],
    "again after a revocation": lambda w: (w("revoked", ADMIN, person="monitor-1", role="monitor"), w("granted", ADMIN, person="monitor-1", role="monitor", sites=["S02"]))[1],
}  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED)
def test_who_may_is_not_refused_and_the_log_judged_again_says_so_too(case: str) -> None:
    w = writing()
    ALLOWED[case](w)
    assert replay(north(), list(w.conduct.log)) == []


def test_a_log_opened_without_people_is_one_operator_s(running: Conduct, north: Trial) -> None:
    running.order("contact", date(2012, 6, 1), moment(date(2012, 6, 1)), "anybody", patient="P1")
    for kind in sorted(PEOPLE_KINDS):
        data = {name: [] if list in types else "x" for name, (types, must) in KINDS[kind].items() if must}
        with pytest.raises(Refused) as bad:
            running.order(kind, date(2012, 6, 1), moment(date(2012, 6, 1)), "anybody", data=data)
        assert [p.code for p in bad.value.problems] == ["no-people"]
    assert replay(north, list(running.log)) == []


def test_a_log_judged_again_finds_who_was_not_allowed_then() -> None:
    """The roles that count are those of the event's own number, not those of today."""
    w = writing()
    w("contact", "coordinator-1", DAY, OWN)
    w("revoked", ADMIN, person="coordinator-1", role="coordinator")
    events = list(w.conduct.log)
    assert replay(north(), events) == []
    forged = Event(len(events) + 1, "contact", DAY, events[-1].recorded, "coordinator-1", patient=OWN)
    assert [(e.number, p.code) for e, p in replay(north(), [*events, forged])] == [(forged.number, "no-role")]
    by_another = [replace(e, by="sponsor-1") if e.kind == "randomised" and e.patient == OWN else e for e in events]
    assert {p.code for _, p in replay(north(), by_another)} == {"not-your-order"}


def test_access_opens_when_training_and_delegation_stand() -> None:
    trial = north().model_copy(update={"people": PeopleRules(training=("GCP",), delegation=True)})
    w = opened_with(trial)
    codes(w, "not-trained", "contact", "coordinator-1", OWN)
    for person in ("coordinator-1", "investigator-1"):
        w("trained", ADMIN, person=person, what="GCP")
    codes(w, "not-delegated", "contact", "coordinator-1", OWN)
    with pytest.raises(Refused) as bad:
        w("trained", ADMIN, person="monitor-1", what="gcp")
    assert [p.code for p in bad.value.problems] == ["no-text"]
    w("delegated", "investigator-1", person="coordinator-1", tasks=["contact"])
    w("contact", "coordinator-1", DAY, OWN)
    codes(w, "not-delegated", "died", "coordinator-1", OWN)
    w("delegated", "investigator-1", person="coordinator-1", tasks=[])
    codes(w, "not-delegated", "contact", "coordinator-1", OWN)
    # An investigator is the one who delegates.
    w("contact", "investigator-1", DAY, OWN)
    # What was delegated to a role does not come back with another grant.
    w("delegated", "investigator-1", person="coordinator-1", tasks=["contact"])
    w("revoked", ADMIN, person="coordinator-1", role="coordinator")
    w("granted", ADMIN, person="coordinator-1", role="coordinator", sites=["S01"])
    codes(w, "not-delegated", "contact", "coordinator-1", OWN)
    assert [
        e for e, _ in replay(trial, list(w.conduct.log)) if e.number > 13 and e.patient and e.by == "coordinator-1"
    ] == []


def opened_with(trial: Trial) -> Writer:
    """The same log's people under a file that asks for more; patients were recorded before it did."""
    conduct = Conduct(trial, Log(log()))
    return Writer(conduct, now=log()[len(log()) - 1].recorded)


def codes(w: Writer, code: str, kind: str, by: str, patient: str) -> None:
    with pytest.raises(Refused) as bad:
        w(kind, by, DAY, patient)
    assert [p.code for p in bad.value.problems] == [code]


def test_who_was_authorised_on_a_day() -> None:
    w = opened(north())
    w("granted", ADMIN, date(2013, 3, 1), person="zoe", role="monitor", sites=["S02"])
    w("revoked", ADMIN, date(2013, 4, 1), person="zoe", role="monitor")
    people = People.of(w.conduct.log)

    def on(day: date) -> set[str]:
        return {g.person for g in people.on(day)}

    all_of = set(PEOPLE.values()) | {"investigator-2"}
    assert on(date(2013, 1, 1)) == set()
    assert on(date(2013, 2, 28)) == all_of
    assert on(date(2013, 3, 1)) == on(date(2013, 4, 1)) == all_of | {"zoe"}
    assert on(date(2013, 4, 2)) == all_of


def test_what_a_process_knows_of_people_is_what_its_log_says() -> None:
    w = writing()
    w("revoked", ADMIN, person="monitor-1", role="monitor")
    assert w.conduct.people == People.of(w.conduct.log)
    fork = w.conduct.fork(None)
    fork.order("granted", w.now.date(), w.now, ADMIN, data=GRANT)
    assert fork.people == People.of(fork.log) != w.conduct.people == People.of(w.conduct.log)


def test_the_commitment_comes_with_the_opening_or_from_an_administrator() -> None:
    start = datetime(2013, 1, 2, 7, tzinfo=UTC)
    opened = Conduct.open(north(), start, "ben", administrator=ADMIN)
    later = opened.fork(None)
    opened.seal(secret_of("north"), start.date(), start, "ben")
    assert replay(north(), list(opened.log)) == []
    for by, codes in (("ben", {"no-role"}), (ADMIN, set())):
        sealed = Event(
            3, "sealed", start.date(), start, by, "lost", data=dict(opened.log[1].data) | {"commitment": "a" * 64}
        )
        assert {p.code for p in opened.judge(sealed)} == codes
    write = Writer(later)
    write("granted", ADMIN, person="ivy", role="investigator", sites=["S01"])
    with pytest.raises(BadInput, match="holds a role"):
        later.seal(secret_of("north"), start.date(), write.now, "ben")


def test_who_lost_his_role_is_answered_no_more_under_a_key_of_his_own() -> None:
    w = writing()
    day, patient = date(2013, 7, 5), f"{SITES[0]}-000"
    told = w.conduct.order("contact", day, w.now, "investigator-1", patient=patient, key="k1")
    assert w.conduct.order("contact", day, w.now, "investigator-1", patient=patient, key="k1") == told
    w("revoked", ADMIN, person="investigator-1", role="investigator")
    with pytest.raises(BadInput, match="holds a role"):
        w.conduct.order("contact", day, w.now, "investigator-1", patient=patient, key="k1")


@pytest.mark.parametrize("whose", ["committee", "sponsor"])
def test_the_dose_of_phase_two_is_set_by_whom_the_protocol_names(whose: str) -> None:
    """By one of the two, and by nobody else."""
    said = north().phase1
    assert said is not None
    trial = north().model_copy(update={"phase1": said.model_copy(update={"dose_set_by": whose})})
    write = opened(trial)
    order = Event(99, "dose set", trial.start, write.now, "x", data={"level": "DL4"})
    for role in ("committee", "sponsor", "inspector"):
        found = stopped(order, PEOPLE[role], write.conduct.people, trial)
        assert [p.code for p in found] == ([] if role == whose else ["not-your-order"]), role
        assert all(p.allowed == f"an order of the role {whose}" for p in found)
