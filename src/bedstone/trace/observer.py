# SPDX-License-Identifier: Apache-2.0
"""The observer: an address for a client, and what the client did there."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.trace.ledger import Ledger
from bedstone.trace.messages import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    ProtocolViolation,
    build_error,
    first_packet,
    startup_parameters,
)
from bedstone.trace.notes import Notes, digest_of
from bedstone.trace.outside import Outside
from bedstone.trace.session import Session
from bedstone.trace.upstream import CHUNK, upstream_of
from bedstone.trace.wire import leave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg
    from psycopg.rows import TupleRow

    from bedstone.dsn import ConnectionString
    from bedstone.server import Database, Witness
    from bedstone.trace.facts import Trace
    from bedstone.trace.upstream import Streams, Upstream

#: As the server's own authentication_timeout, in seconds.
_PATIENCE = 60.0
#: A client that has been answered has been accounted for; this is for one that was not.
_SETTLING = 10.0
_PAUSE = 0.02
#: What of the user's address holds for the way from us to the server only.
_OURS = frozenset(
    {
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir",
        "sslsni", "sslnegotiation", "sslcertmode", "ssl_min_protocol_version",
        "ssl_max_protocol_version", "gssencmode", "channel_binding", "hostaddr",
        "target_session_attrs", "load_balance_hosts", "requiressl", "sslcompression",
    }
)  # fmt: skip


class Observer:
    """A server in front of the database. ``observe`` gives one.

    It is a ``Database`` itself: what is run on it, is run on the database and observed.

    *dsn* is the address for the client: on 127.0.0.1, with the database's own password, which the
    client proves to the server itself. No other database can be reached there.
    """

    def __init__(self, database: Database) -> None:
        self.dsn: ConnectionString = database.dsn
        self._database = database
        self._ledger = Ledger()
        self._outside = Outside(database)
        self._sessions: dict[asyncio.Task[None], Session | None] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bedstone-trace")
        self._upstream: Upstream | None = None
        self._listener: asyncio.Server | None = None

    @property
    def name(self) -> str:
        """The database's name."""
        return self._database.name

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[TupleRow]:
        """Open a session of ours in the database, which nobody observes."""
        return self._database.connect(autocommit=autocommit)

    @contextmanager
    def witness(self) -> Iterator[Witness]:
        """Hold the proof of the database's identity; that user code asks for it is not told."""
        with self._database.witness() as witness:
            digest = digest_of(witness.question.encode())
            self._ledger.questions.add(digest)
            try:
                yield witness
            finally:
                self._ledger.questions.discard(digest)

    @contextmanager
    def follow(self, path: Path, name: Callable[[str], str]) -> Iterator[None]:
        """Label the statements of the block by what the probe writes to the file *path*.

        *name* turns the revision ids that are written there into those to show.
        """
        notes = Notes(path, name)
        self._ledger.notes = notes
        try:
            yield
        finally:
            self._ledger.notes = None
            self._loop.call_soon_threadsafe(notes.close)

    @property
    def sessions(self) -> int:
        """How many connections to the database there were."""
        return self._ledger.sessions

    def connected(self, grace: float = 0.0) -> int:
        """How many connections are open, after up to *grace* seconds in which they may end."""
        deadline = time.monotonic() + grace
        while (count := sum(s is not None for s in [*self._sessions.values()])) and (
            time.monotonic() < deadline
        ):
            time.sleep(_PAUSE)
        return count

    def label(self, text: str | None) -> None:
        """Put *text* on the statements that begin from now on."""
        self._ledger.label = text

    def trace(self) -> Trace:
        """Return what was seen until now, when every statement that is running has ended."""
        return asyncio.run_coroutine_threadsafe(self._trace(), self._loop).result()

    def start(self) -> None:
        """Begin to listen.

        Raises:
            BedstoneError: the database cannot be reached.
        """
        self._thread.start()
        try:
            port = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        except BaseException:
            self._stop_loop()
            raise
        params = tuple((k, v) for k, v in self.dsn.params if k not in _OURS)
        self.dsn = replace(
            self.dsn, host="127.0.0.1", port=port, dbname=self._database.name, params=params
        )

    def stop(self) -> None:
        """End every session and listen no more."""
        try:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        finally:
            self._stop_loop()

    def _stop_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> int:
        found = await self._outside.open()
        self._upstream = upstream_of(self.dsn, found)
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        await asyncio.sleep(0)  # a task that has not begun would not clean up
        for task in list(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        for _ in range(3):
            await asyncio.sleep(0)  # what was closed tells its transport in the next round
        await self._outside.close()

    async def _trace(self) -> Trace:
        sessions = [s.settle() for s in self._sessions.values() if s is not None]
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*sessions), _SETTLING)
        return self._ledger.trace()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._sessions[task] = None
        task.add_done_callback(self._sessions.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  asyncio runs this as a task
        try:
            packet = await asyncio.wait_for(_first(reader, writer), _PATIENCE)
            if packet is not None and packet[0] == CANCEL_REQUEST:
                await self._cancel(packet[1])
            elif packet is not None:
                await self._run_session(task, (reader, writer), packet[1])
        except (OSError, ProtocolViolation, TimeoutError):
            pass
        finally:
            await leave(writer)

    async def _run_session(self, task: asyncio.Task[None], client: Streams, packet: bytes) -> None:
        assert self._upstream is not None  # noqa: S101  set before we listen
        refusal = self._refusal(startup_parameters(packet))
        if refusal is None:
            try:
                server = await self._upstream.connect()
            except OSError as error:
                refusal = build_error("08001", f"bedstone cannot reach the server: {error}")
        if refusal is not None:
            client[1].write(refusal)
            await client[1].drain()
            return
        session = self._sessions[task] = Session(self._ledger, self._outside, client, server)
        await session.run(packet)

    def _refusal(self, parameters: dict[str, str]) -> bytes | None:
        wanted = parameters.get("database") or parameters.get("user", "")
        if wanted != self._database.name:
            return build_error(
                "3D000",
                f'this address leads to database "{self._database.name}" only, not to "{wanted}"',
            )
        if parameters.get("replication", "false").lower() not in {"false", "off", "no", "0"}:
            return build_error("0A000", "no replication through this address")
        return None

    async def _cancel(self, packet: bytes) -> None:
        """Pass a cancellation on, in the name of the session that it is for."""
        for session in list(self._sessions.values()):
            if session is not None and session.key and session.key == packet[8:]:
                await session.cancel(lambda: self._send_cancel(packet))
                return

    async def _send_cancel(self, packet: bytes) -> None:
        """Send it; when the server closes the connection, it has been carried out."""
        assert self._upstream is not None  # noqa: S101  set before we listen
        reader, writer = await self._upstream.connect()
        try:
            writer.write(packet)
            await reader.read()
        finally:
            await leave(writer)


async def _first(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[int, bytes] | None:
    """Return the first packet; encryption, which 127.0.0.1 does not need, is declined."""
    data = b""
    while True:
        packet = first_packet(data)
        if packet is None:
            more = await reader.read(8 - len(data) if len(data) < 8 else CHUNK)
            if not more:
                return None
            data += more
        elif packet[0] in {SSL_REQUEST, GSS_REQUEST}:
            writer.write(b"N")
            data = b""
        else:
            return packet


@contextmanager
def observe(database: Database) -> Iterator[Observer]:
    """Watch what clients do to *database* for the block, through the observer's own address.

    Nothing is installed in the database and no privilege is needed. Clients that are still
    connected when the block ends are cut off.

    Raises:
        BedstoneError: the database cannot be reached.
    """
    observer = Observer(database)
    observer.start()
    try:
        yield observer
    finally:
        observer.stop()
