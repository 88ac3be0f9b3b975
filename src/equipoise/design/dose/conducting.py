"""A dose-finding design in a trial that is conducted: patients come one by one, and fill cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from equipoise.design.dose.dose_design import RANDOMISE, DoseDesign, Give, Seen
from equipoise.design.dose.exact import results
from equipoise.design.dose.history import Answer, after, answer, seen_of
from equipoise.design.dose.levels import dose_of, gone, level_of, named, shape_of
from equipoise.design.dose.meanwhile import in_time
from equipoise.trial.dose_outcomes import PatientOutcome, Treated


class Given(NamedTuple):
    """A patient in his turn: the number of the dose that he was assigned to, and what is known of him.

    ``beside``: he was backfilled; ``drawn``: his dose was given by lot.
    """

    dose: int
    outcome: PatientOutcome
    beside: bool = False
    drawn: bool = False


class Group(NamedTuple):
    """Patients of a cohort, who were backfilled together, or to whom a lottery gave the same dose; ``members``: their places among all, from 0."""

    treated: Treated
    members: tuple[int, ...]


@dataclass(frozen=True)
class Conducted:
    """A design as a running trial asks it."""

    design: DoseDesign[Any]

    @property
    def asks_when(self) -> bool:
        """True of a design that asks for the day of each DLT."""
        return bool(getattr(self.design, "asks_when", False))

    @property
    def waits_for_response(self) -> bool:
        """True of a design that decides by responses; False where a response, once it is seen, opens a dose for backfill, and nobody is waited for."""
        return self.design.of_response and bool(getattr(self.design, "waits_for_response", True))

    @property
    def asks_how_long(self) -> bool:
        """True of a design to which it matters for how long somebody who is pending was followed."""
        own: bool | None = getattr(self.design, "asks_how_long", None)
        return in_time(self.design) and not (self.by_lot or self.backfills) if own is None else own

    @property
    def by_lot(self) -> bool:
        """True of a design that gives doses by lot, if only after it has found one."""
        return bool(getattr(self.design, "at_random", False)) or self.lot_later

    @property
    def lot_later(self) -> bool:
        """True of a design that finds a dose and then gives doses by lot."""
        return bool(getattr(self.design, "lot_later", False))

    def waits_for_response_of(self, *, after_lot: bool) -> bool:
        """Whether a patient's response is waited for; ``after_lot``: his dose, or that of somebody before him, was given by lot."""
        return self.waits_for_response or (self.lot_later and after_lot)

    @property
    def backfills(self) -> bool:
        """True of a design that backfills."""
        return hasattr(self.design, "beside")

    def groups(self, given: Sequence[tuple[int, PatientOutcome, bool, bool]]) -> list[Group]:
        """See ``grouped``; each patient as a ``Given``."""
        return grouped(self.design, [Given(*g) for g in given])

    def next(self, cohorts: Sequence[Treated], window: float) -> Answer:
        """See ``next_dose``; doses by their numbers, of a combination too."""
        found = next_dose(self.design, cohorts, window)
        if len(shape_of(self.design)) == 1:
            return found
        return replace(found, dose=_number(self.design, found.dose), recommend=_number(self.design, found.recommend))

    def gone(self, cohorts: Sequence[Treated]) -> tuple[int, ...]:
        """The doses that are eliminated, by who is answered."""
        return gone(self.design, _state(self.design, cohorts))


def in_cohorts(design: DoseDesign[Any], given: Sequence[Given]) -> tuple[Treated, ...]:
    """See ``grouped``; without who is in which."""
    return tuple(g.treated for g in grouped(design, given))


