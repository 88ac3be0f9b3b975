"""A back-up that was put back: nobody is randomised, by the web either, until an administrator has recorded what is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from equipoise.desk.witness import make_keys
from equipoise.site import live
from people_log import PEOPLE
from site_server import PASSPHRASE, WRONG, Served, posted

DAY = "2013-07-20"
MET = {f"c{n}": "yes" for n in range(1, 7)} | {"c7": "no", "c8": "no"}


def enrolled(served: Served) -> str:
    """A new patient who waits for his allocation: the key of his address."""
    client = served.client("coordinator")
    key = str(posted(client, "/screen/", on=DAY, **MET)["Location"]).split("/")[2]
    assert posted(client, f"/p/{key}/enrol/", on=DAY, f_ecog="0-1", f_ldh="raised").status_code == 302
    return key


@pytest.fixture
def restored(served: Served, tmp_path: Path) -> str:
    """A patient was randomised, which was witnessed; then yesterday's copy of the log was put back, and the server begun anew. The address of another."""
    served.installation.witness.mkdir()
    make_keys(served.installation.keys, "north.tests")
    log = Path(served.installation.log)
    first = enrolled(served)
    backup = log.read_bytes()
    given = posted(served.client("investigator"), f"/p/{first}/randomise/", passphrase=PASSPHRASE, on=DAY)
    assert given["Location"] == f"/p/{first}/receipt/"
    log.write_bytes(backup)
    live.use(live.Live(served.installation))
    return first


def test_nobody_is_randomised_until_it_is_reconciled(served: Served, restored: str) -> None:
    ivy, ada, before = served.client("investigator"), served.client("administrator"), len(served.log())
    page = ivy.get(f"/p/{restored}/randomise/").content.decode()
    assert "Nobody is randomised for now" in page
    assert "Randomise now" not in page
    sent = ivy.post(f"/p/{restored}/randomise/", {"key": "k", "on": DAY, "passphrase": PASSPHRASE})
    assert sent["Location"] == f"/p/{restored}/randomise/"
    assert len(served.log()) == before
    assert "Nobody is randomised for now" in ivy.get("/").content.decode()
    assert "/reconcile/" not in ivy.get("/").content.decode()
    assert ivy.get("/reconcile/").status_code == 403
    other = enrolled(served)  # entry goes on

    assert 'href="/reconcile/"' in ada.get("/").content.decode()
    shown = ada.get("/reconcile/").content.decode()
    assert "was witnessed on" in shown
    lost = {"why": "the disk failed; sites were asked for their receipts"}
    assert "This is not your pass phrase." in ada.post("/reconcile/", {**lost, "passphrase": WRONG}).content.decode()
    assert ada.post("/reconcile/", {"passphrase": PASSPHRASE}).status_code == 200
    assert not any(e.kind == "reconciled" for e in served.log())
    assert ada.post("/reconcile/", {**lost, "passphrase": PASSPHRASE})["Location"] == "/"
    last = served.log()[len(served.log()) - 1]
    assert (last.kind, last.by, last.why) == ("reconciled", PEOPLE["administrator"], lost["why"])
    assert "Nothing is to be reconciled" in ada.get("/reconcile/").content.decode()
    assert "Nobody is randomised" not in ivy.get("/").content.decode()
    done = posted(ivy, f"/p/{other}/randomise/", passphrase=PASSPHRASE, on=DAY)
    assert done["Location"] == f"/p/{other}/receipt/"


def test_a_log_that_is_cut_while_it_is_served_is_refused(served: Served) -> None:
    """A copy put back under a running server: it has read further, and says so rather than go on."""
    client, log = served.client("investigator"), Path(served.installation.log)
    backup = log.read_bytes()
    enrolled(served)
    assert client.get("/patients/").status_code == 200
    log.write_bytes(backup)
    answer = client.get("/patients/")
    assert answer.status_code == 503
    assert "cannot be used" in answer.content.decode()
