"""Where the compiled simulator is kept between runs: beside its source, if it was put there, or in the user's cache.

Its file's name is a hash of the sources that it is made of: after any change of them it is compiled anew, and after no
other. It also names the kind of machine, since numba asks it for the sizes of things. ``python -m equipoise.files.kernels`` puts it beside its source, as a release has it, and where it is used
without compiling anything.
"""

from __future__ import annotations

import ast
import hashlib
import os
import platform
import sys
from importlib.util import find_spec
from pathlib import Path

#: The modules whose functions are compiled and kept.
_KERNELS = ("equipoise.simulate.kernel.trial",)
_SUFFIX = ".bitcode"


def ready() -> bool:
    """True where kernels can be compiled: numba is there. From then on what is compiled is kept."""
    if find_spec("numba") is None:
        return False
    from equipoise.simulate.kernel import rows

    rows.take_from(bitcode)
    return True


def bitcode() -> bytes:
    """The simulator as ``machine_code`` keeps it: from where it was put, or compiled and put into the cache."""
    from equipoise.simulate.kernel import rows
    from equipoise.simulate.kernel.engine.machine_code import is_bitcode

    name = _name()
    for folder in (_beside(), _cache()):
        try:
            found = (folder / name).read_bytes()
        except OSError:
            continue
        # Cut off, or of a later LLVM: it is made again.
        if is_bitcode(found):
            return found
    if sys.stderr.isatty():
        sys.stderr.write("Compiling the simulator, once: ten seconds or so.\n")
    made = rows.compile_now()
    _put(_cache(), name, made)
    return made


def _name() -> str:
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.read_bytes())
    return f"trials-{digest.hexdigest()[:16]}-{platform.machine()}{_SUFFIX}"


def _beside() -> Path:
    return Path(__file__).parent.parent / "simulate" / "kernel"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "equipoise"


def _put(folder: Path, name: str, content: bytes) -> None:
    """Whole or not at all; a folder that cannot be written is left alone: it is compiled again next time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.{os.getpid()}"
        part.write_bytes(content)
        part.replace(folder / name)
    except OSError:
        pass


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
        if not {"kernel", "numerics"} & {folder.name for folder in path.relative_to(root).parents}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("equipoise."):
                waiting += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    return sorted(found)


if __name__ == "__main__":
    for old in _beside().glob(f"*{_SUFFIX}"):
        if old.name != _name():
            old.unlink()
    if not (_beside() / _name()).exists():
        _put(_beside(), _name(), bitcode())
