"""A trial whose staff is masked, by the app: codes in place of arms, and an emergency unblinding that is recorded before it tells."""

from __future__ import annotations

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from site_server import PASSPHRASE, Served, posted


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
    # The sponsor is told that it was, of whom and why, without what was written of the patient, and never the arm.
    told = served.client("sue").get("/").content.decode()
    assert "Unblinded in an emergency" in told
    assert "by ivy: emergency" in told
    assert "sepsis" not in told
    assert "/p/" not in told
    assert not [label for label in labels if label in told]
