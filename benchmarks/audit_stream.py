"""The audit of a large SDTM folder, one patient in memory at a time: records a second of CPU time, and peak memory.

Usage: python benchmarks/audit_stream.py [TR records]. TU, TR and RS of the test data are repeated under new subjects and written as
transport files. CPU time is of one core; memory is the peak of the process, beside that of one that only imported the code.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from equipoise.files.datasets import read_datasets
from equipoise.files.datasets_out import write_pieces
from equipoise.standards.dataset import Dataset

SDTM = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "data" / "onco" / "sdtm"
AUDIT = """
import resource, time
from pathlib import Path
from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.audit import audit
from equipoise.files.sdtm_files import patients_of
from equipoise.standards.sdtm.notes import Notes
start, notes = time.process_time(), Notes()
if {go}:
    found = audit(patients_of([Path({folder!r})], notes), CRITERIA["RECIST 1.1"])
    shown = f"{{found.patients}} {{sum(found.time_points.values())}} {{len(found.findings)}}"
else:
    shown = "0 0 0"
print(shown, time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(notes.problems))
"""


def repeated(data: Dataset, times: int) -> Iterator[Dataset]:
    """The records again and again, each time of new subjects; sorted where they were sorted."""
    for i in range(times):
        subjects = [f"{i:06}-{s}" for s in data.text("USUBJID")]
        yield replace(data, columns={**data.columns, "USUBJID": subjects})


def widened(data: Dataset) -> Dataset:
    """Room for longer names of subjects."""
    return replace(data, variables=tuple(replace(v, length=40) if v.name == "USUBJID" else v for v in data.variables))


def write(folder: Path, records: int) -> int:
    """TU, TR and RS with at least so many records of TR; returns how many."""
    domains = {d: widened(next(iter(read_datasets(SDTM / f"{d}.xpt").values()))) for d in ("tu", "tr", "rs")}
    times = -(-records // domains["tr"].n)
    for name, data in domains.items():
        write_pieces(lambda data=data: repeated(data, times), folder / f"{name}.xpt")  # type: ignore[misc]
    return times * domains["tr"].n


def run(folder: Path, go: bool) -> list[float]:
    """Patients, time points, findings, CPU time [s], peak memory [KiB], problems."""
    code = AUDIT.format(folder=str(folder), go=go)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(x) for x in done.stdout.split()]


def main(records: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        n = write(Path(name), records)
        empty = run(Path(name), go=False)
        patients, points, findings, seconds, peak, problems = run(Path(name), go=True)
    print(f"{n:,} TR records of {patients:,.0f} patients, {points:,.0f} time points, {findings:,.0f} findings")
    print(f"{seconds:.1f} s of CPU time: {n / seconds:,.0f} TR records/s; {problems:.0f} problems in the data")
    print(f"peak memory {peak / 1024:.0f} MiB; {(peak - empty[4]) / 1024:.0f} MiB above one that read nothing")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
