"""Queries, verification, signatures and the audit trail, as pages: who has them, and what they leave in the log."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from equipoise.conduct.conduct import replay
from equipoise.conduct.watched_over import queries, signatures, verification
from equipoise.files.definition import trial_of
from overseen_log import OTHER, OWN
from people_log import PEOPLE, north
from site_server import PASSPHRASE, Served, key_of, posted

Client = Callable[[str], Any]


def number_of(served: Served, kind: str, patient: str = OWN) -> int:
    return next(e.number for e in served.log() if e.patient == patient and e.kind == kind)


def test_a_query_from_the_monitor_to_the_site_and_back(served: Served, client: Client) -> None:
    monitor, site = client("monitor"), client("coordinator")
    event, key = number_of(served, "adverse event"), key_of(OWN)
    assert posted(monitor, f"/p/{key}/ask/{event}/", field="grade", text="Is it 3?").status_code == 302
    number = len(served.log())
    page = site.get("/queries/").content.decode()
    assert "Is it 3?" in page
    assert f"/queries/{number}/" in page
    assert posted(site, f"/queries/{number}/answer/", text="Yes, ANC 0.8").status_code == 302
    assert "Yes, ANC 0.8" in monitor.get(f"/queries/{number}/").content.decode()
    assert posted(monitor, f"/queries/{number}/close/").status_code == 302
    assert queries(list(served.log()), served.log()[len(served.log()) - 1].recorded)[0].state == "closed"
    assert [e.by for e in served.log()][-3:] == [PEOPLE["monitor"], PEOPLE["coordinator"], PEOPLE["monitor"]]
    assert not replay(north(), list(served.log()), trial_of)


def test_a_data_manager_asks_by_the_number_that_is_shown_to_him(served: Served, client: Client) -> None:
    manager = client("data manager")
    key = key_of(OTHER)
    page = manager.get(f"/p/{key}/record/?day=2013-12-01").content.decode()
    shown = max(int(n) for n in re.findall(rf"/p/{key}/history/(\d+)/", page))
    assert posted(manager, f"/p/{key}/ask/{shown}/", text="When?").status_code == 302
    asked = served.log()[len(served.log()) - 1]
    assert served.log()[asked.data["event"] - 1].patient == OTHER
    assert asked.data["event"] != shown, "the log's numbers are not those that are shown to who may not know arms"
    assert "When?" in manager.get("/queries/").content.decode()
    assert "When?" not in client("coordinator").get("/queries/").content.decode(), "it is another site's"


def test_a_query_on_a_value_that_was_taken_back_says_so(served: Served, client: Client) -> None:
    event, key = number_of(served, "adverse event"), key_of(OWN)
    monitor = client("monitor")
    form = monitor.get(f"/p/{key}/ask/{event}/").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key)" value="([^"]*)"', form))
    from equipoise.site import live

    live.current().order(
        PEOPLE["investigator"], lambda c, now: c.correct(event, now, PEOPLE["investigator"], "not his", void=True)
    )
    answer = monitor.post(f"/p/{key}/ask/{event}/", {**hidden, "text": "3?"}).content.decode()
    assert "taken back on" in answer
    assert "3?" in answer, "what was typed is there still"


def test_values_are_verified_and_fall(served: Served, client: Client) -> None:
    monitor, key = client("monitor"), key_of(OWN)
    event = number_of(served, "adverse event")
    assert posted(monitor, f"/p/{key}/verify/", event=[str(event)]).status_code == 302
    state = {v.event.number: v.state for v in verification(list(served.log()), OWN)}
    assert state[event] == "verified"
    from equipoise.site import live

    live.current().order(
        PEOPLE["investigator"],
        lambda c, now: c.correct(event, now, PEOPLE["investigator"], "misread", data={"grade": 2}),
    )
    page = monitor.get(f"/p/{key}/verify/").content.decode()
    assert "fallen" in page
    assert "misread" in page
    board = monitor.get("/verify/").content.decode()
    assert "Your last visit" in board
    assert client("coordinator").get("/verify/").status_code == 403


def test_a_signature_asks_again_and_is_of_what_was_shown(served: Served, client: Client) -> None:
    investigator, key = client("investigator"), key_of(OWN)
    address = f"/p/{key}/sign/?cutoff=2013-07-05"
    page = investigator.get(address).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|on|digest|cutoff)" value="([^"]*)"', page))
    said = {**hidden, "meaning": "I endorse these data at the cut-off"}
    investigator.post(address, {**said, "passphrase": "wrong words"})
    assert not signatures(list(served.log()))
    assert investigator.post(address, {**said, "passphrase": PASSPHRASE}).status_code == 302
    (signed,) = signatures(list(served.log()))
    assert signed.holds
    shown = investigator.get(f"/p/{key}/signatures/").content.decode()
    for word in ("investigator one", "I endorse these data at the cut-off", signed.act.data["digest"][:16], "holds"):
        assert word in shown
    assert client("coordinator").get(address).status_code == 403


def test_a_form_that_changed_meanwhile_is_not_signed(served: Served, client: Client) -> None:
    investigator, key = client("investigator"), key_of(OWN)
    address = f"/p/{key}/sign/?cutoff=2013-07-05"
    page = investigator.get(address).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|on|digest|cutoff)" value="([^"]*)"', page))
    from equipoise.site import live

    event = number_of(served, "adverse event")
    live.current().order(
        PEOPLE["investigator"],
        lambda c, now: c.correct(event, now, PEOPLE["investigator"], "misread", data={"grade": 2}),
    )
    said = {**hidden, "meaning": "I endorse these data at the cut-off", "passphrase": PASSPHRASE}
    answer = investigator.post(address, said).content.decode()
    assert "the record changed meanwhile" in answer
    assert not signatures(list(served.log()))
    fresh = re.search(r'name="digest" value="([0-9a-f]{64})"', answer)
    assert fresh is not None
    assert fresh[1] != hidden["digest"]


def test_the_audit_trail_is_filtered_and_its_review_recorded(served: Served, client: Client) -> None:
    monitor = client("monitor")
    page = monitor.get(f"/trail/?patient={OWN}&field=grade").content.decode()
    assert "adverse event" in page
    assert "screened" not in page.split("<tbody>")[1].split("</tbody>")[0]
    scope = re.search(r"/trail/review/\?scope=([^\"]*)", page)
    assert scope is not None
    review = monitor.get(f"/trail/review/?scope={scope[1]}").content.decode()
    assert f"patient {OWN}, field grade" in review
    assert posted(monitor, "/trail/review/", scope=f"patient {OWN}", finding="nothing").status_code == 302
    last = served.log()[len(served.log()) - 1]
    assert (last.kind, last.by, last.data["finding"]) == ("reviewed", PEOPLE["monitor"], "nothing")
    assert client("coordinator").get("/trail/review/").status_code == 403


@pytest.mark.parametrize("role", ["sponsor", "administrator"])
def test_who_sees_no_record_has_none_of_the_pages(client: Client, role: str) -> None:
    for address in ("/queries/", "/verify/", "/signatures/", "/trail/"):
        assert client(role).get(address).status_code == 403, address


def test_each_page_says_which_version_and_definition_it_runs(client: Client) -> None:
    from equipoise import __version__

    for role, address in (
        ("monitor", "/queries/"),
        ("sponsor", "/looks/"),
        ("data manager", "/data/"),
        ("committee", "/"),
    ):
        page = client(role).get(address).content.decode()
        assert f"Equipoise {__version__}" in page
        assert north().fingerprint[:8] in page
