"""Readers are given files that were changed at random, in a process of their own with little memory and a clock.

`python tests/fuzz_readers.py COUNT SEED [READER …]` prints, for each reader, how many inputs it took, refused in words, and met with
an error that is none of ours. Real files are the starting point: bundled trials, and a short trial exported in every format.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
#: Memory of the process [bytes], and time for one input [s].
MEMORY, SECONDS = 3 << 30, 20.0
#: Readers that calibrate a simulation or build a whole log: so many times fewer inputs.
SLOW = {"grid": 40, "sdtm": 5, "table": 5}
STAMP = datetime(2026, 1, 1, tzinfo=UTC)
#: What is put into files beside other bytes of their own.
TOKENS = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b'"', b"'", b"[", b"{" * 50, b"]", b"}", b"\n", b"\r\n", b"\t", b",", b";",
    b"=", b"-1", b"0", b"nan", b"inf", b"1e400", b"9" * 400, b"9" * 5000, b"0x" + b"f" * 5000, b"null", b"true", b"0 days", b"8000 years",
    b"9999-12-31", b"0000-00-00", b"<!DOCTYPE a>", b"&amp;", b"x" * 5000, b"a." * 40, b"\xe2\x80\xae", b"HEADER RECORD*******", b"[" * 3000,
)  # fmt: skip


class _TooSlow(BaseException):
    pass


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes, changed in one to six places."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        at = rng.randrange(len(out) + 1) if rng.random() < 0.7 else rng.randrange(min(len(out), 600) + 1)
        match rng.randrange(8):
            case 0:
                out[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                out[at : at + rng.choice((1, 2, 8, 80, 400))] = b""
            case 2:
                out[at:at] = out[at : at + rng.choice((1, 10, 80, 2000))]
            case 3:
                out[at:at] = rng.choice(TOKENS)
            case 4:
                token = rng.choice(TOKENS)
                out[at : at + len(token)] = token
            case 5:
                del out[at:]
            case 6:
                other = rng.randrange(len(out) + 1)
                out[at : at + 40] = out[other : other + 40]
            case 7:  # another number in a number's place
                digits = [i for i in range(at, min(at + 400, len(out))) if 48 <= out[i] <= 57]
                if digits:
                    out[digits[0] : digits[0] + 1] = rng.choice((b"-7", b"0", b"99999999999", b"1e308", b"0.5", b""))
    return bytes(out)


def _small_log(folder: Path) -> tuple[Any, Path]:
    """NORTH's first patients, conducted with virtual ones, as a trial and a log in a file."""
    from equipoise.files.log_file import write_new_log
    from equipoise.files.scenario_file import read_scenario
    from equipoise.files.trial_file import read_trial
    from equipoise.simulate.plan import Plan
    from equipoise.simulate.run import run
    from equipoise.trial.log import Log

    north = ROOT / "trials" / "north"
    trial = read_trial(north / "trial.toml")
    whole = run(Plan.of(trial, read_scenario(north / "scenarios" / "null.toml"), 7), 0, detail=True).log
    patients = list(dict.fromkeys(e.patient for e in whole if e.patient))[:12]
    log = Log()
    for e in whole:
        if (not e.patient or e.patient in patients) and e.kind != "decided":
            log.append(e.kind, e.happened, e.recorded, e.by, e.why, e.patient, e.site, e.data, source=e.source)
    path = folder / "north.log.jsonl"
    write_new_log(path, log)
    return trial, path


