# SPDX-License-Identifier: Apache-2.0
"""One end of a connection: messages in, bytes out, never more in memory than a few chunks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bedstone.trace.messages import MessageStream
from bedstone.trace.upstream import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.trace.messages import Message


#: What the other side is given to take the last bytes, in seconds.
_PATIENCE = 2.0


class Signal:
    """Wakes all who wait for something to become true."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Say that something has changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until *predicate* holds."""
        while not predicate():
            await self._event.wait()


class Wire:
    """One end: read messages with ``next``, collect bytes with ``put``, send them by ``flush``.

    What is put is sent before the next read at the latest.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, whole: bytes
    ) -> None:
        self.stream = MessageStream(whole)
        self.is_broken = False
        #: What has been put since the other side was found to be gone, in bytes.
        self.lost = 0
        self._reader = reader
        self._writer = writer
        self._waiting: list[bytes] = []

    def put(self, data: bytes) -> None:
        """Have *data* sent."""
        self._waiting.append(data)

    async def flush(self) -> None:
        """Send what was put; wait while the other side is slow. Silent where it is gone."""
        data, self._waiting = self._waiting, []
        if not data:
            return
        if self.is_broken or self._writer.is_closing():
            self.is_broken = True
            self.lost += sum(map(len, data))
            return
        try:
            self._writer.writelines(data)
            await self._writer.drain()
        except OSError:
            self.is_broken = True

    async def read(self) -> bytes:
        """Return what has been received, nothing at the end."""
        try:
            return await self._reader.read(CHUNK)
        except OSError:
            return b""

    async def next(self) -> Message | None:
        """Return the next message, ``None`` at the end.

        Raises:
            ProtocolViolation: what arrived is no message.
        """
        while (message := self.stream.next()) is None:
            data = await self.read()
            if not data:
                return None
            self.stream.feed(data)
        return message

    def close(self) -> None:
        """Close the connection, after what was sent."""
        self._writer.close()

    async def leave(self) -> None:
        """Close the connection and wait until that is done; not for a side that does not read."""
        await leave(self._writer)


async def leave(writer: asyncio.StreamWriter) -> None:
    """Close a connection after what was sent, but wait for that a moment only."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), _PATIENCE)
    except (TimeoutError, OSError):
        writer.transport.abort()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
