"""The access chain: lines stand, and what is changed all the same is found."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from equipoise.site.access import Access
from equipoise.trial.problem import BadInput


@pytest.fixture
def chain(tmp_path: Path) -> Access:
    found = Access(tmp_path / "access.sqlite3")
    for i in range(5):
        found.add("logged in", f"person-{i}", address="127.0.0.1")
    return found


def test_lines_stand(chain: Access) -> None:
    assert chain.verify() == 5
    with closing(sqlite3.connect(chain.path)) as db:
        for statement in (
            "UPDATE access SET line = '{}'",
            "DELETE FROM access",
            "INSERT INTO access VALUES (9, '{}', 'x')",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)
    assert chain.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access SET line = replace(line, 'person-2', 'person-3') WHERE number = 3",
        "DELETE FROM access WHERE number = 2",
        "UPDATE access SET hash = (SELECT hash FROM access WHERE number = 1) WHERE number = 4",
    ],
)
def test_what_was_changed_is_found(chain: Access, statement: str) -> None:
    with closing(sqlite3.connect(chain.path)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(statement)
        db.commit()
    with pytest.raises(BadInput, match="another line"):
        chain.verify()


def test_a_person_finds_his_own(chain: Access) -> None:
    assert [x.person for x in chain.lines(person="person-3")] == ["person-3"]
    assert [x.person for x in chain.lines(2)] == ["person-4", "person-3"]
