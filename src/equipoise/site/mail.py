"""The outbox: notices that wait, sent by a command. A mail holds a link and a number, never data; what was sent is remembered event by event."""

from __future__ import annotations

import json
import os
import smtplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

from equipoise.desk import opening
from equipoise.desk.notices import notices, ripened
from equipoise.desk.order import now
from equipoise.files.log_address import address_of
from equipoise.site.folder import Installation
from equipoise.site.operation import installation_of
from equipoise.trial.problem import BadInput, Problem

_FILE = "outbox.jsonl"
Send = Callable[[EmailMessage], None]


@dataclass(frozen=True)
class Mail:
    """A mail: its own number in the outbox, to whom, the subject and the text. ``event`` is not in it."""

    number: int
    person: str
    to: str
    subject: str
    text: str
    event: int
    sent: bool = False


def waiting(own: Installation, at: str, addresses: Mapping[str, str]) -> list[Mail]:
    """The mails that wait. The first time nothing does: the outbox begins with what comes from then on."""
    trial = opening.load_trial(own.trial)
    log = opening.log_of(trial, address_of(own.log)).read().log
    through, sent = _remembered(own, len(log))
    found: list[Mail] = []
    for notice in (*notices(trial, log, through), *ripened(trial, log, now().date())):
        if (notice.event, notice.person, notice.subject) in sent:
            continue
        number = len(sent) + len(found) + 1
        link = f"{at.rstrip('/')}/{notice.page}"
        text = f"{notice.subject}.\n\n{link}\n\nNotice {number}. Nothing of any patient stands in this mail; log in to read.\n"
        to = addresses.get(notice.person, "")
        found.append(Mail(number, notice.person, to, f"{trial.id.upper()}: {notice.subject}", text, notice.event))
    return found


def _remembered(own: Installation, end: int) -> tuple[int, set[tuple[int, str, str]]]:
    path = own.folder / _FILE
    if not path.exists():
        _remember(path, {"through": end})
        return end, set()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return lines[0]["through"], {(m["event"], m["person"], m["subject"]) for m in lines[1:]}


def _remember(path: Path, said: Mapping[str, object]) -> None:
    """Add a line that lasts: a mail is remembered at once after it was sent."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (json.dumps(said, sort_keys=True) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def send(own: Installation, mails: Sequence[Mail], sender: str, by: Send) -> list[Mail]:
    """Send those who have an address. One that fails stops the rest, which wait."""
    done = []
    for mail in mails:
        if not mail.to:
            done.append(mail)
            continue
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
        message.set_content(mail.text)
        by(message)
        _remember(
            own.folder / _FILE,
            {
                "event": mail.event,
                "person": mail.person,
                "subject": mail.subject.split(": ", 1)[1],
                "number": mail.number,
            },
        )
        done.append(replace(mail, sent=True))
    return done


def addresses_of(own: Installation) -> dict[str, str]:
    """The mail addresses of enabled accounts, by the name in the log."""
    from equipoise.site import serving

    serving.configure(own)
    from equipoise.site.models import Account

    return {a.username: a.email for a in Account.objects.filter(is_active=True) if a.email}


def _given(server: smtplib.SMTP, message: EmailMessage) -> None:
    server.send_message(message)


def run(folder: Path, at: str, smtp: str = "", sender: str = "") -> list[Mail]:
    """What waits; sent where a server is named. Raises BadInput for an address that is none, or no sender."""
    own = installation_of(folder)
    problems = []
    if not at.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        problems.append(Problem("address", "--at", repr(at), "https://HOST, where people open the app"))
    if smtp and "@" not in sender:
        problems.append(Problem("sender", "--sender", repr(sender), "a mail address"))
    host, _, port = smtp.partition(":")
    if smtp and not port.isdecimal():
        problems.append(Problem("smtp", "--smtp", repr(smtp), "HOST:PORT"))
    if problems:
        raise BadInput("mail", problems)
    mails = waiting(own, at, addresses_of(own))
    if not smtp or not mails:
        return mails
    try:
        with smtplib.SMTP(host, int(port), timeout=30) as server:
            return send(own, mails, sender, lambda m: _given(server, m))
    except (OSError, smtplib.SMTPException) as error:
        allowed = "a server that takes mail; what was not sent waits"
        raise BadInput("mail", [Problem("smtp", "--smtp", f"{smtp}: {type(error).__name__}", allowed)]) from None
