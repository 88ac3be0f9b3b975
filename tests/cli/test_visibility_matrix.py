"""R17 of docs/people.md: what a command gives to a reader does not depend on what he may not know.

Two logs that differ only in that give the same bytes: on standard output and error, the exit status, and the files written. The table of
commands is walked: a command that takes a log and is in neither table below fails here. The log's own hashes are taken out before the
bytes are compared: they are over salted digests, and tell nothing of what they cover.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from equipoise import desk
from equipoise.cli.log_place import LogPlace
from equipoise.cli.main import COMMANDS, cli
from equipoise.files.log_file import LogFile
from equipoise.files.signing import Signer, make_keys, read_signer
from equipoise.files.witness_folder import write_checkpoint
from equipoise.trial.checkpoint import Checkpoint
from equipoise.trial.log import Log
from equipoise.trial.role import BY_NAME, ROLES, View
from helpers import Answer
from people_log import PEOPLE, SITES, log, with_no_word_of_patients, with_other_arms, with_others_elsewhere
from sealed import secret_file, secret_of

OWN, OTHER = f"{SITES[0]}-000", f"{SITES[1]}-003"
DAY = "2013-07-20"
#: Command → the command lines to try. TRIAL, the log and the reader are put in.
READS: dict[str, list[str]] = {
    "analyse": ["", "--json"],
    "answers": [""],
    "basket": ["", "--json"],
    "decide": ["--look 1 --cutoff 2013-07-05", "--look 1 --cutoff 2013-07-05 --json", "--safety --cutoff 2013-07-05", "--look 1 --cutoff 2013-07-05 --record", "--part 1 --cutoff 2013-07-05", "--part 1 --cutoff 2013-07-05 --json"],
    "doses": ["", "--cutoff 2013-07-05 --json", "--revisit --json"],
    "explain": [f"--patient {OWN}", f"--patient {OTHER}", "--patient nobody", f"--patient {OWN} --json"],
    "drug measured": ["", "--json", f"--patient {OWN}", f"--patient {OTHER}", "--patient nobody"],
    "exposure": ["", "--json", f"--patient {OWN}", f"--patient {OTHER}", "--patient nobody"],
    "export": ["--as sdtm --format csv --out out", "--as adam --format csv --out out --json", "--as adam --rules admiral --format csv --out out"],
    "forecast": ["--look 2 --draws 100 --json", "--look 1 --draws 100", "--look 2 --draws 100 --figure f.svg"],
    "history hurdle": ["--case-mix mix.toml"],
    "pool": ["", "--json"],
    "diff": ["--from 2013-05-05 --to 2013-07-05", "--from 2013-05-05 --to 2013-07-05 --json"],
    "report": ["--out out", "--for committee-open --only accrual --out out --cutoff 2013-07-05", "--for committee-closed --only masks --out out --key key.txt"],
    "sensitivity": [""],
    "conduct as-known-on": [DAY, f"{DAY} --json", f"{DAY} --patient {OWN}", f"{DAY} --patient {OTHER} --json", f"{DAY} --patient nobody"],
    "conduct move": ["--to moved.jsonl", "--to moved.jsonl --json"],
    "conduct checkpoint": ["--signing-key ../keys/signing.key --witness heads", "--signing-key ../keys/signing.key --as-text"],
    "conduct drill": ["--log log.jsonl", "--expect receipts --json"],
    "conduct export": ["--out view.jsonl", "--out view.jsonl --json"],
    "conduct oversight": [
        "", "--json", "--of verification", "--of signatures --json", "--of endorsements --cutoff 2013-07-05", "--of looks", "--of trail --json",
        f"--of trail --patient {OTHER}", f"--of to-sign --patient {OWN} --cutoff 2013-07-05", f"--of to-sign --patient {OTHER}", "--of to-sign --patient nobody",
    ],
    "conduct people": ["--on 2013-07-05", "--on 2013-07-05 --json"],
    "conduct verify": ["", "--json", "--secret ../secret", "--expect receipts", "--witness ../witness --trust ../keys/signing.pub"],
}  # fmt: skip
#: Order → its options; {patient} is in turn the first site's, the second's, and nobody.
ORDERS: dict[str, str] = {
    "answer": "--query {number} --text yes",
    "assess-impact": "--event {number} --text none",
    "check-look": "--look 1",
    "close-entry": "--look 1",
    "close-query": "--query {number}",
    "code": "--event {number} --field term --term Nausea --code 10028813 --dictionary MedDRA --dictionary-version 27.1",
    "cut-off": "--look 2 --cutoff 2013-07-05",
    "form": f"--patient {{patient}} --form vitals --on {DAY} --set pulse=72",
    "laboratory": "--form laboratory --table lab.csv",
    "freeze": "--patient {patient}",
    "lock": "",
    "query": "--event {number} --field response --text why",
    "recommend": "--look 1 --recommendation continue",
    "record-export": "--what log",
    "record-view": "--page report --why because",
    "reopen-query": "--query {number} --text why",
    "review": "--scope all --finding nothing",
    "review-safety": "--event {number} --related true --expected true",
    "sign": "--patient {patient} --meaning read --cutoff 2013-07-05",
    "source-verify": "--events {number}",
    "take-recommendation": "--look 1 --text done",
    "unblind-look": "--look 1",
    "unfreeze": "--patient {patient} --why because",
    "unlock": "--why because",
    "withdraw-cut": "--look 1 --why because",
    "activate": f"--site S03 --on {DAY}",
    "adverse-event": f"--patient {{patient}} --on {DAY} --term Nausea --grade 2",
    "adjudicate": f"--patient {{patient}} --on {DAY} --dlt false --reason because",
    "amend": f"--on {DAY} --why because{{dry}}",
    "approve": f"--site S01 --on {DAY}",
    "assign": f"--patient {{patient}} --on {DAY} --level DL1",
    "assess": f"--patient {{patient}} --on {DAY} --response PR",
    "clock": "--why because",
    "close": f"--on {DAY}",
    "commit": "--secret ../secret",
    "contact": f"--patient {{patient}} --on {DAY}",
    "correct": "--event {number} --on 2013-07-19 --why because",
    "death": f"--patient {{patient}} --on {DAY}",
    "delegate": f"--person coordinator-1 --tasks screened --on {DAY}",
    "deviation": f"--patient {{patient}} --on {DAY} --what late --major false",
    "omit-dose": f"--patient {{patient}} --on {DAY} --drug carboplatin --cycle 1 --day 1 --reason fever",
    "sample": f"--patient {{patient}} --on {DAY} --drug carboplatin --analyte platinum --cycle 1 --day 1 --hours 0 --concentration 1 --unit ug/mL",
    "consent": f"--patient {{patient}} --on {DAY} --version 2.1",
    "end-treatment": f"--patient {{patient}} --on {DAY} --reason done",
    "enrol": f"--patient {{patient}} --on {DAY} --factor ecog=2 --factor ldh=normal",
    "grant": f"--person zoe --role monitor --sites S01 --on {DAY}",
    "lose": f"--patient {{patient}} --on {DAY}",
    "next-therapy": f"--patient {{patient}} --on {DAY}",
    "outcome": f"--patient {{patient}} --on {DAY} --outcome ORR --result yes",
    "pause": f"--on {DAY}",
    "progression": f"--patient {{patient}} --on {DAY} --basis clinical",
    "randomise": f"--patient {{patient}} --on {DAY} --secret ../secret",
    "redact": "--event {number} --why because",
    "reconcile": "--why because --witness ../witness --signing-key ../keys/signing.key",
    "reseal": "--secret ../another --why because",
    "resume": f"--on {DAY}",
    "review-eligibility": f"--patient {{patient}} --on {DAY} --eligible true",
    "revoke": f"--person monitor-1 --role monitor --on {DAY}",
    "set-dose": f"--level DL4 --on {DAY}",
    "screen": f"--patient {{patient}} --site S01 --on {DAY}",
    "train": f"--person monitor-1 --what GCP --on {DAY}",
    "treat": f"--patient {{patient}} --on {DAY} --drug IMGN901 --cycle 2 --day 1 --dose 112 --unit mg/m2",
    "unblind": f"--patient {{patient}} --on {DAY} --reason emergency --secret ../secret",
    "void": "--event {number} --why because",
    "withdraw": f"--patient {{patient}} --on {DAY}",
}
#: Which view of docs/people.md each command is.
VIEW_OF: dict[str, View] = {
    "analyse": "by arm", "answers": "by arm", "basket": "by arm", "decide": "by arm", "diff": "by arm", "doses": "by arm", "drug measured": "by arm", "exposure": "by arm", "pool": "by arm", "report": "by arm", "sensitivity": "by arm",
    "explain": "explained", "export": "explained", "forecast": "forecast", "history hurdle": "forecast",
    "conduct as-known-on": "counts", "conduct oversight": "record", "conduct export": "record", "conduct people": "people", "conduct move": "keeping", "conduct drill": "keeping",
}  # fmt: skip
_QUICK = {"coordinator", "sponsor"}
#: They begin a log of their own, in which nobody was granted anything before.
BEGIN = {"conduct open", "conduct import", "import-sdtm"}
#: They make a place for logs, and read none.
NO_LOG = {"conduct prepare"}
#: It shows nothing but who logs in: its own walls are tried by tests/site.
SERVES = {"serve"}
#: How the log is given, where it is not by --log.
LOG_OPTION = {"conduct move": "--from", "conduct drill": "--backup"}
#: What anybody who holds a role may do: what it tells, how long the log is and its hash, everybody may know.
EVERYBODYS = {"conduct verify", "conduct checkpoint"}
#: What a log of another arm, or of other patients elsewhere, is to each role; the committee may know all.
OTHERWISE: dict[str, Callable[[], Log]] = {
    "coordinator": with_others_elsewhere,
    "investigator": with_others_elsewhere,
    "pharmacist": with_others_elsewhere,
    "monitor": with_others_elsewhere,
    "data manager": with_other_arms,
    "medical monitor": with_other_arms,
    "sponsor": with_other_arms,
    "administrator": with_no_word_of_patients,
    "inspector": with_other_arms,
}
CASE_MIX = (
    'format = 1\ntitle = "mix"\nendpoint = "PFS"\nat = "6 months"\nsource = "invented"\nverified = "derived"\n'
    + "".join(
        f'[[strata]]\nlevels = {{ ecog = "{e}", ldh = "{d}" }}\nrate = {r}\nn = 100\n'
        for e, d, r in (("0-1", "normal", 0.5), ("0-1", "raised", 0.4), ("2", "normal", 0.3), ("2", "raised", 0.2))
    )
)


def _tried(role: str, quick: set[str]) -> Any:
    """A role as a parameter: of the quick suite, or of the slow one, which tries all."""
    return pytest.param(role, marks=() if role in quick else pytest.mark.slow)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, by its path."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", inner) for sub, inner in command.commands.items())
        elif command is not None:
            yield name, command


def test_every_command_that_takes_a_log_is_tried() -> None:
    assert set(VIEW_OF) == set(READS) - EVERYBODYS
    taking = {name for name, c in commands() if any(isinstance(p.type, LogPlace) for p in c.params)}
    assert taking >= {name for name, c in commands() if any("--log" in p.opts for p in c.params)}
    assert taking - BEGIN - NO_LOG - SERVES == set(READS) | {f"conduct {name}" for name in ORDERS}
    for name, c in commands():
        if name in READS:
            assert any(p.name == "reader" for p in c.params), f"{name} takes a log and asks nobody who reads"


def test_every_role_is_tried_but_the_one_that_may_know_all() -> None:
    assert {r.name for r in ROLES} - set(OTHERWISE) == {"committee"}


class Pair:
    """The command line on two logs of one name in two folders."""

    def __init__(self, call: Any, folder: Path, one: Log, other: Log) -> None:
        self.call, self.folders, self.logs = call, (folder / "one", folder / "other"), (one, other)
        lost = Checkpoint("north", 9999, "ab" * 32, datetime(2013, 7, 30, tzinfo=UTC))
        (folder / "witness").mkdir()
        write_checkpoint(folder / "witness", lost, key_in(folder / "keys").sign(lost.text))
        secret_file(folder / "secret", secret_of("north"))
        secret_file(folder / "another", secret_of("north", 2))
        for place, events in zip(self.folders, self.logs, strict=True):
            place.mkdir()
            (place / "mix.toml").write_text(CASE_MIX)
            (place / "lab.csv").write_text(f"patient,day,visit,test,value,unit\n{OTHER},{DAY},,alt,20,U/l\n")
            (place / "receipts").write_text(json.dumps({"trial": "north", "number": 9998, "hash": "cd" * 32}) + "\n")
            LogFile(place / "log.jsonl", "north").create(events)

    def given(self, path: str, args: str) -> list[tuple[Answer, dict[str, bytes]]]:
        """What each of the two gives: the answer, and the files; both are as they were afterwards."""
        found = []
        for place in self.folders:
            before = {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}
            answer = self.call(
                *path.split(), "north", LOG_OPTION.get(path, "--log"), "log.jsonl", *args.split(), cwd=place
            )
            hashes = hashes_of(place / "log.jsonl")
            written = {}
            for p in sorted(place.rglob("*")):
                if p.is_file() and p not in before and not p.name.startswith("log.jsonl"):
                    # Who keeps the log carries all of it, and is shown nothing of it.
                    content = b"" if VIEW_OF.get(path) == "keeping" else p.read_bytes()
                    name = without(hashes, str(p.relative_to(place)).encode()).decode()
                    written[name] = without(hashes, content)
                    p.unlink()
            for p, content in before.items():
                p.write_bytes(content)
            found.append(
                (
                    Answer(answer.status, *(without(hashes, t.encode()).decode() for t in (answer.out, answer.err))),
                    written,
                )
            )
        return found

    def differs(self, path: str, args: str) -> str:
        """Where the two give something else, or ''."""
        (one, files), (other, others) = self.given(path, args)
        if one.status != other.status:
            return f"exit {one.status} and {other.status}: {one.err} {other.err}"
        for a, b in ((one.out, other.out), (one.err, other.err)):
            if a != b:
                return f"{a}\n--- and ---\n{b}"
        return "" if files == others else f"files: {sorted(k for k in files | others if files.get(k) != others.get(k))}"


def key_in(folder: Path) -> Signer:
    """A new key to sign checkpoints by."""
    make_keys(folder, "test")
    return read_signer(folder / "signing.key")


def hashes_of(path: Path) -> list[str]:
    """The hashes of a log's lines, whole or damaged."""
    return sorted(set(re.findall(r'"hash":"([0-9a-f]{64})"', path.read_text())))


