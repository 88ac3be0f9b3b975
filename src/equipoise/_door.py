"""Packages whose names are the Python face's too.

`equipoise.trial` holds files, and `equipoise.trial("north")` reads one; `equipoise.design` holds files, and `equipoise.design.simon(…)` asks
one. What is called stands in ``equipoise.face``, and is loaded then.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any


class _Door(ModuleType):
    """A package that can be called by its own name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(import_module("equipoise.face"), self.__name__.rpartition(".")[2])(*args, **kwargs)


class _Window(ModuleType):
    """A package through which the face's module of its name is seen."""

    def __getattr__(self, name: str) -> Any:
        # `from equipoise.design import shelf` asks here before it looks for the file.
        if name.startswith("_") or any(inside.name == name for inside in iter_modules(self.__path__)):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"equipoise.face.{self.__name__.rpartition('.')[2]}"), name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *dir(import_module(f"equipoise.face.{self.__name__.rpartition('.')[2]}"))]


def door(name: str) -> None:
    """Let the package of this name be called."""
    sys.modules[name].__class__ = _Door


def window(name: str) -> None:
    """Let what the face has be seen in the package of this name."""
    sys.modules[name].__class__ = _Window
