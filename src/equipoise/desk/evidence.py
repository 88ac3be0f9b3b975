"""Evidence as it is said, names and numbers, made into what a design's verdict takes; and which names each kind of design has."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_type_hints

from equipoise.design.spec import MOST_COUNT
from equipoise.trial.design import Design
from equipoise.trial.evidence import (
    ArmsEvidence,
    Evidence,
    ExposureEvidence,
    HazardRatioEvidence,
    PairEvidence,
    ReferenceStatistic,
    StatisticEvidence,
    ToxicityEvidence,
    TwoArmEvidence,
    TwoArmExposureEvidence,
)
from equipoise.trial.problem import BadInput, Problem

#: A value of evidence as it is said: a number; numbers of several looks; or several numbers of each.
Said = float | tuple[float | tuple[float, ...], ...]
#: What each type of evidence is said by, as an example.
EXAMPLES: Mapping[type[Any], str] = {
    Evidence: "look=2,n=80,successes=47,earlier_n=39,earlier_successes=20",
    ToxicityEvidence: "look=2,n=20,successes=6 (successes: patients with the toxicity)",
    TwoArmEvidence: "look=2,n=41,successes=24,control_n=42,control_successes=18,earlier=25:26",
    PairEvidence: "look=2,n=43,responses=20,toxicities=8,earlier=20",
    StatisticEvidence: "look=2,z=1.7,information=180,earlier=90 (information: events), or look=2,z=1.7,share=1,earlier=0.5 (shares of the events)",
    ReferenceStatistic: "look=2,z=1.7,information=74,earlier=41 (information: patients enrolled)",
    ExposureEvidence: "look=2,n=30,events=20,time=118.5,earlier=10",
    TwoArmExposureEvidence: "look=1,events=50,time=420.5,control_events=40,control_time=260",
    HazardRatioEvidence: "look=2,log_hr=-0.21,deaths=89,earlier=60",
    ArmsEvidence: "look=1,A=12:40,B=17:41 (each arm's successes, or successes:patients)",
}


def help_for(types: Sequence[type[Any]]) -> str:
    """What ``--evidence`` takes for a kind whose designs take these types: its own names, and how several looks are said."""
    said = " or ".join(EXAMPLES[t] for t in types)
    looks = (
        " earlier: what the looks before were really taken on, with / between two (default: as planned)."
        if any("earlier" in {f.name for f in dataclasses.fields(t)} for t in types)
        else ""
    )
    return f"The verdict on this evidence: {said}.{looks}"


def evidence_for(design: Design[Any], given: Mapping[str, Said]) -> Any:
    """The evidence of the type that this design's verdict takes, from names and numbers.

    ``earlier``: one value a look, (40, 80) or ((26, 26), (42, 42)). Where arms are compared by name each has its outcome, or
    ((outcome, patients),). Raises BadInput with all that is wrong.
    """
    wanted = design.takes
    types = get_type_hints(wanted)
    by_arm = "outcome" in types
    fields = {
        f.name: f for f in dataclasses.fields(wanted) if f.name != "arm" and not (by_arm and f.name in ("outcome", "n"))
    }
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    if wanted in (StatisticEvidence, ReferenceStatistic):
        given = _counted(design, given, problems)
    for name, value in given.items():
        if name == "earlier" and name in fields:
            values[name] = _earlier(value, types[name], problems)
        elif name in fields:
            values[name] = _number(name, value, types[name], problems)
        elif not by_arm:
            problems.append(
                Problem("unknown-key", f"--evidence {name}", _shown(value), f"names are {', '.join(fields)}")
            )
    problems += [
        Problem("missing", f"--evidence {k}", "nothing", "a number")
        for k, f in fields.items()
        if k not in given and f.default is dataclasses.MISSING
    ]
    if by_arm:
        values |= _arms({k: v for k, v in given.items() if k not in fields}, problems)
    if problems:
        raise BadInput("evidence", problems)
    if "arm" in types:
        values["arm"] = "tested"
    try:
        return wanted(**values)
    except ValueError as error:
        shown = {k: _shown(v) for k, v in given.items()}
        raise BadInput("evidence", [Problem("not-allowed", "--evidence", str(shown), str(error))]) from None


def _shown(value: Said) -> str:
    """As it is written: '40', '40/80', '26:26/42:42'."""
    if isinstance(value, tuple):
        return "/".join(":".join(f"{v:g}" for v in each) if isinstance(each, tuple) else f"{each:g}" for each in value)
    return f"{value:g}"


def _number(name: str, value: Said, wanted: Any, problems: list[Problem]) -> float | int | None:
    """One number, whole where a count is wanted."""
    whole = wanted is int or int in get_args(wanted)
    if isinstance(value, tuple):
        problems.append(Problem("not-a-number", f"--evidence {name}", _shown(value), "one number"))
        return None
    if whole and not float(value).is_integer():
        problems.append(Problem("not-a-count", f"--evidence {name}", _shown(value), "a whole number"))
        return None
    if whole and abs(float(value)) > MOST_COUNT:
        problems.append(Problem("out-of-range", f"--evidence {name}", _shown(value), f"at most {MOST_COUNT:,}"))
        return None
    return int(value) if whole else float(value)


def _earlier(value: Said, wanted: Any, problems: list[Problem]) -> tuple[Any, ...]:
    """One value a look before: a number, or two of them."""
    (of, *_) = get_args(wanted)
    looks = value if isinstance(value, tuple) else (value,)
    size = len(get_args(of)) or 1
    whole = of is int or int in get_args(of)
    rows = [look if isinstance(look, tuple) else (look,) for look in looks]
    if any(len(row) != size for row in rows) or (whole and not all(float(v).is_integer() for row in rows for v in row)):
        example = "26:26/42:42, of both arms" if size > 1 else "40/80"
        allowed = f"{'whole numbers' if whole else 'numbers'}, one look after the other, as in {example}"
        problems.append(
            Problem("not-a-count" if whole else "not-a-number", "--evidence earlier", _shown(value), allowed)
        )
        return ()
    made = [tuple(int(v) if whole else float(v) for v in row) for row in rows]
    return tuple(row if size > 1 else row[0] for row in made)


def _arms(given: Mapping[str, Said], problems: list[Problem]) -> dict[str, Any]:
    """Outcome and, where it is said, number of patients of each arm, by its name."""
    outcome: dict[str, float] = {}
    n: dict[str, int] = {}
    for arm, value in given.items():
        match value:
            case ((float(x), float(size)),) if size.is_integer() and x.is_integer():
                outcome[arm], n[arm] = x, int(size)
            case float(x) if x.is_integer():
                outcome[arm] = x
            case _:
                allowed = "successes, or successes:patients, in whole numbers, as in A=12:40"
                problems.append(Problem("not-a-count", f"--evidence {arm}", _shown(value), allowed))
    return {"outcome": outcome, "n": n}


def _counted(design: Design[Any], given: Mapping[str, Said], problems: list[Problem]) -> Mapping[str, Said]:
    """Information as the count that it is: events, or patients enrolled. A share of the planned events may be said as such.

    Problems are added for information that is no whole number of 1 or more, and for shares that are none.
    """
    unit = design.looks[-1].unit
    of_events = unit == "events"
    if "share" in given and of_events:
        return _from_shares(design, given, problems)
    found = dict(given)
    for name in ("information", "earlier"):
        value = found.get(name)
        counts = (value if isinstance(value, tuple) else (value,)) if value is not None else ()
        wrong = [v for v in counts if not isinstance(v, tuple) and not (float(v).is_integer() and v >= 1)]
        if wrong and value is not None:
            shares = of_events and all(0 < v <= 1 for v in wrong)
            step = f"a share is said as share={wrong[0]:g}" if shares and name == "information" else ""
            step = step or ("shares of the events go with share=…" if shares else "")
            problems.append(
                Problem("not-a-count", f"--evidence {name}", _shown(value), f"{unit}: a whole number, 1 or more", step)
            )
            # told once: what is in its place is never looked at, as there is a problem
            found[name] = 1.0 if name == "information" else ()
    if "share" in found and not of_events:
        problems.append(
            Problem(
                "unknown-key", "--evidence share", _shown(found.pop("share")), f"information: {unit}, which are counted"
            )
        )
    return found


def _from_shares(design: Design[Any], given: Mapping[str, Said], problems: list[Problem]) -> dict[str, Said]:
    """``share`` and ``earlier`` as shares of the planned events, made into events that are not rounded."""
    planned = float(getattr(design, "maximum", design.looks[-1].n))
    found = {k: v for k, v in given.items() if k not in ("share", "information")}
    if "information" in given:
        both = "information (events) or share (of the planned events), not both"
        problems.append(Problem("stated-twice", "--evidence share", _shown(given["share"]), both))
    found["information"] = 1.0
    for name, into in (("share", "information"), ("earlier", "earlier")):
        value = given.get(name)
        if value is None:
            continue
        shares = value if isinstance(value, tuple) else (value,)
        if any(isinstance(v, tuple) or not 0 < v <= 2 for v in shares) or (name == "share" and len(shares) > 1):
            allowed = f"share{'s' if name == 'earlier' else ''} of the {planned:g} planned events, such as 0.5: above 0, at most 2"
            problems.append(Problem("not-a-share", f"--evidence {name}", _shown(value), allowed))
            found[into] = 1.0 if name == "share" else ()
        else:
            events = tuple(float(v) * planned for v in shares if not isinstance(v, tuple))
            found[into] = events[0] if name == "share" else events
    return found
