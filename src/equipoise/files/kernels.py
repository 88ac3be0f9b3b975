"""Where the compiled simulator is kept between runs: beside its source, if it was put there, or in the user's cache.

Its file's name is a hash of the sources that it is made of: after any change of them it is compiled anew, and after no
other. It also names the kind of machine, since numba asks it for the sizes of things. ``python -m equipoise.files.kernels``
puts it beside its source, as a release has it, and where it is used without compiling anything.

With ``--library`` it is put there as a library, which needs a linker once and afterwards neither numba nor llvmlite. With
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
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from equipoise.simulate.kernel.engine.machine_code import Called

#: The modules whose functions are compiled and kept.
_KERNELS = ("equipoise.simulate.kernel.trial",)
_BITCODE, _LIBRARY = ".bitcode", ".library"


def ready() -> bool:
    """True where there is a compiled simulator: numba is there, or its library. From then on what is compiled is kept."""
    from equipoise.simulate.kernel import rows
    from equipoise.simulate.kernel.engine.machine_code import Loaded

    if find_spec("numba") is not None:
        rows.take_from(lambda: Loaded(bitcode()))
        return True
    found = library()
    if found is not None:
        rows.take_from(lambda: found)
    return found is not None


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


def library() -> Called | None:
    """The simulator out of the library beside its source, where one of these sources was put there."""
    from equipoise.simulate.kernel.engine.machine_code import IN_LIBRARY, Called

    path = _beside() / _name(_LIBRARY)
    try:
        return Called(ctypes.CDLL(str(path))[IN_LIBRARY]) if path.is_file() else None
    except (OSError, AttributeError):  # cut off, or another's
        return None


def link(content: bytes, into: Path) -> str:
    """Link bitcode into a library. What went wrong, if anything did."""
    from equipoise.simulate.kernel.engine.machine_code import object_of

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


def _name(suffix: str = _BITCODE) -> str:
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.read_bytes())
    return f"trials-{digest.hexdigest()[:16]}-{platform.machine()}{suffix}"


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


def put_beside(suffix: str) -> str:
    """Put the simulator beside its source, in place of older ones. What went wrong, if anything did."""
    path = _beside() / _name(suffix)
    for old in _beside().glob(f"trials-*{suffix}"):
        if old != path:
            old.unlink()
    if path.exists():
        return ""
    if suffix == _LIBRARY:
        return link(bitcode(), path)
    _put(path.parent, path.name, bitcode())
    return ""


if __name__ == "__main__":
    if sys.argv[1:] == ["--ready"]:
        sys.exit(not ready())
    sys.exit(put_beside(_LIBRARY if sys.argv[1:] == ["--library"] else _BITCODE) or None)
