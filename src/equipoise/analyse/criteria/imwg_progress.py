"""IMWG's progression: 25 % and a least step above the lowest value so far; new or grown lesions. Kumar et al. 2016, table 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from equipoise.analyse.criteria.criterion import Scan
from equipoise.trial.vocabularies import imwg as words

#: The normal ratio of kappa to lambda.
RATIO = (0.26, 1.65)
#: Progression: at least this share above the lowest value.
SHARE = 0.25
#: And at least this much: serum [g/dL] (or, where the lowest was at least HIGH, HIGH_STEP alone), urine [mg/24 h], chains [mg/L], marrow [%].
SERUM_STEP, HIGH, HIGH_STEP, URINE_STEP, CHAIN_STEP, MARROW_STEP = 0.5, 5.0, 1.0, 200.0, 100.0, 10.0
#: Plasmacytomas half as large again; circulating plasma cells too, and at least so many per microlitre.
GROWN, CIRCULATING_LEAST = 0.5, 200.0
SAME = 1e-9


def normal_ratio(kappa: Any, lambda_: Any) -> bool:
    """True if kappa to lambda lies in the normal range. Without lambda it does not."""
    return bool(lambda_) and RATIO[0] <= kappa / lambda_ <= RATIO[1]


def difference(now: Mapping[str, Any], baseline: Mapping[str, Any]) -> float | None:
    """Involved less uninvolved light chain [mg/L]; involved is the one that was higher at baseline. None where one is missing."""
    kappa, lambda_ = now.get(words.KAPPA), now.get(words.LAMBDA)
    if None in (kappa, lambda_, baseline.get(words.KAPPA), baseline.get(words.LAMBDA)):
        return None
    of_kappa = baseline[words.KAPPA] >= baseline[words.LAMBDA]
    assert kappa is not None
    assert lambda_ is not None
    return float(kappa - lambda_ if of_kappa else lambda_ - kappa)


@dataclass
class Course:
    """One patient's values so far: ``lowest`` with its day, and ``last`` of what is not measured at each visit."""

    baseline: Mapping[str, Any]
    followed: Sequence[str]
    lowest: dict[str, tuple[float, date | None]] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The lowest value so far is that of the baseline."""
        for name, value in self._values(self.baseline).items():
            self.lowest[name] = value, None

    def label(self, name: str) -> str:
        """What a reader calls a parameter."""
        labels = {m.name: m.label for m in words.VOCABULARY.measures}
        return "Light chains" if name == words.KAPPA else labels[name]

    def take(self, scan: Scan) -> None:
        """A time point counts for the lowest value, and for what is not measured at each visit."""
        for name, value in self._values(scan.measured).items():
            if name not in self.lowest or value < self.lowest[name][0]:
                self.lowest[name] = value, scan.on
        self.last |= {
            n: scan.measured[n] for n in (words.MARROW, words.CLONAL, words.PLASMACYTOMA) if n in scan.measured
        }

    def _values(self, said: Mapping[str, Any]) -> dict[str, float]:
        """Everything that progression is told by, by name; the difference of the light chains under ``kappa``."""
        names = (words.SERUM, words.URINE, words.MARROW, words.PLASMACYTOMA, words.CIRCULATING)
        found = {n: float(said[n]) for n in names if n in said}
        chains = difference(said, self.baseline)
        return found | ({} if chains is None else {words.KAPPA: max(chains, 0.0)})

    def progression(self, scan: Scan) -> tuple[list[str], bool]:
        """Why a time point is progression (nothing: it is none), and whether it needs no second assessment: imaging and marrow do not."""
        now = self._values(scan.measured)
        proteins = any(n in self.followed for n in (words.SERUM, words.URINE))
        by_marrow = self.followed in ((words.MARROW,), ())
        samples: list[str] = []
        certain: list[str] = []
        for name, value in now.items():
            if name not in self.lowest:
                continue
            low, on = self.lowest[name]
            step = {
                words.SERUM: HIGH_STEP if low >= HIGH else SERUM_STEP,
                words.URINE: URINE_STEP,
                words.KAPPA: CHAIN_STEP,
                words.MARROW: MARROW_STEP,
            }.get(name)
            if step is None or (name == words.KAPPA and proteins) or (name == words.MARROW and not by_marrow):
                continue
            if self._above(name, value - low, low, step):
                why = f"{self.label(name)} {value:.4g}, {value - low:.4g} above the lowest ({low:.4g}{_on(on)}): PD."
                (certain if name == words.MARROW else samples).append(why)
        certain += self._imaged(scan, now)
        samples += self._circulating(now, by_marrow)
        return [*certain, *samples], bool(certain)

    @staticmethod
    def _above(name: str, grown: float, low: float, step: float) -> bool:
        if name == words.KAPPA:  # above 10 mg/dL, not at it
            return grown > step + SAME and grown >= SHARE * low - SAME
        if name == words.SERUM and low >= HIGH:
            return grown >= step - SAME
        return grown >= step - SAME and grown >= SHARE * low - SAME

    def _imaged(self, scan: Scan, now: Mapping[str, float]) -> list[str]:
        found = ["New lesion: PD."] if scan.new_lesion else []
        size = now.get(words.PLASMACYTOMA)
        if size is None:
            return found
        low, on = self.lowest.get(words.PLASMACYTOMA, (0.0, None))
        if size > 0 and low == 0:
            return found or [f"Plasmacytoma of {size:.4g} mm2 where there was none: PD."]
        if low and size >= (1 + GROWN) * low - SAME:
            found.append(f"Plasmacytomas {size:.4g} mm2, half as large again as the lowest ({low:.4g}{_on(on)}): PD.")
        return found

    def _circulating(self, now: Mapping[str, float], alone: bool) -> list[str]:
        """Only where circulating plasma cells are the one measure of the disease."""
        value, known = now.get(words.CIRCULATING), self.lowest.get(words.CIRCULATING)
        if (
            not alone
            or value is None
            or known is None
            or value < CIRCULATING_LEAST
            or value < (1 + GROWN) * known[0] - SAME
        ):
            return []
        return [f"Circulating plasma cells {value:.4g} per uL, half as many again as the lowest ({known[0]:.4g}): PD."]


def _on(day: date | None) -> str:
    return f" on {day}" if day is not None else ", at baseline"
