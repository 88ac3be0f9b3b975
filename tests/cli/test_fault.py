"""The last net: whatever happens, a command ends with an exit status and words; and what ends it from outside is Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from equipoise.cli import main as entry
from equipoise.desk.interrupt import unbroken
from helpers import ROOT, tried


class Panic(BaseException):
    """As a library of Rust panics: no Exception."""


def _failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(entry.cli, "main", fails)


@pytest.mark.parametrize(
    "error",
    [
        RecursionError("maximum recursion depth exceeded"), MemoryError(), OverflowError("too large"), ZeroDivisionError("division by zero"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), ValueError("x"), TypeError("x"), KeyError("x"), AssertionError(),
        IndexError("x"), AttributeError("x"), RuntimeError("a pool\nthat broke"), StopIteration(), Panic("index out of bounds"),
    ],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
def test_an_unexpected_error_is_told_as_a_fault_of_ours(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _failing(monkeypatch, error)
    given = str(ROOT / "trials" / "north" / "trial.toml")
    assert entry.run(["check", given]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    for word in ("check", given, "a fault of ours", type(error).__name__, "EQUIPOISE_DEBUG=1"):
        assert word in err
    assert entry.run(["check", given, "--json"]) == 1
    out, err = capsys.readouterr()
    told = json.loads(out)["error"]
    assert (told["fault"], told["error"], told["inputs"]) == ("of ours", type(error).__name__, [given])
    assert "Traceback" not in err


def test_pythons_own_account_is_shown_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _failing(monkeypatch, ZeroDivisionError("division by zero"))
    monkeypatch.setenv("EQUIPOISE_DEBUG", "1")
    entry.run(["check", "north"])
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("EQUIPOISE_DEBUG", "0")
    entry.run(["check", "north"])
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("word", ["caf\udce9", "\ud800", "a\0b", "x" * 5000, "\u202e"])
def test_arguments_of_any_kind_can_be_told_of(
    word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _failing(monkeypatch, ValueError(word))
    assert entry.run(["check", word]) == 1
    told = capsys.readouterr().err
    told.encode()
    assert len(told) < 2000
    # what was asked for is refused in words, whatever it is
    monkeypatch.undo()
    assert entry.run(["check", word, "--json"]) in (1, 2)
    assert "fault" not in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileNotFoundError(2, "No such file or directory", "gone.csv"), "system"),
        (click.UsageError("two words that do not go together"), "usage"),
    ],
)
def test_every_failure_speaks_json(
    error: BaseException, code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _failing(monkeypatch, error)
    assert entry.run(["check", "north", "--json"]) in (1, 2)
    assert json.loads(capsys.readouterr().out)["error"]["problems"][0]["code"] == code


@pytest.mark.parametrize("name", tried(["SIGINT", "SIGTERM", "SIGHUP"], {"SIGINT"}))
def test_what_ends_a_process_waits_for_what_must_not_be_broken(name: str) -> None:
    number = getattr(signal, name)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    done = []

    def work() -> None:
        with unbroken():
            signal.raise_signal(number)
            done.append("the rest of the block")

    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert done == ["the rest of the block"]
        assert signal.getsignal(number) is interrupt
    finally:
        signal.signal(number, before)


@pytest.mark.process
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_command_that_is_ended_from_outside_ends_as_by_ctrl_c(name: str, tmp_path: Path) -> None:
    """A simulation that is ended keeps what was done, and nothing of it stands under a name that says more."""
    begun = subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
         "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # the tests may be under nohup, which a command respects
         "from equipoise.cli.main import main; main()", "simulate", "north", "--scenario", "null", "--engine", "reference",
         "--replicates", "1000000", "--workers", "1", "--waiting", "pause", "--out", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "160"},
    )  # fmt: skip
    part = tmp_path / "null-pause-seed2012.jsonl.part"
    until = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < until and begun.poll() is None:
        time.sleep(0.05)
    begun.send_signal(getattr(signal, name))
    try:
        _, err = begun.communicate(timeout=60)
    finally:
        begun.kill()  # else it would go on for hours
    assert begun.returncode == 1, err
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert [p.name for p in tmp_path.iterdir()] == [part.name]
    lines = part.read_text().splitlines()
    assert [json.loads(line)["replicate"] for line in lines] == list(range(len(lines)))
    assert part.name in err
    assert str(len(lines)) in err


@pytest.mark.process
def test_output_that_the_terminal_cannot_show_is_no_fault(equipoise_process: Callable[..., object]) -> None:
    answer = equipoise_process("check", "north", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert answer.status == 0  # type: ignore[attr-defined]
