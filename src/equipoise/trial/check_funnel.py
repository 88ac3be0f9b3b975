"""What must hold between the entries of a funnel. Asked of the table as it was written, so that all problems are told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from equipoise.trial.funnel import SHARES, STEPS
from equipoise.trial.problem import Problem


def funnel_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """All problems between the entries of [[funnel]] and [[orphan]]; what is wrong with an entry's type or range is told elsewhere."""
    steps = [*_tables(raw, "funnel")]
    for where, step in steps:
        yield from _amount(where, step)
        yield from _said_from(where, step, both=False)
    yield from _in_order(steps)
    for where, orphan in _tables(raw, "orphan"):
        yield from _threshold(where, orphan)
        yield from _said_from(where, orphan, both=True)


def _tables(raw: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries with what they say: a definition, as a log carries it, also has what is left empty."""
    value = raw.get(key)
    if isinstance(value, list | tuple):
        for i, entry in enumerate(value):
            if isinstance(entry, Mapping):
                yield f"{key}[{i}]", {k: v for k, v in entry.items() if v not in ("", None)}


def _amount(where: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    """One count or one share, and the Beta one that there is."""
    ways = [k for k in ("count", *SHARES) if k in step]
    if len(ways) != 1:
        given = " and ".join(f"`{w}`" for w in ways) or "nothing"
        allowed = "one of `count` (patients a year), `share`, `of` ([k, n]), `mean` (with `sd` or `interval`), `beta` ([a, b])"
        yield Problem("funnel-amount", where, given, allowed)
    if step.get("step") == "incidence" and ways and "count" not in ways:
        yield Problem(
            "funnel-incidence",
            where,
            f"`{ways[0]}`",
            "a `count` of new patients a year: incidence is a share of nothing",
        )
    beside = [k for k in ("sd", "interval") if k in step]
    if "mean" in step and len(beside) != 1:
        given = "`mean` with both" if beside else "`mean` alone"
        yield Problem(
            "funnel-beta",
            where,
            given,
            "`mean` with `sd`, or with `interval`: how well it is known (`share` where it is taken as known)",
        )
    yield from (
        Problem("funnel-beta", f"{where}.{k}", str(step[k]), "goes with `mean`") for k in beside if "mean" not in step
    )
    if "region" in step and "count" not in step:
        yield Problem(
            "funnel-region", f"{where}.region", repr(step["region"]), "goes with `count`: a share has no country"
        )
    if "count" in step:
        yield from (
            Problem("funnel-relaxed", f"{where}.{k}", repr(step[k]), "goes with a share: a count is not relaxed")
            for k in ("relaxed", "relaxed_to") if k in step
        )  # fmt: skip
    elif "relaxed_to" in step and "relaxed" not in step:
        yield Problem("funnel-relaxed", f"{where}.relaxed", "nothing", "the share that passes `relaxed_to`")
    yield from _moments(where, step)


def _moments(where: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    """A Beta with such moments exists."""
    mean, sd = _number(step.get("mean")), _number(step.get("sd"))
    inside = mean is not None and 0 < mean < 1
    if mean is not None and inside and sd is not None and 0 < sd < 0.5 and sd * sd >= mean * (1 - mean):
        most = (mean * (1 - mean)) ** 0.5
        yield Problem(
            "funnel-beta",
            f"{where}.sd",
            f"{sd:g}",
            f"below {most:.4g}, the square root of mean x (1 - mean): no share spreads wider",
        )
    match step.get("interval"):
        case (low, high) if _number(low) is not None and _number(high) is not None:
            ordered = 0 < low < high < 1
            if not low < high:
                yield Problem(
                    "funnel-beta", f"{where}.interval", f"[{low:g}, {high:g}]", "[low, high], low before high"
                )
            if ordered and mean is not None and inside and not low < mean < high:
                yield Problem(
                    "funnel-beta",
                    f"{where}.interval",
                    f"[{low:g}, {high:g}]",
                    f"low below the mean {mean:g} and high above it",
                )
    match step.get("of"):
        case (int() as k, int() as n) if k > n >= 1:
            yield Problem("funnel-of", f"{where}.of", f"[{k}, {n}]", "[k, n]: k of n patients, k at most n")


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _said_from(where: str, entry: Mapping[str, Any], *, both: bool) -> Iterator[Problem]:
    """A source, or that it is assumed, and why."""
    said = [k for k in ("source", "assumed") if entry.get(k)]
    if not said:
        yield Problem(
            "funnel-source",
            where,
            "neither `source` nor `assumed`",
            "`source` (who says it) or `assumed` (why it is taken so)",
        )
    elif len(said) == 2 and not both:
        yield Problem(
            "funnel-source", where, "both `source` and `assumed`", "one of them: what a source says is not assumed"
        )


def _in_order(steps: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Problem]:
    """Incidence first and once, no step before an earlier one, counts before shares and falling."""
    if not steps:
        return
    names = [s.get("step") for _, s in steps]
    if "incidence" not in names:
        yield Problem(
            "funnel-incidence",
            "funnel",
            "no step 'incidence'",
            'the first step: step = "incidence", count = new patients a year',
        )
    furthest, shared, count = 0, "", None
    for i, (where, step) in enumerate(steps):
        name = step.get("step")
        if name in STEPS:
            place = STEPS.index(name)
            if place < furthest:
                yield Problem(
                    "funnel-order",
                    where,
                    f"{name!r} after {STEPS[furthest]!r}",
                    f"the order of the steps: {', '.join(STEPS)}",
                )
            elif name == "incidence" and "incidence" in names[:i]:
                yield Problem(
                    "funnel-order", where, "a second 'incidence'", "one: add the countries up, or take them apart"
                )
            furthest = max(furthest, place)
        if any(k in step for k in SHARES):
            shared = shared or where
        given = _number(step.get("count"))
        if given is None:
            continue
        if shared and name != "incidence":
            yield Problem(
                "funnel-order",
                f"{where}.count",
                f"{given:g} a year after the share of {shared}",
                "counts before shares, or here a share of those before",
            )
        elif count is not None and given > count:
            yield Problem(
                "funnel-order", f"{where}.count", f"{given:g} a year", f"at most the {count:g} of the step before"
            )
        count = given


def _threshold(where: str, orphan: Mapping[str, Any]) -> Iterator[Problem]:
    said = [k for k in ("threshold_persons", "threshold_per_10000") if k in orphan]
    if len(said) != 1:
        given = "both thresholds" if said else "no threshold"
        yield Problem(
            "orphan-threshold", where, given, "one of `threshold_persons` (US) and `threshold_per_10000` (EU)"
        )
    if "threshold_per_10000" in orphan and "people" not in orphan:
        yield Problem(
            "orphan-threshold",
            f"{where}.people",
            "nothing",
            "how many people live there: the threshold is a share of them",
        )
    if "people" in orphan and "threshold_per_10000" not in orphan:
        yield Problem("orphan-threshold", f"{where}.people", str(orphan["people"]), "goes with `threshold_per_10000`")
