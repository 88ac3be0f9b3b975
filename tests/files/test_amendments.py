"""Amendments beside a trial file: what each makes of the definition before it, and all that is wrong with one."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.amendments import read_amendments
from equipoise.files.bundled import bundled_trials, find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.changes import changes
from equipoise.trial.problem import BadInput
from helpers import ROOT

HEAD = 'on = 2012-07-16\nwhy = "because"\n'
DOSE = '[[changes]]\nof = "arms.IMGN901.regimen.IMGN901.dose"\nwas = 112\nbecomes = 90\n'


@pytest.fixture
def amended(tmp_path: Path) -> Callable[..., Path]:
    """NORTH in a folder of its own, with these amendments beside it."""

    def make(*texts: str) -> Path:
        shutil.copy(find_trial("north"), tmp_path / "trial.toml")
        (tmp_path / "amendments").mkdir(exist_ok=True)
        for i, text in enumerate(texts, 1):
            (tmp_path / "amendments" / f"{i}.toml").write_text(text)
        return tmp_path / "trial.toml"

    return make


def test_north_s_dose_goes_from_112_to_90_and_nothing_else_but_what_says_so() -> None:
    before = read_trial(find_trial("north"))
    (found,) = read_amendments(find_trial("north"))
    made = {c.path: (c.old, c.new) for c in changes(before.definition, found.trial.definition)}
    assert made.pop("arms.IMGN901.regimen.IMGN901.dose") == (112, 90)
    assert made.pop("amendments") == (None, {"per_site": True})
    ((path, (old, new)),) = made.items()
    assert (path, old) == ("assumptions[10]", None)
    assert "not public" in new["because"]
    assert set(found.approvals) == {s.name for s in before.sites}
    assert len(set(found.approvals.values())) > 20
    assert all(day >= found.on for day in found.approvals.values())
    opens = {s.name: s.activation for s in before.sites}
    assert all(day == opens[site] for site, day in found.approvals.items() if opens[site] > found.on and site >= "S20")


def test_only_north_has_amendments() -> None:
    assert [name for name in bundled_trials() if read_amendments(find_trial(name))] == ["north"]


def test_each_changes_what_the_one_before_made(amended: Callable[..., Path]) -> None:
    path = amended(
        HEAD + DOSE,
        HEAD + DOSE.replace("112", "90").replace("becomes = 90", "becomes = 75"),
        HEAD + '[[changes]]\nof = "rationale"\nwas = """' + read_trial(find_trial("north")).rationale + '"""\n',
        HEAD
        + '[[changes]]\nof = "eligibility.8"\nwas = { number = 8, kind = "exclusion", text = "Peripheral neuropathy of grade 2 or more" }\n',
        HEAD
        + '[[changes]]\nof = "sites[0].rate"\nwas = 0.36\nbecomes = 0.4\n[[changes]]\nof = "registration"\nadds = "another"\n',
    )
    made = [a.trial for a in read_amendments(path)]
    assert [t.arms[0].regimen[0].dose for t in made] == [90, 75, 75, 75, 75]
    assert [bool(t.rationale) for t in made] == [True, True, False, False, False]
    assert [len(t.eligibility) for t in made] == [8, 8, 8, 7, 7]
    assert made[-1].sites[0].rate == 0.4
    assert made[-1].registration[-1] == "another"


WRONG: list[tuple[str, str, str]] = [
    ("nothing", "", "missing"),
    ("no reason", 'on = 2012-07-16\nwhy = ""\n' + DOSE, "changes"),
    ("an unknown key", HEAD + DOSE + "to = 3\n", "unknown-key"),
    ("neither", HEAD + '[[changes]]\nof = "title"\n', "not-allowed"),
    ("both", HEAD + DOSE + "adds = 3\n", "not-allowed"),
    ("a path that is none", HEAD + DOSE.replace("dose", "doze"), "unknown-path"),
    ("a table that is none", HEAD + DOSE.replace("IMGN901.dose", "IMGN902.dose"), "unknown-path"),
    ("a number beyond the array", HEAD + '[[changes]]\nof = "sites[99].rate"\nwas = 1\nbecomes = 2\n', "unknown-path"),
    ("another value than it was", HEAD + DOSE.replace("112", "100"), "not-as-it-was"),
    ("stated already", HEAD + DOSE.replace("was = 112\n", ""), "not-as-it-was"),
    ("no array", HEAD + '[[changes]]\nof = "title"\nadds = "x"\n', "not-an-array"),
    ("what the trial may not be", HEAD + DOSE.replace("becomes = 90", "becomes = -1"), "out-of-range"),
    ("approvals without sites' own days", HEAD + "approvals = { S01 = 2012-08-01 }\n" + DOSE, "not-per-site"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "code"), WRONG, ids=[w[0] for w in WRONG])
def test_what_is_wrong_with_an_amendment_is_said(amended: Callable[..., Path], what: str, text: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_amendments(amended(text))
    if code != "changes":
        assert code in {p.code for p in refused.value.problems}
    assert "amendments" in refused.value.source


def test_sites_that_cannot_approve(amended: Callable[..., Path]) -> None:
    text = HEAD + "approvals = { S01 = 2012-07-01, S99 = 2012-08-01 }\n" + DOSE
    text += '[[changes]]\nof = "amendments.per_site"\nbecomes = true\n'
    with pytest.raises(BadInput) as refused:
        read_amendments(amended(text))
    assert {p.code for p in refused.value.problems} == {"before-amendment", "unknown-site"}


def test_check_reads_them_with_the_file(amended: Callable[..., Path], equipoise: Any) -> None:
    good = equipoise("check", "north", "--json").json["amendments"]
    assert [(a["on"], a["changes"][1]) for a in good] == [
        ("2012-07-16", {"path": "arms.IMGN901.regimen.IMGN901.dose", "old": 112.0, "new": 90.0})
    ]
    assert "112 → 90" in equipoise("check", "north").out
    bad = equipoise("check", amended(HEAD + DOSE.replace("112", "100")))
    assert bad.status == 2
    assert "amendments/1.toml: changes[0].was" in bad.err


def test_a_day_stays_a_day(amended: Callable[..., Path]) -> None:
    path = amended(HEAD + '[[changes]]\nof = "sites.S25.activation"\nwas = 2012-10-26\nbecomes = 2012-11-26\n')
    assert read_amendments(path)[0].trial.site_by_name["S25"].activation == date(2012, 11, 26)


def test_the_amendment_that_the_guide_shows_is_north_s() -> None:
    page = (ROOT / "docs" / "guide.md").read_text()
    (block,) = [b for b in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[[changes]]" in b]
    shown, whole = (
        tomllib.loads(block),
        tomllib.loads((find_trial("north").parent / "amendments" / "1.toml").read_text()),
    )
    assert shown["on"] == whole["on"]
    assert whole["why"].startswith(shown["why"])
    assert all(change in whole["changes"] for change in shown["changes"])
    assert shown["approvals"].items() <= whole["approvals"].items()
