"""What can be wrong with how the arms are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from equipoise.trial.arm import Arm
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import SEALED, Randomisation

#: Combinations of the factors' levels. Each has a list of its own.
MOST_STRATA = 10_000


def how_arms_are_given(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether the arms are given at all, and by a method that can give them."""
    randomisation: Randomisation | None = parts.get("randomisation")
    arms: tuple[Arm, ...] = parts.get("arms") or ()
    if randomisation is None and "randomisation" not in raw and len(arms) > 1:
        yield Problem(
            "no-randomisation", "randomisation", f"nothing, with {len(arms)} arms",
            "how the arms are given; only a trial of one arm randomises nobody", 'add method = "permuted blocks"',
        )  # fmt: skip
    if randomisation is None:
        return
    yield from _of_the_other_method(randomisation)
    if randomisation.method != "as recorded":
        yield from (_minimisation if randomisation.minimises else _blocks)(randomisation, arms)
    strata = prod(len(f.levels) for f in randomisation.factors)
    if strata > MOST_STRATA:
        given = f"{strata:,} combinations of {len(randomisation.factors)} factors' levels"
        allowed = f"at most {MOST_STRATA:,} strata: more are never filled"
        yield Problem("out-of-range", "randomisation.factors", given, allowed)
    names = [f.name for f in randomisation.factors]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield Problem("duplicate-name", "randomisation.factors", repr(name), "each factor must be given once")
    for i, factor in enumerate(randomisation.factors):
        for level in sorted({x for x in factor.levels if factor.levels.count(x) > 1}):
            allowed = "each level once"
            yield Problem("duplicate-name", f"randomisation.factors[{i}].levels", repr(level), allowed)


def _blocks(randomisation: Randomisation, arms: tuple[Arm, ...]) -> Iterator[Problem]:
    if not randomisation.block_sizes and not randomisation.sealed:
        allowed = f"permuted blocks need at least one size, or {SEALED!r}"
        yield Problem("no-blocks", "randomisation.block_sizes", "none", allowed)
    total = sum(a.share for a in arms)
    for i, size in enumerate(randomisation.block_sizes):
        if total and size % total:
            where = f"randomisation.block_sizes[{i}]"
            yield Problem("block-size", where, str(size), f"a multiple of the sum of the shares, {total}")


def _minimisation(randomisation: Randomisation, arms: tuple[Arm, ...]) -> Iterator[Problem]:
    if not randomisation.factors:
        allowed = "one factor or more whose margins are balanced"
        step = "state [[randomisation.factors]], or permuted blocks"
        yield Problem("no-factors", "randomisation.factors", "none", allowed, step)
    shares = [a.share for a in arms]
    if shares and randomisation.minimised <= min(shares) / sum(shares):
        allowed = f"above {min(shares)}/{sum(shares)}, the share of the arm that is given least, and below 1"
        yield Problem("out-of-range", "randomisation.probability", f"{randomisation.minimised:g}", allowed)


def _of_the_other_method(randomisation: Randomisation) -> Iterator[Problem]:
    """Entries that the method does not read."""
    method = f"nothing with {randomisation.method!r}"
    if randomisation.method == "minimisation":
        if randomisation.block_sizes or randomisation.sealed:
            given = repr(SEALED) if randomisation.sealed else str(randomisation.block_sizes)
            yield Problem("not-stated", "randomisation.block_sizes", given, method)
        return
    for name in ("probability", "imbalance"):
        value = getattr(randomisation, name)
        if value is not None:
            yield Problem("not-stated", f"randomisation.{name}", str(value), method, 'use method = "minimisation"')
    for i, factor in enumerate(randomisation.factors):
        if factor.weight is not None:
            where = f"randomisation.factors[{i}].weight"
            yield Problem("not-stated", where, f"{factor.weight:g}", method, 'use method = "minimisation"')
