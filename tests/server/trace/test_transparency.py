# SPDX-License-Identifier: Apache-2.0
"""A client sees the same bytes with and without the observer."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from raw_client import FLUSH, SYNC, RawClient, bind, describe, execute, parse, query
from script import SCRIPT, parts

from bedstone.trace import observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from raw_client import Reply

    from bedstone.dsn import ConnectionString
    from bedstone.server import Server


def simple(client: RawClient, sql: str, data: bytes) -> list[Reply]:
    return client.ask(query(sql), data)


def extended(client: RawClient, sql: str, data: bytes) -> list[Reply]:
    words = parse(sql) + bind() + describe() + execute()
    return client.ask(words + SYNC, data, after_copy=SYNC)


def in_steps(client: RawClient, sql: str, data: bytes) -> list[Reply]:
    """As asyncpg does: prepared and described first, without a Sync; then run twice over."""
    client.send(parse(sql) + FLUSH)
    kind, body = client.next()
    if kind == b"E":
        return [(kind, body), *client.ask(SYNC)]
    return [(kind, body), *client.ask(bind() + execute() + SYNC, data, after_copy=SYNC)]


def in_halves(client: RawClient, sql: str, data: bytes) -> list[Reply]:
    """Prepared without a name in one group, bound to it in the next."""
    first = client.ask(parse(sql) + SYNC)
    if any(kind == b"E" for kind, _ in first):
        return first
    return first + client.ask(bind() + execute() + SYNC, data, after_copy=SYNC)


def comparable(reply: Reply) -> Reply:
    """Leave out what differs from one database and session to the next: oids, process ids."""
    kind, body = reply
    if kind == b"T":
        (count,) = struct.unpack_from("!H", body)
        position, columns = 2, b""
        for _ in range(count):
            end = body.index(b"\0", position) + 1
            rest = body[end : end + 18]
            type_oid = struct.unpack_from("!I", rest, 6)[0]
            columns += body[position:end] + rest[4:6] + rest[10:]
            columns += struct.pack("!I", min(type_oid, 16384))
            position = end + 18
        return kind, columns
    return (kind, body[4:]) if kind == b"A" else reply


def answers(
    dsn: ConnectionString, speak: Callable[[RawClient, str, bytes], list[Reply]]
) -> list[tuple[str, list[Reply]]]:
    client = RawClient(dsn)
    try:
        return [
            (statement, [comparable(reply) for reply in speak(client, *parts(statement))])
            for statement in SCRIPT
        ]
    finally:
        client.close()


@pytest.mark.parametrize("speak", [simple, extended, in_steps, in_halves])
def test_each_answer_is_byte_for_byte_the_same(
    any_server: Server, speak: Callable[[RawClient, str, bytes], list[Reply]]
) -> None:
    with any_server.workspace("plain") as workspace:
        expected = answers(workspace.scratch("one").dsn, speak)
    with any_server.workspace("plain") as workspace:
        scratch = workspace.scratch("one")
        with observe(scratch) as observer:
            found = answers(observer.dsn, speak)
            trace = observer.trace()
    assert len(SCRIPT) > 250
    different = [
        (statement, [r for r in a if r not in b][:3], [r for r in b if r not in a][:3])
        for (statement, a), (_, b) in zip(expected, found, strict=True)
        if a != b
    ]
    assert different == []
    assert len(trace.statements) > 200
