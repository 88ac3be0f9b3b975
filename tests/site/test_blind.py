"""A trial whose staff is masked, by the app: codes in place of arms, and an emergency unblinding that is recorded before it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.sealed import Sealed
from equipoise.files.bundled import find_trial
from equipoise.files.log_file import LogFile
from equipoise.files.trial_file import read_trial
from equipoise.site import live
from equipoise.site.folder import Installation
from sealed import secret_file, secret_of
from site_server import PASSPHRASE, Served, posted


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


def test_a_code_is_given_and_broken_once_it_is_recorded(blind: tuple[Served, str]) -> None:
    served, key = blind
    client = served.client("ivy")
    assert posted(client, f"/p/{key}/randomise/", passphrase=PASSPHRASE)["Location"] == f"/p/{key}/receipt/"
    event = served.log()[len(served.log()) - 1]
    receipt = client.get(f"/p/{key}/receipt/").content.decode()
    assert event.data["code"] in receipt
    labels = [a.label or a.name for a in read_trial(find_trial("e2511")).arms]
    for page in (f"/p/{key}/", f"/p/{key}/receipt/", f"/p/{key}/record/"):
        assert not [label for label in labels if label in client.get(page).content.decode()], page
    wrong = posted(client, f"/p/{key}/unblind/", passphrase="not this one at all", reason="emergency", why="sepsis")
    assert "This is not your pass phrase." in wrong.content.decode()
    assert served.log()[len(served.log()) - 1].kind == "randomised"
    told = posted(
        client, f"/p/{key}/unblind/", passphrase=PASSPHRASE, reason="emergency", why="sepsis"
    ).content.decode()
    broken = served.log()[len(served.log()) - 1]
    assert (broken.kind, broken.by, broken.data["reason"], broken.why) == ("unblinded", "ivy", "emergency", "sepsis")
    assert sum(label in told for label in labels) == 1
    assert not [label for label in labels if label in client.get(f"/p/{key}/").content.decode()]  # shown once
    assert client.get(f"/p/{key}/unblind/").status_code == 200
    notice = client.get("/").content.decode()
    assert "Unblinded in an emergency" in notice
    assert "by ivy: emergency. sepsis" in notice
    assert not [label for label in labels if label in notice]
    assert "Unblinded in an emergency" not in served.client("sue").get("/").content.decode()  # she sees no patients
