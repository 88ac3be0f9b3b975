"""The face for Python: just what is documented, lazy, frozen, and the same numbers as the command line's."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import equipoise as eq
from equipoise import face
from equipoise.conduct.conduct import Conduct
from equipoise.design import shelf
from equipoise.design.dose import dose_shelf
from equipoise.face.result import Result
from equipoise.files.log_file import write_new_log
from equipoise.trial.problem import BadInput, Missing
from helpers import ROOT, Answer

Equipoise = Callable[..., Answer]
DOCUMENTED = (ROOT / "docs" / "python.md").read_text()
SIMON = {"sizes": "optimal", "p0": 0.2, "p1": 0.4, "alpha": 0.05, "power": 0.8}


def test_the_face_is_what_is_documented() -> None:
    named = set(re.findall(r"`eq\.([a-z]+)", DOCUMENTED))
    assert named == {n for n in eq.__all__ if not n.startswith("_")}
    assert set(dir(eq)) == set(eq.__all__)
    for name in eq.__all__:
        assert getattr(eq, name) is not None


def test_methods_that_are_documented_are_there() -> None:
    for inside in iter_modules(face.__path__):
        import_module(f"equipoise.face.{inside.name}")
    found = {n for c in Result.__subclasses__() for n, _ in inspect.getmembers(c)} | {n for c in Result.__subclasses__() for n in c.__dataclass_fields__}  # type: ignore[attr-defined]  # fmt: skip
    said = set(re.findall(r"`\.([a-z_]+)(?:\(|`)", DOCUMENTED))
    assert said - {"save"} <= found
    assert all(dataclasses.fields(c) and c.__dataclass_params__.frozen for c in Result.__subclasses__())  # type: ignore[arg-type, attr-defined]


def test_the_documented_example_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENTED, re.S)
    exec(compile(code.replace("replicates=1000", "replicates=20"), "docs/python.md", "exec"), {})


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, equipoise as eq; eq.__all__; dir(eq); print([m for m in ('numpy', 'scipy', 'pydantic', 'click', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("first", ["trial", "design", "simulate", "log", "curves", "conformance"])
def test_any_of_it_may_be_asked_for_first(first: str) -> None:
    code = f"import equipoise as eq; eq.{first}; from equipoise.design import shelf; eq.design.simon; eq.trial; print('well')"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "well\n", done.stderr


@pytest.mark.parametrize("kind", [*shelf.kinds(), *dose_shelf.kinds()])
def test_every_kind_has_its_function(kind: str) -> None:
    made = getattr(eq.design, kind.replace("-", "_"))
    assert made.__name__ == kind.replace("-", "_")
    assert made.__doc__.endswith((shelf.one(kind) if kind in shelf.kinds() else dose_shelf.one(kind)).reference)
    spec = shelf.spec_model(kind) if kind in shelf.kinds() else dose_shelf.module_of(kind).Spec  # type: ignore[union-attr]
    assert set(inspect.signature(made).parameters) >= {n for n in spec.model_fields if n != "kind"}
    assert kind.replace("-", "_") in dir(eq.design)


def test_a_design_is_the_command_s(equipoise: Equipoise) -> None:
    found = eq.design.simon(**SIMON)
    words = [str(w) for k, v in SIMON.items() if k != "sizes" for w in (f"--{k}", v)]
    told = equipoise("design", "simon", *words, "--json").json["optimal"]
    assert {k: found.numbers[k] for k in ("r1", "n1", "r", "n")} == {k: told[k] for k in ("r1", "n1", "r", "n")}
    assert found.verdict(look=1, n=13, successes=3).action.name == "stop"
    assert found.at(rate=0.2).declare.value == pytest.approx(found.rows()[0]["declare"])


def test_a_dose_is_found(equipoise: Equipoise) -> None:
    truth = [0.05, 0.15, 0.3, 0.45, 0.6]
    rows = eq.design.boin(target=0.3, truth=truth).rows()
    told = equipoise("design", "boin", "--target", 0.3, "--truth", ",".join(map(str, truth)), "--json").json
    assert [r["select"] for r in rows] == told["characteristics"]["select"]
    assert eq.design.boin(target=0.3, doses=5).next("1NNN").action == "escalate"


def test_trials_are_simulated_as_by_the_command(equipoise: Equipoise) -> None:
    found = eq.simulate("kinds/simon", replicates=60, seed=7)
    told = equipoise("simulate", "kinds/simon", "--replicates", 60, "--seed", 7, "--json").json["summaries"]
    assert [r["declare"] for r in found.rows()] == [s["characteristics"]["declare"]["value"] for s in told]
    assert eq.trial("kinds/simon").simulate(replicates=60, seed=7).rows() == found.rows()


@pytest.fixture
def logged(running: Conduct, tmp_path: Path) -> Path:
    path = tmp_path / "north.jsonl"
    write_new_log(path, running.log)
    return path


def test_a_log_needs_no_other_file(logged: Path) -> None:
    log = eq.log(logged)
    assert log.trial.id == "north"
    assert next(r["kind"] for r in log.rows()) == "opened"
    cut = log.at("2012-06-01")
    assert [r["patient"] for r in cut.rows()] == ["P1"]
    assert type(cut.decide(1)).__name__ == "NotRipe"
    assert {r["endpoint"] for r in cut.analyse().rows()} == {e.name for e in log.trial.endpoints}
    assert eq.trial("north").log(logged).at(date(2012, 6, 1)).rows() == cut.rows()


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="alpha"):
        eq.design.simon(p0=0.2, p1=0.4, alpha=2, power=0.8, sizes="optimal")
    with pytest.raises(AttributeError, match="simon"):
        eq.design.simmon  # noqa: B018
    with pytest.raises(BadInput, match="YYYY-MM-DD"):
        eq.log(tmp_path / "x.jsonl", eq.trial("north")).at("yesterday")
    with pytest.raises(BadInput):
        eq.trial("nort")
    with pytest.raises(BadInput, match="trial"):
        eq.log("postgresql://x@localhost/north")


@pytest.mark.parametrize("backend", ["pandas", None])
def test_rows_become_a_frame(backend: str | None) -> None:
    found = eq.design.simon(**SIMON)
    frame = found.to_frame(backend)
    assert list(frame.columns) == list(found.rows()[0])
    assert len(frame) == 2


def test_a_frame_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipoise.face.result.find_spec", lambda name: None)
    with pytest.raises(Missing, match="pip install narwhals"):
        eq.design.simon(**SIMON).to_frame()


def test_it_shows_and_draws_itself() -> None:
    found = eq.design.simon(**SIMON)
    assert "r1" in repr(found)
    assert found._repr_html_().count("<table>") == 2
    assert found.plot()._repr_svg_().lstrip().startswith(("<?xml", "<svg"))
    with pytest.raises(ValueError, match="operating-characteristics"):
        found.plot("nonsense")
    with pytest.raises(ValueError, match="no figure"):
        eq.trial("north").plot()


@pytest.mark.thorough
@pytest.mark.parametrize("kind", shelf.kinds())
def test_every_design_of_the_shelf_conforms(kind: str) -> None:
    assert eq.conformance.faults_of(getattr(eq.design, kind.replace("-", "_"))(**dict(shelf.one(kind).example))) == []


def test_a_design_that_does_not_conform_is_told_why() -> None:
    found = eq.design.simon(**SIMON).design

    class Lying(type(found)):  # type: ignore[misc]
        def describe(self) -> str:
            return "No sentence"

        def truths(self) -> dict[str, dict[str, float]]:
            return {"only": {"rate": 0.2}}

    lying: Any = Lying(**{f.name: getattr(found, f.name) for f in dataclasses.fields(found)})
    assert eq.conformance.faults_of(lying) == ["it has fewer than two truths: a null and a target", "its paragraph is no whole sentence"]  # fmt: skip
    assert eq.conformance.faults_of(object()) == ["object does not answer the protocol of a design"]


def test_feasibility_is_what_the_command_says(equipoise: Equipoise) -> None:
    found = eq.feasibility("north")
    said = equipoise("feasibility", "north", "--json").json
    assert found.per_month["mean"] == said["per_month"]["mean"]
    assert [row["step"] for row in found.rows()] == [step["step"] for step in said["funnel"]]
    assert found.rows()[-1]["a_month_mean"] == said["funnel"][-1]["a_month"]["mean"]
    assert list(found.figures()) == ["accrual"]
    assert repr(found).startswith(found.title)
    with pytest.raises(BadInput, match="funnel"):
        eq.feasibility("merkel")
