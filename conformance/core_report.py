"""What CORE said of our exports, as docs/conformance.json and docs/conformance.md: every finding with what we make of it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

VERDICTS = Path(__file__).with_name("verdicts.toml")
#: A finding that nobody has looked at: `make conformance` fails.
OPEN = "open"
_STATUS = {
    "SUCCESS": "passed",
    "SKIPPED": "skipped",
    "ISSUE REPORTED": "with findings",
    "EXECUTION ERROR": "not executed",
}


def verdicts() -> list[dict[str, str]]:
    """What we make of findings: rule, dataset ('' for any), set ('' for any), verdict, why."""
    with VERDICTS.open("rb") as file:
        return list(tomllib.load(file)["finding"])


def summary(report: Mapping[str, Any], name: str, known: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """CORE's report of one set of datasets, shortened: how many rules did what, and every finding."""
    rules = {r["core_id"]: r for r in report["Rules_Report"]}
    counts = {word: sum(r["status"] == status for r in rules.values()) for status, word in _STATUS.items()}
    findings = []
    for issue in report["Issue_Summary"]:
        rule, dataset = issue["core_id"], issue["dataset"]
        judged = next(
            (
                v
                for v in known
                if v["rule"] == rule and v.get("dataset", dataset) == dataset and v.get("set", name) == name
            ),
            {"verdict": OPEN, "why": ""},
        )
        findings.append(
            {"rule": rule, "ids": rules[rule]["cdisc_rule_id"] or rules[rule]["fda_rule_id"], "dataset": dataset,
             "issues": issue["issues"], "message": issue["message"], "verdict": judged["verdict"], "why": judged["why"]}
        )  # fmt: skip
    records = {Path(d["filename"]).stem.upper(): d["length"] for d in report["Dataset_Details"]}
    return {"records": dict(sorted(records.items())), "rules": counts, "findings": findings}


def page(found: Mapping[str, Any]) -> str:
    """docs/conformance.md."""
    intro = Path(__file__).with_name("page.md").read_text(encoding="utf-8")
    parts = [intro.rstrip(), "", "## What it found", ""]
    for name, one in found["sets"].items():
        records = ", ".join(f"{d} {n}" for d, n in one["records"].items())
        counts = ", ".join(f"{n} {word}" for word, n in one["rules"].items())
        parts += [f"### {name}", "", f"Records: {records}.", "", f"Rules: {counts}.", ""]
        if one["findings"]:
            parts += ["| rule | of | dataset | issues | what CORE says | verdict |", "|---|---|---|---|---|---|"]
            parts += [
                f"| {f['rule']} | {f['ids']} | {f['dataset']} | {f['issues']} | {_cell(f['message'])} | {f['verdict']} |"
                for f in one["findings"]
            ]
            parts.append("")
    parts += ["## Why they stay", ""]
    told = {(f["rule"], f["verdict"], f["why"]): None for one in found["sets"].values() for f in one["findings"]}
    parts += [f"- **{rule}** ({verdict}): {why}" for rule, verdict, why in sorted(told)]
    return "\n".join(parts).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def open_findings(found: Mapping[str, Any]) -> list[str]:
    """Findings without a verdict."""
    return [
        f"{name}: {f['rule']} {f['dataset']} ({f['issues']}): {f['message']}"
        for name, one in found["sets"].items()
        for f in one["findings"]
        if f["verdict"] == OPEN
    ]


def write(found: Mapping[str, Any], docs: Path) -> None:
    """Both files."""
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    (docs / "conformance.json").write_text(text, encoding="utf-8")
    (docs / "conformance.md").write_text(page(found), encoding="utf-8")
