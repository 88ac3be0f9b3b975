"""Content that was entered by mistake is removed for good: the chain holds, who and why is known, and the trial goes on as if voided."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, replay
from equipoise.desk.known import verify
from equipoise.desk.opening import open_log
from equipoise.desk.order import give, salts
from equipoise.files.log_file import LogFile
from equipoise.files.log_lines import lines_of, read_lines
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.log import Log, in_force
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import FIXTURES, moment

DAY = date(2012, 5, 1)
NAME = "Erika Mustermann"
NOW = moment(date(2013, 1, 1))


class Site:
    """NORTH in a file: one patient enrolled, with an adverse event in which a name was written."""

    def __init__(self, trial: Trial, path: Path) -> None:
        self.trial, self.store = trial, LogFile(path, trial.id)
        open_log(trial, self.store, "dm")
        self.site = trial.sites[0].name
        assert trial.randomisation is not None
        levels = {f.name: f.levels[0] for f in trial.randomisation.factors}
        self.give(lambda c, now: c.activate(self.site, DAY, now, "dm"))
        self.give(lambda c, now: c.screen("P1", self.site, DAY, now, "dm"))
        self.give(lambda c, now: c.enrol("P1", DAY, now, "dm", levels))
        self.wrong = self.toxic(NAME)

    def give(self, order: Callable[[Conduct, Any], Event]) -> Event:
        return give(self.trial, self.store, order).event

    def toxic(self, term: str) -> int:
        data = {"term": term, "grade": 1}
        return self.give(lambda c, now: c.order("adverse event", DAY, now, "dm", patient="P1", data=data)).number

    def redact(self, number: int, why: str = "a name") -> Event:
        return self.give(lambda c, now: c.redact(number, now, "dm", why))

    @property
    def conduct(self) -> Conduct:
        return Conduct(self.trial, self.store.read().log)

    @property
    def terms(self) -> list[str]:
        return [e.data["term"] for e in self.conduct.patients["P1"].adverse_events]


@pytest.fixture
def site(north: Trial, tmp_path: Path) -> Site:
    return Site(north, tmp_path / "log.jsonl")


def test_the_content_is_gone_and_the_chain_holds(site: Site) -> None:
    before = site.store.read().log.hashes()
    lines = site.store.path.read_bytes().split(b"\n")
    event = site.redact(site.wrong)
    assert NAME.encode() not in site.store.path.read_bytes()
    found = site.store.read().log
    assert found.hashes()[:-1] == before
    at = found[4].recorded.isoformat(timespec="microseconds")
    assert (found[4].kind, event.data) == (REMOVED, {"event": 5, "recorded": at})
    assert (event.why, event.by) == ("a name", "dm")
    verified = verify(site.trial, site.store)
    assert (verified.events, verified.removed, verified.withheld) == (6, 1, 0)
    assert site.terms == []
    after = site.store.path.read_bytes().split(b"\n")
    assert [a == b for a, b in zip(lines, after, strict=False)] == [True, True, True, True, False, False]
    assert site.toxic("Nausea") == 7
    assert site.terms == ["Nausea"]


def test_what_was_put_right_first_stays(site: Site) -> None:
    """The wrong one is corrected and then removed: its correction stands."""
    right = site.give(lambda c, now: c.correct(site.wrong, now, "dm", "a name", data={"term": "Nausea"}))
    site.redact(site.wrong)
    assert site.terms == ["Nausea"]
    assert NAME.encode() not in site.store.path.read_bytes()
    assert verify(site.trial, site.store).removed == 1
    site.give(lambda c, now: c.correct(right.number, now, "dm", "worse", data={"grade": 2}))
    assert [e.data["grade"] for e in site.conduct.patients["P1"].adverse_events] == [2]


def test_a_correction_that_is_removed_takes_the_entry_with_it(site: Site) -> None:
    """As voiding the correction would: what it had put right does not come back, also in what was known before."""
    wrong = site.toxic("Nausea")
    again = site.give(lambda c, now: c.correct(wrong, now, "dm", "x", data={"term": NAME}))
    site.redact(site.wrong)
    site.redact(again.number)
    assert site.terms == []
    log = site.store.read().log
    assert [e.number for e in in_force(list(log)[: again.number])] == [1, 2, 3, 4]
    assert verify(site.trial, site.store).removed == 2


def test_what_was_known_on_a_day_keeps_its_head(running: Conduct) -> None:
    """A removed event counts from the day on which it was recorded, as it did: data cut before then are named by the same hash."""
    days = [DAY + timedelta(20), DAY + timedelta(40), DAY + timedelta(60)]
    for day in days:
        running.order("adverse event", day, moment(day), "dm", patient="P1", data={"term": "x", "grade": 1})
    before = [cut(running.trial, running.log, day) for day in days]
    running.redact(len(running.log) - 1, NOW, "dm", "a name")
    after = [cut(running.trial, running.log, day) for day in days]
    assert [s.head for s in after] == [s.head for s in before]
    assert [len(s.patients["P1"].adverse_events) for s in after] == [1, 1, 2]


def test_every_link_of_a_chain_of_corrections_may_be_removed(north: Trial, tmp_path: Path) -> None:
    """Whichever of three goes, what stands is what the last of them says; the last one gone, nothing does."""
    for gone in itertools.chain.from_iterable(itertools.combinations(range(3), n) for n in (1, 2, 3)):
        site = Site(north, tmp_path / f"{gone}.jsonl")
        chain = [site.wrong]
        for term in ("Nausea", "Vomiting"):
            of = chain[-1]
            data = {"term": term}
            chain.append(site.give(lambda c, now, of=of, data=data: c.correct(of, now, "dm", "x", data=data)).number)
        for i in gone:
            site.redact(chain[i])
        assert site.terms == ([] if 2 in gone else ["Vomiting"]), gone
        assert verify(north, site.store).removed == len(gone)


def test_a_voided_event_and_the_event_that_voided_it_may_be_removed(site: Site) -> None:
    void = site.give(lambda c, now: c.correct(site.wrong, now, "dm", NAME, void=True))
    site.redact(void.number)
    assert site.terms == []
    site.redact(site.wrong)
    assert site.terms == []
    assert NAME.encode() not in site.store.path.read_bytes()
    assert verify(site.trial, site.store).removed == 2


@pytest.mark.parametrize(
    ("number", "why", "words"),
    [
        (5, " ", "states its reason"),
        (0, "x", "an event of the log"),
        (6, "x", "an event of the log"),
        (1, "x", "this event stands"),
        (3, "x", "not screened"),
    ],
)
def test_what_would_alter_the_trial_is_refused(site: Site, number: int, why: str, words: str) -> None:
    before = site.store.path.read_bytes()
    with pytest.raises(BadInput, match=words):
        site.redact(number, why)
    assert site.store.path.read_bytes() == before


def test_an_allocation_a_decision_and_a_redaction_are_never_removed(running: Conduct) -> None:
    kinds = {}
    for event in running.log:
        kinds.setdefault(event.kind, event.number)
    wrong = running.order("adverse event", DAY + timedelta(20), NOW, "dm", patient="P1", data={"term": "x", "grade": 1})
    kinds["redacted"] = running.redact(wrong.number, NOW, "dm", "x").number
    for kind in ("randomised", "opened", "redacted"):
        with pytest.raises(BadInput, match="this event stands"):
            running.redact(kinds[kind], NOW, "dm", "x")
    with pytest.raises(BadInput, match="not enrolled"):
        running.redact(kinds["enrolled"], NOW, "dm", "x")
    with pytest.raises(BadInput, match="content is there"):
        running.redact(wrong.number, NOW, "dm", "x")


def test_a_line_of_the_first_form_cannot_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes((FIXTURES / "logs" / "format_1.jsonl").read_bytes())
    then = read_trial(FIXTURES / "logs" / "north.toml")
    with pytest.raises(BadInput, match="first form"):
        give(then, LogFile(path), lambda c, now: c.redact(13, now, "dm", "a name"))


def test_content_that_was_put_back_is_found(site: Site) -> None:
    before = site.store.path.read_bytes().split(b"\n")
    site.redact(site.wrong)
    after = site.store.path.read_bytes().split(b"\n")
    after[4] = before[4]
    site.store.path.write_bytes(b"\n".join(after))
    with pytest.raises(BadInput, match="there still, or was put back"):
        verify(site.trial, site.store)


def test_content_that_was_taken_out_without_a_record_is_said_and_nothing_goes_on(site: Site) -> None:
    before = site.store.path.read_bytes().split(b"\n")
    site.redact(site.wrong)
    after = site.store.path.read_bytes().split(b"\n")
    site.store.path.write_bytes(b"\n".join([*before[:4], after[4], b""]))
    assert verify(site.trial, site.store).withheld == 1
    with pytest.raises(BadInput, match="a part is withheld"):
        site.toxic("Nausea")


def test_a_process_that_lives_forgets_too(site: Site) -> None:
    own = Conduct(site.trial, site.store.read().log, None, salts, takes=False)
    event = site.redact(site.wrong)
    own.catch_up([event])
    assert own.patients["P1"].adverse_events == []
    assert own.log == site.store.read().log
    assert own.log.head == site.store.read().log.head
    assert NAME not in repr(list(own.log))


def test_the_lines_of_a_log_with_removed_content_are_the_same_read_and_written_again(site: Site) -> None:
    site.redact(site.wrong)
    data = site.store.path.read_bytes()
    log = read_lines(data.split(b"\n")[:-1], "x").log()
    assert "".join(line for line, _ in lines_of(log)).encode() == data
    assert Log(log).head == log.head
    assert replay(site.trial, list(log)) == []


def test_a_log_with_a_second_name_keeps_its_content_until_that_is_gone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "second.jsonl").hardlink_to(site.store.path)
    with pytest.raises(BadInput, match="one name"):
        site.redact(site.wrong)
    (tmp_path / "second.jsonl").unlink()
    site.redact(site.wrong)


def test_a_symbolic_link_leads_to_the_log_without_the_content(site: Site, tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(site.store.path)
    site.store = LogFile(link, "north")
    site.redact(site.wrong)
    assert link.is_symlink()
    assert NAME.encode() not in link.read_bytes()


def test_by_the_command_line(site: Site, equipoise: Any) -> None:
    asked = ("north", "--log", site.store.path)
    done = equipoise("conduct", "redact", *asked, "--event", site.wrong, "--why", "a name", "--by", "dm")
    assert done.status == 0, done.err
    assert done.out.startswith("Event 6: redacted, ")
    assert "content of 1 of them was removed" in equipoise("conduct", "verify", *asked).out
    assert equipoise("conduct", "verify", *asked, "--json").json["removed"] == 1
    assert NAME.encode() not in site.store.path.read_bytes()
