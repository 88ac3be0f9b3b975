"""Grants, revocations, training and delegation by the pages are events; accounts are made with links that work once."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from people_log import PEOPLE
from site_server import PASSPHRASE, Served, account, posted


def test_a_grant_is_an_event_by_the_administrator(served: Served) -> None:
    client = served.client("administrator")
    answer = posted(client, "/people/grant/", person="zoe", role="monitor", sites=["S02"], name="Zoe Hart")
    assert answer["Location"] == "/people/"
    event = served.log()[len(served.log()) - 1]
    assert (event.kind, event.by) == ("granted", PEOPLE["administrator"])
    assert {k: event.data[k] for k in ("person", "role", "sites", "name")} == {
        "person": "zoe", "role": "monitor", "sites": ["S02"], "name": "Zoe Hart",
    }  # fmt: skip


def test_nobody_grants_himself(served: Served) -> None:
    answer = posted(served.client("administrator"), "/people/grant/", person=PEOPLE["administrator"], role="inspector")
    assert "nobody grants himself a role" in answer.content.decode()


def test_a_revoked_role_ends_within_the_session(served: Served) -> None:
    monitor, administrator = served.client("monitor"), served.client("administrator")
    assert monitor.get("/patients/").status_code == 200
    posted(administrator, "/people/revoke/", grant=f"monitor/{PEOPLE['monitor']}", why="left")
    answer = monitor.get("/patients/")
    assert answer.status_code == 403
    assert "a person who holds a role" in answer.content.decode()


def test_training_and_delegation(served: Served) -> None:
    posted(served.client("administrator"), "/people/train/", person="monitor-1", what="GCP")
    assert served.log()[len(served.log()) - 1].data["what"] == "GCP"
    posted(served.client("investigator"), "/people/delegate/", person="coordinator-1", tasks=["screened", "enrolled"])
    event = served.log()[len(served.log()) - 1]
    assert (event.kind, event.by, event.data["tasks"]) == ("delegated", "investigator-1", ["screened", "enrolled"])


def test_an_administrator_reads_before_he_is_trained(served: Served) -> None:
    """Where training is asked, he records it, his own too: his pages must open before."""
    from equipoise.conduct.people import People
    from equipoise.desk.reading import reader_of
    from equipoise.trial.people_rules import PeopleRules
    from equipoise.trial.problem import BadInput
    from people_log import north

    trial = north().model_copy(update={"people": PeopleRules(training=("GCP",))})
    log = served.log()
    asked = type(log)([replace(e, data={**e.data, **trial.opening}) if e.kind == "opened" else e for e in log])
    assert People.of(asked).kept
    assert reader_of(trial, asked, PEOPLE["administrator"]) is not None
    with pytest.raises(BadInput, match="trained"):
        reader_of(trial, asked, PEOPLE["monitor"])


def test_an_account_its_link_and_the_first_log_in(served: Served) -> None:
    administrator, other = served.client("administrator"), served.stranger()
    page = administrator.post("/accounts/", {"person": "yan", "name": "Yan Mo"}).content.decode()
    link = re.search(r'value="http://localhost(/welcome/[^"]+)"', page)
    assert link is not None
    assert other.get(link[1]).status_code == 200
    weak = other.post(link[1], {"new_password1": "password", "new_password2": "password"}).content.decode()
    assert "This password is too short. It must contain at least 15 characters." in weak
    assert (
        other.post(link[1], {"new_password1": PASSPHRASE, "new_password2": PASSPHRASE})["Location"] == "/account/login/"
    )
    assert other.get(link[1]).status_code == 404  # it worked once
    answer = other.post("/account/login/", {"login": "yan", "password": PASSPHRASE})
    assert answer["Location"] == "/"
    assert other.get("/")["Location"] == "/account/factors/"  # a second factor comes first
    said = [(x.what, x.person, x.by) for x in _lines(served)]
    assert ("account made", "yan", PEOPLE["administrator"]) in said
    assert ("chose a pass phrase", "yan", "yan") in said
    assert ("logged in", "yan", "yan") in said


def test_a_disabled_accounts_next_request_is_refused(served: Served) -> None:
    administrator, monitor = served.client("administrator"), served.client("monitor")
    own = account(PEOPLE["monitor"])
    assert monitor.get("/").status_code == 200
    administrator.post(f"/accounts/{own.pk}/enable/")
    assert monitor.get("/")["Location"].startswith("/account/login/")
    administrator.post(f"/accounts/{own.pk}/enable/")
    assert [x.what for x in _lines(served) if x.person == PEOPLE["monitor"]][:2] == [
        "account enabled",
        "account disabled",
    ]


def test_accounts_are_the_administrators(served: Served) -> None:
    own = account(PEOPLE["monitor"])
    for role in sorted(set(PEOPLE) - {"administrator"}):
        client = served.client(role)
        assert client.post("/accounts/", {"person": "x"}).status_code == 403
        assert client.post(f"/accounts/{own.pk}/link/").status_code == 403
        assert client.post(f"/accounts/{own.pk}/enable/").status_code == 403


def _lines(served: Served) -> list:
    from equipoise.site import live

    assert live.current().access.verify() > 0
    return live.current().access.lines()
