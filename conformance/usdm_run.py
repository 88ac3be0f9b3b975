"""CDISC's schema, d4k's rules and CDISC's CORE on our USDM: `make conformance` runs it after the datasets.

    python conformance/usdm_run.py [--only NAME]

Of the environment, beside what ``core_run.py`` asks: ``CORE_DDF``, CDISC's DDF-RA or a local clone of it, from which the public examples
and the schema are read. Every trial goes out; every public example comes in and goes out again: it must have no finding of a rule that
it did not have as it was published. Nothing of it is kept but the counts: ``docs/conformance-usdm.json`` and ``.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import core_run
from core_run import PACKAGES, ROOT, WORK, call, checkout, python, say, stop

DDF = os.environ.get("CORE_DDF", "https://github.com/cdisc-org/DDF-RA")
COMMIT = "aa303cb"
TERMINOLOGY = ("sdtmct-2026-03-27", "ddfct-2026-03-27")
EXAMPLES = {
    "CDISC Pilot (LZZT)": "Documents/Examples/CDISC_Pilot/CDISC_Pilot_Study.json",
    "Lilly NCT03421379": "Documents/Examples/EliLilly_NCT03421379_Diabetes/EliLilly_NCT03421379_Diabetes.json",
    "Alexion NCT04573309": "Documents/Examples/Alexion_NCT04573309_Wilsons/Alexion_NCT04573309_Wilsons.json",
    "Devices": "Documents/Examples/Devices/devices.json",
}
_SCHEMA = """
import json, sys
from jsonschema import Draft202012Validator
components = json.load(open(sys.argv[1]))["components"]
validator = Draft202012Validator({"$ref": "#/components/schemas/Wrapper-Input", "components": components})
print(sum(1 for _ in validator.iter_errors(json.load(open(sys.argv[2])))))
"""
_D4K = """
import json, sys
from usdm4 import USDM4
print(json.dumps([row["rule_id"] for row in USDM4().validate(sys.argv[1]).to_dict()]))
"""
_CACHE = """
import pickle, sys
from pathlib import Path
import usdm4, yaml
cache = Path(sys.argv[1])
lists = yaml.load((Path(usdm4.__path__[0]) / "ct/cdisc/library_cache/library_cache_usdm.yaml").read_text(), Loader=yaml.CSafeLoader)
kept = [{k: v for k, v in x.items() if k != "source"} | {"extensible": str(x.get("extensible")).lower() == "true"} for x in lists.values()]
(cache / "sdtmct-2026-03-27.pkl").write_bytes(pickle.dumps({"package": "sdtmct-2026-03-27", "codelists": kept}))
for name in ("standards_details", "standards_models", "variables_metadata"):
    path = cache / f"{name}.pkl"
    if not path.is_file() or path.stat().st_size < 1000:
        path.write_bytes(pickle.dumps({}))
