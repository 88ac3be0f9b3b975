"""RECIST 1.1: Eisenhauer et al. 2009, doi:10.1016/j.ejca.2008.10.026. Sections and tables are of that paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from equipoise.analyse.criteria.criterion import New, Scan, TimePoint
from equipoise.analyse.criteria.recist11_target import Targets, not_evaluated
from equipoise.analyse.criteria.untangle import untangled
from equipoise.trial.lesion import Reading
from equipoise.trial.vocabularies.recist11 import CR, NE, NED, NON_CR_NON_PD, PD, PR, VOCABULARY


@dataclass(frozen=True, slots=True)
class Recist11:
    """The criteria, with nothing to choose."""

    name: str = VOCABULARY.criterion
    reference: str = "Eisenhauer et al. 2009, Eur J Cancer 45:228-247, doi:10.1016/j.ejca.2008.10.026"
    reads: Literal["lesions", "measurements"] = "lesions"

    def overall(self, target: str, non_target: str, new: bool) -> str:
        """Tables 1 to 3. '' for target or non-target: no such lesion at baseline."""
        return overall_response(target, non_target, new)

    def read(self, scans: Iterable[Scan]) -> list[TimePoint]:
        """See ``Criterion.read``. Without a baseline scan that holds lesions every time point is NE."""
        ordered = untangled(scans)
        baseline = [s for s in ordered if s.baseline]
        at_baseline = {r.lesion: r for s in baseline for r in s.readings}
        targets = Targets(
            [r for r in at_baseline.values() if r.kind == "target"], baseline[-1].on if baseline else None
        )
        others = [r for r in at_baseline.values() if r.kind == "non-target"]
        first_seen: dict[str, date] = {}
        points = []
        for scan in ordered:
            if scan.baseline:
                continue
            if not at_baseline:
                points.append(_without_baseline(scan))
                continue
            found = targets.read(scan)
            non_target, non_target_why = non_target_response(others, scan)
            new, since, new_why = _new_lesions(scan, first_seen)
            overall = overall_response(found.response, non_target, new == "unequivocal")
            total = f"Overall {overall}: {_spoken(found.response, non_target, new)}."
            progressed_on = None
            if overall == PD:
                other = found.response == PD or non_target == PD
                progressed_on = scan.on if other or since is None else since
            points.append(
                TimePoint(
                    scan.on,
                    scan.visit,
                    found.response,
                    non_target,
                    new,
                    overall,
                    found.sum,
                    targets.baseline,
                    found.nadir,
                    tuple(s for s in (found.because, non_target_why, new_why, *scan.told, total) if s),
                    (found.rule, *(("new lesion",) if new == "unequivocal" else ())),
                    progressed_on,
                    scan.event,
                    found.whole,
                )
            )
        return points


def baseline_sum(scans: Iterable[Scan]) -> float | None:
    """The sum of the target lesions at baseline [mm], as ``Recist11.read`` takes it; None where there is none, or one was not measured."""
    lesions = {r.lesion: r for s in untangled(scans) if s.baseline for r in s.readings}
    return Targets([r for r in lesions.values() if r.kind == "target"], None).baseline


def non_target_response(at_baseline: list[Reading], scan: Scan) -> tuple[str, str]:
    """CR, NON-CR/NON-PD, PD or NE (section 4.3.3), and why; '' without non-target lesions at baseline.

    A node that is read as 'absent' is below 10 mm. Any unequivocal progression is PD; else, where not all were
    evaluated, NE (Table 2).
    """
    if not at_baseline:
        return "", ""
    now = {r.lesion: r.state for r in scan.readings if r.kind == "non-target"}
    states = {r.lesion: now.get(r.lesion, "not evaluated") for r in at_baseline}
    said = {r.lesion: r.said for r in scan.readings}
    worse = [name for name, state in states.items() if state == "unequivocal progression"]
    missing = [name for name, state in states.items() if state == "not evaluated"]
    n = len(states)
    if worse:
        return PD, f"Non-target: {', '.join(worse)} progressed unequivocally: PD."
    if missing:
        return NE, f"Non-target: {not_evaluated(missing, said)} of {n} not evaluated: NE."
    left = [name for name, state in states.items() if state != "absent"]
    if left:
        return NON_CR_NON_PD, f"Non-target: {len(left)} of {n} still there, none progressing: Non-CR/Non-PD."
    return CR, f"Non-target: all {n} gone: CR."


def overall_response(target: str, non_target: str, new: bool) -> str:
    """Table 1 (target disease), Table 2 (non-target disease only); NED where there was none and nothing is new."""
    if new or PD in (target, non_target):
        return PD
    if not target:
        return non_target or NED
    if target == CR:
        # Without non-target lesions nothing stands against a complete response.
        return CR if non_target in ("", CR) else PR
    return target


def _new_lesions(scan: Scan, first_seen: dict[str, date]) -> tuple[New, date | None, str]:
    """What is new, since when, and why. ``first_seen`` carries the days on which new lesions were first noted.

    An equivocal lesion is no progression; when a later scan confirms it, progression counts from the day on which it
    was first seen (section 4.3.4).
    """
    sure: list[str] = []
    unsure: list[str] = []
    for r in scan.readings:
        if r.kind == "new" and r.state in ("equivocal", "unequivocal"):
            first_seen.setdefault(r.lesion, scan.on)
            (sure if r.state == "unequivocal" else unsure).append(r.lesion)
        elif r.kind == "new" and r.state == "absent":
            # What has gone again was nothing that a later lesion confirms.
            first_seen.pop(r.lesion, None)
    if sure:
        since = min(first_seen[name] for name in sure)
        told = "" if since == scan.on else f", first seen on {since}, from when progression counts"
        return "unequivocal", since, f"New: {', '.join(sure)}{told}: PD."
    if unsure:
        return "equivocal", None, f"New: {', '.join(unsure)}, equivocal: no progression yet."
    return "", None, ""


def _spoken(target: str, non_target: str, new: New) -> str:
    parts = [f"target {target}" if target else "no target lesions"]
    parts.append(f"non-target {non_target}" if non_target else "no non-target lesions")
    parts.append({"": "nothing new", "equivocal": "an equivocal new lesion", "unequivocal": "a new lesion"}[new])
    return ", ".join(parts)


def _without_baseline(scan: Scan) -> TimePoint:
    why = ("No lesions were read at baseline, so that nothing can be compared: NE.",)
    return TimePoint(scan.on, scan.visit, "", "", "", NE, None, None, None, why, ("no baseline",), None, scan.event)
