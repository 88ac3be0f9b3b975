"""What holds of every phase II design, as a check that any of them can be given to: yours, too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.trial.design import Design
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput

_NEAR = 1e-9
_ORDER = {"stop": 0, "continue": 1, "declare": 2}


def faults_of(design: Any) -> list[str]:
    """What a design does that none may do, each in a sentence; empty: it conforms.

    Looks are numbered from 1 and grow; under each of its truths probabilities are probabilities, and those of the ends add up to 1; a truth of
    other names is refused; it is a frozen value that reads itself aloud. Of a design of one rate also: each count has a verdict, and more
    successes are never worse.
    """
    return list(dict.fromkeys(_faults(design)))


def _faults(design: Any) -> Iterator[str]:
    if not isinstance(design, Design):
        yield f"{type(design).__name__} does not answer the protocol of a design"
        return
    made = getattr(type(design), "__dataclass_params__", None)
    if made is None or not made.frozen:
        yield "it is no frozen value"
    looks = list(design.looks)
    if [k.number for k in looks] != list(range(1, len(looks) + 1)) or not looks:
        yield "its looks are not numbered from 1"
    if any(b.n < a.n for a, b in pairwise(looks)) or any(k.n < 1 for k in looks):
        yield "its looks do not grow"
    if len(design.truths()) < 2:
        yield "it has fewer than two truths: a null and a target"
    yield from _behaviour(design, len(looks))
    try:
        design.characteristics({"moon phase": 0.5})
    except BadInput:
        pass
    else:
        yield "it answers of a truth of other names"
    if not design.describe().endswith((".", ".)")):
        yield "its paragraph is no whole sentence"
    if isinstance(design, RateDesign):
        yield from _counts(design)


def _behaviour(design: Design[Any], looks: int) -> Iterator[str]:
    for name, truth in design.truths().items():
        c = design.characteristics(truth)
        for what, q in (("declares", c.declare), ("stops early", c.stop_early)):
            if not -_NEAR <= q.value <= 1 + _NEAR:
                yield f"under its {name} it {what} with probability {q.value}"
        if c.ends_at and (len(c.ends_at) != looks or abs(sum(c.ends_at) - 1) > _NEAR):
            yield f"under its {name} the probabilities of its ends add up to {sum(c.ends_at)}"


def _counts(design: RateDesign) -> Iterator[str]:
    for look in design.looks:
        ranks = [_ORDER[design.verdict(Evidence(look.number, "T", look.n, x)).action.name] for x in range(look.n + 1)]
        if ranks != sorted(ranks):
            yield f"at look {look.number} more successes are worse"
