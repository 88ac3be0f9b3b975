"""R17 of docs/people.md, for pages: what is served to a reader does not depend on what he may not know.

Two logs that differ only in that are served one after the other; every address of the app must give the same bytes for both, whatever
is asked and whatever is ordered. The table of addresses is walked: a page that is added later is in it by itself, or fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from equipoise.site.folder import Installation
from equipoise.trial.role import ROLES
from overseen_log import overseen
from people_log import PEOPLE, SITES, log, with_no_word_of_patients, with_other_arms, with_others_elsewhere
from site_server import PASSPHRASE, account, key_of, same_each_time, serve

OTHERWISE = {
    "coordinator": with_others_elsewhere,
    "investigator": with_others_elsewhere,
    "pharmacist": with_others_elsewhere,
    "monitor": with_others_elsewhere,
    "data manager": with_other_arms,
    "medical monitor": with_other_arms,
    "sponsor": with_other_arms,
    "administrator": with_no_word_of_patients,
    "inspector": with_other_arms,
}
OWN, OTHER, OWN_NEXT = f"{SITES[0]}-000", f"{SITES[1]}-003", f"{SITES[0]}-012"
DAY = "2013-07-20"
#: What tells of accounts and sessions, and nothing of the log but who is who; with times and challenges of their own.
OF_ACCOUNTS = re.compile(r"account/|access/|welcome/|accounts/<int")
#: Kind of argument → what is put in its place.
ARGUMENTS = {
    "<str:key>": ["{own}", "{other}", "{next}", "aaaaaaaaaaaaaaaa"],
    "<int:number>": ["18", "20", "22", "31", "33", "44", "60", "111", "112", "116", "117", "999"],
    "<slug:name>": ["dose", "dose-not-given", "consent", "assessment", "adverse-event", "death", "none"],
    "<slug:act>": [
        "answer",
        "close",
        "reopen",
        "grant",
        "revoke",
        "train",
        "delegate",
        "activate",
        "pause",
        "resume",
        "close",
        "approve",
        "none",
    ],
}
QUERIES = {"patients/": ["?state=on study", "?state=x"], "known/": ["?day=2013-03-01"], "people/": ["?day=2013-03-01"], "p/<str:key>/record/": ["?day=2013-03-01"]}  # fmt: skip
#: Sent to every address that takes a form: the fields of all of them.
SAID = {
    "key": "the key of a test", "on": DAY, "passphrase": PASSPHRASE, "site": "S03", "why": "because", "reason": "emergency", "person": "coordinator-1",
    "role": "monitor", "sites": "S01", "what": "GCP", "tasks": "screened", "grant": "monitor/monitor-1", "f_ecog": "0-1", "f_ldh": "normal",
    **{f"c{n}": "yes" for n in range(1, 9)}, "passphrase ": "",
    "happened": DAY, "drug": "IMGN901", "cycle": "1", "day": "8", "dose": "90", "term": "nausea", "grade": "2", "serious": "no", "response": "SD",
    "text": "a word", "event": "18", "scope": "all", "finding": "nothing", "meaning": "I have entered these data", "digest": "ab" * 32, "cutoff": "2013-07-05",
    "lesion-0-lesion": "T1", "lesion-0-kind": "new", "lesion-0-state": "equivocal", "place": "/",
}  # fmt: skip


def routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every address of the app, as it is written."""
    from django.urls import get_resolver

    for p in get_resolver().url_patterns if patterns is None else patterns:
        here = before + str(p.pattern)
        if hasattr(p, "url_patterns"):
            yield from routes(p.url_patterns, here)
        else:
            yield here


def addresses(keys: dict[str, str]) -> list[str]:
    """Every address of the log's, with something in the place of each argument."""
    found: list[str] = []
    for route in routes():
        if OF_ACCOUNTS.match(route):
            continue
        made = [route, *(route + q for q in QUERIES.get(route, []))]
        for argument, values in ARGUMENTS.items():
            made = [m.replace(argument, v) for m in made for v in (values if argument in m else [""])]
        if "<slug:name>" in route:
            made = [m for m in made if "{own}" in m or "dose" in m]  # of others one form stands for all
        assert not any("<" in m for m in made), f"{route}: what stands in its place? Add it to ARGUMENTS"
        found += [f"/{m.format(**keys)}" for m in made]
    return list(dict.fromkeys(found))


def given(role: str, installation: Installation, folder: Path, events: Any) -> dict[str, tuple[int, str, bytes]]:
    """What a role is given at every address, read and ordered."""
    from equipoise.site.drafts import Draft

    served = serve(installation, folder, events)
    Draft.objects.all().delete()  # what was typed in the other world
    for person in PEOPLE.values():
        account(person)  # accounts are no part of a world: in both all stand from the first
    keys = {"own": key_of(OWN), "other": key_of(OTHER), "next": key_of(OWN_NEXT)}
    client, found = served.client(role), {}
    for address in addresses(keys):
        found[f"GET {address}"] = client.get(address)
    for address in addresses(keys):
        if "?" not in address:
            found[f"POST {address}"] = client.post(address, SAID)
    hashes = [h for h in served.log().hashes() if h]
    # The mark of what was ordered in the test covers the moment at which it was; before the first order it is compared.
    shown = {
        n: re.sub(rb"seen=[0-9a-f]+", b"", b"".join(a)) if n.startswith("POST") else b"".join(a)
        for n, a in found.items()
    }
    return {
        name: (a.status_code, a.get("Location", ""), same_each_time(shown[name], hashes)) for name, a in found.items()
    }


def test_every_role_is_tried_but_the_one_that_may_know_all() -> None:
    assert {r.name for r in ROLES} - set(OTHERWISE) == {"committee"}


#: The others, as long each, in the slow suite.
QUICK = ("sponsor",)


@pytest.mark.thorough
@pytest.mark.parametrize("role", [pytest.param(r, marks=[] if r in QUICK else [pytest.mark.slow]) for r in OTHERWISE])
def test_two_worlds_are_one_to_who_may_not_know(site_installation: Installation, tmp_path: Path, role: str) -> None:
    # An administrator sees no patient: his other world is one in which nothing became of them, so that no act about it can stand.
    acts = (lambda of: of()) if role == "administrator" else overseen
    one = given(role, site_installation, tmp_path, acts(log))
    other = given(role, site_installation, tmp_path, acts(OTHERWISE[role]))
    assert set(one) == set(other)
    differing = [name for name in one if one[name] != other[name]]
    for name in differing[:1]:
        assert one[name] == other[name], name
    assert sum(status == 200 for status, _, _ in one.values()) >= 4


@pytest.mark.slow
def test_the_comparison_sees_a_difference(site_installation: Installation, tmp_path: Path) -> None:
    """Who may know all is given other pages."""
    committee = [given("committee", site_installation, tmp_path, events) for events in (log(), with_other_arms())]
    assert committee[0] != committee[1]
    assert PEOPLE["committee"]
