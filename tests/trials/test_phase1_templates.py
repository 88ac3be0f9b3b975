"""Backfill, expansion, both, a comparison of doses at random and two drugs: each in a trial file, checked, simulated, conducted and reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conducted_phase1 import Conducted, codes
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import replay
from equipoise.conduct.levels_remade import levels_remade
from equipoise.conduct.sealed import Sealed
from equipoise.desk import check
from equipoise.dossier.escalation.findings import Escalation
from equipoise.dossier.escalation.paths import paths_figure
from equipoise.files.bundled import find_scenario, find_trial, trials_folder
from equipoise.files.definition import trial_of
from equipoise.files.log_file import write_new_log
from equipoise.files.scenario_file import read_scenario
from equipoise.files.toml_file import read_toml
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_rows import rows
from equipoise.simulate.phase1_run import run
from equipoise.simulate.phase1_summary import exact_beside, summarise_phase1
from equipoise.standards.adam.build import to_adam
from equipoise.standards.sdtm.from_log import to_sdtm
from equipoise.standards.sdtm.to_log import to_log
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.duration import Duration
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import Answer
from sealed import secret_file, secret_of

Equipoise = Callable[..., Answer]
NAMES = [
    "phase-1",
    "phase-1-backfill",
    "phase-1-expansion",
    "phase-1-backfill-expansion",
    "phase-1-comparison",
    "dose-comparison",
    "drug-combination",
]


@cache
def template(name: str) -> Trial:
    return read_trial(find_trial(f"templates/{name}"))


@cache
def plan(name: str) -> Phase1Plan:
    return Phase1Plan.of(template(name), read_scenario(find_scenario(find_trial(f"templates/{name}"), "expected")), 5)


def test_the_list_is_whole() -> None:
    found = [read_trial(p) for p in (trials_folder() / "templates").glob("*/trial.toml")]
    assert sorted(t.id for t in found if t.phase1 is not None and not t.in_parts) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_checked_simulated_and_its_log_is_possible(name: str) -> None:
    assert check.check(f"templates/{name}").trial.fingerprint == template(name).fingerprint
    done = run(plan(name), 0)
    assert replay(template(name), list(done.log), trial_of) == []
    found = done.end
    assert found.action in ("declare", "stop")
    if "backfill" in name:
        assert sum(p.beside for p in done.patients) > 0
    assert all(p.drawn for p in done.patients[:10]) == (name == "dose-comparison")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["phase-1-expansion", "phase-1-comparison", "dose-comparison", "drug-combination"])
def test_through_the_log_it_is_what_exact_sums_say(name: str) -> None:
    """Where nobody leaves and everything is recorded on its day."""
    of = plan(name)
    truth = of.truth.model_copy(update={"dropout": 0.0, "doses_missed": 0.0, "on_treatment": None, "cycles": 2})
    scenario = of.scenario.model_copy(
        update={
            "phase1": truth,
            "withdrawal_per_year": 0.0,
            "loss_per_year": 0.0,
            "reporting_delay": Duration(0.0, "0 days"),
        }
    )
    trial = of.trial.model_copy(update={"target_enrolment": 200})
    quiet = Phase1Plan.of(trial, scenario, 5)
    n = 120
    s, exact = summarise_phase1(quiet, rows(quiet, 0, n), n), exact_beside(quiet)
    assert exact is not None
    for q, p in zip([*s.select, s.select_none], [*exact.select, exact.select_none], strict=True):
        assert abs(q.value - p) < 4 * (max(p * (1 - p), 1 / n) / n) ** 0.5
    for patients, expected in zip(s.patients, exact.patients, strict=True):
        assert patients.value == pytest.approx(expected, abs=5 * (patients.mc_error or 0) + 0.1)


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_each_is_conducted_by_its_design_and_reported(name: str, equipoise: Equipoise, tmp_path: Path) -> None:
    sealed = Sealed(template(name), [secret_of(template(name).id)]) if name.endswith("-comparison") else None
    p = Conducted(template(name), sealed).go("NNENNTNNNENTNNNNBNNNNTNN" * 4)
    assert replay(p.trial, list(p.c.log), trial_of) == []
    found = p.found()
    actions = {action for _, action in p.came}
    expected = {
        "phase-1-backfill": {"start", "stay", "escalate", "backfill"},
        "phase-1-expansion": {"start", "stay", "escalate", "expand"},
        "phase-1-backfill-expansion": {"start", "stay", "escalate", "backfill", "expand"},
        "phase-1-comparison": {"start", "stay", "escalate", "randomise", "expand"},
        "dose-comparison": {"randomise", "expand"},
        "drug-combination": {"start", "stay", "escalate"},
    }
    assert expected.get(name, set()) <= actions, actions
    assert found.next.action in ("declare", "stop")
    assert sorted(k for g in found.members for k in g) == list(range(len(found.patients)))
    log = tmp_path / "log.jsonl"
    write_new_log(log, p.c.log)
    where = str(find_trial(f"templates/{name}"))
    asked = equipoise("doses", where, "--log", log, "--revisit", "--json")
    assert asked.status == 0, asked.err
    assert not any(r["differs"] for r in asked.json["past"])
    decided = equipoise("decide", where, "--part", 1, "--log", log, "--cutoff", p.day, "--json")
    assert decided.status == 0, decided.err
    assert (decided.json["next"]["action"], decided.json["history"]) == (found.next.action, found.history)
    done = equipoise("report", where, "--log", log, "--out", tmp_path / "out", "--json")
    assert done.status == 0, done.err
    page = (tmp_path / "out" / "report.html").read_text()
    assert ("Backfilled" in page) == ("backfill" in actions)
    assert ("At random" in page) == ("randomise" in actions)


def test_what_is_said_of_backfill_is_held_against_the_design() -> None:
    p = Conducted(template("phase-1-backfill-expansion"), every=2).go("NNN")
    assert codes(p.c, p.day, "A", level="DL1", backfill=True) == {"lower-than-given", "no-backfill"}
    q = Conducted(template("phase-1-backfill-expansion"), every=2).go("NNNNNN")
    found = q.found()
    assert (found.next.action, found.next.dose) == ("backfill", 1)
    assert codes(q.c, q.day, "B", level="DL2") == {"higher-than-given"}
    event = q.assigned("C", found, "N")
    assert event.data["backfill"] is True
    assert "+1P:0" in q.found().history
    assert codes(q.c, q.day, "B", level="DL2", against_design=True, why="the sponsor asked") == set()
    alone = Conducted(template("phase-1")).go("NNN")
    assert "no-backfill" in codes(alone.c, alone.day, "D", level="DL1", backfill=True)
    # Written into the log otherwise than the design had it: found again.
    unmarked = [replace(e, data={k: v for k, v in e.data.items() if k != "backfill"}) for e in q.c.log]
    assert {x.code for _, x in replay(q.trial, unmarked, trial_of)} == {"backfill"}


def test_levels_are_drawn_by_the_secret_and_each_draw_is_made_again(equipoise: Equipoise, tmp_path: Path) -> None:
    trial = template("dose-comparison")
    sealed = Sealed(trial, [secret_of(trial.id)])
    p = Conducted(trial, sealed).go("NENNT" * 9)
    drawn = [e for e in p.c.log if e.data.get("at_random")]
    assert sorted(e.data["level"] for e in drawn) == ["HIGH"] * 15 + ["LOW"] * 15
    found = levels_remade(list(p.c.log), sealed, lambda _: trial)
    assert (found.same, list(found.other), list(found.without)) == (30, [], [])
    other = levels_remade(list(p.c.log), Sealed(trial, [secret_of(trial.id, 2)]), lambda _: trial)
    assert len(other.without) == 30
    swap = {"LOW": "HIGH", "HIGH": "LOW"}
    first = drawn[0].number
    changed = [replace(e, data={**e.data, "level": swap[e.data["level"]]}) if e.number == first else e for e in p.c.log]
    assert levels_remade(changed, sealed, lambda _: trial).other[0][1].code == "another-allocation"
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "log.jsonl"
    write_new_log(log, p.c.log)
    (tmp_path / "apart").mkdir()
    secret = secret_file(tmp_path / "apart" / "secret.txt", secret_of(trial.id))
    said = equipoise(
        "conduct", "verify", str(find_trial("templates/dose-comparison")), "--log", log, "--secret", secret
    )
    assert said.status == 0, said.err
    assert "made again from the secret (30)" in said.out


def test_nobody_chooses_a_level_that_is_drawn() -> None:
    trial = template("dose-comparison")
    p = Conducted(trial, Sealed(trial, [secret_of(trial.id)])).go("NNN")
    assert codes(p.c, p.day, "A", level="LOW") == {"randomise"}
    assert codes(p.c, p.day, "A", level="LOW", at_random=True) == set()  # by whoever draws: verify makes it again
    without = Conducted(trial)
    assert codes(without.c, without.day, "A") == {"no-allocation"}
    chosen = Conducted(template("phase-1"))
    assert codes(chosen.c, chosen.day, "A") == {"missing"}


def _levels(x: dict[str, Any], *told: tuple[str, float, float]) -> None:
    x["dose_levels"] = [
        {"label": n, "drug": "drug A", "dose": a, "unit": "mg", "second": {"drug": "drug B", "dose": b, "unit": "mg/m2"}} for n, a, b in told
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "where", "code"),
    [
        ([("a", 20, 50), ("b", 20, 75), ("c", 30, 50)], "dose_levels[2]", "no-grid"),
        ([("a", 20, 75), ("b", 20, 50)], "dose_levels[1].second.dose", "levels-out-of-order"),
        ([("a", 30, 50), ("b", 20, 50)], "dose_levels", "levels-out-of-order"),
        ([("a", 20, 50), ("b", 30, 50), ("c", 20, 75), ("d", 30, 75)], "dose_levels", "levels-out-of-order"),
    ],
)
def test_levels_of_two_drugs_are_a_grid(told: list[tuple[str, float, float]], where: str, code: str) -> None:
    raw = dict(read_toml(find_trial("templates/drug-combination"), "a trial"))
    _levels(raw, *told)
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "x")
    assert [(p.where, p.code) for p in bad.value.problems] == [(where, code)]


@pytest.mark.parametrize(("history", "first"), [("3ENT", "DL4 × 3"), ("3E", "2 to come"), ("3TTT", "DL2 × 3")])
def test_the_way_from_here_of_a_design_that_asks_for_responses(history: str, first: str) -> None:
    """MATCHPOINT's: each outcome of the next cohort leads to what the design says of it, told by DLTs and responses."""
    trial = read_trial(find_trial("matchpoint"))
    assert trial.phase1 is not None
    cohorts = read_outcomes(history)
    asked = trial.phase1.rule.next(cohorts, 56)
    found = Escalation(trial, cut(trial, Log([]), trial.start, fingerprint=False), (), cohorts, (), asked, (), ("", ""))
    figure = paths_figure(found)
    assert figure is not None
    assert figure.nodes[0].heading == first
    assert sum(a == 0 for a, _, _ in figure.ways) == len(figure.nodes) - 1 > 1
    assert all(" T, " in label or label == "else" for _, _, label in figure.ways)


