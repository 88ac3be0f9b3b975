"""A trial served for each test, and clients that are logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.sealed import Sealed
from equipoise.desk import order
from equipoise.files.bundled import find_trial
from equipoise.files.log_file import LogFile
from equipoise.files.trial_file import read_trial
from equipoise.site import live
from equipoise.site.folder import Installation
from equipoise.trial.log import Log
from phase1_trials import FIRST, START, trial
from sealed import secret_file, secret_of
from site_patients import Patients
from site_server import Served, serve, set_up_django


@pytest.fixture(scope="session")
def site_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Django, set up once a process."""
    yield set_up_django(tmp_path_factory.mktemp("site"))
    from django.db import connections

    connections.close_all()


@pytest.fixture
def served(site_installation: Installation, tmp_path: Path) -> Served:
    """NORTH with one person of each role and fourteen patients at two sites, served."""
    from django.core.cache import cache

    cache.clear()
    return serve(site_installation, tmp_path)


@pytest.fixture
def client(served: Served) -> Callable[[str], Any]:
    """A browser of a person, or of who holds a role, who has logged in: ``client("investigator")``."""
    return served.client


@pytest.fixture
def site(site_installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Patients:
    from equipoise.site.drafts import Draft

    Draft.objects.all().delete()
    return Patients(site_installation, tmp_path, monkeypatch)


@pytest.fixture
def blind(site_installation: Installation, tmp_path: Path) -> tuple[Served, str]:
    """E2511, with an investigator and one patient who is enrolled."""
    trial = read_trial(find_trial("e2511"))
    secret = secret_of("e2511")
    at, site = datetime(2014, 1, 2, tzinfo=UTC), trial.sites[0].name
    c = Conduct.open(trial, at, "ada", Sealed(trial, [secret]), administrator="ada")
    c.seal(secret, at.date(), at, "ada")
    for person, role, where in (("ivy", "investigator", [site]), ("sue", "sponsor", [])):
        c.order(
            "granted",
            at.date(),
            at,
            "ada",
            data={"person": person, "role": role, **({"sites": where} if where else {})},
        )
    day = date(2014, 6, 2)
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
    c.order("site activated", day, at, "sue", site=site)
    patient = c.screen("", site, day, at, "ivy").patient
    c.enrol(patient, day, at, "ivy", {f.name: f.levels[0] for f in trial.recorded_factors})
    (tmp_path / "log").mkdir()
    LogFile(tmp_path / "log" / "log.jsonl", "e2511").create(c.log)
    own = replace(site_installation, trial="e2511", folder=tmp_path, log=str(tmp_path / "log" / "log.jsonl"))
    own.secret.parent.mkdir()
    secret_file(own.secret, secret)
    live.use(live.Live(own))
    return Served(own), live.current().shown("ivy").key_of(patient)


@pytest.fixture
def phase1(site_installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A phase I with one site, opened with people; three patients at the first level, of whom one is dosed, and a fourth who is enrolled."""
    (tmp_path / "log").mkdir()
    own = replace(site_installation, folder=tmp_path, trial="phase1-example", log=str(tmp_path / "log" / "log.jsonl"))
    now = datetime.combine(START, datetime.min.time(), UTC) + timedelta(hours=8)
    c = Conduct.open(trial(), now, "ada", administrator="ada")
    for person, role, sites in (("ivy", "investigator", ["S01"]), ("sue", "sponsor", [])):
        c.order(
            "granted", START, now, "ada", data={"person": person, "role": role, **({"sites": sites} if sites else {})}
        )
    c.order("site activated", START, now, "sue", site="S01")
    now = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(hours=8)
    for n in range(1, 5):
        name = f"P{n}"
        c.screen(name, "S01", FIRST, now, "ivy")
        c.enrol(name, FIRST, now, "ivy")
        if n < 4:
            c.order("assigned", FIRST, now, "ivy", patient=name, data={"level": "DL1"})
    LogFile(tmp_path / "log" / "log.jsonl", own.trial).create(Log(c.log))
    monkeypatch.setattr(order, "now", lambda: now)
    live.use(live.Live(own))
    return Served(own)
