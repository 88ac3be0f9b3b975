"""The face for Python: what `import equipoise as eq` offers. Each is loaded when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.face import conformance as conformance
    from equipoise.face import design as design
    from equipoise.face.basket import basket as basket
    from equipoise.face.known import log as log
    from equipoise.face.reached import feasibility as feasibility
    from equipoise.face.simulated import simulate as simulate
    from equipoise.face.times import curves as curves
    from equipoise.face.trial_file import trial as trial

#: Name → the module that has it; None: the module itself.
_WHERE = {
    "trial": "trial_file",
    "design": None,
    "simulate": "simulated",
    "log": "known",
    "curves": "times",
    "feasibility": "reached",
    "basket": "basket",
    "conformance": None,
}

__all__ = ["basket", "conformance", "curves", "design", "feasibility", "log", "simulate", "trial"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _WHERE[name]
    if module is None:
        return import_module(f"equipoise.face.{name}")
    found = getattr(import_module(f"equipoise.face.{module}"), name)
    globals()[name] = found
    return found
