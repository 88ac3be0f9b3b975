"""The shelf of dose-finding designs, found by their files. To add one, write ``design/dose/NAME.py`` as ``boin.py`` is.

Such a file has DOSE_KIND, TITLE, FAMILY, REFERENCE, EXAMPLE, Spec and from_spec. It then has its command, its row in the list, exact
behaviour, decision table, pathways, and the conformance tests.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any

import equipoise.design.dose
from equipoise.design.dose.dose_design import DoseDesign
from equipoise.design.spec import Entries
from equipoise.trial.problem import BadInput, Problem

FAMILIES = ("rule-based", "model-assisted", "model-based", "efficacy and toxicity", "combinations", "dose comparison")

#: What any design may have beside its own table: the file, and what makes it there; the later has the earlier in it.
MODIFIERS = {"backfill": "backfilled", "expansion": "expanded", "comparison": "compared"}


@dataclass(frozen=True)
class DoseKind:
    """One kind of dose-finding design: its name, what it is, its family, its reference, and an example of its table."""

    name: str
    title: str
    family: str
    reference: str
    example: Mapping[str, Any]
    module: str


@cache
def _names() -> dict[str, str]:
    """Files of the room by the name that a kind would have; none is imported."""
    inside = pkgutil.iter_modules(equipoise.design.dose.__path__)
    return {i.name.replace("_", "-"): f"equipoise.design.dose.{i.name}" for i in inside}


def module_of(kind: str) -> ModuleType | None:
    """The file of a kind; None if there is none. A file is called as its kind, or OWN_ before it where the word is a common one."""
    for name in (kind, f"own-{kind}"):
        if name in _names():
            module = importlib.import_module(_names()[name])
            if getattr(module, "DOSE_KIND", None) == kind:
                return module
    return None


def kinds() -> list[str]:
    """Names of the kinds, by family and then by name. Imports them all."""
    return [k.name for k in described()]


@cache
def described() -> list[DoseKind]:
    """All kinds with what is said of them, by family and then by name. Imports them all."""
    modules = [importlib.import_module(name) for name in _names().values() if name != __name__]
    found = [_described(m) for m in modules if hasattr(m, "DOSE_KIND")]
    return sorted(found, key=lambda k: (FAMILIES.index(k.family), k.name))


def one(kind: str) -> DoseKind:
    """What is said of one kind. Raises BadInput for a word that is none."""
    return _described(_known(kind))


def spec_model(kind: str) -> type[Entries]:
    """What may be said of a design of this kind."""
    spec: type[Entries] = _known(kind).Spec
    return spec


def build(kind: str, table: Mapping[str, Any]) -> DoseDesign[Any]:
    """The design that a table states, with the ``backfill``, the ``expansion`` and the ``comparison`` that it has. Raises BadInput with all its problems."""
    module = _known(kind)
    more = {k: table[k] for k in MODIFIERS if table.get(k) is not None}
    own = {k: v for k, v in table.items() if k not in MODIFIERS}
    problems: list[Problem] = []
    design: DoseDesign[Any] | None = None
    try:
        design = module.from_spec(module.Spec.read({"kind": kind, **own}))
    except BadInput as bad:
        problems += bad.problems
    for name, told in more.items():
        room = importlib.import_module(f"equipoise.design.dose.{name}")
        try:
            made = room.Spec.read(told, name) if design is None else getattr(room, MODIFIERS[name])(design, told)
        except BadInput as bad:
            problems += [replace(p, where=p.where if p.where == name else f"{name}.{p.where}") for p in bad.problems]
        else:
            design = None if design is None else made
    if problems or design is None:
        raise BadInput("design", problems)
    return design


def _described(m: ModuleType) -> DoseKind:
    return DoseKind(m.DOSE_KIND, m.TITLE, m.FAMILY, m.REFERENCE, m.EXAMPLE, m.__name__)


def _known(kind: str) -> ModuleType:
    found = module_of(kind)
    if found is not None:
        return found
    near = get_close_matches(kind, kinds(), n=1)
    step = f"did you mean {near[0]!r}?" if near else "`equipoise design list` shows them"
    raise BadInput("design", [Problem("unknown-design", "kind", repr(kind), f"one of {', '.join(kinds())}", step)])
