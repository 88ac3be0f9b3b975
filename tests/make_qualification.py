"""Writes src/equipoise/qualification.json: what the cases of `equipoise qualify` answer now. Run it when an answer changed for a reason:

PYTHONPATH=src .venv/bin/python tests/make_qualification.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from equipoise.cli.qualify import _run
from equipoise.design import shelf
from equipoise.desk.qualify import leaves
from equipoise.files.bundled import bundled_trials, example_trials

ROOT = Path(__file__).parents[1]
#: Parts of an answer that are no number of a method.
_LEFT = ("written", "problems", "notes")
_MOST = 100
#: Of an analysis, whose answer has every point of its curves: these only.
_OF_AN_ANALYSIS = ("hr", "hr_ci[0]", "hr_ci[1]", "p", "logrank_chi2", "median", "n", "events", "survival", "difference")


def asked() -> list[dict[str, Any]]:
    """The cases: requirement, the place of the method's grade, and the command."""
    kinds = {k.name: k for k in shelf.described()}
    found = [
        {"id": f"design-{name.removeprefix('kinds/')}", "requirement": f"The design of the kind {name.removeprefix('kinds/')} behaves as computed: {kinds[name.removeprefix('kinds/')].title}",
         "where": kinds[name.removeprefix("kinds/")].module, "command": ["design", "show", name], "source": f"trials/{name}"}
        for name in example_trials()
        if name.removeprefix("kinds/") in kinds
    ]  # fmt: skip
    found += [
        {"id": f"trial-{name}", "requirement": f"The bundled trial {name} is read as it was released, its fingerprint the same", "where": "", "command": ["check", name], "source": f"trials/{name}"}
        for name in bundled_trials()
    ]  # fmt: skip
    found += [
        {"id": "search-simon", "requirement": "Simon's optimal and minimax designs are found", "where": "equipoise.design.one_rate.simon",
         "command": ["design", "simon", "--p0", "0.1", "--p1", "0.3", "--alpha", "0.1", "--power", "0.9"], "source": "Simon 1989, table 1: 1/12 5/35 and 1/16 4/25"},
        {"id": "north-design", "requirement": "NORTH's design has the error and power that its trial file states", "where": "equipoise.design.one_rate.simon",
         "command": ["design", "show", "north"], "source": "trials/north"},
        {"id": "colon-analysis", "requirement": "Survival of the colon cancer trial is analysed: medians, hazard ratios, log-rank tests", "where": "equipoise.numerics.times.survival.kaplan_meier",
         "command": ["analyse", "colon"], "source": "R survival's colon data; held against R's survival by the tests"},
    ]  # fmt: skip
    return found


def main() -> None:
    """All cases, answered."""
    cases = []
    for case in asked():
        status, printed = _run(case["command"])
        if status:
            print(case["id"], "ended with", status)
            continue
        kept = {
            k: v
            for k, v in leaves(json.loads(printed)).items()
            if (not any(k.startswith(w) for w in _LEFT) and isinstance(v, int | float)) or k == "fingerprint"
        }
        if case["command"][0] == "analyse":
            kept = {k: v for k, v in kept.items() if k.rsplit(".", 1)[-1] in _OF_AN_ANALYSIS}
        cases.append({**case, "expected": dict(list(kept.items())[:_MOST])})
        print(case["id"], len(kept))
    text = json.dumps({"cases": cases}, indent=1, ensure_ascii=False) + "\n"
    (ROOT / "src/equipoise/qualification.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
