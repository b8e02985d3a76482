# SPDX-License-Identifier: Apache-2.0
"""One client's session: passes everything on, and asks in between.

Two tasks: one takes the client's messages and lets them through group by group, the other takes
the server's. When a group has ended, its ReadyForQuery is held back, and only the second task
speaks with the server until it has been answered.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from bedstone.trace.dialogue import FROM_SERVER, Dialogue, ServerGone
from bedstone.trace.group import Form, Group, Names
from bedstone.trace.inquiry import Inquiry
from bedstone.trace.ledger import Record
from bedstone.trace.messages import (
    FLUSH,
    Message,
    ProtocolViolation,
    build,
    build_error,
    error_fields,
    text_at,
    without_channel_binding,
)
from bedstone.trace.statements import Handling, read_statements
from bedstone.trace.wire import Signal, Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bedstone.trace.ledger import Ledger
    from bedstone.trace.outside import Outside
    from bedstone.trace.upstream import Streams

#: What is looked at of the client's messages: all but CopyData.
_FROM_CLIENT = bytes(i for i in range(256) if i != ord("d"))
_ANSWERED = frozenset({b"P", b"B", b"D", b"E", b"C"})
_EXTENDED = _ANSWERED | {b"H", b"S"}
#: What answers each of them, an error apart; ParameterDescription comes before another.
_ANSWERS = frozenset({b"1", b"2", b"3", b"T", b"n", b"C", b"I", b"s"})
#: So much more of the server's answer is taken when the client has gone; a short statement ends.
_LOST_LIMIT = 1 << 20
_UNFINISHED = "a Query came before the Sync of an extended query"


class Session:
    """One connection of a client to the database, through us. *key* is what cancels it."""

    def __init__(self, ledger: Ledger, outside: Outside, client: Streams, server: Streams) -> None:
        ledger.sessions += 1
        self.number = ledger.sessions
        self.key = b""
        self._ledger = ledger
        self._client = Wire(*client, _FROM_CLIENT)
        self._server = Wire(*server, FROM_SERVER)
        self._signal = Signal()
        self._dialogue = Dialogue(self._client, self._server, self._signal)
        self._inquiry = Inquiry(ledger, outside, self._dialogue, self.number)
        self._names = Names()
        self._status = b"I"
        self._group: Group | None = None
        self._concluding = False
        self._cancels = 0

    async def run(self, startup: bytes) -> None:
        """Serve the client until one of the two sides has gone."""
        self._group = Group(Form.STARTUP, self._new_record())
        self._server.put(startup)
        await self._server.flush()
        client = asyncio.create_task(self._serve_client())
        server = asyncio.create_task(self._serve_server())
        try:
            await asyncio.wait({client, server}, return_when=asyncio.FIRST_COMPLETED)
            if client.done() and client.exception() is None:
                await server
        except ProtocolViolation:
            pass
        finally:
            await self._end(client, server)

    async def _end(self, *tasks: asyncio.Task[None]) -> None:
        for task in tasks:
            task.cancel()
        self._client.close()
        self._server.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._group is not None and self._group.watch is not None:
            await self._group.watch.stop()
        self._group = None
        await self._inquiry.end()
        self._signal.set()
        await self._client.leave()
        await self._server.leave()

    async def cancel(self, forward: Callable[[], Awaitable[None]]) -> None:
        """Pass on a cancellation, if there is something of the client's to be cancelled."""
        await self._signal.until(lambda: not self._dialogue.is_between)
        if self._concluding:
            return
        self._cancels += 1
        try:
            await forward()
        finally:
            self._cancels -= 1
            self._signal.set()

    async def settle(self) -> None:
        """Wait until nothing of the client's is under way."""
        await self._signal.until(lambda: self._group is None or self._group.form is Form.STARTUP)
        await self._inquiry.catch_up()

    def _new_record(self) -> Record:
        return Record(self.number, self._ledger.label, time.monotonic())

    # --- from the client ---------------------------------------------------------------------

    async def _serve_client(self) -> None:
        while (message := await self._client.next()) is not None:
            await self._take(message)
            await self._server.flush()
            if message.kind == b"X":
                return
        if self._client.stream.is_between_messages:
            await self._signal.until(lambda: self._group is None or self._group.is_open)
        self._server.close()

    async def _take(self, message: Message) -> None:
        """Let a message through, as soon as it is its turn."""
        if message.kind == b"+":
            self._server.put(message.data)
            return
        await self._signal.until(lambda: self._group is None or self._group.is_open)
        group = self._group
        if group is not None and (group.copying or group.form is Form.STARTUP):
            if message.kind in {b"c", b"f"}:
                group.copying = False
        elif message.kind in _EXTENDED:
            await self._take_extended(group or self._begin_extended(), message)
            return
        elif message.kind in {b"Q", b"F"}:
            if group is None or await self._leave_extended(group):
                await self._take_simple(message)
        elif group is not None:
            self._release(group)
        self._server.put(message.data)
        if message.kind == b"Q" and message.is_whole:
            self._ask_ahead()

    def _ask_ahead(self) -> None:
        group = self._group
        if group is None or not group.leaves_a_transaction:
            return
        if group.wrapped or self._status == b"T":
            self._inquiry.ask_ahead(group)

    async def _leave_extended(self, group: Group) -> bool:
        """End a group by a Query instead of a Sync, as asyncpg does after preparing.

        After an error the server skips the Query; then the group goes on, and this is false.

        Raises:
            ProtocolViolation: something was executed outside the client's own transactions, and
                nobody can say which transaction the Query is to be in.
        """
        self._release(group)
        if group.unanswered:
            self._server.put(FLUSH)
            await self._server.flush()
            await self._signal.until(lambda: group.failed or not group.unanswered)
        if group.failed:
            return False
        if group.record.executions and self._status == b"I":
            self._client.put(build_error("08P01", _UNFINISHED))
            await self._client.flush()
            raise ProtocolViolation(_UNFINISHED)
        if group.wrapped:
            self._dialogue.leave_transaction()
        if group.watch is not None:
            await group.watch.stop()
        return True

    async def _take_simple(self, message: Message) -> None:
        form = Form.QUERY if message.kind == b"Q" else Form.FUNCTION
        before = self._group
        group = self._group = Group(form, before.record if before else self._new_record())
        if form is Form.QUERY:
            statements = read_statements(text_at(message.data, 5)[0])
            if self._ledger.is_question(statements):
                statements = ()
            self._ledger.annotate(group.record, self._inquiry.pid, statements)
            group.record.statements.extend(statements)
            group.record.executions += len(statements)
            await self._inquiry.prepare(group, statements, self._status)

    def _begin_extended(self) -> Group:
        self._group = Group(Form.EXTENDED, self._new_record(), decided=False)
        return self._group

    async def _take_extended(self, group: Group, message: Message) -> None:
        executed = self._names.note(message)
        if executed is not None:
            self._ledger.annotate(group.record, self._inquiry.pid, (executed,))
            group.record.add(executed)
            if executed.handling is not Handling.WRAP:
                await self._inquiry.catch_up()
        group.pending.append(message.data)
        group.unanswered += message.kind in _ANSWERED
        if message.kind in {b"P", b"B"} and not group.decided:
            group.decided = True
            first = self._names.first(message)
            await self._inquiry.prepare(group, [] if first is None else [first], self._status)
        if group.decided or message.kind in {b"S", b"H"}:
            self._release(group)
        if message.kind == b"S":
            group.synced = True
            self._ask_ahead()

    def _release(self, group: Group) -> None:
        group.decided = True
        for data in group.pending:
            self._server.put(data)
        group.pending.clear()

    # --- from the server ---------------------------------------------------------------------

    async def _serve_server(self) -> None:
        try:
            while (message := await self._dialogue.next()) is not None:
                await self._receive(message)
                if self._client.lost > _LOST_LIMIT:
                    break
        except ServerGone:
            pass
        await self._client.flush()

    async def _receive(self, message: Message) -> None:
        """Pass on a message of the server's, and do what it is the occasion for."""
        group, kind = self._group, message.kind
        if group is not None and kind in _ANSWERS:
            group.unanswered -= 1
            self._signal.set()
        if group is None or kind in {b"", b"+"}:
            self._pass_on(group, message)
        elif kind == b"Z":
            await self._conclude(group, message.data[5:6])
        elif kind == b"C" and group.form is not Form.STARTUP:
            held = (group.wrapped or group.asked) and group.form is Form.QUERY
            self._pass_on(group, message, held=held)
            group.tags.append(_tag(message))
        else:
            if kind == b"G":
                group.copying, group.synced = True, False
            elif kind == b"E":
                group.record.fail(error_fields(message.body))
                group.copying, group.failed = False, True
            elif kind == b"R":
                message = Message(kind, without_channel_binding(message.data))
            elif kind == b"K":
                self.key = message.body
                self._inquiry.pid = int.from_bytes(self.key[:4], "big")
            self._pass_on(group, message, held=kind == b"S" and bool(group.tail))
            self._signal.set()

    def _pass_on(self, group: Group | None, message: Message, *, held: bool = False) -> None:
        if group is not None and group.tail and not (held and message.kind == b"S"):
            self._give_tail(group)
        if held and group is not None:
            group.tail.append(message.data)
        else:
            self._dialogue.give(message)

    def _give_tail(self, group: Group) -> None:
        for data in group.tail:
            self._dialogue.give(Message(data[:1], data))
        group.tail.clear()

    async def _conclude(self, group: Group, status: bytes) -> None:
        """The server is ready: ask, end what we began, then tell the client."""
        await self._signal.until(lambda: self._cancels == 0)
        self._concluding = True
        if group.form is not Form.STARTUP:
            status = await self._inquiry.conclude(
                group, self._status, status, lambda done: self._tell(group, done)
            )
        self._give_tail(group)
        if status == b"I":
            self._names.forget_portals()
        self._status = status
        self._client.put(build(b"Z", status))
        self._group = None
        self._concluding = False
        self._signal.set()

    def _tell(self, group: Group, done: bool) -> None:
        """Tell the client how its statement ended, now that our COMMIT was done or not."""
        if done:
            self._give_tail(group)
        group.tail.clear()


def _tag(message: Message) -> str:
    return text_at(message.data, 5)[0].decode("ascii", "replace")
