"""The field's oncology test data through the real road, and small logs for tests of ADaM."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from equipoise.files.sdtm_files import import_sdtm
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial
from helpers import FIXTURES

ONCO = FIXTURES / "data" / "onco"
RECORDED = datetime(2026, 11, 25, tzinfo=UTC)
DOMAINS = ("dm.xpt", "ds.xpt", "ex.xpt", "ae.xpt", "rs_recist.csv", "tr_recist.csv", "tu_recist.csv")


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV as texts."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def onco() -> tuple[Trial, Log]:
    """DM, DS, EX, AE and the `_recist` domains as a trial and its log."""
    found = import_sdtm([ONCO / "sdtm" / name for name in DOMAINS], None, RECORDED, "test")
    return found.trial, found.log


def log_of(events: Iterable[tuple[str, date, str, dict[str, Any], str]]) -> Log:
    """Events as a log that was recorded on one day."""
    log = Log()
    for patient, on, kind, data, source in events:
        log.append(kind, on, RECORDED, "test", patient=patient, data=data, source=source)
    return log
