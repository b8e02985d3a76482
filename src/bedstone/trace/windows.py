# SPDX-License-Identifier: Apache-2.0
"""The labels of what tools run that say nothing but which revision they have written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.trace.versions import VERSION_TABLES, Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.trace.ledger import Record
    from bedstone.trace.versions import VersionTable, VersionWrite


class Windows:
    """Goes through the statements of all sessions in their order and labels them by revision.

    What stands between two writes to a version table is of the revision that the second one
    writes down; where a tool writes before it runs a revision, of that which the first one does.
    Only the session that writes counts, but for tools that may run a revision in another one.
    A transaction's end is of the revision that was written down last in it.
    """

    def __init__(self, records: Sequence[Record], labels: list[str | None]) -> None:
        self._records = records
        self._labels = labels
        self._waiting: list[int] = []
        self._open: str | None = None
        #: The session of the revision that is open, ``None`` where it is any.
        self._opener: int | None = None
        #: The statements of the last write, with that write and where it was made.
        self._last: list[int] = []
        self._made: tuple[list[str], list[str]] = ([], [])
        self._where: tuple[int, int | None] | None = None

    def run(self) -> None:
        """Label all that can be."""
        for index, record in enumerate(self._records):
            if (made := _made_by(record)) is not None:
                self._pick(record, made)
                self._last, self._made = [], ([], [])
                self._where = _place(record)
            elif record.failure is None and record.versions:
                for write in record.versions:
                    self._take(index, write)
            elif self._ends_last(record):
                self._label([index], self._open or self._text())
            elif self._open is not None and self._opener in {None, record.session}:
                self._label([index], self._open)
            else:
                self._waiting.append(index)

    def _take(self, index: int, write: VersionWrite) -> None:
        moment = write.moment
        window = [*self._pick(self._records[index], write.table), index]
        if moment is Moment.BEFORE:
            place = _place(self._records[index])
            window = [i for i in window if _place(self._records[i]) == place]
            self._open = write.installed
            self._opener = None if write.table.apart else self._records[index].session
            self._label(window, self._open)
            self._made = ([], [])
        elif moment is Moment.END or self._open is not None:
            self._label(window, self._open)
            self._made = ([], [self._open] if self._open else [])
            self._open = None
        else:
            self._close(window, write, _place(self._records[index]))
        self._where = _place(self._records[index])

    def _pick(self, record: Record, table: VersionTable) -> list[int]:
        """Return what waits and may be of this write's revision; it waits no longer."""
        if table.apart:
            found, self._waiting = self._waiting, []
            return found
        own = record.session
        found = [i for i in self._waiting if self._records[i].session == own]
        self._waiting = [i for i in self._waiting if self._records[i].session != own]
        return found

    def _close(self, window: list[int], write: VersionWrite, place: tuple[int, int | None]) -> None:
        removed = [name for name in (write.removed,) if name]
        installed = [name for name in (write.installed,) if name]
        if write.table.heads and place == self._where and len(window) == 1:
            before, after = self._made
            is_one = bool(before and after) != bool(removed and installed)
            if is_one and not set(after) & set(removed):  # a merge, or what undoes one
                removed, installed = before + removed, after + installed
                window = self._last + window
        self._made, self._last = (removed, installed), window
        self._label(window, self._text())

    def _text(self) -> str | None:
        removed, installed = (", ".join(sorted(names)) for names in self._made)
        return " → ".join(part for part in (removed, installed) if part) or None

    def _ends_last(self, record: Record) -> bool:
        return record.ends_transaction and _place(record) == self._where

    def _label(self, indexes: list[int], label: str | None) -> None:
        for index in indexes:
            self._labels[index] = label


def _made_by(record: Record) -> VersionTable | None:
    """Return the table of a tool's that a statement makes, if it does."""
    tables = (VERSION_TABLES.get(relation.name.lower()) for relation in record.created)
    text = "; ".join(statement.text for statement in record.statements)
    return next((t for t in tables if t is not None and t.is_made_by(text)), None)


def _place(record: Record) -> tuple[int, int | None]:
    return record.session, record.transaction


def spread_versions(records: Sequence[Record], labels: list[str | None]) -> None:
    """Label statements by what was written to version tables, where the client said nothing."""
    if any(record.versions for record in records) and not any(labels):
        Windows(records, labels).run()
