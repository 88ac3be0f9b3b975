"""Dose-transition pathways: what may come of the next cohorts, as a tree whose equal states are one node.

Yap and others 2017, doi:10.1158/1078-0432.CCR-17-0582, drew such trees for the CRM; here they are of any design, to any depth.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign, DoseVerdict, End, Seen
from equipoise.design.dose.exact import results


@dataclass(frozen=True)
class Node:
    """A state after ``depth`` more cohorts; the dose given last, what comes next, and the dose if it ended now.

    ``ways``: what a cohort may show → the number of the node that it leads to.
    """

    number: int
    depth: int
    state: Hashable
    at: int
    verdict: DoseVerdict
    recommend: int
    ways: tuple[tuple[Seen, int], ...]


def pathways(design: DoseDesign[Any], state: Any, cohorts: int) -> list[Node]:
    """The merged tree from ``state`` on, ``cohorts`` deep, the root first, by depth; equal states of a depth are one node."""
    nodes: list[Node] = []
    layer: dict[Any, int] = {state: 0}
    first = 0
    for depth in range(cohorts + 1):
        after: dict[Any, int] = {}
        base = first + len(layer)
        for known, number in layer.items():
            verdict = design.verdict(known)
            ways = []
            if depth < cohorts and not isinstance(verdict.action, End):
                for seen, _ in results(verdict.action.size, design.of_response):
                    to = design.step(known, verdict.action.dose, seen)
                    ways.append((seen, after.setdefault(to, base + len(after))))
            nodes.append(Node(number, depth, known, known.at, verdict, design.recommend(known), tuple(ways)))
        first, layer = base, after
    return nodes
