"""The examples in docstrings are run."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import pkgutil
from pathlib import Path

import pytest

import equipoise

MODULES = [m.name for m in pkgutil.walk_packages(equipoise.__path__, "equipoise.")]
KERNEL = "equipoise.simulate.kernel."
#: Its modules are imported where Django is set up: tests/site.
APP = "equipoise.site."


def with_examples(name: str) -> bool:
    found = importlib.util.find_spec(name)
    return found is not None and found.origin is not None and ">>>" in Path(found.origin).read_text()


@pytest.mark.parametrize("name", [m for m in MODULES if with_examples(m)])
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_module_can_be_imported() -> None:
    for name in MODULES:
        if not name.startswith((KERNEL, APP)):
            importlib.import_module(name)


@pytest.mark.slow
def test_every_module_of_the_kernel_can_be_imported() -> None:
    """Importing it is compiling it, which takes ten seconds or more."""
    for name in MODULES:
        if name.startswith(KERNEL):
            importlib.import_module(name)
