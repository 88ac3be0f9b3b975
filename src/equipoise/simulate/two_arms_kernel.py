"""The compiled part of ``two_arms.py``: needs numba (the extra ``fast``) and is imported by nothing at start-up.

Replicates are worked on side by side, each in a lane of the processor's vectors. A sorting network (Batcher 1968,
doi:10.1145/1468075.1468121) orders all of them with the same comparisons, whatever their times, so there is nothing to
branch on. No lane sees another: a replicate's numbers depend on (seed, replicate) and on nothing else.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from equipoise.numerics.random.philox import block, uniform

# Trials side by side: a few vectors' worth, so that what a loop costs before it runs is shared.
_LANES = 32
# Eight words: the widest vector there is. Narrower machines take it in pieces.
_WIDTH = 8
_JIT: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
# The bits of sqrt(1/2): subtracted from a number's bits, they leave the exponent that streams.minus_log takes.
_ROOT = 0x3FE6A09E667F3BCD


def network(n: int) -> NDArray[np.int64]:
    """Batcher's odd-even merge network for n keys: pairs (lower, higher) of places, shape (m, 2)."""
    pairs = []
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for j in range(k % p, n - k, 2 * k):
                for i in range(j, j + min(k, n - j - k)):
                    if i // (2 * p) == (i + k) // (2 * p):
                        pairs.append((i, i + k))
            k //= 2
        p *= 2
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _code_of_bits(typing_context: Any, x: Any) -> Any:
    """The bits of a float64 as an int64."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), code


_bits: Any = intrinsic(_code_of_bits)


def _code_of_from_bits(typing_context: Any, x: Any) -> Any:
    """The float64 with these bits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), code


_from_bits: Any = intrinsic(_code_of_from_bits)


