"""From screening to the receipt: each step an event by whose session it is, and nothing given twice."""

from __future__ import annotations

import re

import pytest

from people_log import PEOPLE
from site_server import PASSPHRASE, Served, key_of, posted

DAY = "2013-07-20"
MET = {f"c{n}": "yes" for n in range(1, 7)} | {"c7": "no", "c8": "no"}


def screened(served: Served, **more: str) -> str:
    """A new patient at the first site: the key of the address."""
    answer = posted(served.client("coordinator"), "/screen/", on=DAY, **{**MET, **more})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"]).split("/")[2]


def enrolled(served: Served) -> str:
    key = screened(served)
    answer = posted(served.client("coordinator"), f"/p/{key}/enrol/", on=DAY, f_ecog="0-1", f_ldh="raised")
    assert answer.status_code == 302, answer.content.decode()
    return key


def test_a_screening_is_an_event_of_whose_session_it_is(served: Served) -> None:
    screened(served, by="somebody-else", patient="")
    event = served.log()[len(served.log()) - 1]
    assert (event.kind, event.by, event.site, event.patient) == ("screened", PEOPLE["coordinator"], "S01", "S01-013")
    assert event.data["failed"] == []


def test_criteria_fail_by_their_numbers(served: Served) -> None:
    screened(served, c2="no", c7="yes")
    assert served.log()[len(served.log()) - 1].data["failed"] == [2, 7]


def test_each_criterion_is_answered(served: Served) -> None:
    before = len(served.log())
    answer = posted(served.client("coordinator"), "/screen/", on=DAY, **{k: v for k, v in MET.items() if k != "c4"})
    assert answer.status_code == 200
    assert "Each criterion is answered." in answer.content.decode()
    assert len(served.log()) == before


def test_what_the_judge_says_is_on_the_page(served: Served) -> None:
    answer = posted(served.client("coordinator"), "/screen/", on="2011-01-01", **MET)
    assert "the trial starts on 2012-03-30" in answer.content.decode()


def test_randomised_by_the_list_with_a_receipt(served: Served) -> None:
    key, client = enrolled(served), served.client("investigator")
    page = client.get(f"/p/{key}/randomise/").content.decode()
    assert "0-1" in page
    assert "raised" in page
    answer = posted(client, f"/p/{key}/randomise/", passphrase=PASSPHRASE, on=DAY, arm="IMGN901")
    assert answer["Location"] == f"/p/{key}/receipt/"
    log = served.log()
    event = log[len(log) - 1]
    assert (event.kind, event.by, event.data["stratum"]) == (
        "randomised",
        PEOPLE["investigator"],
        "ecog=0-1 / ldh=raised",
    )
    shown = client.get(f"/p/{key}/receipt/").content.decode()
    assert log.head in shown
    assert f"<dd>{event.number}</dd>" in shown
    assert {"IMGN901": "IMGN901 + carboplatin/etoposide", "CE": "Carboplatin/etoposide"}[event.data["arm"]] in shown


def test_a_wrong_pass_phrase_randomises_nobody(served: Served) -> None:
    key, client = enrolled(served), served.client("investigator")
    before = len(served.log())
    answer = posted(client, f"/p/{key}/randomise/", passphrase="four words of some weight")
    assert answer["Location"] == f"/p/{key}/randomise/"
    assert "This is not your pass phrase. Nothing was done." in client.get(f"/p/{key}/randomise/").content.decode()
    answer = posted(client, f"/p/{key}/randomise/")
    assert answer.status_code == 200
    assert len(served.log()) == before


def test_a_double_click_a_reload_and_a_step_back_give_the_same_answer(served: Served) -> None:
    key, client = enrolled(served), served.client("investigator")
    page = client.get(f"/p/{key}/randomise/").content.decode()
    said = dict(re.findall(r'<input type="hidden" name="(key|on)" value="([^"]*)"', page))
    said |= {"passphrase": PASSPHRASE, "on": DAY}
    first = client.post(f"/p/{key}/randomise/", said)
    after = len(served.log())
    again = client.post(f"/p/{key}/randomise/", said)
    assert first["Location"] == again["Location"] == f"/p/{key}/receipt/"
    assert client.get(f"/p/{key}/randomise/")["Location"] == f"/p/{key}/receipt/"
    assert posted(client, f"/p/{key}/randomise/", passphrase=PASSPHRASE)["Location"] == f"/p/{key}/receipt/"
    assert len(served.log()) == after


def test_a_screening_sent_twice_is_one_patient(served: Served) -> None:
    client = served.client("coordinator")
    page = client.get("/screen/").content.decode()
    said = {**dict(re.findall(r'<input type="hidden" name="(key)" value="([^"]*)"', page)), **MET, "on": DAY}
    answers = [client.post("/screen/", said)["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert sum(e.kind == "screened" and e.data.get("key") == said["key"] for e in served.log()) == 1


@pytest.mark.parametrize(
    "role", ["coordinator", "pharmacist", "monitor", "sponsor", "administrator", "inspector", "data manager"]
)
def test_who_may_not_randomise_does_not(served: Served, role: str) -> None:
    key = enrolled(served)
    before = len(served.log())
    client = served.client(role)
    answer = client.post(f"/p/{key}/randomise/", {"passphrase": PASSPHRASE, "key": "k", "on": DAY})
    assert answer.status_code in (403, 404)
    assert len(served.log()) == before


def test_an_open_trial_has_nobody_to_unblind(served: Served) -> None:
    client = served.client("investigator")
    answer = posted(client, f"/p/{key_of('S01-000')}/unblind/", passphrase=PASSPHRASE, reason="emergency", why="x")
    assert "a patient whose log tells a code in place of the arm" in answer.content.decode()
