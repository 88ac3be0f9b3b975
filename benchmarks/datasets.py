"""A million records read in pieces: seconds and peak memory of each format, beside pyreadstat and pandas in the same run.

Usage: python benchmarks/datasets.py [records]. Each reader is its own process; memory is its peak, less that of an empty one
that only imported the same libraries.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from equipoise.files.datasets import read_datasets
from equipoise.files.datasets_out import write_pieces
from equipoise.standards.dataset import Dataset

TR = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "data" / "onco" / "sdtm" / "tr.xpt"

OURS = "from pathlib import Path; from equipoise.files.datasets import iterate; n = sum(p.n for p in iterate(Path({path!r}))) if {go} else 0"
PEERS = {
    "xpt": [
        ("pyreadstat, whole", "import pyreadstat; n = len(pyreadstat.read_xport({path!r})[0]) if {go} else 0"),
        ("pandas, in pieces", "import pandas; n = sum(len(p) for p in pandas.read_sas({path!r}, chunksize=20000)) if {go} else 0"),
    ],
    "json": [("json, whole", "import json; n = len(json.load(open({path!r}))['rows']) if {go} else 0")],
    "ndjson": [],
    "csv": [("pandas, in pieces", "import pandas; n = sum(len(p) for p in pandas.read_csv({path!r}, chunksize=20000, dtype=str)) if {go} else 0")],
    "parquet": [],
}  # fmt: skip
FRAME = "import time, resource; t = time.perf_counter(); {code}; print(n, time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def run(code: str, path: Path, go: bool) -> tuple[int, float, float]:
    program = FRAME.format(code=code.format(path=str(path), go=go))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=True)
    n, seconds, peak = done.stdout.split()
    return int(n), float(seconds), float(peak) / 1024


def million(records: int) -> Iterator[Dataset]:
    """TR again and again, its sequence numbers running on."""
    (tr,) = read_datasets(TR).values()
    done = 0
    while done < records:
        n = min(tr.n, records - done)
        columns = {k: c[:n] for k, c in tr.columns.items()}
        yield replace(tr, columns={**columns, "TRSEQ": np.arange(done + 1.0, done + n + 1)})
        done += n


def main(records: int) -> None:
    print(f"{records} records of {len(next(million(1)).variables)} variables")
    print(f"{'format':8} {'size':>8}   {'reader':20} {'seconds':>8} {'peak':>8} {'above empty':>12}   ratio of times")
    with tempfile.TemporaryDirectory() as folder:
        for ending, peers in PEERS.items():
            path = Path(folder) / f"tr.{ending}"
            write_pieces(lambda: million(records), path)
            size = path.stat().st_size / 2**20
            times = []
            for name, code in [("equipoise, in pieces", OURS), *peers]:
                n, seconds, peak = run(code, path, True)
                _, idle, empty = run(code, path, False)
                assert n == records
                times.append(seconds - idle)
                ratio = f"{times[-1] / times[0]:.2f}"
                print(
                    f"{ending:8} {size:6.0f}MB   {name:20} {times[-1]:8.2f} {peak:6.0f}MB {peak - empty:10.0f}MB   {ratio}",
                    flush=True,
                )
            path.unlink()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
