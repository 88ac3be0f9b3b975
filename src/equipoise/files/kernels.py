"""Where the compiled simulators are kept between runs: beside their sources, if they were put there, or in the user's cache.

There are two: of whole trials, and of dose finding. A file's name is a hash of the sources that it is made of: after any change of them
it is compiled anew, and after no other. It also names the kind of machine, since numba asks it for the sizes of things.
``python -m equipoise.files.kernels`` puts them beside their sources, as a release has them, and where they are used without
compiling anything.

With ``--library`` they are put there as libraries, which need a linker once and afterwards neither numba nor llvmlite. With
``--ready`` the exit status tells whether there is a simulator.
"""

from __future__ import annotations

import ast
import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.numerics.engine.machine_code import Called

_BITCODE, _LIBRARY = ".bitcode", ".library"


@dataclass(frozen=True)
class Kernel:
    """A compiled simulator. ``name``: of its files; ``room``: its package, where ``trial`` is what is compiled and ``rows`` calls it."""

    name: str
    room: str

    @property
    def folder(self) -> Path:
        """Where its sources lie."""
        return Path(__file__).parent.parent.joinpath(*self.room.split(".")[1:])

    @property
    def rows(self) -> Any:
        """The module that calls it."""
        return import_module(f"{self.room}.rows")


TRIALS = Kernel("trials", "equipoise.simulate.kernel")
DOSES = Kernel("doses", "equipoise.design.dose.kernel")


def ready(kernel: Kernel = TRIALS) -> bool:
    """True where there is the compiled simulator: numba is there, or its library. From then on what is compiled is kept."""
    if find_spec("numba") is not None:
        from equipoise.numerics.engine.machine_code import Loaded

        kernel.rows.take_from(lambda: Loaded(bitcode(kernel)))
        return True
    found = library(kernel)
    if found is not None:
        kernel.rows.take_from(lambda: found)
    return found is not None


def bitcode(kernel: Kernel = TRIALS) -> bytes:
    """The simulator as ``machine_code`` keeps it: from where it was put, or compiled and put into the cache."""
    from equipoise.numerics.engine.machine_code import is_bitcode

    name = _name(kernel)
    for folder in (_beside(kernel), _cache()):
        try:
            found = (folder / name).read_bytes()
        except OSError:
            continue
        # Cut off, or of a later LLVM: it is made again.
        if is_bitcode(found):
            return found
    if sys.stderr.isatty():
        sys.stderr.write("Compiling the simulator, once: ten seconds or so.\n")
    made: bytes = kernel.rows.compile_now()
    _put(_cache(), name, made)
    return made


def library(kernel: Kernel = TRIALS) -> Called | None:
    """The simulator out of the library beside its source, where one of these sources was put there."""
    from equipoise.numerics.engine.machine_code import IN_LIBRARY, Called

    path = _beside(kernel) / _name(kernel, _LIBRARY)
    try:
        return Called(ctypes.CDLL(str(path))[IN_LIBRARY]) if path.is_file() else None
    except (OSError, AttributeError):  # cut off, or another's
        return None


def link(content: bytes, into: Path) -> str:
    """Link bitcode into a library. What went wrong, if anything did."""
    from equipoise.numerics.engine.machine_code import object_of

    names = [os.environ.get("CC", "cc"), "gcc", "clang"]
    linker = next((found for name in names if (found := shutil.which(name))), None)
    if linker is None:
        return f"no linker here: none of {', '.join(names)}"
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".linking-") as folder:
        code, made = Path(folder) / "trials.o", Path(folder) / into.name
        code.write_bytes(object_of(content))
        done = subprocess.run(
            [linker, "-shared", "-o", str(made), str(code), "-lm"], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            made.replace(into)
        return done.stderr if done.returncode else ""


def _name(kernel: Kernel, suffix: str = _BITCODE) -> str:
    digest = hashlib.sha256()
    for path in sources(kernel):
        digest.update(path.read_bytes())
    return f"{kernel.name}-{digest.hexdigest()[:16]}-{platform.machine()}{suffix}"


def _beside(kernel: Kernel) -> Path:
    return kernel.folder


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


def sources(kernel: Kernel = TRIALS) -> list[Path]:
    """The files that a kernel is made of: its module and all numerics and kernels that these name, on and on.

    From other rooms they take only constants, each a line ``NAME = …`` of a module that is named too. So all that a
    kernel imports from ``numerics`` and ``simulate`` is read, but not what a plan is made of.
    """
    root = Path(__file__).parent.parent
    found: set[Path] = set()
    waiting = [f"{kernel.room}.trial"]
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


def put_beside(suffix: str) -> str:
    """Put the simulators beside their sources, in place of older ones. What went wrong, if anything did."""
    return "".join(_put_one(kernel, suffix) for kernel in (TRIALS, DOSES))


def _put_one(kernel: Kernel, suffix: str) -> str:
    path = _beside(kernel) / _name(kernel, suffix)
    for old in path.parent.glob(f"{kernel.name}-*{suffix}"):
        if old != path:
            old.unlink()
    if path.exists():
        return ""
    if suffix == _LIBRARY:
        return link(bitcode(kernel), path)
    _put(path.parent, path.name, bitcode(kernel))
    return ""


if __name__ == "__main__":
    if sys.argv[1:] == ["--ready"]:
        sys.exit(not ready())
    sys.exit(put_beside(_LIBRARY if sys.argv[1:] == ["--library"] else _BITCODE) or None)
