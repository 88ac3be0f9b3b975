"""Where compiled kernels are kept between runs: a folder of the user's cache whose name is a hash of their sources."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from pathlib import Path

#: The modules whose functions are compiled and kept.
_KERNELS = ("equipoise.simulate.kernel.trial",)


def ready() -> bool:
    """True where kernels can be compiled: numba is there. From then on what is compiled is kept."""
    try:
        import numba
    except ImportError:
        return False
    from equipoise.numerics.compiled import keep_in

    digest = hashlib.sha256(numba.__version__.encode() + sys.version.encode())
    for path in sources():
        digest.update(path.read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    keep_in(str(Path(base) / "equipoise" / f"kernels-{digest.hexdigest()[:16]}"))
    return True


def sources() -> list[Path]:
    """The files that kernels are made of: those of their modules and of all numerics and kernels that these name, on and on.

    From other rooms they take only constants, each a line ``NAME = …`` of a module that is named too. So all that a
    kernel imports from ``numerics`` and ``simulate`` is read, but not what a plan is made of.
    """
    root = Path(__file__).parent.parent
    found: set[Path] = set()
    waiting = list(_KERNELS)
    while waiting:
        path = root.joinpath(*waiting.pop().split(".")[1:]).with_suffix(".py")
        if path in found or not path.exists():
            continue
        found.add(path)
        if path.parent.name not in {"kernel", "numerics"} or path.name == "image.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("equipoise."):
                waiting += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    return sorted(found)