"""


def judged(own: Path, engine: Path, schema: Path, file: Path) -> dict[str, Any]:
    """What the three say of one document: numbers, and how often each rule fired."""
    out = WORK / "usdm" / f"{file.stem}-core"
    errors = int(call(own, "-c", _SCHEMA, schema, file).split()[-1])
    d4k = json.loads(call(own, "-c", _D4K, file).strip().splitlines()[-1])
    words = [w for t in TERMINOLOGY for w in ("-ct", t)]
    call(own, "core.py", "validate", "-s", "usdm", "-v", "4-0", "-dp", file, *words, "-of", "JSON", "-o", out, "-p", "disabled",
         "-l", "critical", "-ps", "2", cwd=engine)  # fmt: skip
    report = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    issues: Counter[str] = Counter()
    names = {r["core_id"]: r["cdisc_rule_id"] for r in report["Rules_Report"]}
    for issue in report["Issue_Summary"]:
        issues[names[issue["core_id"]]] += issue["issues"]
    status = Counter(r["status"] for r in report["Rules_Report"])
    return {
        "schema": errors, "d4k": dict(sorted(Counter(d4k).items())), "core": dict(sorted(issues.items())),
        "rules": {"passed": status["SUCCESS"], "skipped": status["SKIPPED"], "with issues": status["ISSUE REPORTED"], "not executed": status["EXECUTION ERROR"]},
    }  # fmt: skip


def page(found: dict[str, Any]) -> str:
    """docs/conformance-usdm.md."""
    lines = [Path(__file__).with_name("usdm_page.md").read_text(encoding="utf-8").rstrip(), "", "## What they say", ""]
    lines += ["| document | schema errors | d4k findings | CORE issues | CORE rules |", "|---|---|---|---|---|"]
    for name, one in found["documents"].items():
        rules = ", ".join(f"{n} {w}" for w, n in one["rules"].items() if n)
        lines.append(
            f"| {name} | {one['schema']} | {sum(one['d4k'].values())} | {sum(one['core'].values())} | {rules} |"
        )
    lines += ["", "Rules that fired on what we wrote:", ""]
    ours = {n: one for n, one in found["documents"].items() if n not in EXAMPLES}
    for name, one in ours.items():
        told = [f"{k} ({w}) {n}" for w, those in (("d4k", one["d4k"]), ("CORE", one["core"])) for k, n in those.items()]
        if told:
            lines.append(f"- {name}: {', '.join(told)}")
    return "\n".join(lines) + "\n"


def added(found: dict[str, Any]) -> list[str]:
    """Rules that fire on what came in and went out, and did not on what was published."""
    wrong = []
    for name in EXAMPLES:
        before, after = found["documents"].get(name), found["documents"].get(f"{name}, in and out")
        for engine in ("d4k", "core"):
            if before and after:
                wrong += [
                    f"{name}: {rule} ({engine})" for rule, n in after[engine].items() if n > before[engine].get(rule, 0)
                ]
    return wrong


def main() -> None:
    """All of it. Exit 1 where something that we wrote has a finding that it should not have."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help="One document; nothing is written.")
    only = parser.parse_args().only
    (WORK / "usdm").mkdir(parents=True, exist_ok=True)
    own = python()
    call(own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "jsonschema")
    engine = checkout(core_run.ENGINE, core_run._ENGINE_PARTS, WORK / "engine", core_run.COMMIT)
    ddf = checkout(DDF, ("Deliverables/API/USDM_API.json", "Documents/Examples/"), WORK / "ddf", COMMIT)
    call(own, "-c", _CACHE, engine / "resources/cache")
    documents: dict[str, Path] = {}
    north = WORK / "usdm/north.json"
    core_run.equipoise("usdm", "export", "north", "--out", north)
    documents["NORTH"] = north
    for name, path in EXAMPLES.items():
        file = ddf / path
        folder = WORK / "usdm" / file.stem
        subprocess.run(["rm", "-rf", str(folder)], check=True)
        core_run.equipoise("usdm", "import", file, "--out", folder)
        again = WORK / "usdm" / f"{file.stem}-again.json"
        core_run.equipoise("usdm", "export", folder, "--out", again)
        documents |= {name: file, f"{name}, in and out": again}
    found: dict[str, Any] = {
        "schema": f"DDF-RA {COMMIT}, USDM_API.json", "d4k": PACKAGES[0], "core": f"cdisc-rules-engine {core_run.COMMIT}",
        "terminology": list(TERMINOLOGY), "documents": {},
    }  # fmt: skip
    for name, file in documents.items():
        if only in (None, name):
            say(f"{name} …")
            found["documents"][name] = judged(own, engine, ddf / "Deliverables/API/USDM_API.json", file)
            one = found["documents"][name]
            say(f"{name}: schema {one['schema']}, d4k {sum(one['d4k'].values())}, CORE {sum(one['core'].values())}")
    if only is None:
        (ROOT / "docs/conformance-usdm.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        (ROOT / "docs/conformance-usdm.md").write_text(page(found), encoding="utf-8")
    one = found["documents"].get("NORTH", {"schema": 0, "d4k": {}, "core": {}})
    wrong = added(found) + (["NORTH has findings"] if one["schema"] or one["d4k"] or one["core"] else [])
    if wrong:
        stop("\n".join(wrong))
    say("docs/conformance-usdm.md; NORTH has no finding, and nothing was added by coming in and going out")


if __name__ == "__main__":
    main()
