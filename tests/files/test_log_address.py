"""An address of a log as it is typed; a password in it is shown nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.log_address import Database, address_of, beside, shown
from equipoise.files.log_store import store_at
from equipoise.trial.problem import BadInput, Missing
from helpers import Answer
from stores import Place, some_log


@pytest.mark.parametrize(
    "text", ["log.jsonl", "/srv/a b/log.jsonl", "a:b.jsonl", "./sqlite.db", "~/x", "C:\\logs\\x.jsonl"]
)
def test_a_path_is_a_path(text: str) -> None:
    assert address_of(text) == Path(text)


@pytest.mark.parametrize(
    ("text", "url", "file"),
    [
        ("sqlite:///log.db", "sqlite:///log.db", "log.db"),
        ("sqlite:////srv/logs/log.db", "sqlite:////srv/logs/log.db", "/srv/logs/log.db"),
        ("SQLite:///a b/ü%20?#.db", "sqlite:///a b/ü%20?#.db", "a b/ü%20?#.db"),
    ],
)
def test_sqlite_is_a_file(text: str, url: str, file: str) -> None:
    found = address_of(text)
    assert isinstance(found, Database)
    assert (str(found), found.file) == (url, Path(file))


@pytest.mark.parametrize(
    ("text", "url", "password"),
    [
        ("postgresql://eq@host/north", "postgresql://eq@host/north", ""),
        ("postgres://eq:s3cret@host:5433/north", "postgresql://eq@host:5433/north", "s3cret"),
        ("postgresql://eq:a%40b%2F@host/north", "postgresql://eq@host/north", "a@b/"),
        ("postgresql:///north", "postgresql:///north", ""),
        ("postgresql://host:5433/north", "postgresql://host:5433/north", ""),
        ("postgresql://[::1]:5433/north", "postgresql://[::1]:5433/north", ""),
        ("postgresql://eq@/north?host=/run/pg&password=s3cret&sslmode=require", "postgresql://eq@/north?host=/run/pg&sslmode=require", "s3cret"),
        ("postgresql://a,b/north", "postgresql://a,b/north", ""),
    ],
)  # fmt: skip
def test_a_password_is_kept_apart(text: str, url: str, password: str) -> None:
    found = address_of(text)
    assert isinstance(found, Database)
    assert (str(found), found.password) == (url, password)
    if password:
        assert password not in repr(found) + str(store_at(found, "north"))


@pytest.mark.parametrize(
    "text",
    [
        "mysql://eq:s3cret@host/db", "http://x", "sqlite:log.db", "sqlite:/log.db", "sqlite://log.db", "sqlite:///", "sqlite:///:memory:",
        "postgres:eq:s3cret", "postgresql://eq:s3cr@et@host/db", "postgresql://eq:s3c/ret@host/db", "postgresql://eq:s3cret#@host/db",
        "postgresql://eq:s3cret", "postgresql://eq:s3c?ret@host/db",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_no_password_quoted(text: str) -> None:
    with pytest.raises(BadInput, match="a path, sqlite:///FOLDER/FILE or postgresql://") as caught:
        address_of(text)
    assert "s3c" not in str(caught.value)


@pytest.mark.property
@given(st.text(min_size=4).map(lambda p: f"<{p}>"), st.sampled_from(["", "?password=", "raw"]))
def test_no_password_is_shown(password: str, where: str) -> None:
    """Written as it should be or not: what is shown of the address, or of why it is none, does not hold it."""
    text = {
        "": f"postgresql://eq:{quote(password, safe='')}@host/db",
        "?password=": f"postgresql://eq@host/db?password={quote(password, safe='')}",
        "raw": f"postgresql://eq:{password}@host/db",
    }[where]
    try:
        found = address_of(text)
        said = str(found) + repr(found)
        if where != "raw":
            assert isinstance(found, Database)
            assert found.password == password
    except BadInput as bad:
        assert where == "raw"
        said = str(bad)
    assert password not in said


def test_a_file_beside_a_log() -> None:
    for text, name in (
        ("a/north.log.jsonl", "a/north.trial.toml"),
        ("sqlite:////srv/north.log.db", "/srv/north.trial.toml"),
        ("postgresql://eq@host/north", "north.trial.toml"),
    ):
        assert beside(address_of(text), ".trial.toml") == Path(name)


# -- as people type it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "sqlite", "postgresql"])
def test_the_commands_take_any_address(
    kind: str, place: Callable[..., Place], equipoise: Callable[..., Answer]
) -> None:
    here = place(kind, prepared=False)
    if kind == "postgresql":
        refused = equipoise("conduct", "open", "north", "--log", here.address, "--by", "dm")
        assert refused.status == 2
        assert "conduct prepare" in refused.err
        said = equipoise("conduct", "prepare", here.owners)
        assert said.status == 0
        assert "GRANT SELECT, INSERT ON public.event TO ROLE" in said.out
        assert equipoise("conduct", "prepare", here.owners, "--grant", "site", "--json").json["granted_to"] == "site"
    of = ["north", "--log", here.address]
    by = ["--by", "dm", "--json"]
    assert equipoise("conduct", "open", *of, *by).json["log"] == here.address
    assert equipoise("conduct", "open", *of, *by).status == 2
    done = equipoise("conduct", "activate", *of, "--site", "S01", "--on", "2012-04-02", *by)
    assert done.json["event"]["number"] == 2
    verified = equipoise("conduct", "verify", *of, "--json").json
    assert (verified["events"], verified["hash"]) == (2, done.json["hash"])
    assert equipoise("conduct", "as-known-on", *of, "2030-01-01", "--json").json["sites_open"] == 1
    assert equipoise("analyse", *of, "--json").status in (0, 2)
    target = place("file").address
    moved = equipoise("conduct", "move", "north", "--from", here.address, "--to", target)
    assert moved.status == 0
    assert "2 events carried" in moved.out
    assert "put it away" in moved.err
    assert Path(target).read_bytes() == here.bytes()
    again = equipoise("conduct", "move", "north", "--from", here.address, "--to", target, "--json")
    assert (again.status, again.json["error"]["problems"][0]["code"]) == (2, "log-exists")


def test_a_password_is_in_no_answer(place: Callable[..., Place], equipoise: Callable[..., Answer]) -> None:
    here = place("postgresql")
    with_password = here.address.replace("site@", "site:s3cr%65t@")
    closed = "postgresql://site:s3cr%65t@127.0.0.1:1/db"
    answers = []
    for address in (
        with_password,
        closed,
        "postgresql://site:s3cr%65t@127.0.0.1:x/db",
        "postgresql://site:secret/x@h/db",
    ):
        for command in (
            ["conduct", "open", "north", "--log", address, "--by", "dm"],
            ["conduct", "verify", "north", "--log", address],
            ["conduct", "move", "north", "--from", address, "--to", address],
            ["conduct", "prepare", address],
            ["decide", "north", "--log", address, "--look", "1"],
        ):
            answers += [equipoise(*command), equipoise(*command, "--json")]
    assert {a.status for a in answers} >= {0, 2}
    for answer in answers:
        assert "secret" not in answer.out + answer.err
        assert "s3cr" not in answer.out + answer.err
    assert b"secret" not in here.bytes()


def test_a_value_that_is_no_address_is_a_usage_error(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    for bad in ("mysql://x", "sqlite://x.db", str(tmp_path)):
        answer = equipoise("conduct", "verify", "north", "--log", bad, "--json")
        assert answer.status == 2
        assert answer.json["error"]["problems"][0]["where"] == "--log"
    refused = equipoise("conduct", "prepare", "log.jsonl")
    assert (refused.status, "a file needs no preparing" in refused.err) == (2, True)
    refused = equipoise("conduct", "prepare", f"sqlite:///{tmp_path}/x.db", "--grant", "site")
    assert (refused.status, "knows no users" in refused.err) == (2, True)
    assert not (tmp_path / "x.db").exists()


def test_what_is_missing_is_said_before_the_work(
    equipoise: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("equipoise.cli.extras.find_spec", lambda name: None)
    answer = equipoise("conduct", "verify", "nowhere", "--log", "postgresql://eq@host/db")
    assert (answer.status, "pip install 'equipoise[postgres]'" in answer.err) == (1, True)
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(Missing, match=r"equipoise\[postgres\]"):
        store_at("postgresql://eq@host/db", "north")
    store_at(f"sqlite:///{tmp_path}/x.db", "north").create(some_log())  # SQLite needs nothing


def test_what_may_hold_a_password_is_shown_without() -> None:
    for text in ("'postgresql://eq:s3cret'", "postgres://eq:s3cret@h/d", "mysql://eq:s3 cret"):
        assert "s3" not in shown(text)
    assert shown("--log sqlite:///x.db") == "--log sqlite:///x.db"
