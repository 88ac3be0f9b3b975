"""What CDISC's CORE asks the CDISC Library for, made from public text where a checkout of the engine lacks it.

The engine keeps the Library's answers as pickles in ``resources/cache``: the implementation guide, its model, the terminology. Some
copies of its repository come without the largest of them. Then the terminology is taken from the wheel of usdm4, and the guide and the
model from ``hakupao/sdtm-pedia``, a public reading of SDTMIG 3.4 and SDTM 2.0. Run by the engine's own Python (3.12); nothing of it
is kept in this repository.

    python core_library.py ENGINE WHEEL_CACHE GUIDE

Prints one line a file: *there already*, or *made from* what.
"""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

#: The terminology that every run states.
PACKAGE = "sdtmct-2025-03-28"
_FIELD = re.compile(r"- \*\*(\w[\w ]*):\*\* ?(.*)")
_CLASS = re.compile(r"> Class: (.+?) \| Structure: (.*)")
_CODE = re.compile(r"C\d{4,}")
Variable = dict[str, Any]


def guide(folder: Path) -> dict[str, Any]:
    """SDTMIG 3.4: its classes, their datasets, their variables."""
    classes: dict[str, dict[str, Any]] = {}
    names = set()
    for page in sorted(folder.glob("knowledge_base/domains/*/spec.md")):
        text = page.read_text(encoding="utf-8")
        name, _, label = text.splitlines()[0].removeprefix("# ").partition(" — ")
        head = _CLASS.search(text)
        if head is None:
            raise SystemExit(f"{page.name} of {name}: no class")
        names.add(name)
        group = classes.setdefault(head[1], {"name": head[1], "ordinal": str(len(classes) + 1), "datasets": []})
        variables = [_variable(block) for block in text.split("\n### ")[1:] if "**Label:**" in block]
        group["datasets"].append(
            {"name": name, "label": label, "datasetStructure": head[2], "ordinal": str(len(group["datasets"]) + 1),
             "datasetVariables": variables, "_links": {}}
        )  # fmt: skip
    return {
        "name": "SDTMIG v3.4", "version": "3-4", "classes": list(classes.values()), "dataset_names": names,
        "_links": {"model": {"href": "/mdr/sdtm/2-0"}},
    }  # fmt: skip


def _variable(block: str) -> Variable:
    lines = block.splitlines()
    told = {m[1]: m[2].strip() for line in lines[1:] if (m := _FIELD.match(line))}
    links = [{"href": f"/mdr/ct/sdtmct/codelists/{code}"} for code in _CODE.findall(told.get("Controlled Terms", ""))]
    found: Variable = {
        "name": lines[0].strip(), "label": told["Label"].rstrip("\\"), "ordinal": told["Order"],
        "simpleDatatype": "Num" if told["Type"] == "Num" else "Char", "role": told["Role"], "core": told["Core"],
        "_links": {"codelist": links} if links else {},
    }  # fmt: skip
    return found


def model(folder: Path, ig: dict[str, Any]) -> dict[str, Any]:
    """SDTM 2.0: the variables that a class allows. The order of Findings is what the guide's domains have in common."""
    text = (folder / "knowledge_base/model/02_observation_classes.md").read_text(encoding="utf-8")
    special = (folder / "knowledge_base/model/03_special_purpose_domains.md").read_text(encoding="utf-8")
    part = {m[1]: m[0] for m in re.finditer(r"## 3\.1\.(\d) .*?(?=\n## |\Z)", text, re.DOTALL)}
    findings = [v for v in _common(ig, "Findings") if v["role"] not in ("Identifier", "Timing")]
    known = {v["name"] for v in (*findings, *_table(part["4"]), *_table(part["5"]))}
    others = re.findall(r"--[A-Z]{2,6}\b", part["3"].partition("Findings-specific Variables")[2].partition("\n")[0])
    for v in _table(part["3"]) + [{"name": n} for n in others]:
        if v["name"] not in known and v["name"] != "--OBJ":
            known.add(v["name"])
            findings.append({"label": "", "simpleDatatype": "Char", "role": "Record Qualifier"} | v)
    timing = [{**v, "role": "Timing"} for v in _table(part["5"])]
    groups = {
        "Interventions": _table(part["1"]), "Events": _table(part["2"]), "Findings": findings,
        "Findings About": [v for v in _table(part["3"]) if v["name"] == "--OBJ"],
        "General Observations": _table(part["4"]) + timing,
    }  # fmt: skip
    datasets = [{"name": "DM", "datasetVariables": _numbered(_table(special.split("## Comments (CO)")[0]))}]
    classes = [{"name": name, "classVariables": _numbered(found), "datasets": []} for name, found in groups.items()]
    classes += [{"name": name, "classVariables": [], "datasets": []} for name in
                ("Special-Purpose", "Relationship", "Trial Design", "Study Reference", "Associated Persons")]  # fmt: skip
    return {"name": "SDTM v2.0", "version": "2-0", "standard_type": "sdtm", "classes": classes, "datasets": datasets,
            "dataset_names": {"DM"}}  # fmt: skip