def grouped(design: DoseDesign[Any], given: Sequence[Given]) -> list[Group]:
    """Patients in the order in which they were assigned, as the cohorts that they filled.

    A cohort ends where the dose changes, or where as many as the design asked for are evaluable or pending: who is not evaluable is
    replaced in it. Whoever was assigned to another dose than the design gave makes a cohort of the usual size. Who was backfilled is of no
    cohort, and ends none; those whom a lottery gave a dose are one group there.
    """
    found: list[Group] = []
    own: int | None = None  # the place of the cohort that is being filled
    drawn: dict[int, int] = {}
    state, folded, size = design.start(), 0, 0
    usual = _asked_for(design, state, None)
    pending = False
    for i, one in enumerate(given):
        here = Treated(level_of(design, one.dose), (one.outcome,), one.beside)
        joins: int | None
        if one.beside:
            joins = (
                len(found) - 1 if found and found[-1].treated.beside and found[-1].treated.level == here.level else None
            )
        elif one.drawn:
            joins, own = drawn.get(one.dose), None
            drawn.setdefault(one.dose, len(found))
        else:
            joins = (
                own
                if own is not None and found[own].treated.level == here.level and _counted(found[own].treated) < size
                else None
            )
        if joins is not None:
            before = found[joins]
            both = replace(before.treated, outcomes=(*before.treated.outcomes, one.outcome))
            found[joins] = Group(both, (*before.members, i))
            continue
        if not one.beside and not one.drawn:
            for group in found[folded:]:
                state = _folded(design, state, group.treated)
                pending = pending or (not group.treated.beside and any(o.letter == "P" for o in group.treated.outcomes))
            folded, own = len(found), len(found)
            size = (None if pending else _asked_for(design, state, one.dose)) or usual or 1
        found.append(Group(here, (i,)))
    return found


def next_dose(design: DoseDesign[Any], cohorts: Sequence[Treated], window: float) -> Answer:
    """What comes next. A cohort that is not full is filled, unless what is known of it already leads lower whatever the others have, or has
    eliminated its dose. Of a lottery's doses none is a cohort.

    ``window``: days for which each is followed, for a design that decides meanwhile.
    """
    asked = answer(design, cohorts, window)
    before, last = _last_cohort(cohorts)
    if last is None or asked.action == RANDOMISE:
        return asked
    dose = _dose(design, last)
    missing = _size(design, before, dose) - _counted(last)
    if missing <= 0 or (_pending(before) and not in_time(design)) or _leads_lower(design, before, last, missing, asked):
        return asked
    if dose in gone(design, _state(design, cohorts)):
        return asked  # what is known of it has eliminated the dose: nobody else is given it
    name = named(design, dose)
    why = f"{_counted(last)} of {_counted(last) + missing} patients of this cohort at dose {name}: {missing} more."
    replaced = sum(o.letter == "X" for o in last.outcomes)
    because = (why, f"{replaced} not evaluable, replaced.") if replaced else (why,)
    called = design.verdict(_state(design, before)).called or "stay"
    return replace(asked, action=called, dose=name, size=missing, because=because, bound=())


def _leads_lower(
    design: DoseDesign[Any], before: Sequence[Treated], last: Treated, missing: int, asked: Answer
) -> bool:
    """Whether what is known of a cohort that is not full ends the trial or leads lower, whatever the others have: of a design that decides from DLTs
    alone, though nobody else has one.

    A cohort without a DLT of its own is filled where the design, as all is known now, still asks for it: a dose to which it goes back may have had
    so many before that it would be left again without any more.
    """
    here, state = _dose(design, last), _state(design, before)
    asks = design.verdict(state).action
    as_asked = not any(o.letter in "TB" for o in last.outcomes) and isinstance(asks, Give) and asks.dose >= here
    if in_time(design):
        if asked.action == "declare":  # the dose below, with nobody to be treated any more
            return asked.dose is not None and int(asked.dose) < here
        return asked.action in ("stop", "de-escalate") and (_pending(before) or not as_asked)
    if design.of_response:
        told = seen_of([o.letter for o in last.outcomes])
        size = _counted(last) + missing
        if as_asked and _lower_whatever(design, state, here, seen_of(""), size):
            return False
        return _lower_whatever(design, state, here, told, size - told.n)
    if as_asked:
        return False
    known = ["N" if o.letter == "P" else o.letter for o in last.outcomes]
    now = design.verdict(design.step(state, here, seen_of(known))).action
    then = design.verdict(design.step(state, here, seen_of([*known, *"N" * missing]))).action
    if isinstance(then, Give):
        return then.dose < here
    # An end that only a full cohort brings, as by the number of patients, is no reason not to fill it.
    return not then.declares or not isinstance(now, Give)


