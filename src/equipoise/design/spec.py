"""What a design may be told: entries with their ranges, and the rules that hold between them, each stated once.

A kind's ``Spec`` is made of shared parts such as ``Hypotheses``. The range of an entry stands in its ``Field``. A rule
between entries is a method marked ``@between`` with their names: it is asked only where each of them is sound by itself.
So a bad entry hides no problem among the others, and a rule need not ask what it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args

from pydantic import Field

from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.validate import tuples, validate_parts

Rule = TypeVar("Rule", bound=Callable[..., Iterator[Problem]])

#: Patients or events that a design may count: its exact sums take time that grows with their square.
MOST_COUNT = 10_000
#: A time in any of the units that a trial file may say: 100 years in days.
MOST_TIME = 36_525
#: Patients in a unit of time, whole years too.
MOST_RATE = 100_000
#: What a prior may weigh, and ratios and thresholds without a unit.
MOST_WEIGHT = 1_000_000
#: Strictly between 0 and 1.
Probability = Annotated[float, Field(gt=0, lt=1)]
#: An error that a design may make. Half or more is no test: a coin does as well.
Error = Annotated[float, Field(gt=0, lt=0.5)]
#: The power that is wanted, from half on.
Power = Annotated[float, Field(ge=0.5, lt=1)]


def between(*entries: str) -> Callable[[Rule], Rule]:
    """Mark a method that says what is wrong between ``entries``, or with one of them that its range cannot say."""

    def mark(rule: Rule) -> Rule:
        vars(rule)["between"] = entries
        return rule

    return mark


class Entries(Part):
    """A table whose entries have ranges, and rules that hold between them."""

    #: Entries that are stated together or not at all.
    together: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, table: Mapping[str, Any], source: str = "design") -> Self:
        """The entries that a table states; ``kind`` may be left out. Raises BadInput with all its problems."""
        if "kind" in cls.model_fields:
            table = {"kind": get_args(cls.model_fields["kind"].annotation)[0], **table}
        parts, problems = validate_parts(cls, tuples(table))
        read = cls.model_construct(**parts)
        left_open = {name for name, field in cls.model_fields.items() if name not in table and not field.is_required()}
        problems += [*cls._half_stated(table), *read.problems({*parts, *left_open})]
        if problems:
            raise BadInput(source, problems)
        return read

    def problems(self, sound: Collection[str]) -> Iterator[Problem]:
        """What is wrong between those entries that are ``sound`` by themselves."""
        for name, entries in rules(type(self)).items():
            if set(entries) <= set(sound):
                yield from getattr(self, name)()

    @classmethod
    def _half_stated(cls, table: Mapping[str, Any]) -> Iterator[Problem]:
        """What is missing of what is stated together. A bad value is stated too: so the table is asked."""
        missing = [k for k in cls.together if table.get(k) is None]
        if missing and len(missing) < len(cls.together):
            *first, last = cls.together
            allowed = (
                f"all of {', '.join(first)} and {last}, or none"
                if len(first) > 1
                else f"both {first[0]} and {last}, or neither"
            )
            yield Problem("half-stated", ", ".join(missing), "nothing", allowed)


@cache
def rules(spec: type[Entries]) -> Mapping[str, tuple[str, ...]]:
    """The names of the rules, a base's before its own, and the entries that each is about."""
    members = (member for c in reversed(spec.__mro__) for member in vars(c).items())
    return {name: rule.between for name, rule in members if hasattr(rule, "between")}


def above(entries: Entries, low: str, high: str, what: str) -> Iterator[Problem]:
    """``high``, which is ``what``, must exceed ``low``, if both are stated."""
    lower, upper = getattr(entries, low), getattr(entries, high)
    if lower is not None and upper is not None and upper <= lower:
        yield Problem(f"{high}-not-above-{low}", high, f"{upper:g}", f"{what} must exceed {low} = {lower:g}")


def below(entries: Entries, low: str, high: str) -> Iterator[Problem]:
    """``low`` must be below ``high``, if both are stated."""
    lower, upper = getattr(entries, low), getattr(entries, high)
    if lower is not None and upper is not None and lower >= upper:
        yield Problem(f"{low}-not-below-{high}", low, f"{lower:g}", f"below {high} = {upper:g}")


def at_most(entries: Entries, low: str, high: str) -> Iterator[Problem]:
    """``low`` must not exceed ``high``, if both are stated."""
    lower, upper = getattr(entries, low), getattr(entries, high)
    if lower is not None and upper is not None and lower > upper:
        yield Problem(f"{low}-above-{high}", low, f"{lower:g}", f"at most {high} = {upper:g}")


def first_stage(entries: Entries, first: str, whole: str) -> Iterator[Problem]:
    """The ``first`` stage must be smaller than the ``whole``, if both are stated."""
    n1, n = getattr(entries, first), getattr(entries, whole)
    if n1 is not None and n is not None and n1 >= n:
        allowed = f"the first stage must be smaller than the whole ({whole} = {n})"
        yield Problem("n1-not-below-n", first, str(n1), allowed)


def growing(entries: Entries, name: str, example: str) -> Iterator[Problem]:
    """The numbers of an entry must grow."""
    values = getattr(entries, name)
    if any(b <= a for a, b in pairwise(values)):
        yield Problem(name, name, str(values), f"numbers that grow, such as {example}")


class Rates(Entries):
    """A rate of no interest and one worth finding."""

    p0: Probability = Field(description="Rate of no interest, as with the standard treatment.")
    p1: Probability = Field(description="Rate worth finding; above p0.")

    @between("p0", "p1")
    def _p1_above_p0(self) -> Iterator[Problem]:
        return above(self, "p0", "p1", "the rate worth finding")


class Errors(Entries):
    """The errors that are allowed."""

    alpha: Error = Field(description="One-sided type I error.")
    power: Power = Field(description="Power at what is worth finding.")


class Hypotheses(Errors, Rates):
    """Two rates and the errors that are allowed with them."""

    power: Power = Field(description="Power at p1.")


def no_design(
    nmax: object, nothing: str, next_step: str = "raise nmax or p1, or ask for less power", where: str = "nmax"
) -> BadInput:
    """A search that ended without a design: ``nothing`` says what there is none of, and what comes nearest."""
    return BadInput("design", [Problem("no-design", where, str(nmax), nothing, next_step)])
