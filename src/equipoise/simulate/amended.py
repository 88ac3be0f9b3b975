"""A trial of virtual patients that is amended on its way: each gets the dose that is in force at the site on the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.trial.amendment import Amendment
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial


class Amendments:
    """The amendments of a simulated trial, none as a rule. They change what is given; what becomes of patients is as drawn."""

    def __init__(self, planned: Sequence[Amendment] = ()) -> None:
        self.planned = planned

    def read(self, definition: str) -> Trial:
        """The trial of a definition that one of them brings."""
        for a in self.planned:
            if a.trial.definition == definition:
                return a.trial
        raise BadInput("definition", [])

    def record(self, conduct: Conduct, today: date, now: datetime) -> None:
        """Record what is amended today, and which sites approve it."""
        for a in self.planned:
            fingerprint = {"fingerprint": a.trial.fingerprint}
            if a.on == today:
                data = {**fingerprint, "definition": a.trial.definition}
                conduct.order("amended", today, now, "simulation", a.why, data=data)
            for site, day in a.approvals.items():
                if day == today:
                    conduct.order("approved", today, now, "simulation", site=site, data=fingerprint)

    def in_force(self, first: Trial, site: str, day: date) -> Trial:
        """How the trial will be defined at a site on a day; ``first``: before all of them."""
        found = first
        for a in self.planned:
            per_site = a.trial.amendments is not None and a.trial.amendments.per_site
            since = a.approvals.get(site) if per_site else a.on
            if since is not None and max(since, a.on) <= day:
                found = a.trial
        return found

    def given(self, conduct: Conduct, patient: str, day: date, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A dose as drawn, at the same share of what is planned at the patient's site on that day."""
        known = conduct.patients[patient]
        return at_plan(data, known.arm, conduct.trial, conduct.definitions.at(known.site, day))


def at_plan(data: Mapping[str, Any], arm: str, before: Trial, now: Trial) -> Mapping[str, Any]:
    """A dose as planned ``before``, at the same share of what is planned ``now``."""
    was, is_ = (next((t for t in p.arm_by_name[arm].regimen if t.drug == data["drug"]), None) for p in (before, now))
    if was is None or is_ is None or was.dose is None or is_.dose is None or was.dose == is_.dose:
        return data
    return {**data, "dose": round(is_.dose * data["dose"] / was.dose, 2)}
