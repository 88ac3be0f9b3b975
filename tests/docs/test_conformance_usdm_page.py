"""docs/conformance-usdm.md is what docs/conformance-usdm.json holds; NORTH has no finding, and coming in and going out adds none."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "conformance")])
    import usdm_run

    return usdm_run


@pytest.mark.snapshot
def test_the_page_is_the_record(made: Any) -> None:
    found = json.loads((ROOT / "docs/conformance-usdm.json").read_text(encoding="utf-8"))
    assert (ROOT / "docs/conformance-usdm.md").read_text(encoding="utf-8") == made.page(found)
    north = found["documents"]["NORTH"]
    assert (north["schema"], north["d4k"], north["core"]) == (0, {}, {})
    assert north["rules"]["passed"] > 150
    assert made.added(found) == []
    assert all(one["schema"] == 0 for one in found["documents"].values())
