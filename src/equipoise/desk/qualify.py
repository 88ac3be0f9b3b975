"""Qualified here: does this installation have the files that were released, and does it reckon what was released."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from equipoise import __version__
from equipoise.files.grades import Grade, grade_of
from equipoise.files.installed import (
    Files,
    Library,
    check_files,
    libraries,
    lock_text,
    machine,
    package_folder,
    recorded_files,
)
from equipoise.files.plain import to_json
from equipoise.files.toml_file import read_toml
from equipoise.files.write import write_text
from equipoise.report.written_html import written_html
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.written import Chapter, Grid, Piece, Said, Written

#: What runs a command of ours and gives its status and what it printed.
Runs = Callable[[Sequence[str]], tuple[int, str]]
#: How far a number may be from the released one, of its size: other processors round otherwise in the last digits.
NEAR = 1e-6
_FEW = 20


@dataclass(frozen=True)
class Case:
    """What is asked of the software, and what it answered when it was released."""

    id: str
    requirement: str
    where: str
    command: tuple[str, ...]
    expected: Mapping[str, Any]
    source: str


@dataclass(frozen=True)
class Result:
    """A case run here. ``wrong``: what differs, in words."""

    case: Case
    grade: Grade | None
    checked: int
    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True where every number is the released one."""
        return not self.wrong


@dataclass(frozen=True)
class Qualified:
    """The whole record."""

    files: Files
    results: Sequence[Result]
    libraries: Sequence[Library]
    metadata: Mapping[str, str]
    lock: str

    @property
    def passed(self) -> bool:
        """True where the files are those of the wheel and every case gives the released numbers."""
        return self.files.sound and all(r.passed for r in self.results)

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        f = self.files
        return {
            "qualified": self.passed, "version": __version__, "metadata": dict(self.metadata), "machine": machine(), "lock": self.lock,
            "files": {"recorded": f.recorded, "same": f.same, "altered": list(f.altered), "absent": list(f.absent), "added": list(f.added), "digest": f.digest},
            "libraries": [{"name": x.name, "installed": x.installed, "locked": x.locked} for x in self.libraries],
            "cases": [
                {
                    "id": r.case.id, "requirement": r.case.requirement, "method": r.grade.method if r.grade else "", "grade": r.grade.said if r.grade else "",
                    "held_against": r.grade.oracle if r.grade else "", "command": f"equipoise {' '.join(r.case.command)}", "source": r.case.source,
                    "numbers": r.checked, "passed": r.passed, "wrong": list(r.wrong),
                }
                for r in self.results
            ],
        }  # fmt: skip


def cases() -> tuple[Case, ...]:
    """The cases that ship."""
    raw = json.loads(files("equipoise").joinpath("qualification.json").read_text(encoding="utf-8"))
    return tuple(Case(**{**c, "command": tuple(c["command"])}) for c in raw["cases"])


def qualify(
    run: Runs,
    stated: Path | None = None,
    only: Iterable[Case] | None = None,
    told: Callable[[Case], None] = lambda _: None,
) -> Qualified:
    """Check the installation. ``run``: how a command is called; ``stated``: the user's own metadata; ``told``: hears of each case."""
    metadata = _metadata(stated) if stated is not None else {}
    results = []
    for case in cases() if only is None else only:
        told(case)
        results.append(_result(case, run))
    lock = lock_text()
    digest = hashlib.sha256(lock.encode()).hexdigest() if lock else ""
    return Qualified(check_files(package_folder(), recorded_files()), results, list(libraries()), metadata, digest)


def _metadata(path: Path) -> dict[str, str]:
    raw = read_toml(path, "your own metadata in TOML: name = 'value'")
    wrong = [
        Problem("metadata", str(k), f"a {type(v).__name__}", "a text, a number or a day: name = 'value'")
        for k, v in raw.items()
        if isinstance(v, dict | tuple)
    ]
    if wrong:
        raise BadInput(str(path), wrong)
    return {str(k): str(v) for k, v in raw.items()}