def without(hashes: list[str], text: bytes) -> bytes:
    """Text without the log's hashes, whole or as they are shortened."""
    # The chain of a copy, and the digests of what is withheld in it.
    text = re.sub(rb'"(hash|previous|open_digest|guarded_digest)":"[0-9a-f]{64}"', rb'"\1":"#"', text)
    # That a line of which nothing is shown has a guarded part is said in docs/people.md.
    text = text.replace(b'"guarded_digest":"#","hash":"#","open_digest"', b'"hash":"#","open_digest"')
    # A signed note is of a hash, in base64, and ends with the signature.
    text = re.sub(rb"(\n|\xe2\x80\x94 \S+ )[A-Za-z0-9+/]{43,}=*\n", rb"\1#\n", text)
    for h in hashes:
        text = re.sub(rf"{h[:12]}[0-9a-f]*".encode(), b"#", text)
    return text


@cache
def _trial(name: str) -> Any:
    return _load(name)


_load = desk.opening.load_trial


@pytest.fixture
def pair(equipoise: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Pair]:
    monkeypatch.setattr(desk.opening, "load_trial", _trial)
    for act in (desk.order, desk.checkpoint):
        monkeypatch.setattr(act, "now", lambda: datetime(2013, 8, 1, 12, tzinfo=UTC))
    return lambda role: Pair(equipoise, tmp_path, log(), OTHERWISE.get(role, with_other_arms)())


