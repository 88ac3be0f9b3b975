"""IMWG response in multiple myeloma: Kumar et al. 2016, Lancet Oncol 17:e328-e346, table 4, doi:10.1016/S1470-2045(16)30206-6.

A time point is judged by what was measurable at baseline: M-protein in serum and urine; without these the difference of the light
chains; without it the marrow. Of several the lowest response is the patient's; what is missing costs a level. Progression is
against the lowest value before, baseline among it. Whether a second assessment confirms is settled later (``analyse.settled``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.analyse.criteria.criterion import Scan, TimePoint
from equipoise.analyse.criteria.imwg_progress import Course, difference, normal_ratio
from equipoise.trial.vocabularies import imwg as words
from equipoise.trial.vocabularies.imwg import ABSENT, MR, NEGATIVE, SCR, VGPR, VOCABULARY
from equipoise.trial.vocabularies.recist11 import CR, NE, PD, PR, SD

#: Measurable at baseline: serum M-protein [g/dL], urine M-protein [mg/24 h], involved light chain [mg/L], marrow [%].
SERUM_LEAST, URINE_LEAST, CHAIN_LEAST, MARROW_LEAST = 1.0, 200.0, 100.0, 30.0
#: Urine [mg/24 h] below which a partial, and a very good partial response may be.
URINE_PARTIAL, URINE_VERY_GOOD = 200.0, 100.0
#: Plasma cells in the marrow must be below this for a complete response [%].
MARROW_COMPLETE = 5.0
#: Numbers have two decimals or so; what differs by less is the same.
SAME = 1e-9

_ORDER = VOCABULARY.order


@dataclass(frozen=True, slots=True)
class Imwg:
    """The criteria, with nothing to choose."""

    name: str = VOCABULARY.criterion
    reference: str = "Kumar et al. 2016, Lancet Oncol 17:e328-e346, doi:10.1016/S1470-2045(16)30206-6"
    reads: Literal["lesions", "measurements"] = "measurements"

    def overall(self, target: str, non_target: str, new: bool) -> str:
        """There are no target lesions in myeloma: '' but for a new lesion."""
        return PD if new else target or non_target

    def read(self, scans: Iterable[Scan]) -> list[TimePoint]:
        """See ``Criterion.read``. Without a baseline nothing can be compared: NE, unless a new lesion shows."""
        ordered = sorted(scans, key=lambda s: (s.on, not s.baseline))
        baseline: dict[str, Any] = {}
        for scan in ordered:
            if scan.baseline:
                baseline |= scan.measured
        course = Course(baseline, measurable(baseline))
        points = []
        for scan in ordered:
            if not scan.baseline:
                points.append(_point(scan, course))
        return points


def measurable(baseline: Mapping[str, Any]) -> tuple[str, ...]:
    """By what a patient is followed: serum, urine or both; else the light chains; else the marrow; nothing if none is measurable."""
    protein = tuple(
        name
        for name, least in ((words.SERUM, SERUM_LEAST), (words.URINE, URINE_LEAST))
        if baseline.get(name, 0.0) >= least
    )
    if protein:
        return protein
    kappa, lambda_ = baseline.get(words.KAPPA), baseline.get(words.LAMBDA)
    abnormal = None not in (kappa, lambda_) and not normal_ratio(kappa, lambda_)
    if abnormal and max(kappa or 0.0, lambda_ or 0.0) >= CHAIN_LEAST:
        return (words.KAPPA,)
    return (words.MARROW,) if baseline.get(words.MARROW, 0.0) >= MARROW_LEAST else ()


def _point(scan: Scan, course: Course) -> TimePoint:
    progress, certain = course.progression(scan)
    because = list(progress)
    if progress:
        overall = PD
    else:
        overall, why = _response(scan, course)
        because += why
    course.take(scan)
    because.append(f"Overall {overall}.")
    new: Literal["", "unequivocal"] = "unequivocal" if scan.new_lesion else ""
    rule = ("progression" if overall == PD else "response",)
    return TimePoint(
        scan.on, scan.visit, "", "", new, overall, None, None, None, tuple(because), rule,
        scan.on if overall == PD else None, scan.event, certain=certain,
    )  # fmt: skip


def _response(scan: Scan, course: Course) -> tuple[str, list[str]]:
    """The response at a time point without progression: the lowest of what each parameter shows, and why."""
    if not course.followed:
        return NE, ["Nothing was measurable at baseline: NE."]
    shown: list[tuple[str, str]] = []
    missing: list[str] = []
    for name in course.followed:
        found = _of_parameter(name, scan.measured, course)
        shown.append(found) if found is not None else missing.append(course.label(name))
    if not shown or missing:
        # By what is missing a response can be no better than stable disease, and that is not known either.
        return NE, [*(why for _, why in shown), f"Not measured: {', '.join(missing)}: NE."]
    level, because = _lowest([code for code, _ in shown]), [why for _, why in shown]
    for capped, why in (_plasmacytoma(level, scan, course), _deeper(level, scan, course)):
        if why:
            because.append(why)
        level = _lowest([level, capped])
    better, why = _complete(level, scan, course)
    if why:
        because.append(why)
    return better, because


def _lowest(codes: list[str]) -> str:
    return max(codes, key=_ORDER.index)


def _of_parameter(name: str, now: Mapping[str, Any], course: Course) -> tuple[str, str] | None:
    """What one parameter shows, up to VGPR; None where it was not measured."""
    base = course.baseline
    if name == words.KAPPA:
        was, is_now = difference(base, base), difference(now, base)
        if was is None or is_now is None:
            return None
        return _by_share("Light chains, involved less uninvolved", was, max(is_now, 0.0), "mg/L", minimal=False)
    value = now.get(name)
    if value is None:
        return None
    if name == words.URINE:
        return _urine(float(base[name]), float(value))
    if name == words.MARROW:
        found, why = _by_share("Plasma cells in the marrow", float(base[name]), float(value), "%", minimal=False)
        return (PR if found in (VGPR, PR) else SD), why
    return _by_share("Serum M-protein", float(base[name]), float(value), "g/dL", minimal=True)


def _by_share(label: str, was: float, now: float, unit: str, *, minimal: bool) -> tuple[str, str]:
    """VGPR from 90 % below baseline on, PR from 50 %, MR from 25 % where there is one."""
    share = (was - now) / was
    code = (
        VGPR if share >= 0.9 - SAME else PR if share >= 0.5 - SAME else MR if minimal and share >= 0.25 - SAME else SD
    )
    side = "below" if share >= 0 else "above"
    return code, f"{label} {now:.4g} {unit}, {100 * abs(share):.1f} % {side} baseline ({was:.4g}): {code}."


def _urine(was: float, now: float) -> tuple[str, str]:
    """Below 100 mg/24 h VGPR; 90 % down or below 200 mg PR; half to 89 % down MR."""
    share = (was - now) / was
    partial = share >= 0.9 - SAME or now < URINE_PARTIAL
    code = VGPR if now < URINE_VERY_GOOD else PR if partial else MR if share >= 0.5 - SAME else SD
    side = "below" if share >= 0 else "above"
    return code, f"Urine M-protein {now:.4g} mg/24 h, {100 * abs(share):.1f} % {side} baseline ({was:.4g}): {code}."


def _plasmacytoma(level: str, scan: Scan, course: Course) -> tuple[str, str]:
    """The level that plasmacytomas of the baseline allow: halved for MR and PR, 90 % down for VGPR. Imaging counts until the next."""
    was = float(course.baseline.get(words.PLASMACYTOMA, 0.0))
    if not was or _ORDER.index(level) >= _ORDER.index(SD):
        return level, ""
    now = scan.measured.get(words.PLASMACYTOMA, course.last.get(words.PLASMACYTOMA))
    if now is None:
        return SD, "Plasmacytomas of the baseline not measured since: no better than SD."
    share = (was - float(now)) / was
    allowed = VGPR if share >= 0.9 - SAME else PR if share >= 0.5 - SAME else SD
    return allowed, f"Plasmacytomas {float(now):.4g} mm2, {100 * share:.1f} % below baseline: no better than {allowed}." if (
        _ORDER.index(allowed) > _ORDER.index(level)
    ) else ""  # fmt: skip


def _deeper(level: str, scan: Scan, course: Course) -> tuple[str, str]:
    """VGPR by M-protein needs serum and urine, whatever was measurable at baseline; what is missing costs the level."""
    if level != VGPR or words.KAPPA in course.followed:
        return level, ""
    urine, serum = scan.measured.get(words.URINE), scan.measured.get(words.SERUM)
    if urine is None or serum is None:
        missing = "urine" if urine is None else "serum"
        return PR, f"Very good partial response needs serum and urine; {missing} is not measured: PR."
    if urine >= URINE_VERY_GOOD:
        return PR, f"Urine M-protein {urine:.4g} mg/24 h, not below 100: PR."
    return level, ""


def _complete(level: str, scan: Scan, course: Course) -> tuple[str, str]:
    """CR and sCR for who has a very good partial response (a partial one where the marrow alone is followed)."""
    marrow_only = course.followed == (words.MARROW,)
    if level != (PR if marrow_only else VGPR):
        return level, ""
    now = scan.measured
    if (now.get(words.SERUM_FIXATION), now.get(words.URINE_FIXATION)) != (NEGATIVE, NEGATIVE):
        return level, ""
    held: list[str] = []
    if now.get(words.SERUM, 0.0) or now.get(words.URINE, 0.0):
        held.append("M-protein is measured")
    # Marrow and imaging need no second assessment, and count until the next.
    marrow = now.get(words.MARROW, course.last.get(words.MARROW))
    if marrow is None or marrow >= MARROW_COMPLETE:
        held.append("marrow not examined" if marrow is None else f"{marrow:.4g} % plasma cells in the marrow")
    plasmacytoma = now.get(words.PLASMACYTOMA, course.last.get(words.PLASMACYTOMA))
    if course.baseline.get(words.PLASMACYTOMA) and plasmacytoma != 0:
        held.append("plasmacytomas not known to be gone")
    chains = now.get(words.KAPPA), now.get(words.LAMBDA)
    normal = None not in chains and normal_ratio(*chains)
    if course.followed == (words.KAPPA,) and not normal:
        held.append("the ratio of the light chains is not normal")
    if held:
        return level, f"Immunofixation negative, no complete response: {'; '.join(held)}."
    clonal = now.get(words.CLONAL, course.last.get(words.CLONAL))
    if normal and clonal == ABSENT:
        return (
            SCR,
            "Immunofixation negative, marrow below 5 % without clonal cells, ratio of the light chains normal: sCR.",
        )
    why = "ratio of the light chains not known to be normal" if not normal else "clonal cells not excluded"
    return CR, f"Immunofixation negative, marrow below 5 %, nothing left: CR; {why}."
