"""IBM hexadecimal floating point, as SAS transport files hold it: a base-16 exponent and 56 bits of fraction.

value = (−1)^sign × fraction × 16^(exponent − 64), 0 ≤ fraction < 1. Source: SAS technical note TS-140.
A missing value is one byte, '.', '_' or a letter, and seven of zero. Which one it was stays in the NaN: R's haven does
likewise ("tagged NA"), and arithmetic does not see it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Largest and smallest magnitude (other than 0) that a transport file can hold.
LARGEST = float((1 - 2.0**-53) * 2.0**252)
SMALLEST = 2.0**-260

_QUIET_NAN = np.uint64(0x7FF8000000000000)
_MISSING = np.zeros(256, dtype=bool)
_MISSING[[0x2E, 0x5F, *range(0x41, 0x5B)]] = True


def from_ibm(words: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Numbers from records of eight bytes (shape n × 8, most significant first); a missing value is NaN.

    A fraction of more than 53 bits is rounded to the nearest double, ties to even.
    """
    bits = np.ascontiguousarray(words).view(">u8")[:, 0].astype(np.uint64)
    fraction = bits & np.uint64(0x00FFFFFFFFFFFFFF)
    exponent = ((bits >> np.uint64(56)) & np.uint64(0x7F)).astype(np.int64)
    values = np.ldexp(fraction.astype(np.float64), (4 * (exponent - 64) - 56).astype(np.int32))
    values = np.where(bits >> np.uint64(63) == 1, -values, values)
    first = (bits >> np.uint64(56)).astype(np.uint8)
    missing = (fraction == 0) & _MISSING[first]
    if missing.any():
        # '.' is the plain NaN; the others carry their letter
        letter = np.where(first == 0x2E, 0, first).astype(np.uint64)
        values = np.where(missing, (_QUIET_NAN | letter).view(np.float64), values)
    # a zero has no sign, whatever its sign bit and exponent say
    return np.where((fraction == 0) & ~missing, 0.0, values)


def to_ibm(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Records of eight bytes (shape n × 8), exact for every double of magnitude ``SMALLEST`` to ``LARGEST``; NaN is missing.

    Raises OverflowError where a magnitude is out of that range.
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    missing = np.isnan(values)
    finite = np.where(missing, 0.0, values)
    magnitude = np.abs(finite)
    if (magnitude > LARGEST).any() or ((magnitude < SMALLEST) & (magnitude > 0)).any():
        raise OverflowError("a number is beyond IBM's floating point")
    mantissa, power = np.frexp(magnitude)  # mantissa in [½, 1)
    power = power.astype(np.int64)
    exponent = -(-power // 4)  # the next multiple of four: the base is sixteen
    fraction = np.ldexp(mantissa, (56 + power - 4 * exponent).astype(np.int32)).astype(np.uint64)
    bits = fraction | ((exponent + 64).astype(np.uint64) << np.uint64(56))
    bits = np.where(finite < 0, bits | np.uint64(1 << 63), bits)
    bits = np.where(magnitude == 0, np.uint64(0), bits)
    letter = values.view(np.uint64) & np.uint64(0xFF)
    letter = np.where(_MISSING[letter.astype(np.uint8)], letter, np.uint64(0x2E))
    bits = np.where(missing, letter << np.uint64(56), bits)
    return bits.astype(">u8").view(np.uint8).reshape(-1, 8)


def missing_letters(values: NDArray[np.float64]) -> str:
    """The special missing values among these, sorted ('AZ_'); the plain '.' is not counted."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)[np.isnan(values)] & np.uint64(0xFF)
    return "".join(sorted(chr(b) for b in np.unique(bits).astype(np.uint8) if _MISSING[b] and b != 0x2E))
