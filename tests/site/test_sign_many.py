"""Many records signed at once: a signature each, of exactly what was shown, and one showing of who signs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.watched_over import signatures
from equipoise.site.folder import Installation
from overseen_log import OTHER, overseen
from people_log import PEOPLE, with_other_arms
from site_server import PASSPHRASE, WRONG, Served, posted, same_each_time, serve

CUTOFF = "2013-07-15"
HERE = f"/signatures/all/?cutoff={CUTOFF}"


@pytest.fixture
def acted(site_installation: Installation, tmp_path: Path) -> Served:
    return serve(site_installation, tmp_path, overseen())


def ticked(client: Any) -> list[str]:
    return re.findall(r'name="record" value="([^"]+)"', client.get(HERE).content.decode())


def said(records: list[str], passphrase: str = PASSPHRASE) -> dict[str, Any]:
    return {
        "record": records,
        "meaning": "I endorse these data at the cut-off",
        "passphrase": passphrase,
        "cutoff": CUTOFF,
    }


def test_each_that_is_ticked_is_signed_and_the_others_stay_missing(acted: Served) -> None:
    client, before = acted.client("investigator"), len(acted.log())
    records = ticked(client)
    assert len(records) >= 3
    assert posted(client, HERE, **said(records[:2])).status_code == 302
    new = list(acted.log())[before:]
    assert [(e.kind, e.by) for e in new] == [("signed", PEOPLE["investigator"])] * 2
    assert [e.data["digest"] for e in new] == [r.split(".")[1] for r in records[:2]]
    assert all(s.holds for s in signatures(list(acted.log())) if s.act in new)
    assert ticked(client) == records[2:]
    assert OTHER not in client.get(HERE).content.decode()


def test_a_record_that_changed_meanwhile_is_refused_in_words_and_the_others_are_signed(acted: Served) -> None:
    client, before = acted.client("investigator"), len(acted.log())
    first, second, *_ = ticked(client)
    stale = f"{first.split('.')[0]}.{'0' * 64}"
    answer = posted(client, HERE, **said([stale, second]))
    assert answer.status_code == 200
    assert len(acted.log()) == before + 1
    assert first in answer.content.decode(), "what is shown now may be signed"
    assert "Signed: 1 of 2 records" in answer.content.decode()


@pytest.mark.parametrize("records", [[], ["x"], ["x.y"]])
def test_nothing_is_signed_without_a_record_or_with_a_wrong_pass_phrase(acted: Served, records: list[str]) -> None:
    client, before = acted.client("investigator"), len(acted.log())
    posted(client, HERE, **said(records))
    posted(client, HERE, **said(ticked(client), WRONG))
    assert len(acted.log()) == before


@pytest.mark.parametrize("role", ["monitor", "data manager", "sponsor", "pharmacist"])
def test_who_does_not_sign_has_no_such_page(acted: Served, role: str) -> None:
    assert acted.client(role).get(HERE).status_code == 403


def test_two_worlds_look_the_same_to_who_may_not_know(site_installation: Installation, tmp_path: Path) -> None:
    pages: list[Callable[[], bytes] | bytes] = []
    for world in (overseen(), overseen(with_other_arms)):
        served = serve(site_installation, tmp_path, world)
        pages.append(same_each_time(served.client("data manager").get(HERE).content, served.log().hashes()))
    assert pages[0] == pages[1]
