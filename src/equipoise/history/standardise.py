"""The hurdle for the trial's own patients: historical rates of strata, weighted by who is in this trial."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from pydantic import Field

from equipoise.history.library import MOST_PUBLISHED, Verified
from equipoise.history.next_trial import NextRate, certain
from equipoise.trial.check import near
from equipoise.trial.duration import Duration
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import Factor
from equipoise.trial.snapshot import Snapshot


class MixStratum(Part):
    """One stratum: its levels, its historical rate out of n, and its share (or count) in this trial."""

    levels: Mapping[str, str] = Field(description="Factor → level, every stratification factor of the trial.")
    rate: float
    n: int = Field(le=MOST_PUBLISHED)
    share: float | None = Field(default=None, description="Share of this trial's patients; shares add up to 1.")


class CaseMix(Part):
    """Historical rates by stratum, as a file."""

    format: int = Field(ge=1, le=1)
    title: str = Field(min_length=1)
    endpoint: str
    at: Duration | None = None
    source: str = Field(min_length=1)
    verified: Verified
    strata: tuple[MixStratum, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Standardised:
    """The historical rate as it would be among this trial's patients (direct standardisation).

    ``crude`` is the rate of all historical patients as they were. ``se`` is of the rate; ``variance`` of its logit. ``halved``: the
    strata in which none or all succeeded, whose doubt is that of half a patient more on each side.
    """

    rate: float
    se: float
    crude: float
    logit: float
    variance: float
    shares: Mapping[str, float]
    weights_from: str
    halved: Sequence[str] = ()

    def next_rate(self, tau: float = 0.0) -> NextRate:
        """As the distribution of a control rate; ``tau`` adds the spread of logits between trials."""
        return certain(self.rate, math.sqrt(self.variance), tau)


def standardise(mix: CaseMix, factors: Sequence[Factor], counts: Mapping[str, int] | None = None) -> Standardised:
    """Σ w p over the strata, variance Σ w² p (1 - p)/n, where p = 0 or 1 with half a patient more on each side; weights are the file's shares, or ``counts`` of this trial's patients.

    Raises BadInput, all at once, where strata are not those of the trial's stratification factors.
    """
    problems = [*_problems(mix, factors, counts)]
    if problems:
        raise BadInput(mix.title, problems)
    keys = [key(s.levels) for s in mix.strata]
    if counts is None:
        shares = {k: float(s.share or 0.0) for k, s in zip(keys, mix.strata, strict=True)}
    else:
        total = sum(counts.values())
        shares = {k: counts.get(k, 0) / total for k in keys}
    rate = math.fsum(shares[k] * s.rate for k, s in zip(keys, mix.strata, strict=True))
    if not 0 < rate < 1:
        allowed = "patients in strata with rates between 0 and 1: the weighted rate has no logit"
        raise BadInput(mix.title, [Problem("out-of-range", "strata.rate", f"{rate:g} when weighted", allowed)])
    variance = math.fsum(shares[k] ** 2 * _variance(s) for k, s in zip(keys, mix.strata, strict=True))
    crude = sum(s.rate * s.n for s in mix.strata) / sum(s.n for s in mix.strata)
    slope = rate * (1 - rate)
    return Standardised(
        rate, math.sqrt(variance), crude, math.log(rate / (1 - rate)), variance / slope**2, shares,
        "the file's shares" if counts is None else f"{sum(counts.values())} patients of the trial's log",
        [k for k, s in zip(keys, mix.strata, strict=True) if not 0 < s.rate < 1 and shares[k] > 0],
    )  # fmt: skip


def _variance(s: MixStratum) -> float:
    """Of a stratum's rate. Where it is 0 or 1, p (1 - p) is that of half a patient more on each side: it is not certain."""
    p = s.rate if 0 < s.rate < 1 else (s.rate * s.n + 0.5) / (s.n + 1)
    return p * (1 - p) / s.n


def counts_of(snap: Snapshot, factors: Sequence[Factor]) -> dict[str, int]:
    """This trial's randomised patients by stratum."""
    names = [f.name for f in factors]
    levels = [p.enrolled.data.get("factors", {}) if p.enrolled is not None else {} for p in snap.randomised]
    return dict(Counter(key({n: str(s.get(n, "not recorded")) for n in names}) for s in levels))


def key(levels: Mapping[str, str]) -> str:
    """A stratum's name: 'ecog 0-1, ldh normal'."""
    return ", ".join(f"{f} {levels[f]}" for f in sorted(levels))


def _problems(mix: CaseMix, factors: Sequence[Factor], counts: Mapping[str, int] | None) -> Iterator[Problem]:
    known = {f.name: f.levels for f in factors}
    seen: set[str] = set()
    for i, s in enumerate(mix.strata):
        where = f"strata[{i}]"
        for name, level in s.levels.items():
            if name not in known:
                allowed = f"a stratification factor of the trial: {', '.join(known) or 'it has none'}"
                yield Problem("unknown-factor", f"{where}.levels", repr(name), allowed, near(name, list(known)))
            elif level not in known[name]:
                yield Problem(
                    "unknown-level", f"{where}.levels.{name}", repr(level), f"one of {', '.join(known[name])}"
                )
        for name in known:
            if name not in s.levels:
                yield Problem("missing-factor", f"{where}.levels", key(s.levels) or "nothing", f"a level of {name}")
        if key(s.levels) in seen:
            yield Problem("duplicate-stratum", where, key(s.levels), "each stratum once")
        seen.add(key(s.levels))
        if not 0 <= s.rate <= 1:
            yield Problem("out-of-range", f"{where}.rate", f"{s.rate:g}", "a share from 0 to 1")
        if s.n < 1:
            yield Problem("out-of-range", f"{where}.n", str(s.n), "at least 1")
        if s.share is not None and not 0 <= s.share <= 1:
            yield Problem("out-of-range", f"{where}.share", f"{s.share:g}", "a share from 0 to 1")
        if counts is None and s.share is None:
            yield Problem("missing", f"{where}.share", "nothing", "the stratum's share in this trial, or --log")
    shares = [s.share for s in mix.strata if s.share is not None]
    if counts is None and len(shares) == len(mix.strata) and abs(math.fsum(shares) - 1) > 1e-6:
        yield Problem("shares", "strata.share", f"{math.fsum(shares):g} in all", "shares that add up to 1")
    for levels in product(*known.values()):
        name = key(dict(zip(known, levels, strict=True)))
        if name not in seen and (counts is None or counts.get(name, 0) > 0):
            yield Problem(
                "missing-stratum", "strata", f"nothing for {name}", "a historical rate for every stratum of the trial"
            )
    for name in counts or {}:
        if name not in seen and name not in {key(dict(zip(known, v, strict=True))) for v in product(*known.values())}:
            yield Problem("unknown-stratum", "log", name, "patients with a level of every stratification factor")
    if counts is not None and not sum(counts.values()):
        yield Problem("no-patients", "log", "nobody randomised", "a log with randomised patients")
    if math.isclose(sum(s.rate for s in mix.strata), 0) or all(s.rate == 1 for s in mix.strata):
        yield Problem("out-of-range", "strata.rate", "0 or 1 everywhere", "rates that have a logit when weighted")
