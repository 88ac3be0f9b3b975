"""Hold the code against bandit and requirements.lock against published advisories.

usage: python .ci/audit.py [--offline]

Exit 1 for a finding of bandit's that .ci/audit.toml does not speak of, for an entry there that nothing needs, and for a version with an
advisory. Where the advisory service cannot be reached that is said aloud, and is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def findings(folder: str = "src") -> list[dict[str, Any]]:
    """What bandit finds; nothing is skipped by a comment in the code."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "--ignore-nosec", "--format", "json", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout[done.stdout.index("{") :])
    return [
        {
            "test": r["test_id"],
            "file": r["filename"].removeprefix("./"),
            "line": r["line_number"],
            "text": r["issue_text"],
        }
        for r in found["results"]
    ] + [{"test": "error", "file": e["filename"], "line": 0, "text": e["reason"]} for e in found["errors"]]


def judged(found: list[dict[str, Any]], excepted: list[dict[str, str]]) -> list[str]:
    """What is wrong: findings without an exception, exceptions without a finding or a reason."""
    wrong = [
        f"{f['file']}:{f['line']}: {f['test']} {f['text']}"
        for f in found
        if not any(e["test"] == f["test"] and e["file"] in ("", f["file"]) for e in excepted)
    ]
    for e in excepted:
        where = f"{e['test']} {e['file'] or 'everywhere'}"
        if not e["why"].strip():
            wrong.append(f".ci/audit.toml: {where} has no reason")
        if not any(e["test"] == f["test"] and e["file"] in ("", f["file"]) for f in found):
            wrong.append(f".ci/audit.toml: {where} is needed no more")
    return wrong


def advisories() -> tuple[list[str], int, int]:
    """Versions of requirements.lock that an advisory speaks of; how many were held against it, and how many there are."""
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = sum("==" in line and not line.startswith(("#", " ")) for line in lock)
    command = [sys.executable, "-m", "pip_audit", "-r", "requirements.lock", "--disable-pip", "--no-deps", "-f", "json", "--progress-spinner", "off", "--timeout", "10"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], 0, pinned
    held = [d for d in found if "skip_reason" not in d]
    wrong = [f"{d['name']} {d['version']}: {v['id']}, mended in {', '.join(v['fix_versions']) or 'no version yet'}" for d in held for v in d["vulns"]]  # fmt: skip
    return wrong, len(held), pinned


def main() -> int:
    """Both, in words."""
    excepted = tomllib.loads((ROOT / ".ci" / "audit.toml").read_text())["bandit"]
    found = findings()
    wrong = judged(found, excepted)
    print(f"bandit: {len(found)} findings, {len(excepted)} exceptions with a reason, {len(wrong)} left")
    if "--offline" not in sys.argv:
        told, held, pinned = advisories()
        if held:
            print(f"pip-audit: {held} of {pinned} versions held against advisories, {len(told)} with one")
        else:
            print(f"pip-audit: THE ADVISORY SERVICE CANNOT BE REACHED: none of {pinned} versions was held against it")
        wrong += told
    for line in wrong:
        print(f"  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