def _result(case: Case, run: Runs) -> Result:
    grade = grade_of(case.where) if case.where else None
    status, printed = run(case.command)
    if status != 0:
        return Result(case, grade, 0, (f"ended with status {status}",))
    try:
        found = leaves(json.loads(printed))
    except ValueError:
        return Result(case, grade, 0, ("did not answer in JSON",))
    return Result(case, grade, len(case.expected), tuple(_differences(case.expected, found)))


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Numbers and texts of an answer by their paths."""
    if isinstance(value, dict):
        return {
            k: v
            for key, inner in value.items()
            for k, v in leaves(inner, f"{path}.{key}" if path else str(key)).items()
        }
    if isinstance(value, list):
        return {k: v for i, inner in enumerate(value) for k, v in leaves(inner, f"{path}[{i}]").items()}
    return {path: value}


def _differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for path, then in expected.items():
        now = found.get(path)
        if path not in found:
            yield f"{path}: {then!r} when released, nothing here"
        elif isinstance(then, float | int) and not isinstance(then, bool) and isinstance(now, float | int):
            if not math.isclose(then, now, rel_tol=NEAR, abs_tol=NEAR):
                yield f"{path}: {then!r} when released, {now!r} here"
        elif then != now:
            yield f"{path}: {then!r} when released, {now!r} here"


def write(found: Qualified, out: Path) -> list[Path]:
    """The record as JSON and as a page; the same installation gives the same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / "qualification.json", out / "qualification.html"]
    write_text(paths[0], to_json(found.as_json()))
    write_text(paths[1], written_html(page(found)))
    return paths


def page(q: Qualified) -> Written:
    """The record for people."""
    facts = [
        ("Result", "qualified" if q.passed else "NOT QUALIFIED", "all below"),
        ("Version", __version__, "the program"),
        ("Files", _files_in_words(q.files), "RECORD of the wheel"),
        ("Digest of the files", q.files.digest, "the package's files"),
        ("Lock (SHA-256)", q.lock or "none found", "requirements.lock"),
        *((f"{k} (stated by you)", v, "--metadata") for k, v in q.metadata.items()),
    ]
    rows = [
        [
            r.case.id,
            r.case.requirement,
            r.grade.method if r.grade else "–",
            r.grade.said if r.grade else "–",
            f"equipoise {' '.join(r.case.command)}",
            f"{r.checked} numbers: {'as released' if r.passed else 'DIFFERENT'}",
        ]
        for r in q.results
    ]
    wrong: list[Piece] = [Said(f"{r.case.id}: {w}", r.case.id, "bullet") for r in q.results for w in r.wrong[:_FEW]]
    wrong += [
        Said(f"{n}: {word}", "RECORD", "bullet")
        for word, those in (
            ("altered", q.files.altered),
            ("absent", q.files.absent),
            ("not in the record", q.files.added),
        )
        for n in those[:_FEW]
    ]
    held = {r.grade.method: [r.grade.method, r.grade.said, r.grade.oracle] for r in q.results if r.grade is not None}
    chapters = [
        Chapter("1", "Requirement, method, grade, case, result", [Grid(Table("Cases", ["Case", "Requirement", "Method", "Grade", "Asked here", "Result"], rows), "qualification.json")]),
        Chapter("2", "What differs", wrong or [Said("Nothing.", "all above")]),
        Chapter("3", "What each method is held against by the tests that were released", [Grid(Table("Methods", ["Method", "Grade", "Held against"], list(held.values())), "grades.toml")]),
        Chapter("4", "Libraries", [Grid(Table("Libraries", ["Library", "Installed", "In the lock", ""], [[x.name, x.installed or "not installed", x.locked or "–", "" if x.installed in ("", x.locked) else "another version"] for x in q.libraries]), "requirements.lock")]),
        Chapter("5", "Machine", [Grid(Table("Machine", ["What", "Here"], [[k, v] for k, v in machine().items()]), "the interpreter")]),
        Chapter("6", "What this is not", [Said("It says that this installation is the one that was released, and that it reckons what was reckoned then. Whether the methods are fit for your use is for you to say: `equipoise validation` has what each is held against.", "–")]),
    ]  # fmt: skip
    return Written(
        f"Equipoise {__version__}: qualification of this installation",
        "Qualification",
        "Requirement, method, grade, case, result",
        facts,
        chapters,
        f"Equipoise {__version__}",
    )


def _files_in_words(f: Files) -> str:
    if not f.recorded:
        return "no record: this is a checkout, not an installed wheel, and nothing says which files were released"
    if f.sound:
        return f"{f.same} files, each as the wheel recorded it"
    return f"{len(f.altered)} altered, {len(f.absent)} absent, {len(f.added)} that the record does not have; {f.same} as recorded"
