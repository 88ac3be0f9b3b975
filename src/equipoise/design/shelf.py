"""The shelf: kinds of design, found by their files. To add one, write ``design/NAME.py`` with KIND, Spec, from_spec."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any

import equipoise.design
from equipoise.trial.design import Design
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem


@cache
def _modules() -> dict[str, ModuleType]:
    found = {}
    for info in pkgutil.iter_modules(equipoise.design.__path__):
        if info.name != "shelf":
            module = importlib.import_module(f"equipoise.design.{info.name}")
            if hasattr(module, "KIND"):
                found[module.KIND] = module
    return found


def kinds() -> list[str]:
    """Names of the kinds of design."""
    return sorted(_modules())


def spec_model(kind: str) -> type[Part]:
    """What a trial file may say of a design of this kind."""
    spec: type[Part] = _module(kind).Spec
    return spec


def build(kind: str, table: Mapping[str, Any]) -> Design:
    """The design that a checked [design] table states. Raises BadInput with all its problems."""
    design: Design = _module(kind).from_spec(table)
    return design


def _module(kind: str) -> ModuleType:
    try:
        return _modules()[kind]
    except KeyError:
        near = get_close_matches(kind, kinds(), n=1)
        raise BadInput(
            "design",
            [
                Problem(
                    "unknown-design", "kind", repr(kind), f"one of {', '.join(kinds())}",
                    f"did you mean {near[0]!r}?" if near else "",
                )
            ],
        ) from None  # fmt: skip
