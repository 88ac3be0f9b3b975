"""Rules beside a dose-finding design, as values: each says what it asks for, all are asked, and the most cautious wins.

Order cannot matter: what is asked for is ranked, from stopping without a dose over stopping with one to giving no dose above
another, and the lowest rank is taken. Every rule that spoke is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from equipoise.design.dose.counts import Counts
from equipoise.design.dose.dose_design import DoseVerdict, End, Give
from equipoise.design.dose.isotonic import chance_above


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule asks for: the end, or no dose above ``at_most``; and why."""

    rule: str
    because: str
    end: End | None = None
    at_most: int | None = None


class DoseRule(Protocol):
    """A rule: of a state and the dose that is about to be given it says something, or nothing."""

    def asked(self, state: Counts, next_dose: int) -> Said | None:
        """What the rule asks for."""
        ...

    def in_words(self) -> str:
        """The rule as a sentence of the protocol."""
        ...


@dataclass(frozen=True, slots=True)
class TooToxic:
    """No dose is fit to be given: P(DLT rate of the ``dose`` > ``rate``) > ``certainty``, with a uniform prior, from ``least`` patients on.

    ``dose``: 1 is the lowest; 0 is the one about to be given.
    """

    rate: float
    certainty: float = 0.95
    dose: int = 1
    least: int = 3

    def asked(self, state: Counts, next_dose: int) -> Said | None:
        """The end, without a dose."""
        dose = self.dose or next_dose
        n, y = state.of(dose) if 1 <= dose <= len(state.n) else (0, 0)
        if n < max(self.least, 1) or not (p := chance_above(self.rate, n, y)) > self.certainty:
            return None
        because = f"P(DLT rate of dose {dose} > {self.rate:g}) = {p:.3f}, above {self.certainty:g} ({y} of {n})."
        return Said("too toxic", because, End("too toxic", declares=False))

    def in_words(self) -> str:
        """The rule as a sentence of the protocol."""
        which = f"dose {self.dose}" if self.dose else "the next dose"
        return (
            f"The trial stops without a dose if the probability that the DLT rate of {which} exceeds {self.rate:g} is above "
            f"{self.certainty:g} (uniform prior, at least {self.least} patients)."
        )


@dataclass(frozen=True, slots=True)
class EnoughPatients:
    """The trial has had its ``n`` patients."""

    n: int

    def asked(self, state: Counts, next_dose: int) -> Said | None:
        """The end, with a dose."""
        if state.patients < self.n:
            return None
        return Said("enough patients", f"{state.patients} of {self.n} patients.", End("enough patients", declares=True))

    def in_words(self) -> str:
        """The rule as a sentence of the protocol."""
        return f"At most {self.n} patients are treated."


@dataclass(frozen=True, slots=True)
class EnoughAtDose:
    """So many patients at the dose that is about to be given: ``n``. ``only_if_staying``: only where it is the dose given last."""

    n: int
    only_if_staying: bool = False

    def asked(self, state: Counts, next_dose: int) -> Said | None:
        """The end, with a dose."""
        dose = next_dose if not self.only_if_staying else state.at
        if dose < 1 or state.of(dose)[0] < self.n or (self.only_if_staying and next_dose != state.at):
            return None
        because = f"{state.of(dose)[0]} patients at dose {dose}, enough are {self.n}."
        return Said("enough at the dose", because, End("enough at the dose", declares=True))

    def in_words(self) -> str:
        """The rule as a sentence of the protocol."""
        would = " would be given again and" if self.only_if_staying else " is to be given that"
        return f"The trial ends when a dose{would} has {self.n} patients."


@dataclass(frozen=True, slots=True)
class EnoughAnywhere:
    """So many patients at any dose: ``n``."""

    n: int

    def asked(self, state: Counts, next_dose: int) -> Said | None:
        """The end, with a dose."""
        most = max(state.n)
        if most < self.n:
            return None
        because = f"{most} patients at dose {state.n.index(most) + 1}, enough are {self.n}."
        return Said("enough at a dose", because, End("enough at a dose", declares=True))

    def in_words(self) -> str:
        """The rule as a sentence of the protocol."""
        return f"The trial ends when any dose has {self.n} patients."


def before_any_answer(state: Counts, start: int, size: int) -> DoseVerdict | None:
    """What a model says without data: the first cohort, or the same dose again where nobody of those treated counts. None from the first answer on."""
    if state.at == 0:
        return DoseVerdict(Give(start, size), ("The first cohort.",))
    if state.patients == 0:
        return DoseVerdict(Give(state.at, size), ("Nobody can be counted: again.",))
    return None


def _boldness(action: Give | End) -> int:
    """An end without a dose is the most cautious, then one with a dose; to go on is the least."""
    return 2 if isinstance(action, Give) else int(action.declares)


def most_cautious(base: DoseVerdict, said: Iterable[Said | None]) -> DoseVerdict:
    """The design's verdict after all rules have spoken: an end without a dose before one with a dose, and that before the lowest dose."""
    spoke = sorted((s for s in said if s is not None), key=lambda s: (s.rule, s.because))
    if not spoke:
        return base
    # Of equals the design's own word stands first.
    action = min([base.action, *(s.end for s in spoke if s.end is not None)], key=_boldness)
    if isinstance(action, Give):
        most = min((s.at_most for s in spoke if s.at_most is not None), default=action.dose)
        if most < action.dose:
            action = Give(most, action.size) if most >= 1 else End("no dose is allowed", declares=False)
    bound = tuple(dict.fromkeys(s.rule for s in spoke)) if action != base.action else ()
    return DoseVerdict(action, (*base.because, *(s.because for s in spoke)), (*base.bound, *bound))
