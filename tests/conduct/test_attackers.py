"""The table of docs/attackers.md: each attack is carried out, and what the table says of it holds."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from equipoise import desk
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.register import of_patient
from equipoise.conduct.sealed import Sealed
from equipoise.desk.order import give
from equipoise.desk.witness import Witness, witness_of
from equipoise.files import log_register
from equipoise.files.log_address import address_of
from equipoise.files.log_file import LogFile, read_log, write_new_log
from equipoise.files.log_index import opened
from equipoise.files.log_store import prepare
from equipoise.files.signing import make_keys, read_signer
from equipoise.files.witness_folder import write_checkpoint
from equipoise.trial.checkpoint import Checkpoint
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import ROOT
from sealed import secret_of

pytest.importorskip("cryptography")
DAY = date(2012, 4, 12)


@dataclass
class World:
    """A trial that is under way: its log, its witness, its receipts, its key, a back-up."""

    trial: Trial
    folder: Path
    #: where the log was moved to
    address: str = ""

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"

    @property
    def witnesses(self) -> Path:
        return self.folder / "w"

    @property
    def key(self) -> Path:
        return self.folder / "key" / "signing.key"

    @property
    def receipts(self) -> Path:
        return self.folder / "receipts.jsonl"

    @property
    def witness(self) -> Witness | None:
        return witness_of(self.witnesses, self.key, self.receipts)

    @property
    def store(self) -> LogFile:
        return LogFile(self.log, self.trial.id)

    def events(self) -> list[Event]:
        return list(read_log(self.log).log)

    def write(self, events: Sequence[Event]) -> None:
        """The log made anew of these events, with a chain that is whole."""
        self.log.unlink()
        write_new_log(self.log, Log(replace(e, number=i) for i, e in enumerate(events, 1)))

    def order(self, make: Any, witness: Witness | None) -> Any:
        by_secret = Sealed(self.trial, [secret_of(self.trial.id)])
        return give(self.trial, self.store, make, by_secret, witness=witness)

    def enrol(self, patient: str, witness: Witness | None) -> None:
        levels = {"ecog": "0-1", "ldh": "normal"}
        self.order(lambda c, now: c.screen(patient, "S01", DAY, now, "dm"), witness)
        self.order(lambda c, now: c.enrol(patient, DAY, now, "dm", levels), witness)

    def randomise(self, patient: str, witness: Witness | None) -> Any:
        return self.order(lambda c, now: c.randomise(patient, DAY, now, "dm"), witness)


@pytest.fixture(scope="module")
def begun(north: Trial, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(north, tmp_path_factory.mktemp("begun"))
    make_keys(world.key.parent, "trials.example.org")
    world.witnesses.mkdir()
    desk.opening.open_log(north, world.store, "dm", secret=secret_of(north.id), witness=world.witness)
    world.order(lambda c, now: c.activate("S01", DAY, now, "dm"), world.witness)
    for patient in ("P1", "P2"):
        world.enrol(patient, world.witness)
        world.randomise(patient, world.witness)
    shutil.copyfile(world.log, world.folder / "backup.jsonl")
    for patient in ("P3", "P4"):
        world.enrol(patient, world.witness)
        world.randomise(patient, world.witness)
    world.order(lambda c, now: c.order("contact", DAY, now, "dm", patient="P4"), world.witness)
    return world


@pytest.fixture
def world(begun: World, tmp_path: Path) -> World:
    """A world of one's own to attack."""
    shutil.copytree(begun.folder, tmp_path / "world")
    return World(begun.trial, tmp_path / "world")


def _lines(world: World, change: Callable[[list[str]], list[str]]) -> None:
    lines = world.log.read_text().splitlines(keepends=True)
    world.log.write_text("".join(change(lines)))


def changes_a_byte(w: World) -> None:
    text = w.log.read_text()
    w.log.write_text(text.replace('"P3"', '"P9"', 1))


def takes_a_line_out(w: World) -> None:
    _lines(w, lambda lines: [*lines[:6], *lines[7:]])


def swaps_two_lines(w: World) -> None:
    _lines(w, lambda lines: [*lines[:6], lines[7], lines[6], *lines[8:]])


def writes_a_line_otherwise(w: World) -> None:
    """F10: what a person's tool shows is not what we read."""
    for old, new in (('{"by":', '{"by":"a lie","by":'), ('{"by":', '{ "by":')):
        text = w.log.read_text()
        w.log.write_text(text.replace(old, new, 1))
        with pytest.raises(desk.order.BadInput):
            w.events()
        w.log.write_text(text)
    w.log.write_text(text.replace(old, new, 1))