def test_the_level_is_the_arm_in_datasets_and_is_read_back() -> None:
    """Planned as assigned, actual as first dosed; backfilled and drawn patients are such again."""
    p = Conducted(template("phase-1-backfill-expansion"), every=2).go("NNNNNN")
    p.assigned("B", p.found(), "N")
    p.go("NNN")
    other = next(e.patient for e in p.c.log if e.kind == "treated" and e.data["dose"] == 60)
    log = [
        replace(e, data={**e.data, "dose": 90}) if e.kind == "treated" and e.patient == other else e for e in p.c.log
    ]
    snap = cut(p.trial, Log(log), p.day)
    datasets = to_sdtm(p.trial, snap)
    dm = {str(r["USUBJID"]): r for d in datasets if d.name == "DM" for r in d.rows()}
    assert {k: dm["P1"][k] for k in ("ARMCD", "ARM", "ACTARMCD")} == {
        "ARMCD": "DL1", "ARM": "study drug 30 mg/m2", "ACTARMCD": "DL1",
    }  # fmt: skip
    assert (dm[other]["ARMCD"], dm[other]["ACTARMCD"]) == ("DL2", "DL3")
    adsl = {str(r["USUBJID"]): r for d in to_adam(p.trial, snap) if d.name == "ADSL" for r in d.rows()}
    assert (adsl[other]["TRT01P"], adsl[other]["TRT01A"]) == ("study drug 60 mg/m2", "study drug 90 mg/m2")
    again = cut(p.trial, to_log({d.name: d for d in datasets}, p.trial)[0])
    for name, patient in snap.patients.items():
        assert patient.assigned is not None
        assert again.patients[name].assigned is not None
        said = {k: v for k, v in patient.assigned.data.items() if k in ("level", "backfill", "at_random")}
        assert {k: again.patients[name].assigned.data.get(k) for k in said} == said, name
        assert again.patients[name].arm == patient.arm
