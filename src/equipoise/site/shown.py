"""The trial as one person may see it: what every page is made from."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from equipoise.analyse.data import cut
from equipoise.analyse.grown import grown
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.people import Grant, People
from equipoise.conduct.standing import ENROLMENT, Standing
from equipoise.conduct.visibility import Reader
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import Site
from equipoise.trial.role import View
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

T = TypeVar("T")
#: So many things are kept of each patient from one view to the next; the names of the older ones hold a day that is over.
_MOST_KEPT = 8


@dataclass(frozen=True, eq=False)
class Shown:
    """What ``person`` may see: ``log`` holds that and no more."""

    person: str
    definitions: Definitions
    reader: Reader
    log: Log
    key: bytes

    @property
    def trial(self) -> Trial:
        """The trial, as it was last defined."""
        return self.definitions.trial

    @property
    def people(self) -> People:
        """Who may do what."""
        return self.reader.people

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """The names of the person's roles."""
        return tuple(dict.fromkeys(g.role.name for g in self.reader.grants))

    def grants(self, kind: str) -> list[Grant]:
        """The person's grants under which he may order events of a kind, by role; what the log says beyond that its judge says."""
        return [g for g in self.reader.grants if kind in g.role.orders]

    def may(self, kind: str) -> bool:
        """True where a role of his has this order."""
        return bool(self.grants(kind))

    def reads(self, view: View) -> bool:
        """True where he has pages of this kind."""
        return view in self.reader.views

    def sites_for(self, kind: str) -> list[Site]:
        """The sites at which he may give this order, in the trial file's order."""
        names = {s for g in self.grants(kind) for s in g.sites}
        return [s for s in self.trial.sites if s.name in names]

    @cached_property
    def sites(self) -> list[Site]:
        """The sites whose patients he sees: those of his grants, or all."""
        own = {s for g in self.reader.grants for s in g.sites}
        return [s for s in self.trial.sites if self.reader.all_patients or self.reader.whole or s.name in own]

    # -- the record -------------------------------------------------------------------------------------------------

    @lru_cache(maxsize=8)  # noqa: B019 - a view lives no longer than the log stays as it is
    def known_on(self, day: date) -> Snapshot:
        """What was recorded by the end of a day, as he may see it."""
        return cut(self.trial, self.log, day, day, fingerprint=False)

    @cached_property
    def today(self) -> Snapshot:
        """What is known now; a site's tomorrow may be today already."""
        return self.known_on(_tomorrow())

    @property
    def patients(self) -> Mapping[str, Patient]:
        """The patients whom he sees, by their numbers."""
        return self.today.patients if self.reads("record") else {}

    @cached_property
    def record(self) -> Mapping[str, Sequence[Event]]:
        """All that was ever recorded of each patient, corrections and what they corrected."""
        found: dict[str, list[Event]] = {}
        for e in self.log:
            if e.patient:
                found.setdefault(e.patient, []).append(e)
        return found

    def events_of(self, patient: str) -> Sequence[Event]:
        """All that was ever recorded of a patient, corrections and what they corrected."""
        return self.record.get(patient, ())

    def of_each(self, what: str, make: Callable[[Patient], T]) -> dict[str, T]:
        """What ``make`` finds of each patient whom he sees. It is kept, under the name ``what``, for as long as the patient's record stays as it is."""
        kept, found = self._kept.setdefault(what, {}), dict[str, T]()
        for name, patient in self.patients.items():
            was = kept.get(name)
            if was is None or was[0] is not patient:
                was = kept[name] = (patient, make(patient))
            found[name] = was[1]
        return found

    @cached_property
    def _kept(self) -> dict[str, dict[str, tuple[Patient, Any]]]:
        return {}

    def go_on(self, before: Shown, new: Sequence[Event]) -> None:
        """Begin with what was made of the log ``before`` it had its ``new`` events, where that was asked for: the rest stays as it was."""
        made, mine = vars(before), vars(self)
        mine["_kept"] = dict(list(before._kept.items())[-_MOST_KEPT:])
        if "record" in made or "today" in made:
            record = dict(before.record)
            for e in new:
                if e.patient:
                    record[e.patient] = [*record.get(e.patient, ()), e]
            mine["record"] = record
        if "today" in made and before.today.known_on == _tomorrow():
            today = grown(self.trial, before.today, new, self.record)
            if today is not None:
                mine["today"] = today

    def history(self, event: Event) -> list[Event]:
        """The events that one stands for, the first first: it, and all that it corrected."""
        by_number, found = {e.number: e for e in self.log}, [event]
        while found[0].corrects is not None and found[0].corrects in by_number:
            found.insert(0, by_number[found[0].corrects])
        return found

    @cached_property
    def standing(self) -> Standing:
        """Which sites are open since when, and whether enrolment is."""
        found = Standing()
        for e in self.today.events:
            if e.kind == "site activated":
                found.sites[e.site] = e.happened
            elif e.kind in ENROLMENT:
                found.change(e)
        return found

    def enrolment(self, cohort: str = "") -> str:
        """'open', 'paused' or 'closed'."""
        states = [state for _, _, state in self.standing.states(cohort)]
        return states[-1] if states else "open"

    # -- addresses --------------------------------------------------------------------------------------------------

    def key_of(self, patient: str) -> str:
        """What stands for a patient in an address: nobody reads a number or a site from it."""
        digest = hmac.digest(self.key, f"patient {patient}".encode(), "sha256")
        return base64.b32encode(digest[:10]).decode().lower()

    def patient_at(self, key: str) -> Patient | None:
        """The patient whom an address means, if he is one of those who are seen."""
        return self._by_key.get(key)

    @cached_property
    def _by_key(self) -> dict[str, Patient]:
        return {self.key_of(name): p for name, p in self.patients.items()}

    @cached_property
    def mark(self) -> str:
        """Changes when what he sees changes, which is never without an event that he is shown, and tells nothing else."""
        last = self.log.last
        said = (
            f"{self.person} {len(self.log)} {last.number} {last.kind} {last.recorded}"
            if last is not None
            else self.person
        )
        return hmac.new(self.key, said.encode(), "sha256").hexdigest()[:16]


def _tomorrow() -> date:
    return datetime.now(UTC).date() + timedelta(days=1)


def days(shown: Shown) -> Sequence[date]:
    """The first and the last day on which anything that he sees was recorded."""
    log = shown.log
    return (log[0].recorded.date(), log[len(log) - 1].recorded.date()) if len(log) else ()