def _readers(folder: Path) -> dict[str, tuple[list[Path], Callable[[Path], object]]]:
    """Name → the files to begin with, and who reads one of that ending."""
    from equipoise.analyse.data import cut
    from equipoise.desk import export
    from equipoise.files.curve_file import read_curve, read_times
    from equipoise.files.datasets import read_datasets
    from equipoise.files.define_file import read_define
    from equipoise.files.grid_file import read_grid
    from equipoise.files.history_file import read_library
    from equipoise.files.log_file import read_log
    from equipoise.files.scenario_file import read_scenario
    from equipoise.files.sdtm_files import import_sdtm
    from equipoise.files.table_file import read_table
    from equipoise.files.trial_file import read_trial
    from equipoise.trial.dialect import FOUND_OUT

    trials = ROOT / "trials"
    trial, log = _small_log(folder)
    snap = cut(trial, read_log(log).log)
    for ending in ("xpt", "json", "ndjson", "csv", "parquet"):
        export.run(trial, snap, "sdtm", "trial", ending, folder / ending)
    colon = read_trial(trials / "colon" / "trial.toml")
    curve, risk, times = folder / "curve.csv", folder / "risk.csv", folder / "times.csv"
    curve.write_text("time,survival\n0,1\n3,0.82\n6,0.61\n9,0.4\n12,0.22\n")
    risk.write_text("time,at_risk\n0,80\n6,45\n12,15\n")
    times.write_text("time,event\n1,1\n2.5,0\n3,1\n7,1\n")

    def small(kind: str, *names: str) -> list[Path]:
        return [folder / kind / f"{n}.{kind}" for n in names]

    def table(path: Path) -> object:
        return read_table(colon, path)

    def sdtm(path: Path) -> object:
        """The folder of this ending with the changed file in the place of its own."""
        kind, name = path.suffix[1:], path.stem
        others = [
            p for p in (folder / kind).glob(f"*.{kind}") if p.stem in ("dm", "ds", "ex", "rs", "ss") and p.stem != name
        ]
        return import_sdtm([path, *others], trial, STAMP, "fuzz", FOUND_OUT, None)

    names = ("dm", "ds", "ss")
    return {
        "trial": ([trials / n / "trial.toml" for n in ("create", "north", "colon", "lines", "kinds/simon")], read_trial),
        "scenario": (sorted((trials / "north" / "scenarios").glob("*.toml")), read_scenario),
        "grid": ([trials / "north" / "grids" / "could-have-known.toml"], lambda p: read_grid(p, trials / "north" / "trial.toml")),
        "history": ([trials / "history" / "ed-sclc.toml"], read_library),
        "table": ([trials / "colon" / "colon.csv"], table),
        "xpt": (small("xpt", *names), read_datasets),
        "json": (small("json", *names), read_datasets),
        "ndjson": (small("ndjson", *names), read_datasets),
        "csv": (small("csv", *names), read_datasets),
        "parquet": (small("parquet", *names), read_datasets),
        "sdtm": ([p for kind in ("csv", "xpt", "json") for p in small(kind, "dm", "ds", "rs")], sdtm),
        "define": ([folder / "xpt" / "define.xml"], read_define),
        "curve": ([curve], lambda p: read_curve(p, None, 80, None)),
        "risk": ([risk], lambda p: read_curve(curve, p, None, 40)),
        "times": ([times], read_times),
        "log": ([log], read_log),
    }  # fmt: skip


def campaign(count: int, seed: int, only: Sequence[str] = ()) -> dict[str, Any]:
    """Give each reader ``count`` inputs. Returns, for each, how many were taken, refused and met otherwise, with where."""
    from equipoise.trial.problem import BadInput

    def too_slow(*_: object) -> None:
        raise _TooSlow

    signal.signal(signal.SIGALRM, too_slow)
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        readers = _readers(folder)
        resource.setrlimit(resource.RLIMIT_AS, (_used() + MEMORY, resource.RLIM_INFINITY))
        for name, (files, read) in readers.items():
            if only and name not in only:
                continue
            rng, counts, faults = random.Random(f"{seed} {name}"), Counter[str](), Counter[str]()
            at, slowest = time.perf_counter(), 0.0
            seeds = [(f, f.read_bytes()) for f in files]
            for i in range(max(count // SLOW.get(name, 1), 1)):
                file, data = rng.choice(seeds)
                path = folder / "given" / file.name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(mutated(data if rng.random() < 0.8 else data[:20_000], rng))
                print(f"{name} {i}", file=sys.stderr, flush=True)  # the last line says what ended the process
                began = time.perf_counter()
                signal.setitimer(signal.ITIMER_REAL, SECONDS)
                try:
                    read(path)
                    counts["taken"] += 1
                except BadInput as bad:
                    str(bad)
                    counts["refused"] += 1
                except BaseException as error:
                    counts["faults"] += 1
                    faults[_where(error)] += 1
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                slowest = max(slowest, time.perf_counter() - began)
            found[name] = {
                **counts,
                "where": dict(faults),
                "seconds": round(time.perf_counter() - at, 1),
                "slowest": round(slowest, 2),
            }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "readers": found,
        "peak_mb": peak,
        "inputs": sum(sum(v for k, v in r.items() if k in ("taken", "refused", "faults")) for r in found.values()),
    }


def _used() -> int:
    """Address space in use [bytes]."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _where(error: BaseException) -> str:
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "equipoise/" in f.filename]
    place = f"{ours[-1].filename.rpartition('equipoise/')[2]}:{ours[-1].lineno}" if ours else "elsewhere"
    return f"{type(error).__name__} at {place}: {str(error)[:80]}"


if __name__ == "__main__":
    print(json.dumps(campaign(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]), indent=1))
