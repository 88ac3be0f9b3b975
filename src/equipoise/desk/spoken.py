"""When a safety rule would have spoken in a trial of which only the final numbers are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design.safety.safety_imbalance import METHODS, ImbalanceRule, Spec, exact_p, from_spec
from equipoise.design.safety.when_it_spoke import spoken_table, when_it_spoke
from equipoise.trial.exhibits import Table


@dataclass(frozen=True)
class Spoken:
    """Rules by name, for events seen in the two arms; ``p``: exact, conditional, one-sided, of one look at the end."""

    rules: Mapping[str, ImbalanceRule]
    tested: int
    control: int
    p: float

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        spoke = {name: when_it_spoke(rule, self.tested, self.control) for name, rule in self.rules.items()}
        rules = [
            {"rule": name, "ever": w.ever, "at": list(w.at), "median": w.quantile(0.5, "stopped") if w.ever else None}
            for name, w in spoke.items()
        ]
        return {"exact_p_one_sided": self.p, "rules": rules}

    def table(self) -> Table:
        """The rules beside each other."""
        return spoken_table(self.rules, self.tested, self.control)


def ask(
    tested: int, control: int, n: int, control_n: int, events: int | None, alarms: Sequence[float], risk_ratio: float
) -> Spoken:
    """Every method at each chance of a false alarm (5, 10 and 20 % unless given), planned for ``events`` (those seen unless given)."""
    planned = events if events is not None else tested + control
    table = {"n": n, "control_n": control_n, "events": planned, "risk_ratio": risk_ratio}
    rules = {
        f"{method}, false alarm {alarm:g}": from_spec(Spec.read({**table, "method": method, "false_alarm": alarm}))
        for alarm in alarms or (0.05, 0.10, 0.20)
        for method in METHODS
    }
    return Spoken(rules, tested, control, exact_p(tested, control, n, control_n))
