"""Designs of the shelf as they are said: known by their types when tests are collected, and searched when one is run, once a process."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from equipoise.design import shelf
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.study.curtailed import Curtailed


@dataclass(frozen=True)
class Said:
    """A design of a kind: the kind's example, with changes, and curtailed for one side where a side is named."""

    kind: str
    changes: tuple[tuple[str, Any], ...] = ()
    side: str = ""

    @property
    def types(self) -> tuple[type[Any], ...]:
        """What it will be: of some kinds one of several types."""
        if self.side:
            return (Curtailed,)
        built = get_type_hints(importlib.import_module(shelf.one(self.kind).module).from_spec)["return"]
        return get_args(built) or (built,)

    def is_a(self, *of: type[Any]) -> bool:
        """True if it will be of one of these types."""
        return all(issubclass(t, of) for t in self.types)

    @property
    def is_rate(self) -> bool:
        """True of a design of one rate, curtailed or not."""
        return self.is_a(RateDesign, Curtailed)

    @property
    def takes(self) -> set[type[Any]]:
        """The types of evidence that designs of the kind take."""
        return set(shelf.one(self.kind).takes)

    def built(self) -> Any:
        """The design, searched once."""
        return _built(self)


@cache
def _built(said: Said) -> Any:
    if said.side:
        return Curtailed(Said(said.kind, said.changes).built(), said.side)  # type: ignore[arg-type]
    return shelf.build(said.kind, {**shelf.one(said.kind).example, **dict(said.changes)})
