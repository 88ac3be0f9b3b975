"""CDISC's CORE on what we export: `make conformance`. Fetches the engine, makes its environment, exports, runs, writes the report.

    python conformance/core_run.py [--only SET]

From the environment, with these defaults:

    CORE_PYTHON   python3.12                                      the engine runs on 3.12 only
    CORE_ENGINE   https://github.com/cdisc-org/cdisc-rules-engine  or a local clone, bare or not
    CORE_GUIDE    https://github.com/hakupao/sdtm-pedia            likewise; read only where the engine's clone lacks its cache
    CORE_WORK     build/conformance                                git-ignored

Packages come from the registry that pip knows. It takes some ten minutes of one core a set, so CI does not run it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import core_report

ROOT = Path(__file__).resolve().parent.parent
PYTHON = os.environ.get("CORE_PYTHON", "python3.12")
ENGINE = os.environ.get("CORE_ENGINE", "https://github.com/cdisc-org/cdisc-rules-engine")
GUIDE = os.environ.get("CORE_GUIDE", "https://github.com/hakupao/sdtm-pedia")
WORK = Path(os.environ.get("CORE_WORK", ROOT / "build/conformance")).resolve()
#: The engine's commit: the rules are part of it.
COMMIT = "af87535c"
PACKAGES = ("usdm4==0.29.0", "jsonpath-ng==1.8.0")
TERMINOLOGY = "sdtmct-2025-03-28"
ONCO = ROOT / "tests/fixtures/data/onco/sdtm"
_ENGINE_PARTS = ("core.py", "version.py", "cdisc_rules_engine/", "resources/", "scripts/")
_GUIDE_PARTS = ("knowledge_base/domains/", "knowledge_base/model/")


def say(text: str) -> None:
    """A line of progress."""
    print(f"conformance: {text}", flush=True)


def stop(text: str) -> None:
    """End with a reason."""
    raise SystemExit(f"conformance: {text}")


def call(*command: object, cwd: Path | None = None) -> str:
    """Run a command; what it prints. Its own words where it fails."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, text=True, capture_output=True)
    if done.returncode:
        stop(f"{' '.join(map(str, command))[:200]} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def python() -> Path:
    """The engine's own Python, with what it needs."""
    own = WORK / "venv/bin/python"
    if not own.exists():
        found = shutil.which(PYTHON)
        version = (
            subprocess.run(
                [found, "-c", "import sys; print(sys.version_info[:2] == (3, 12))"], text=True, capture_output=True
            )
            if found
            else None
        )
        if version is None or version.stdout.strip() != "True":
            stop(
                f"CORE needs Python 3.12 and {PYTHON} is not one. Install it, or name it: CORE_PYTHON=/usr/bin/python3.12"
            )
        say(f"an environment for CORE, with {', '.join(PACKAGES)} …")
        call(found, "-m", "venv", WORK / "venv")
    call(own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES)
    return own


def checkout(source: str, parts: tuple[str, ...], to: Path, commit: str) -> Path:
    """Some files of a repository at a commit, written one by one: a clone may lack its largest ones."""
    done = to / ".complete"
    if done.is_file() and done.read_text() == commit:
        return to
    store = Path(source)
    if not store.is_dir():
        store = WORK / f"{to.name}.git"
        say(f"fetching {source} …")
        call("git", "clone", "--quiet", "--bare", source, store) if not store.is_dir() else None
    say(f"writing out {to.name} …")
    names = call("git", "-C", store, "ls-tree", "-r", "--name-only", "-z", commit, "--", *parts).split("\0")
    environment = os.environ | {"GIT_NO_LAZY_FETCH": "1"}
    absent = 0
    for name in filter(None, names):
        blob = subprocess.run(
            ["git", "-C", store, "cat-file", "blob", f"{commit}:{name}"], capture_output=True, env=environment
        )
        if blob.returncode:
            absent += 1
            continue
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob.stdout)
    if absent:
        say(f"{to.name}: {absent} files are absent in this clone")
    done.write_text(commit)
    return to


def equipoise(*words: object) -> None:
    """A command of ours."""
    call(sys.executable, "-c", "from equipoise.cli.main import main; main()", *words)


def exports() -> dict[str, Path]:
    """The sets that are checked: a simulated trial, and the field's oncology data taken in and given out."""
    shutil.rmtree(WORK / "sets", ignore_errors=True)
    sets = WORK / "sets"
    sets.mkdir(parents=True)
    equipoise("demo", "north", "--replicates", 300, "--out", sets / "demo")
    equipoise("export", "north", "--log", sets / "demo/north.log.jsonl", "--as", "sdtm", "--out", sets / "north")
    files = [ONCO / name for name in ("dm.xpt", "suppdm.xpt", "ds.xpt", "ex.xpt", "ae.xpt", "rs_recist.csv", "tr_recist.csv", "tu_recist.csv")]  # fmt: skip
    equipoise("import-sdtm", *(f for f in files if f.is_file()), "--log", sets / "onco.jsonl")
    equipoise(
        "export", sets / "onco.trial.toml", "--log", sets / "onco.jsonl", "--as", "sdtm", "--out", sets / "oncology"
    )
    return {"NORTH, simulated": sets / "north", "Oncology data of the field": sets / "oncology"}


def validate(own: Path, engine: Path, data: Path) -> dict[str, Any]:
    """CORE's report of a folder of transport files."""
    out = WORK / f"{data.name}-report"
    call(own, "core.py", "validate", "-s", "sdtmig", "-v", "3-4", "-d", data, "-ft", "xpt", "-ct", TERMINOLOGY, "-of", "JSON", "-o", out,
         "-p", "disabled", "-l", "critical", "-ps", "1", cwd=engine)  # fmt: skip
    found: dict[str, Any] = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    return found


def main() -> None:
    """All of it. Exit 1 where a finding has no verdict."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--reports", type=Path, help="A folder with reports of an earlier run: only the pages are written anew."
    )
    reports = parser.parse_args().reports
    known = core_report.verdicts()
    sets: dict[str, Any] = {}
    if reports is not None:
        names = {"NORTH, simulated": "north", "Oncology data of the field": "oncology"}
        for name, file in names.items():
            sets[name] = core_report.summary(json.loads((reports / f"{file}-report.json").read_text()), name, known)
    else:
        WORK.mkdir(parents=True, exist_ok=True)
        own = python()
        engine = checkout(ENGINE, _ENGINE_PARTS, WORK / "engine", COMMIT)
        folder = checkout(GUIDE, _GUIDE_PARTS, WORK / "guide", "HEAD")
        wheel = Path(call(own, "-c", "import usdm4; print(usdm4.__path__[0])").strip()) / "ct/cdisc/library_cache"
        say(call(own, ROOT / "conformance/core_library.py", engine, wheel, folder).strip().replace("\n", "; "))
        for name, data in exports().items():
            say(f"CORE on {name} …")
            sets[name] = core_report.summary(validate(own, engine, data), name, known)
    found = {
        "engine": f"cdisc-rules-engine {COMMIT}",
        "standard": "SDTMIG 3.4",
        "terminology": TERMINOLOGY,
        "sets": sets,
    }
    core_report.write(found, ROOT / "docs")
    if left := core_report.open_findings(found):
        stop("findings without a verdict in conformance/verdicts.toml:\n" + "\n".join(left))
    say("docs/conformance.md and docs/conformance.json; no finding without a verdict")


if __name__ == "__main__":
    main()
