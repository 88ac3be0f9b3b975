"""What must hold of [protocol], [[visits]] and [[activities]]: names that are known, and sections that M11 has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.trial.m11 import HEADINGS
from equipoise.trial.problem import Problem, near
from equipoise.trial.protocol import Activity, Protocol, Visit


def check_document(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems between the protocol's entries."""
    yield from _protocol(parts)
    yield from _schedule(parts, raw)


def _protocol(parts: Mapping[str, Any]) -> Iterator[Problem]:
    protocol: Protocol | None = parts.get("protocol")
    if protocol is None:
        return
    names = [e.name for e in parts.get("endpoints") or ()]
    for i, objective in enumerate(protocol.objectives if names else ()):
        for j, name in enumerate(objective.endpoints):
            if name not in names:
                yield Problem(
                    "unknown-endpoint", f"protocol.objectives[{i}].endpoints[{j}]", repr(name),
                    f"an endpoint of this file: {', '.join(names)}", near(name, names),
                )  # fmt: skip
    drugs = list(dict.fromkeys(x.drug for a in parts.get("arms") or () for x in a.regimen))
    seen: list[str] = []
    for i, product in enumerate(protocol.products if "arms" in parts else ()):
        if drugs and product.drug not in drugs:
            yield Problem(
                "unknown-drug", f"protocol.products[{i}].drug", repr(product.drug),
                f"what a regimen gives: {', '.join(drugs)}", near(product.drug, drugs),
            )  # fmt: skip
        elif product.drug in seen:
            yield Problem(
                "duplicate-name", f"protocol.products[{i}].drug", repr(product.drug), "each must be given once"
            )
        seen.append(product.drug)
    for number in protocol.text:
        if number not in HEADINGS:
            yield Problem(
                "unknown-section", f"protocol.text.{number}", repr(number),
                "the number of a section of ICH M11, such as '2.1' or '9.2.1': `equipoise protocol --sections` lists them",
                near(number, list(HEADINGS)),
            )  # fmt: skip


def _schedule(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Problem]:
    visits: tuple[Visit, ...] = parts.get("visits") or ()
    activities: tuple[Activity, ...] = parts.get("activities") or ()
    order = {"screening": 0, "treatment": 1, "follow-up": 2}
    for i, (before, after) in enumerate(itertools.pairwise(visits), 1):
        if after.day < before.day or order[after.epoch] < order[before.epoch]:
            yield Problem(
                "visits-out-of-order", f"visits[{i}]", f"{after.name} ({after.epoch}, day {after.day}) after {before.name} ({before.epoch}, day {before.day})",
                "visits in the order in which they come: days that rise, screening before treatment before follow-up",
            )  # fmt: skip
    if "visits" in raw and "visits" not in parts:
        return  # its own problems come first
    names = [v.name for v in visits]
    for i, activity in enumerate(activities):
        for j, name in enumerate(activity.at):
            if name not in names:
                yield Problem(
                    "unknown-visit", f"activities[{i}].at[{j}]", repr(name),
                    f"a visit of this file: {', '.join(names[:12]) or 'none is defined'}{', …' if len(names) > 12 else ''}", near(name, names),
                )  # fmt: skip
