"""A trial on response and toxicity whose toxicity is read from adverse events."""

from __future__ import annotations

from typing import Any

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.trial.trial import Trial

DLT = {
    "name": "DLT", "label": "Toxicity", "role": "primary", "kind": "toxicity", "counts": {"grade_at_least": 3},
    "within": "28 days", "window": "4 weeks", "not_evaluable": "failure",
}  # fmt: skip


def pair(**changes: Any) -> Trial:
    """The example of Bryant and Day's design, its toxicity read from adverse events."""
    raw = read_toml(find_trial("kinds/bryant-day"), "a trial")
    raw["endpoints"] = (raw["endpoints"][0], {**DLT, "origin": "randomisation", **changes})
    return trial_from(raw, "pair")
