"""Designs by name: `eq.design.simon(p0=0.2, p1=0.4, alpha=0.05, power=0.8)`, and each of its sisters of phase I and II.

What a kind may be asked stands in its help: `help(eq.design.simon)`. Names are the trial file's, dashes are underscores.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.desk import design as asking
from equipoise.desk import dose as asking_doses
from equipoise.face.result import Result
from equipoise.trial.design import Characteristics, Design, Truth
from equipoise.trial.exhibits import Figure, Table

__all__ = ["kinds"]


def kinds() -> list[str]:
    """Names of all kinds: those of phase II, then those that find a dose."""
    from equipoise.design import shelf
    from equipoise.design.dose import dose_shelf

    return [k.replace("-", "_") for k in (*shelf.kinds(), *dose_shelf.kinds())]


def __getattr__(name: str) -> Callable[..., Any]:
    if name.startswith("_"):
        raise AttributeError(name)
    made = _made(name.replace("_", "-"))
    if made is None:
        from equipoise.trial.check import near

        raise AttributeError(f"no kind of design {name!r} {near(name, kinds())}".rstrip())
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return [*__all__, *kinds()]


@dataclass(frozen=True, repr=False)
class DesignAnswer(Result):
    """A design with its behaviour. ``asked`` holds all that the command line shows of it."""

    asked: asking.Answered

    @property
    def title(self) -> str:
        """The kind in words."""
        return self.asked.about.title

    @property
    def design(self) -> Design[Any]:
        """The design itself: the same that a trial file's [design] makes."""
        return self.asked.design

    @property
    def numbers(self) -> Mapping[str, Any]:
        """Sizes and boundaries, by their names in the paper."""
        return dict(self.design.numbers())

    @property
    def protocol(self) -> str:
        """The paragraph for the protocol."""
        return self.design.describe()

    def at(self, **truth: float) -> Characteristics:
        """How it behaves under a truth, by the design's own names: ``at(rate=0.3)``."""
        return self.design.characteristics(truth)

    def verdict(self, **evidence: Any) -> Any:
        """What it says of evidence: ``verdict(look=1, n=13, successes=3)``."""
        from equipoise.desk.evidence import evidence_for

        return self.design.verdict(evidence_for(self.design, {k: _said(v) for k, v in evidence.items()}))

    def tables(self) -> Sequence[Table]:
        """The design's numbers and its behaviour."""
        return self.asked.tables()

    def rows(self) -> list[dict[str, Any]]:
        """A record a truth."""
        return [{"name": name, **truth, **_flat(c)} for name, truth, c in self.asked.behaviour]

    def figures(self) -> Mapping[str, Figure]:
        """Its operating characteristics."""
        return {"operating-characteristics": self.asked.figure()}


@dataclass(frozen=True, repr=False)
class DoseAnswer(Result):
    """A design that finds a dose, with its behaviour at the truths that were given."""

    asked: asking_doses.AskedDose

    @property
    def title(self) -> str:
        """The kind in words."""
        return self.asked.about.title

    @property
    def design(self) -> Any:
        """The design itself."""
        return self.asked.design

    @property
    def numbers(self) -> Mapping[str, Any]:
        """Boundaries and tables, by their names in the paper."""
        return dict(self.design.numbers())

    @property
    def protocol(self) -> str:
        """The paragraph for the protocol."""
        words: str = self.design.describe()
        return words

    def next(self, outcomes: str) -> Any:
        """The next dose after a history such as '1NNN 2NTN', and why."""
        from equipoise.design.dose.history import answer
        from equipoise.trial.dose_outcomes import read_outcomes

        return answer(self.design, read_outcomes(outcomes))

    def figures(self) -> Mapping[str, Figure]:
        """Its behaviour by dose or, where no truth was given, its boundaries."""
        return {"behaviour": self.asked.figure()}

    def tables(self) -> Sequence[Table]:
        """The decision table and the behaviour at each truth."""
        return self.asked.tables()

    def rows(self) -> list[dict[str, Any]]:
        """A record a truth and dose."""
        return [
            {
                "truth": i, "dose": d + 1, "dlt_rate": c.truth.dlt[d], "select": c.select[d], "patients": c.patients[d],
                "dlts": c.dlts[d], "method": c.method,
            }
            for i, c in enumerate(self.asked.behaviour)
            for d in range(self.design.doses)
        ]  # fmt: skip


def _said(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _flat(c: Characteristics) -> dict[str, Any]:
    found: dict[str, Any] = {"method": c.method}
    for name, q in {"declare": c.declare, "stop_early": c.stop_early, "expected_n": c.expected_n, **c.more}.items():
        found[name] = q.value
        if q.mc_error is not None:
            found[f"{name}_mc_error"] = q.mc_error
    return found


def _made(kind: str) -> Callable[..., Any] | None:
    from equipoise.design import shelf
    from equipoise.design.dose import dose_shelf

    if dose_shelf.module_of(kind) is not None:
        return _dose(kind)
    return _phase2(kind) if kind in shelf.kinds() else None


def _phase2(kind: str) -> Callable[..., DesignAnswer]:
    from equipoise.design import shelf

    def ask(*, truths: Sequence[Truth] = (), **table: Any) -> DesignAnswer:
        return DesignAnswer(asking.ask(kind, table, truths))

    about = shelf.one(kind)
    return _named(
        ask, kind, about.title, about.reference, about.example, shelf.spec_model(kind), "truths", DesignAnswer
    )


def _dose(kind: str) -> Callable[..., DoseAnswer]:
    from equipoise.design.dose import dose_shelf

    def ask(
        *, truth: Sequence[Any] = (), response: Sequence[Any] = (), accrual: float | None = None, window: float | None = None,
        **table: Any,
    ) -> DoseAnswer:  # fmt: skip
        """``truth``: DLT rates by dose, or several such; ``accrual`` [patients a month] and ``window`` [months] give months."""
        said = asking_doses.HowAsked(accrual=accrual, window=window)
        return DoseAnswer(asking_doses.ask(kind, table, _each(truth), _each(response), said))

    about, module = dose_shelf.one(kind), dose_shelf.module_of(kind)
    assert module is not None, "a kind has its file"
    return _named(ask, kind, about.title, about.reference, about.example, module.Spec, "truth", DoseAnswer)


def _each(rates: Sequence[Any]) -> list[Sequence[float]]:
    """One truth or several as several."""
    return [] if not len(rates) else [rates] if isinstance(rates[0], int | float) else list(rates)


def _named(
    ask: Callable[..., Any],
    kind: str,
    title: str,
    reference: str,
    example: Mapping[str, Any],
    spec: Any,
    truths: str,
    back: type,
) -> Callable[..., Any]:
    """The function with the kind's own name, help and arguments."""
    fields = {n: f for n, f in spec.model_fields.items() if n != "kind"}
    kinds = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(
            n, kinds, default=inspect.Parameter.empty if f.is_required() else f.get_default(call_default_factory=True)
        )
        for n, f in fields.items()
    ]
    parameters.append(inspect.Parameter(truths, kinds, default=()))
    ask.__name__ = ask.__qualname__ = kind.replace("-", "_")
    ask.__module__ = __name__
    ask.__signature__ = inspect.Signature(parameters, return_annotation=back)  # type: ignore[attr-defined]
    said = [f"    {n}: {f.description or n.replace('_', ' ')}" for n, f in fields.items()]
    given = ", ".join(f"{n}={v!r}" for n, v in example.items() if n != "kind")
    ask.__doc__ = "\n".join([f"{title}.", "", *said, "", f"Example: eq.design.{ask.__name__}({given})", "", reference])
    return ask
