"""An option that is given and empty is a variable that nobody set: it is not taken for one that was left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_an_empty_key_or_number_is_refused(equipoise: Any, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    begun = ("north", "--log", log, "--by", "t")
    assert equipoise("conduct", "open", *begun).status == 0
    assert equipoise("conduct", "activate", *begun, "--site", "S01", "--on", "2012-04-02").status == 0
    before, on = log.read_bytes(), ("--site", "S01", "--on", "2012-05-10")
    for option in ("--patient", "--key"):
        for text in ("", " "):
            found = equipoise("conduct", "screen", *begun, *on, option, text)
            assert found.status == 2
            assert option in found.err
            assert "leave it out" in found.err
    assert log.read_bytes() == before
    assert equipoise("conduct", "screen", *begun, *on).status == 0
