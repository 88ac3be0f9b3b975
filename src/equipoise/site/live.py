"""The trial as a process of the site app has it: one ``Conduct``, caught up by number at each request, behind a lock.

An order goes the way of the command line's (``desk.order``: the same judge, the same authority, the same key), and its author is
whose session it is. A page is made from ``shown``: the log as its reader may see it, and nothing else.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.visibility import Reader
from equipoise.desk import opening, order, oversight, restore, taken_away
from equipoise.desk.people import AuthorisedOn, authorised_by
from equipoise.desk.reading import reader_by
from equipoise.desk.told import refused_to
from equipoise.desk.witness import Witness, witness_of
from equipoise.files.definition import trial_of
from equipoise.files.log_address import address_of
from equipoise.site.access import Access
from equipoise.site.errors import UNANSWERED
from equipoise.site.folder import Installation
from equipoise.site.shown import Shown
from equipoise.site.viewed import Viewed, viewed
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput, Problem

#: Views of so many readers are kept, each until the log grows.
_VIEWS = 64
Ordering = Callable[[Conduct, datetime], Event]


@dataclass(frozen=True)
class Answer:
    """What became of an order: the event that stands in the log with its hash, or the problems, and then nothing was recorded.

    ``arm``: told by an emergency unblinding, which no record holds.
    """

    event: Event | None = None
    hash: str = ""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    arm: str = ""

    @property
    def ok(self) -> bool:
        """True where it was recorded, now or before under the same key."""
        return self.event is not None


class Live:
    """One trial's log, read by this process."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.access = Access(installation.access)
        self._key = installation.key("addresses").encode()
        self._address = address_of(installation.log)
        self._lock = threading.RLock()
        self._conduct: Conduct | None = None
        #: What each reader saw last; it is gone on with where the log grew, and nothing else changed.
        self._views: OrderedDict[str, Viewed] = OrderedDict()
        trial = opening.load_trial(installation.trial)
        self.trial_id, self.store = trial.id, opening.log_of(trial, self._address)

    def begin(self) -> None:
        """Read the log before the first request does; what is wrong with it the pages say."""
        with self._lock, suppress(BadInput):
            self._caught_up()

    def shown(self, person: str) -> Shown:
        """The trial as ``person`` may see it now. Raises BadInput for who holds no role, or is not trained in what is asked."""
        with self._lock:
            conduct = self._caught_up()
            before = self._views.get(person)
            if before is None or before.length != len(conduct.log):
                reader = self._reader(conduct, person)
                before = self._views[person] = viewed(before, person, conduct, reader, self._key)
                while len(self._views) > _VIEWS:
                    self._views.popitem(last=False)
            self._views.move_to_end(person)
            return before.shown

    def order(self, by: str, ordering: Ordering) -> Answer:
        """Carry out an order of ``by``; the answer is that of the log, once it lasts there."""
        with self._lock:
            try:
                conduct = self._caught_up()
                done = order.give(conduct.trial, self.store, ordering, None, conduct, self._witness(), by=by)
            except BadInput as bad:
                return Answer(problems=bad.problems)
            except BaseException:
                self._conduct = None  # what it has taken in is not known: read anew
                raise
            return Answer(done.event, done.hash, notes=tuple(done.notes))

    def would(self, by: str, ordering: Ordering) -> tuple[Problem, ...]:
        """Why an order of ``by`` would be refused, in words that he may know; nothing is recorded."""
        with self._lock:
            conduct = self._caught_up()
            at = max(self.store.now() or order.now(), conduct.log[len(conduct.log) - 1].recorded)
            try:
                ordering(conduct, at)
            except BadInput as bad:
                return refused_to(by, bad, conduct, lambda c: ordering(c, at)).problems
            return ()

    def unblind(self, by: str, patient: str, on: date, reason: str, why: str, key: str) -> Answer:
        """Tell one masked patient's arm, once that it is told is recorded."""
        with self._lock:
            try:
                trial = self._caught_up().trial
                by_secret = self._allocation(trial)
                done = order.unblind(trial, self.store, patient, on, by, reason, why, by_secret, key, self._witness())
            except BadInput as bad:
                return Answer(problems=bad.problems)
            return Answer(done.event, done.hash, notes=tuple(done.notes), arm=done.arm)

    def behind(self) -> tuple[Problem, ...]:
        """Why nobody is randomised for now: heads that were witnessed and that the log has not, as after a restored back-up; () where all are there."""
        with self._lock:
            if not self._behind():
                return ()
            with self.store.held():  # a head that another process has witnessed since the log was read is none of them
                return self._behind()

    def reconcile(self, by: str, why: str) -> Answer:
        """Record that ``by`` knows what was witnessed and is lost: after it patients are randomised again."""
        with self._lock:
            witness = self._witness()
            try:
                if witness is None:
                    allowed = "an installation with a folder of witnessed heads"
                    raise BadInput("reconcile", [Problem("no-witness", "witness", "none", allowed)])
                done = restore.reconcile(self._caught_up().trial, self.store, witness, by, why)
            except BadInput as bad:
                return Answer(problems=bad.problems)
            return Answer(done.event, done.hash, notes=tuple(done.notes))

    def to_sign(self, patient: str, cutoff: date) -> oversight.Shown:
        """What a signature of a patient's record by a day would be of."""
        with self._lock:
            return oversight.to_sign(self._caught_up(), patient, cutoff)

    def taken_away(self, person: str, what: str) -> bytes:
        """A file for ``person``, made now from what he sees (``desk.taken_away``)."""
        with self._lock:
            conduct = self._caught_up()
            _, made = taken_away.MADE[what]
            return made(conduct.trial, conduct.log, self._reader(conduct, person), order.now())

    def hash_of(self, number: int) -> str:
        """The hash of an event: the receipt of who gave it."""
        with self._lock:
            return self._caught_up().log.hash_at(number)

    def authorised(self, day: date) -> AuthorisedOn:
        """The authorised persons of a day, for who has the page of people."""
        with self._lock:
            conduct = self._caught_up()
            return authorised_by(conduct.trial, conduct.log, day)

    def holds_role(self, person: str) -> bool:
        """True of who holds any role now."""
        with self._lock:
            return bool(self._caught_up().people.held(person))

    def _caught_up(self) -> Conduct:
        conduct = self._conduct
        if conduct is not None:
            conduct.catch_up(self.store.read(len(conduct.log), conduct.log.head).log)
            if conduct.definitions.another() is not None:  # amended by another process
                conduct = None
        if conduct is None:
            self._views.clear()
            trial = opening.load_at_hand(self.installation.trial, self._address, None)
            log = self.store.read().log
            conduct = Conduct(trial, log, self._allocation(trial), order.salts, takes=False, read=trial_of)
            if not conduct.people.kept:
                allowed = "a log that was opened with people: the app asks who gives an order"
                raise BadInput(str(self.store), [Problem("no-people", "log", "a log of one operator", allowed)])
        self._conduct = conduct
        return conduct

    def _behind(self) -> tuple[Problem, ...]:
        conduct, witness = self._caught_up(), self._witness()
        try:
            if witness is not None:
                witness.refuse_behind(conduct.trial, conduct.log)
        except BadInput as bad:
            return bad.problems
        return ()

    def _reader(self, conduct: Conduct, person: str) -> Reader:
        # A copy: it stays as it is while a page is made, whoever gives an order meanwhile.
        return reader_by(conduct.trial, conduct.people.copy(), conduct.definitions, person)

    def _allocation(self, trial: Any) -> Any:
        secret = self.installation.secret
        return order.allocation(
            trial, secret if secret.exists() else None, order.apart(self.installation.trial, self._address)
        )

    def _witness(self) -> Witness | None:
        folder, key = self.installation.witness, self.installation.keys / "signing.key"
        return witness_of(folder, key) if folder.is_dir() and key.exists() else None


