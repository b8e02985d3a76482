# SPDX-License-Identifier: Apache-2.0
"""What happens between a statement's end and its ReadyForQuery: asking, and the books."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.findings import Method
from bedstone.trace.account import FIELDS, Account
from bedstone.trace.facts import ObjectFact
from bedstone.trace.group import Form
from bedstone.trace.messages import error_fields
from bedstone.trace.objects import BY_FUNCTION, DATA_KINDS, NO_OBJECTS
from bedstone.trace.questions import write_question
from bedstone.trace.statements import Handling
from bedstone.trace.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bedstone.trace.dialogue import Dialogue
    from bedstone.trace.group import Group
    from bedstone.trace.ledger import Ledger, Record
    from bedstone.trace.objects import Key, Named
    from bedstone.trace.outside import Outside
    from bedstone.trace.questions import Answer
    from bedstone.trace.statements import Statement


class Inquiry:
    """Asks about the groups of one session. *pid* is that of its process on the server."""

    def __init__(self, ledger: Ledger, outside: Outside, dialogue: Dialogue, number: int) -> None:
        self.pid = 0
        self.account = Account(ledger, number)
        self._ledger = ledger
        self._outside = outside
        self._dialogue = dialogue
        #: Whether statements ran whose counts are not reported yet.
        self._uncounted = False
        #: The position in the WAL, asked for when the client began a transaction.
        self._wal: asyncio.Task[int | None] | None = None
        #: An answer that is being taken in while the client goes on.
        self._late: asyncio.Task[None] | None = None

    async def catch_up(self) -> None:
        """Take in what the last statement did, before its transaction can end."""
        if (late := self._late) is not None:
            with self._on_our_account():
                await late
            if self._late is late:
                self._late = None

    async def end(self) -> None:
        """Take in what is left; the session is over."""
        await self.catch_up()
        if self._wal is not None:
            await self._wal
        self.account.end(time.monotonic(), "rolled back")

    async def prepare(self, group: Group, statements: Sequence[Statement], status: bytes) -> None:
        """Before the group goes to the server: give it a transaction, or begin to watch it."""
        observed = any(s.handling in {Handling.WRAP, Handling.WATCH} for s in statements)
        if any(s.handling is not Handling.WRAP for s in statements):
            await self.catch_up()
        if status == b"I" and observed:
            if await self._may_wrap(statements):
                self.account.wal = await self._outside.wal()
                group.wrapped = True
                self._dialogue.begin_transaction(simple=group.form is Form.QUERY)
            else:
                group.watch = Watch(self._outside, self.pid)
                await group.watch.start()
        elif status == b"T" and self.account.wal is None:
            with self._on_our_account():
                self.account.wal = await (self._wal or self._outside.wal())
                self._wal = None
        group.record.started = time.monotonic()

    def ask_ahead(self, group: Group) -> None:
        """Send our question right after the group, which the server has been sent whole."""
        group.asked = True
        question = write_question(self.account.made, group.record.asked)
        self._dialogue.ask_ahead(question, simple=group.form is Form.QUERY)

    @contextmanager
    def _on_our_account(self) -> Iterator[None]:
        """Count the time of the block as one in which the client waited for us."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.account.asked += time.monotonic() - began

    async def _may_wrap(self, statements: Sequence[Statement]) -> bool:
        if not all(s.may_be_wrapped for s in statements):
            return False
        for name in {s.partitioned for s in statements if s.partitioned is not None}:
            if await self._outside.is_partitioned(name):
                return False
        return True

    async def conclude(
        self, group: Group, before: bytes, status: bytes, tell: Callable[[bool], None]
    ) -> bytes:
        """Account for a group that has ended, and return the status that the client is told.

        *before* is the status before it, *status* that which the server gives. *tell* tells the
        client how the statement ended, if that depends on a COMMIT of ours.
        """
        record, account, now = group.record, self.account, time.monotonic()
        if record.failure is not None and not record.statements and group.parsed is not None:
            record.add(group.parsed)
        asked = account.asked
        await self.catch_up()
        group.wrapped = group.wrapped and self._dialogue.has_begun
        record.seconds = now - record.started
        self._enter_transaction(group, before, status, now)
        with self._on_our_account():
            answer = None
            if group.asked:
                answer, error = await self._dialogue.hear(status)
                if error is not None:
                    tell(False)
                    self._dialogue.give(error)
                    record.fail(error_fields(error.body))
                    status = b"E"
            if status == b"T":
                status = await self._ask(group, answer, now, asked)
            else:
                await self._note_unasked(group)
        if group.wrapped:
            status = await self._end_wrap(group, status, tell)
        elif status == b"I" and account.transaction is not None:
            failed = before == b"E" or record.failure is not None
            account.end(now, "rolled back" if failed else group.outcome or "committed")
        if record.statements and self._late is None:
            self._ledger.enter(record)
        if status == b"I":
            self._wal = None
        if status == b"I" and self._uncounted:
            self._uncounted = False
            await self._dialogue.flush_counts()
        return status

    def _enter_transaction(self, group: Group, before: bytes, status: bytes, now: float) -> None:
        account, started = self.account, group.record.started
        if status != b"I" and before != b"I" and group.outcome is not None:
            account.end(now, group.outcome)  # COMMIT AND CHAIN
            account.begin(now, given=False)
        elif account.transaction is None and (group.wrapped or status != b"I"):
            account.begin(started, given=group.wrapped)
        if account.transaction is not None:
            group.record.transaction = account.transaction.number
            group.record.given = account.transaction.given

    async def _ask(self, group: Group, answer: Answer | None, now: float, asked: float) -> bytes:
        """Ask the session, whose transaction is open, unless it has answered; return its status."""
        record, account, simple = group.record, self.account, group.form is Form.QUERY
        if group.watch is not None:
            await group.watch.stop()
        if group.handles(Handling.ASK):
            self._uncounted = True  # a cursor may go on to read when its transaction ends
        if group.handles(Handling.WRAP, Handling.WATCH, Handling.ASK):
            answer = await self._ask_on(record, answer, simple=simple)
            if answer is not None:
                await self._take(group, answer, now, asked)
            else:
                record.unknown = FIELDS
                self._uncounted = True
            return self._dialogue.status
        if group.handles(Handling.LOCK):
            locks = await self._outside.locks(self.pid)
            await self._learn(account.strangers((oid for oid, _ in locks or ()), {}))
            if locks is not None:
                limit = await self._dialogue.lock_timeout(simple=simple)
                account.take_locks(record, locks, await self._outside.wal(), now, limit)
            else:
                record.unknown = ("locks",)
            return b"T"
        record.method = Method.DERIVED
        if account.wal is None:
            self._wal = asyncio.create_task(self._outside.wal())
        if group.handles(Handling.BACK) and account.was_asked:
            question = write_question({}, BY_FUNCTION if account.writings else NO_OBJECTS)
            back = await self._dialogue.ask(question, simple=simple, limited=False)
            if back is not None:
                account.go_back(back, now)
            return self._dialogue.status
        return b"T"

    async def _ask_on(
        self, record: Record, answer: Answer | None, *, simple: bool
    ) -> Answer | None:
        """Ask what was not asked ahead; and for objects, where a function made some."""
        made, dialogue = self.account.made, self._dialogue
        if answer is None:
            question = write_question(made, record.asked)
            answer = await dialogue.ask(question, simple=simple, limited=False)
        if answer is None or not self._is_by_function(record, answer):
            return answer
        question = write_question(made, BY_FUNCTION)
        more = await dialogue.ask(question, simple=simple, limited=False)
        return answer if more is None else replace(answer, objects=more.objects)

    def _is_by_function(self, record: Record, answer: Answer) -> bool:
        """Whether a statement that reads or writes rows has written to catalogs all the same."""
        is_data = all(statement.kind in DATA_KINDS for statement in record.statements)
        return is_data and answer.written > self.account.written

    async def _take(self, group: Group, answer: Answer, now: float, asked: float) -> None:
        """Take an answer in; the client goes on meanwhile where its transaction stays open."""
        account = self.account
        strangers = account.strangers((oid for oid, _ in answer.locks), answer.relations)
        if (not strangers and answer.objects is None) or group.wrapped:
            await self._learn(strangers)
            await self._compare(group.record, answer)
            account.take(group.record, answer, now, asked)
        else:
            late = self._take_late(group.record, answer, strangers, now, asked)
            self._late = asyncio.create_task(late)

    async def _take_late(
        self, record: Record, answer: Answer, strangers: set[int], now: float, asked: float
    ) -> None:
        await self._learn(strangers)
        await self._compare(record, answer)
        self.account.take(record, answer, now, asked)
        self._ledger.enter(record)

    async def _learn(self, strangers: set[int]) -> None:
        seen = await self._outside.committed(strangers) if strangers else {}
        if seen is not None:
            self.account.learn(strangers, seen)

    async def _compare(self, record: Record, answer: Answer) -> None:
        """Tell which objects were made, changed and dropped, beside what is committed."""
        objects, writings = answer.objects, self.account.writings
        if objects is None:
            return
        news = writings.news(objects)
        existing = await self._outside.existing(news) if news else {}
        missing: dict[Key, Named] | None = {}
        if objects.left is not None:
            catalogs = record.asked.catalogs or BY_FUNCTION.catalogs
            missing = await self._outside.missing(catalogs, objects.left)
        if existing is None or missing is None:
            record.unknown = ("objects",)
            return
        for change, named in writings.compare(objects, existing, missing):
            record.objects.append(ObjectFact(named.kind, named.name, change, Method.MEASURED))

    async def _note_unasked(self, group: Group) -> None:
        """Nobody can be asked: the transaction has failed, or there is none."""
        record = group.record
        if group.watch is not None:
            await group.watch.finish(record)
            self._uncounted = True
        elif group.handles(Handling.WRAP, Handling.WATCH, Handling.LOCK, Handling.ASK):
            record.unknown = FIELDS
            self._uncounted = True
        elif record.failure is None:
            record.method = Method.DERIVED

    async def _end_wrap(self, group: Group, status: bytes, tell: Callable[[bool], None]) -> bytes:
        simple = group.form is Form.QUERY
        if status == b"I":
            done = group.outcome == "committed"  # by the client, in mid pipeline
        elif status == b"T":
            done = await self._dialogue.end_transaction("commit", tell, simple=simple)
        else:
            await self._dialogue.end_transaction("rollback", tell, simple=simple)
            done = False
        self.account.end(time.monotonic(), "committed" if done else "rolled back")
        return self._dialogue.status if status != b"I" else status
