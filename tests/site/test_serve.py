"""`equipoise serve`: what it makes in a folder, what it finds there, and what it refuses before it makes anything."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from equipoise import site
from equipoise.site.folder import Installation
from helpers import Answer


@pytest.mark.process
def test_a_new_installation_has_one_account_and_no_pass_phrase(tmp_path: Path, equipoise_process: Any) -> None:
    folder = tmp_path / "site"
    args = ("serve", "north", "--folder", folder, "--administrator", "ada", "--set-up-only", "--json")
    first: Answer = equipoise_process(*args)
    assert first.status == 0, first.err
    said = json.loads(first.out)
    assert list(said["links"]) == ["ada"]
    assert said["new"] is True
    second = json.loads(equipoise_process(*args).out)
    assert second["new"] is False
    assert list(second["links"]) == ["ada"]  # nobody has chosen a pass phrase yet
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "-" not in p.name} >= {
        "site.toml", "accounts.sqlite3", "access.sqlite3", "log/trial.sqlite3", "secret/allocation.secret",
        "keys/signing.key", "keys/django.key", "keys/addresses.key",
    }  # fmt: skip
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "secret" / "allocation.secret").stat().st_mode & 0o077 == 0
    secret = (folder / "secret" / "allocation.secret").read_text()
    assert not any(line in first.out + first.err for line in secret.split() if len(line) > 40)
    log = f"sqlite:///{folder}/log/trial.sqlite3"
    verified: Answer = equipoise_process("conduct", "verify", "north", "--log", log, "--as", "ada", "--witness", folder / "witness", "--trust", folder / "keys" / "signing.pub")  # fmt: skip
    assert verified.status == 0, verified.err
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "accounts.sqlite3")) as db:
        assert [(u, p[0]) for u, p in db.execute("SELECT username, password FROM equipoise_site_account")] == [
            ("ada", "!")
        ]
    other: Answer = equipoise_process("serve", "merkel", "--folder", folder, "--set-up-only")
    assert other.status == 2
    assert "what the folder was set up with" in other.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--demo", "--behind-proxy", "trial.example.org"), "on this computer only"),
        (("--database", "mysql://x"), "postgresql://USER@HOST/DATABASE"),
        (("--port", "0"), "--port"),
        (("--blocks", "six"), "sizes such as 6,9"),
        (("--log", "ftp://x/y"), "sqlite:///FOLDER/FILE"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    tmp_path: Path, equipoise: Any, args: tuple[str, ...], said: str
) -> None:
    answer: Answer = equipoise("serve", "north", "--folder", tmp_path / "site", "--set-up-only", *args)
    assert answer.status == 2
    assert said in answer.err
    assert not (tmp_path / "site").exists()


def test_a_port_that_is_taken_is_said_first(tmp_path: Path, equipoise: Any) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer: Answer = equipoise("serve", "north", "--folder", tmp_path / "site", "--port", port)
    assert answer.status == 2
    assert "nobody listens" in answer.err
    assert not (tmp_path / "site").exists()


def test_a_log_of_one_operator_is_refused(tmp_path: Path, equipoise: Any) -> None:
    log = tmp_path / "own.jsonl"
    assert equipoise("conduct", "open", "north", "--log", log, "--by", "ben").status == 0
    answer: Answer = equipoise("serve", "north", "--folder", tmp_path / "site", "--log", log, "--set-up-only")
    assert answer.status == 2
    assert "opened with people" in answer.err
    assert not (tmp_path / "site").exists()


@pytest.mark.process
@pytest.mark.slow
def test_a_demonstration_is_a_sound_log(tmp_path: Path, equipoise_process: Any) -> None:
    folder = tmp_path / "demo"
    answer: Answer = equipoise_process("serve", "north", "--folder", folder, "--demo", "--set-up-only", "--json")
    assert answer.status == 0, answer.err
    people = json.loads(answer.out)["people"]
    assert {role.split(" (")[0] for role in people.values()} == {
        "coordinator", "investigator", "pharmacist", "monitor", "data manager", "medical monitor", "sponsor", "committee", "administrator", "inspector",
    }  # fmt: skip
    log = f"sqlite:///{folder}/log/trial.sqlite3"
    verified: Answer = equipoise_process("conduct", "verify", folder / "trial" / "trial.toml", "--log", log, "--as", "carl", "--secret", folder / "secret" / "allocation.secret")  # fmt: skip
    assert verified.status == 0, verified.err
    assert "Every allocation was made again from the secret" in verified.out
    again: Answer = equipoise_process("serve", "north", "--folder", folder, "--set-up-only")
    assert again.status == 2
    assert "a folder that is no demo's" in again.err


def test_every_module_of_the_app_can_be_imported(site_installation: Installation) -> None:
    for found in pkgutil.walk_packages(site.__path__, "equipoise.site."):
        importlib.import_module(found.name)