def _lower_whatever(design: DoseDesign[Any], state: Any, here: int, told: Seen, unknown: int) -> bool:
    """Whether a cohort of whom ``told`` is known leads lower whatever the others have."""
    more = (seen for seen, _ in results(unknown, of_response=True))
    return all(_lower(design, design.step(state, here, told + seen), here) for seen in more)


def _lower(design: DoseDesign[Any], state: Any, here: int) -> bool:
    action = design.verdict(state).action
    return action.dose < here if isinstance(action, Give) else not action.declares


def _state(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Any:
    """The design's state after cohorts, without those who are pending."""
    state = design.start()
    for cohort in cohorts:
        state = _folded(design, state, cohort)
    return state


def _folded(design: DoseDesign[Any], state: Any, cohort: Treated) -> Any:
    return after(
        design, state, _dose(design, cohort), seen_of([o.letter for o in cohort.outcomes]), beside=cohort.beside
    )


def _dose(design: DoseDesign[Any], cohort: Treated) -> int:
    """The number of a cohort's dose."""
    found = dose_of(design, cohort.level)
    assert found is not None, "histories are taken in before"
    return found


def _number(design: DoseDesign[Any], name: int | str | None) -> int | None:
    """The number of a dose by its name, '2.3'."""
    return None if name is None else dose_of(design, [int(k) for k in str(name).split(".")])


def _last_cohort(cohorts: Sequence[Treated]) -> tuple[list[Treated], Treated | None]:
    """The last cohort of the design's own, and all else."""
    place = next((i for i in range(len(cohorts) - 1, -1, -1) if not cohorts[i].beside), None)
    if place is None:
        return list(cohorts), None
    return [*cohorts[:place], *cohorts[place + 1 :]], cohorts[place]


def _pending(cohorts: Sequence[Treated]) -> bool:
    """Whether somebody of the design's own cohorts is pending."""
    return any(o.letter == "P" for c in cohorts if not c.beside for o in c.outcomes)


def _counted(cohort: Treated) -> int:
    """Who is evaluable, or may come to be."""
    return sum(o.letter != "X" for o in cohort.outcomes)


def _size(design: DoseDesign[Any], before: Sequence[Treated], dose: int) -> int:
    """How many the design asks for at this dose after these cohorts; the size of a first cohort where it asks for none there."""
    asked = None if _pending(before) else _asked_for(design, _state(design, before), dose)
    return asked or _asked_for(design, design.start(), None) or 1


def _asked_for(design: DoseDesign[Any], state: Any, dose: int | None) -> int | None:
    """How many the design asks for in a state, at a dose where one is named; None where it asks for none there."""
    action = design.verdict(state).action
    return action.size if isinstance(action, Give) and dose in (None, action.dose) else None


@dataclass(frozen=True)
class Unfinished:
    """A cohort of which answers are to come: the state before it, its dose, what is known of it.

    ``to_come``: of who is pending, and of who is still to be treated in it.
    """

    before: Any
    dose: int
    known: Seen
    to_come: int


def unfinished(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Unfinished | None:
    """The last cohort, where answers of it are to come; None where there are none."""
    before, last = _last_cohort(cohorts)
    if last is None:
        return None
    known, dose = seen_of([o.letter for o in last.outcomes]), _dose(design, last)
    to_come = max(_size(design, before, dose), _counted(last)) - known.n
    return Unfinished(_state(design, before), dose, known, to_come) if to_come > 0 else None


def pending_before(cohorts: Sequence[Treated]) -> int:
    """Who is pending beside the last cohort."""
    before, _ = _last_cohort(cohorts)
    return sum(o.letter == "P" for c in before for o in c.outcomes)
