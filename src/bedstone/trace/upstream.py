# SPDX-License-Identifier: Apache-2.0
"""Connections to the server itself, encrypted where the address asks for it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.trace.messages import SSL_REQUEST

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

    from bedstone.dsn import ConnectionString

#: So much is read at once; asyncio stops reading at twice as much.
CHUNK = 256 << 10
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Upstream:
    """Where the server is. *encrypted* says that libpq, given the same address, chose TLS."""

    host: str
    port: int
    encrypted: bool
    params: dict[str, str]

    async def connect(self) -> Streams:
        """Open a connection; no byte of PostgreSQL's own protocol has passed yet.

        Raises:
            OSError: nobody answers, or the encryption cannot be had.
        """
        if self.host.startswith(("/", "@")):
            path = f"{self.host}/.s.PGSQL.{self.port}"
            path = "\0" + path[1:] if path[0] == "@" else path
            return await asyncio.open_unix_connection(path, limit=CHUNK)
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=CHUNK)
        if self.encrypted:
            try:
                await self._encrypt(reader, writer)
            except BaseException:
                writer.close()
                raise
        return reader, writer

    async def _encrypt(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((8).to_bytes(4, "big") + SSL_REQUEST.to_bytes(4, "big"))
        try:
            answer = await reader.readexactly(1)
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("the server closed the connection") from error
        if answer != b"S":
            raise ConnectionRefusedError("the server does not encrypt")
        await writer.start_tls(self._context(), server_hostname=self.host)

    def _context(self) -> ssl.SSLContext:
        """Return libpq's rules: what is checked follows from sslmode and sslrootcert."""
        mode = self.params.get("sslmode", "prefer")
        root = self.params.get("sslrootcert")
        if root == "system":
            return ssl.create_default_context()
        default = Path("~/.postgresql/root.crt").expanduser()
        if root is None and default.is_file():
            root = str(default)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = mode == "verify-full"
        checked = mode in {"verify-full", "verify-ca"} or (mode == "require" and root is not None)
        context.verify_mode = ssl.CERT_REQUIRED if checked else ssl.CERT_NONE
        if checked and root is not None:
            context.load_verify_locations(root)
        if "sslcert" in self.params:
            context.load_cert_chain(self.params["sslcert"], self.params.get("sslkey"))
        return context


def upstream_of(dsn: ConnectionString, found: psycopg.Connection[TupleRow]) -> Upstream:
    """Return where *dsn* leads; what it leaves open is as libpq found it for *found*."""
    return Upstream(
        dsn.host or found.info.host,
        dsn.port or found.info.port,
        bool(found.pgconn.ssl_in_use),
        dict(dsn.params),
    )