def takes_the_newline_off(w: World) -> None:
    """F13: what editors do. The event is not lost."""
    events = w.events()
    w.log.write_bytes(w.log.read_bytes()[:-1])
    assert w.events() == events
    assert desk.known.verify(w.trial, w.store).unended


def cuts_the_tail(w: World) -> None:
    _lines(w, lambda lines: lines[:-4])


def puts_an_older_copy_back(w: World) -> None:
    shutil.copyfile(w.folder / "backup.jsonl", w.log)


def goes_on_from_an_older_copy(w: World) -> None:
    puts_an_older_copy_back(w)
    for patient in ("Q1", "Q2", "Q3"):
        w.enrol(patient, w.witness)  # other orders go on, unwitnessed
    assert len(w.events()) > 12


def gives_an_arm_to_another(w: World) -> None:
    """F2, 4c: see the arm, cut the line, randomise another patient at the same place of the list."""
    first = next(e for e in w.events() if e.kind == "randomised" and e.patient == "P4")
    _lines(w, lambda lines: lines[: first.number - 1])
    w.enrol("Q4", None)
    with pytest.raises(desk.order.BadInput) as refused:
        w.randomise("Q4", w.witness)
    assert {p.code for p in refused.value.problems} == {"rewritten"}  # another event has that number now
    given = w.randomise("Q4", None)  # the witness is not named: it is done, and found afterwards
    assert given.event.data["arm"] == first.data["arm"]


def _rewritten(w: World) -> list[Event]:
    """The history with P2's arm changed, and all that follows."""
    other = {a.name for a in w.trial.arms}
    return [
        replace(e, data={**e.data, "arm": (other - {e.data["arm"]}).pop()})
        if e.kind == "randomised" and e.patient == "P2"
        else e
        for e in w.events()
    ]


def rewrites_the_history(w: World) -> None:
    w.write(_rewritten(w))


def rewrites_every_author(w: World) -> None:
    w.write([replace(e, by="somebody else") for e in w.events()])


def shows_two_logs(w: World) -> None:
    """The log of the one is whole, and its witness holds a head of the other's, signed by the same key."""
    mine = w.log.read_bytes()
    rewrites_the_history(w)
    log = read_log(w.log).log
    _signed(w, log, log[11].number)
    w.log.write_bytes(mine)


def _signed(w: World, log: Log, number: int, key: Path | None = None) -> Path:
    point = Checkpoint(w.trial.id, number, log.hashes()[number - 1], log[number - 1].recorded)
    return write_checkpoint(w.witnesses, point, read_signer(key or w.key).sign(point.text))


def writes_a_checkpoint(w: World) -> None:
    secret, _, _ = make_keys(w.folder / "other", "trials.example.org")
    log = read_log(w.log).log
    _signed(w, log, len(log), secret)


def changes_a_checkpoint(w: World) -> None:
    path = sorted(w.witnesses.glob("*.checkpoint"))[-1]
    text = path.read_text()
    path.write_text(re.sub("time 20(..)", lambda m: f"time 20{int(m[1]) - 1:02}", text))


def decides_on_other_data(w: World) -> None:
    data = {"look": 1, "action": "continue", "cutoff": "2012-04-12", "known_on": "2012-04-12", "head": "0" * 64}
    w.order(lambda c, now: c.order("decided", DAY, now, "dm", data=data), w.witness)


def rewrites_with_the_key(w: World) -> None:
    rewrites_the_history(w)
    _resign(w)


def _resign(w: World) -> None:
    """Every checkpoint made anew for the log as it is now."""
    log = read_log(w.log).log
    for path in w.witnesses.glob("*.checkpoint"):
        number = int(path.name.split("-")[1])
        path.unlink()
        _signed(w, log, number)


def rewrites_and_reconciles(w: World) -> None:
    rewrites_the_history(w)
    desk.restore.reconcile(w.trial, w.store, w.witness, "dm", "disk repaired")  # type: ignore[arg-type]
    said = desk.known.verify(w.trial, w.store).notes
    assert any("dm reconciled the log with its witness" in s and "disk repaired" in s for s in said)


def cuts_what_was_not_witnessed(w: World) -> None:
    assert w.events()[-1].kind == "contact"
    _lines(w, lambda lines: lines[:-1])


def takes_checkpoints_away(w: World) -> None:
    for path in sorted(w.witnesses.glob("*.checkpoint"))[-2:]:
        path.unlink()
    cuts_the_tail(w)


def holds_key_and_witnesses(w: World) -> None:
    rewrites_with_the_key(w)
    hashes = read_log(w.log).log.hashes()
    lines = [{"trial": w.trial.id, "number": n, "hash": h} for n, h in enumerate(hashes, 1)]
    w.receipts.write_text("".join(json.dumps(line) + "\n" for line in lines))