def _table(text: str) -> list[Variable]:
    """The variables of the tables of a page; the role without what it qualifies."""
    found: list[Variable] = []
    columns: list[str] = []
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if "Variable" in cells:
            columns = cells
        elif (
            cells
            and columns
            and re.fullmatch(r"(--)?[A-Z]+", cell := dict(zip(columns, cells, strict=False))["Variable"])
        ):
            row = dict(zip(columns, cells, strict=False))
            role = row.get("Role", "Record Qualifier").split(" (")[0]
            found.append(
                {"name": cell, "label": row.get("Label", ""), "simpleDatatype": row.get("Type", "Char"), "role": role}
            )
        elif not cells:
            columns = []
    return found


def _common(ig: dict[str, Any], of: str) -> Iterator[Variable]:
    """The variables of a class, in an order that agrees with that of each of its domains (where they agree)."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    seen: dict[str, Variable] = {}
    after: dict[str, set[str]] = {}
    for group in ig["classes"]:
        for dataset in group["datasets"] if group["name"] == of else ():
            before = ""
            for v in dataset["datasetVariables"]:
                own = dataset["name"]
                name = f"--{v['name'][2:]}" if v["name"].startswith(own) else v["name"]
                seen.setdefault(name, {k: v[k] for k in ("label", "simpleDatatype", "role")} | {"name": name})
                after.setdefault(name, set())
                if before and not _reaches(after, before, name):
                    after[name].add(before)
                before = name
    for name, those in after.items():
        sorter.add(name, *those)
    return (seen[name] for name in sorter.static_order())


def _reaches(after: dict[str, set[str]], start: str, goal: str) -> bool:
    """True where ``goal`` already stands before ``start``: adding the edge would close a ring."""
    waiting, found = [start], {start}
    while waiting:
        for name in after.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return goal in found


def _numbered(variables: list[Variable]) -> list[Variable]:
    return [{**v, "ordinal": str(i)} for i, v in enumerate(variables, 1)]


def terminology(wheel: Path) -> dict[str, Any]:
    """The codelists of a wheel's YAML, in the engine's shape.

    The wheel keeps each list once, under one of the packages that have it: NY stands under the protocol's. So all are taken.
    """
    import yaml  # the engine's environment has it

    lists = yaml.load((wheel / "library_cache_all.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found = []
    for given in lists.values():
        kept = {k: v for k, v in given.items() if k != "source"}
        found.append(kept | {"extensible": str(given.get("extensible", "false")).lower() == "true"})
    return {"package": PACKAGE, "codelists": found}


def main(engine: Path, wheel: Path, folder: Path) -> None:
    """Add to the engine's cache what it lacks."""
    cache = engine / "resources/cache"

    def keep(name: str, made: Any, source: str) -> None:
        (cache / name).write_bytes(pickle.dumps(made))
        print(f"{name}: made from {source}")

    if _there(cache, f"{PACKAGE}.pkl"):
        print(f"{PACKAGE}.pkl: there already")
    else:
        keep(f"{PACKAGE}.pkl", terminology(wheel), "the wheel of usdm4")
    standard = ("standards_details.pkl", "standards_models.pkl", "variables_metadata.pkl")
    if all(_there(cache, name) for name in standard):
        print(f"{', '.join(standard)}: there already")
        return
    ig = guide(folder)
    variables = {d["name"]: {v["name"]: v for v in d["datasetVariables"]} for c in ig["classes"] for d in c["datasets"]}
    keep(standard[0], {"standards/sdtmig/3-4": ig}, folder.name)
    keep(standard[1], {"models/sdtm/2-0": model(folder, ig)}, folder.name)
    keep(standard[2], {"library_variables_metadata/sdtmig/3-4": variables}, folder.name)


def _there(cache: Path, name: str) -> bool:
    """True where the engine's copy has this file; a pointer of Git LFS is not one."""
    path = cache / name
    return path.is_file() and path.stat().st_size > 1000


if __name__ == "__main__":
    main(*(Path(x) for x in sys.argv[1:4]))
