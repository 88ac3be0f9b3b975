"""Each page of each role: what it shows, and whom it refuses."""

from __future__ import annotations

import pytest

from people_log import PEOPLE
from site_server import Served, key_of, posted

#: Role → the pages that it has.
PAGES = {
    "coordinator": {"/", "/patients/", "/screen/", "/known/", "/people/"},
    "investigator": {"/", "/patients/", "/screen/", "/known/", "/people/", "/people/delegate/"},
    "pharmacist": {"/", "/patients/", "/people/"},
    "monitor": {"/", "/patients/", "/known/", "/people/"},
    "data manager": {"/", "/patients/", "/known/", "/people/"},
    "medical monitor": {"/", "/patients/", "/known/", "/people/"},
    "sponsor": {"/", "/sites/", "/sites/activate/", "/sites/pause/", "/sites/resume/", "/sites/close/", "/sites/approve/", "/known/", "/people/"},
    "committee": {"/", "/patients/", "/known/", "/people/", "/sites/pause/", "/sites/close/"},
    "administrator": {"/", "/people/", "/people/grant/", "/people/revoke/", "/people/train/", "/accounts/", "/access/"},
    "inspector": {"/", "/patients/", "/known/", "/people/"},
}  # fmt: skip
EVERY = sorted(set().union(*PAGES.values()))


def test_every_role_is_tried() -> None:
    assert set(PAGES) == set(PEOPLE)


@pytest.mark.parametrize("role", PAGES)
def test_a_role_has_its_pages_and_no_others(served: Served, role: str) -> None:
    client = served.client(role)
    for page in EVERY:
        status = client.get(page).status_code
        assert status == (200 if page in PAGES[role] else 403), page


def test_nobody_sees_anything_without_a_session(served: Served) -> None:
    for page in EVERY:
        answer = served.stranger().get(page)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/")


def test_another_sites_patient_reads_like_none(served: Served) -> None:
    own, other = key_of("S01-000"), key_of("S02-001")
    client = served.client("coordinator")
    assert client.get(f"/p/{own}/").status_code == 200
    there, nowhere = client.get(f"/p/{other}/"), client.get("/p/aaaaaaaaaaaaaaaa/")
    assert there.status_code == nowhere.status_code == 404
    for act in ("record", "enrol", "randomise", "receipt", "unblind", "history/30"):
        assert client.get(f"/p/{other}/{act}/").status_code == 404, act


def test_a_page_is_told_when_something_was_recorded(served: Served) -> None:
    client, other = served.client("investigator"), served.client("sponsor")
    page = client.get("/patients/").content.decode()
    seen = page.split('hx-get="/mark/?seen=')[1].split('"')[0]
    assert client.get("/mark/", {"seen": seen}).status_code == 204
    posted(other, "/sites/activate/", site="S03", on="2013-07-20")
    assert "Something was recorded" in client.get("/mark/", {"seen": seen}).content.decode()


def test_what_is_shown_as_the_log_grows_is_what_is_shown_of_it_whole(served: Served) -> None:
    """Each reader's view goes on from the one before; a process that reads the whole log anew shows the same."""
    from datetime import date

    from equipoise.site import live

    day, ivy, own = date(2013, 7, 20), PEOPLE["investigator"], live.current()
    orders = (
        ("contact", ivy, "S01-000", {}),
        ("contact", "investigator-2", "S02-001", {}),
        ("adverse event", ivy, "S01-000", {"term": "nausea", "grade": 2}),
        ("died", "investigator-2", "S02-001", {"cause": "progression"}),
        ("granted", PEOPLE["administrator"], "", {"person": "new-1", "role": "monitor", "sites": ["S01"]}),
        ("deviation", ivy, "S01-000", {"what": "late", "major": False}),
        ("corrects", ivy, "S01-000", {"what": "a day late"}),
        ("contact", ivy, "S01-000", {}),
    )
    for kind, by, patient, data in orders:
        for role in PEOPLE:
            own.shown(PEOPLE[role])  # each has seen the log as it stood
        if kind == "corrects":
            last = len(served.log())
            done = own.order(by, lambda c, now, n=last, d=data: c.correct(n, now, ivy, "typing error", None, d))
        else:
            done = own.order(by, lambda c, now, k=kind, b=by, p=patient, d=data: c.order(k, day, now, b, "", p, data=d))
        assert done.ok, done.problems
        anew = live.Live(served.installation)
        for role in PEOPLE:
            mine, whole = own.shown(PEOPLE[role]), anew.shown(PEOPLE[role])
            assert list(mine.log) == list(whole.log), (kind, role)
            assert mine.mark == whole.mark
