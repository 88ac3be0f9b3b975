"""Amend a trial: say what changed, record the new definition, and the day of each site's approval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from equipoise.conduct.authority import CODES
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.definitions import Definitions, Edition
from equipoise.desk.opening import load_trial
from equipoise.desk.order import Ordered, give, now
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for, refused_to
from equipoise.desk.witness import Witness
from equipoise.files.amendments import read_amendments
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.trial.changes import Change, changes
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Amended:
    """An amendment, recorded or (``event`` None) only shown: what changes, and whether it takes effect by site.

    ``changes`` is None where the log was opened before definitions were carried: then the fingerprints say that it changed, and not what.
    ``problems``: why it would be refused, of one that is only shown.
    """

    trial: str
    fingerprint: str
    before: str
    changes: Sequence[Change] | None
    per_site: bool
    event: Event | None = None
    hash: str | None = None
    torn_line_set_aside: str | None = None
    last_line_ended: bool = False
    checkpoint: str | None = None
    notes: Sequence[str] = ()
    problems: Sequence[Problem] = field(default=())


def next_definition(name: str, store: LogStore, by: str) -> Trial:
    """The definition with which the log is to be amended: the file as it is or, where the log goes with it, its next amendment beside it."""
    trial = load_trial(name)
    made = [trial, *(a.trial for a in read_amendments(find_trial(name)))]
    last = Definitions.of(trial, read_for(store, by).log).last
    prints = [t.fingerprint for t in made]
    if last is None or last.fingerprint not in prints:
        return made[-1]
    return made[min(prints.index(last.fingerprint) + 1, len(made) - 1)]


def amend(
    new: Trial,
    store: LogStore,
    on: date,
    by: str,
    why: str,
    allow: Sequence[str] = (),
    *,
    dry: bool = False,
    key: str = "",
    witness: Witness | None = None,
) -> Amended:
    """Amend the log with ``new``; ``dry`` shows it and records nothing. Raises BadInput with the reasons where it is refused."""
    log = read_for(store, by).log
    before = Definitions.of(new, log, trial_of).last
    told = Amended(
        new.id, new.fingerprint, before.fingerprint if before is not None else "",
        changes(before.text, new.definition) if before is not None and before.text else None,
        new.amendments is not None and new.amendments.per_site,
    )  # fmt: skip

    def order(conduct: Conduct, at: datetime) -> Event:
        conduct.refuse_who_may_not("amended", at, by)
        if not why.strip():
            raise BadInput("amend", [Problem("no-reason", "why", "nothing", "an amendment states its reason", "--why")])
        data = {
            "fingerprint": new.fingerprint,
            "definition": new.definition,
            **({"allowed": list(allow)} if allow else {}),
        }
        return conduct.order("amended", on, at, by, why, data=data, key=key)

    if dry:
        at = max(now(), log[len(log) - 1].recorded)
        conduct = Conduct(new, log, takes=False, read=trial_of)
        try:
            order(conduct, at)
        except BadInput as bad:
            refused = refused_to(by, bad, conduct, lambda c: order(c, at))
            if any(p.code in CODES for p in refused.problems):
                raise refused from None  # what would change is not for who may not amend it
            return _with(told, problems=refused.problems)
        return told
    done = give(new, store, order, amends=True, witness=witness, by=by)
    return _with(told, **vars(done))


def _with(told: Amended, **more: object) -> Amended:
    return Amended(**{**vars(told), **more})


def approve(
    trial: Trial,
    store: LogStore,
    site: str,
    on: date,
    by: str,
    why: str = "",
    amendment: int | None = None,
    key: str = "",
    witness: Witness | None = None,
) -> Ordered:
    """Record the day of a site's approval of an amendment: the last, or the one of event ``amendment``."""

    def order(conduct: Conduct, at: datetime) -> Event:
        conduct.refuse_who_may_not("approved", at, by)
        edition = _amendment(conduct.definitions, amendment)
        return conduct.order("approved", on, at, by, why, site=site, data={"fingerprint": edition.fingerprint}, key=key)

    return give(trial, store, order, witness=witness, by=by)


def _amendment(definitions: Definitions, number: int | None) -> Edition:
    amended = definitions.editions[1:]
    found = next((e for e in reversed(amended) if number in (None, e.number)), None)
    if found is None:
        known = ", ".join(str(e.number) for e in amended) or "none is recorded"
        given = "the last" if number is None else str(number)
        raise BadInput(
            "approve", [Problem("no-amendment", "amendment", given, f"an event that amends: {known}", "conduct amend")]
        )
    return found
