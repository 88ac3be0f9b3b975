"""NORTH from its first patients to the committee's word, with people: what each did stands in the log, and judged again nothing is found.

Virtual patients at 25 sites, entered by each site's own people; the dose amended from 112 to 90 mg/m² and approved at two sites on different
days; a monitor's queries and verification, signatures, and the first look step by step. What the committee decides is what the simulator, which
knows of no people, decided on the same day.
"""

from __future__ import annotations

import json
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.sealed import Sealed
from equipoise.conduct.watched_over import endorsements, queries, signatures, verification
from equipoise.desk import look, oversight, room
from equipoise.desk.reading import reader_of
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.log_file import LogFile
from equipoise.files.trial_file import trial_from
from equipoise.site import demo
from equipoise.trial.decision import Decision
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial
from people_log import north
from sealed import secret_of

CAST = {role: person for role, (person, _) in demo.CAST.items()}
pytestmark = pytest.mark.slow


class Story:
    """People's orders, one after the other, on a log that was conducted up to a look."""

    def __init__(self, events: list[Any]) -> None:
        self.conduct = Conduct(north(), Log(events), Sealed(north(), [secret_of("north")]), read=trial_of)
        self.now = events[-1].recorded

    def __call__(self, order: Any) -> Any:
        self.now += timedelta(minutes=10)
        return order(self.conduct, self.now)

    def amended_by(self, new: Trial) -> None:
        """The same log with another file at hand."""
        self.conduct = Conduct(new, Log(self.conduct.log), Sealed(new, [secret_of("north")]), read=trial_of)


def at_90() -> Trial:
    """NORTH with 90 mg/m² in place of 112, to be approved site by site."""
    raw = json.loads(json.dumps(tomllib.loads(find_trial("north").read_text()), default=str))
    kept = tomllib.loads(find_trial("north").read_text())
    raw |= {"start": kept["start"], "sites": [dict(s) for s in kept["sites"]], "assumptions": []}
    raw["phase1"]["opens"] = kept["phase1"]["opens"]
    raw["arms"][0]["regimen"][0]["dose"] = 90
    raw["amendments"] = {"per_site": True}
    return trial_from(raw, "north")


def test_north_with_people_from_its_first_patients_to_the_recommendation(tmp_path: Path) -> None:
    every = list(demo.log_of(north(), "north", Sealed(north(), [secret_of("north")]), until=date(2014, 6, 1)))
    at = next(i for i, e in enumerate(every) if e.kind == "decided" and e.data["look"] == 1)
    theirs, story = every[at], Story(every[:at])
    assert len(story.conduct.people.grants) == 10 + 24
    cutoff = date.fromisoformat(theirs.data["cutoff"])

    # The dose is amended, and approved at two sites on different days.
    new = at_90()
    data = {"fingerprint": new.fingerprint, "definition": new.definition}
    story.amended_by(new)
    day = story.now.date()
    story(lambda c, now: c.order("amended", day, now, CAST["sponsor"], "neuropathy", data=data))
    for site, on in (("S01", day), ("S02", day + timedelta(days=3))):
        story.now = max(story.now, datetime.combine(on, datetime.min.time(), story.now.tzinfo))
        story(
            lambda c, now, s=site, d=on: c.order(
                "approved", d, now, CAST["sponsor"], site=s, data={"fingerprint": new.fingerprint}
            )
        )
    at_site = story.conduct.definitions.at
    assert [at_site(s, day + timedelta(days=1)).arms[0].regimen[0].dose for s in ("S01", "S02")] == [90, 112]

    # A monitor compares and asks; the site answers; the value is put right, and its verification falls.
    own = [p for p in story.conduct.patients.values() if p.site == "S01" and p.adverse_events]
    patient = own[0]
    first = patient.adverse_events[0]
    numbers = [e.number for e in story.conduct.record_of(patient.name)]
    story(oversight.verify(CAST["monitor"], numbers))
    asked = story(oversight.on(CAST["monitor"], "query opened", first.number, field="grade", text="By the chart?"))
    story(oversight.turn(CAST["coordinator"], "query answered", asked.number, "No, corrected."))
    grade = 2 if first.data["grade"] != 2 else 1
    story(lambda c, now: c.correct(first.number, now, CAST["coordinator"], "By the chart.", data={"grade": grade}))
    story(oversight.turn(CAST["monitor"], "query closed", asked.number, None))
    fallen = [v for v in verification(list(story.conduct.log), patient.name) if v.state == "fallen"]
    assert [v.event.corrects for v in fallen] == [first.number]
    assert [q.state for q in queries(list(story.conduct.log), story.now) if q.number == asked.number] == ["closed"]

    # The look: cut off, endorsed, checked, closed; any other order is refused.
    said: dict[str, Any] = {"look": 1}
    story(oversight.act(CAST["sponsor"], "cut off", cutoff=cutoff.isoformat(), **said))
    with pytest.raises(Refused, match="next is 'look checked'"):
        story(oversight.act(CAST["committee"], "look unblinded", **said))
    for p in [p for p in story.conduct.patients.values() if p.site == "S01"]:
        if oversight.to_sign(story.conduct, p.name, cutoff).events:
            story(oversight.sign(CAST["investigator"], p.name, "I endorse these data at the cut-off", cutoff))
    states = {e.patient: e.state for e in endorsements(list(story.conduct.log), cutoff)}
    assert {states[p.name] for p in own if p.name in states} == {"signed"}
    assert "missing" in states.values(), "the other sites'"
    assert all(s.holds for s in signatures(list(story.conduct.log)))
    story(oversight.act(CAST["data manager"], "look checked", **said))
    story(oversight.act(CAST["data manager"], "entry closed", **said))
    with pytest.raises(Refused, match="entry is closed for look 1"):
        story(lambda c, now: c.order("contact", cutoff, now, CAST["coordinator"], "", patient.name))
    story(oversight.act(CAST["committee"], "look unblinded", **said))
    story(oversight.act(CAST["committee"], "seen", why="look 1", page="closed report"))
    reader = reader_of(story.conduct.trial, story.conduct.log, CAST["committee"])
    assert reader is not None
    report = room.closed_report(story.conduct.trial, story.conduct.log, ("", 1), cutoff.isoformat(), reader)
    assert isinstance(report.result, Decision)
    # What is decided is what was decided on the same cut-off without people: nothing that they did alters what the look rests on.
    assert report.result.action.name == theirs.data["action"].split()[0]
    story(look.recording(report.result, report.known_on, CAST["committee"]))
    story(oversight.act(CAST["committee"], "recommended", recommendation="stop", text="We advise to stop.", **said))
    story(oversight.act(CAST["sponsor"], "recommendation taken", text="Enrolment is closed.", **said))
    story(lambda c, now: c.order("enrolment closed", now.date(), now, CAST["sponsor"], "the committee's advice"))
    story(oversight.act(CAST["sponsor"], "locked"))

    # Judged again from its first event nothing is found; and the file's chain is its own.
    events = list(story.conduct.log)
    assert not replay(story.conduct.trial, events, trial_of)
    place = LogFile(tmp_path / "north.jsonl", "north")
    place.create(story.conduct.log)
    assert place.read().log.head == story.conduct.log.head
    told = [(e.number, e.kind, e.by) for e in events[at:]]
    print(*told, sep="\n")
    assert [k for _, k, _ in told][-4:] == ["recommended", "recommendation taken", "enrolment closed", "locked"]
