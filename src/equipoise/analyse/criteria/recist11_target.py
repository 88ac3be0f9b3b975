"""RECIST 1.1's target lesions: the sum of diameters, its nadir, and the response. Sections 4.3.1, 4.3.2 and 4.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.analyse.criteria.criterion import Scan
from equipoise.analyse.criteria.untangle import size_of
from equipoise.trial.lesion import Reading
from equipoise.trial.vocabularies.recist11 import CR, NE, PD, PR, SD

#: A node whose short axis is below this is normal [mm].
NORMAL_NODE = 10.0
#: Progression: at least this share above the nadir, and at least this much [mm].
PROGRESSION, AT_LEAST = 0.20, 5.0
#: Partial response: at least this share below baseline.
RESPONSE = 0.30
#: Sums are of readings with one or two decimals; what differs by less is the same.
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class TargetPoint:
    """Target response at one time point; ``nadir`` [mm] is the smallest whole sum before it, baseline included."""

    response: str
    sum: float | None
    nadir: float | None
    rule: str
    because: str
    whole: bool = False


def progressed(total: float, nadir: float) -> bool:
    """At least 20 % above the nadir, and at least 5 mm."""
    grown = total - nadir
    return grown >= PROGRESSION * nadir - SAME and grown >= AT_LEAST - SAME


def responded(total: float, baseline: float) -> bool:
    """At least 30 % below baseline."""
    return total <= (1 - RESPONSE) * baseline + SAME


class Targets:
    """One patient's target lesions, read scan after scan in the order of days."""

    def __init__(self, at_baseline: Sequence[Reading], on: date | None) -> None:
        self.lesions = {r.lesion: r for r in at_baseline}
        sizes = {name: size_of(r) for name, r in self.lesions.items()}
        self.unmeasured = [name for name, size in sizes.items() if size is None]
        known = [s for s in sizes.values() if s is not None]
        self.baseline: float | None = sum(known) if known and not self.unmeasured else None
        self.nadir, self.nadir_on = self.baseline, on
        self.smallest = {name: s for name, s in sizes.items() if s is not None}
        self.complete_response_on: date | None = None

    def read(self, scan: Scan) -> TargetPoint:
        """The response at a scan, which then counts for the nadir."""
        if not self.lesions:
            return TargetPoint("", None, None, "no target lesions", "")
        if self.baseline is None or self.nadir is None:
            names = ", ".join(self.unmeasured)
            return TargetPoint(NE, None, None, "no baseline sum", f"Target: {names} not measured at baseline: {NE}.")
        sizes = {name: self._found(name, scan) for name in self.lesions}
        # A target lesion that nobody chose at baseline, and that is part of none, belongs to the sum nobody knows how.
        strays = [
            r.lesion
            for r in scan.readings
            if r.kind == "target" and r.state != "absent" and r.lesion not in self.lesions
        ]
        missing = [*(name for name, size in sizes.items() if size is None), *strays]
        known = {name: size for name, size in sizes.items() if size is not None}
        total = sum(known.values()) if known else None
        nadir, nadir_on = self.nadir, self.nadir_on
        back = self._reappeared(known)
        response, rule = self._response(known, missing, total, nadir, back)
        said = {r.lesion: r.said for r in scan.readings}
        because = self._told(response, rule, total, missing, nadir, nadir_on, back, said)
        if not missing and total is not None and total < nadir:
            self.nadir, self.nadir_on = total, scan.on
        if response == CR and self.complete_response_on is None:
            self.complete_response_on = scan.on
        for name, size in known.items():
            self.smallest[name] = min(size, self.smallest.get(name, size))
        return TargetPoint(response, total, nadir, rule, because, not missing)

    def _response(
        self, known: dict[str, float], missing: list[str], total: float | None, nadir: float, back: list[str]
    ) -> tuple[str, str]:
        assert self.baseline is not None
        if not missing and all(self._gone(name, size) for name, size in known.items()):
            return CR, "all gone"
        if total is not None and progressed(total, nadir):
            # What was not evaluated could only add to the sum (section 4.4.1).
            return PD, "20 % and 5 mm above nadir" if not missing else "20 % and 5 mm above nadir, incomplete"
        if back:
            return PD, "reappeared after complete response"
        if missing:
            return NE, "not all evaluated"
        assert total is not None
        return (PR, "30 % below baseline") if responded(total, self.baseline) else (SD, "neither")

    def _found(self, name: str, scan: Scan) -> float | None:
        """What a target lesion adds to the sum [mm]; None if it was not evaluated."""
        return next((size_of(r) for r in scan.readings if r.kind == "target" and r.lesion == name), None)

    def _gone(self, name: str, size: float) -> bool:
        return size < NORMAL_NODE if self.lesions[name].node else size == 0.0

    def _reappeared(self, known: dict[str, float]) -> list[str]:
        """Lesions that are back after a complete response of the target lesions: progression.

        A node must be 10 mm again and have grown by 5 mm: normal nodes differ by a millimetre from scan to scan.
        """
        if self.complete_response_on is None:
            return []
        return [
            name
            for name, size in known.items()
            if not self._gone(name, size)
            and (not self.lesions[name].node or size - self.smallest.get(name, size) >= AT_LEAST - SAME)
        ]

    def _told(
        self,
        response: str,
        rule: str,
        total: float | None,
        missing: list[str],
        nadir: float,
        nadir_on: date | None,
        back: list[str],
        said: Mapping[str, str],
    ) -> str:
        baseline = self.baseline or 0.0
        if total is None:
            words = ", ".join(f"{n} recorded {said[n]}" for n in missing if said.get(n))
            return f"Target: none of {len(self.lesions)} lesions evaluated{f' ({words})' if words else ''}: NE."
        strays = [name for name in missing if name not in self.lesions]
        missing = [name for name in missing if name in self.lesions]
        of = len(self.lesions) - len(missing)
        told = f"Target: sum {_mm(total)} of {of} lesion{'s' if of != 1 else ''}"
        told += f", {_against(total, baseline)} baseline ({_mm(baseline)})"
        told += f", {_against(total, nadir)} the nadir ({_mm(nadir)} on {nadir_on})"
        if missing:
            told += f"; {not_evaluated(missing, said)} not evaluated"
        if strays:
            told += f"; {', '.join(strays)} read, of which baseline knows nothing"
        why = {
            "all gone": "every lesion gone, nodes below 10 mm",
            "20 % and 5 mm above nadir": "at least 20 % and 5 mm above the nadir",
            "20 % and 5 mm above nadir, incomplete": "at least 20 % and 5 mm above the nadir, whatever was not evaluated",
            "reappeared after complete response": f"{', '.join(back)} back after complete response "
            f"on {self.complete_response_on}",
            "not all evaluated": "not all evaluated",
            "30 % below baseline": "at least 30 % below baseline",
            "neither": "neither response nor progression",
        }[rule]
        return f"{told}: {response}, {why}."


def not_evaluated(names: Sequence[str], said: Mapping[str, str]) -> str:
    """Lesions by name, each with the word that was recorded of it where nobody here understands it."""
    return ", ".join(f"{n} (recorded {said[n]})" if said.get(n) else n for n in names)


def _mm(size: float) -> str:
    return f"{size:.4g} mm"


def _against(size: float, reference: float) -> str:
    """'12 mm (30.8 %) above'; no percentage of nothing."""
    change = size - reference
    if abs(change) <= SAME:
        return "equal to"
    share = f" ({100 * abs(change) / reference:.1f} %)" if reference else ""
    return f"{_mm(abs(change))}{share} {'above' if change > 0 else 'below'}"
