"""The last net: an error that is none of ours to expect is told as a fault of the software, with what was asked."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType, TracebackType

#: Set to 1, Python's own account of an unexpected error is printed too.
DEBUG = "EQUIPOISE_DEBUG"
#: No error, argument or command is told at more length than this.
_LONGEST = 200


def debugging() -> bool:
    """True where somebody who mends faults wants Python's own account."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def fault(error: BaseException, args: Sequence[str]) -> dict[str, Any]:
    """What is said of an unexpected error: the command, what it was given, where in the software it happened, and what to do.

    ``error`` is told by its kind and its first line only: it may hold what stands in a file.
    """
    return {
        "fault": "of ours",
        "command": _short("equipoise " + shlex.join(_printable(a) for a in args)),
        "inputs": [_short(_printable(a)) for a in args if _is_path(a)],
        "error": type(error).__name__,
        "message": _short(_printable((str(error).splitlines() or [""])[0])),
        "at": _place(error.__traceback__),
        "next_step": f"report it with the lines above; {DEBUG}=1 before the command shows more. Send no patients' data",
    }


def in_words(told: dict[str, Any]) -> str:
    """The same for people."""
    of = f" with {', '.join(told['inputs'])}" if told["inputs"] else ""
    why = {
        "MemoryError": "The memory of this machine is not enough for what was asked.",
        "RecursionError": "What was given is nested deeper than we can follow.",
    }.get(told["error"], "It met something that we did not think of.")
    message = f": {told['message']}" if told["message"] else ""
    return (
        f"`{told['command']}` failed{of}. {why} This is a fault of ours, not of yours.\n"
        f"  {told['error']}{message}\n  at {told['at']}\n  → {told['next_step']}."
    )


def say(error: BaseException, args: Sequence[str], as_json: bool) -> None:
    """Tell of an unexpected error: on standard error, or as JSON on standard output."""
    told = fault(error, args)
    if debugging():
        traceback.print_exception(error)
    if as_json:
        sys.stdout.write(json.dumps({"error": told}, indent=2) + "\n")
    else:
        sys.stderr.write(in_words(told) + "\n")


def interrupted_too() -> None:
    """SIGTERM and a closed terminal (SIGHUP) do what Ctrl-C does: what is begun is ended in order, and nothing lies about.

    Where somebody had one of them ignored (`nohup`), it stays so.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def shows_anything() -> None:
    """Standard output takes any text: what its encoding cannot carry is shown by its number, as standard error does it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _place(tb: TracebackType | None) -> str:
    """The innermost place of our own code: file and line."""
    ours = Path(__file__).resolve().parent.parent
    found = "the command line"
    while tb is not None:
        path = Path(tb.tb_frame.f_code.co_filename)
        if path.is_relative_to(ours):
            found = f"{path.relative_to(ours).as_posix()}, line {tb.tb_lineno}"
        tb = tb.tb_next
    return found


def _is_path(word: str) -> bool:
    try:
        return not word.startswith("-") and os.path.exists(word)  # noqa: PTH110 - a Path of a null byte raises
    except ValueError:
        return False


def _printable(text: str) -> str:
    """A text that any terminal and any encoding can show."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
