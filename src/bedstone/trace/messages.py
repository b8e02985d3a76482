# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's messages on the wire: framing, reading, building.

The form is that of protocol 3: a byte for the type, a length that counts itself, the body. The
first packet of a connection has no type.
Source: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from __future__ import annotations

from struct import Struct, error
from typing import NamedTuple

#: A message that is looked at is kept whole up to here; of a longer one only its beginning.
LIMIT = 4 << 20
#: Enough of a long Bind to hold the names of its portal and statement.
_HEAD = 64 << 10

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

_SASL = (10).to_bytes(4, "big")
_HEADER = Struct("!cI")
_TYPE_AND_LENGTH = Struct("!BI")
_LENGTH = Struct("!I")
_INTEGERS = Struct("!II")
#: The server's own limit of a first packet (MAX_STARTUP_PACKET_LENGTH).
_LONGEST_FIRST_PACKET = 10000


class ProtocolViolation(Exception):
    """What arrived is no protocol 3 at all."""


class Message(NamedTuple):
    """One message, or a run of bytes that nobody looks at.

    *kind* is the type, empty for a run of whole messages and the beginning of one, ``+`` for
    bytes that go on with what came before. *data* has the header.
    """

    kind: bytes
    data: bytes

    @property
    def body(self) -> bytes:
        """What follows the header."""
        return self.data[5:]

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is still to come."""
        (length,) = _LENGTH.unpack_from(self.data, 1)
        return len(self.data) == 1 + int(length)


class MessageStream:
    """Bytes in, messages out. *whole* are the types that are looked at; all else passes in runs.

    *whole* may be changed between two messages. Memory is bounded whatever the length of a
    message, and the time is linear in what is fed.
    """

    def __init__(self, whole: bytes) -> None:
        self.whole = whole
        self._data = b""
        self._position = 0
        self._skip = 0

    @property
    def is_between_messages(self) -> bool:
        """Whether no message has been read in part."""
        return not self._skip and self._position >= len(self._data)

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._data = self._data[self._position :] + data if self._rest else data
        self._position = 0

    @property
    def _rest(self) -> int:
        return len(self._data) - self._position

    def next(self) -> Message | None:
        """Return the next message or run of bytes, ``None`` until more is fed.

        Raises:
            ProtocolViolation: a length is impossible.
        """
        start = self._position
        if self._skip:
            return self._rest_of_message(start)
        self._pass_over()
        if self._position > start:
            return Message(b"", self._data[start : self._position])
        if self._rest < 5:
            return None
        kind, length = _HEADER.unpack_from(self._data, start)
        end = start + 1 + length
        if length > (_HEAD if kind == b"B" else LIMIT):
            if self._rest < _HEAD:
                return None
            self._skip = end - start - _HEAD
            end = start + _HEAD
        elif end > len(self._data):
            return None
        self._position = end
        return Message(kind, self._data[start:end])

    def _rest_of_message(self, start: int) -> Message | None:
        end = min(start + self._skip, len(self._data))
        if end == start:
            return None
        self._skip -= end - start
        self._position = end
        return Message(b"+", self._data[start:end])

    def _pass_over(self) -> None:
        """Go past all that nobody looks at."""
        data, size, whole = self._data, len(self._data), self.whole
        unpack = _TYPE_AND_LENGTH.unpack_from
        position, last, passed = self._position, size - 5, -1
        while position <= last:  # once for each row of a COPY
            kind, length = unpack(data, position)
            if length < 4:
                raise ProtocolViolation("a message says that it is shorter than its own length")
            if kind != passed:
                if kind in whole:
                    break
                passed = kind
            position += 1 + length
        self._skip = max(0, position - size)
        self._position = min(position, size)


def first_packet(data: bytes) -> tuple[int, bytes] | None:
    """Return code and bytes of the first packet of a connection, ``None`` until it is complete.

    Raises:
        ProtocolViolation: the length is one that the server refuses, too.
    """
    if len(data) < 4:
        return None
    (length,) = _LENGTH.unpack_from(data)
    if not 8 <= length <= _LONGEST_FIRST_PACKET:
        raise ProtocolViolation("the first packet has an impossible length")
    if len(data) < length:
        return None
    return _INTEGERS.unpack_from(data)[1], data[:length]


def startup_parameters(packet: bytes) -> dict[str, str]:
    """Return what a StartupMessage asks for: ``user``, ``database``, options."""
    words = packet[8:].rstrip(b"\0").split(b"\0")
    texts = [word.decode("utf-8", "surrogateescape") for word in words]
    return dict(zip(texts[::2], texts[1::2], strict=False))


def build(kind: bytes, body: bytes = b"") -> bytes:
    """Return one message."""
    return _HEADER.pack(kind, len(body) + 4) + body


FLUSH = build(b"H")
SYNC = build(b"S")


def build_statement(sql: str, name: bytes) -> bytes:
    """Return the messages that run *sql* by the extended protocol under a name of ours.

    Unlike a Query they leave alone the client's unnamed statement and its unnamed portal. No
    Sync yet.
    """
    return b"".join(
        (
            build_close(name),
            build(b"P", name + b"\0" + sql.encode() + b"\0\0\0"),
            build(b"B", name + b"\0" + name + b"\0" + b"\0\0\0\0\0\0"),
            build(b"E", name + b"\0\0\0\0\0"),
            build_close(name),
        )
    )


def build_close(name: bytes) -> bytes:
    """Return the messages that close our portal and our statement; both may be missing."""
    return build(b"C", b"P" + name + b"\0") + build(b"C", b"S" + name + b"\0")


def build_error(code: str, message: str) -> bytes:
    """Return a FATAL ErrorResponse."""
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": message}
    return build(b"E", b"".join(k.encode() + v.encode() + b"\0" for k, v in fields.items()) + b"\0")


def without_channel_binding(data: bytes) -> bytes:
    """Return an Authentication message without the method that is bound to TLS.

    The server offers it on its own encrypted connection; the client's, to us, is not encrypted,
    and libpq takes such an offer for an attack.
    """
    if data[5:9] != _SASL:
        return data
    methods = [m for m in data[9:].split(b"\0") if m and not m.endswith(b"-PLUS")]
    return build(b"R", _SASL + b"".join(m + b"\0" for m in methods) + b"\0")


def text_at(body: bytes, position: int) -> tuple[bytes, int]:
    """Return the zero-terminated text at *position*, and where the next thing begins."""
    end = body.find(b"\0", position)
    if end < 0:
        return body[position:], len(body)
    return body[position:end], end + 1


def error_fields(body: bytes) -> dict[str, str]:
    """Return the fields of an ErrorResponse or a NoticeResponse by their letters."""
    parts = body.rstrip(b"\0").split(b"\0")
    return {chr(p[0]): p[1:].decode("utf-8", "replace") for p in parts if p}


def column_of(row: bytes) -> bytes | None:
    """Return the first column of a DataRow's body."""
    try:
        count, length = Struct("!Hi").unpack_from(row)
    except error:
        return None
    return row[6 : 6 + length] if count and length >= 0 else None
