"""A scenario as the text of a file: what is said and no more, in the order in which a reader looks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.files.template import written
from equipoise.simulate.scenario import Scenario


def scenario_text(scenario: Scenario) -> str:
    """A file that reads as this scenario."""
    said = scenario.model_dump(mode="json", exclude_defaults=True)
    arms = said.pop("arms", {})
    own = {k: v for k, v in said.items() if not isinstance(v, Mapping)}
    lines = [f"{k} = {written(v)}" for k, v in own.items()]
    for name, table in said.items():
        if name not in own:
            lines += ["", f"[{name}]", *_entries(table)]
    for arm, truth in arms.items():
        lines += ["", f"[arms.{written(arm)}]", *_entries(truth)]
    return "\n".join(lines) + "\n"


def _entries(table: Mapping[str, Any]) -> Iterator[str]:
    """Its entries; pieces of a hazard each on a line of their own."""
    deep = {k: v for k, v in table.items() if isinstance(v, Mapping) and v and all(map(_pieces, v.values()))}
    for key, value in table.items():
        if key not in deep:
            yield f"{key} = {written(value)}"
    for key, inner in deep.items():
        for name, pieces in inner.items():
            yield f"{key}.{name} = ["
            yield from (f"  {written({k: v for k, v in p.items() if v is not None})}," for p in pieces)
            yield "]"


def _pieces(value: object) -> bool:
    """True of tables in a list."""
    return isinstance(value, list) and bool(value) and all(isinstance(x, Mapping) for x in value)
