# SPDX-License-Identifier: Apache-2.0
"""The framing of messages: nothing is lost, however the bytes arrive."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedstone.trace.messages import (
    CANCEL_REQUEST,
    LIMIT,
    MessageStream,
    ProtocolViolation,
    build,
    build_error,
    column_of,
    error_fields,
    first_packet,
    startup_parameters,
)

_KINDS = [bytes([i]) for i in b"CDEQZd"]
_MESSAGES = st.lists(
    st.tuples(st.sampled_from(_KINDS), st.binary(max_size=300)), min_size=1, max_size=30
)


def _read(stream: MessageStream, data: bytes, sizes: list[int]) -> list[tuple[bytes, bytes]]:
    """Feed *data* in pieces of *sizes*, and the rest at once."""
    found = []
    for size in [*sizes, len(data)]:
        piece, data = data[:size], data[size:]
        if piece:
            stream.feed(piece)
        while (message := stream.next()) is not None:
            found.append((message.kind, message.data))
    return found


@given(_MESSAGES, st.lists(st.integers(1, 50), max_size=60))
def test_every_byte_comes_out_in_its_order(
    messages: list[tuple[bytes, bytes]], sizes: list[int]
) -> None:
    data = b"".join(build(kind, body) for kind, body in messages)
    stream = MessageStream(b"CZ")
    found = _read(stream, data, sizes)
    assert b"".join(part for _, part in found) == data
    assert stream.is_between_messages


@given(_MESSAGES, st.lists(st.integers(1, 50), max_size=60))
def test_what_is_looked_at_comes_whole(
    messages: list[tuple[bytes, bytes]], sizes: list[int]
) -> None:
    data = b"".join(build(kind, body) for kind, body in messages)
    found = _read(MessageStream(b"CZ"), data, sizes)
    whole = [(kind, part[5:]) for kind, part in found if kind in {b"C", b"Z"}]
    assert whole == [(kind, body) for kind, body in messages if kind in {b"C", b"Z"}]


@given(st.binary(max_size=200), st.lists(st.integers(1, 20), max_size=20))
def test_noise_is_passed_on_or_refused(noise: bytes, sizes: list[int]) -> None:
    stream = MessageStream(b"CZ")
    try:
        found = _read(stream, noise, sizes)
    except ProtocolViolation:
        return
    assert noise.startswith(b"".join(part for _, part in found))


def test_a_message_that_is_too_long_to_keep_passes_in_parts() -> None:
    body = bytes(LIMIT + 100_000)
    stream = MessageStream(b"Q")
    found = _read(stream, build(b"Q", body) + build(b"Q", b"x"), [70_000] * 70)
    assert found[0][0] == b"Q"
    assert len(found[0][1]) < 100_000
    assert {kind for kind, _ in found[1:-1]} == {b"+"}
    assert found[-1] == (b"Q", build(b"Q", b"x"))
    assert b"".join(part for _, part in found[:-1]) == build(b"Q", body)


@pytest.mark.parametrize("kind", [b"Q", b"d"])
def test_a_length_below_its_own_is_refused(kind: bytes) -> None:
    stream = MessageStream(b"Q")
    stream.feed(kind + struct.pack("!I", 3))
    with pytest.raises(ProtocolViolation):
        stream.next()


def test_the_first_packet_is_known_when_it_is_complete() -> None:
    packet = struct.pack("!IIII", 16, CANCEL_REQUEST, 1, 2)
    assert [first_packet(packet[:size]) for size in range(16)] == [None] * 16
    assert first_packet(packet + b"more") == (CANCEL_REQUEST, packet)


@pytest.mark.parametrize("length", [0, 7, 10001, 1 << 31])
def test_a_first_packet_of_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(ProtocolViolation):
        first_packet(struct.pack("!I", length))


def test_a_startup_message_names_the_database() -> None:
    words = b"user\0app\0database\0shop\0\0"
    packet = struct.pack("!II", len(words) + 8, 196608) + words
    assert startup_parameters(packet) == {"user": "app", "database": "shop"}


def test_an_error_is_read_as_it_was_built() -> None:
    fields = error_fields(build_error("3D000", "no such database")[5:])
    assert fields == {"S": "FATAL", "V": "FATAL", "C": "3D000", "M": "no such database"}


@pytest.mark.parametrize(
    ("row", "column"),
    [(b"\0\1\0\0\0\2hi", b"hi"), (b"\0\1\xff\xff\xff\xff", None), (b"\0\0", None), (b"", None)],
)
def test_the_first_column_of_a_row(row: bytes, column: bytes | None) -> None:
    assert column_of(row) == column
