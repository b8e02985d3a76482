# SPDX-License-Identifier: Apache-2.0
"""What the client noted of its own statements: which revision they are of, and which line."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from bedstone.trace.facts import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: More notes than this wait only where a client sends far ahead; then the first are the next.
_LOOKED_AT = 256


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
        text is noted from several lines, the first may be of what was never sent, too: then no
        line is told, and none of those notes is left for what comes later.
        """
        self._read()
        waiting = self._waiting.get(pid, deque())
        notes = enumerate(islice(waiting, _LOOKED_AT))
        where = [(index, note) for index, (found, note) in notes if found == digest]
        if not where:
            return None
        same = {note for _, note in where}
        for _ in range(where[0 if len(same) == 1 else -1][0] + 1):
            waiting.popleft()
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
