"""The explorer's table: every kind of design that answers two rates, on a grid, by today's code: `python docs_site/make_explorer_table.py`.

What a browser finds in a moment (one stage, Simon, Fisher) is worked out there for any values; what needs minutes stands in
docs_site/explorer_table.json, which this writes. A test holds points of it to the code (tests/docs/test_explorer_table.py).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from math import isnan, log
from pathlib import Path
from typing import Any

from equipoise.design import shelf
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput

HERE = Path(__file__).resolve().parent
TABLE = HERE / "explorer_table.json"
#: Rates at which a curve is told: 0.05, 0.10 … 0.95.
CURVE = [k / 20 for k in range(1, 20)]
Point = tuple[float, float, float, float]
#: Beyond so many patients in each arm by Fisher's test Barnard's is not searched for: it takes minutes.
MOST_BARNARD = 50


def grid() -> list[Point]:
    """p0, p1, alpha and power of every point."""
    pairs = [(p0, round(p0 + d, 2)) for p0 in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5) for d in (0.2, 0.3)]
    pairs += [(0.05, 0.2), (0.1, 0.25)]
    return [(p0, p1, a, power) for p0, p1 in sorted(pairs) for a in (0.05, 0.1) for power in (0.8, 0.9)]


def asked(point: Point) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kinds with their options. Kinds whose sizes are stated take the one stage's, in equal parts."""
    p0, p1, alpha, power = point
    h = {"p0": p0, "p1": p1, "alpha": alpha, "power": power}
    n = shelf.build("a-hern", h).looks[-1].n
    first = max(n // 2, 5)
    yield "a-hern", h
    yield "simon", {"sizes": "optimal", **h}
    yield "simon", {"sizes": "minimax", **h}
    yield "mander-thompson", h
    yield "chen", {"criterion": "optimal", **h}
    yield "chen", {"criterion": "minimax", **h}
    yield "fleming", {**h, "sizes": tuple(sorted({max(n * k // 3, k + 1) for k in (1, 2)} | {n}))}
    yield "green-dahlberg", {**h, "n1": first, "n": n}
    yield "gehan", {"p1": p1}
    yield "lee-liu", h
    yield (
        "bop2",
        {"endpoint": "response", **h, "looks": tuple(sorted({max(n * k // 4, k + 2) for k in (1, 2, 3)} | {n + 3}))},
    )
    yield "thall-simon", {**h, "nmax": n + 3, "nmin": min(10, n), "cohort": 5}
    yield "jung", h
    yield "exact-two-arm", {**h, "method": "fisher"}
    yield "exact-two-arm", {**h, "method": "barnard"}
    yield "selection", {"arms": 2, "p0": p0, "delta": round(p1 - p0, 2), "correct": power}
    # Rates of patients without an event at a landmark are a hazard ratio.
    ratio = {"hazard_ratio": round(log(p1) / log(p0), 4), "alpha": alpha, "power": power}
    yield "screening", ratio
    yield "group-sequential", ratio


def entry(kind: str, options: Mapping[str, Any], point: Point) -> dict[str, Any]:
    """A design as the page shows it: whole numbers are ten-thousandths."""
    try:
        d = shelf.build(kind, dict(options))
    except BadInput as bad:
        return {"kind": kind, "command": command(kind, options), "none": "; ".join(f"{p.given}" for p in bad.problems)}
    numbers, truths = d.numbers(), list(d.truths().values())
    low, high = (d.characteristics(t) for t in (truths[0], truths[-1]))
    if set(truths[0]) == {"rate"}:
        low, high = (d.characteristics({"rate": p}) for p in point[:2])
    arms = int(str(numbers.get("arms", 1)))
    return {
        "kind": kind, "command": command(kind, options),
        "unit": d.looks[-1].unit.split(" of ")[0], "looks": [arms * look.n + (look.control_n or 0) for look in d.looks], "rule": rule(numbers), "declare": [_e4(low.declare.value), _e4(high.declare.value)],
        "stop": _e4(low.stop_early.value), "patients": [_tenths(low.expected_n.value), _tenths(high.expected_n.value)],
        "curve": curve(d), "protocol": d.describe(),
    }  # fmt: skip


def curve(d: Design[Any]) -> list[int] | None:
    """P(declare) at each rate of CURVE, of the tested arm beside the control's null; None where a truth is no rate."""
    start = dict(next(iter(d.truths().values())))
    name = "tested" if "tested" in start else "rate" if set(start) == {"rate"} else None
    if name is None:
        return None
    return [_e4(d.characteristics({**start, name: r}).declare.value) for r in CURVE]


def rule(n: Mapping[str, Any]) -> str:
    """The boundaries in a line."""
    if "boundaries" in n:
        return str(n["boundaries"])
    if "n1" in n and "r1" in n:
        return f"stop if ≤ {n['r1']}/{n['n1']}; declare if > {n['r']}/{n['n']}"
    stages = [
        f"{word} {n[f'{key}{i}']}"
        for i in (1, 2)
        for word, key in (("stop ≤", "futility"), ("declare ≥", "efficacy"))
        if f"{key}{i}" in n
    ]
    if "futility" in n:
        stages = [
            f"stop ≤ {n['futility']}",
            *([f"declare ≥ {n['efficacy']}"] if n.get("efficacy", "none") != "none" else []),
        ]
    last = [f"declare if > {n['r']}/{n['n']}"] if "r" in n else []
    return "; ".join([*stages, *last])


def command(kind: str, options: Mapping[str, Any]) -> str:
    """The command line that makes it."""
    said = [
        f"--{k.replace('_', '-')} {','.join(map(str, v)) if isinstance(v, Sequence) and not isinstance(v, str) else v}"
        for k, v in options.items()
    ]
    # Simon's command shows optimal and minimax together.
    return " ".join(["equipoise design", kind, *(s for s in said if not (kind == "simon" and s.startswith("--sizes")))])


def _e4(value: float) -> int | None:
    return None if isnan(value) else round(10_000 * value)


def _tenths(value: float) -> int | None:
    return None if isnan(value) else round(10 * value)


def at(point: Point) -> list[dict[str, Any]]:
    """Every kind at a point."""
    found: list[dict[str, Any]] = []
    fisher = None
    for kind, options in asked(point):
        if options.get("method") == "barnard" and (fisher is None or fisher > 2 * MOST_BARNARD):
            found.append(
                {"kind": kind, "command": command(kind, options), "none": "minutes of search: not in this table"}
            )
            continue
        made = entry(kind, options, point)
        if options.get("method") == "fisher" and "looks" in made:
            fisher = made["looks"][-1]
        found.append(made)
    return found


def write(path: Path = TABLE) -> None:
    """The whole table; what stands there already is kept, so that it may be gone on with."""
    there = json.loads(path.read_text(encoding="utf-8"))["points"] if path.exists() else []
    done = {tuple(p["at"]): p for p in there}
    for point in grid():
        if point not in done:
            done[point] = {"at": point, "designs": at(point)}
            print(point, file=sys.stderr, flush=True)
            kinds = json.dumps(
                {k: shelf.one(k).title for k in sorted({d["kind"] for d in done[point]["designs"]})}, ensure_ascii=False
            )
            lines = ",\n".join(
                json.dumps(done[p], ensure_ascii=False, separators=(",", ":")) for p in grid() if p in done
            )
            path.write_text(
                f'{{"curve":{json.dumps(CURVE)},"kinds":{kinds},"points":[\n{lines}\n]}}\n', encoding="utf-8"
            )


if __name__ == "__main__":
    write()
