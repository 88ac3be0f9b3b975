"""A trial served for each test, and clients that are logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from equipoise.site.folder import Installation
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
