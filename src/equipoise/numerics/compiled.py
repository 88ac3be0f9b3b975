"""How kernels are compiled: numba's options in one place. Needs numba (the extra ``fast``).

Compiled code is kept between runs only in a folder that was named by ``keep_in`` before the first kernel is imported.
numba itself notices a change of the file that a function stands in, and not of the files it calls: so the folder's
name must change with any of the sources (see ``files/kernels.py``), and without such a folder nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba import njit, types

F = TypeVar("F", bound=Callable[..., Any])

#: Types for signatures: nothing, whole, real, whether; where wholes or reals lie; lists and tables; eight reals.
NONE, WHOLE, REAL, WHETHER = types.void, types.int64, types.float64, types.boolean
WHOLES, REALS = types.CPointer(WHOLE), types.CPointer(REAL)
LIST, TABLE, REAL_LIST, REAL_TABLE = WHOLE[::1], WHOLE[:, ::1], REAL[::1], REAL[:, ::1]
EIGHT = types.UniTuple(REAL, 8)


def keep_in(folder: str) -> None:
    """Keep what is compiled from now on in ``folder``, and take it from there."""
    numba.config.CACHE_DIR = folder


def _options() -> dict[str, Any]:
    return {"nogil": True, "cache": bool(numba.config.CACHE_DIR), "error_model": "numpy"}


#: What only compiled functions call is spared the layers by which the interpreter would call it: a fifth of the work.
_WITHIN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def jit_to_call(signature: Any) -> Callable[[F], F]:
    """``jit`` of what the interpreter calls."""

    def compile_it(function: F) -> F:
        compiled: F = njit(signature, **_options())(function)
        return compiled

    return compile_it


def jit(signature: Any) -> Callable[[F], F]:
    """Compile for the one signature what other compiled functions call; division by zero gives infinity or NaN.

    Stated signatures keep numba from compiling once more for every constant that an argument may be.
    """

    def compile_it(function: F) -> F:
        compiled: F = njit(signature, **_options(), **_WITHIN)(function)
        return compiled

    return compile_it


def jit_in_place(signature: Any) -> Callable[[F], F]:
    """``jit`` into each caller: for what is called for every number drawn, where a call costs as much as the work."""

    def compile_it(function: F) -> F:
        compiled: F = njit(signature, **_options(), **_WITHIN, forceinline=True)(function)
        return compiled

    return compile_it
