# SPDX-License-Identifier: Apache-2.0
"""Runs one SQL file: in a transaction with its row of the version table, or statement by statement.

A file in no transaction is counted statement by statement, so that a run that was cut off goes on
where it stopped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.errors import HalfRun, TransactionMixed
from bedstone.history.files.ledger import Half, Ledger
from bedstone.history.files.naming import Role
from bedstone.history.files.script import Script, read_script
from bedstone.history.files.session import Interrupted
from bedstone.history.files.transactions import Needs, needs_of

if TYPE_CHECKING:
    from bedstone.history.files.collection import SqlFile
    from bedstone.history.files.configuration import Configuration
    from bedstone.history.files.ledger import Records
    from bedstone.history.files.placeholders import Placeholders
    from bedstone.history.files.script import Statement
    from bedstone.history.files.session import Session
    from bedstone.server import Database


@dataclass(frozen=True, slots=True)
class Plan:
    """A file that is about to be run, read and judged. *checksum* is what is recorded of it."""

    file: SqlFile
    script: Script
    in_transaction: bool
    checksum: int

    @property
    def kind(self) -> str:
        """What the version table calls it."""
        return "SQL_BASELINE" if self.file.name.role is Role.BASELINE else "SQL"


def plan_file(
    file: SqlFile, configuration: Configuration, placeholders: Placeholders | None
) -> Plan:
    """Read *file* and say how it is to be run. Nothing is sent.

    Raises:
        BedstoneError: it cannot be run; one class for each reason, BED159 to BED164.
    """
    script = read_script(file.path, file.encoding, placeholders)
    filled = placeholders if file.is_repeatable else None
    in_transaction = _in_transaction(file, script, configuration)
    return Plan(file, script, in_transaction, file.checksum(filled))


def _in_transaction(file: SqlFile, script: Script, configuration: Configuration) -> bool:
    """Say whether a file runs in a transaction: as it says itself, or as its statements need."""
    if "no-transaction" in script.directives:
        return False
    if file.configuration.in_transaction is not None:
        return file.configuration.in_transaction
    if not configuration.in_transaction:
        return False
    needs = [needs_of(statement.text) for statement in script.statements]
    if Needs.NONE not in needs:
        return True
    if Needs.TRANSACTION in needs and not configuration.mixed:
        never = script.statements[needs.index(Needs.NONE)]
        other = script.statements[needs.index(Needs.TRANSACTION)]
        raise TransactionMixed(
            f"{file.path}, line {never.line}: this may not run in a transaction, and line "
            f"{other.line} would be run in one",
            detail="Where such a file fails, what was before stays done.",
            hint='Make two files of it, or say that it is meant: "-- bedstone: no-transaction" as '
            "its first line, or mixed = true in bedstone.toml",
        )
    return False


@dataclass(slots=True)
class Runner:
    """Runs files through *session* and records them in *ledger*."""

    database: Database
    session: Session
    ledger: Ledger
    records: Records
    schema: str | None
    notes: list[str]
    #: What a file in no transaction that failed left done.
    left: str | None = None

    def run(
        self,
        plan: Plan,
        *,
        before: tuple[Plan, ...] = (),
        after: tuple[Plan, ...] = (),
        version: str | None,
    ) -> None:
        """Run a file between the callbacks *before* and *after* it.

        *version* is what it takes out of the version table, on the way down.

        Raises:
            Interrupted: a statement failed.
            HalfRun: it was run in part, and that part is another one now.
        """
        started = time.monotonic()
        self.left = None
        self.session.restore(self.schema)
        if plan.in_transaction:
            self._run_whole((*before, plan, *after), plan, version, started)
            return
        for callback in before:
            self._send(callback)
        self._run_piecewise(plan, version)
        for callback in after:
            self._send(callback)
        self.session.restore(self.schema)
        with self.session.transaction():
            self.ledger.end_half(plan.file.script)
            if version is not None:
                self.ledger.forget(version)
            else:
                seconds = time.monotonic() - started
                self.ledger.confirm(plan.file, checksum=plan.checksum, seconds=seconds)

    def call(self, plan: Plan) -> None:
        """Run a callback, which nothing is recorded of."""
        self.left = None
        self.session.restore(self.schema)
        self._send(plan)

    def _send(self, plan: Plan) -> None:
        """Send all of *plan*, in a transaction or in none."""
        if plan.in_transaction:
            with self.session.transaction():
                self._send_all(plan)
        else:
            for statement in plan.script.statements:
                self.session.run(plan.script, statement)
            self.session.take_back()

    def _run_whole(
        self, plans: tuple[Plan, ...], plan: Plan, version: str | None, started: float
    ) -> None:
        """Run *plan* and the callbacks around it, all of *plans*, in one transaction."""
        with self.session.transaction():
            for one in plans:
                self._send_all(one)
            self.session.restore(self.schema)
            if version is not None:
                self.ledger.forget(version)
            else:
                self.ledger.record(
                    plan.file,
                    kind=plan.kind,
                    checksum=plan.checksum,
                    seconds=time.monotonic() - started,
                    success=True,
                )

    def _send_all(self, plan: Plan) -> None:
        """Send every statement; a file may end its transaction itself, and gets another one."""
        for statement in plan.script.statements:
            if not self.session.is_open:
                self._note_own_end(plan, statement)
                self.session.connection.execute("begin")
            self.session.run(plan.script, statement)
        if not self.session.is_open:
            self.session.connection.execute("begin")

    def _note_own_end(self, plan: Plan, statement: Statement) -> None:
        self.left = f"It ended its transaction itself before line {statement.line}; that stays."
        note = f"{plan.file.path.name} ends its transaction itself: a failure leaves a part of it"
        if note not in self.notes:
            self.notes.append(note)

    # -- in no transaction ------------------------------------------------------------------------

    def _run_piecewise(self, plan: Plan, version: str | None) -> None:
        digests = plan.script.digests()
        done = self._begin(plan, digests, is_down=version is not None)
        with self.database.connect(autocommit=True) as connection:
            # a session of its own: the file may have another role, and transactions of its own
            book = Ledger(connection, self.ledger.schema, self.ledger.table)

            def note(*, is_under_way: bool) -> None:
                book.set_half(plan.file.script, Half(done, digests[done], is_under_way))

            for number, statement in enumerate(plan.script.statements[done:], done):
                self.left = _left(plan.script, done)
                note(is_under_way=not self.session.is_open)
                try:
                    self.session.run(plan.script, statement)
                except Interrupted:
                    note(is_under_way=False)
                    raise
                done = done if self.session.is_open else number + 1
            note(is_under_way=False)
        self.session.take_back()

    def _begin(self, plan: Plan, digests: tuple[str, ...], *, is_down: bool) -> int:
        """Note that the file is under way; return how many of its statements are done already."""
        script = plan.file.script
        half = self.records.halves.get(script)
        if half is None:
            with self.session.transaction():
                self.ledger.begin_half(script)
                if not is_down:
                    self.ledger.record(
                        plan.file, kind=plan.kind, checksum=plan.checksum, seconds=0, success=False
                    )
            return 0
        if half.digest not in digests[half.done : half.done + 1]:
            raise HalfRun(
                f"{plan.file.path} was run up to statement {half.done}, and those statements are "
                "others now",
                detail="So nobody can say where to go on.",
                hint="Bring them back as they were; what comes after them may be mended.",
            )
        for statement in plan.script.statements[: half.done]:
            if needs_of(statement.text) is Needs.EITHER:
                self.session.run(plan.script, statement)  # SET ends with its session
        if half.done < len(plan.script.statements):
            self.session.drop_unfinished_index(plan.script.statements[half.done])
        total = len(plan.script.statements)
        where = f"went on at statement {half.done + 1} of {total}"
        where = where if half.done < total else "was done but for its row in the version table"
        more = ", which was under way when it was cut off" if half.is_under_way else ""
        self.notes.append(f"{plan.file.path.name} {where}{more}")
        return half.done


def _left(script: Script, number: int) -> str:
    """Say what is done of a file in no transaction when statement *number* fails."""
    total = len(script.statements)
    if not number:
        return f"Nothing of its {total} statements is done."
    done = "Statement 1" if number == 1 else f"Statements 1 to {number}"
    line = script.statements[number].line
    return (
        f"{done} of {total} {'is' if number == 1 else 'are'} done; the same command goes on at "
        f"statement {number + 1}, line {line}."
    )
