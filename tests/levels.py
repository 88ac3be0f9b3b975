"""R's made data as patients of a trial: their arms, the levels of a factor, and what happens to them on which day."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.trial.event import Event
from equipoise.trial.patient import gather
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from helpers import FIXTURES, moment

START = date(2024, 1, 8)
R: Mapping[str, Any] = json.loads((FIXTURES / "r" / "competing.json").read_text())
#: Many levels, as many as the strata of the fixtures.
FACTOR = {"name": "region", "levels": ["1", "2", "3", "4"]}


def a_trial(name: str = "kinds/group-sequential", **endpoint: Any) -> Trial:
    """A bundled trial with a factor, its times by events on the very day, and more said of its first endpoint."""
    raw = copy.deepcopy(tomllib.loads(find_trial(name).read_text()))
    raw["randomisation"]["factors"] = [*raw["randomisation"].get("factors", ()), FACTOR]
    raw["endpoints"][0] |= endpoint
    raw["start"] = START
    return trial_from(raw, "test")


#: What happens to a patient, by cause: R's causes 1 and 2, and 0 who is censored.
Ends = Mapping[int, tuple[str, Mapping[str, Any]]]
DEATH: Ends = {0: ("withdrawn", {}), 1: ("died", {}), 2: ("withdrawn", {})}
ANY_DEATH: Ends = {**DEATH, 2: ("died", {})}
PROGRESSION: Ends = {0: ("withdrawn", {}), 1: ("assessed", {"response": "PD"}), 2: ("died", {})}


def snap_of(
    trial: Trial, data: Mapping[str, Sequence[int]], level: bool = True, ends: Ends = DEATH, arms: Sequence[str] = ()
) -> Snapshot:
    """What happens so many whole days after randomisation; group 1 is the tested arm, or the first of ``arms``."""
    arms = arms or [trial.tested_arms[0].name, trial.control_arms[0].name]
    events: list[Event] = []

    def add(day: int, kind: str, name: str, **more: Any) -> None:
        on = START + timedelta(days=day)
        events.append(Event(len(events) + 1, kind, on, moment(on), "t", patient=name, data=more))

    for i, (t, c, g, s) in enumerate(zip(*(data[k] for k in ("time", "cause", "group", "stratum")), strict=True)):
        name = f"P{i:03d}"
        add(0, "enrolled", name, factors={"region": str(s)} if level else {})
        add(0, "randomised", name, arm=arms[g - 1], stratum="all")
        kind, more = ends[c]
        add(round(t), kind, name, **more)
    on = START + timedelta(days=1000)
    return Snapshot(on, on, events, gather(events), "")
