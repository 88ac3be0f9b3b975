"""Equipoise: the whole life of a randomised phase I/II oncology trial.

    import equipoise as eq

    eq.design.simon(p0=0.2, p1=0.4, alpha=0.05, power=0.8)
    eq.simulate("north", "null", replicates=10_000)
    eq.log("log.jsonl").at("2013-08-25").analyse()

What stands in ``__all__`` is the face, documented in docs/python.md, and stays as it is documented. The packages below are the house: they
may change with any version.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.face import basket as basket
    from equipoise.face import conformance as conformance
    from equipoise.face import curves as curves
    from equipoise.face import feasibility as feasibility
    from equipoise.face import log as log

__version__ = "0.1.0"

__all__ = ["__version__", "basket", "conformance", "curves", "design", "feasibility", "log", "simulate", "trial"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in ("design", "simulate", "trial"):  # packages of the house, through which the face is seen
        return import_module(f"equipoise.{name}")
    if name in __all__:
        return getattr(import_module("equipoise.face"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