def _code_of_exchange(typing_context: Any, keys: Any, low: Any, high: Any) -> Any:
    """Puts the smaller key of each lane into row ``low`` and the larger into row ``high``.

    Written as vectors because the compiler cannot know that two rows of one array are never the same memory.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        word = ir.IntType(64)
        vector = ir.VectorType(word, _WIDTH).as_pointer()
        row = [builder.mul(i, ir.Constant(word, _LANES)) for i in arguments[1:]]
        for c in range(0, _LANES, _WIDTH):
            at = [builder.bitcast(builder.gep(array.data, [builder.add(i, ir.Constant(word, c))]), vector) for i in row]
            x, y = builder.load(at[0], align=8), builder.load(at[1], align=8)
            less = builder.icmp_signed("<", x, y)
            builder.store(builder.select(less, x, y), at[0], align=8)
            builder.store(builder.select(less, y, x), at[1], align=8)
        return context.get_dummy_value()

    return types.void(keys, types.int64, types.int64), code


_exchange: Any = intrinsic(_code_of_exchange)


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _tables(n: int) -> Any:
    """Arrays (n + 1, _LANES), (n, _LANES) twice and (16, _LANES) in one piece of memory, each at the start of a cache line.

    No vector lies across two lines then, and the n-th rows of two tables lie half a page apart: processors take a load
    at the same place of its page as a store just made for a load of what was stored, and wait.
    """
    step = n + 1 + (7 - n) % 16
    room = np.empty((3 * step + 16) * _LANES + 512)
    skip = (-room.ctypes.data % 4096) // 8
    rows = room[skip : skip + (3 * step + 16) * _LANES].reshape(3 * step + 16, _LANES)
    return rows[: n + 1], rows[step : step + n], rows[2 * step : 2 * step + n], rows[3 * step :]


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _draw(k0: np.uint64, k1: np.uint64, first: int, place: Any, words: Any) -> None:
    for b in range(place.size >> 2):
        p0, p1, p2, p3 = place[4 * b], place[4 * b + 1], place[4 * b + 2], place[4 * b + 3]
        for c in range(words.shape[1]):
            words[p0, c], words[p1, c], words[p2, c], words[p3, c] = block(k0, k1, b, first + c)


@njit(inline="always", **_JIT)  # type: ignore[untyped-decorator]
def _minus_log(u: float) -> Any:
    """The series of ``streams.minus_log`` without its branch, so that the loop around it becomes vectors.

    Its odd and even terms are summed apart: one long sum would wait for each of its steps. The last bit may differ.
    """
    bits = _bits(u)
    exponent = (bits - _ROOT) >> 52
    e = np.float64(exponent)
    m = _from_bits(bits - (exponent << 52))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    w = z * z
    odd = (((w * (1 / 19) + 1 / 15) * w + 1 / 11) * w + 1 / 7) * w + 1 / 3
    even = ((w * (1 / 17) + 1 / 13) * w + 1 / 9) * w + 1 / 5
    return -(e * _LN2_HIGH + (2.0 * s + (2.0 * s * (z * (odd + z * even)) + e * _LN2_LOW)))


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _times(words: Any, patients: Any, arm: Any, keys: Any) -> None:
    """Observed times as integers that sort alike: the bits of the time, the last two for 'censored' and 'tested'."""
    lanes = keys.shape[1]
    for i in range(arm.size):
        scale, share, stretch_event, stretch_other, limit = patients[i]
        tested = arm[i]
        for c in range(lanes):
            u = uniform(words[i, c])
            event = u < share
            v = u * stretch_event if event else (u - share) * stretch_other
            v = min(max(v, 1e-16), 1.0)
            time = _minus_log(v) * scale
            censored = 2 if (time > limit) | (not event) else 0
            keys[i, c] = (_bits(min(time, limit) + 0.0) & -4) | censored | tested


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _log_rank(keys: Any, tested: float, at_risk: Any, sums: Any) -> None:
    """Down the ordered times: tested at risk at each event (0 where there is none) and the sums of the log-rank test.

    ``sums`` by row: tested at risk; score, information and its derivative at no effect; events; events while both arms
    were at risk, and those of them among the tested; events among the tested.
    """
    n, lanes = keys.shape
    sums[:] = 0.0
    sums[0] = tested
    for i in range(n):
        left = np.float64(n - i)
        part = 1.0 / left
        for c in range(lanes):
            key = keys[i, c]
            event = np.float64(1 - ((key >> 1) & 1))
            mine = np.float64(key & 1)
            n1 = sums[0, c]
            p = n1 * part
            pq = p * ((left - n1) * part) * event
            at_risk[i, c] = n1 * event
            both = event if pq > 0.0 else 0.0
            sums[0, c] = n1 - mine
            sums[1, c] += event * (mine - p)
            sums[2, c] += pq
            sums[3, c] += pq * (1.0 - 2.0 * p)
            sums[4, c] += event
            sums[5, c] += both
            sums[6, c] += both * mine
            sums[7, c] += event * mine


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _curves(keys: Any, at_risk: Any, landmark: int, curves: Any) -> None:
    """Survival and Greenwood's sum of the control (rows 0, 1) and the tested (2, 3) at the landmark."""
    n, lanes = keys.shape
    curves[:] = 0.0
    curves[0] = 1.0
    curves[2] = 1.0
    for i in range(n):
        left = np.float64(n - i)
        early = 0
        for c in range(lanes):
            key = keys[i, c]
            counts = (key < landmark) & ((key & 2) == 0)
            early += 1 if key < landmark else 0
            tested = (key & 1) == 1
            k = at_risk[i, c] if tested else left - at_risk[i, c]
            # The last patient takes the curve to 0; his term would be infinite.
            rest = max(k - 1.0, 1e-300)
            term = 1.0 / (k * rest)
            factor = rest * rest * term
            curves[0, c] *= factor if counts & (not tested) else 1.0
            curves[1, c] += term if counts & (not tested) else 0.0
            curves[2, c] *= factor if counts & tested else 1.0
            curves[3, c] += term if counts & tested else 0.0
        if early == 0:
            break


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _score(at_risk: Any, ratio: Any, moments: Any) -> None:
    """Sums over the events of p, p(1 - p) and p(1 - p)(1 - 2p), p the tested share of the hazard, at a hazard ratio."""
    n, lanes = at_risk.shape
    moments[:] = 0.0
    for i in range(n):
        left = np.float64(n - i)
        for c in range(lanes):
            n1 = at_risk[i, c]
            mine = n1 * ratio[c]
            p = mine / (mine + (left - n1))
            pq = p * (1.0 - p)
            moments[0, c] += p
            moments[1, c] += pq
            moments[2, c] += pq * (1.0 - 2.0 * p)


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _cox(at_risk: Any, sums: Any, moments: Any, log_hr: Any, se: Any) -> None:
    """The maximum of the partial likelihood in each lane, by Halley's steps from the log-rank sums.

    A lane stops when its own step is small: its answer does not depend on its neighbours.
    """
    lanes = log_hr.size
    ratio, low, high, open_ = np.empty(lanes), np.empty(lanes), np.empty(lanes), np.empty(lanes, dtype=np.bool_)
    waiting = 0
    for c in range(lanes):
        score, both, treated = sums[1, c], sums[5, c], sums[6, c]
        se[c] = np.nan
        open_[c] = 0 < treated < both
        low[c], high[c] = -np.inf, np.inf
        if open_[c]:
            waiting += 1
            log_hr[c] = _step(0.0, score, sums[2, c], sums[3, c], low, high, c)
        else:
            log_hr[c] = np.nan if both == 0 else np.inf if treated > 0 else -np.inf
        ratio[c] = math.exp(log_hr[c]) if open_[c] else 1.0
    for _ in range(200):
        if waiting == 0:
            break
        _score(at_risk, ratio, moments)
        for c in range(lanes):
            if not open_[c]:
                continue
            score = sums[7, c] - moments[0, c]
            before = log_hr[c]
            log_hr[c] = _step(before, score, moments[1, c], moments[2, c], low, high, c)
            move = log_hr[c] - before
            ratio[c] = math.exp(log_hr[c])
            # The error left is of the order of the step's cube; the information is carried along to first order.
            if abs(move) < 1e-5:
                se[c] = 1.0 / math.sqrt(moments[1, c] + move * moments[2, c])
                open_[c] = False
                waiting -= 1


