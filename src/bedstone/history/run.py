# SPDX-License-Identifier: Apache-2.0
"""What running revisions did."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bedstone.probe import Reply

_HANG = re.compile(r'^  File "([^"]+)", line (\d+)', re.MULTILINE)
_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}


class Failure(StrEnum):
    """In what way a step failed."""

    RAISED = "raised"
    SWALLOWED = "swallowed"
    EXITED = "exited"
    DIED = "died"
    HUNG = "hung"
    ASKED = "asked"
    REFUSED = "refused"
    IRREVERSIBLE = "irreversible"


@dataclass(frozen=True, slots=True)
class Step:
    """One revision that was run to its end, and how long its own code took."""

    revision: str
    direction: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepError:
    """Why a run failed, and where. *revision* is ``None`` where no revision was running.

    *statement* has no bound values, *traceback* only the project's own frames. *detail* and
    *server_hint* are the server's, without rows' values. *left* says what stays done of the failed
    revision, where that is anything.
    """

    message: str
    exception: str | None = None
    revision: str | None = None
    direction: str | None = None
    sqlstate: str | None = None
    statement: str | None = None
    file: str | None = None
    line: int | None = None
    traceback: str = ""
    detail: str | None = None
    server_hint: str | None = None
    hint: str | None = None
    failure: Failure = Failure.RAISED
    left: str | None = None

    @property
    def at(self) -> str:
        """What failed: the revision, else the SQL file beside it, else ``env.py``."""
        if self.revision is not None:
            return self.revision
        return Path(self.file).name if self.file and self.file.endswith(".sql") else "env.py"

    @property
    def timed_out(self) -> bool:
        """Whether the step was ended because it took too long."""
        return self.failure is Failure.HUNG


@dataclass(frozen=True, slots=True)
class Run:
    """What one process of the project did.

    *output* is what the project's code printed, bounded. *result* is what was asked for, where a
    run answers a question; *notes* say what is worth knowing and no failure.
    """

    steps: tuple[Step, ...]
    error: StepError | None
    seconds: float
    output: str = ""
    result: Any = None
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for was done."""
        return self.error is None

    @classmethod
    def nothing(cls) -> Run:
        """Return a run that had nothing to do."""
        return cls((), None, 0.0)

    def then(self, following: Run) -> Run:
        """Return both runs as one."""
        return Run(
            self.steps + following.steps,
            following.error,
            self.seconds + following.seconds,
            self.output + following.output,
            following.result,
            self.notes + following.notes,
        )


def read_run(reply: Reply, *, timeout: float, name: Callable[[str], str] = str) -> Run:
    """Return what *reply* amounts to; *name* turns Alembic's revision ids into those shown."""
    steps = tuple(
        Step(name(e["revision"]), e["direction"], float(e["seconds"]))
        for e in reply.events
        if e["event"] == "stepped"
    )
    error = _read_error(reply, timeout)
    if error is not None and error.revision is not None:
        error = replace(error, revision=name(error.revision))
    notes = tuple(_notes(reply)) if error is None else ()
    result = (reply.facts or {}).get("result")
    return Run(steps, error, reply.seconds, reply.output, result, notes)


def _notes(reply: Reply) -> Iterator[str]:
    for refusal in (reply.facts or {}).get("refusals") or ():
        yield f"a connection to {refusal['address']} was refused, and the code went on without it"


def _read_error(reply: Reply, timeout: float) -> StepError | None:
    if reply.ended_by is not None:
        return _ended(reply, timeout)
    if reply.error is None:
        return None
    told = reply.error
    failure = _failure_of(told)
    return StepError(
        message=_message_of(told, failure),
        exception=told["type"],
        revision=told.get("revision"),
        direction=told.get("direction"),
        sqlstate=told.get("sqlstate"),
        statement=told.get("statement"),
        file=told.get("file"),
        line=told.get("line"),
        traceback=told.get("traceback") or "",
        detail=told.get("server_detail"),
        server_hint=told.get("server_hint"),
        hint=told.get("hint") or _HINTS.get(failure),
        failure=failure,
    )


_HINTS = {
    Failure.ASKED: "Read the answer from an -x argument or an environment variable.",
    Failure.SWALLOWED: "Let env.py or the revision raise: Alembic would report success here.",
    Failure.EXITED: "Raise an exception instead: it names its line and lets Alembic clean up.",
    Failure.HUNG: "Allow more with timeout = SECONDS in bedstone.toml, if it is meant to be slow.",
    Failure.REFUSED: "Let the code use the connection or the address that it was given.",
}


def _failure_of(told: Mapping[str, Any]) -> Failure:
    if told.get("kind") == "refused":
        return Failure.REFUSED
    if told["type"] == "EOFError" or told["type"].endswith("GetPassWarning"):
        return Failure.ASKED
    if told["type"] == "SystemExit":
        return Failure.EXITED
    return Failure.SWALLOWED if told.get("is_swallowed") else Failure.RAISED


def _message_of(told: Mapping[str, Any], failure: Failure) -> str:
    message = str(told["message"])
    if failure is Failure.ASKED:
        return f"it asks on the terminal, where nobody answers ({message})"
    if failure is Failure.SWALLOWED:
        return f"{message} (raised, and caught by the project's own code)"
    return message


def _ended(reply: Reply, timeout: float) -> StepError:
    """Describe a run whose process said no last word."""
    last = _last_step(reply)
    revision = last["revision"] if last else None
    direction = last["direction"] if last else None
    file, line = None, None
    if reply.ended_by == "refusal":
        address = next(e["address"] for e in reply.events if e["event"] == "refused")
        message, failure = f"it tries again and again to reach {address}", Failure.REFUSED
    elif reply.ended_by == "timeout":
        message, failure = f"it did not end within {timeout:g} s and was stopped", Failure.HUNG
        file, line = _hung_at(reply.output, str(last["path"]) if last else None)
    elif reply.status is not None and reply.status < 0:
        number = -reply.status
        message = f"the process was ended by {_SIGNALS.get(number, f'signal {number}')}"
        failure = Failure.DIED
    else:
        message = f"the code ended the process at once, with status {reply.status}"
        failure = Failure.EXITED
    return StepError(
        message,
        revision=revision,
        direction=direction,
        file=file,
        line=line,
        failure=failure,
        hint=_HINTS.get(failure),
    )


def _hung_at(output: str, path: str | None) -> tuple[str | None, int | None]:
    """Return where the stopped process was: the line of its revision, else of what it called.

    The interpreter printed its stack, innermost call first, when it was told to end.
    """
    stack = _HANG.findall(output.rpartition("most recent call first")[2])
    place = next((found for found in stack if found[0] == path), next(iter(stack), None))
    return (place[0], int(place[1])) if place else (None, None)


def _last_step(reply: Reply) -> Mapping[str, Any] | None:
    """Return the step that was running last, or had just ended."""
    return next((e for e in reversed(reply.events) if e["event"] == "step"), None)
