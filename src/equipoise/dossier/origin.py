"""Where it comes from: the trial's assumptions and sources, and what produced the report."""

from __future__ import annotations

import platform
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version

from equipoise import __version__
from equipoise.dossier.findings import Findings
from equipoise.files.grades import grades_table
from equipoise.trial.checkpoint import code
from equipoise.trial.exhibits import Exhibit, Facts, Paragraph, Table
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

STATUS = "Research software, not validated for clinical use: check its numbers before patients depend on them."


def assumptions(t: Trial) -> list[Exhibit]:
    """What is assumed, and what is stated where."""
    shown: list[Exhibit] = []
    if t.assumptions:
        shown.append(
            Table(
                "Assumed: not stated by the trial's sources",
                ["Entries", "Why"],
                [[", ".join(a.of), a.because] for a in t.assumptions],
            )
        )
    if t.sources:
        shown.append(Table("Sources", ["Entries", "Source"], [[", ".join(s.of), s.text] for s in t.sources]))
    return shown


def foot(t: Trial, snap: Snapshot) -> str:
    """What stands under every page: the trial's definition, the data by a code that can be read aloud and checked, the software."""
    return f"{t.id}: trial {t.fingerprint[:12]}, data {code(snap.number, snap.head)}, equipoise {__version__}"


def origin(f: Findings, used: Collection[str] | None = None) -> list[Exhibit]:
    """Versions, hashes, seeds; and how far each method that was ``used`` is validated."""
    rows = [
        ("Equipoise", __version__),
        ("Trial definition", f"SHA-256 {f.trial.fingerprint}"),
        ("Data", f"hash chain to event {f.snap.number}, what was known at the cut-off: {f.snap.head}"),
        ("To check the data", f'conduct verify --expect "{code(f.snap.number, f.snap.head)}"'),
        ("Events in the cut", str(len(f.snap.events))),
        ("Python", platform.python_version()),
        *((name, _version(name)) for name in ("numpy", "scipy", "survival", "matplotlib")),
    ]
    if f.virtual:
        rows.append(("Virtual patients", f.virtual))
    if f.summaries:
        rows.append(("Simulation", f"{f.summaries[0].done} trials for each row, seed {f.summaries[0].seed}"))
    return [Facts(rows), grades_table(used), Paragraph(STATUS, "note")]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
