"""An order that is given a second time under the same key: the same order gets the answer of the first, another is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from equipoise.trial.event import Event
from equipoise.trial.problem import Problem

#: Details that the trial's state gives where the order does not: an order repeated does not say them.
_GIVEN: Mapping[str, frozenset[str]] = {
    "randomised": frozenset({"arm", "code", "stratum"}),
    "redacted": frozenset({"corrected"}),
    "enrolled": frozenset({"arm", "cohort"}),
    "assigned": frozenset({"level", "backfill", "at_random"}),
    "dose set": frozenset(
        {"dose", "unit", "cutoff", "known_on", "history", "action", "recommended", "definition", "head", "decision"}
    ),
}


def repeated(asked: Event, first: Event, key: str) -> Iterator[Problem]:
    """Why ``asked`` is not the order that was recorded as ``first``: all but the moment and what the system gave must be the same."""
    given = _GIVEN.get(first.kind, frozenset()) | {"key"}
    before = {k: v for k, v in first.data.items() if k in asked.data or k not in given}
    pairs = [
        ("kind", asked.kind, first.kind), ("on", asked.happened, first.happened), ("by", asked.by, first.by),
        ("why", asked.why, first.why), ("event", asked.corrects, first.corrects),
    ]  # fmt: skip
    # A number that the system gave, and the site of a patient who is known, are not said again.
    pairs += [("patient", asked.patient, first.patient)] if asked.patient or first.kind != "screened" else []
    pairs += [("site", asked.site, first.site)] if asked.site else []
    differs = [name for name, now, then in pairs if now != then]
    differs += [name for name in {**asked.data, **before} if asked.data.get(name) != before.get(name) and name != "key"]
    if differs:
        yield Problem(
            "key-used", "key", f"{key!a} for an order with another {', '.join(differs)}",
            f"the order that is recorded under it, event {first.number}, or a key of its own",
        )  # fmt: skip
