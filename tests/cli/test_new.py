"""`equipoise new`: a folder that is checked, simulated and opened as it is, from every kind; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from equipoise.desk import new
from equipoise.files.bundled import example_trials, trials_folder
from equipoise.files.scenario_file import read_scenario
from equipoise.files.template import headed, replaced
from equipoise.files.trial_file import read_trial
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import simulate
from helpers import Answer

Equipoise = Callable[..., Answer]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.thorough
@pytest.mark.parametrize("kind", new.kinds())
def test_every_kind_begins_a_trial_that_has_no_problems(kind: str, here: Path) -> None:
    begun = new.begin("mine", kind, {})
    assert read_trial(here / "mine" / "trial.toml").fingerprint == begun.trial.fingerprint
    assert begun.trial.id == "mine"
    assert sorted(p.relative_to(here / "mine").as_posix() for p in (here / "mine").rglob("*.*")) == sorted(begun.files)
    of_phase2 = [] if begun.trial.design_table is None and not begun.trial.divided else ["*.toml"]
    for path in (p for pattern in of_phase2 for p in (here / "mine" / "scenarios").glob(pattern)):
        Plan.of(next(iter(begun.trial.views.values()), begun.trial), read_scenario(path), seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["merkel", "myeloma"])
def test_a_disease_s_template_is_checked_simulated_conducted_and_reported(
    kind: str, here: Path, equipoise: Equipoise
) -> None:
    assert equipoise("new", "mine", "--kind", kind, cwd=here).status == 0
    page = equipoise("check", "mine", cwd=here)
    assert page.status == 0
    assert "missing: " in page.out  # what a template cannot know
    assert equipoise("demo", "mine", "--replicates", "100", "--out", "out", cwd=here).status == 0
    report = (here / "out" / "report.html").read_text()
    assert "missing: " in report
    assert ("Stringent complete response" in report) == (kind == "myeloma")


def test_every_example_and_template_is_a_beginning() -> None:
    folders = {p.parent.name for p in (trials_folder() / "templates").glob("*/trial.toml")}
    assert {folder.removeprefix("templates/") for folder, _ in new.TEMPLATES.values()} >= folders
    assert {name.removeprefix("kinds/") for name in example_trials()} <= set(new.kinds())


def test_hypotheses_set_the_design_its_patients_and_the_scenarios(here: Path) -> None:
    trial = new.begin("merkel", "single-arm-response", {"p0": "0.2", "p1": "0.4"}).trial
    assert trial.design_table is not None
    assert (trial.design_table["p0"], trial.design_table["p1"]) == (0.2, 0.4)
    assert (
        trial.target_enrolment == trial.monitored.looks[-1].n == 33
    )  # Simon 1989, table 1: minimax for .2, .4, .05, .20
    assert read_scenario(here / "merkel" / "scenarios" / "target.toml").arms["T"].response == 0.4


def test_controls_and_history_go_with_the_hypotheses(here: Path) -> None:
    trial = new.begin("two", "randomised-2to1", {"p0": "0.3", "p1": "0.5"}).trial
    looks = trial.monitored.looks
    assert trial.history is not None
    assert trial.history.rate == 0.3
    assert trial.monitoring is not None
    assert trial.monitoring.control_cohort == tuple(-(-look.n // 2) for look in looks)
    assert trial.target_enrolment == looks[-1].n * 3 // 2 + (looks[-1].n * 3 % 2 > 0)


def test_each_disease_of_a_basket_has_the_design_s_patients(here: Path) -> None:
    trial = new.begin("three", "basket", {"p0": "0.2", "p1": "0.4"}).trial
    assert [v.target_enrolment for v in trial.views.values()] == [33, 33, 33]
    assert trial.target_enrolment == 99


def test_a_scenario_that_was_written_is_the_design_s_own(here: Path) -> None:
    """What the file says is simulated as what the design assumes: the same trials."""
    begun = new.begin("mine", "simon", {"p0": "0.1", "p1": "0.3"})
    for own in own_scenarios(begun.trial):
        read = read_scenario(here / "mine" / "scenarios" / f"{own.id}.toml")
        ours, theirs = (
            [lines["randomised"].tolist() for lines in simulate(Plan.of(begun.trial, s, seed=4), 40)]
            for s in (own, read)
        )
        assert ours == theirs
        assert read.model_copy(update={"because": own.because, "label": own.label}) == own


def test_the_next_commands_run_as_they_are(here: Path, equipoise: Equipoise) -> None:
    said = equipoise(
        "new", "merkel", "--kind", "single-arm-response", "--p0", 0.2, "--p1", 0.4, "--json", cwd=here
    ).json
    assert said["files"] == ["trial.toml", "scenarios/null.toml", "scenarios/target.toml"]
    for line in said["next"]:
        words = line.replace("YOU", "ada").split()[1:]
        done = equipoise(*words, *(["--replicates", 50] if words[0] == "simulate" else []), cwd=here)
        assert done.status == 0, done.err


def test_all_that_is_wrong_is_told_and_nothing_is_written(here: Path, equipoise: Equipoise) -> None:
    (here / "Full").mkdir()
    (here / "Full" / "x").touch()
    wrong = equipoise("new", "Full", "--kind", "simmon", "--p1", "0.2", "0.4", "--json", cwd=here)
    assert wrong.status == 2
    told = {p["where"]: p for p in json.loads(wrong.out)["error"]["problems"]}
    assert set(told) == {"NAME", "--kind", "command line"}
    assert "simon" in told["--kind"]["next_step"]
    assert [p.name for p in here.iterdir()] == ["Full"]


def test_hypotheses_are_judged_by_the_design(here: Path, equipoise: Equipoise) -> None:
    wrong = equipoise("new", "mine", "--kind", "jung", "--p0", "2", "--p3", "4", "--json", cwd=here)
    assert wrong.status == 2
    assert {p["where"] for p in json.loads(wrong.out)["error"]["problems"]} == {"--p0", "--p3"}
    assert not (here / "mine").exists()
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["--kind", "simon"], {"NAME"}),
        (["mine"], {"--kind"}),
        ([], {"NAME", "--kind"}),
        (["mine", "--kind", "simon", "--p0"], {"--p0"}),
        (["mine", "--kind", "simon", "--p0=0.1", "--p0=0.2"], {"--p0"}),
        (["mine", "--kind", "table-of-patients", "--p0", "0.1"], {"--p0"}),
    ],
)
def test_words_that_are_missing(words: list[str], where: set[str], here: Path, equipoise: Equipoise) -> None:
    wrong = equipoise("new", *words, "--json", cwd=here)
    assert wrong.status == 2
    assert {p["where"] for p in wrong.json["error"]["problems"]} == where


def test_entries_are_replaced_where_they_stand() -> None:
    text = "# head\na = 1\n\n[x]\nb = 2  # two\n\n# of the next\n[[y]]\nb = 3\n\n[[y]]\nb = 4\n"
    assert replaced(text, "[x]", {"b": 5, "c": "é"}) == text.replace("b = 2  # two\n", 'b = 5\nc = "é"\n')
    assert replaced(text, "", {"a": None}) == text.replace("a = 1\n", "")
    assert replaced(text, "[[y]]", {"b": True}) == text.replace("b = 3", "b = true")
    assert replaced(text, "[[y]]", {"b": [1, 2]}, every=True) == text.replace("b = 3", "b = [1, 2]").replace("b = 4", "b = [1, 2]")  # fmt: skip
    assert headed("#:schema x\n# old\n\na = 1\n", ["new"]) == "# new\n\na = 1\n"


def test_the_list_says_every_kind(equipoise: Equipoise) -> None:
    assert [k["kind"] for k in equipoise("new", "--list", "--json").json] == list(new.kinds())
    assert "basket" in equipoise("new", "--list").out
