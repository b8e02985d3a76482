# SPDX-License-Identifier: Apache-2.0
"""A client that shows the server's messages byte by byte."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedstone.dsn import ConnectionString

Reply = tuple[bytes, bytes]


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def parse(sql: str, name: str = "") -> bytes:
    return message(b"P", name.encode() + b"\0" + sql.encode() + b"\0\0\0")


def bind(values: Sequence[str] = (), name: str = "", portal: str = "") -> bytes:
    words = b"".join(struct.pack("!I", len(v.encode())) + v.encode() for v in values)
    counts = struct.pack("!HH", 0, len(values))
    ends = portal.encode() + b"\0" + name.encode() + b"\0"
    return message(b"B", ends + counts + words + b"\0\0")


def execute(portal: str = "", rows: int = 0) -> bytes:
    return message(b"E", portal.encode() + b"\0" + struct.pack("!I", rows))


def describe(portal: str = "") -> bytes:
    return message(b"D", b"P" + portal.encode() + b"\0")


def query(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


SYNC = message(b"S")
FLUSH = message(b"H")


class RawClient:
    """One connection; ``parameters`` is what the server reported at its beginning."""

    def __init__(self, dsn: ConnectionString, **parameters: str) -> None:
        self.dsn = dsn
        self.socket = socket.create_connection((dsn.host, dsn.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parameters: list[bytes] = []
        self.key = b""
        self._buffer = b""
        words = {"user": dsn.user or "", "database": dsn.dbname or "", **parameters}
        text = b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in words.items()) + b"\0"
        self.send(struct.pack("!II", len(text) + 8, 196608) + text)
        self._log_in()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def close(self) -> None:
        self.socket.close()

    def next(self) -> Reply:
        while len(self._buffer) < 5 or len(self._buffer) < 1 + self._length:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self._buffer += data
        size = 1 + self._length
        kind, body = self._buffer[:1], self._buffer[5:size]
        self._buffer = self._buffer[size:]
        return kind, body

    @property
    def _length(self) -> int:
        (length,) = struct.unpack_from("!I", self._buffer, 1)
        return int(length)

    def until_ready(self, data: bytes = b"", *, after_copy: bytes = b"") -> Iterator[Reply]:
        """Give every message up to ReadyForQuery; answer a COPY FROM STDIN with *data*."""
        while True:
            kind, body = self.next()
            yield kind, body
            if kind == b"G":
                self.send((message(b"d", data) if data else b"") + message(b"c") + after_copy)
            if kind == b"Z":
                return

    def ask(self, words: bytes, data: bytes = b"", *, after_copy: bytes = b"") -> list[Reply]:
        self.send(words)
        return list(self.until_ready(data, after_copy=after_copy))

    def _log_in(self) -> None:
        nonce = base64.b64encode(secrets.token_bytes(18)).decode()
        first = f"n=,r={nonce}"
        for kind, body in self.until_ready():
            code = struct.unpack_from("!I", body)[0] if kind == b"R" else None
            if code == 10:
                words = b"SCRAM-SHA-256\0" + struct.pack("!I", len(first) + 3)
                self.send(message(b"p", words + b"n,," + first.encode()))
            elif code == 11:
                self.send(message(b"p", self._proof(first, body[4:].decode()).encode()))
            elif kind == b"S":
                self.parameters.append(body)
            elif kind == b"K":
                self.key = body
            elif kind == b"E":
                raise ConnectionRefusedError(body)

    def _proof(self, first: str, challenge: str) -> str:
        assert self.dsn.password is not None
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac(
            "sha256",
            self.dsn.password.reveal().encode(),
            base64.b64decode(fields["s"]),
            int(fields["i"]),
        )
        client = hmac.digest(salted, b"Client Key", "sha256")
        last = f"c=biws,r={fields['r']}"
        signed = f"{first},{challenge},{last}".encode()
        signature = hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        return f"{last},p={base64.b64encode(proof).decode()}"
