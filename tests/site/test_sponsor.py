"""The sponsor's orders: sites, enrolment, approvals."""

from __future__ import annotations

from people_log import PEOPLE
from site_server import Served, posted

DAY = "2013-07-20"


def test_a_site_is_activated_and_enrolment_paused_and_resumed(served: Served) -> None:
    client = served.client("sponsor")
    posted(client, "/sites/activate/", site="S03", on=DAY)
    posted(client, "/sites/pause/", on=DAY, why="drug supply")
    assert "Enrolment is paused" in client.get("/sites/").content.decode()
    posted(client, "/sites/resume/", on=DAY)
    log = served.log()
    last = [log[len(log) - i] for i in (3, 2, 1)]
    assert [e.kind for e in last] == ["site activated", "enrolment paused", "enrolment resumed"]
    assert {e.by for e in last} == {PEOPLE["sponsor"]}
    assert last[0].site == "S03"


def test_a_pause_states_its_reason(served: Served) -> None:
    before = len(served.log())
    assert "This field is required" in posted(served.client("sponsor"), "/sites/pause/", on=DAY).content.decode()
    assert len(served.log()) == before
