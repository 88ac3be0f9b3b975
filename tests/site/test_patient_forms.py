"""A patient's page and forms, by requests: what is offered, what is refused at which field, what is recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from site_patients import ENTRY, OTHER, PATIENT, Patients, day, key_in, text_of
from site_server import key_of


def test_the_page_says_what_is_due(site: Patients) -> None:
    page = text_of(site.at(0).client().get(f"/p/{site.key}/"))
    assert "due carboplatin, cycle 1, day 1" in page
    assert "etoposide, cycle 1, day 1" in page
    assert "Tumour assessment at baseline" in page
    later = text_of(site.at(3).client().get(f"/p/{site.key}/"))
    assert "overdue by 3 days carboplatin, cycle 1, day 1" in later


def test_a_dose_from_the_calendar_is_recorded_as_planned(site: Patients) -> None:
    client = site.client("pharmacist")
    page = client.get(f"/p/{site.key}/")
    link = re.search(r'href="(/p/[^"]+/new/dose/\?due=[0-9a-f]+)">carboplatin, cycle 1, day 1', page.content.decode())
    assert link is not None
    assert "CE" not in link[1]
    form = client.get(link[1])
    assert 'value="5"' in form.content.decode()
    given = client.post(link[1].split("?")[0], {"key": key_in(form), "happened": day(0), "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "5", "unit": "AUC"})  # fmt: skip
    assert given.status_code == 302
    last = site.log()[-1]
    assert (last.kind, last.by, last.happened, last.why) == ("treated", "pharmacist-1", ENTRY, "")
    assert {k: v for k, v in last.data.items() if k != "key"} == {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5.0, "unit": "AUC"}  # fmt: skip


def test_the_doses_of_a_cycle_at_once(site: Patients) -> None:
    client = site.at(2).client()
    page = client.get(f"/p/{site.key}/doses/")
    names = re.findall(r'name="([0-9a-f]{12})-given"', page.content.decode())
    assert len(names) == 4
    days = dict(re.findall(r'name="([0-9a-f]{12})-happened" value="([^"]+)"', page.content.decode()))
    doses = dict(re.findall(r'name="([0-9a-f]{12})-dose" value="([^"]+)"', page.content.decode()))
    typed = {"key": key_in(page)}
    for n in names:
        typed |= {f"{n}-given": "on", f"{n}-happened": days[n], f"{n}-dose": doses[n]}
    first = client.post(f"/p/{site.key}/doses/", typed)
    assert first.status_code == 302
    new = [e for e in site.log() if e.kind == "treated"]
    assert [(e.data["drug"], e.data["day"], e.happened, e.data["dose"]) for e in new] == [
        ("carboplatin", 1, ENTRY, 5.0),
        *[("etoposide", d, ENTRY + timedelta(days=d - 1), 100.0) for d in (1, 2, 3)],
    ]
    # a double click: the rows are gone, and nothing is recorded twice
    client.post(f"/p/{site.key}/doses/", typed)
    assert len([e for e in site.log() if e.kind == "treated"]) == 4


def test_a_reduction_asks_for_its_reason_and_is_offered_again(site: Patients) -> None:
    typed = {"happened": day(0), "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "4", "unit": "AUC"}
    asked = site.post("new/dose/", **typed)
    assert asked.status_code == 200
    assert "80 % of the plan is given, and no reason is said." in text_of(asked)
    assert len([e for e in site.log() if e.kind == "treated"]) == 0
    assert site.post("new/dose/", **typed, why="creatinine").status_code == 302
    page = text_of(site.at(21).client().get(f"/p/{site.key}/"))
    assert "carboplatin, cycle 2, day 1 4 AUC (80 % of the plan, as the last dose)" in page


#: form, what is typed, the field that says it
REFUSED = [
    ("dose", {"happened": day(0), "drug": "IMGN901", "cycle": "1", "day": "1", "dose": "112", "unit": "mg/m2"}, "drug"),
    ("dose", {"happened": day(2), "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "5", "unit": "AUC"}, "happened"),
    ("dose", {"happened": day(0), "drug": "carboplatin", "cycle": "9", "day": "1", "dose": "5", "unit": "AUC"}, "cycle"),
    ("dose", {"happened": day(0), "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "much", "unit": "AUC"}, "dose"),
    ("adverse-event", {"happened": day(0), "term": "nausea", "grade": "9", "serious": "no"}, "grade"),
    ("adverse-event", {"happened": day(0), "term": "nausea", "grade": "2"}, "serious"),
    ("assessment", {"happened": day(0)}, "response"),
    ("death", {"happened": "yesterday"}, "happened"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "typed", "field"), REFUSED, ids=[f"{f} {x}" for f, _, x in REFUSED])
def test_what_is_refused_is_said_at_the_field_and_nothing_is_lost(
    site: Patients, form: str, typed: dict[str, str], field: str
) -> None:
    before = len(site.log())
    page = site.post(f"new/{form}/", **typed)
    assert page.status_code == 200
    html = page.content.decode()
    assert re.search(rf'<div class="said" id="said_{field}" aria-live="polite"><ul class="errorlist"', html)
    for value in typed.values():
        assert (
            f'value="{value}"' in html
            or f">{value}<" in html
            or f"Given: &#x27;{value}&#x27;" in html
            or f"Given: {value}." in html
        )
    assert len(site.log()) == before


def test_as_one_types_the_field_says_what_is_wrong_and_the_draft_is_kept(site: Patients) -> None:
    client = site.client()
    typed = {"happened": day(0), "term": "nausea", "grade": "4", "serious": "no", "checked": "serious"}
    answer = client.post(f"/p/{site.key}/new/adverse-event/check/", typed).content.decode()
    assert 'id="said_serious"' in answer
    assert "Grade 4, and said not to be serious." in answer
    assert "Draft kept" in answer
    again = client.get(f"/p/{site.key}/new/adverse-event/")
    assert 'value="nausea"' in again.content.decode()
    assert "here it is again" in text_of(again)
    assert "Adverse event" in text_of(client.get(f"/p/{site.key}/"))
    # it is nobody else's
    assert "nausea" not in site.client("investigator").get(f"/p/{site.key}/new/adverse-event/").content.decode()
    # and can be put away
    client.post(f"/p/{site.key}/discard/", {"place": f"/p/{site.key}/new/adverse-event/"})
    assert "nausea" not in client.get(f"/p/{site.key}/new/adverse-event/").content.decode()


def test_a_draft_goes_once_it_is_recorded(site: Patients) -> None:
    client = site.client()
    typed = {"happened": day(0), "term": "nausea", "grade": "2", "serious": "no"}
    client.post(f"/p/{site.key}/new/adverse-event/check/", typed)
    assert site.post("new/adverse-event/", **typed).status_code == 302
    assert "nausea" not in client.get(f"/p/{site.key}/new/adverse-event/").content.decode()


def test_a_double_click_records_once_and_says_so(site: Patients) -> None:
    client = site.client()
    address = f"/p/{site.key}/new/contact/"
    typed = {"key": key_in(client.get(address)), "happened": day(0)}
    first, second = client.post(address, typed), client.post(address, typed)
    assert first.status_code == second.status_code == 302
    assert len([e for e in site.log() if e.kind == "contact"]) == 1
    assert "recorded already" in text_of(client.get(f"/p/{site.key}/"))


def test_a_serious_event_shows_its_clock(site: Patients) -> None:
    typed = {"happened": day(0), "term": "sepsis", "grade": "4", "serious": "yes", "criteria": ["life-threatening"]}
    assert site.post("new/adverse-event/", **typed).status_code == 302
    page = text_of(site.at(0, 23).client().get(f"/p/{site.key}/"))
    assert "Serious: sepsis, grade 4" in page
    assert "5 hours ago" in page
    assert "19 hours are left to tell the sponsor" in page
    assert "Day 1 of the 7" in page
    assert "The 24 hours in which the sponsor is told are over." in text_of(site.at(2).client().get(f"/p/{site.key}/"))
    assert "Serious: sepsis" not in text_of(site.at(40).client().get(f"/p/{site.key}/"))


# -- the lesion sheet ----------------------------------------------------------------------------------------------------

BASELINE = {
    "happened": day(0), "baseline": "yes",
    "lesion-0-lesion": "T1", "lesion-0-kind": "target", "lesion-0-organ": "Liver", "lesion-0-size": "60",
    "lesion-1-lesion": "T2", "lesion-1-kind": "target", "lesion-1-organ": "Lung", "lesion-1-size": "40",
    "lesion-2-lesion": "N1", "lesion-2-kind": "non-target", "lesion-2-state": "present",
}  # fmt: skip


def test_the_lesion_sheet_from_baseline_to_response(site: Patients) -> None:
    assert site.post("new/assessment/", **BASELINE).status_code == 302
    first = site.log()[-1]
    assert (first.data["sum_mm"], first.data["baseline"], first.data["response"]) == (100.0, True, "")
    assert [x["lesion"] for x in first.data["lesions"]] == ["T1", "T2", "N1"]
    client = site.at(42).client()
    page = client.get(f"/p/{site.key}/new/assessment/")
    assert "60 mm on 2013-02-01" in text_of(page)
    typed = {
        "happened": day(42),
        "lesion-0-size": "30",
        "lesion-1-size": "30",
        "lesion-2-state": "present",
        "checked": "lesions",
    }
    answer = client.post(f"/p/{site.key}/new/assessment/check/", typed).content.decode()
    assert "<strong>PR</strong>" in answer
    assert "−40.0 %" in answer
    assert "Target: sum 60 mm of 2 lesions" in answer
    worse = client.post(f"/p/{site.key}/new/assessment/check/", {**typed, "lesion-0-size": "90"}).content.decode()
    assert "<strong>PD</strong>" in worse
    new = client.post(f"/p/{site.key}/new/assessment/check/", {**typed, "lesion-3-lesion": "X1", "lesion-3-kind": "new", "lesion-3-state": "unequivocal"}).content.decode()  # fmt: skip
    assert "New: X1: PD." in new
    assert site.post("new/assessment/", **typed).status_code == 302
    last = site.log()[-1]
    assert (last.data["response"], last.data["sum_mm"], "new_lesion" in last.data) == ("PR", 60.0, False)
    told = text_of(site.client().get(f"/p/{site.key}/"))
    assert "done on 2013-03-15" in told
    assert "Lesions over time" in told


def test_another_response_than_the_lesions_say_is_asked_about(site: Patients) -> None:
    assert site.post("new/assessment/", **BASELINE).status_code == 302
    typed = {
        "happened": day(42),
        "lesion-0-size": "30",
        "lesion-1-size": "30",
        "lesion-2-state": "present",
        "response": "SD",
    }
    asked = site.at(42).post("new/assessment/", **typed)
    assert "SD is said, and by the criterion the lesions say PR." in text_of(asked)
    code = re.search(r'name="confirm" value="([^"]+)"', asked.content.decode())
    assert code is not None
    assert site.post("new/assessment/", **typed, confirm=code[1]).status_code == 302
    last = site.log()[-1]
    assert last.data["response"] == "SD"
    assert last.why == "Confirmed: SD is said, and by the criterion the lesions say PR."


def test_a_lesion_without_a_size_is_told_in_its_row(site: Patients) -> None:
    page = site.post("new/assessment/", **{**BASELINE, "lesion-1-size": "", "lesion-1-state": "measured"})
    assert page.status_code == 200
    assert re.search(
        r'id="said_row_1"[^>]*><span class="errorlist">A measured lesion has a size in mm', page.content.decode()
    )
    assert 'value="Liver"' in page.content.decode()


def test_more_rows_lose_nothing(site: Patients) -> None:
    page = site.client().post(f"/p/{site.key}/new/assessment/", {**BASELINE, "more": "1"})
    assert page.status_code == 200
    html = page.content.decode()
    assert 'name="lesion-2-lesion" value="N1"' in html
    assert len(re.findall(r'name="lesion-\d+-size"', html)) >= 8


# -- corrections -----------------------------------------------------------------------------------------------------------


def recorded_event(site: Patients, role: str = "coordinator") -> int:
    typed = {"happened": day(0), "term": "nausea", "grade": "2", "serious": "no"}
    assert site.post("new/adverse-event/", role, **typed).status_code == 302
    return site.log()[-1].number


def test_a_correction_has_a_reason_and_only_what_changed(site: Patients) -> None:
    number = recorded_event(site)
    typed = {"happened": day(0), "term": "nausea", "grade": "3", "serious": "no"}
    refused = site.post(f"correct/{number}/", **typed)
    assert refused.status_code == 200
    assert "A correction states its reason" in text_of(refused)
    assert site.post(f"correct/{number}/", **typed, why="read again").status_code == 302
    last = site.log()[-1]
    assert (last.corrects, last.data["grade"], last.why, last.by) == (number, 3, "read again", "coordinator-1")
    page = text_of(site.client().get(f"/p/{site.key}/"))
    assert "corrected" in page


def test_each_value_has_its_history(site: Patients) -> None:
    number = recorded_event(site)
    again = {"happened": day(0), "term": "nausea", "grade": "3", "serious": "no", "why": "read again"}
    assert site.post(f"correct/{number}/", "investigator", **again).status_code == 302
    page = site.client().get(f"/p/{site.key}/history/{number}/").content.decode()
    rows = re.findall(r'<tr><th scope="row">Grade[^<]*</th><td>(.*?)</td><td>(\d).*?</td><td>(.*?)</td>', page)
    assert rows == [("–", "2", "coordinator-1"), ("2", "3", "investigator-1")]
    assert "read again" in page


def test_a_long_list_of_what_is_due_is_cut(site: Patients) -> None:
    page = text_of(site.at(60).client().get(f"/p/{site.key}/"))
    assert re.search(r"And \d+ more, in the calendar", page)


def test_nothing_changed_is_no_correction(site: Patients) -> None:
    number = recorded_event(site)
    page = site.post(f"correct/{number}/", happened=day(0), term="nausea", grade="2", serious="no", why="hm")
    assert "Nothing is otherwise than it was recorded" in text_of(page)


def test_what_never_happened_is_taken_back(site: Patients) -> None:
    number = recorded_event(site)
    assert "A correction states its reason" in text_of(site.post(f"take-back/{number}/"))
    assert site.post(f"take-back/{number}/", why="another patient's").status_code == 302
    last = site.log()[-1]
    assert (last.kind, last.corrects, last.why) == ("voided", number, "another patient's")


def test_a_stale_form_shows_three_columns_and_loses_nothing(site: Patients) -> None:
    number = recorded_event(site)
    kit, ivy = site.client("coordinator"), site.client("investigator")
    address = f"/p/{site.key}/correct/{number}/"
    mine, theirs = key_in(kit.get(address)), key_in(ivy.get(address))
    theirs_typed = {"key": theirs, "happened": day(0), "term": "nausea", "grade": "3", "serious": "no", "why": "hers"}
    assert ivy.post(address, theirs_typed).status_code == 302
    before = len(site.log())
    typed = {"key": mine, "happened": day(0), "term": "vomiting", "grade": "1", "serious": "no", "why": "mine"}
    page = kit.post(address, typed)
    assert page.status_code == 200
    html, told = page.content.decode(), text_of(page)
    assert len(site.log()) == before
    assert "investigator-1 corrected this while you had it open" in told
    assert "both changed" in told
    rows = {re.sub(r"<.*", "", r[0]): r[1:] for r in re.findall(r'<tr class="\w+"><th scope="row">(.*?)</th><td>(.*?)</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>', html)}  # fmt: skip
    assert rows["What happened"] == ("nausea", "nausea", "vomiting")
    assert {k.strip(): v for k, v in rows.items()}["Grade (CTCAE)"] == ("2", "3", "1")
    # the form is of what is in force, with what only I changed
    assert f'action="/p/{site.key}/correct/{before}/"' in html
    assert 'value="vomiting"' in html
    assert re.search(r'value="3"[^>]*checked', html) or 'value="3" selected' in html
    again = kit.post(f"/p/{site.key}/correct/{before}/", {**typed, "key": key_in(page), "grade": "3"})
    assert again.status_code == 302
    last = site.log()[-1]
    assert (last.corrects, last.data["term"], last.data["grade"]) == (before, "vomiting", 3)


def test_what_was_taken_back_meanwhile_is_said(site: Patients) -> None:
    number = recorded_event(site)
    kit = site.client("coordinator")
    address = f"/p/{site.key}/correct/{number}/"
    mine = key_in(kit.get(address))
    assert site.post(f"take-back/{number}/", "investigator", why="hers").status_code == 302
    page = kit.post(
        address, {"key": mine, "happened": day(0), "term": "x", "grade": "1", "serious": "no", "why": "mine"}
    )
    assert page.status_code == 200
    assert "took this back while you had it open" in text_of(page)


# -- who may -----------------------------------------------------------------------------------------------------------------


def test_a_pharmacist_has_doses_only(site: Patients) -> None:
    client = site.client("pharmacist")
    page = text_of(client.get(f"/p/{site.key}/"))
    assert "Tumour assessment" not in page
    for form, status in (("dose", 200), ("adverse-event", 403), ("death", 403), ("assessment", 403)):
        assert client.get(f"/p/{site.key}/new/{form}/").status_code == status, form
        assert client.post(f"/p/{site.key}/new/{form}/check/", {}).status_code == status, form
    number = recorded_event(site)
    assert client.get(f"/p/{site.key}/correct/{number}/").status_code == 404


@pytest.mark.parametrize("role", ["monitor", "data manager", "medical monitor", "inspector"])
def test_who_only_reads_has_no_form(site: Patients, role: str) -> None:
    client = site.client(role)
    page = client.get(f"/p/{site.key}/")
    assert page.status_code == 200
    assert "/new/" not in page.content.decode()
    assert client.get(f"/p/{site.key}/new/dose/").status_code == 403
    assert client.get(f"/p/{site.key}/doses/").status_code == 403
    if role != "monitor":
        assert "IMGN901" not in text_of(page).replace("north", "")
        assert "cycle 1" not in text_of(page)


@pytest.mark.parametrize("where", ["", "new/dose/", "doses/", "correct/30/", "take-back/30/", "new/dose/check/"])
def test_another_sites_patient_is_not_there(site: Patients, where: str) -> None:
    ask: Callable[..., Any] = site.client().post if where.endswith("check/") else site.client().get
    assert ask(f"/p/{key_of(OTHER)}/{where}").status_code == 404


def test_a_forged_number_corrects_nobody_elses(site: Patients) -> None:
    others = next(e.number for e in site.log() if e.patient == OTHER)
    assert site.client().get(f"/p/{site.key}/correct/{others}/").status_code == 404
    assert site.client().post(f"/p/{site.key}/correct/{others}/", {"why": "x"}).status_code == 404


def test_an_author_is_never_a_field(site: Patients) -> None:
    assert site.post("new/contact/", happened=day(0), by="investigator-1", patient=OTHER, site="S02").status_code == 302
    assert (site.log()[-1].by, site.log()[-1].patient, site.log()[-1].site) == ("coordinator-1", PATIENT, "")


def test_a_session_that_ended_says_so_where_one_types(site: Patients) -> None:
    answer = site.served.stranger().post(f"/p/{site.key}/new/contact/check/", {"happened": day(0)})
    assert answer.status_code == 200
    assert "Your session has ended" in answer.content.decode()
    assert f"next=/p/{site.key}/new/contact/" in answer.content.decode()


def test_no_address_tells_an_arm_or_a_patient(site: Patients) -> None:
    html = site.client().get(f"/p/{site.key}/").content.decode()
    for address in re.findall(r'(?:href|action|hx-post)="([^"]+)"', html):
        assert not re.search(r"S0\d|CE|IMGN|carbo", address), address


def test_json_of_a_draft_holds_what_was_typed(site: Patients) -> None:
    from equipoise.site.drafts import Draft

    site.client().post(f"/p/{site.key}/new/assessment/check/", {**BASELINE, "csrfmiddlewaretoken": "x", "key": "k"})
    assert json.loads(json.dumps(Draft.objects.get().typed)) == BASELINE


def test_what_is_sent_after_the_time_out_is_kept_and_one_comes_back_to_the_form(site: Patients) -> None:
    client, address = site.client(), f"/p/{site.key}/new/adverse-event/"
    key = key_in(client.get(address))
    session = client.session
    session["seen"] = session["seen"] - 31 * 60
    session.save()
    before = len(site.log())
    answer = client.post(address, {"key": key, "happened": day(0), "term": "nausea", "grade": "2", "serious": "no"})
    assert answer.status_code == 302
    assert answer["Location"] == f"/account/login/?next={address}"
    assert len(site.log()) == before
    assert client.get(address).status_code == 302  # nobody is logged in
    again = site.client().get(address).content.decode()
    assert 'value="nausea"' in again
    assert 'value="2" checked' in again or re.search(r'value="2"[^>]*checked', again)


def test_a_time_out_where_one_types_is_said_there(site: Patients) -> None:
    client, address = site.client(), f"/p/{site.key}/new/contact/"
    client.get(address)
    session = client.session
    session["seen"] = session["seen"] - 31 * 60
    session.save()
    answer = client.post(f"{address}check/", {"happened": day(0)}, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert "Your session has ended" in answer.content.decode()
    assert f"next={address}" in answer.content.decode()


# -- doses that were not given, consent, days that are known in part -----------------------------------------------------


def test_a_dose_that_was_not_given_is_recorded_with_its_reason(site: Patients) -> None:
    client = site.at(2).client("pharmacist")
    page = client.get(f"/p/{site.key}/").content.decode()
    link = re.search(
        r'href="(/p/[^"]+/new/dose-not-given/\?due=[0-9a-f]+)">not given<[^>]*>: carboplatin, cycle 1', page
    )
    assert link is not None
    form = client.get(link[1])
    assert 'name="cycle" value="1"' in form.content.decode()
    said = {"happened": day(0), "drug": "carboplatin", "cycle": "1", "day": "1"}
    refused = client.post(link[1].split("?")[0], {"key": key_in(form), **said})
    assert "this is asked for" in text_of(refused).lower()
    assert client.post(link[1].split("?")[0], {"key": key_in(form), **said, "reason": "neutropenia"}).status_code == 302
    last = site.log()[-1]
    assert (last.kind, last.by, last.data["drug"], last.data["reason"]) == ("dose omitted", "pharmacist-1", "carboplatin", "neutropenia")  # fmt: skip
    after = text_of(client.get(f"/p/{site.key}/"))
    assert "missed: not given: neutropenia" in after
    assert "carboplatin, cycle 1, day 1: neutropenia" in after
    both = site.post("new/dose/", **said, dose="5", unit="AUC")
    assert "recorded as not given" in text_of(both)
    again = site.post("new/dose-not-given/", **said, reason="x")
    assert "recorded already" in text_of(again)
    other = site.post("new/dose-not-given/", **{**said, "drug": "IMGN901"}, reason="x")
    assert other.status_code == 200
    assert len([e for e in site.log() if e.kind in ("treated", "dose omitted")]) == 1


def test_a_consent_form_is_recorded_by_its_version(site: Patients) -> None:
    assert site.post("new/consent/", happened=day(-3), version="2.1").status_code == 302
    assert site.at(60).post("new/consent/", happened=day(59), version="3.0").status_code == 302
    page = text_of(site.client().get(f"/p/{site.key}/"))
    assert f"version 2.1, signed {day(-3)}" in page
    assert f"version 3.0, signed {day(59)}" in page
    assert "was signed already" in text_of(site.post("new/consent/", happened=day(60), version="3.0"))


def test_a_screening_says_which_consent_was_signed(site: Patients) -> None:
    met = {f"c{n}": "yes" for n in range(1, 7)} | {"c7": "no", "c8": "no"}
    client = site.client()
    page = client.get("/screen/")
    said = {"key": key_in(page), **met, "on": day(0), "consent": "2.1", "consent_on": day(-1)}
    first, again = (client.post("/screen/", said)["Location"] for _ in range(2))
    assert first == again
    events = [e for e in site.log() if e.kind in ("screened", "consented")][-2:]
    assert [(e.kind, e.happened, e.patient) for e in events] == [
        ("screened", ENTRY, events[0].patient),
        ("consented", ENTRY - timedelta(days=1), events[0].patient),
    ]
    assert sum(e.kind == "consented" for e in site.log()) == 1


@pytest.mark.parametrize(
    ("dated", "on"),
    [("2013-03", "2013-03-01"), ("2013-02", "2013-02-01"), ("2013", "2013-02-01"), ("2013-01", "2013-01-31")],
)
def test_a_day_that_is_known_in_part_is_kept_as_it_is_known(site: Patients, dated: str, on: str) -> None:
    """The first possible day, not before screening; a rule never moves it out of its own month."""
    site.at(60)
    told = {"term": "neuropathy", "grade": "2", "serious": "no", "dated": dated}
    answer = site.post("new/adverse-event/", **told)
    if (
        dated == "2013-01"
    ):  # a month that ended before screening: its own first day is taken, and the judge says what he thinks
        assert not [e for e in site.log() if e.kind == "adverse event" and str(e.happened) == "2013-02-01"]
        return
    assert answer.status_code == 302, text_of(answer)
    event = site.log()[-1]
    assert (str(event.happened), event.data["dated"]) == (on, dated)
    assert event.data["date_rule"] == "first possible day, not before screening"
    form = site.client().get(f"/p/{site.key}/correct/{event.number}/").content.decode()
    assert f'name="dated" value="{dated}"' in form
    assert (
        site.post(f"correct/{event.number}/", **{**told, "dated": ""}, happened=on, why="asked again").status_code
        == 302
    )
    last = site.log()[-1]
    assert (str(last.happened), last.corrects) == (on, event.number)
    assert not {"dated", "date_rule"} & set(last.data)


def test_a_day_and_a_part_of_it_are_not_said_together(site: Patients) -> None:
    told = {"term": "neuropathy", "grade": "2", "serious": "no"}
    both = site.at(60).post("new/adverse-event/", **told, dated="2013-03", happened=day(40))
    assert "one of them" in text_of(both)
    none = site.post("new/adverse-event/", **told)
    assert "this is asked for" in text_of(none).lower()
    wrong = site.post("new/adverse-event/", **told, dated="spring")
    assert "a month or a year, as 2013-05 or 2013" in text_of(wrong).lower()
    assert not [e for e in site.log() if e.kind == "adverse event"]
