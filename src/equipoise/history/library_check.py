"""What holds within a library of historical controls: what contradicts itself is refused, what must be known is said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import NormalDist, median

from equipoise.history.library import UNVERIFIED, HistoricalArm, HistoryLibrary, Number, PublishedMedian, PublishedRate
from equipoise.trial.check import near
from equipoise.trial.duration import Duration
from equipoise.trial.problem import Problem

#: Time to progression and its kin cannot exceed survival.
_BEFORE_DEATH = ("PFS", "TTP", "FFS", "EFS")
#: A median is held against the others of its endpoint: weeks taken as months are 4.3 times too large, days 30.4 times.
_OTHER_UNITS = {"weeks": 30.4375 / 7, "days": 30.4375, "years": 1 / 12}


def library_problems(library: HistoryLibrary) -> list[Problem]:
    """Everything in the library that cannot be so, all at once."""
    names = [a.name for a in library.arms]
    problems = [
        Problem("duplicate-name", f"arms.{n}", "the name twice", "each arm must be given once")
        for n in sorted({n for n in names if names.count(n) > 1})
    ]
    for arm in library.arms:
        problems += [*_of_arm(arm, names)]
    return [*problems, *_other_units(library), *_same_patients(library)]


def library_cautions(library: HistoryLibrary) -> list[str]:
    """What a reader must know of the library: what is unverified, what overlaps."""
    found = []
    for arm in library.arms:
        loose = [_say(x) for x in (*arm.medians, *arm.rates, *arm.strata) if arm.grade(x) == UNVERIFIED]
        if arm.n_grade == UNVERIFIED:
            loose.insert(0, "n")
        if loose:
            found.append(f"{arm.name}: {', '.join(loose)} from memory, unverified; left out unless asked for.")
        numbers: tuple[PublishedMedian | PublishedRate, ...] = (*arm.medians, *arm.rates)
        for number in numbers:
            if arm.n is not None and arm.n >= 1 and _narrow(number, arm.n):
                found.append(
                    f"{arm.name}: the interval of {_say(number)} is narrower than {arm.n} patients can usually give: many events on one "
                    "scan day, other patients, or a misprint."
                )
        if arm.contains:
            found.append(f"{arm.name} contains {', '.join(arm.contains)}: never pooled together.")
        if arm.overlaps:
            found.append(f"{arm.name} may share patients with {', '.join(arm.overlaps)}: never pooled together.")
    return found


def _narrow(number: PublishedMedian | PublishedRate, n: int) -> bool:
    """Is the interval too narrow for ``n`` patients? A median's even under a Weibull shape of 2.5, a rate's by a fifth and more."""
    if number.lower is None or number.upper is None:
        return False
    z = NormalDist().inv_cdf((1 + number.conf_level) / 2)
    if isinstance(number, PublishedMedian):
        assert isinstance(number.lower, Duration)
        assert isinstance(number.upper, Duration)
        sd = math.log(number.upper.exact_days / number.lower.exact_days) / (2 * z)
        return sd < 1 / (2.5 * math.log(2) * math.sqrt(n))
    assert isinstance(number.lower, float)
    assert isinstance(number.upper, float)
    return number.upper - number.lower < 0.8 * 2 * z * math.sqrt(number.rate * (1 - number.rate) / (number.n or n))


def counted_twice(arms: Sequence[HistoricalArm]) -> list[Problem]:
    """Pairs among ``arms`` that share patients, or may."""
    problems = []
    for a, b in combinations(arms, 2):
        for outer, inner in ((a, b), (b, a)):
            how = "contains" if inner.name in outer.contains else "overlaps" if inner.name in outer.overlaps else ""
            if how:
                word = "contains the patients of" if how == "contains" else "may share patients with"
                problems.append(
                    Problem(
                        "counted-twice", f"arms.{outer.name}", f"{outer.name} {word} {inner.name}",
                        "each patient may be counted once", f"leave out {outer.name} or {inner.name}",
                    )
                )  # fmt: skip
    return problems


def _of_arm(arm: HistoricalArm, names: Sequence[str]) -> Iterator[Problem]:
    where = f"arms.{arm.name}"
    if arm.n is None:
        yield Problem("n-missing", f"{where}.n", "nothing", "the number of patients analysed")
    elif arm.n < 1:
        yield Problem("out-of-range", f"{where}.n", str(arm.n), "at least 1")
    if len(arm.enrolled) == 2 and arm.enrolled[0] > arm.enrolled[1]:
        yield Problem("dates-out-of-order", f"{where}.enrolled", str(list(arm.enrolled)), "first year, last year")
    if arm.enrolled and arm.published < arm.enrolled[-1]:
        yield Problem(
            "dates-out-of-order",
            f"{where}.published",
            str(arm.published),
            f"not before enrolment ended, {arm.enrolled[-1]}",
        )
    if arm.verified in ("quoted", "derived") and not arm.seen_in:
        yield Problem("no-source", f"{where}.seen_in", "nothing", f"where it was read, for what is {arm.verified}")
    for key in ("contains", "overlaps"):
        for other in getattr(arm, key):
            if other not in names or other == arm.name:
                yield Problem(
                    "unknown-arm",
                    f"{where}.{key}",
                    repr(other),
                    "another arm of this library",
                    near(other, list(names)),
                )
    for i, m in enumerate(arm.medians):
        at = f"{where}.medians[{i}]"
        yield from _interval(at, m, *(None if d is None else d.exact_days for d in (m.value, m.lower, m.upper)))
    for i, r in enumerate(arm.rates):
        at = f"{where}.rates[{i}]"
        for key, value in (("rate", r.rate), ("lower", r.lower), ("upper", r.upper)):
            yield from _share(f"{at}.{key}", value)
        yield from _interval(at, r, r.rate, r.lower, r.upper)
        if r.at is None and r.endpoint in (*_BEFORE_DEATH, "OS"):
            yield Problem("no-landmark", f"{at}.at", "nothing", f"the landmark of the rate of {r.endpoint}")
        if r.n is not None and (r.n < 1 or (arm.n is not None and r.n > arm.n >= 1)):
            allowed = f"1 to the arm's {arm.n}" if arm.n is not None and arm.n >= 1 else "at least 1"
            yield Problem("out-of-range", f"{at}.n", str(r.n), allowed)
    for i, s in enumerate(arm.strata):
        yield from _share(f"{where}.strata[{i}].rate", s.rate)
        if s.n < 1 or (arm.n is not None and s.n > arm.n):
            yield Problem("out-of-range", f"{where}.strata[{i}].n", str(s.n), "at least 1 and at most the arm's n")
    yield from _against_each_other(arm, where)


def _share(where: str, value: float | None) -> Iterator[Problem]:
    if value is not None and not 0 <= value <= 1:
        step = "a percentage? divide it by 100" if 1 < value <= 100 else ""
        yield Problem("out-of-range", where, f"{value:g}", "a share from 0 to 1", step)


def _interval(
    where: str, number: Number, value: float | None, lower: float | None, upper: float | None
) -> Iterator[Problem]:
    if (lower is None) != (upper is None):
        yield Problem("half-an-interval", where, f"{_say(number)} with one limit", "both limits, or none")
    elif value is not None and lower is not None and upper is not None and not lower <= value <= upper:
        given = f"{_say(number)} outside its own interval"
        yield Problem("interval-excludes-estimate", where, given, "lower ≤ estimate ≤ upper")


def _against_each_other(arm: HistoricalArm, where: str) -> Iterator[Problem]:
    survival = next((m for m in arm.medians if m.endpoint == "OS"), None)
    for m in arm.medians:
        if survival is not None and m.endpoint in _BEFORE_DEATH and m.value > survival.value:
            given = f"median {m.endpoint} {m.value} above median OS {survival.value}"
            yield Problem("pfs-above-os", f"{where}.medians", given, "progression does not come after death")
        for r in arm.rates:
            if r.endpoint == m.endpoint and r.at is not None:
                late, high = r.at.exact_days > m.value.exact_days, r.rate > 0.5
                if r.at.exact_days != m.value.exact_days and late == high and abs(r.rate - 0.5) > 0.01:
                    given = f"{r.endpoint} {r.rate:g} at {r.at}, median {m.value}"
                    yield Problem(
                        "rate-against-median", f"{where}.rates", given, "half are left at the median: one is wrong"
                    )
    timed = [r for r in arm.rates if r.at is not None]
    for a, b in combinations(sorted(timed, key=lambda r: r.at.exact_days if r.at else 0.0), 2):
        assert a.at is not None
        assert b.at is not None
        if a.endpoint == b.endpoint and b.rate > a.rate:
            given = f"{a.endpoint} {a.rate:g} at {a.at} and {b.rate:g} at {b.at}"
            yield Problem("rate-rises", f"{where}.rates", given, "survival does not rise")
        for pfs, os_ in ((a, b), (b, a)):
            same = a.at.exact_days == b.at.exact_days
            if same and pfs.endpoint in _BEFORE_DEATH and os_.endpoint == "OS" and pfs.rate > os_.rate:
                given = f"{pfs.endpoint} {pfs.rate:g} above OS {os_.rate:g} at {a.at}"
                yield Problem("pfs-above-os", f"{where}.rates", given, "progression does not come after death")


def _other_units(library: HistoryLibrary) -> Iterator[Problem]:
    """Medians that fit the others of their endpoint only in another unit."""
    by_endpoint: dict[str, list[tuple[HistoricalArm, PublishedMedian]]] = {}
    for arm in library.arms:
        for m in arm.medians:
            by_endpoint.setdefault(m.endpoint, []).append((arm, m))
    for found in by_endpoint.values():
        for arm, m in found:
            others = [o.value.exact_days for a, o in found if a is not arm]
            if len(others) < 3:
                continue
            ratio = m.value.exact_days / median(others)
            for unit, factor in _OTHER_UNITS.items():
                if 0.72 < ratio / factor < 1.39 and not 1 / 2.6 < ratio < 2.6:
                    months = median(others) / 30.4375
                    yield Problem(
                        "other-unit", f"arms.{arm.name}.medians", f"median {m.endpoint} {m.value}",
                        f"the other arms' is {months:.1f} months; this fits them in {unit}", "check the unit in the paper",
                    )  # fmt: skip


def _same_patients(library: HistoryLibrary) -> Iterator[Problem]:
    """The same paper's arm under two names."""
    for a, b in combinations(library.arms, 2):
        paper = (a.pmid and a.pmid == b.pmid) or (a.doi and a.doi.lower() == b.doi.lower())
        if a.name != b.name and paper and a.treatment == b.treatment and a.n == b.n and a.regimen == b.regimen:
            given = f"{a.name} and {b.name}: one paper, one treatment, one number of patients"
            yield Problem("counted-twice", f"arms.{b.name}", given, "each arm once")


def _say(number: Number) -> str:
    if isinstance(number, PublishedMedian):
        return f"median {number.endpoint} {number.value}"
    if isinstance(number, PublishedRate):
        return f"{number.endpoint}{f' at {number.at}' if number.at else ''} {number.rate:g}"
    return f"stratum {getattr(number, 'levels', '')}"
