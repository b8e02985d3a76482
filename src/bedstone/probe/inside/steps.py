# SPDX-License-Identifier: Apache-2.0
"""Learns each step of a run by wrapping Alembic's own steps."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys

from .originals import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .channel import Channel


def record_statements() -> list[dict[str, Any]]:
    """Return a list that grows with each statement SQLAlchemy sends from now on.

    Of bound values only their number is kept.
    """
    sent: list[dict[str, Any]] = []

    def keep(_: Any, __: Any, statement: str, parameters: Any, ___: Any, is_many: bool) -> None:
        bound = sum(len(row) for row in parameters) if is_many else len(parameters or ())
        sent.append({"statement": statement, "bound": bound})

    engine_class = importlib.import_module("sqlalchemy.engine").Engine
    importlib.import_module("sqlalchemy.event").listen(engine_class, "before_cursor_execute", keep)
    return sent


class Steps:
    """What Alembic's steps did, learnt by wrapping each step's function."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.current: tuple[str, str, str] | None = None
        self.failure: tuple[tuple[str, str, str], BaseException] | None = None
        self.quiet = True
        self.count = 0
        #: The revision whose work is being done, its bookkeeping by Alembic included.
        self.label: tuple[str, str, str] | None = None
        self.is_running = False
        #: The greenlet in which the run goes on, where SQLAlchemy's asyncio uses some.
        self.home: Any = None

    def enter(self) -> None:
        """A run of the revisions begins, here."""
        self.label = None
        greenlet = sys.modules.get("greenlet")
        self.home = greenlet.getcurrent() if greenlet is not None else None

    def install(self) -> None:
        """Wrap ``RevisionStep.__init__``; Alembic 1.8 to 1.20 all take the same arguments."""
        cls = importlib.import_module("alembic.runtime.migration").RevisionStep
        original = cls.__init__
        steps = self

        def watched(step: Any, revision_map: Any, revision: Any, is_upgrade: bool) -> None:
            name = (revision.revision, "up" if is_upgrade else "down", str(revision.path))
            try:
                original(step, revision_map, revision, is_upgrade)
            except AttributeError as error:
                steps.failure = (name, error)
                raise
            step.migration_fn = steps.wrap(step.migration_fn, name)

        cls.__init__ = watched

    def wrap(self, function: Any, name: tuple[str, str, str]) -> Any:
        """Return *function*, a revision's upgrade or downgrade, told of from start to end."""

        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.quiet:
                return function(*args, **kwargs)
            self.current = self.label = name
            self.is_running = True
            self.count += 1
            self.channel.send("step", revision=name[0], direction=name[1], path=name[2])
            started = clock()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                self.failure = (name, error)
                raise
            finally:
                self.is_running = False
            seconds = clock() - started
            self.channel.send("stepped", revision=name[0], direction=name[1], seconds=seconds)
            return result

        return watched
