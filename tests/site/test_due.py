"""What is due and overdue across a site's patients: the list is the patients' pages, one after another, for each reader as far as he may know."""

from __future__ import annotations

import re
from typing import Any

from site_patients import PATIENT, Patients, day, key_in, text_of
from site_server import Served, key_of


def lines(page: Any) -> list[str]:
    body = page.content.decode().split("<tbody>")[1].split("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr>")[1:]]


def test_a_coordinator_finds_what_is_late_in_all_her_patients_and_records_it_from_there(site: Patients) -> None:
    client = site.at(3).client()
    page = client.get("/due/")
    found = lines(page)
    assert found[0].startswith(f"{PATIENT} carboplatin, cycle 1, day 1")
    assert "overdue by 3 days" in found[0]
    assert not any("S02" in line for line in found)  # another site's
    link = re.search(r'href="(/p/[^"]+/new/dose/\?due=[0-9a-f]+)">carboplatin, cycle 1, day 1<', page.content.decode())
    assert link is not None
    form = client.get(link[1])
    assert 'value="5"' in form.content.decode()
    typed = {"happened": day(0), "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "5", "unit": "AUC"}
    assert client.post(link[1].split("?")[0], {"key": key_in(form), **typed}).status_code == 302
    assert not any("carboplatin, cycle 1" in line for line in lines(client.get("/due/")))
    # the first page says how much there is, and what is latest
    assert re.search(r"All: \d+ overdue, \d+ due now", text_of(client.get("/")))
    assert "etoposide, cycle 1, day 1" in text_of(client.get("/"))


def test_it_says_what_the_pages_of_the_patients_say(site: Patients) -> None:
    client = site.at(30).client()
    on_page = set(re.findall(r'class="tag (?:wait|bad)">([^<]+)</span> <a href="[^"]+">([^<]+)', client.get(f"/p/{site.key}/").content.decode()))  # fmt: skip
    listed = " | ".join(lines(client.get("/due/")))
    assert on_page
    for words, label in on_page:
        assert label in listed
        assert words in listed


def test_filters(site: Patients) -> None:
    client = site.at(19).client()
    assert all("carboplatin" in x or "etoposide" in x for x in lines(client.get("/due/?what=dose")))
    assert all("Tumour assessment" in x for x in lines(client.get("/due/?what=assessment")))
    assert all("overdue" in x for x in lines(client.get("/due/?state=overdue")))
    coming = lines(client.get("/due/?state=coming"))
    assert any("cycle 2, day 1" in x for x in coming)
    assert "Due and overdue" in text_of(client.get("/due/?state=x&what=y"))


def test_who_has_it_and_what_is_kept_from_him(served: Served) -> None:
    for role in ("coordinator", "investigator", "pharmacist", "monitor", "data manager"):
        assert served.client(role).get("/due/").status_code == 200, role
    for role in ("sponsor", "administrator", "committee", "inspector", "medical monitor"):
        assert served.client(role).get("/due/").status_code == 403, role
    page = text_of(served.client("data manager").get("/due/"))
    assert "Doses are not listed: they would tell the arm." in page
    assert not re.search("carboplatin|etoposide|IMGN901", page)
    assert "Tumour assessment" in page
    doses = " | ".join(lines(served.client("pharmacist").get("/due/")))
    assert "cycle" in doses
    assert "Tumour" not in doses
    # a monitor sees what is late, and has no form
    assert "/new/" not in served.client("monitor").get("/due/").content.decode()
    assert f"/p/{key_of(PATIENT)}/" in served.client("monitor").get("/due/").content.decode()
