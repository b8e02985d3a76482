# SPDX-License-Identifier: Apache-2.0
"""What the client noted of its own statements: which revision they are of, and which line."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from bedstone.trace.facts import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def digest_of(text: bytes) -> int:
    """Return the digest by which a note tells the text that was sent."""
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class Note:
    """The revision that a statement is of and the line that caused it, where there is one."""

    label: str | None
    place: Place | None


class Notes:
    """Reads the file that the probe writes. *name* turns Alembic's revision ids into ours.

    A note is written before its statement is sent, so it is there when the statement arrives.
    """

    def __init__(self, path: Path, name: Callable[[str], str]) -> None:
        self._file = path.open("rb", buffering=0)
        self._name = name
        self._rest = b""
        self._waiting: dict[int, deque[tuple[int, Note]]] = defaultdict(deque)

    def close(self) -> None:
        """Read no more."""
        self._file.close()

    def take(self, pid: int, digest: int) -> Note | None:
        """Return the note of what the session *pid* sends now; none of what a driver adds.

        Notes are taken in their order: those before it are of what was never sent. Where the same
        text is noted twice, the first may have been of what was never sent, too: then the
        statement has a place or a label only if both have the same.
        """
        self._read()
        waiting = self._waiting.get(pid, deque())
        same = [note for found, note in waiting if found == digest]
        if not same:
            return None
        while waiting.popleft()[0] != digest:
            pass
        labels, places = {note.label for note in same}, {note.place for note in same}
        return Note(
            labels.pop() if len(labels) == 1 else None, places.pop() if len(places) == 1 else None
        )

    def _read(self) -> None:
        while data := self._file.read(1 << 16):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                with suppress(ValueError):
                    pid, digest, label, file, number = json.loads(line)
                    place = Place(file, number) if file is not None else None
                    note = Note(self._name(label) if label is not None else None, place)
                    self._waiting[pid].append((digest, note))
