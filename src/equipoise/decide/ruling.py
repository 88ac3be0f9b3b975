"""The ruling at a look as one value: rules composed with *and* and *or*, each keeping its reason.

A rule can be asked of one evidence (``of``) or of all outcomes at once (``table``). `decide`, the enumeration of a procedure
under drift and the compiled simulator all ask it, so that what is simulated is what is applied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.times.one_sample import OneSampleLogRank
from equipoise.trial.decision import Action, Continue, Declare, Stop

#: Actions as small numbers, in tables; NOTHING: no objection; REFUSED: no evidence that the rule takes.
CODES = {"continue": 0, "stop": 1, "declare": 2}
CONTINUE, STOP, DECLARE, NOTHING, REFUSED = 0, 1, 2, 3, 4
Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look brings. ``control``: successes and patients of its control cohort. ``times``: the controls' times against
    history's curve, for a check that reads them."""

    evidence: Any
    control: tuple[int, int] | None = None
    times: OneSampleLogRank | None = None


@dataclass(frozen=True)
class Outcomes:
    """All outcomes of a look at once: of the tested arm's ``n`` patients 0 … n, and of the control cohort's ``m`` 0 … m.

    ``warned``: what the check said; None: it is of a count and is asked. ``earlier_successes``: as in Evidence.
    ``y``: of the control cohort this number only. ``earlier``: on how many of both arms the looks before were, for a design of two rates.
    """

    look: int
    arm: str
    n: int
    earlier_n: int = 0
    m: int = 0
    warned: bool | None = None
    earlier_successes: int | None = None
    y: int | None = None
    earlier: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Ruling:
    """What a rule says: ``action`` None is *no objection*. ``parts``: the rulings that it is composed of, each with its reason."""

    by: str
    action: Action | None
    because: Sequence[str]
    distance: float
    unit: str
    cautions: Sequence[str] = ()
    parts: Sequence[Ruling] = ()


class Rule(ABC):
    """Something that has a say at a look. ``a & b`` goes on only if both do; ``a | b`` if either does."""

    @abstractmethod
    def of(self, seen: Seen) -> Ruling:
        """The ruling on one evidence. Raises BadInput for evidence that the rule does not take."""

    @abstractmethod
    def table(self, outcomes: Outcomes) -> Codes:
        """The action on every outcome, shape (n + 1, m + 1) or, of one ``y``, (n + 1, 1), as CODES, NOTHING or REFUSED."""

    def __and__(self, other: Rule) -> Rule:
        return _Both(self, other)

    def __or__(self, other: Rule) -> Rule:
        return _Either(self, other)


class _Composed(Rule):
    """Two rules and how their actions become one. The ruling's distance is that of the part whose action it takes."""

    word = ""

    def __init__(self, first: Rule, second: Rule) -> None:
        self.first, self.second = first, second

    @staticmethod
    @abstractmethod
    def joined(a: Codes, b: Codes) -> Codes:
        """The composed action of two arrays of actions."""

    def of(self, seen: Seen) -> Ruling:
        parts = (self.first.of(seen), self.second.of(seen))
        codes = [np.array([code_of(p.action)], dtype=np.int8) for p in parts]
        said = int(self.joined(codes[0], codes[1])[0])
        # Who says what is done leads; the other's reason stays beside it.
        leads = next((p for p in parts if code_of(p.action) == said), parts[0])
        rest = [p for p in parts if p is not leads and p.action is not None]
        return replace(
            leads,
            by=f"{parts[0].by} {self.word} {parts[1].by}",
            action=leads.action if code_of(leads.action) == said else Continue(),
            because=(*leads.because, *(text for p in rest for text in p.because)),
            cautions=tuple(text for p in parts for text in p.cautions),
            parts=parts,
        )

    def table(self, outcomes: Outcomes) -> Codes:
        return self.joined(*np.broadcast_arrays(self.first.table(outcomes), self.second.table(outcomes)))


class _Both(_Composed):
    """Stops if either stops; declares if all that have a say declare."""

    word = "and"

    @staticmethod
    def joined(a: Codes, b: Codes) -> Codes:
        return _by_cases(a, b, first=STOP, together=DECLARE)


class _Either(_Composed):
    """Declares if either declares; stops if all that have a say stop."""

    word = "or"

    @staticmethod
    def joined(a: Codes, b: Codes) -> Codes:
        return _by_cases(a, b, first=DECLARE, together=STOP)


def _by_cases(a: Codes, b: Codes, first: int, together: int) -> Codes:
    found = np.full(np.broadcast(a, b).shape, CONTINUE, dtype=np.int8)
    found[(a == together) & (b == together)] = together
    found[(a == first) | (b == first)] = first
    found = np.where(a == NOTHING, b, np.where(b == NOTHING, a, found))
    return np.where((a == REFUSED) | (b == REFUSED), REFUSED, found).astype(np.int8)


def code_of(action: Action | None) -> int:
    """An action as its number."""
    match action:
        case None:
            return NOTHING
        case Continue():
            return CONTINUE
        case Stop():
            return STOP
        case Declare():
            return DECLARE


def by_count(n: int, ask: Callable[[int], int]) -> Codes:
    """A column of actions, shape (n + 1, 1): ``ask`` of each count 0 … n."""
    return np.array([ask(x) for x in range(n + 1)], dtype=np.int8)[:, None]
