"""iRECIST: Seymour et al. 2017, Lancet Oncol 18:e143-e152, table 2, doi:10.1016/S1470-2045(17)30074-8.

Lesions are read as by RECIST 1.1; a progression is unconfirmed (iUPD) until a later scan shows more of it (iCPD) or less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from equipoise.analyse.criteria.criterion import Scan, TimePoint
from equipoise.analyse.criteria.recist11 import Recist11, overall_response
from equipoise.analyse.criteria.untangle import untangled
from equipoise.trial.vocabularies.irecist import ICPD, IUPD, VOCABULARY
from equipoise.trial.vocabularies.recist11 import NE, PD

#: Of RECIST's words ours: PD is an iUPD until more is seen.
OURS: Mapping[str, str] = VOCABULARY.synonyms
_RECIST = {ours: word for word, ours in OURS.items()} | {ICPD: PD}
#: By so much the sum of targets, or of new lesions that are measured, grows further for iCPD [mm].
FURTHER = 5.0
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Irecist:
    """The criteria, with nothing to choose."""

    name: str = VOCABULARY.criterion
    reference: str = "Seymour et al. 2017, Lancet Oncol 18:e143-e152, doi:10.1016/S1470-2045(17)30074-8"
    reads: Literal["lesions", "measurements"] = "lesions"

    def overall(self, target: str, non_target: str, new: bool) -> str:
        """As the parts say; a progression is iCPD where a part is."""
        if ICPD in (target, non_target):
            return ICPD
        found = overall_response(_RECIST.get(target, target), _RECIST.get(non_target, non_target), new)
        return OURS.get(found, found)

    def read(self, scans: Iterable[Scan]) -> list[TimePoint]:
        """See ``Criterion.read``."""
        ordered = untangled(scans)
        by_recist = Recist11().read(ordered)
        after = [s for s in ordered if not s.baseline]
        points: list[TimePoint] = []
        before: _Seen | None = None
        for point, scan in zip(by_recist, after, strict=True):
            seen = _Seen.of(point, scan)
            if not seen.causes:
                # A scan that cannot be read settles nothing.
                before = before if point.overall == NE else None
                points.append(_in_our_words(point, OURS.get(point.overall, point.overall), ()))
                continue
            more = seen.more_than(before) if before is not None else []
            why = f"More of it than on {before.on}: {', '.join(more)}." if before is not None and more else (
                f"No more of it than on {before.on}." if before is not None else "Progression, seen for the first time."
            )  # fmt: skip
            points.append(_in_our_words(point, ICPD if more else IUPD, (why,)))
            before = seen
        return points


@dataclass(frozen=True, slots=True)
class _Seen:
    """A progression as one scan shows it: by which lesions, and how much of each."""

    on: str
    causes: frozenset[str]
    sum: float | None
    others: Mapping[str, float]
    progressing: frozenset[str]
    new: Mapping[str, float]

    @classmethod
    def of(cls, point: TimePoint, scan: Scan) -> _Seen:
        causes = {
            name
            for name, holds in (
                ("target", point.target == PD), ("non-target", point.non_target == PD), ("new", point.new == "unequivocal"),
            )
            if holds
        }  # fmt: skip
        return cls(
            str(scan.on), frozenset(causes), point.sum,
            {r.lesion: r.size for r in scan.readings if r.kind == "non-target" and r.size is not None},
            frozenset(r.lesion for r in scan.readings if r.kind == "non-target" and r.state == "unequivocal progression"),
            {r.lesion: r.size or 0.0 for r in scan.readings if r.kind == "new" and r.state == "unequivocal"},
        )  # fmt: skip

    def more_than(self, before: _Seen) -> list[str]:
        """What there is more of than at an earlier progression; nothing: it is not confirmed."""
        found = [f"{name} too" for name in sorted(self.causes - before.causes)]
        grown = self.sum - before.sum if self.sum is not None and before.sum is not None else 0.0
        if "target" in self.causes & before.causes and grown >= FURTHER - SAME:
            found.append(f"target {grown:.4g} mm more")
        if "non-target" in self.causes & before.causes:
            larger = [n for n, size in self.others.items() if size > before.others.get(n, size) + SAME]
            worse = sorted(self.progressing - before.progressing)
            found += [f"non-target {n}" for n in (*worse, *(n for n in larger if n not in worse))]
        if "new" in self.causes & before.causes:
            found += [f"new {n}" for n in sorted(self.new.keys() - before.new.keys())]
            shared = self.new.keys() & before.new.keys()
            grown_by = sum(self.new[n] - before.new[n] for n in shared if self.new[n] and before.new[n])
            if grown_by >= FURTHER - SAME:
                found.append(f"new lesions {grown_by:.4g} mm more")
        return found


def _in_our_words(point: TimePoint, overall: str, why: tuple[str, ...]) -> TimePoint:
    because = (*point.because[:-1], *why, f"Overall {overall}.")
    target = ICPD if overall == ICPD and point.target == PD else OURS.get(point.target, point.target)
    non_target = ICPD if overall == ICPD and point.non_target == PD else OURS.get(point.non_target, point.non_target)
    return replace(point, target=target, non_target=non_target, overall=overall, because=because)