@pytest.mark.parametrize("role", [_tried(r, _QUICK | {"administrator"}) for r in OTHERWISE])
def test_pages_do_not_depend_on_what_the_reader_may_not_know(role: str, pair: Callable[[str], Pair]) -> None:
    two = pair(role)
    for path, lines in READS.items():
        if path == "forecast" and "forecast" in BY_NAME[role].views:
            continue  # seconds each: in the slow suite
        for args in lines:
            option = "--by" if "--record" in args else "--reader"
            assert two.differs(path, f"{args} {option} {PEOPLE[role]}") == "", f"{path} {args}"


@pytest.mark.slow
@pytest.mark.parametrize("role", ["data manager", "sponsor"])
def test_no_forecast_depends_on_who_is_on_which_arm(role: str, pair: Callable[[str], Pair]) -> None:
    two = pair(role)
    for args in READS["forecast"]:
        assert two.differs("forecast", f"{args} --reader {PEOPLE[role]}") == "", args


@pytest.mark.parametrize("role", [_tried(r.name, {r.name for r in ROLES} - {"committee"}) for r in ROLES])
def test_a_role_is_given_the_pages_of_the_table_and_no_other(role: str, pair: Callable[[str], Pair]) -> None:
    two = pair(role)
    for path, view in VIEW_OF.items():
        if path == "forecast" and "forecast" in BY_NAME[role].views:
            continue  # asked elsewhere: seconds each
        (answer, _), _ = two.given(path, f"{READS[path][0]} --reader {PEOPLE[role]}")
        if view not in BY_NAME[role].views:
            assert answer.status == 2, path
            assert "--as" in answer.err + answer.out, path
        elif path == "decide":
            assert "is not ripe" in answer.out
        elif path == "basket":
            assert "basket   got nothing" in answer.err  # let in: it is the trial that has no baskets
        else:
            assert answer.status == 0, f"{path}: {answer.err}"