def orders_in_anothers_name(w: World) -> None:
    w.order(lambda c, now: c.order("contact", DAY, now, "the principal investigator", patient="P3"), w.witness)


def orders_without_the_witness(w: World) -> None:
    cuts_the_tail(w)
    w.order(lambda c, now: c.order("contact", DAY, now, "dm", patient="P1"), None)


def records_false_data(w: World) -> None:
    data = {"response": "PR", "sum_mm": 20.0}
    w.order(lambda c, now: c.order("assessed", DAY, now, "dm", patient="P1", data=data), w.witness)


def sets_the_clock_back(w: World) -> None:
    """As a clock would that was set back at the last event: the event is of another day, and is recorded as of this one."""
    last = w.events()[-1].recorded
    log = read_log(w.log).log
    late = log.append("contact", DAY, min(last + timedelta(seconds=1), datetime.now(UTC)), "dm", patient="P2")
    w.write([*list(log)[:-1], late])


def changes_rows_of_a_database(w: World) -> None:
    """The log is moved to a database; its owner switches the triggers off, writes other rows whose chain is whole, and switches them on."""
    database = w.folder / "log.db"
    place = address_of(f"sqlite:///{database}")
    prepare(place)
    desk.move.move(w.trial, w.store, desk.opening.log_of(w.trial, place))
    w.write(_rewritten(w))  # the rows that he wants, made anew as lines
    lines = w.log.read_text().splitlines()
    with closing(sqlite3.connect(database)) as rows, rows:
        with pytest.raises(sqlite3.DatabaseError, match="nothing is changed"):
            rows.execute("UPDATE event SET line = ? WHERE number = 5", [lines[4]])
        triggers = rows.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            rows.execute(f"DROP TRIGGER {name}")
        for number, line in enumerate(lines, 1):
            changed = [line, json.loads(line)["hash"], number]
            rows.execute("UPDATE event SET line = ?, hash = ? WHERE number = ?", changed)
        for _, sql in triggers:
            rows.execute(sql)
    w.address = str(place)


def forges_the_index(w: World) -> None:
    """An event is hidden from the orders to come, by one who may write the log and changes nothing of it."""

    def died(c: Conduct, now: datetime) -> Event:
        return c.order("died", DAY + timedelta(days=9), now, "dm", patient="P2")

    def seen(c: Conduct, now: datetime) -> Event:
        return c.order("contact", DAY + timedelta(days=20), now, "dm", patient="P2")

    with patch.object(log_register, "WORTH", 0):
        death = give(w.trial, w.store, died).event.number
        with pytest.raises(BadInput, match="died on"):
            give(w.trial, w.store, seen)
        with opened(*LogFile(w.log).index()) as index:
            numbers = [n for n in index.look(of_patient("P2")) if n != death]
            index.write({of_patient("P2"): numbers}, {k: v for k, v in index.header.items() if k != "salt"})
        give(w.trial, w.store, seen)


ATTACKS: dict[str, Callable[[World], None]] = {
    "changes a byte of a line": changes_a_byte,
    "takes a line out of the middle": takes_a_line_out,
    "swaps two lines": swaps_two_lines,
    "writes a line again that says the same otherwise: a key twice, a blank": writes_a_line_otherwise,
    "takes the last newline off": takes_the_newline_off,
    "cuts the tail off": cuts_the_tail,
    "puts an older copy back": puts_an_older_copy_back,
    "puts an older copy back and goes on": goes_on_from_an_older_copy,
    "gives one patient's arm to another: cuts the line and randomises again": gives_an_arm_to_another,
    "rewrites the history from an event on, the chain made anew": rewrites_the_history,
    "rewrites every author, the chain made anew": rewrites_every_author,
    "changes the rows of a database and makes the chain anew, its triggers switched off": changes_rows_of_a_database,
    "forges the index beside the log, so that an order goes through that is impossible": forges_the_index,
    "shows two logs to two people": shows_two_logs,
    "writes a checkpoint of his own": writes_a_checkpoint,
    "changes a checkpoint": changes_a_checkpoint,
    "records a decision that rests on other data": decides_on_other_data,
    "rewrites the history and takes the signing key, receipts kept elsewhere": rewrites_with_the_key,
    "rewrites the history and records that he reconciled it": rewrites_and_reconciles,
    "cuts off what came after the last witnessed head": cuts_what_was_not_witnessed,
    "takes the last checkpoints away, then cuts the tail": takes_checkpoints_away,
    "rewrites the history, with the key and all witnesses in hand": holds_key_and_witnesses,
    "gives an order in another's name": orders_in_anothers_name,
    "gives orders without naming the witness": orders_without_the_witness,
    "records false data as an authorised person": records_false_data,
    "sets the server's clock back before recording": sets_the_clock_back,
}
#: Rows in which the receipts are what is kept elsewhere, whatever became of the witness.
_RECEIPTS = {"rewrites the history and takes the signing key, receipts kept elsewhere",
             "rewrites the history, with the key and all witnesses in hand"}  # fmt: skip
