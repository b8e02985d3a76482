# SPDX-License-Identifier: Apache-2.0
"""One run of several SQL files, with the callbacks around them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg

from bedstone.history.files.ledger import table_errors
from bedstone.history.files.runner import Plan, Runner, plan_file
from bedstone.history.files.session import Interrupted
from bedstone.history.files.trouble import describe
from bedstone.history.run import Failure, Run, Step, StepError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedstone.history.files.collection import SqlFile
    from bedstone.history.files.ledger import Records
    from bedstone.history.files.session import Session
    from bedstone.history.files.strand import FilesStrand
    from bedstone.history.form import Direction
    from bedstone.server import Database


class Journey:
    """Files of *strand* that are to be run through *session*, in their order.

    Everything is read before the first statement is sent.

    Raises:
        BedstoneError: a file cannot be run at all; BED159 to BED164.
    """

    def __init__(
        self,
        strand: FilesStrand,
        database: Database,
        session: Session,
        files: Sequence[SqlFile],
        direction: Direction,
    ) -> None:
        self._strand = strand
        self._database = database
        self._session = session
        self._direction: Direction = direction
        self._values = strand.placeholders(session)
        self._files = files
        self._steps: list[Step] = []
        self._notes: list[str] = []
        self._started = time.monotonic()
        self._current: SqlFile | None = None
        self._callbacks = {
            event: tuple(self._plan(file) for file in several)
            for event, several in strand.collection.callbacks.items()
        }

    def run(self) -> Run:
        """Run the files until one fails."""
        plans = []
        for file in self._files:
            source = file if self._direction == "up" else self._strand.undo_of(file)
            if source is None:
                return self._ended(self._irreversible(file))
            plans.append((file, self._plan(source)))
        try:
            self._travel(plans)
        except Interrupted as trouble:
            self._session.take_back()
            return self._ended(self._failure(trouble))
        return self._ended(None)

    def _plan(self, file: SqlFile) -> Plan:
        placeholders = self._strand.placeholders_of(file, self._values)
        return plan_file(file, self._strand.configuration, placeholders)

    def _travel(self, plans: list[tuple[SqlFile, Plan]]) -> None:
        session, strand = self._session, self._strand
        ledger = strand.ledger(session)
        with table_errors(ledger):
            with session.transaction():
                strand.make_tables(session, ledger)
            records = ledger.read()
        schema = strand.configuration.default_schema
        self._runner = Runner(self._database, session, ledger, records, schema, self._notes)
        plans = self._still_missing(plans, records)
        if not plans:
            return
        self._call("beforeMigrate" if self._direction == "up" else "beforeUndo")
        before, after = self._around()
        in_repeatables = False
        for file, plan in plans:
            if file.is_repeatable and not in_repeatables:
                in_repeatables = True
                self._call("afterVersioned", "beforeRepeatables")
            self._current = file
            session.notes.revision = file.number
            self._run_one(file, plan, before, after)
            self._current = session.notes.revision = None
        if self._direction == "down":
            self._call("afterUndo")
        elif self._is_whole(plans, records):
            self._call(*(() if in_repeatables else ("afterVersioned",)))
            self._call("afterMigrateApplied", "afterMigrate")

    def _is_whole(self, plans: list[tuple[SqlFile, Plan]], records: Records) -> bool:
        """Whether every version is there now: what is called then may need the newest."""
        run = {file.number for file, _ in plans}
        return all(
            file.number in run or (file.name.version and records.covers(file.name.version))
            for file in self._strand.collection.versions
        )

    def _still_missing(
        self, plans: list[tuple[SqlFile, Plan]], records: Records
    ) -> list[tuple[SqlFile, Plan]]:
        """Leave out what somebody else ran while we waited for our turn."""
        if self._direction == "down":
            return plans
        late = [file for file, _ in plans if file.name.version in records.versions]
        self._notes += [f"{file.path.name} was run by another meanwhile" for file in late]
        return [(file, plan) for file, plan in plans if file not in late]

    def _around(self) -> tuple[tuple[Plan, ...], tuple[Plan, ...]]:
        """Return the callbacks that are called before and after each file, in its transaction."""
        word = "Migrate" if self._direction == "up" else "Undo"
        return (
            self._callbacks.get(f"beforeEach{word}", ()),
            self._callbacks.get(f"afterEach{word}", ()),
        )

    def _run_one(
        self, file: SqlFile, plan: Plan, before: tuple[Plan, ...], after: tuple[Plan, ...]
    ) -> None:
        event = {"revision": file.number, "direction": self._direction}
        self._tell({"event": "step", **event, "path": str(plan.file.path)})
        started = time.monotonic()
        version = (
            file.name.version.text if self._direction == "down" and file.name.version else None
        )
        with self._watched(plan):
            self._runner.run(plan, before=before, after=after, version=version)
        seconds = time.monotonic() - started
        self._steps.append(Step(file.number, self._direction, seconds))
        self._tell({"event": "stepped", **event, "seconds": seconds})

    def _call(self, *events: str) -> None:
        for event in events:
            for plan in self._callbacks.get(event, ()):
                with self._watched(plan):
                    self._runner.call(plan)

    @contextmanager
    def _watched(self, plan: Plan) -> Iterator[None]:
        """Stop the block when its time is over; what fails at COMMIT is the file's, too."""
        try:
            with self._session.watchdog.watching(self._strand.timeout):
                yield
        except psycopg.Error as error:
            raise Interrupted(error, plan.script, None) from error

    def _tell(self, event: dict[str, object]) -> None:
        if self._strand.listen is not None:
            self._strand.listen(event)

    def _failure(self, trouble: Interrupted) -> StepError:
        stopped = self._session.watchdog.bit
        error = describe(
            trouble,
            revision=self._current.number if self._current else None,
            direction=self._direction,
            timeout=self._strand.timeout if stopped else None,
        )
        return replace(error, left=self._runner.left)

    def _irreversible(self, file: SqlFile) -> StepError:
        naming = self._strand.configuration.naming
        why = "a repeatable file has no way back"
        if file.name.version is not None:
            why = f"there is no undo file {naming.undo}{file.name.version.text}{naming.separator}…"
        return StepError(
            why,
            revision=file.number,
            direction=self._direction,
            file=str(file.path),
            hint="Write the undo file, or go forward: a new version can undo what this one did.",
            failure=Failure.IRREVERSIBLE,
        )

    def _ended(self, error: StepError | None) -> Run:
        return Run(
            tuple(self._steps),
            error,
            time.monotonic() - self._started,
            self._session.output,
            self._session.sent,
            tuple(self._notes),
        )
