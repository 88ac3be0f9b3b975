"""A finished table at a cut-off is the table that a person would have written on that day."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.analyse.survival import observations
from equipoise.files.table_file import log_from_table
from equipoise.files.trial_file import trial_from
from equipoise.standards.sdtm.from_log import to_sdtm
from equipoise.standards.sdtm.to_log import to_log
from equipoise.trial.log import Log
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from helpers import FIXTURES, Answer, moment

START = date(2010, 1, 1)
DAYS = st.integers(0, 120)


def trial_of(rules: Sequence[Mapping[str, Any]], **table: Any) -> Trial:
    """Two arms, OS and PFS, and a table with a row a patient."""
    times = {"kind": "time to event", "origin": "randomisation"}
    return trial_from(
        {
            "format": 1, "id": "cut", "title": "Cut", "phase": "II", "start": START, "target_enrolment": 9, "population": "x",
            "arms": [{"name": n, "label": n, "tested": n == "B", "share": 1} for n in "AB"],
            "randomisation": {"method": "as recorded"},
            "endpoints": [
                {"name": "OS", "label": "OS", "role": "primary", "events": ["death"], **times,
                 "censoring": [{"when": "no event", "at": "last contact"}]},
                {"name": "PFS", "label": "PFS", "role": "secondary", "events": ["progression", "death"], **times,
                 "censoring": [{"when": "no event", "at": "last assessment"}]},
            ],
            "table": {"patient": "id", "arm": "arm", "rules": list(rules), **({"randomised": "rand"} | table)},
        },
        "cut",
    )  # fmt: skip


ENDS = [
    {"event": "progressed", "day": "pd", "data": {"basis": "recurrence"}},
    {"event": "died", "day": "death"},
    {"event": "contact", "day": "last"},
]
ONE_ROW = trial_of([*ENDS, {"event": "assessed", "day": "scan", "data": {"response": "NED"}}])
SCANS = ("scan1", "scan2", "scan3")
VISITS = trial_of(
    [*ENDS, *({"event": "assessed", "day": s, "data": {"response": "SD"}} for s in SCANS)], assessments="every visit"
)
Row = dict[str, Any]


@st.composite
def people(draw: st.DrawFn, scans: Sequence[str]) -> list[Row]:
    """Rows as such tables are: nothing after death, a scan at which nothing is seen before progression."""
    rows = []
    for i in range(draw(st.integers(1, 8))):
        origin = START + timedelta(days=draw(DAYS))
        days = sorted(draw(st.lists(st.integers(1, 400), min_size=6, max_size=6, unique=True)))
        *seen, pd, death = [origin + timedelta(days=d) for d in days]
        how = draw(st.sampled_from(["alive", "died", "progressed", "both"]))
        row: Row = {"id": f"P{i}", "arm": draw(st.sampled_from("AB")), "rand": origin, "pd": None, "death": None}
        row |= {"pd": pd} if how in ("progressed", "both") else {}
        row |= {"death": death} if how in ("died", "both") else {"last": death}
        if len(scans) > 1:
            row |= dict(zip(scans, seen, strict=False))
        elif how == "alive":  # of the others the row says when their time ended
            row |= {scans[0]: seen[-1]}
        rows.append(row)
    return rows


def by_hand(rows: Sequence[Row], day: date, scans: Sequence[str]) -> list[Row]:
    """The rows as they would have stood on ``day``: what is later is empty, and who is followed on was last seen that day."""
    found = []
    for row in rows:
        if row["rand"] > day:
            continue
        then = {k: None if isinstance(v, date) and v > day else v for k, v in row.items()}
        if any(isinstance(v, date) and v > day for v in row.values()):
            then["last"] = day
            if len(scans) == 1 and then["pd"] is None and then.get(scans[0]) is None:
                then[scans[0]] = day
        found.append(then)
    return found


def write(path: Path, rows: Sequence[Row], scans: Sequence[str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "arm", "rand", "pd", "death", "last", *scans])
        writer.writeheader()
        writer.writerows(rows)
    return path


def times(trial: Trial, snap: Snapshot) -> Any:
    """What every patient comes to, by endpoint and arm."""
    return {
        e.name: {a: [(o.patient, o.days, o.event) for o in group] for a, group in observations(trial, snap, e).items()}
        for e in map(trial.time_to_event, ("OS", "PFS"))
    }


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("trial", [ONE_ROW, VISITS], ids=["one row", "visits"])
@given(data=st.data(), day=st.integers(0, 500))
def test_to_cut_a_table_is_to_have_written_it_then(tmp_path: Path, trial: Trial, data: st.DataObject, day: int) -> None:
    scans = SCANS if trial is VISITS else ("scan",)
    rows, on = data.draw(people(scans)), START + timedelta(days=day)
    whole = log_from_table(trial, write(tmp_path / "t.csv", rows, scans)).log
    found = cut(trial, whole, on)
    then = by_hand(rows, on, scans)
    if not then:
        assert not found.randomised
        return
    assert times(trial, found) == times(
        trial, cut(trial, log_from_table(trial, write(tmp_path / "h.csv", then, scans)).log, on)
    )
    # Nothing is left to say of the day on which everything is in.
    last = max(e.recorded.date() for e in whole)
    assert times(trial, cut(trial, whole, last)) == times(trial, cut(trial, whole))
    assert cut(trial, whole, last + timedelta(days=9)).beyond == []


ADTTE = trial_of(
    [
        {"event": event, "when": {"PARAMCD": name, "CNSR": censored}, "time": "AVAL", "unit": "days", "data": data}
        for name, events in {
            "PFS": [("progressed", {"basis": "recurrence"}), ("assessed", {"response": "NED"})], "OS": [("died", {}), ("contact", {})],
        }.items()
        for censored, (event, data) in enumerate(events)
    ],
)  # fmt: skip


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), day=st.integers(0, 500))
def test_times_are_cut_as_statisticians_cut_them(tmp_path: Path, data: st.DataObject, day: int) -> None:
    """Of a table of times with their starts (ADTTE): the smaller of the time and the days to the cut-off, an event only if it is within."""
    rows, on = [], START + timedelta(days=day)
    want: dict[str, dict[str, tuple[int, bool]]] = {"OS": {}, "PFS": {}}
    for i in range(data.draw(st.integers(1, 8))):
        origin = START + timedelta(days=data.draw(DAYS))
        pfs, os = sorted(data.draw(st.tuples(st.integers(0, 400), st.integers(0, 400))))
        progressed, died = data.draw(st.booleans()), data.draw(st.booleans())
        os = pfs if died and not progressed else os  # who dies without progression is looked at until then
        arm = data.draw(st.sampled_from("AB"))
        for name, time, event in (("PFS", pfs, progressed), ("OS", os, died)):
            rows.append(
                {"id": f"P{i}", "arm": arm, "rand": origin, "PARAMCD": name, "AVAL": time, "CNSR": int(not event)}
            )
            counted = event or (name == "PFS" and died)
            if origin <= on:
                want[name][f"P{i}"] = (min(time, (on - origin).days), counted and time <= (on - origin).days)
    path = tmp_path / "adtte.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    found = times(ADTTE, cut(ADTTE, log_from_table(ADTTE, path).log, on))
    got = {n: {p: (days, event) for group in arms.values() for p, days, event in group} for n, arms in found.items()}
    assert got == want


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), day=st.integers(0, 500))
def test_a_log_that_is_known_later_is_cut_as_its_table(tmp_path: Path, data: st.DataObject, day: int) -> None:
    """What was recorded in time, cut at a day with all that is known now, and the same as a finished table cut at that day."""
    rows, on = data.draw(people(SCANS)), START + timedelta(days=day)
    table = log_from_table(VISITS, write(tmp_path / "t.csv", rows, SCANS)).log
    log = Log()
    for e in sorted(table, key=lambda e: e.happened):
        log.append(e.kind, e.happened, moment(e.happened), "t", patient=e.patient, data=e.data)
    known = cut(VISITS, log, on, max(on, log[len(log) - 1].recorded.date()))
    assert times(VISITS, known) == times(VISITS, cut(VISITS, table, on))
    # With what was known on the day itself nobody is seen beyond it.
    assert all(p.followed_to is None for p in cut(VISITS, log, on).patients.values())


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.data(), day=st.integers(0, 500))
def test_what_is_exported_whole_or_cut_says_the_same(tmp_path: Path, data: st.DataObject, day: int) -> None:
    """The log → SDTM → a log that is cut; and the log, cut, → SDTM → a log."""
    rows, on = data.draw(people(SCANS)), START + timedelta(days=day)
    log = log_from_table(VISITS, write(tmp_path / "t.csv", rows, SCANS)).log
    found = cut(VISITS, log, on)
    whole = to_log({d.name: d for d in to_sdtm(VISITS, cut(VISITS, log))}, VISITS)[0]
    assert times(VISITS, cut(VISITS, whole, on)) == times(VISITS, found)
    if found.randomised:
        then = to_log({d.name: d for d in to_sdtm(VISITS, found)}, VISITS)[0]
        assert times(VISITS, cut(VISITS, then, on)) == times(VISITS, found)


def test_what_a_day_after_the_cutoff_shows(north: Trial) -> None:
    """Being lost is found out at a desk; a contact recorded too late is not known, unless it is asked for."""
    day, later = date(2012, 9, 1), date(2012, 9, 20)
    log = Log()
    for name in ("seen", "lost", "died", "told late"):
        log.append(
            "randomised",
            date(2012, 7, 1),
            moment(date(2012, 7, 1)),
            "t",
            patient=name,
            data={"arm": "CE", "stratum": ""},
        )
    log.append("contact", date(2012, 8, 20), moment(later), "t", patient="told late")
    log.append("contact", later, moment(later), "t", patient="seen")
    log.append("lost", later, moment(later), "t", patient="lost")
    log.append("died", later, moment(later), "t", patient="died")
    known = cut(north, log, day, later).patients
    assert {n: p.last_contact for n, p in known.items()} == {
        "seen": day, "lost": date(2012, 7, 1), "died": day, "told late": date(2012, 8, 20),
    }  # fmt: skip
    assert known["died"].died is None
    assert cut(north, log, day).patients["told late"].last_contact == date(2012, 7, 1)
    assert any("recorded after 2012-09-01" in n for n in cut(north, log, day).notes)


def test_only_what_came_in_as_the_log_was_opened_has_one_clock(north: Trial) -> None:
    """An event that names a source is no sign of it: a log that people keep has two clocks."""
    day, later = date(2012, 9, 1), date(2013, 1, 1)
    for opened, known in ((date(2012, 7, 1), day), (later, later)):
        log = Log()
        log.append("opened", date(2012, 7, 1), moment(opened), "t", data={"trial": "north", "fingerprint": ""})
        who = {"arm": "CE", "stratum": ""}
        log.append("randomised", day, moment(later), "t", patient="P", data=who, source="dm.csv, row 2")
        found = cut(north, log, day)
        assert found.known_on == known
        assert len(found.randomised) == (known == later)


def test_what_goes_on_beyond_the_cutoff_has_not_ended(north: Trial) -> None:
    start, day, end = date(2012, 7, 1), date(2012, 9, 1), date(2012, 10, 1)
    log, at = Log(), moment(date(2013, 1, 1))
    log.append("randomised", start, at, "t", patient="P", data={"arm": "CE", "stratum": ""}, source="DM.ARM[1]")
    dose = {"drug": "carboplatin", "cycle": 1, "day": 1, "until": end.isoformat()}
    log.append("treated", start, at, "t", patient="P", data=dose, source="EX.EXTRT[1]")
    ache = {"term": "pain", "grade": 2, "until": end.isoformat(), "until_dated": "2012-10"}
    log.append("adverse event", start, at, "t", patient="P", data=ache, source="AE.AETERM[1]")
    patient = cut(north, log, day).patients["P"]
    assert patient.doses[0].data["until"] == day.isoformat()
    assert patient.adverse_events[0].data == {"term": "pain", "grade": 2}
    assert cut(north, log, end).patients["P"].adverse_events[0].data == ache


def test_a_table_without_dates_has_no_calendar(equipoise: Callable[..., Answer]) -> None:
    trial = FIXTURES / "tables" / "table_trial.toml"
    for command in ("analyse", "pool"):
        asked = equipoise(command, trial, "--cutoff", "2011-01-01", "--known-on", "2010-12-01", "--json")
        assert asked.status == 2
        assert [p["code"] for p in asked.json["error"]["problems"]] == [
            "dates-out-of-order",
            "no-calendar",
            "not-known-then",
        ]
    found = equipoise("analyse", trial, "--json").json["endpoints"]["OS"]
    assert sum(a["events"] for a in found["arms"].values()) == 29
    assert found["comparisons"]["B vs A"]["hr"] == pytest.approx(1.48, abs=0.005)


def test_a_table_does_not_say_what_was_known_when(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    rows = [
        {"id": "P1", "arm": "A", "rand": date(2010, 1, 4), "death": date(2011, 1, 4)},
        {"id": "P2", "arm": "B", "rand": date(2010, 2, 1), "last": date(2010, 5, 1)},
        {"id": "P3", "arm": "B", "rand": date(2010, 8, 1), "last": date(2010, 9, 1)},
    ]
    table = write(tmp_path / "t.csv", rows, ("scan",))
    trial = tmp_path / "trial.toml"
    trial.write_text(TOML)
    late = equipoise("analyse", trial, "--table", table, "--cutoff", "2010-07-01", "--known-on", "2010-12-01", "--json")
    assert (late.status, late.json["error"]["problems"][0]["code"]) == (2, "not-known-then")
    at = ("--cutoff", "2010-07-01")
    found = equipoise("analyse", trial, "--table", table, *at, "--json")
    assert {n: a["n"] for n, a in found.json["endpoints"]["OS"]["arms"].items()} == {"A": 1, "B": 1}
    assert sum(a["events"] for a in found.json["endpoints"]["OS"]["arms"].values()) == 0
    assert "not in, as randomised after the cut-off: 1 patient." in found.err
    # The same as a log that was made of the table, which came long after that day.
    log = tmp_path / "log.jsonl"
    assert equipoise("conduct", "import", trial, "--table", table, "--log", log, "--by", "dm").status == 0
    assert equipoise("analyse", trial, "--log", log, *at, "--json").json["endpoints"] == found.json["endpoints"]


TOML = """
format = 1
id = "cut"
title = "Cut"
phase = "II"
start = 2010-01-01
target_enrolment = 9
population = "x"
arms = [
  { name = "A", label = "A", tested = false, share = 1 },
  { name = "B", label = "B", tested = true, share = 1 },
]
randomisation = { method = "as recorded" }
[[endpoints]]
name = "OS"
label = "OS"
role = "primary"
kind = "time to event"
origin = "randomisation"
events = ["death"]
censoring = [{ when = "no event", at = "last contact" }]
[table]
patient = "id"
arm = "arm"
randomised = "rand"
rules = [{ event = "died", day = "death" }, { event = "contact", day = "last" }]
"""
