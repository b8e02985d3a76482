# SPDX-License-Identifier: Apache-2.0
"""Watching from outside: for statements that have no transaction of ours."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from bedstone.findings import Method
from bedstone.trace.facts import Relation, RewriteFact
from bedstone.trace.ledger import LockRecord
from bedstone.trace.locks import LockMode

if TYPE_CHECKING:
    from bedstone.trace.ledger import Record
    from bedstone.trace.outside import Outside
    from bedstone.trace.questions import Seen

#: The pause between two looks grows from the first to the second, in seconds.
_SHORTEST, _LONGEST = 0.001, 0.02
_TOAST = "pg_toast"


class Watch:
    """Looks again and again at the locks of one session while its statement runs.

    A lock that comes and goes between two looks is not seen. Where a documented lock was not,
    it is told all the same, as derived.
    """

    def __init__(self, outside: Outside, pid: int) -> None:
        self._outside = outside
        self._pid = pid
        self._times: dict[tuple[int, LockMode], tuple[float, float]] = {}
        self._before: dict[int, Seen] | None = None
        self._wal: int | None = None
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take a picture of what is there, and begin to look."""
        self._before = await self._outside.everything()
        self._wal = await self._outside.wal()
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        pause = _SHORTEST
        while not self._stopped.is_set():
            locks = await self._outside.locks(self._pid)
            now = time.monotonic()
            for key in locks or ():
                first, _ = self._times.get(key, (now, now))
                self._times[key] = (first, now)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), pause)
            pause = min(pause * 1.5, _LONGEST)

    async def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def finish(self, record: Record) -> None:
        """Look no more, and write down what was seen."""
        await self.stop()
        after = await self._outside.everything()
        wal = await self._outside.wal()
        if self._wal is not None and wal is not None:
            record.wal_bytes = max(0, wal - self._wal)
        record.method = Method.SAMPLED
        record.unknown = ("scans", "writes")
        if record.asked.catalogs:
            record.unknown += ("objects",)
        if self._before is None or after is None:
            record.unknown += ("rewrites", "created", "dropped")
        self._note_locks(record, (self._before or {}) | (after or {}))
        if self._before is not None and after is not None:
            _note_changes(record, self._before, after)
        _derive(record)

    def _note_locks(self, record: Record, names: dict[int, Seen]) -> None:
        for (oid, mode), (first, last) in self._times.items():
            seen = names.get(oid)
            if seen is not None and seen.relation.schema != _TOAST:
                lock = LockRecord(seen.relation, mode, Method.SAMPLED, seconds=last - first)
                record.locks.append(lock)


def _note_changes(record: Record, before: dict[int, Seen], after: dict[int, Seen]) -> None:
    for oid, seen in after.items():
        if seen.relation.schema == _TOAST:
            continue
        old = before.get(oid)
        if old is None:
            record.created.append(seen.relation)
        elif old.file is not None and seen.file is not None and old.file != seen.file:
            record.rewrites.append(RewriteFact(seen.relation, Method.SAMPLED))
    for oid, seen in before.items():
        if oid not in after and seen.relation.schema != _TOAST:
            record.dropped.append(seen.relation)


def _derive(record: Record) -> None:
    """Add each documented lock on a relation that the text names, unless one was seen on it."""
    if record.failure is not None:
        return
    seen = {lock.relation.name for lock in record.locks}
    for statement in record.statements:
        for schema, name, mode in statement.derived:
            if name not in seen:
                relation = Relation(0, schema, name, "relation")
                record.locks.append(LockRecord(relation, LockMode[mode], Method.DERIVED))