@pytest.mark.parametrize("role", [_tried(r, {"sponsor"}) for r in OTHERWISE])
def test_answers_to_orders_do_not_depend_on_what_their_giver_may_not_know(
    role: str, pair: Callable[[str], Pair]
) -> None:
    two = pair(role)
    number = {p: next(e.number for e in log() if e.patient == p and e.kind == "assessed") for p in (OWN, OTHER)}
    for verb, options in ORDERS.items():
        tried = {
            options.format(patient=p, number=number.get(p, 9999), dry=" --dry-run" if p == OWN else "")
            for p in (OWN, OTHER, "nobody")
        }
        for args in sorted(tried):
            assert two.differs(f"conduct {verb}", f"{args} --by {PEOPLE[role]}") == "", f"{verb} {args}"


def test_the_committee_and_who_sees_the_arms_are_given_something_else(pair: Callable[[str], Pair]) -> None:
    """The comparison can fail: who may know gets other bytes."""
    two = pair("committee")
    for path in ("analyse", "decide", "explain", "conduct as-known-on", "conduct export", "report", "export"):
        assert two.differs(path, f"{READS[path][0]} --reader {PEOPLE['committee']}") != "", path
    assert two.differs("conduct as-known-on", f"{DAY} --patient {OWN} --reader {PEOPLE['monitor']}") != ""


@pytest.mark.parametrize("role", ["data manager", "coordinator"])
def test_a_damaged_log_is_told_without_a_word_of_its_lines(role: str, pair: Callable[[str], Pair]) -> None:
    two = pair(role)
    tried = (
        ("conduct verify", "--as"),
        ("conduct as-known-on", f"{DAY} --as"),
        ("explain", f"--patient {OWN} --as"),
        ("conduct contact", f"--patient {OWN} --on {DAY} --by"),
    )
    whole = [(place / "log.jsonl").read_bytes() for place in two.folders]
    for damage in (
        lambda text: text + re.findall(rb'{"guarded":{"arm".*?}', text)[0],  # torn after the arm
        lambda text: text.replace(b'"guarded":', b'"guarded": ', 1),
        lambda text: text.replace(b'{"arm":"', b'{"arm":7,"was":"', 1),
    ):
        for place, text in zip(two.folders, whole, strict=True):
            (place / "log.jsonl").write_bytes(damage(text))
        for path, args in tried:
            assert two.differs(path, f"{args} {PEOPLE[role]}") == "", path