@njit(**_JIT)  # type: ignore[untyped-decorator]
def _step(b: float, score: float, information: float, slope: float, low: Any, high: Any, c: int) -> float:
    """Halley's step from b, kept within what the signs of the score have shown: it falls as b rises."""
    if score > 0:
        low[c] = b
    else:
        high[c] = b
    newton = score / information
    after = b + newton / (1.0 + 0.5 * newton * slope / information)
    if low[c] <= after <= high[c] and abs(after - b) < 4.0:
        return after
    if np.isinf(low[c]):
        return b - 2.0
    return b + 2.0 if np.isinf(high[c]) else 0.5 * (low[c] + high[c])


@njit(**_JIT)  # type: ignore[untyped-decorator]
def chunk_of(
    k0: np.uint64,
    k1: np.uint64,
    first: int,
    place: Any,
    patients: Any,
    arm: Any,
    network: Any,
    landmark: float,
    out: Any,
) -> None:
    """Fills ``out`` (replicates, columns of ``two_arms.RESULT``) with replicates ``first``, ``first + 1``, …

    ``place`` says in which row the uniform number of each patient belongs, ``patients`` has his 1 / (a + b), p, 1 / p,
    1 / (1 - p) and months watched, by row (see ``two_arms.py``), ``network`` is that of ``network(arm.size)``.
    """
    n = arm.size
    room, times, at_risk, small = _tables(n)
    words, keys = room.view(np.uint64), times.view(np.int64)
    sums, curves, moments = small[:8], small[8:12], small[12:15]
    log_hr, se = np.empty(_LANES), np.empty(_LANES)
    tested = arm.sum()
    # A time is at or before the landmark if its key is below this: the last two bits of a key are flags.
    until = (_bits(landmark + 0.0) & -4) + 4
    for start in range(0, out.shape[0], _LANES):
        _draw(k0, k1, first + start, place, words)
        _times(words, patients, arm, keys)
        for q in range(network.shape[0]):
            _exchange(keys, network[q, 0], network[q, 1])
        _log_rank(keys, np.float64(tested), at_risk, sums)
        _curves(keys, at_risk, until, curves)
        _cox(at_risk, sums, moments, log_hr, se)
        for c in range(min(_LANES, out.shape[0] - start)):
            row = out[start + c]
            row[0] = -sums[1, c] / math.sqrt(sums[2, c]) if sums[5, c] > 0 else np.nan
            row[1], row[2] = log_hr[c], se[c]
            for a in range(2):
                survival = curves[2 * a, c]
                there = tested if a else n - tested
                row[5 - 2 * a] = survival if there else np.nan
                row[6 - 2 * a] = survival * survival * curves[2 * a + 1, c] if survival > 0 and there else np.nan
            row[7] = sums[4, c]
