"""Estimands: strategies and rules must agree, and rules follow from strategies."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.trial.endpoint import Censoring
from equipoise.trial.problem import BadInput

RAW = tomllib.loads(find_trial("north").read_text())


def with_estimand(rules: dict[str, Any], **strategies: str) -> dict[str, Any]:
    raw = copy.deepcopy(RAW)
    raw["assumptions"] = []
    pfs = raw["endpoints"][0]
    for key in ("events", "censoring", "rules"):
        pfs.pop(key, None)
    said = [{"event": e.replace("_", " "), "strategy": s} for e, s in strategies.items()]
    pfs |= rules | {"estimand": {"intercurrent": said}}
    return raw


REFUSED = [
    ("EMA", {"next_therapy": "hypothetical", "death": "composite"}, "next therapy", "it censors"),
    ("FDA documented progression", {"next_therapy": "treatment policy", "death": "composite"}, "next therapy", "no rule speaks of it"),
    ("EMA", {"death": "treatment policy"}, "death", "nothing comes after death"),
    ("EMA", {"death": "composite", "next_therapy": "principal stratum"}, "next therapy", "not supported"),
    ("NORTH", {"death": "composite"}, "next therapy", "every intercurrent event that the rules speak of"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "strategies", "event", "allowed"), REFUSED)
def test_contradictions_are_refused_in_words(rules: str, strategies: dict[str, str], event: str, allowed: str) -> None:
    with pytest.raises(BadInput) as caught:
        trial_from(with_estimand({"rules": rules}, **strategies), "t.toml")
    found = {p.where: p for p in caught.value.problems}
    assert allowed in found[f"endpoints[0].estimand.{event}"].allowed


def test_rules_that_agree_are_taken() -> None:
    trial = trial_from(with_estimand({"rules": "EMA"}, next_therapy="treatment policy", death="composite"), "t.toml")
    assert trial.time_to_event("PFS").estimand is not None


def test_rules_follow_from_strategies() -> None:
    raw = with_estimand({"events": ["documented progression"]}, next_therapy="hypothetical", death="composite")
    pfs = trial_from(raw, "t.toml").time_to_event("PFS")
    assert pfs.events == ("documented progression", "death")
    assert pfs.censoring == tuple(
        Censoring(when=w, at="last assessment")  # type: ignore[arg-type]
        for w in ("next therapy", "withdrawal", "loss", "no event")
    )
