"""Read a trial's log: verify it, and say what was known on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from equipoise.analyse.data import cut
from equipoise.conduct.allocations import allocations_in_words, secret_in_words
from equipoise.conduct.conduct import replay
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.levels_remade import levels_remade
from equipoise.conduct.remade import remade
from equipoise.conduct.sealed import Sealed
from equipoise.conduct.visibility import Reader
from equipoise.desk.order import read_secret, unmask
from equipoise.desk.outside import NOTHING, Outside, hold, kept
from equipoise.desk.reading import knows_all_of, may_read, reader_of, shown_to
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.files.definition import trial_of
from equipoise.files.secret_file import Apart
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.role import View
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import not_shown, refuse_withheld


@dataclass(frozen=True)
class Verified:
    """A log whose chain is whole, in which nothing is impossible, and which holds every head that it was held against.

    ``witnessed``: how many checkpoints are in it, None where it was not held against any.
    ``unended``: the last line lacks its newline. ``removed``: events whose content was removed, as later ones say. ``withheld``: events of which
    a part is withheld from whoever was given this log; where there are any, only the chain was verified. ``allocations``: what was checked of
    them, and found, in sentences.
    """

    ok: bool
    events: int
    hash: str
    #: of a last line that was begun; None where there are some and the reader may not know how many, for a name's length tells an arm
    torn_bytes: int | None
    unended: bool
    removed: int
    withheld: int
    witnessed: int | None = None
    notes: Sequence[str] = ()
    allocations: Sequence[str] = ()


#: What a log is found to hold, in place of what the reader may not know.
_NOT_TOLD = Problem(
    "not-told", "log", "an event that is impossible", "records that you may not see", "ask who holds a role that sees them"
)  # fmt: skip


def verify(
    trial: Trial,
    store: LogStore,
    unblind: Path | None = None,
    secret: Path | None = None,
    apart: Apart | None = None,
    outside: Outside = NOTHING,
    person: str | None = None,
) -> Verified:
    """Verify the chain, and judge every event again; with the secret of a masked trial also its codes, and events by arm.

    ``secret``: with it every allocation is made again. ``outside``: witnessed heads, receipts and time stamps that the chain is held against.
    Raises BadInput with every event that is impossible under the definition in force at its site and day, or whose arm is another one, as far
    as the reader may know of it, with each way in which the log is not what was witnessed, and where the trial at hand is not the one that the
    log was last opened or amended with.
    """
    against = kept(trial, outside)
    reading = read_for(store, person)
    reader = reader_of(trial, reading.log, person)
    if unblind is not None or secret is not None:
        may_read(trial, reader, "by arm")
    log, withheld = reading.log, not_shown(reading.log)
    definitions = Definitions.of(trial, log, trial_of)
    shown = unmask(trial, log, unblind, apart) if unblind is not None and not withheld else log
    impossible = [] if withheld else replay(trial, list(shown), trial_of)
    said = [] if withheld else _of_allocations(trial, log, reader)
    if secret is not None:
        by_secret = Sealed(trial, read_secret(trial, secret, "--secret", apart or {}))
        by_secret.committed(e.data["commitment"] for e in log if e.kind == "sealed")
        if withheld:
            allowed = "a log of which nothing is withheld: allocations are made again from all of it"
            raise BadInput(str(store), [Problem("withheld", "--secret", f"{withheld} events", allowed)])
        if not impossible or {p.code for _, p in impossible} <= {"not-in-blocks"}:
            defined, events = definitions.recorded_before, list(log)
            found = remade(events, by_secret, defined) + levels_remade(events, by_secret, defined)
            impossible += found.other
            said = [*said, *found.in_words(by_secret.secrets)]
    told = [
        Problem(p.code, f"event {e.number}: {p.where}", p.given, p.allowed, p.next_step)
        for e, p in impossible
        if knows_all_of(reader, e)
    ]
    if len(told) < len(impossible):
        told.append(_NOT_TOLD)
    changed = definitions.another()
    held = hold(log, against, reader)
    if told or held.problems or changed is not None:
        raise BadInput(str(store), [*([changed] if changed is not None else []), *told, *held.problems])
    removed, torn = sum(e.kind == REMOVED for e in log), len(reading.torn or b"")
    told_of_torn = torn if reader is None or reader.whole or not torn else None
    return Verified(
        True,
        len(log),
        log.head,
        told_of_torn,
        reading.unended,
        removed,
        withheld,
        held.agreed,
        [*held.notes, *store.cautions()],
        said,
    )


def _of_allocations(trial: Trial, log: Log, reader: Reader | None) -> list[str]:
    """What was judged of the allocations without a secret; for who sees the patients of some sites, or none, without how many there are."""
    if reader is None or reader.whole or reader.all_patients:
        return allocations_in_words(trial, list(log))
    return secret_in_words(list(log))


@dataclass(frozen=True)
class PatientKnown:
    """One patient's events as known on a day."""

    as_known_on: date
    patient: str
    events: Sequence[Event]

    def table(self) -> Table:
        """The events under each other."""
        rows: list[list[Cell]] = [
            [e.number, str(e.happened), e.kind, ", ".join(f"{k} {v}" for k, v in e.data.items()), e.by]
            for e in self.events
        ]
        title = f"{self.patient} as known on {self.as_known_on}"
        return Table(title, ["Event", "Happened", "What", "Details", "By"], rows)


