"""Each event is judged under the definition in force at its site and day; what would break the trial is not amended unseen."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.conduct.amending import GUARDED
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.trial_file import trial_from
from equipoise.trial.changes import changes, told
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial, fingerprint_of
from helpers import moment

RAW = tomllib.loads(find_trial("north").read_text()) | {"assumptions": []}
Edit = Callable[[dict[str, Any]], object]
DAY = date(2012, 5, 10)
AMENDED = date(2012, 7, 16)
NOW = moment(date(2013, 6, 1))
PER_SITE: Edit = lambda raw: raw.update(amendments={"per_site": True})  # noqa: E731


def trial(*edits: Edit) -> Trial:
    raw = json.loads(json.dumps(RAW, default=str))
    raw |= {"start": RAW["start"], "sites": [dict(s) for s in RAW["sites"]]}
    raw["phase1"]["opens"] = RAW["phase1"]["opens"]
    for edit in edits:
        edit(raw)
    return trial_from(raw, "north")


def dose(amount: float) -> Edit:
    return lambda raw: raw["arms"][0]["regimen"][0].update(dose=amount)


def unit(name: str) -> Edit:
    return lambda raw: raw["arms"][1]["regimen"][0].update(unit=name)


NORTH = trial()


def data_of(new: Trial, *allowed: str) -> dict[str, Any]:
    return {
        "fingerprint": new.fingerprint,
        "definition": new.definition,
        **({"allowed": list(allowed)} if allowed else {}),
    }


def conduct(randomised: int = 0) -> Conduct:
    """NORTH with two open sites and so many patients on an arm, at S01 and S02 in turn."""
    c = Conduct.open(NORTH, moment(NORTH.start), "t", PermutedBlocks(NORTH, "a seed for tests only"))
    for site in ("S01", "S02"):
        c.activate(site, date(2012, 4, 2), moment(DAY), "t")
    for i in range(randomised):
        c.screen(f"P{i}", f"S0{1 + i % 2}", DAY, moment(DAY), "t")
        c.enrol(f"P{i}", DAY, moment(DAY), "t", {"ecog": "0-1", "ldh": "normal"})
        c.randomise(f"P{i}", DAY, moment(DAY), "t")
    return c


def go_on(c: Conduct, new: Trial) -> Conduct:
    """The same trial with another file at hand, as an order begins."""
    return Conduct(new, Log(c.log), read=trial_of)


def amend(c: Conduct, new: Trial, *allowed: str, on: date = AMENDED) -> Conduct:
    c = go_on(c, new)
    c.order("amended", on, NOW, "t", "because", data=data_of(new, *allowed))
    return c


def approve(c: Conduct, site: str, on: date) -> Event:
    assert c.definitions.last is not None
    return c.order("approved", on, NOW, "t", site=site, data={"fingerprint": c.definitions.last.fingerprint})


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {p.code for p in refused.value.problems}


def test_the_log_carries_the_definition_and_is_enough_to_judge_by() -> None:
    c = amend(conduct(3), trial(unit("mg"), PER_SITE))
    assert [e.data["definition"] for e in c.log if "definition" in e.data] == [NORTH.definition, c.trial.definition]
    for at_hand in (NORTH, c.trial):
        assert replay(at_hand, list(c.log), trial_of) == []


def test_an_amendment_takes_effect_at_each_site_on_the_day_of_its_approval() -> None:
    new = trial(dose(90), PER_SITE)
    c = amend(conduct(2), new)
    approve(c, "S02", date(2012, 8, 6))
    at = c.definitions.at
    for site, day, planned in (
        ("S02", date(2012, 8, 5), 112), ("S02", date(2012, 8, 6), 90), ("S02", date(2013, 1, 1), 90), ("S01", date(2013, 1, 1), 112),
        ("", AMENDED - timedelta(1), 112), ("", AMENDED, 90),
    ):  # fmt: skip
        assert at(site, day).arms[0].regimen[0].dose == planned, (site, day)


def test_without_approval_by_site_it_takes_effect_everywhere_on_its_day() -> None:
    c = amend(conduct(2), trial(dose(90)))
    assert [
        c.definitions.at(s, d).arms[0].regimen[0].dose for s in ("S01", "") for d in (AMENDED - timedelta(1), AMENDED)
    ] == [112, 90] * 2
    with pytest.raises(Refused) as refused:
        approve(c, "S01", date(2012, 8, 6))
    assert codes(refused) == {"not-per-site"}


def test_a_dose_and_its_correction_are_judged_under_the_definition_of_their_site_and_day() -> None:
    """Carboplatin is given by AUC before, in mg after: each is refused where the other is in force, also when corrected later."""
    c = amend(
        conduct(2),
        trial(
            lambda raw: [a["regimen"][i].update(unit="mg") for a, i in zip(raw["arms"], (1, 0), strict=True)], PER_SITE
        ),
    )
    approve(c, "S02", date(2012, 8, 6))

    def give(patient: str, on: date, unit: str, cycle: int) -> Event:
        data = {"drug": "carboplatin", "cycle": cycle, "day": 1, "dose": 5, "unit": unit}
        return c.order("treated", on, NOW, "t", patient=patient, data=data)

    for patient, cycle, on, right, wrong in (
        ("P1", 1, date(2012, 8, 5), "AUC", "mg"), ("P1", 2, date(2012, 8, 6), "mg", "AUC"), ("P0", 1, date(2012, 9, 1), "AUC", "mg"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            give(patient, on, wrong, cycle)
        assert codes(refused) == {"unit"}
        number = give(patient, on, right, cycle).number
        with pytest.raises(Refused):
            c.correct(number, NOW, "t", "typing error", data={"unit": wrong})
        c.correct(number, NOW, "t", "typing error", data={"dose": 4.5})
    assert replay(NORTH, list(c.log), trial_of) == []
    assert Conduct(NORTH, Log(c.log), read=trial_of).patients == c.patients
    last = next(e for e in reversed(list(c.log)) if e.patient == "P1" and e.data.get("unit") == "mg")
    with pytest.raises(Refused) as refused:  # it would then have been given before the approval
        c.correct(last.number, NOW, "t", "another day", on=date(2012, 8, 1))
    assert "unit" in codes(refused)
    approved = next(e for e in c.log if e.kind == "approved")
    with pytest.raises(Refused) as refused:  # and what was given between would be impossible
        c.correct(approved.number, NOW, "t", "later", on=date(2012, 8, 20))
    assert "unit" in codes(refused)


def test_an_approval_that_would_make_the_record_impossible_is_refused() -> None:
    c = amend(conduct(2), trial(unit("mg"), lambda raw: raw["arms"][0]["regimen"][1].update(unit="mg"), PER_SITE))
    data = {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5, "unit": "AUC"}
    c.order("treated", date(2012, 8, 10), NOW, "t", patient="P0", data=data)
    events = list(c.log)
    with pytest.raises(Refused) as refused:
        approve(c, "S01", date(2012, 8, 9))
    assert codes(refused) == {"unit"}
    assert list(c.log) == events
    approve(c, "S01", date(2012, 8, 11))
    assert replay(NORTH, list(c.log), trial_of) == []


def share(raw: dict[str, Any]) -> None:
    raw["arms"][0]["share"] = 1
    raw["randomisation"]["block_sizes"] = [2, 4]


CHANGES: list[tuple[str, Edit, set[str]]] = [
    ("another dose", dose(90), set()),
    ("a title", lambda raw: raw.update(title="Another"), set()),
    ("a label of an arm", lambda raw: raw["arms"][0].update(label="Tested"), set()),
    ("a site more", lambda raw: raw["sites"].append({**raw["sites"][0], "name": "S99"}), set()),
    ("a site without patients less", lambda raw: raw["sites"].pop(), set()),
    ("a site with patients less", lambda raw: raw["sites"].pop(0), {"sites"}),
    ("blocks", lambda raw: raw["randomisation"].update(block_sizes=[9]), {"blocks"}),
    ("shares", share, {"shares", "blocks"}),
    ("a level more", lambda raw: raw["randomisation"]["factors"][0]["levels"].append("3"), {"factors"}),
    ("a factor less", lambda raw: raw["randomisation"]["factors"].pop(), {"factors"}),
    ("arms in another order", lambda raw: raw["arms"].reverse(), {"arms"}),
    ("factors in another order", lambda raw: raw["randomisation"]["factors"].reverse(), {"factors"}),
    ("levels in another order", lambda raw: raw["randomisation"]["factors"][0]["levels"].reverse(), {"factors"}),
    ("which arm is tested", lambda raw: [a.update(tested=not a["tested"]) for a in raw["arms"]], {"arms"}),
    ("blinding", lambda raw: raw["randomisation"].update(blinding="single blind"), {"method"}),
    ("a name of an arm", lambda raw: (raw["arms"][1].update(name="CONTROL")), {"arms"}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "edit", "guarded"), CHANGES, ids=[c[0] for c in CHANGES])
def test_what_would_break_the_allocation_is_refused_unless_it_is_named(
    what: str, edit: Edit, guarded: set[str]
) -> None:
    new = trial(edit)
    c = conduct(2)
    if guarded:
        with pytest.raises(Refused) as refused:
            amend(c, new)
        assert codes(refused) == {f"guarded-{name}" for name in guarded}
    if what in ("a name of an arm", "a level more", "a site with patients less"):
        assert guarded  # named it is still refused where the record becomes impossible; see below
        return
    done = amend(c, new, *guarded)
    assert tuple(done.log[len(done.log) - 1].data.get("allowed", ())) == tuple(guarded)
    assert replay(new, list(done.log), trial_of) == []
    if guarded:
        # What was not named is found again: a log in which it stands is not verified.
        *before, last = done.log
        unnamed = Event(last.number, last.kind, last.happened, last.recorded, "t", "because", data=data_of(new))
        assert {p.code for _, p in replay(new, [*before, unnamed], trial_of)} == {f"guarded-{name}" for name in guarded}


@pytest.mark.parametrize("what", [c[0] for c in CHANGES])
def test_nothing_is_guarded_before_anybody_is_randomised(what: str) -> None:
    c = Conduct.open(NORTH, moment(NORTH.start), "t")
    new = trial(next(e for w, e, _ in CHANGES if w == what))
    assert amend(c, new).definitions.amended


def test_a_name_that_is_allowed_does_not_make_the_impossible_possible() -> None:
    c = conduct(6)
    c.order("contact", date(2012, 8, 1), NOW, "t", patient="P0")
    with pytest.raises(Refused) as refused:
        amend(c, trial(lambda raw: raw["arms"][1].update(name="CONTROL")), "arms", on=DAY)
    assert codes(refused) == {"unknown-arm"}


def test_the_rule_of_a_look_that_is_taken_is_guarded() -> None:
    c = conduct(2)
    new = trial(lambda raw: raw["design"].update(r=43))
    assert amend(c, new).definitions.amended
    said = {"look": 1, "action": "continue", "cutoff": "2013-05-01", "known_on": "2013-05-01"}
    c.order("decided", date(2013, 5, 1), moment(date(2013, 5, 2)), "t", data=said)
    for edit in (
        lambda raw: raw["design"].update(r=43), lambda raw: raw["monitoring"].update(readout_delay="5 weeks"),
        lambda raw: raw["endpoints"][1].update(window="11 weeks"), lambda raw: raw["endpoints"][0].update(report_at="5 months"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            amend(c, trial(edit), on=date(2013, 5, 3))
        assert codes(refused) == {"guarded-looks"}
        assert amend(c, trial(edit), "looks", on=date(2013, 5, 3)).definitions.amended


REFUSED: list[tuple[str, Callable[[Conduct], object], set[str]]] = [
    ("the same definition", lambda c: amend(c, NORTH), {"nothing-amended"}),
    ("another trial", lambda c: amend(c, trial(lambda raw: raw.update(id="south"))), {"another-trial"}),
    ("a name that is none", lambda c: amend(c, trial(dose(90)), "everything"), {"unknown-allowance"}),
    ("blocks by site", lambda c: amend(c, trial(lambda raw: raw["randomisation"].update(block_sizes=[9]), PER_SITE), "blocks"), {"allocation-per-site"}),
    ("before the one before", lambda c: amend(amend(c, trial(dose(90))), trial(dose(75)), on=AMENDED - timedelta(1)), {"before-last"}),
    ("an approval before the amendment", lambda c: approve(amend(c, trial(dose(90), PER_SITE)), "S01", AMENDED - timedelta(1)), {"before-amendment"}),
    ("an approval of a site that is none", lambda c: approve(amend(c, trial(dose(90), PER_SITE)), "S77", AMENDED), {"unknown-site"}),
    ("an approval of the opening", lambda c: approve(c, "S01", AMENDED), {"no-amendment"}),
    ("a second approval", lambda c: [approve(d, "S01", AMENDED) for d in [amend(c, trial(dose(90), PER_SITE))] for _ in "12"], {"approved-twice"}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "order", "code"), REFUSED, ids=[r[0] for r in REFUSED])
def test_refusals(what: str, order: Callable[[Conduct], object], code: set[str]) -> None:
    with pytest.raises(Refused) as refused:
        order(conduct(2))
    assert codes(refused) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (NORTH.definition.replace("112.0", "90.0"), "not-its-fingerprint"),
        ("{}", "not-its-fingerprint"),
    ],
)
def test_a_definition_that_is_not_its_fingerprint_s_is_found(text: str, code: str) -> None:
    opened, *others = conduct(2).log
    forged = Event(1, "opened", opened.happened, opened.recorded, "t", data={**opened.data, "definition": text})
    assert code in {p.code for _, p in replay(NORTH, [forged, *others], trial_of)}


def test_a_text_that_defines_nothing_is_a_problem_and_no_traceback() -> None:
    for text in ("{}", "[]", "[" * 50_000, "null"):
        opened, *others = conduct(2).log
        data = {**opened.data, "definition": text, "fingerprint": fingerprint_of(text)}
        forged = Event(1, "opened", opened.happened, opened.recorded, "t", data=data)
        found = replay(NORTH, [forged, *others], trial_of)
        assert {e.number for e, _ in found} == {1}, text[:10]
        assert Definitions.of(NORTH, [forged], trial_of).another() is not None


def test_a_log_of_before_definitions_were_carried_is_judged_by_the_file_at_hand() -> None:
    opened, *others = conduct(2).log
    bare = {k: v for k, v in opened.data.items() if k != "definition"}
    old = [Event(1, "opened", opened.happened, opened.recorded, "t", data=bare), *others]
    assert replay(NORTH, old, trial_of) == []
    assert Definitions.of(NORTH, old, trial_of).another() is None
    said = Definitions.of(trial(dose(90)), old, trial_of).another()
    assert said is not None
    assert "→" not in said.given
    c = Conduct(trial(dose(90)), Log(old), read=trial_of)
    c.order("amended", AMENDED, NOW, "t", "w", data=data_of(c.trial))
    assert c.definitions.another() is None


def test_a_changed_file_is_named_entry_by_entry() -> None:
    said = Definitions.of(trial(dose(90)), conduct(2).log).another()
    assert said is not None
    assert "arms.IMGN901.regimen.IMGN901.dose: 112 → 90" in said.given
    assert "amend" in said.next_step
    many = trial(*(lambda raw, i=i: raw["sites"][i].update(rate=1.0) for i in range(25)))  # type: ignore[misc]
    found = changes(NORTH.definition, many.definition)
    assert len(found) == 25
    assert told(found)[-1] == "and 5 more"
    assert len(told(found)) == 21


days = st.dates(date(2012, 7, 1), date(2012, 12, 1))


@pytest.mark.property
@given(
    st.lists(st.tuples(days, st.dictionaries(st.sampled_from(["S01", "S02", "S03"]), days)), max_size=4),
    st.sampled_from(["S01", "S02", ""]),
    days,
)
def test_in_force_is_the_last_that_a_site_has_approved(
    amendments: list[tuple[date, dict[str, date]]], site: str, day: date
) -> None:
    """Against the words of the rule, for any amendments and days of approval."""
    log = Log()
    log.append("opened", NORTH.start, NOW, "t", data=dict(NORTH.opening))
    known = [NORTH]
    for i, (on, approvals) in enumerate(amendments):
        known.append(trial(dose(90 + i), PER_SITE))
        log.append("amended", on, NOW, "t", data=data_of(known[-1]))
        for where, approved in approvals.items():
            log.append("approved", approved, NOW, "t", site=where, data={"fingerprint": known[-1].fingerprint})
    reached = [0] + [i for i, (on, a) in enumerate(amendments, 1) if (a.get(site, date.max) if site else on) <= day]
    assert Definitions.of(NORTH, log, trial_of).at(site, day).fingerprint == known[max(reached)].fingerprint


def test_each_guarded_name_says_what_it_touches() -> None:
    assert all(entries and touches for entries, touches in GUARDED.values())


def test_an_approval_that_is_taken_back_may_be_recorded_anew() -> None:
    c = amend(conduct(2), trial(dose(90), PER_SITE))
    number = approve(c, "S01", date(2012, 8, 6)).number
    c.correct(number, NOW, "t", "the other site", void=True)
    assert c.definitions.at("S01", date(2013, 1, 1)).arms[0].regimen[0].dose == 112
    approve(c, "S01", date(2012, 8, 20))
    c.correct(len(c.log), NOW, "t", "typing error", on=date(2012, 8, 10))
    assert [c.definitions.at("S01", date(2012, 8, d)).arms[0].regimen[0].dose for d in (9, 10)] == [112, 90]
    assert replay(NORTH, list(c.log), trial_of) == []
    with pytest.raises(Refused) as refused:
        c.correct(next(e.number for e in c.log if e.kind == "amended"), NOW, "t", "never", void=True)
    assert codes(refused) == {"cannot-correct"}


def test_a_fork_goes_on_apart() -> None:
    c = amend(conduct(2), trial(dose(90), PER_SITE))
    other = c.fork(None)
    approve(other, "S01", date(2012, 8, 6))
    assert [x.definitions.at("S01", date(2013, 1, 1)).arms[0].regimen[0].dose for x in (c, other)] == [112, 90]


def test_a_site_that_an_amendment_adds_approves_it_and_opens() -> None:
    c = amend(conduct(2), trial(lambda raw: raw["sites"].append({**raw["sites"][0], "name": "S99"}), PER_SITE))
    with pytest.raises(Refused) as refused:
        c.activate("S99", date(2012, 8, 6), NOW, "t")
    (problem,) = refused.value.problems
    assert (problem.code, problem.next_step) == ("unknown-site", "an amendment adds it: conduct approve comes first")
    approve(c, "S99", date(2012, 8, 6))
    c.activate("S99", date(2012, 8, 6), NOW, "t")
    assert replay(NORTH, list(c.log), trial_of) == []