_live: Live | None = None


def use(live: Live) -> Live:
    """The trial that this process serves."""
    global _live
    _live = live
    return live


def current() -> Live:
    """The trial that is served. Raises RuntimeError before there is one."""
    if _live is None:
        raise RuntimeError("no trial is served: equipoise.site.serving sets one up")
    return _live


def person_of(request: HttpRequest) -> str:
    """Whose session it is, by the name under which the log knows him: the author of every order. Never a field of a form."""
    if not request.user.is_authenticated:
        raise PermissionError("nobody is logged in")
    return str(request.user.get_username())


def shown(request: HttpRequest) -> Shown:
    """The trial as who is logged in may see it; one state for the whole of a request."""
    found: Shown | None = getattr(request, "equipoise_shown", None)
    if found is None:
        found = current().shown(person_of(request))
        request.equipoise_shown = found  # type: ignore[attr-defined]
    return found


def reader_of(request: HttpRequest) -> Reader:
    """Who reads: his grants, as the log has them now. Raises BadInput for who holds no role."""
    return shown(request).reader


def give(
    request: HttpRequest,
    kind: str,
    patient: str = "",
    happened: date | None = None,
    data: Mapping[str, Any] | None = None,
    corrects: int | None = None,
    why: str | None = None,
    key: str = "",
    *,
    site: str = "",
    void: bool = False,
) -> Answer:
    """Give an order as who is logged in: the committed event, or the problems.

    ``happened``: the day on which it did, today (UTC) unless given. ``corrects``: the number of the event that is corrected, with ``data`` its new
    details (None for one that was never there) or, with ``void``, taken back. ``key``: of this order's own; repeated under it, it answers the
    event that was recorded the first time. 'randomised' takes no arm: the list gives it.
    """
    by, said, reason = person_of(request), dict(data or {}), why or ""

    def ordering(conduct: Conduct, now: datetime) -> Event:
        on = happened or now.date()
        if corrects is not None:
            factors = said.pop("factors", None)
            return conduct.correct(corrects, now, by, reason, happened, said or None, void, factors, key)
        if kind == "randomised":
            return conduct.randomise(patient, on, now, by, reason, key)
        if kind == "enrolled":
            return conduct.enrol(
                patient,
                on,
                now,
                by,
                said.get("factors"),
                reason,
                str(said.get("cohort", "")),
                key,
                baseline=said.get("baseline"),
            )
        return conduct.order(kind, on, now, by, reason, patient, site, said, key=key)

    return _answered(request, current().order(by, ordering))


def would(by: str, ordering: Ordering) -> tuple[Problem, ...]:
    """Why an order of ``by`` would be refused; nothing is recorded."""
    return current().would(by, ordering)


def unblind(request: HttpRequest, patient: str, on: date, reason: str, why: str, key: str) -> Answer:
    """Tell who is logged in one masked patient's arm, once that it is told is recorded."""
    return _answered(request, current().unblind(person_of(request), patient, on, reason, why, key))


def reconcile(request: HttpRequest, why: str) -> Answer:
    """Record, as who is logged in, that witnessed heads are lost."""
    return _answered(request, current().reconcile(person_of(request), why))


def _answered(request: HttpRequest, answer: Answer) -> Answer:
    """The log may have grown; and where the store gave no answer in time the page says so (``middleware.Refusals``)."""
    request.equipoise_shown = None  # type: ignore[attr-defined]
    request.equipoise_unanswered = any(p.code in UNANSWERED for p in answer.problems)  # type: ignore[attr-defined]
    return answer
