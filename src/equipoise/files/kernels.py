"""Where compiled kernels are kept between runs: a folder of the user's cache whose name is a hash of their sources."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

#: What a kernel is made of, below this package.
_SOURCES = ("numerics/*.py", "simulate/*.py", "simulate/kernel/*.py")


def ready() -> bool:
    """True where kernels can be compiled: numba is there. From then on what is compiled is kept."""
    try:
        import numba
    except ImportError:
        return False
    from equipoise.numerics.compiled import keep_in

    digest = hashlib.sha256(numba.__version__.encode() + sys.version.encode())
    here = Path(__file__).parent.parent
    for pattern in _SOURCES:
        for path in sorted(here.glob(pattern)):
            digest.update(path.read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    keep_in(str(Path(base) / "equipoise" / f"kernels-{digest.hexdigest()[:16]}"))
    return True