@dataclass(frozen=True)
class Known:
    """The trial as known on a day, in numbers by arm, those of masked patients together; ``cohorts``: the same of each cohort, everybody in it."""

    as_known_on: date
    events: int
    hash: str
    sites_open: int
    screened: int
    arms: Mapping[str, Mapping[str, int]]
    cohorts: Mapping[str, Mapping[str, Mapping[str, int]]] | None = None

    def table(self, trial: Trial) -> Table:
        """The arms under each other."""
        label = {MASKED: "Arms masked", **{name: arm.label for name, arm in trial.arm_by_name.items()}}
        rows: list[list[Cell]] = [[label[a], *c.values()] for a, c in self.arms.items()]
        for name, arms in (self.cohorts or {}).items():
            rows += [[f"{name}: {label[a]}", *c.values()] for a, c in arms.items()]
        where = f"{self.sites_open} sites open, {self.screened} screened"
        columns = ["Arm", "Randomised", "Died", "Progressed", "Withdrew", "Lost"]
        return Table(f"{trial.id} as known on {self.as_known_on}: {where}", columns, rows)


def _shown(trial: Trial, store: LogStore, person: str | None, view: View) -> tuple[Reader | None, Log]:
    """The reader, where there are any, and the log as he may see it for a page."""
    log = read_for(store, person).log
    refuse_withheld(log, str(store))
    reader = reader_of(trial, log, person)
    may_read(trial, reader, view)
    return reader, shown_to(reader, log)


def as_known_on(trial: Trial, store: LogStore, day: date, person: str | None = None) -> Known:
    """What was recorded by ``day``, corrections of then included; the arms together for a reader who may not have them apart."""
    reader, log = _shown(trial, store, person, "counts")
    apart = reader is None or "by arm" in reader.views
    snap = cut(trial, log, day, day)
    cohorts = {n: _by_arm(v, [p for p in snap.randomised if p.cohort == n], apart) for n, v in trial.views.items()}
    counts = _by_arm(trial, snap.randomised, apart)
    sites = sum(e.kind == "site activated" for e in snap.events)
    screened = sum(p.screened is not None for p in snap.patients.values())
    return Known(day, len(snap.events), snap.head, sites, screened, counts, cohorts or None)


def _by_arm(trial: Trial, patients: Sequence[Patient], apart: bool) -> dict[str, dict[str, int]]:
    counts: dict[str, Any] = {}
    masked = [p for p in patients if p.masked]
    groups = {arm.name: [p for p in patients if p.arm == arm.name] for arm in trial.arms}
    if not apart:
        groups = {MASKED: list(patients)}
    elif masked:
        groups = {MASKED: masked} | {k: v for k, v in groups.items() if v}
    for name, group in groups.items():
        counts[name] = {
            "randomised": len(group),
            "died": sum(p.died is not None for p in group),
            "progressed": sum(p.first_progression is not None for p in group),
            "withdrew": sum(p.withdrawn is not None for p in group),
            "lost": sum(p.lost is not None for p in group),
        }
    return counts


def patient_as_known_on(
    trial: Trial, store: LogStore, day: date, patient: str, person: str | None = None
) -> PatientKnown:
    """One patient's events that were recorded by ``day``, as the reader may see them."""
    _, log = _shown(trial, store, person, "record")
    snap = cut(trial, log, day, day)
    return PatientKnown(day, patient, [e for e in snap.events if e.patient == patient])
