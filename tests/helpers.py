"""Where things are, days as moments, and what a command printed."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.log_file import read_log

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"


def recorded(log: Path) -> list[dict[str, Any]]:
    """The events of a log on disk, each as one object, its guarded details among the others."""
    return [{**e.parts()[0], "data": dict(e.data), "why": e.why} for e in read_log(log).log]


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class Answer:
    """What a command printed and how it ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def tried(values: Iterable[Any], quick: Container[Any]) -> list[Any]:
    """Values as parameters: these of the quick suite, the others of the slow one, which tries all of them."""
    return [pytest.param(v, marks=() if v in quick else pytest.mark.slow) for v in values]
