"""No reader ends in a traceback, hangs, or takes more memory than it is given, whatever the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from helpers import ROOT


def _campaign(count: int, seed: int, timeout: int) -> dict[str, object]:
    command = [sys.executable, str(ROOT / "tests" / "fuzz_readers.py"), str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ})
    assert done.returncode == 0, f"ended at {done.stderr.splitlines()[-3:]}"
    found = json.loads(done.stdout)
    faults = {name: r["where"] for name, r in found["readers"].items() if r["where"]}
    assert not faults, json.dumps(faults, indent=1)
    assert all(r.get("refused", 0) for r in found["readers"].values())
    return found


@pytest.mark.process
@pytest.mark.thorough
def test_some_hundred_changed_files_are_taken_or_refused() -> None:
    found = _campaign(40, 2026, 240)
    assert found["inputs"] >= 400  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_thousand_changed_files_are_taken_or_refused(seed: int) -> None:
    found = _campaign(900, seed, 1800)
    print(json.dumps(found, indent=1))
    assert found["inputs"] >= 11_000  # type: ignore[operator]
    assert found["peak_mb"] < 3000  # type: ignore[operator]
