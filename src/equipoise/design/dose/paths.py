"""Dose-transition pathways: what may come of the next cohorts, as a tree whose equal states are one node.

Yap and others 2017, doi:10.1158/1078-0432.CCR-17-0582, drew such trees for the CRM; here they are of any design, to any depth.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from equipoise.design.dose.conducting import Unfinished
from equipoise.design.dose.dose_design import DoseDesign, DoseVerdict, End, Give, Seen
from equipoise.design.dose.exact import foreseen, results, told_apart


def by_responses(design: DoseDesign[Any]) -> bool:
    """Whether what a cohort may show is told by responses too: not where they only open doses for backfill."""
    return design.of_response and bool(getattr(design, "waits_for_response", True))


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
    return _grown(design, {state: 0}, 0, range(cohorts + 1))


def pathways_in(design: DoseDesign[Any], left: Unfinished, cohorts: int) -> list[Node]:
    """The same from within a cohort: its outcomes are the first way, and ``cohorts`` come after it. The root's state is the one before it."""
    layer: dict[Any, int] = {}
    ways = []
    for seen, _ in results(left.to_come, by_responses(design)):
        to = design.step(left.before, left.dose, left.known + seen)
        ways.append((seen, layer.setdefault(to, 1 + len(layer))))
    root = DoseVerdict(Give(left.dose, left.to_come), (f"{left.to_come} answers of this cohort are to come.",))
    first = Node(0, 0, left.before, left.dose, root, design.recommend(left.before), tuple(ways))
    return [first, *_grown(design, layer, 1, range(1, cohorts + 2))]


def _grown(design: DoseDesign[Any], layer: dict[Any, int], first: int, depths: range) -> list[Node]:
    """Nodes from a layer of states on, each with its number, the last depth without ways."""
    nodes: list[Node] = []
    shown: dict[int, list[tuple[Seen, int, int]]] = {}
    for depth in depths:
        after: dict[Any, int] = {}
        base = first + len(layer)
        foreseen(design, layer)
        for known, number in layer.items():
            verdict = design.verdict(known)
            ways: list[tuple[Seen, int]] = []
            if depth < depths[-1] and not isinstance(verdict.action, End):
                dose, size = verdict.action.dose, verdict.action.size
                if size not in shown:
                    shown[size] = told_apart(design, size, by_responses(design))
                for place, (seen, _, first_alike) in enumerate(shown[size]):
                    if first_alike < place:
                        ways.append((seen, ways[first_alike][1]))
                        continue
                    to = design.step(known, dose, seen)
                    ways.append((seen, after.setdefault(to, base + len(after))))
            nodes.append(Node(number, depth, known, known.at, verdict, design.recommend(known), tuple(ways)))
        first, layer = base, after
    return nodes
