"""NORTH by hand from its first patient of phase I: `open --part 1`, `enrol --part 1`, `assign`, `decide --part 1`, `set-dose`, `verify`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.log_file import write_new_log
from helpers import Answer
from parts_trials import Parts

Equipoise = Callable[..., Answer]


class Site:
    def __init__(self, call: Equipoise, log: Path) -> None:
        self.call, self.log = call, log

    def __call__(self, verb: str, *args: object, by: bool = True) -> Answer:
        return self.call("conduct", verb, "north", "--log", self.log, *args, *(["--by", "dm"] if by else []), "--json")

    def decide(self, cutoff: object, *args: object) -> Answer:
        return self.call("decide", "north", "--part", 1, "--log", self.log, "--cutoff", cutoff, *args, "--json")


def code(answer: Answer) -> tuple[int, Any]:
    return answer.status, answer.json["error"]["problems"][0]["code"]


@pytest.fixture
def parts(equipoise: Equipoise, tmp_path: Path) -> tuple[Site, Parts]:
    """Three at the first level, not answered yet."""
    p = Parts().cohort("DL1", "ABC")
    path = tmp_path / "north.log.jsonl"
    write_new_log(path, p.c.log)
    return Site(equipoise, path), p


def test_the_next_dose_on_a_day_and_what_is_refused_until_then(parts: tuple[Site, Parts]) -> None:
    site, p = parts
    day = p.day
    waits = site.decide("2010-11-20", "--record", "--by", "board")
    assert (waits.status, waits.json["ripe"], waits.json["next"]["action"]) == (2, False, "wait")
    assert "recorded" not in waits.json
    assert {w["patient"] for w in waits.json["next"]["waits_for"]} == {"A", "B", "C"}
    found = site.decide(day, "--record", "--by", "board")
    assert (found.status, found.json["ripe"], found.json["next"]["label"]) == (0, True, "DL2")
    doses = site.call("doses", "north", "--log", site.log, "--cutoff", day, "--json").json
    assert {k: doses[k] for k in ("history", "next", "recommend")} == {
        k: found.json[k] for k in ("history", "next", "recommend")
    }
    for patient in ("D", "E"):
        assert site("screen", "--patient", patient, "--site", "S01", "--on", day).status == 0
        assert site("enrol", "--patient", patient, "--on", day, "--part", 1).status == 0
    who = ("--patient", "D", "--on", day)
    assert code(site("assign", *who, "--level", "DL3")) == (2, "higher-than-given")
    assert code(site("assign", *who, "--level", "DL1", "--against-design")) == (2, "no-reason")
    assert site("assign", *who, "--level", "DL1", "--against-design", "--why", "frail").status == 0
    assert site("assign", "--patient", "E", "--on", day, "--level", "DL2").status == 2
    assert site("verify", by=False).status == 0


def test_the_dose_is_set_and_phase_two_begins(parts: tuple[Site, Parts]) -> None:
    site, p = parts
    day = p.day
    site("screen", "--patient", "Z", "--site", "S01", "--on", day)
    assert site("enrol", "--patient", "Z", "--on", day, "--factor", "ecog=0-1", "--factor", "ldh=normal").status == 0
    assert code(site("randomise", "--patient", "Z", "--on", day)) == (2, "dose-not-set")
    assert code(site("set-dose", "--level", "DL9", "--on", day)) == (2, "unknown-level")
    assert code(site("set-dose", "--level", "DL1", "--on", day)) == (2, "no-reason")
    done = site("set-dose", "--level", "DL1", "--on", day, "--why", "the sponsor's word", "--key", "k1")
    assert done.status == 0, done.err
    assert done.json["event"]["data"]["history"] == "1NNN"
    again = site("set-dose", "--level", "DL1", "--on", day, "--why", "the sponsor's word", "--key", "k1")
    assert again.json["event"]["number"] == done.json["event"]["number"]
    assert code(site("set-dose", "--level", "DL2", "--on", day, "--why", "x")) == (2, "dose-set-twice")
    # Now only the secret is missing.
    assert code(site("randomise", "--patient", "Z", "--on", day)) == (2, "no-allocation")
    assert site("verify", by=False).status == 0


def test_a_log_is_opened_with_part_one(equipoise: Equipoise, tmp_path: Path) -> None:
    site = Site(equipoise, tmp_path / "l.jsonl")
    assert site("open", "--part", 1).status == 0
    assert site("activate", "--site", "S01", "--on", "2010-11-01").status == 0
    assert site.decide("2010-11-01").json["next"]["label"] == "DL1"
    other = Site(equipoise, tmp_path / "m.jsonl")
    assert code(other("open", "--part", 2)) == (2, "unknown-part")
    assert other("open").status == 0
    assert code(other("activate", "--site", "S01", "--on", "2010-11-01")) == (2, "before-start")
    known = ("--known-on", datetime.now(UTC).date())
    said = other.decide("2012-04-01", *known).json["next"]["cautions"]
    assert said == ["Phase I was over before this log was opened: it declared DL4."]
    assert code(other.decide("2012-04-01", *known, "--record", "--by", "board")) == (2, "phase1-over")


def test_before_anything_was_recorded_nothing_is_known_of_the_log(equipoise: Equipoise, tmp_path: Path) -> None:
    """Events that are entered years later are not known on their day: that is said, and not that phase I is over or that others write."""
    site = Site(equipoise, tmp_path / "l.jsonl")
    assert site("open", "--part", 1).status == 0
    assert site.decide("2010-11-01").json["next"]["cautions"] == []
    assert code(site.decide("2010-11-01", "--record", "--by", "board")) == (2, "nothing-known")
    assert site.decide("2010-11-01", "--known-on", datetime.now(UTC).date(), "--record", "--by", "board").status == 0
