"""Grids as people run them: pieces on disk, a kill in the middle, a real Dask cluster that loses a worker."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from helpers import ROOT

pytest.importorskip("pyarrow")
pytest.importorskip("numba")

GRID = """
format = 1
scenarios = ["null", "target"]
replicates = {replicates}
seed = 7

[[axis]]
name = "waiting"
values = [
  {{ label = "continue", set = {{ "monitoring.while_waiting" = "continue" }} }},
  {{ label = "pause", set = {{ "monitoring.while_waiting" = "pause" }} }},
]
"""


def grid(folder: Path, replicates: int) -> Path:
    path = folder / "grid.toml"
    path.write_text(GRID.format(replicates=replicates))
    return path


def digests(folder: Path) -> dict[str, str]:
    """Every Parquet file by its content."""
    files = [*folder.glob("parts/*.parquet"), folder / "results.parquet"]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_bytes(equipoise: Any, tmp_path: Path) -> None:
    path = grid(tmp_path, 45_000)
    one, two = (
        equipoise("simulate", "north", "--grid", path, "--out", tmp_path / f"w{n}", "--workers", n, "--json")
        for n in (1, 2)
    )
    assert one.status == two.status == 0, one.err + two.err
    assert digests(tmp_path / "w1") == digests(tmp_path / "w2")
    assert len(digests(tmp_path / "w1")) == 4 * 3 + 1
    assert one.json["already_done"] == 0
    cells = one.json["cells"]
    assert [c["replicates"] for c in cells] == [45_000] * 4
    null = next(c for c in cells if c["scenario"] == "null" and c["waiting"] == "continue")
    assert null["P(stop early)"] == pytest.approx(0.566, abs=5 * null["P(stop early) mc_error"])
    # Common random numbers: pausing changes hardly a decision at the first look, and the errors say so.
    stop = next(d for d in one.json["differences"] if d["cell"] == "null, pause" and d["column"] == "P(stop early)")
    assert stop["reduction"] > 10
    assert stop["difference"]["mc_error"] < stop["independent_error"] / 3


@pytest.mark.slow
def test_a_grid_that_was_killed_goes_on(equipoise: Any, tmp_path: Path) -> None:
    path, out = grid(tmp_path, 400_000), tmp_path / "out"
    command = [sys.executable, "-c", "from equipoise.cli.main import main; main()"]
    command += ["simulate", "north", "--grid", str(path), "--out", str(out), "--json"]
    # A process group of its own: what it started dies with it.
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 280
    while len(list(out.glob("parts/*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {p.name: p.stat().st_mtime_ns for p in out.glob("parts/*.parquet")}
    assert 3 <= len(kept) < 80, "killed in the middle"
    small = grid(tmp_path, 60_000)
    again = equipoise("simulate", "north", "--grid", small, "--out", out, "--json")
    assert again.status == 0, again.err
    # Pieces are taken in the grid's order, so what was kept is what a smaller grid needs first.
    assert again.json["already_done"] == len({n for n in kept if int(n.split("-")[1]) < 60_000})
    assert all((out / "parts" / n).stat().st_mtime_ns == t for n, t in kept.items()), "nothing done twice"
    equipoise("simulate", "north", "--grid", small, "--out", tmp_path / "fresh", "--json")
    mine, theirs = digests(out), digests(tmp_path / "fresh")
    assert theirs.items() <= mine.items(), "the same bytes as without the kill"


@pytest.mark.slow
def test_a_dask_cluster_that_loses_a_worker_gives_the_same_bytes(equipoise: Any, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    path = grid(tmp_path, 80_000)
    alone = equipoise("simulate", "north", "--grid", path, "--out", tmp_path / "alone", "--json")
    assert alone.status == 0, alone.err
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [*dask, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(tmp_path / "s.json")],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    workers: list[subprocess.Popen[bytes]] = []
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "s.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        import json

        address = json.loads((tmp_path / "s.json").read_text())["address"]
        for _ in range(2):
            worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
            workers.append(
                subprocess.Popen(
                    [*worker, "--no-dashboard"],
                    env=environment,
                    cwd=tmp_path,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        command = [sys.executable, "-c", "from equipoise.cli.main import main; main()"]
        command += ["simulate", "north", "--grid", str(path), "--out", str(tmp_path / "cluster"), "--cluster", address]
        client = subprocess.Popen([*command, "--json"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 280
        while len(list((tmp_path / "cluster").glob("parts/*.parquet"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        done_at_kill = len(list((tmp_path / "cluster").glob("parts/*.parquet")))
        workers[0].kill()
        _out, err = client.communicate(timeout=240)
        assert client.returncode == 0, err.decode()
        assert done_at_kill < 16, "killed in the middle"
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
    assert digests(tmp_path / "cluster") == digests(tmp_path / "alone")


@pytest.mark.slow
def test_local_workers_of_dask(equipoise: Any, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    path = grid(tmp_path, 21_000)
    answer = equipoise("simulate", "north", "--grid", path, "--out", tmp_path / "d", "--cluster", "local:2", "--json")
    assert answer.status == 0, answer.err
    alone = equipoise("simulate", "north", "--grid", path, "--out", tmp_path / "a", "--json")
    assert alone.status == 0
    assert digests(tmp_path / "d") == digests(tmp_path / "a")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('"monitoring.while_waiting" = "pause"|"monitoring.while_wating" = "pause"', "while_wating"),
        ('"monitoring.while_waiting" = "pause"|"endpoints.PFS7.landmark" = "4 months"', "PFS6"),
        ('"monitoring.while_waiting" = "pause"|"monitoring.while_waiting" = "continue"', "same simulation"),
        ('scenarios = ["null", "target"]|scenarios = ["nul"]', "null"),
        ('"monitoring.while_waiting" = "pause"|"scenario.screening_failure" = 1.5', "screening_failure"),
        ("seed = 7|sead = 7", "seed"),
    ],
)
@pytest.mark.thorough
def test_a_bad_grid_is_refused_and_nothing_written(equipoise: Any, tmp_path: Path, change: str, said: str) -> None:
    path = grid(tmp_path, 1000)
    old, new = change.split("|")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    answer = equipoise("simulate", "north", "--grid", path, "--out", tmp_path / "out")
    assert answer.status == 2
    assert said in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_cluster_that_does_not_answer(equipoise: Any, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    path = grid(tmp_path, 1000)
    for address in ("local:none", "tcp://127.0.0.1:9"):
        answer = equipoise("simulate", "north", "--grid", path, "--out", tmp_path / "out", "--cluster", address)
        assert answer.status == 2, answer.err
        assert address in answer.err


def test_what_is_wrong_with_several_scenarios_is_said_at_once(equipoise: Any, tmp_path: Path) -> None:
    """Each scenario's problems, in the trial file's words, each once; nothing is run and nothing written."""
    null = (ROOT / "trials" / "north" / "scenarios" / "null.toml").read_text()
    like = "[arms.CE]\nlike = 'IMGN901'\nhazard_ratio = -1\nresponse = 0.5\n"
    (tmp_path / "a.toml").write_text(null[: null.index("[arms.CE]")] + like)
    hazards = "hazards = { progression = [{ per_month = -1 }], death_before = [{ per_month = 0 }], death_after = [{ per_month = 1 }] }"
    (tmp_path / "b.toml").write_text(null[: null.index("[arms.CE]")] + f"[arms.CE]\n{hazards}\nresponse = 0.5\n")
    (tmp_path / "c.toml").write_text(null.replace('median_os = "9.6 months"', 'median_os = "1 months"'))
    out = tmp_path / "out"
    args = [part for name in "abc" for part in ("--scenario", tmp_path / f"{name}.toml")]
    answer = equipoise("simulate", "north", *args, "--out", out, "--json")
    assert answer.status == 2
    told = [(p["where"].split(": ")[-1], p["allowed"]) for p in answer.json["error"]["problems"]]
    assert ("arms.CE.hazard_ratio", "must exceed 0") in told
    assert ("arms.CE.hazards.progression[0].per_month", "must be at least 0.0") in told
    assert {w for w, _ in told} >= {"arms.IMGN901.observed_rate", "arms.CE.observed_rate"}
    assert len(told) == 4
    assert not out.exists()


def test_a_choice_of_waiting_leaves_the_files_cap_behind(tmp_path: Path) -> None:
    """A file that caps enrolment can be compared with one that goes on or pauses."""
    from equipoise.files.grid_file import read_grid

    raw = (ROOT / "trials" / "north" / "trial.toml").read_text()
    capped = raw.replace('while_waiting = "continue"', 'while_waiting = "cap"\ncap = 15')
    (tmp_path / "trial.toml").write_text(capped)
    scenario = ROOT / "trials" / "north" / "scenarios" / "observed.toml"
    values = ", ".join(
        f"{{ label = '{way}', set = {{ 'monitoring.while_waiting' = '{way}' }} }}"
        for way in ("cap", "continue", "pause")
    )
    grid = f"format = 1\nscenarios = ['{scenario}']\nreplicates = 10\nseed = 1\n[[axis]]\nname = 'w'\nvalues = [{values}]\n"
    (tmp_path / "grid.toml").write_text(grid)
    _, cells = read_grid(tmp_path / "grid.toml", tmp_path / "trial.toml")
    assert [(c.plan.waiting, c.plan.cap) for c in cells] == [("cap", 15), ("continue", 0), ("pause", 0)]
