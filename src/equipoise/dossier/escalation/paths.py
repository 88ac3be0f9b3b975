"""The way from here: what may come of the next cohorts, as a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from equipoise.design.dose.conducting import pending_before, unfinished
from equipoise.design.dose.dose_design import End, Seen
from equipoise.design.dose.history import take_in
from equipoise.design.dose.paths import Node, by_responses, pathways, pathways_in
from equipoise.dossier.escalation.findings import Escalation
from equipoise.trial.dose_exhibits import PathFigure, PathNode

#: As deep as that, while no column holds more nodes than can be read; of a design that decides by responses too, whose cohorts show far more.
_COHORTS, _OF_RESPONSES, _READABLE = 3, 1, 20


def paths_figure(f: Escalation) -> PathFigure | None:
    """Nodes by depth with the outcomes that lead to them; None where dose finding has ended, and of a lottery."""
    if f.next.action in ("stop", "declare") or f.trial.phase1 is None or f.trial.phase1.rule.by_lot:
        return None
    for cohorts in range(_OF_RESPONSES if by_responses(f.design) else _COHORTS, 0, -1):
        nodes, within = _nodes(f, cohorts)
        shown, ways = _merged(f, nodes, within)
        if max(Counter(n.depth for n in shown).values()) <= _READABLE:
            break
    deepest = max(n.depth for n in nodes)
    depths = ["now", *(f"after {k} cohort{'s' * (k > 1)}" for k in range(1, deepest + 1))]
    if within:
        depths = ["now", "this cohort answered", *(f"{k} cohort{'s' * (k > 1)} later" for k in range(1, deepest))]
    left_out = pending_before(f.cohorts) + (
        0 if within else sum(o.letter == "P" for c in f.cohorts[-1:] for o in c.outcomes)
    )
    more = f" {left_out} who are pending are left out." if left_out else ""
    return PathFigure(
        "The way from here",
        depths,
        shown,
        ways,
        caption="In each box what the design gives there, and DLTs among the evaluable at that dose so far; beside it DLTs"
        f"{' (T) and responses (R)' if by_responses(f.design) else ''} among the patients of the cohort, or among those of whom answers "
        f"are to come. Ways that lead to the same are drawn as one.{more}",
    )


def _nodes(f: Escalation, cohorts: int) -> tuple[list[Node], bool]:
    """The tree, and whether it begins within a cohort."""
    left = unfinished(f.design, f.cohorts)
    if left is not None and f.next.action in ("wait", "stay"):
        return pathways_in(f.design, left, cohorts - 1), True
    return pathways(f.design, take_in(f.design, f.cohorts).state, cohorts), False


def _merged(f: Escalation, nodes: list[Node], within: bool) -> tuple[list[PathNode], list[tuple[int, int, str]]]:
    """The nodes as they are shown; two are one where they say the same and lead to the same."""
    one: dict[Hashable, int] = {}
    of: dict[int, int] = {}
    drawn: dict[int, tuple[PathNode, dict[int, str]]] = {}
    for n in sorted(nodes, key=lambda n: (-n.depth, n.number)):
        leads: dict[int, list[Seen]] = {}
        for seen, to in n.ways:
            leads.setdefault(of[to], []).append(seen)
        shown = _node(f, n, within)
        ways = {to: _told(some, n, with_responses=by_responses(f.design)) for to, some in leads.items()}
        of[n.number] = one.setdefault((shown, tuple(sorted(ways.items()))), n.number)
        drawn.setdefault(of[n.number], (shown, ways))
    kept = sorted(drawn, key=lambda k: (drawn[k][0].depth, k))
    place = {k: i for i, k in enumerate(kept)}
    between = [(place[k], place[to], label) for k in kept for to, label in drawn[k][1].items()]
    return [drawn[k][0] for k in kept], between


def _node(f: Escalation, n: Node, within: bool) -> PathNode:
    action, name = n.verdict.action, n.verdict.name(n.at)
    if within and n.number == 0:
        assert not isinstance(action, End)
        return PathNode(0, "stay", f"{action.size} to come", f"at {f.label(action.dose)}")
    if isinstance(action, End):
        heading = f"declare {f.label(n.recommend)}" if action.declares and n.recommend else "stop"
        return PathNode(n.depth, "declare" if heading != "stop" else "stop", heading, action.why)
    y, m = n.state.dlt[action.dose - 1], n.state.n[action.dose - 1]  # type: ignore[attr-defined]
    return PathNode(n.depth, name, f"{f.label(action.dose)} × {action.size}", f"{name}, {y}/{m} so far")


def _told(some: list[Seen], n: Node, *, with_responses: bool) -> str:
    """Outcomes that lead to one node: DLTs, '0–1'; with responses DLTs and responses, '0–1 T, 2–3 R', or 'else' where no such range says it."""
    if not with_responses:
        return _span([s.dlt for s in some])
    pairs = {(s.dlt, s.responses) for s in some}
    others = {(s.dlt, s.responses) for s, _ in n.ways} - pairs
    dlts, responses = sorted({t for t, _ in pairs}), sorted({r for _, r in pairs})
    within = {(t, r) for t in range(dlts[0], dlts[-1] + 1) for r in range(responses[0], responses[-1] + 1)}
    if within & others or len(some) < sum((s.dlt, s.responses) in pairs for s, _ in n.ways):
        return "else"
    return f"{_span(dlts)} T, {_span(responses)} R"


def _span(dlts: list[int]) -> str:
    """'0', '1–3', '0, 2'."""
    dlts = sorted(dlts)
    if len(dlts) > 1 and dlts[-1] - dlts[0] == len(dlts) - 1:
        return f"{dlts[0]}–{dlts[-1]}"
    return ", ".join(map(str, dlts))
