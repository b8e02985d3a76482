# SPDX-License-Identifier: Apache-2.0
"""Our own words with the server, in the client's session. The client hears none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedstone.trace.messages import (
    SYNC,
    build,
    build_close,
    build_statement,
    column_of,
    error_fields,
    text_at,
)
from bedstone.trace.questions import (
    BACK,
    FLUSH,
    NAME,
    NO_LIMITS,
    RELEASE,
    SAVEPOINT,
    read_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.trace.messages import Message
    from bedstone.trace.questions import Answer
    from bedstone.trace.wire import Signal, Wire

#: What is looked at of the server's messages while it answers the client.
FROM_SERVER = b"CEGIKNRSTWAZns123"
_ALL = bytes(range(256))


def _simple(*statements: str) -> bytes:
    return build(b"Q", "; ".join(statements).encode() + b"\0")


def _batch(*statements: str) -> bytes:
    words = b"".join(build_statement(sql, NAME.encode()) for sql in statements)
    return words + SYNC


#: Each in both protocols. A Query does away with the client's unnamed statement and portal, as
#: its own Query did; where the client used extended messages, we do, under a name of ours.
_BEGIN = {True: _simple("begin"), False: _batch("begin")}
_COMMIT = _batch("commit")
_GO_BACK = _batch(BACK, RELEASE)
_FLUSH = _batch(FLUSH)
#: After an error the rest of a batch is skipped, so what it opened is still there.
_CLEAN = build_close(NAME.encode()) + SYNC


def _asking(question: str, *, simple: bool, limited: bool = True) -> bytes:
    limits = () if limited else (NO_LIMITS,)
    words = (SAVEPOINT, *limits, question, BACK, RELEASE)
    return _simple(*words) if simple else _batch(*words)


class ServerGone(Exception):
    """The server has closed the connection."""


@dataclass(slots=True)
class _Reply:
    rows: list[bytes] = field(default_factory=list)
    error: Message | None = None

    @property
    def failed(self) -> bool:
        return self.error is not None


class Dialogue:
    """Reads what the server says, and keeps to itself what answers us.

    *status* is that of the last ReadyForQuery which was for us.
    """

    def __init__(self, client: Wire, server: Wire, signal: Signal) -> None:
        self.status = b"I"
        #: Whether the last BEGIN of ours was done.
        self.has_begun = False
        self._unheard = 0
        self._client = client
        self._server = server
        self._signal = signal
        self._parameters: dict[bytes, bytes] = {}

    @property
    def is_between(self) -> bool:
        """Whether the server is still to answer a BEGIN or COMMIT of ours."""
        return self._unheard > 0

    async def next(self) -> Message | None:
        """Return the next message that is not for us, ``None`` at the end."""
        while True:
            message = await self._read(_ALL if self.is_between else FROM_SERVER)
            if message is None or not self.is_between:
                return message
            self._hear_between(message)

    def give(self, message: Message) -> None:
        """Have the client told; a parameter's value only where it is another than before."""
        if message.kind == b"S":
            name, position = text_at(message.data, 5)
            if self._parameters.get(name) == message.data[position:]:
                return
            self._parameters[name] = message.data[position:]
        self._client.put(message.data)

    def begin_transaction(self, *, simple: bool) -> None:
        """Send BEGIN; the client's own messages may follow at once."""
        self._unheard += 1
        self.has_begun = True
        self._server.put(_BEGIN[simple])

    def leave_transaction(self) -> None:
        """Send COMMIT for a transaction of ours in which nothing was done, so nothing fails."""
        self._unheard += 1
        self._server.put(_COMMIT)

    async def end_transaction(
        self, word: str, tell: Callable[[bool], None], *, simple: bool
    ) -> bool:
        """Send COMMIT or ROLLBACK, and say whether that was done.

        *tell* is called with the same at the moment when the client would hear of it. Notices
        and errors go to the client: without us they would be its statement's own.
        """
        reply = await self._exchange(_simple(word) if simple else _batch(word), tell)
        return not reply.failed

    def ask_ahead(self, question: str, *, simple: bool) -> None:
        """Send the question right behind the client's statement.

        The server answers it as soon as it is ready, without waiting for us.
        """
        self._server.put(_asking(question, simple=simple))

    async def hear(self, status: bytes) -> tuple[Answer | None, Message | None]:
        """Return the answer to the question that was sent ahead, ``None`` where there is none.

        *status* is that of the client's statement. Where its transaction has failed, or is over,
        there was nobody to answer. A cancellation of the client's may come when the statement
        has ended and our savepoint is not there yet: then the transaction has failed after all,
        and its error is what the client has to be told.
        """
        reply = await self._listen()
        if status != b"T":
            return None, None
        answer = await self._understand(reply)
        return answer, reply.error if self.status == b"E" else None

    async def ask(self, question: str, *, simple: bool, limited: bool = True) -> Answer | None:
        """Ask the session about itself; ``None`` where it cannot answer.

        Whatever happens, the transaction stays as it was. The session's own time limits hold
        where *limited*: most have none, and setting them takes time, too.
        """
        return await self._understand(
            await self._exchange(_asking(question, simple=simple, limited=limited))
        )

    async def _understand(self, reply: _Reply) -> Answer | None:
        if reply.failed:
            if self.status == b"E":
                await self._exchange(_GO_BACK)
            return None
        columns = [column_of(row) for row in reply.rows]
        if not columns or columns[-1] is None:
            return None
        return read_answer(columns[-1], columns[0] if len(columns) > 1 else None)

    async def lock_timeout(self, *, simple: bool) -> str | None:
        """Ask for the limit on waiting for a lock; that takes no snapshot."""
        show = "show lock_timeout"
        reply = await self._exchange(_simple(show) if simple else _batch(show))
        if reply.failed or not reply.rows:
            return None
        value = column_of(reply.rows[0])
        return None if value is None else value.decode("ascii", "replace")

    async def flush_counts(self) -> None:
        """Have the session report its counts, so that none of them is taken for the next's."""
        await self._exchange(_FLUSH)

    async def _read(self, whole: bytes) -> Message | None:
        stream = self._server.stream
        stream.whole = whole
        while (message := stream.next()) is None:
            await self._client.flush()
            data = await self._server.read()
            if not data:
                return None
            stream.feed(data)
            stream.whole = _ALL if self.is_between else whole
        return message

    def _hear_between(self, message: Message) -> None:
        if message.kind == b"Z":
            self._unheard -= 1
            self._signal.set()
        elif message.kind == b"E":
            self.has_begun = False
            self._give_if_fatal(message)
        elif message.kind in {b"S", b"A"}:
            self.give(message)

    def _give_if_fatal(self, message: Message) -> None:
        if error_fields(message.body).get("V") in {"FATAL", "PANIC"}:
            self._client.put(message.data)

    async def _exchange(self, words: bytes, tell: Callable[[bool], None] | None = None) -> _Reply:
        self._server.put(words)
        await self._server.flush()
        return await self._listen(tell, clean=words != _CLEAN)

    async def _listen(
        self, tell: Callable[[bool], None] | None = None, *, clean: bool = True
    ) -> _Reply:
        reply = _Reply()
        while (message := await self._read(_ALL)) is not None:
            if message.kind == b"Z":
                self.status = message.data[5:6]
                if reply.failed and clean:
                    await self._exchange(_CLEAN)
                return reply
            self._hear(message, reply, tell)
        raise ServerGone

    def _hear(self, message: Message, reply: _Reply, tell: Callable[[bool], None] | None) -> None:
        kind = message.kind
        if kind == b"D":
            reply.rows.append(message.body)
        elif kind == b"+" and reply.rows:
            reply.rows[-1] += message.data
        elif kind in {b"S", b"A"}:
            self.give(message)
        elif kind == b"C" and tell is not None:
            tell(True)
        elif kind == b"E":
            reply.error = message
            if tell is None:
                self._give_if_fatal(message)
                return
            tell(False)
            self._client.put(message.data)
        elif kind == b"N" and tell is not None:
            self._client.put(message.data)
