"""A look by its pages, from the sponsor's cut-off to the committee's recommendation: each step by whom it is, each view recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from equipoise.conduct.conduct import replay
from equipoise.files.definition import trial_of
from people_log import PEOPLE, north
from site_server import PASSPHRASE, Served, posted

Client = Callable[[str], Any]
TODAY = datetime.now(UTC).date().isoformat()


def kinds(served: Served, after: int) -> list[tuple[str, str]]:
    return [(e.kind, e.by) for e in list(served.log())[after:]]


def test_a_look_goes_step_by_step_and_the_sponsor_learns_the_recommendation_only(
    served: Served, client: Client
) -> None:
    sponsor, manager, committee = client("sponsor"), client("data manager"), client("committee")
    before = len(served.log())
    assert committee.get("/room/2/").status_code == 403, "the room is shut before the look is unblinded"
    assert "out of order" not in sponsor.get("/looks/").content.decode()
    refused = posted(committee, "/looks/2/unblind/").content.decode()
    assert "Nothing was recorded" in refused
    assert "next is &#x27;cut off&#x27;" in refused
    assert posted(sponsor, "/looks/2/cut-off/", cutoff="2013-07-05").status_code == 302
    assert posted(manager, "/looks/2/check/", text="all answered").status_code == 302
    assert posted(manager, "/looks/2/close-entry/").status_code == 302
    assert "Nothing was recorded" in posted(sponsor, "/database/lock/").content.decode()
    assert posted(committee, "/looks/2/unblind/").status_code == 302
    door = committee.get("/room/2/").content.decode()
    assert "IMGN901" not in door
    room = posted(committee, "/room/2/", why="look 2").content.decode()
    assert "Closed report" in room
    assert "IMGN901" in room
    assert kinds(served, before) == [
        ("cut off", PEOPLE["sponsor"]), ("look checked", PEOPLE["data manager"]), ("entry closed", PEOPLE["data manager"]),
        ("look unblinded", PEOPLE["committee"]), ("seen", PEOPLE["committee"]),
    ]  # fmt: skip
    # Two looks are not ripe on so few: the committee decides by the command line's road only once it is.
    assert "not ripe" in room
    assert not replay(north(), list(served.log()), trial_of)


def test_the_first_look_is_decided_and_recommended_upon(served: Served, client: Client, monkeypatch: Any) -> None:
    """The decision is the rule's, bound to the cut-off and to what was known when entry was closed."""
    from equipoise.desk import room
    from equipoise.trial.decision import Decision, Fingerprints, Stop

    sponsor, manager, committee = client("sponsor"), client("data manager"), client("committee")
    said = Decision(
        "north", 2, 2, datetime(2013, 7, 5, tzinfo=UTC).date(), Stop("futility"), ["4 of 20"], [], -1.0, "responses", {"IMGN901": {"n": 20}}, {}, [], [],
        Fingerprints("a", "b", "c"),
    )  # fmt: skip
    monkeypatch.setattr(room, "decide", lambda trial, snap, look: said)
    for who, act, more in (
        (sponsor, "cut-off", {"cutoff": "2013-07-05"}),
        (manager, "check", {}),
        (manager, "close-entry", {}),
        (committee, "unblind", {}),
    ):
        assert posted(who, f"/looks/2/{act}/", **more).status_code == 302
    page = posted(committee, "/room/2/", why="look 2").content.decode()
    assert "4 of 20" in page
    committee.post("/room/2/decide/", {"key": "k1", "on": TODAY, "passphrase": "wrong"})
    assert served.log()[len(served.log()) - 1].kind == "seen"
    assert committee.post("/room/2/decide/", {"key": "k1", "on": TODAY, "passphrase": PASSPHRASE}).status_code == 302
    last = served.log()[len(served.log()) - 1]
    assert (last.kind, last.by, last.data["cutoff"]) == ("decided", PEOPLE["committee"], "2013-07-05")
    assert posted(committee, "/looks/2/recommend/", recommendation="stop", text="We advise to stop.").status_code == 302
    for role in ("sponsor", "data manager"):
        page = client(role).get("/looks/2/").content.decode()
        assert ("We advise to stop." in page) == (role == "sponsor"), role
        assert "4 of 20" not in page
        assert "futility" not in page
    assert posted(sponsor, "/looks/2/take/", text="Enrolment is closed.").status_code == 302
    assert posted(sponsor, "/database/lock/").status_code == 302
    locked = posted(client("monitor"), "/trail/review/", scope="all", finding="nothing")
    assert locked.status_code == 302, "a review writes nothing to a record"
    assert not replay(north(), list(served.log()), trial_of)


def test_who_has_no_step_has_no_page(client: Client) -> None:
    for role in ("coordinator", "monitor", "pharmacist", "medical monitor", "administrator"):
        for address in ("/looks/", "/looks/1/", "/room/1/", "/database/lock/"):
            assert client(role).get(address).status_code == 403, (role, address)
