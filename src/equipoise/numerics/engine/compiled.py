"""How kernels are compiled: numba's options in one place. Needs numba (the extra ``fast``).

Nothing is kept between runs by numba itself: see ``machine_code``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

#: Types for signatures: nothing, whole, real, whether; where wholes or reals lie.
NONE, WHOLE, REAL, WHETHER = types.void, types.int64, types.float64, types.boolean
WHOLES, REALS = types.CPointer(WHOLE), types.CPointer(REAL)

#: Only compiled functions call each other: the layers by which the interpreter would call them are a fifth of the work.
_OPTIONS: dict[str, Any] = {
    "nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}  # fmt: skip


def jit(signature: Any) -> Callable[[F], F]:
    """Compile for the one signature; division by zero gives infinity or NaN.

    Stated signatures keep numba from compiling once more for every constant that an argument may be.
    """

    def compile_it(function: F) -> F:
        compiled: F = njit(signature, **_OPTIONS)(function)
        return compiled

    return compile_it


def jit_in_place(signature: Any) -> Callable[[F], F]:
    """``jit`` into each caller: for what is called for every number drawn, where a call costs as much as the work."""

    def compile_it(function: F) -> F:
        compiled: F = njit(signature, **_OPTIONS, forceinline=True)(function)
        return compiled

    return compile_it


def _code_of_moved(typing_context: Any, pointer: Any, places: Any) -> Any:
    """The pointer to so many places further on."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.args[0].dtype)
        return builder.gep(arguments[0], [arguments[1]], source_etype=kind)

    return pointer(pointer, types.int64), code


moved: Any = intrinsic(_code_of_moved)


def _code_of_lowest(typing_context: Any, bits: Any) -> Any:
    """The place of the lowest bit that is set."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), code


lowest: Any = intrinsic(_code_of_lowest)
