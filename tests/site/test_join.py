"""The join: what simulated patients go through, typed into the app's forms, leaves the record that the simulator leaves.

Equal in all but the clock, the author, and what a person confirmed; and what is analysed and decided from it is the same to the byte, but for
the fingerprint of the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.cautions import CONFIRMED
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.filled import typed_of
from equipoise.conduct.forms import form_for
from equipoise.desk import order
from equipoise.files.log_file import LogFile
from equipoise.site.folder import Installation
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from people_log import north
from sealed import secret_of
from site_server import serve

#: The sites whose patients are typed in.
TYPED = ("S01", "S02")
_BEFORE = ("screened", "enrolled", "randomised")


def simulated() -> list[Event]:
    """NORTH of virtual patients, recorded by people."""
    from equipoise.conduct.sealed import Sealed
    from equipoise.site import demo

    return list(demo.log_of(north(), "north", Sealed(north(), [secret_of("north")])))


def split(events: Sequence[Event]) -> tuple[Log, list[Event]]:
    """The log without what happened to the patients of some sites after they came onto an arm, and that."""
    site_of: dict[str, str] = {}
    for e in events:
        if e.patient:
            site_of.setdefault(e.patient, e.site)
    left_out = [e for e in events if site_of.get(e.patient) in TYPED and e.kind not in _BEFORE]
    gone = {e.number for e in left_out}
    kept = [e for e in events if e.number not in gone]
    assert all(e.corrects is None for e in kept)
    return Log(replace(e, number=i) for i, e in enumerate(kept, 1)), left_out


def enter(client: Any, key: str, event: Event, patient: Any) -> None:
    """Type an event into its form as a person does, and confirm what is asked about."""
    form = form_for(event.kind, north(), patient)
    assert form is not None, event.kind
    address, typed = f"/p/{key}/new/{form.name}/", typed_of(form, event)
    page = client.get(address).content.decode()
    typed["key"] = re.findall(r'name="key" value="([^"]+)"', page)[0]
    answer = client.post(address, typed)
    if answer.status_code == 200:
        asked = re.findall(r'name="confirm" value="([^"]+)"', answer.content.decode())
        assert asked, (event.kind, typed, re.findall(r"errorlist[^>]*>(.*?)</ul>", answer.content.decode(), re.DOTALL))
        answer = client.post(address, {**typed, "confirm": asked[0]})
    assert answer.status_code == 302, (event.kind, typed)


def told(events: Sequence[Event]) -> list[Any]:
    """What an event says, but for the clock, the author and what was confirmed; 140 mm are 140.0 mm, as for the command line."""
    return sorted(
        (e.patient, str(e.happened), e.kind, json.dumps({k: float(v) if type(v) is int else v for k, v in e.data.items() if k != "key"}, sort_keys=True), e.site, re.sub(f" ?{CONFIRMED}.*", "", e.why))
        for e in events
        if e.patient
    )  # fmt: skip


@pytest.mark.thorough
def test_what_is_typed_in_is_what_was_simulated(
    site_installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, equipoise: Any
) -> None:
    every = simulated()
    base, rest = split(every)
    assert len(rest) > 60
    served = serve(site_installation, tmp_path, base)
    at = every[-1].recorded + timedelta(minutes=5)
    monkeypatch.setattr(order, "now", lambda: at)
    clients: dict[str, Any] = {}
    from equipoise.site import live

    for event in sorted(rest, key=lambda e: (e.happened, e.number)):
        client = clients.setdefault(event.by, served.client(event.by))
        shown = live.current().shown(event.by)
        enter(client, shown.key_of(event.patient), event, shown.patients[event.patient])
    made = list(served.log())
    assert told(made) == told(every)
    assert Conduct(north(), Log(made)).patients.keys() == Conduct(north(), Log(every)).patients.keys()
    # and what follows from it
    place = tmp_path / "simulated.jsonl"
    LogFile(place, "north").create(Log(every))
    day = str(every[-1].recorded.date())
    for command, status in ((["analyse"], 0), (["decide", "--safety"], 0), (["decide", "--look", "1"], None)):
        ours, theirs = (
            equipoise(*command, "north", "--log", log, "--as", "carl", "--known-on", day, "--cutoff", day, "--json")
            for log in (served.installation.log, str(place))
        )
        assert ours.status == theirs.status, (command, ours.out, theirs.out)
        assert status in (None, ours.status), ours.out
        assert without_fingerprints(ours.out) == without_fingerprints(theirs.out), command


def without_fingerprints(text: str) -> str:
    """Without the hash of the log, and the numbers of its events."""
    return re.sub(r'("(?:head|source|number|log|event)": )("[^"]*"|\d+)', r"\1", re.sub(r"[0-9a-f]{12,64}", "", text))
