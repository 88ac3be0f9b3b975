"""What the wheel is for, tried in the environment where it was installed and nothing else: python -I .ci/smoke.py from that folder."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

STEPS = (
    ("--version", ""),
    ("check north", "No problems"),
    ("design simon --p0 0.2 --p1 0.4 --alpha 0.05 --power 0.8", "optimal"),
    ("new merkel --kind merkel", "Wrote merkel/"),
    ("check merkel", "No problems"),
    ("simulate merkel --replicates 20", "P(declare)"),
    ("new mine --from-csv patients.csv", "Guessed"),
    ("analyse mine", "Overall survival"),
    ("report colon --out report", "report.html"),
    ("guide", ""),
)
TABLE = "patient,arm,time,status\n" + "".join(f"P{i:02d},{'AB'[i % 2]},{30 * i},{i % 3 and 1}\n" for i in range(1, 13))


def main() -> int:
    """Run every step; the first that fails ends it."""
    import equipoise

    where = Path(equipoise.__file__).resolve()
    if "site-packages" not in where.parts:
        print(f"equipoise is not the installed one: {where}")
        return 1
    Path("patients.csv").write_text(TABLE)
    began = time.monotonic()
    for words, expected in STEPS:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "equipoise", *words.split()], capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        if done.returncode or expected not in said or "Traceback" in said:
            print(f"equipoise {words}: exit {done.returncode}, without {expected!r}\n{said}")
            return 1
        print(f"{time.monotonic() - began:6.1f} s  equipoise {words}")
    if not Path("report/report.html").is_file():
        print("no report/report.html")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
