"""Paths in a trial file, as assumptions, sources and problems name them: 'design.p0', 'arms.CE.regimen'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def covers(outer: str, inner: str) -> bool:
    """True where a path is that of an entry or of something inside it."""
    return inner == outer or inner.startswith((outer + ".", outer + "["))


def paths(value: object, prefix: str = "") -> Iterator[str]:
    """Every path of a nested table: 'design', 'design.p0', 'arms[0]', 'arms[0].regimen[1].days' …

    The members of an array of tables that have a name are also reached by it: 'arms.CE.regimen'.
    """
    if prefix:
        yield prefix
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from paths(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from paths(inner, f"{prefix}[{i}]")
            if isinstance(inner, Mapping):
                name = inner.get("name") or inner.get("drug") or inner.get("number")
                if name is not None:
                    yield from paths(inner, f"{prefix}.{name}")
