# SPDX-License-Identifier: Apache-2.0
"""Clients that go at the worst moment, streams that do not end: nothing is left or grows."""

from __future__ import annotations

import gc
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
from raw_client import FLUSH, SYNC, RawClient, bind, describe, execute, message, parse, query

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString
    from bedstone.server import Scratch
    from bedstone.trace import Observer

_TERMINATE = message(b"X")
_NO_LINGER = struct.pack("ii", 1, 0)


class Vanished(Exception):
    """The client has sent all that it was to send."""


class VanishingClient(RawClient):
    """Sends so many bytes, the first packet's included, then is gone; *reset* is without a word."""

    def __init__(self, dsn: ConnectionString, left: int, *, reset: bool) -> None:
        self._left = left
        self._reset = reset
        super().__init__(dsn)

    def send(self, data: bytes) -> None:
        part = data[: self._left]
        self._left -= len(part)
        super().send(part)
        if len(part) < len(data):
            if self._reset:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.socket.close()
            raise Vanished


def _talk(client: RawClient) -> None:
    client.ask(query("create temp table mine (a int); select 1"))
    client.ask(query("begin"))
    client.ask(query("create table shared (a int)"))
    client.ask(parse("insert into shared values ($1)", "s") + bind(["1"], "s") + execute() + SYNC)
    client.ask(query("copy shared from stdin"), b"2\n3\n")
    client.ask(query("savepoint p; lock table shared"))
    client.ask(parse("select 1/0") + bind() + describe() + execute() + SYNC)
    client.ask(query("rollback to p"))
    client.send(parse("table shared") + bind() + execute(rows=1) + FLUSH)
    client.ask(execute() + SYNC)
    client.ask(query("rollback"))
    client.ask(query("vacuum pg_catalog.pg_am"))
    client.send(_TERMINATE)
    client.close()


def _until_alone(scratch: Scratch) -> None:
    """Wait until no client has a session in the database; the observer's and ours have names."""
    clients = """
        select query from pg_stat_activity where datname = current_database()
        and application_name = '' and backend_type = 'client backend'
    """
    deadline = time.monotonic() + 20
    with scratch.connect(autocommit=True) as connection:
        while left := connection.execute(clients).fetchall():
            assert time.monotonic() < deadline, left
            time.sleep(0.05)
        locks = "select count(*) from pg_locks where relation::regclass::text = 'shared'"
        assert connection.execute(locks).fetchone() == (0,)


def test_a_client_may_vanish_at_every_byte(observer: Observer, scratch: Scratch) -> None:
    """Of its first packet, its login, or a dialogue: with a word (FIN) or without (RST)."""
    positions = 0

    def vanish(position: int) -> bool:
        try:
            _talk(VanishingClient(observer.dsn, position, reset=position % 2 == 1))
        except Vanished:
            return True
        return False

    with ThreadPoolExecutor(4) as threads:
        for gone in threads.map(vanish, range(2000)):
            positions += gone
            if not gone:
                threads.shutdown(cancel_futures=True)
                break
    assert 500 < positions < 2000
    _until_alone(scratch)
    observer.trace()
    assert observer._sessions == {}


def test_a_long_stream_takes_no_more_memory_than_a_short_one(observer: Observer) -> None:
    """What is repeated in a transaction is one fact, however often it comes."""
    groups = [
        query("select 1"),
        query("select 1; select 2"),
        query("insert into t values (1)"),
        parse("select $1::int") + bind(["1"]) + describe() + execute() + SYNC,
        parse("insert into t values ($1)", "") + bind(["7"]) + execute() + SYNC,
        b"".join(parse("select 2") + bind() + execute() for _ in range(5)) + SYNC,
        query("copy (select generate_series(1, 100)) to stdout"),
        query("copy t from stdin"),
        query(""),
        SYNC,
        parse("") + bind() + execute() + SYNC,
    ]
    process = psutil.Process()
    client = RawClient(observer.dsn)
    client.ask(query("create table t (a int)"))
    client.ask(query("begin"))

    def stream(times: int) -> int:
        for group in groups:
            for _ in range(times):
                client.ask(group, b"1\n")
        gc.collect()
        return process.memory_info().rss

    before = stream(40)
    after = stream(250)
    client.close()
    assert after - before < 6 << 20
    assert len(observer.trace().statements) < 60


def test_many_short_sessions_leave_nothing_behind(observer: Observer, scratch: Scratch) -> None:
    process = psutil.Process()

    def come_and_go(times: int) -> int:
        for number in range(times):
            client = RawClient(observer.dsn)
            client.ask(query("begin"))
            if number % 2:
                client.send(query("select 1")[:-3])
            client.close()
        _until_alone(scratch)
        gc.collect()
        return process.memory_info().rss

    before = come_and_go(60)
    after = come_and_go(300)
    assert after - before < 6 << 20
    observer.trace()
    assert observer._sessions == {}
