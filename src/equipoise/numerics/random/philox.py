"""The streams of ``streams.py``, compiled: needs numba (the extra ``fast``) and is imported by kernels only.

``block`` is one turn of Philox4x64-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405): the four words that numpy's
generator gives for the same key and counter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ELEVEN = np.uint64(11)
_ULP = 1.0 / 9007199254740992.0
_SHORT = 1.0 / 4294967296.0
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_ROOT = 0x3FE6A09E667F3BCD


@intrinsic  # type: ignore[untyped-decorator]
def _product(typing_context: Any, a: Any, b: Any) -> Any:
    """High and low word of the 128-bit product of two words: one machine instruction."""
    signature = types.UniTuple(types.uint64, 2)(types.uint64, types.uint64)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, word = ir.IntType(128), ir.IntType(64)
        whole = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        high = builder.trunc(builder.lshr(whole, ir.Constant(wide, 64)), word)
        return context.make_tuple(builder, signature.return_type, (high, builder.trunc(whole, word)))

    return signature, code


@njit(inline="always")  # type: ignore[untyped-decorator]
def block(k0: np.uint64, k1: np.uint64, number: int, replicate: int) -> Any:
    """The four words of block ``number`` (from 0) of the stream with key (k0, k1), for ``replicate``."""
    # numpy counts before it turns: its first block has the counter 1.
    c0, c1, c2, c3 = np.uint64(number + 1), np.uint64(replicate), np.uint64(0), np.uint64(0)
    for _ in range(10):
        high0, low0 = _product(_M0, c0)
        high1, low1 = _product(_M1, c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0 = k0 + _W0
        k1 = k1 + _W1
    return c0, c1, c2, c3


@njit(inline="always")  # type: ignore[untyped-decorator]
def uniform(word: np.uint64) -> float:
    """The number in (0, 1) that ``streams.uniforms`` makes of a word."""
    u = 1.0 - np.float64(np.int64(word >> _ELEVEN)) * _ULP
    return min(max(u, 1e-16), 1.0 - 1e-16)


@njit(inline="always")  # type: ignore[untyped-decorator]
def short(half: np.uint64) -> float:
    """The number in (0, 1) that ``streams.short_uniforms`` makes of half a word."""
    return (np.float64(np.int64(half)) + 0.5) * _SHORT


@intrinsic  # type: ignore[untyped-decorator]
def _bits(typing_context: Any, x: Any) -> Any:
    """The bits of a real number as a whole one."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), code


@intrinsic  # type: ignore[untyped-decorator]
def _real(typing_context: Any, bits: Any) -> Any:
    """The real number with these bits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), code


@njit(inline="always")  # type: ignore[untyped-decorator]
def minus_log(u: float) -> float:
    """``streams.minus_log``, to the bit."""
    bits = _bits(u)
    # No jump, and nothing that vectors have not: less the bits of sqrt(1/2), those of u leave the exponent that puts m
    # from there on; with the bits of 2^52 over it, it is a real number.
    biased = ((bits - _ROOT + (1024 << 52)) >> 52) & 0x7FF
    e, m = _real(biased | 0x4330000000000000) - 4503599627371520.0, _real(bits - ((biased - 1024) << 52))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    w = z * z
    # 1/3, 1/5 … 1/21, written out: a loop would divide.
    odd = (((w * 0.05263157894736842 + 0.06666666666666667) * w + 0.09090909090909091) * w + 0.14285714285714285) * w
    odd += 0.3333333333333333
    even = (((w * 0.047619047619047616 + 0.058823529411764705) * w + 0.07692307692307693) * w + 0.1111111111111111) * w
    even += 0.2
    p = z * (odd + z * even)
    return -(e * _LN2_HIGH + (2.0 * s + (2.0 * s * p + e * _LN2_LOW)))
