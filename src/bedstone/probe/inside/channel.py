# SPDX-License-Identifier: Apache-2.0
"""JSON lines between the project's process and bedstone's."""

from __future__ import annotations

import json
import os

from .originals import Lock, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Channel:
    """JSON lines over one descriptor, written whole from any thread."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.buffer = b""
        self.lock = Lock()

    def send(self, event: str, **facts: Any) -> None:
        """Write one message. The leading newline ends what a killed process left half written."""
        text = json.dumps(dict(facts, event=event), default=str)
        data = ("\n" + text + "\n").encode("utf-8", "backslashreplace")
        with self.lock:
            while data:
                data = data[os.write(self.descriptor, data) :]

    def receive(self) -> dict[str, Any] | None:
        """Wait for one message; ``None`` when the client is gone."""
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if newline:
                self.buffer = rest
                if line.strip():
                    message: dict[str, Any] = json.loads(line)
                    return message
                continue
            data = os.read(self.descriptor, 65536)
            if not data:
                return None
            self.buffer += data

    def is_closed(self, seconds: float) -> bool:
        """Wait up to *seconds* for the client to speak; tell whether it is gone."""
        if not select([self.descriptor], [], [], seconds)[0]:
            return False
        data = os.read(self.descriptor, 65536)
        self.buffer += data
        return not data
