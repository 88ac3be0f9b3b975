"""What tests share: where things are, NORTH read once, and the command line."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from equipoise.cli.main import run
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.desk import amend, checkpoint, import_sdtm, opening, people
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.kernels import DOSES, TRIALS, ready
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.plan import Plan
from equipoise.trial.design import Design
from equipoise.trial.trial import Trial
from helpers import FIXTURES, ROOT, Answer, moment
from postgres import Server, why_not
from postgres import running as running_server
from sealed import secret_file, secret_of
from stores import Place, place_of

#: They take the clock of orders by its name when they are loaded: a test that sets that clock must not be the first to load them.
BOUND_TO_THE_CLOCK = (amend, checkpoint, import_sdtm, opening, people)

# One set of settings for all machines: examples do not depend on how fast a machine is. `make test-slow` tries `many`.
settings.register_profile("equipoise", deadline=None, max_examples=30)
settings.register_profile("many", settings.get_profile("equipoise"), max_examples=100)
settings.load_profile("equipoise")
#: For `make quick`: a few examples of everything, whatever a test asks for itself.
settings.register_profile("quick", settings.get_profile("equipoise"), max_examples=4)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what starts the command line as a process, and keep tests with their own number of examples to the profile's."""
    quick = config.getoption("hypothesis_profile") == "quick"
    most = settings.get_profile("quick").max_examples
    for item in items:
        if "equipoise_process" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.process)
        test = getattr(item, "obj", None)
        own = getattr(test, "_hypothesis_internal_use_settings", None)
        if quick and own is not None and own.max_examples > most:
            test._hypothesis_internal_use_settings = settings(own, max_examples=most)  # type: ignore[union-attr]


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """The compiled simulators are those that `make setup` made: each process of the tests would compile its own, half a minute each."""
    for kernel in (TRIALS, DOSES):
        ready(kernel)


@pytest.fixture(scope="session")
def r() -> dict[str, Any]:
    """What R's survival says (tests/fixtures/r)."""
    return json.loads((FIXTURES / "r" / "survival.json").read_text())


@pytest.fixture(scope="session")
def north() -> Trial:
    return read_trial(find_trial("north"))


@pytest.fixture(scope="session")
def colon() -> Trial:
    return read_trial(find_trial("colon"))


@pytest.fixture(scope="session")
def north_design(north: Trial) -> Design:
    design: Design = north.design
    return design


@pytest.fixture(scope="session")
def plan(north: Trial) -> Callable[..., Plan]:
    """A simulation plan of NORTH by scenario, way of waiting and seed."""

    def make(scenario: str = "target", waiting: str = "continue", seed: int = 2012, cap: int | None = None) -> Plan:
        truth = read_scenario(find_scenario(find_trial("north"), scenario))
        return Plan.of(north, truth, seed, waiting, cap)  # type: ignore[arg-type]

    return make


@pytest.fixture
def running(north: Trial) -> Conduct:
    """NORTH with one open site and a patient P1 randomised on 2012-05-10."""
    c = Conduct.open(north, moment(date(2012, 3, 30)), "t", PermutedBlocks(north, "a seed for tests only"))
    c.activate("S01", date(2012, 4, 2), moment(date(2012, 4, 2)), "t")
    day = date(2012, 5, 10)
    c.screen("P1", "S01", day, moment(day), "t")
    c.enrol("P1", day, moment(day), "t", {"ecog": "0-1", "ldh": "normal"})
    c.randomise("P1", day, moment(day), "t")
    return c


@pytest.fixture
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A file with a trial's secret, in a folder of its own: sealed("north")."""

    def make(trial: str, number: int = 1, blocks: tuple[int, ...] = ()) -> Path:
        return secret_file(tmp_path_factory.mktemp("secrets") / f"{trial}.secret", secret_of(trial, number, blocks))

    return make


def _raised(error: BaseException, *_: object) -> None:
    """In place of the command line's last net: a test sees the error itself."""
    raise error


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL of the tests' own; where there is none to start, who asks for it is skipped, with the reason."""
    if reason := why_not():
        pytest.skip(reason)
    with running_server(durable=False) as server:
        yield server


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """A new empty place for a log, of a kind: file, sqlite, postgresql."""
    lent: list[Place] = []

    def make(kind: str, *, prepared: bool = True) -> Place:
        lent.append(place_of(kind, tmp_path, lambda: request.getfixturevalue("postgres"), prepared=prepared))
        return lent[-1]

    yield make
    for old in lent:
        if old.kind == "postgresql":
            request.getfixturevalue("postgres").give_back(old.address.rsplit("/", 1)[-1])


@pytest.fixture(scope="session")
def equipoise() -> Callable[..., Answer]:
    """The command line, called here: a process of its own takes a second to begin, and tests ask hundreds of times."""

    def call(*args: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.chdir(cwd or ROOT)
            patch.setattr("equipoise.cli.fault.say", _raised)
            for name, value in {"COLUMNS": "160", **(env or {})}.items():
                patch.setenv(name, value)
            status = run([str(a) for a in args])
        return Answer(status, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def equipoise_process() -> Callable[..., Answer]:
    """The command line as a process, as people call it. Tests that use it are marked ``process``."""

    def call(*args: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Answer:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", "from equipoise.cli.main import main; main()", *map(str, args)],
            capture_output=True,
            text=True,
            cwd=cwd or ROOT,
            env={**os.environ, "COLUMNS": "160", **(env or {})},
            timeout=300,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call
