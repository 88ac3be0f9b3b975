"""An installation backed up, restored, drilled and looked at; and what is mailed of it."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.desk import opening, order, oversight
from equipoise.desk.witness import make_keys, witness_of
from equipoise.files.definition import trial_of
from equipoise.files.log_address import address_of
from equipoise.site import mail, operation
from equipoise.site.access import Access
from equipoise.site.drilling import drill
from equipoise.site.folder import Installation, new_installation
from equipoise.trial.problem import BadInput
from overseen_log import OWN
from people_log import PEOPLE, log
from sealed import secret_file, secret_of


@pytest.fixture
def own(tmp_path: Path) -> Installation:
    """An installation with NORTH's log of people, an access chain and a witness."""
    found = new_installation(tmp_path / "site", "north")
    found.write()
    for name in ("log", "secret", "witness"):
        (found.folder / name).mkdir(mode=0o700)
    trial = opening.load_trial("north")
    from equipoise.files.log_file import LogFile

    plain = LogFile(tmp_path / "plain.jsonl", "north")
    plain.create(log())
    opening.log_of(trial, address_of(found.log)).create_lines(plain.lines())
    secret_file(found.secret, secret_of("north"))
    make_keys(found.folder / "keys", "test")
    Access(found.access).add("log-in", "ada")
    return found


def query(own: Installation, text: str = "3?") -> Any:
    """One more event, its head witnessed."""
    trial = opening.load_trial("north")
    store = opening.log_of(trial, address_of(own.log))
    number = next(e.number for e in store.read().log if e.patient == OWN and e.kind == "adverse event")
    kept = witness_of(own.witness, own.keys / "signing.key")
    return order.give(
        trial,
        store,
        oversight.on(PEOPLE["monitor"], "query opened", number, text=text),
        witness=kept,
        by=PEOPLE["monitor"],
    )


def test_a_back_up_is_restored_to_the_same_head(own: Installation, tmp_path: Path) -> None:
    made = operation.backup(own.folder, tmp_path / "copy")
    assert made.head == log().head or made.events == len(log())
    names = {p.name for p in (tmp_path / "copy").rglob("*")}
    assert names == {"log.jsonl", "access.sqlite3", "site.toml", "manifest.json"}, "no secret, no key"
    restored = operation.restore(tmp_path / "copy", tmp_path / "again")
    assert (restored.events, restored.head) == (made.events, made.head)
    found = Installation.read(tmp_path / "again")
    assert found is not None
    assert Access(found.access).verify() == 1
    assert drill(own.folder, tmp_path / "copy").same_head


def test_a_drill_says_what_an_old_copy_lacks(own: Installation, tmp_path: Path) -> None:
    operation.backup(own.folder, tmp_path / "copy")
    done = query(own)
    found = drill(own.folder, tmp_path / "copy")
    assert not found.same_head
    assert any(done.hash[:12] in line and f"event {done.event.number}" in line for line in found.missing)


def test_a_restore_older_than_a_witnessed_head_says_so_and_randomises_nobody(own: Installation, tmp_path: Path) -> None:
    operation.backup(own.folder, tmp_path / "copy")
    trial = opening.load_trial("north")
    store = opening.log_of(trial, address_of(own.log))
    kept = witness_of(own.witness, own.keys / "signing.key")
    assert kept is not None
    query(own)
    held = store.read().log
    kept.after(trial, held, [replace(held[len(held) - 1], kind="randomised")])  # its head is witnessed
    restored = operation.restore(tmp_path / "copy", tmp_path / "again", own.witness)
    assert restored.missing
    assert f"event {len(held)}" in restored.missing[0]
    again = Installation.read(tmp_path / "again")
    assert again is not None
    old = opening.log_of(trial, address_of(again.log))
    conduct = Conduct(trial, old.read().log, read=trial_of, takes=False)
    with pytest.raises(BadInput):
        kept.refuse_behind(trial, conduct.log)


@pytest.mark.parametrize("damage", ["log.jsonl", "site.toml", "access.sqlite3", "manifest.json"])
def test_a_damaged_back_up_is_refused_and_leaves_nothing(own: Installation, tmp_path: Path, damage: str) -> None:
    operation.backup(own.folder, tmp_path / "copy")
    path = tmp_path / "copy" / damage
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadInput):
        operation.restore(tmp_path / "copy", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_the_doctor_finds_all_well_and_each_thing_that_is_not(own: Installation, tmp_path: Path) -> None:
    (own.folder / "accounts.sqlite3").touch()
    wrong = {f.what for f in operation.doctor(own.folder) if not f.well}
    assert wrong == {"accounts"}, "no table is in it"
    (own.folder / "keys" / "signing.key").chmod(0o644)
    own.secret.unlink()
    with __import__("sqlite3").connect(own.access) as db:
        db.execute("DROP TRIGGER IF EXISTS no_update")
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE access SET line = replace(line, 'ada', 'eve')")
    wrong = {f.what for f in operation.doctor(own.folder) if not f.well}
    assert {"keys", "secret", "access chain"} <= wrong


# -- mail -------------------------------------------------------------------------------------------------------------------

AT = "https://trial.example.org"


def test_a_mail_has_a_link_and_a_number_and_no_data(own: Installation) -> None:
    addresses = {PEOPLE["coordinator"]: "kit@example.org"}
    assert mail.waiting(own, AT, addresses) == [], "the outbox begins with what comes from now on"
    query(own, "Is the grade of Neutropenia of S01-000 on IMGN901 really 3?")
    mails = mail.waiting(own, AT, addresses)
    assert {m.person for m in mails} == {PEOPLE["coordinator"], PEOPLE["investigator"]}, (
        "the site's own, and not the other's"
    )
    for m in mails:
        text = m.subject + m.text
        assert f"{AT}/queries/" in text
        for told in (OWN, "S01", "IMGN901", "Neutropenia", "grade", "really"):
            assert told not in text, told
        assert re.search(r"Notice \d+\.", text)


def test_what_was_sent_is_not_sent_again_and_what_failed_waits(own: Installation) -> None:
    addresses = dict.fromkeys((PEOPLE["coordinator"], PEOPLE["investigator"]), "somebody@example.org")
    mail.waiting(own, AT, addresses)
    query(own)
    mails, sent = mail.waiting(own, AT, addresses), []

    def fails_once(message: EmailMessage) -> None:
        if sent:
            raise OSError("the line is cut")
        sent.append(message)

    with pytest.raises(OSError, match="the line is cut"):
        mail.send(own, mails, "equipoise@example.org", fails_once)
    left = mail.waiting(own, AT, addresses)
    assert len(left) == len(mails) - 1
    assert sent[0]["To"] == "somebody@example.org"
    assert mail.send(own, left, "equipoise@example.org", sent.append)[0].sent
    assert mail.waiting(own, AT, addresses) == []


def test_two_worlds_send_the_same_mails() -> None:
    from equipoise.desk.notices import notices
    from overseen_log import overseen
    from people_log import north, with_other_arms

    told = [
        [(n.person, n.subject, n.page) for n in notices(north(), world, 0) if n.person != PEOPLE["committee"]]
        for world in (overseen(), overseen(with_other_arms))
    ]
    blind = {PEOPLE[r] for r in ("data manager", "medical monitor", "sponsor")}
    assert [t for t in told[0] if t[0] in blind] == [t for t in told[1] if t[0] in blind]
    assert {t[1] for t in told[0]} >= {
        "A query waits for an answer",
        "The committee has recommended",
        "A look was cut off",
    }
