# SPDX-License-Identifier: Apache-2.0
"""Starts the probe in the user's interpreter and speaks with it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PROGRAM = Path(str(files("bedstone.probe") / "inside" / "__main__.py"))
#: A password no longer than this is part of too many other words to be blotted out.
SHORTEST_SECRET = 3
_HEAD, _TAIL = 16_000, 48_000
_GRACE_AFTER_TERM = 2.0
_GRACE_AFTER_REFUSAL = 10.0
_GRACE_AT_END = 3.0


class Speech:
    """What the user's code printed: its beginning and its end, never more than 64 kB."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take in what was just read."""
        room = _HEAD - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        surplus = len(self._tail) - _TAIL
        if surplus > 0:
            self._left_out += surplus
            self._tail = self._tail[surplus:]

    @property
    def text(self) -> str:
        """The text, with a line that says how much is missing in the middle."""
        gap = f"\n[… {self._left_out} bytes left out …]\n".encode() if self._left_out else b""
        return (self._head + gap + self._tail).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """How a request ended.

    *facts* are what the probe said last, ``None`` if its process ended without a word;
    *ended_by* is then ``timeout``, ``refusal`` (a retry loop was cut short) or ``itself``, and
    *status* the exit status, negative for a signal.
    """

    facts: Mapping[str, Any] | None
    events: tuple[Mapping[str, Any], ...]
    output: str
    seconds: float
    ended_by: str | None = None
    status: int | None = None
    failed: bool = False

    @property
    def error(self) -> Mapping[str, Any] | None:
        """What the probe says about a failure."""
        found = (self.facts or {}).get("error")
        return found if isinstance(found, dict) else None


@dataclass
class _Conversation:
    """The state of one request while its events come in."""

    timeout: float
    on_event: Callable[[Mapping[str, Any]], None] | None
    started: float = field(default_factory=time.monotonic)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    facts: Mapping[str, Any] | None = None
    failed: bool = False
    pid: int | None = None
    status: int | None = None
    ended_by: str | None = None
    closed: bool = False
    deadline: float = 0.0
    killed: bool = False

    def __post_init__(self) -> None:
        self.deadline = self.started + self.timeout

    def take(self, message: Mapping[str, Any]) -> None:
        """Take in one message of the probe."""
        event = message.get("event")
        if event in {"done", "failed"}:
            self.facts, self.failed = message, event == "failed"
        elif event == "forked":
            self.pid = int(message["pid"])
        elif event == "exit":
            self.closed, self.status = True, message["status"]
        else:
            self.events.append(message)
            if event in {"step", "stepped"}:
                self.deadline = time.monotonic() + self.timeout
            elif event == "refused" and not any(e["event"] == "step" for e in self.events):
                self.deadline = min(self.deadline, time.monotonic() + _GRACE_AFTER_REFUSAL)
        if self.on_event is not None:
            self.on_event(message)

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        return self.closed or (self.facts is not None and self.pid is None)


class ProbeClient:
    """One warm process of the user's project.

    The process and all that descend from it end when this object is closed or when our own
    process ends, however that comes about.
    """

    def __init__(
        self,
        *,
        python: Path,
        cwd: Path,
        environ: Mapping[str, str],
        spec: Mapping[str, Any],
        secrets: Sequence[str] = (),
    ) -> None:
        self._secrets = tuple(s for s in secrets if len(s) > SHORTEST_SECRET)
        self._channel, theirs = socket.socketpair()
        self._speech = Speech()
        self._buffer = b""
        life_read, self._life = os.pipe()
        try:
            self._process = subprocess.Popen(
                [str(python), "-u", str(_PROGRAM), str(theirs.fileno()), str(life_read)],
                cwd=cwd,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(), life_read),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._life)
            self._channel.close()
            raise
        finally:
            theirs.close()
            os.close(life_read)
        assert self._process.stdout is not None  # noqa: S101  asked for above
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        self._send(spec)

    @property
    def pid(self) -> int:
        """The process that watches over all others of this project."""
        return self._process.pid

    def request(
        self,
        message: Mapping[str, Any],
        *,
        timeout: float,
        on_event: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> Reply:
        """Send *message*, wait for the end of what it asks for, and say how it ended.

        *timeout* is in seconds and starts anew with each step. Where it is reached, the process of
        the run and its whole group are ended: by SIGTERM, which makes it say where it hangs, then
        by SIGKILL.
        """
        self._drain()
        self._speech = Speech()
        talk = _Conversation(timeout, on_event)
        try:
            self._send(message)
        except OSError:
            talk.closed = True
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
            while not talk.over:
                for key, _ in selector.select(max(0.0, talk.deadline - time.monotonic())):
                    if key.fileobj is self._channel:
                        self._listen(talk)
                    elif not self._drain(once=True):
                        selector.unregister(self._output)
                if not talk.over and time.monotonic() >= talk.deadline:
                    self._cut_short(talk)
        self._settle(talk)
        return Reply(
            facts=talk.facts,
            events=tuple(talk.events),
            output=self._clean(self._speech.text),
            seconds=time.monotonic() - talk.started,
            ended_by=talk.ended_by or (None if talk.facts else "itself"),
            status=talk.status,
            failed=talk.failed,
        )

    def close(self) -> None:
        """End the probe: let it say farewell, then end whatever is left of it."""
        try:
            with suppress(OSError):
                self._send({"op": "end"})
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_AT_END)
        finally:
            self.kill()

    def kill(self) -> None:
        """End every process of the project at once."""
        with suppress(OSError):
            os.close(self._life)
        self._life = -1
        try:
            self._process.wait(_GRACE_AT_END)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._channel.close()
        self._output.close()

    def _cut_short(self, talk: _Conversation) -> None:
        """End the run that took too long; called again if it does not end."""
        refused = any(e["event"] == "refused" for e in talk.events)
        stepped = any(e["event"] == "step" for e in talk.events)
        talk.ended_by = "refusal" if refused and not stepped else "timeout"
        if talk.pid is None:
            self.kill()
            talk.closed = True
            return
        with suppress(OSError):
            os.killpg(talk.pid, signal.SIGKILL if talk.killed else signal.SIGTERM)
        talk.killed = True
        talk.deadline = time.monotonic() + _GRACE_AFTER_TERM

    def _settle(self, talk: _Conversation) -> None:
        """Deal with what the run left behind, while its process id is still its own."""
        if talk.pid is not None and talk.closed:
            with suppress(OSError):
                os.killpg(talk.pid, signal.SIGKILL)
            with suppress(OSError):
                self._send({"op": "collected"})
        if not self._output.closed:
            self._drain()
        if talk.ended_by is not None:
            talk.facts = None

    def _listen(self, talk: _Conversation) -> None:
        try:
            data = self._channel.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            talk.closed = True
            with suppress(subprocess.TimeoutExpired):
                status = self._process.wait(_GRACE_AT_END)
                talk.status = 128 - status if status > 128 else status
            return
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            with suppress(ValueError):
                if line.strip():
                    talk.take(self._clean_all(json.loads(line)))

    def _drain(self, *, once: bool = False) -> bool:
        """Read what was printed; return whether more may come."""
        for _ in range(1 if once else 1000):
            try:
                data = os.read(self._output.fileno(), 1 << 16)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            self._speech.add(data)
        return True

    def _send(self, message: Mapping[str, Any]) -> None:
        self._channel.sendall(json.dumps(message).encode() + b"\n")

    def _clean_all(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, list):
            return [self._clean_all(item) for item in value]
        if isinstance(value, dict):
            return {key: self._clean_all(item) for key, item in value.items()}
        return value

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