_SECTION = (ROOT / "docs" / "attackers.md").read_text().split("## Who is stopped")[1].split("\n## ")[0]
TABLE = [
    [cell.strip() for cell in line.strip("|").split("|")][:3]
    for line in _SECTION.splitlines()
    if line.startswith("| ") and not line.startswith("| attack")
]


def test_every_row_of_the_table_is_carried_out() -> None:
    assert [row[0] for row in TABLE] == list(ATTACKS)


@pytest.mark.parametrize(("attack", "alone", "held"), TABLE, ids=[row[0] for row in TABLE])
def test_an_attack_is_found_where_the_table_says_so(
    attack: str, alone: str, held: str, world: World, equipoise: Any
) -> None:
    def found(*more: object) -> str:
        answer = equipoise("conduct", "verify", "north", "--log", world.address or world.log, *more)
        assert answer.status in (0, 2), answer.err
        assert "Traceback" not in answer.err
        return "found" if answer.status == 2 else "not found"

    outside = ["--witness", world.witnesses, "--trust", world.key.with_suffix(".pub")]
    assert found() == found(*outside) == "not found", "before the attack"
    ATTACKS[attack](world)
    receipts = ["--expect", world.receipts] if attack in _RECEIPTS else []
    assert (found(), found(*outside, *receipts)) == (alone, held)


def test_writers_at_once_raise_no_alarm_and_every_randomisation_is_witnessed(world: World, equipoise: Any) -> None:
    """A head of another writer, witnessed a moment later, is not ahead of the log."""
    for number in range(16):
        world.enrol(f"W{number}", None)

    def orders(writer: int) -> list[str]:
        said: list[str] = []
        for number in range(writer, 16, 4):
            said += world.randomise(f"W{number}", world.witness).notes
            held = desk.outside.Outside(world.witnesses)
            assert desk.known.verify(world.trial, world.store, outside=held).ok
            desk.checkpoint.sign(world.trial, world.store, world.key, world.witnesses)
        return said

    with ThreadPoolExecutor(4) as pool:
        assert [notes for notes in pool.map(orders, range(4)) if notes] == []
    outside = ["--witness", world.witnesses, "--trust", world.key.with_suffix(".pub"), "--expect", world.receipts]
    whole = equipoise("conduct", "verify", "north", "--log", world.log, *outside)
    assert whole.status == 0, whole.err
    witnessed = {int(p.name.split("-")[1]) for p in world.witnesses.glob("*.checkpoint")}
    assert {e.number for e in world.events() if e.kind == "randomised"} <= witnessed


class Interrupted(LogFile):
    """A log in which another writer randomises somebody, once, just after it was read or let go."""

    def __init__(self, path: Path, after: str, other: Callable[[], Any]) -> None:
        super().__init__(path)
        self._after, self._other = after, [other]

    def _now(self, at: str) -> None:
        if at == self._after and self._other:
            self._other.pop()()

    def read(self, *args: Any) -> Any:
        found = super().read(*args)
        self._now("read")
        return found

    @contextmanager
    def held(self) -> Iterator[None]:
        with super().held():
            yield
        self._now("held")


def test_another_writer_in_between_is_no_cut_tail(world: World) -> None:
    for patient in ("W1", "W2", "W3", "W4"):
        world.enrol(patient, None)
    trial, held = world.trial, desk.outside.Outside(world.witnesses, expected=[str(world.receipts)])
    read = Interrupted(world.log, "read", lambda: world.randomise("W1", world.witness))
    assert desk.known.verify(trial, read, outside=held).ok
    read = Interrupted(world.log, "read", lambda: world.randomise("W2", world.witness))
    assert desk.checkpoint.sign(trial, read, world.key, world.witnesses).file
    let_go = Interrupted(world.log, "held", lambda: world.randomise("W3", world.witness))
    allocation = Sealed(trial, [secret_of(trial.id)])
    done = give(trial, let_go, lambda c, now: c.randomise("W4", DAY, now, "dm"), allocation, witness=world.witness)
    assert done.notes == []
    assert done.checkpoint is not None
