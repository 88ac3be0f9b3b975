"""What verify says of the place where a log is kept: guards that are gone, rights that nobody needs who gives orders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.desk.known import verify
from equipoise.trial.trial import Trial
from stores import KINDS, Place


def notes(place: Place, trial: Trial) -> list[str]:
    return list(verify(trial, place.store(trial.id)).notes)


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, place: Callable[[str], Place], running: Conduct) -> Place:
    found = place(request.param)
    found.store("north").create(running.log)
    return found


def test_a_place_as_it_was_made_is_not_spoken_of(here: Place, north: Trial) -> None:
    assert not [n for n in notes(here, north) if "table" in n]


def test_guards_that_are_gone_are_told(here: Place, north: Trial) -> None:
    if here.kind == "file":
        return
    away = "DROP TRIGGER event_never ON event" if here.kind == "postgresql" else "DROP TRIGGER event_never_deleted"
    if here.kind == "sqlite":
        (names,) = ([n for (n,) in here.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")],)
        away = f"DROP TRIGGER {sorted(names)[0]}"
    here.execute(away, owner=True)
    (said,) = [n for n in notes(here, north) if "The table lacks" in n]
    assert away.split()[2] in said
    assert "conduct prepare" in said


def test_rights_beyond_reading_and_adding_are_told(
    place: Callable[[str], Place], north: Trial, running: Conduct
) -> None:
    here = place("postgresql")
    here.store("north").create(running.log)
    for grant in ("UPDATE (line)", "DELETE", "TRUNCATE"):
        here.execute(f"GRANT {grant} ON public.event TO site", owner=True)
    here.execute("GRANT UPDATE ON public.event TO PUBLIC", owner=True)
    assert [n for n in notes(here, north) if "right" in n] == [
        "everybody has the right UPDATE on the table, and who gives orders needs SELECT and INSERT only.",
        "site has the right DELETE on the table, and who gives orders needs SELECT and INSERT only.",
        "site has the right TRUNCATE on the table, and who gives orders needs SELECT and INSERT only.",
        "site has the right UPDATE (line) on the table, and who gives orders needs SELECT and INSERT only: this one is for redactions.",
    ]  # fmt: skip


def test_a_member_of_the_owner_is_told(
    place: Callable[[str], Place], north: Trial, running: Conduct, postgres: Any
) -> None:
    here = place("postgresql")
    here.store("north").create(running.log)
    postgres.psql("postgres", "GRANT trial_owner TO site")
    try:
        (said,) = [n for n in notes(here, north) if "right" in n]
    finally:
        postgres.psql("postgres", "REVOKE trial_owner FROM site")
    assert said.startswith("site has the right of its owner, whose member it is, on the table")


def test_verify_says_them_on_its_page(
    place: Callable[[str], Place], running: Conduct, equipoise: Any, tmp_path: Path
) -> None:
    here = place("sqlite")
    here.store("north").create(running.log)
    (name, *_) = [n for (n,) in here.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")]
    here.execute(f"DROP TRIGGER {name}")
    said = equipoise("conduct", "verify", "north", "--log", here.address)
    assert (said.status, f"The table lacks {name}" in said.out + said.err) == (0, True)
