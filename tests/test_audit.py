"""`make audit`: what bandit finds fails it, unless .ci/audit.toml says why it is let pass; and an entry that nothing needs fails too."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

import pytest

from helpers import ROOT

pytest.importorskip("bandit")
_SPEC = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
assert _SPEC is not None
assert _SPEC.loader is not None
audit = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(audit)


@pytest.mark.process
def test_a_finding_fails_unless_a_reason_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import subprocess\nsubprocess.call('ls ' + input(), shell=True)  # nosec\n")
    found = audit.findings(str(tmp_path))
    assert {f["test"] for f in found} == {"B404", "B602"}
    said = [{"test": "B404", "file": "", "why": "looked at"}]
    assert [w.split(": ")[1][:4] for w in audit.judged(found, said)] == ["B602"]
    shell = {"test": "B602", "file": found[1]["file"], "why": "ours"}
    assert audit.judged(found, [*said, shell]) == []
    assert "no reason" in audit.judged(found, [*said, {**shell, "why": " "}])[0]
    assert "needed no more" in audit.judged(found, [*said, shell, {"test": "B101", "file": "", "why": "x"}])[0]


def test_every_exception_has_a_reason_and_a_file_that_is_there() -> None:
    for e in tomllib.loads((ROOT / ".ci" / "audit.toml").read_text())["bandit"]:
        assert len(e["why"]) > 15
        assert e["file"] == "" or (ROOT / e["file"]).is_file()
