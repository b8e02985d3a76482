# SPDX-License-Identifier: Apache-2.0
"""Stops a session's statement when its time is over."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A statement may catch its cancellation; so often it is tried before the line is cut.
_TRIES = 5
_PAUSE_SECONDS = 1.0


class Watchdog:
    """Watches one connection from a thread of its own. *bit*: the time was over."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._over = threading.Event()
        self.bit = False

    @contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """Cancel what runs on the connection after *seconds*, and cut it off if that fails."""
        self._over.clear()
        self.bit = False
        thread = threading.Thread(target=self._wait, args=(seconds,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _wait(self, seconds: float) -> None:
        if self._over.wait(seconds):
            return
        self.bit = True
        for _ in range(_TRIES):
            with suppress(psycopg.Error):
                self._connection.cancel_safe(timeout=5)
            if self._over.wait(_PAUSE_SECONDS):
                return
        with suppress(OSError, psycopg.Error):
            line = socket.socket(fileno=os.dup(self._connection.fileno()))
            with line:
                line.shutdown(socket.SHUT_RDWR)
