"""A dose modification of the protocol: which adverse event holds, reduces or stops which drug; and what follows from a patient's events.

The nth event that counts, in the order of days, triggers a rule, for good; of several rules the strictest holds. A dose is judged by what happened
before its day: of what came on the same day nobody knows which was first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.duration import Lasting
from equipoise.trial.part import MOST_NAME, MOST_TIMES, Part
from equipoise.trial.what_counts import FATAL, WhatCounts


class Occurred(NamedTuple):
    """An adverse event: its day, the last day on which it lasted (None: not known to be over), and its details. Days are whole numbers."""

    day: int
    until: int | None
    data: Mapping[str, Any]


class DoseModification(Part):
    """What is done with a drug after an adverse event."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME, description="Short name: 'neuropathy-3'.")
    counts: WhatCounts = Field(description="Which adverse events: { terms = ['peripheral neuropathy'], grade_at_least = 3 }.")  # fmt: skip
    occurrence: int = Field(default=1, ge=1, le=MOST_TIMES, description="From which such event of a patient on: the first, the second.")  # fmt: skip
    drugs: tuple[str, ...] = Field(default=(), description="The drugs that are modified; left out: all of the arm.")
    does: Literal["hold", "reduce", "stop"] = Field(
        description="'hold': not given until it is over, then as before or at `to`. 'reduce': given at `to`. 'stop': not given any more."
    )
    to: float | None = Field(default=None, gt=0, lt=1, description="The share of the planned dose that is given from then on.")  # fmt: skip
    until_grade: int | None = Field(
        default=None,
        ge=0,
        lt=FATAL,
        description="Of a hold: over once it is of this grade or better (default 1); 0: gone.",
    )
    at_most: Lasting | None = Field(
        default=None, description="Of a hold: who is not fit again after so long is given the drug no more."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """What goes with what; a hold that is over as it begins is none, and a dead patient is given nothing."""
        wrong = []
        if self.does == "reduce" and self.to is None:
            wrong.append("`to` is needed with does = 'reduce': the share of the planned dose")
        if self.does == "stop" and self.to is not None:
            wrong.append("`to` says nothing beside does = 'stop'")
        for name in ("until_grade", "at_most"):
            if self.does != "hold" and getattr(self, name) is not None:
                wrong.append(f"`{name}` goes with does = 'hold'")
        least = self.counts.grade_at_least or 1
        if self.does == "hold" and self.held_until >= least:
            wrong.append(
                f"a hold until grade {self.held_until} is over as it begins: the event is of grade {least} or worse"
            )
        if self.counts.fatal or least == FATAL:
            wrong.append("no event triggers it: who dies of one is given nothing after it")
        if len(set(self.drugs)) < len(self.drugs):
            wrong.append("`drugs`: each once")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said."""
        silent: dict[str, Any] = {"occurrence": 1}
        return {k: v for k, v in handler(self).items() if v not in (None, (), [], silent.get(k))}

    @property
    def held_until(self) -> int:
        """The grade at which a hold is over; where any grade counts, it must be gone."""
        if self.until_grade is not None:
            return self.until_grade
        return min(1, (self.counts.grade_at_least or 1) - 1)

    def of_drug(self, drug: str) -> bool:
        """True if it modifies the drug."""
        return not self.drugs or drug in self.drugs

    def __str__(self) -> str:
        """In words: 'second event of peripheral neuropathy, of grade 3 or worse: IMGN901 is held until grade 1, then 80 % of the plan'."""
        which = "" if self.occurrence == 1 else f"{_ordinal(self.occurrence)} event of "
        drugs = ", ".join(self.drugs) or "every drug"
        less = "" if self.to is None else f"{100 * self.to:g} % of the plan"
        match self.does:
            case "stop":
                done = "given no more"
            case "reduce":
                done = f"given at {less}"
            case _:
                grade = f"grade {self.held_until}" if self.held_until else "it is gone"
                done = f"held until {grade}" + (f", then {less}" if less else "")
                done += f"; given no more after {self.at_most}" if self.at_most is not None else ""
        return f"{which}{self.counts}: {drugs} {done}"

    def covers(self, other: DoseModification) -> bool:
        """True if whatever triggers ``other`` triggers this no later, for every drug that ``other`` modifies."""
        mine, its = self.counts, other.counts
        terms = {t.casefold() for t in mine.terms}
        return (
            (not self.drugs or (bool(other.drugs) and set(other.drugs) <= set(self.drugs)))
            and self.occurrence <= other.occurrence
            and (not terms or (bool(its.terms) and {t.casefold() for t in its.terms} <= terms))
            and (mine.grade_at_least is None or (its.grade_at_least or 1) >= mine.grade_at_least)
            and all(getattr(mine, k) in (None, getattr(its, k)) for k in ("organ_class", "related", "serious", "fatal"))
        )


def _ordinal(n: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(n, f"{n}th")


class Ruling(NamedTuple):
    """What the rules say of a drug on a day: the share of the plan, and the rule and the event's day behind each of a stop, a hold and a reduction."""

    share: float = 1.0
    stopped: tuple[DoseModification, int] | None = None
    held: tuple[DoseModification, int] | None = None
    reduced: tuple[DoseModification, int] | None = None


def ruling(rules: Sequence[DoseModification], drug: str, day: int, events: Iterable[Occurred]) -> Ruling:
    """What the protocol's modifications say of a dose of ``drug`` on ``day``, after a patient's adverse events."""
    known = sorted((e for e in events if e.day < day), key=lambda e: e.day)
    found = Ruling()
    for rule in rules if known else ():
        if not rule.of_drug(drug):
            continue
        for event in _triggers(rule, known):
            over = _over(rule, event, known, day) if rule.does == "hold" else None
            lasted = (day if over is None else over) - event.day
            too_long = rule.does == "hold" and rule.at_most is not None and lasted > rule.at_most.days
            if (rule.does == "stop" or too_long) and found.stopped is None:
                found = found._replace(stopped=(rule, event.day))
            if rule.does == "hold" and over is None and found.held is None:
                found = found._replace(held=(rule, event.day))
            if rule.to is not None and rule.to < found.share:
                found = found._replace(share=rule.to, reduced=(rule, event.day))
    return found


def _triggers(rule: DoseModification, known: Sequence[Occurred]) -> Iterator[Occurred]:
    """The events that trigger a rule, from the one of its number on."""
    yield from [e for e in known if rule.counts.counts(e.data)][rule.occurrence - 1 :]


def _over(rule: DoseModification, event: Occurred, known: Sequence[Occurred], day: int) -> int | None:
    """The first day after a hold: after the event's last, or when it was recorded again as mild enough; None while it lasts."""
    mild = [
        e.day
        for e in known
        if e.day > event.day
        and str(e.data["term"]).casefold() == str(event.data["term"]).casefold()
        and e.data["grade"] <= rule.held_until
    ]
    ends = [*mild[:1], *([event.until + 1] if event.until is not None and event.until < day else [])]
    return min(ends, default=None)
