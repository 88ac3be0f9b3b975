"""Start a campaign as a process of its own, which forks, and take its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from postgres import why_not

HERE = Path(__file__).parent / "campaigns"


def campaign(script: str, kind: str, *arguments: object) -> dict[str, Any]:
    if kind in ("postgresql", "postmaster") and (reason := why_not()):
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, str(HERE / script), kind, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    print(done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
