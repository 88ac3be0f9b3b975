"""What all designs for one arm and a rate have in common: looks at a count, exact behaviour, the verdict at a look."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from equipoise.design.boundary_in_words import AtLook, steps
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import exceeds
from equipoise.numerics.sequential.staged_binomial import Stages, arrive, ends
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class Behaviour:
    """Exact behaviour at a true rate: P(ends before the last look), P(null rejected), expected number and its SD.

    ``pet_futility`` and ``pet_efficacy`` are the two parts of ``pet``; ``ends_at`` is P(ends at each look).
    """

    rate: float
    pet: float
    reject: float
    en: float
    sd_n: float
    pet_futility: float
    pet_efficacy: float
    ends_at: tuple[float, ...]


class RateDesign(ABC):
    """A design for one arm and a rate, p0 against p1 > p0. What differs is where its boundaries come from.

    A subclass is a frozen dataclass with ``p0``, ``p1``, ``alpha`` (one-sided) and ``power`` as asked for, gives its
    ``stages``, and describes itself. At look k: stop for futility if S ≤ low[k]; declare if S > high[k].
    """

    p0: float
    p1: float
    alpha: float
    power: float

    @property
    def takes(self) -> type[Evidence]:
        """Successes among the patients of one arm."""
        return Evidence

    @property
    @abstractmethod
    def stages(self) -> Stages:
        """Cumulative sizes and boundaries."""

    @abstractmethod
    def describe(self) -> str:
        """The design as a paragraph of a protocol."""

    @property
    def looks(self) -> tuple[Look, ...]:
        """A look after each stage."""
        return tuple(Look(k, n) for k, n in enumerate(self.stages.n, 1))

    def truths(self) -> Mapping[str, Truth]:
        """The null and the target rate."""
        return {"null": {"rate": self.p0}, "target": {"rate": self.p1}}

    def behaviour(self, rate: float) -> Behaviour:
        """Exact behaviour at ``rate`` (probability, 0 to 1)."""
        e = ends(self.stages, rate)
        futility, efficacy = math.fsum(e.low[:-1]), math.fsum(e.high[:-1])
        return Behaviour(rate, futility + efficacy, math.fsum(e.high), e.expected_n, e.sd_n, futility, efficacy, e.at)

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour in the common form; ``truth`` is {'rate': probability}."""
        (rate,) = truth_of(truth, rate=(0.0, 1.0))
        b = self.behaviour(rate)
        return Characteristics(
            f"rate {rate:g}",
            "exact binomial enumeration",
            Quantity(b.reject),
            Quantity(b.pet),
            Quantity(b.en),
            b.ends_at,
        )

    def verdict(self, evidence: Evidence) -> Verdict:
        """At look k: stop for futility with low[k] or fewer successes, declare with more than high[k], else go on.

        At the last look fewer or more patients than planned may have been evaluated; the boundary is then the one of
        ``attained_stages``. An earlier look may be on fewer, where the protocol leaves places empty: its boundaries stand, which
        stops no less often and declares no more often, and a caution says how often. On more, they are recomputed (``on_more``),
        and so is the last one after it. Raises BadInput for a look on fewer than the look before.
        """
        stages = self.stages
        if not 1 <= evidence.look <= len(stages.n):
            raise BadInput("evidence", [Problem("no-such-look", "look", str(evidence.look), f"1 to {len(stages.n)}")])
        if evidence.look == len(stages.n):
            return self._final(evidence)
        k = evidence.look - 1
        planned, low, high = stages.n[k], stages.low[k], stages.high[k]
        if evidence.n < evidence.earlier_n:
            allowed = f"no fewer than the {evidence.earlier_n} patients of the look before"
            raise BadInput("evidence", [Problem("cohort", "n", str(evidence.n), allowed)])
        x = evidence.successes
        seen = f"{x} successes among {evidence.n} patients"
        cautions: tuple[str, ...] = ()
        if evidence.n < planned:
            cautions = (self._on_fewer(k, evidence.n),)
        elif evidence.n > planned:
            low, high = self.on_more(k, evidence.n)
            cautions = (self._said_on_more(k, evidence.n, low, high),)
        if x <= low:
            because = f"{seen}; {low} or fewer stop the trial ({self._low_name(k)} = {low})."
            return Verdict(Stop("futility"), (because,), x - low, f"successes above {self._low_name(k)}", cautions)
        if x > high:
            because = f"{seen}; more than {high} reject a rate of {self.p0:g} or less."
            what = Declare(f"a rate above {self.p0:g}")
            return Verdict(what, (because,), x - high, f"successes above {self._high_name(k)}", cautions)
        needed = f"more than {self._low_name(k)} = {low} were needed to go on" if low >= 0 else "no number stops here"
        if high < evidence.n:
            needed += f", and more than {high} would have rejected the null"
        return Verdict(Continue(), (f"{seen}; {needed}.",), x - low, f"successes above {self._low_name(k)}", cautions)

    def on_more(self, k: int, n: int) -> tuple[int, int]:
        """Boundaries (low, high) of look k + 1 on ``n`` patients, more than planned.

        low: the largest number with which p1 goes on no less often than planned, as in ``attained``. high: the smallest with which
        p0 declares there no more often than planned.
        """
        planned, low, high = self.stages.n[k], self.stages.low[k], self.stages.high[k]
        if low >= 0:
            low = int((exceeds(n, self.p1) >= exceeds(planned, self.p1)[low] * (1 - 1e-12)).sum()) - 1
        if high >= planned:
            return low, n
        kept = exceeds(n, self.p0) <= exceeds(planned, self.p0)[high] * (1 + 1e-12)
        return low, max(int(np.argmax(kept)), low)

    def _said_on_more(self, k: int, n: int, low: int, high: int) -> str:
        """The caution for look k + 1 on more patients than planned."""
        stages = self.stages
        boundary = f"{self._low_name(k)} = {low} instead of {stages.low[k]}"
        if high < n:
            boundary += f", {self._high_name(k)} = {high} instead of {stages.high[k]}"
        return (
            f"{n} patients could be evaluated at look {k + 1}, {stages.n[k]} were planned: {boundary}, so that a rate of {self.p1:g} goes "
            "on no less often than planned; the last boundary will be recomputed."
        )

    def _after_more(self, n: int, earlier_n: int) -> Stages:
        """The stages with more patients than planned at the last look but one, ``n`` at the last, and the smallest r that keeps
        alpha there (or the plan's own error, if that is larger). A look on as many as the last is left out.
        """
        stages, k = self.stages, len(self.stages.n) - 2
        low, high = self.on_more(k, earlier_n)
        early = [j for j in range(k) if stages.n[j] < min(earlier_n, n)]
        rows = [(stages.n[j], stages.low[j], stages.high[j]) for j in early]
        if earlier_n < n:
            rows.append((earlier_n, low, high))
        sizes, lows, highs = (tuple(row[i] for row in rows) for i in range(3))
        open_end = Stages((*sizes, n), (*lows, n), (*highs, n))
        arrays = arrive(open_end, self.p0)
        spent = sum(float(a[h + 1 :].sum()) for a, h in zip(arrays[:-1], highs, strict=True))
        beyond = np.concatenate([np.cumsum(arrays[-1][:0:-1])[::-1], [0.0]])
        alpha = max(self.alpha, sum(ends(stages, self.p0).high))
        r = int(np.argmax(spent + beyond <= alpha))
        return Stages((*sizes, n), (*lows, r), (*highs, r))

    def _on_fewer(self, k: int, n: int) -> str:
        """The caution for look k + 1 on fewer patients than planned."""
        stages, said = (
            self.stages,
            f"{n} patients could be evaluated at look {k + 1}, {self.stages.n[k]} were planned; its boundaries stand.",
        )
        if n == 0:
            return said
        # Looks before it that were planned on as many cannot have been; what they would have stopped is stopped here.
        early = [j for j in range(k) if stages.n[j] < n]
        low = (*(stages.low[j] for j in early), min(stages.low[k], n), *stages.low[k + 1 :])
        high = (*(stages.high[j] for j in early), min(stages.high[k], n), *stages.high[k + 1 :])
        attained = Stages((*(stages.n[j] for j in early), n, *stages.n[k + 1 :]), low, high)
        null, target = (ends(attained, p) for p in (self.p0, self.p1))
        here = len(early)
        return (
            f"{said} The trial then stops there with probability {null.at[here]:.4f} at {self.p0:g} and {target.at[here]:.4f} at "
            f"{self.p1:g}."
        )

    def _low_name(self, k: int) -> str:
        return f"r{k + 1}"

    def _high_name(self, k: int) -> str:
        return f"u{k + 1}"

    def _final(self, evidence: Evidence) -> Verdict:
        stages = self.stages
        planned, r, cautions = stages.n[-1], stages.high[-1], []
        before = min(evidence.earlier_n or stages.n[-2], stages.n[-2]) if len(stages.n) > 1 else 0
        # Where it is said on how many the look before was, it may be that nobody who came since could be evaluated.
        said = evidence.earlier_n > 0 or evidence.earlier_successes is not None
        if evidence.n <= before and not (said and evidence.n >= max(evidence.earlier_n, 1)):
            raise BadInput(
                "evidence",
                [Problem("cohort", "n", str(evidence.n), f"more than the {before} patients of the look before")],
            )
        if evidence.n < evidence.earlier_n:
            allowed = f"no fewer than the {evidence.earlier_n} patients of the look before"
            raise BadInput("evidence", [Problem("cohort", "n", str(evidence.n), allowed)])
        more = len(stages.n) > 1 and evidence.earlier_n > stages.n[-2]
        if evidence.n != planned or more:
            key = evidence.n, evidence.earlier_n if more else 0
            if key not in self._attained:
                self._attained[key] = self._after_more(*key) if more else self.attained_stages(evidence.n)
            attained = self._attained[key]
            r = attained.high[-1]
            a, power = (sum(ends(attained, p).high) for p in (self.p0, self.p1))
            kept = r == stages.high[-1]
            boundary = f"stays r = {r}" if kept else f"is r = {r} instead of {stages.high[-1]}"
            after = f", after {evidence.earlier_n} at the look before ({stages.n[-2]} planned)" if more else ""
            cautions.append(
                f"{evidence.n} patients could be evaluated, {planned} were planned{after}: the boundary {boundary}, "
                f"with exact type I error {a:.4f} and power {power:.4f}."
            )
        x = evidence.successes
        seen = f"{x} successes among {evidence.n} patients; more than r = {r}"
        if x > r:
            action: Action = Declare(f"a rate above {self.p0:g}")
            because = f"{seen} reject a rate of {self.p0:g} or less."
        else:
            action = Stop("the hurdle was not cleared")
            because = f"{seen} were needed to reject a rate of {self.p0:g} or less."
        return Verdict(action, (because,), x - r, "successes above r", tuple(cautions))

    @cached_property
    def _attained(self) -> dict[tuple[int, int], Stages]:
        """``attained_stages`` by number evaluated, and by that of the look before where it was on more than planned, as far as they were asked for."""
        return {}

    def attained_stages(self, n: int) -> Stages:
        """The stages with ``n`` patients at the last look and the smallest r that keeps alpha there exactly.

        Where the planned design does not keep its own alpha, that of the plan is kept instead. Smallest is not always
        monotone: r is the first at which the exact error is within alpha.
        """
        early = self.with_last(n, n)
        alpha = max(self.alpha, sum(ends(self.stages, self.p0).high))
        arrays = zip(arrive(self.stages, self.p0)[:-1], self.stages.high[:-1], strict=True)
        spent = sum(float(a[h + 1 :].sum()) for a, h in arrays)
        beyond = np.concatenate([np.cumsum(arrive(early, self.p0)[-1][:0:-1])[::-1], [0.0]])
        return self.with_last(n, int(np.argmax(spent + beyond <= alpha)))

    def with_last(self, n: int, r: int) -> Stages:
        """The stages with ``n`` patients at the last look and the boundary ``r``. Looks that were planned on as many are left
        out: they cannot have been, and without them no boundary is too low.
        """
        stages = self.stages
        early = [k for k, size in enumerate(stages.n[:-1]) if size < n]
        low, high = (tuple(b[k] for k in early) for b in (stages.low, stages.high))
        return Stages((*(stages.n[k] for k in early), n), (*low, r), (*high, r))

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the boundaries do not keep the errors that are stated with them."""
        found = []
        alpha, power = self.behaviour(self.p0).reject, self.behaviour(self.p1).reject
        if alpha > self.alpha:
            found.append(f"The exact type I error is {alpha:.4f}, above the stated alpha of {self.alpha:g}.")
        if power < self.power:
            found.append(f"The exact power at {self.p1:g} is {power:.4f}, below the stated {self.power:g}.")
        return tuple(found)

    @property
    def by_look(self) -> tuple[AtLook, ...]:
        """What each look does, of all looks."""
        rows = enumerate(zip(self.stages.n, self.stages.low, self.stages.high, strict=True), 1)
        return tuple(
            AtLook(k, n, low if low >= 0 else None, high + 1 if high < n else None) for k, (n, low, high) in rows
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Boundaries as 'low/n' and 'high/n' by look, then EN, PET, type I error and power, all exact."""
        stages, null, target = self.stages, self.behaviour(self.p0), self.behaviour(self.p1)
        shown: dict[str, float | int | str] = {"n": stages.n[-1]}
        early = list(zip(stages.n[:-1], stages.low[:-1], stages.high[:-1], strict=True))
        if len(early) <= 3:
            for k, (n, low, high) in enumerate(early, 1):
                shown[f"futility{k}"] = f"{low}/{n}" if low >= 0 else "none"
                if high < n:
                    shown[f"efficacy{k}"] = f"{high}/{n}"
        else:  # only the looks at which a boundary moves
            shown |= {
                "looks": len(stages.n),
                "futility": steps((n, low, low >= 0) for n, low, _ in early),
                "efficacy": steps((n, high, high < n) for n, _, high in early),
            }
        shown |= {"r": stages.high[-1], "en0": null.en, "en1": target.en, "pet0": null.pet, "pet1": target.pet}
        return shown | {"alpha": null.reject, "power": target.reject}

    def curve(self) -> LineFigure:
        """Probability of declaring and of stopping early against the true rate."""
        low, high = max(0.0, self.p0 - 0.25), min(1.0, self.p1 + 0.2)
        rates = np.linspace(low, high, 121).tolist()
        found = [self.behaviour(p) for p in rates]
        curves = [Curve("Null hypothesis rejected", rates, [b.reject for b in found])]
        if len(self.stages.n) > 1:
            label = "Stopped at the first look" if len(self.stages.n) == 2 else "Stopped before the last look"
            curves.append(Curve(label, rates, [b.pet for b in found], dashed=True))
        return LineFigure(
            "Operating characteristics, exact",
            "True rate in the tested arm",
            "Probability",
            curves,
            [Mark(f"p0 = {self.p0:g}", x=self.p0), Mark(f"p1 = {self.p1:g}", x=self.p1)],
            caption="Exact probabilities by binomial enumeration, against the true rate in the tested arm.",
            y_range=(0.0, 1.0),
        )
