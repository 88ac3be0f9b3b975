"""USDM out and in: the trial as CDISC's study definition, and a trial file of a study definition."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from equipoise.files.bundled import find_trial
from equipoise.files.definition import as_a_file_says, trial_of
from equipoise.files.folder_swap import all_or_none
from equipoise.files.protocol_file import NAME, Documented, documented, of_tables
from equipoise.files.toml_out import toml_text
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.files.usdm_file import read_usdm, write_usdm
from equipoise.standards.usdm.export import VERSION, digest, our_extension, to_usdm
from equipoise.standards.usdm.terms import PACKAGE
from equipoise.standards.usdm.to_trial import to_trial
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import tuples

Way = Literal["", "extension", "usdm"]


@dataclass(frozen=True)
class Sent:
    """A study definition that was written."""

    trial: Trial
    written: Path
    classes: int
    instances: int
    plain: bool
    silent: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "written": str(self.written), "usdm": VERSION, "terminology": PACKAGE, "fingerprint": self.trial.fingerprint,
            "classes": self.classes, "instances": self.instances, "extension": not self.plain, "not_said": list(self.silent),
        }  # fmt: skip


@dataclass(frozen=True)
class TakenIn:
    """A trial file that was made of a study definition. ``way``: from our extension, or from plain USDM."""

    trial: Trial
    written: Sequence[Path]
    way: Way
    missing: Sequence[tuple[str, str]]
    unheld: Sequence[tuple[str, int]]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "written": [str(p) for p in self.written], "from": self.way, "trial": self.trial.id, "fingerprint": self.trial.fingerprint,
            "missing": [{"of": of, "because": because} for of, because in self.missing],
            "not_held": [{"what": what, "count": n} for what, n in self.unheld],
        }  # fmt: skip

    def table(self) -> Table:
        """What the trial file does not hold."""
        return Table(
            "In the document, and not in the trial file", ["What", "Instances"], [[w, n] for w, n in self.unheld]
        )


def send(name: str, out: Path, *, plain: bool = False) -> Sent:
    """Write the trial called ``name`` as USDM."""
    path = find_trial(name)
    d = documented(read_trial(path), path)
    document = to_usdm(d.shown, d.trial, d.beside, plain=plain)
    kinds = _kinds(document)
    write_usdm(out, document)
    return Sent(d.trial, out, len(set(kinds)), len(kinds), plain, _silent(d))


def _kinds(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["instanceType"]] if "instanceType" in value else []
        return own + [k for v in value.values() for k in _kinds(v)]
    return [k for v in value for k in _kinds(v)] if isinstance(value, list) else []


def _silent(d: Documented) -> list[str]:
    """What USDM's rules ask for and the trial does not say."""
    p = d.shown.protocol
    drugs = dict.fromkeys(x.drug for a in d.shown.arms for x in a.regimen)
    routed = {x.drug for x in p.products if x.route} if p is not None else set()
    asked = {
        "protocol.age": p is not None and p.age is not None,
        "protocol.sex": p is not None and p.sex is not None,
        "eligibility": bool(d.shown.eligibility),
        "arms.regimen": bool(drugs),
        **{f"protocol.products: the route of {drug}": drug in routed for drug in drugs},
    }
    return [k for k, said in asked.items() if not said]


def take(path: Path, out: Path, way: Way = "") -> TakenIn:
    """Write ``trial.toml`` into a folder from a study definition. Raises BadInput with all that is wrong; then nothing is written.

    ``way``: by which of two stories, where a document has our extension and was changed since.
    """
    document = read_usdm(path)
    there = [out / n for n in ("trial.toml", NAME) if (out / n).exists()]
    if there or out.is_file():
        given = "a file that is there already"
        raise BadInput(
            str(out), [Problem("exists", "--out", f"{p.name}: {given}", "a folder without one") for p in there or [out]]
        )
    own = next(our_extension(document["study"]), None)
    if way == "extension" and own is None:
        raise BadInput(
            str(path),
            [Problem("no-extension", "--from", "'extension'", "a document that Equipoise wrote, not with --plain")],
        )
    if own is not None and way != "usdm":
        return _from_extension(path, document, own, out, way)
    taken = to_trial(document)
    trial = trial_from(taken.raw, str(path))
    text = toml_text(
        taken.raw,
        [
            f"Made of {path.name} (USDM {document['usdmVersion']}). What USDM does not hold stands in for itself, and is listed under",
            "[[assumptions]] as missing. `equipoise check` says it; make it yours before you rely on it.",
        ],
    )
    missing = [(", ".join(a.of), a.because) for a in trial.assumptions]
    return TakenIn(trial, _written(out, {"trial.toml": text}), "usdm", missing, taken.unheld)


def _from_extension(path: Path, document: dict[str, Any], own: str, out: Path, way: Way) -> TakenIn:
    source, allowed = str(path), "our extension as it was written"
    try:
        said = json.loads(own)
        definition, rest = str(said["definition"]), str(said["rest"])
        beside = dict(said.get("beside") or {})
    except (ValueError, TypeError, KeyError, RecursionError):
        problem = Problem(
            "extension", "study.extensionAttributes", "not what Equipoise writes", allowed, "--from usdm passes it over"
        )
        raise BadInput(source, [problem]) from None
    trial = trial_of(definition)
    if way != "extension" and digest(document) != rest:
        problem = Problem(
            "two-stories", "study", "plain USDM that was changed after our extension was written", "a document in which both say the same",
            "--from usdm takes the plain USDM (what it has no place for is then missing), --from extension the definition as it was",
        )  # fmt: skip
        raise BadInput(source, [problem])
    files = {
        "trial.toml": toml_text(
            as_a_file_says(json.loads(definition)), [f"Made of {path.name}: the definition that Equipoise put into it."]
        )
    }
    if beside:
        tables = as_a_file_says(beside)
        of_tables(trial, tuples(tables), source)
        files[NAME] = toml_text(tables, ["What the protocol says beside the trial file."])
    return TakenIn(trial, _written(out, files), "extension", [], [])


def _written(out: Path, files: dict[str, str]) -> list[Path]:
    """The files, all or none; each is read back first."""
    with all_or_none(out, "usdm") as beside:
        for name, text in files.items():
            (beside / name).write_text(text, encoding="utf-8")
        read_trial(beside / "trial.toml")
    return [out / name for name in files]
