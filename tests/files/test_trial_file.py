"""A broken trial file reports every problem at once; a good one reads back as it is."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from equipoise.files.bundled import bundled_trials, find_trial
from equipoise.files.schema import trial_schema
from equipoise.files.schemas import schema_of
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.problem import BadInput

RAW = tomllib.loads(find_trial("north").read_text())
Change = Callable[[dict[str, Any]], object]


def problems(*changes: Change) -> dict[str, Any]:
    raw = copy.deepcopy(RAW)
    for change in changes:
        change(raw)
    with pytest.raises(BadInput) as caught:
        trial_from(raw, "t.toml")
    return {p.where: p for p in caught.value.problems}


def set_in(path: str, value: Any) -> Change:
    def change(raw: dict[str, Any]) -> None:
        *head, last = path.split(".")
        for step in head:
            raw = raw[int(step)] if step.isdigit() else raw[step]  # type: ignore[index]
        raw[last] = value

    return change


CASES = [
    ("a text for a number", set_in("design.n1", "39"), "design.n1", "a whole number"),
    ("a fraction for a count", set_in("target_enrolment", 12.5), "target_enrolment", "a whole number"),
    ("p1 below p0", set_in("design.p1", 0.40), "design.p1", "must exceed p0 = 0.44"),
    ("n1 as large as n", set_in("design.n1", 80), "design.n1", "smaller than the whole (n = 80)"),
    ("a ratio of zero", set_in("arms.1.share", 0), "arms[1].share", "at least 1"),
    ("a site before the trial", set_in("sites.3.activation", __import__("datetime").date(2011, 1, 1)), "sites[3].activation", "before the trial's start"),
    ("a landmark without an origin", set_in("endpoints.1.of", "PSF"), "endpoints[1].of", "carries its origin"),
    ("a landmark endpoint of nothing", lambda r: r["endpoints"][1].pop("of"), "endpoints[1].of", "required"),
    ("a time to event without origin", lambda r: r["endpoints"][0].pop("origin"), "endpoints[0].origin", "required"),
    ("an unknown kind of endpoint", set_in("endpoints.0.kind", "time-to-event"), "endpoints[0].kind", "'time to event'"),
    ("a length without a unit", set_in("endpoints.1.landmark", "6"), "endpoints[1].landmark", "a number and a unit"),
    ("blocks that do not fit 2:1", set_in("randomisation.block_sizes", [4]), "randomisation.block_sizes[0]", "multiple of the sum of the shares, 3"),
    ("an unknown design", set_in("design.kind", "simom"), "design.kind", "one of a-hern, "),
    ("a table where a list is", set_in("arms", {}), "arms", "an array"),
    ("two arms of one name", set_in("arms.1.name", "IMGN901"), "arms[1].name", "once"),
    ("an assumption about nothing", set_in("assumptions.0.of", ["design.p9"]), "assumptions[0].of", "path of an entry"),
    ("controls for one look of two", set_in("monitoring.control_cohort", [20]), "monitoring.control_cohort", "2 looks"),
    ("the rate of no endpoint", set_in("monitoring.endpoint", "PFS"), "monitoring.endpoint", "a yes or a no"),
    ("a rate of 44 percent as 44", set_in("history.rate", 44), "history.rate", "below 1"),
    ("an open end of censoring", lambda r: r["endpoints"][0]["censoring"].pop(), "endpoints[0].censoring", "no event"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "where", "allowed"), CASES, ids=[c[0] for c in CASES])
def test_each_problem_is_named(what: str, change: Change, where: str, allowed: str) -> None:
    found = problems(change)
    assert where in found, list(found)
    assert allowed in found[where].allowed


def test_near_misses_are_suggested() -> None:
    found = problems(
        set_in("desing", {}),
        set_in("monitoring.while_wating", "pause"),
        set_in("endpoints.1.of", "PSF"),
        set_in("design.powr", 1),
    )
    assert "'design'" in found["desing"].next_step
    assert "'while_waiting'" in found["monitoring.while_wating"].next_step
    assert "'PFS'" in found["endpoints[1].of"].next_step
    assert "'power'" in found["design.powr"].next_step


def test_all_problems_at_once() -> None:
    found = problems(
        *(
            c[1]
            for c in CASES
            if c[0] in {"p1 below p0", "n1 as large as n", "a ratio of zero", "a landmark without an origin"}
        )
    )
    assert {"design.p1", "design.n1", "arms[1].share", "endpoints[1].of"} <= set(found)


@pytest.mark.parametrize("name", bundled_trials())
def test_bundled_trials_keep_to_the_schema(name: str) -> None:
    import datetime
    import json

    raw = json.loads(
        json.dumps(
            tomllib.loads(find_trial(name).read_text()),
            default=lambda d: d.isoformat() if isinstance(d, datetime.date) else d,
        )
    )
    jsonschema.validate(raw, trial_schema(), format_checker=jsonschema.FormatChecker())


def test_the_schema_finds_what_is_wrong() -> None:
    import json

    raw = json.loads(json.dumps(RAW, default=str))
    raw["design"]["powr"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, trial_schema())
    jsonschema.Draft202012Validator.check_schema(trial_schema())
    jsonschema.Draft202012Validator.check_schema(schema_of("scenario"))


def test_comments_do_not_change_the_fingerprint(tmp_path: Path) -> None:
    copy_of = tmp_path / "trial.toml"
    copy_of.write_text("# a comment\n" + find_trial("north").read_text())
    assert read_trial(copy_of).fingerprint == read_trial(find_trial("north")).fingerprint
    copy_of.write_text(find_trial("north").read_text().replace("power = 0.80", "power = 0.79"))
    assert read_trial(copy_of).fingerprint != read_trial(find_trial("north")).fingerprint


@pytest.mark.parametrize("content", [b"", b"format = ", b"\xff\xfe\x00", b"format = 1\n"])
def test_what_is_no_trial_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        read_trial(path)


def test_a_name_that_is_nearly_a_bundled_trial() -> None:
    assert bundled_trials() == [
        "colon", "create", "e2511", "lines", "matchpoint", "merkel", "myeloma", "north", "optimalttf2", "phase1-example",
        "sshht",
    ]  # fmt: skip
    with pytest.raises(BadInput, match="did you mean 'north'"):
        find_trial("nroth")


def test_strata_of_an_endpoint_are_factors_of_the_randomisation() -> None:
    found = problems(
        set_in("endpoints.0.stratified_by", ["ecog", "ldl", "ecog"]), set_in("endpoints.4.stratified_by", ["sex"])
    )
    assert found["endpoints[0].stratified_by[1]"].code == "unknown-factor"
    assert "'ldh'" in found["endpoints[0].stratified_by[1]"].next_step
    assert found["endpoints[0].stratified_by"].code == "duplicate-name"
    assert found["endpoints[4].stratified_by[0]"].allowed.endswith("ecog, ldh")
    none = problems(set_in("randomisation.factors", []), set_in("endpoints.0.stratified_by", ["ecog"]))
    assert none["endpoints[0].stratified_by[0]"].allowed.endswith("it has none")


def test_strata_that_are_not_stated_leave_the_fingerprint() -> None:
    plain = trial_from(copy.deepcopy(RAW), "t.toml")
    raw = copy.deepcopy(RAW)
    set_in("endpoints.0.stratified_by", [])(raw)
    assert trial_from(raw, "t.toml").fingerprint == plain.fingerprint
    assert "stratified_by" not in str(plain.model_dump())
    set_in("endpoints.0.stratified_by", ["ecog"])(raw)
    stated = trial_from(raw, "t.toml")
    assert stated.fingerprint != plain.fingerprint
    assert stated.time_to_event("PFS").stratified_by == ("ecog",)


def test_a_file_that_is_not_utf_8_says_where(tmp_path: Path) -> None:
    text = find_trial("north").read_text()
    (tmp_path / "t.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())  # as Windows' editors save it
    assert read_trial(tmp_path / "t.toml").fingerprint == read_trial(find_trial("north")).fingerprint
    for content, line in ((b"# a\n# M\xfcnchen\n", "line 2"), ("# a".encode("utf-16"), "line 1")):
        (tmp_path / "t.toml").write_bytes(content)
        with pytest.raises(BadInput) as caught:
            read_trial(tmp_path / "t.toml")
        assert [(p.code, p.where) for p in caught.value.problems] == [("unreadable", line)]


@pytest.mark.parametrize("other", ["s01", "SO1", "S0l"])
def test_two_sites_that_read_alike_are_refused(other: str) -> None:
    """Patients' numbers begin with the site's and are compared folded: two such sites would skip each other's."""
    found = problems(lambda r: r["sites"].append({**r["sites"][0], "name": other}))
    (where,) = found
    assert found[where].code == "same-site"
    assert "'S01'" in found[where].allowed
    again = problems(lambda r: r["sites"].append(r["sites"][0]))
    assert [p.code for p in again.values()] == ["duplicate-name"]
