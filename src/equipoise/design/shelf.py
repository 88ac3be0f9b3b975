"""The shelf: kinds of design, found by their files. To add one, write ``design/ROOM/NAME.py`` as ``design/one_rate/a_hern.py`` is.

Such a file has KIND (its name with hyphens), TITLE, FAMILY, REFERENCE, EXAMPLE, Spec and from_spec. It then has its
`kind` in trial files, its command, its row in the list of kinds and in comparisons, and the conformance tests.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any, get_args, get_type_hints

import equipoise.design
from equipoise.design.spec import Entries
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput, Problem

#: The families, in the order in which the shelf is shown.
FAMILIES = ("one arm, a rate", "one arm, time to event", "randomised phase II", "Bayesian", "safety")


@dataclass(frozen=True)
class Kind:
    """One kind of design: its name, what it is, its family, its reference, and an example of its table."""

    name: str
    title: str
    family: str
    reference: str
    example: Mapping[str, Any]
    module: str
    #: the types of evidence that its designs take: one, or one for each endpoint that it may have
    takes: tuple[type[Any], ...]


@cache
def _modules() -> dict[str, ModuleType]:
    modules = map(importlib.import_module, _files().values())
    return {m.KIND: m for m in modules if hasattr(m, "KIND")}


@cache
def _files() -> dict[str, str]:
    """The files of all rooms: name → module. Imports none of them but the rooms themselves; those that find a dose have a shelf of their own."""
    inside = pkgutil.walk_packages(equipoise.design.__path__, "equipoise.design.")
    named = (i.name for i in inside if not i.ispkg and i.name != __name__)
    return {name.rpartition(".")[2]: name for name in named if not name.startswith("equipoise.design.dose.")}


def kinds() -> list[str]:
    """Names of the kinds of design, by family and then by name. Imports them all."""
    return [k.name for k in described()]


def described() -> list[Kind]:
    """All kinds of design with what is said of them, by family and then by name. Imports them all."""
    return sorted(map(_described, _modules().values()), key=lambda k: (FAMILIES.index(k.family), k.name))


@cache
def _described(m: ModuleType) -> Kind:
    built = get_type_hints(m.from_spec)["return"]
    takes = get_type_hints(built.verdict)["evidence"]
    return Kind(m.KIND, m.TITLE, m.FAMILY, m.REFERENCE, m.EXAMPLE, m.__name__, get_args(takes) or (takes,))


def spec_model(kind: str) -> type[Entries]:
    """What a trial file may say of a design of this kind."""
    spec: type[Entries] = _module(kind).Spec
    return spec


def one(kind: str) -> Kind:
    """What is said of one kind. Imports that one only."""
    return _described(_module(kind))


def build(kind: str, table: Mapping[str, Any]) -> Design[Any]:
    """The design that a [design] table states. Raises BadInput with all its problems: of each entry, and between them.

    A search may take seconds and a command reads the same table for each scenario, grid and amendment: the last designs are kept.
    """
    text = f"{kind} {_text(table)}"
    design = _BUILT.pop(text, None)
    if design is None:
        module = _module(kind)
        design = module.from_spec(module.Spec.read({"kind": kind, **table}))
    _BUILT[text] = design
    if len(_BUILT) > _KEPT:
        del _BUILT[next(iter(_BUILT))]
    return design


#: What a table states → its design, a frozen value; the one asked for last stands last.
_BUILT: dict[str, Design[Any]] = {}
_KEPT = 64


def _text(value: Any) -> str:
    """What tells tables apart: 1, 1.0 and true are three texts, as they are to what reads them."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k!r}:{_text(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    return f"{type(value).__name__} {value!r}"


def _module(kind: str) -> ModuleType:
    name = _files().get(kind.replace("-", "_"))
    if name is not None:
        module = importlib.import_module(name)
        if getattr(module, "KIND", None) == kind:
            return module
    near = get_close_matches(kind, kinds(), n=1)
    raise BadInput(
        "design",
        [
            Problem(
                "unknown-design", "kind", repr(kind), f"one of {', '.join(kinds())}",
                f"did you mean {near[0]!r}?" if near else "`equipoise design list` shows them",
            )
        ],
    )  # fmt: skip
