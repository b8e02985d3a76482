# SPDX-License-Identifier: Apache-2.0
"""The guard in the Python processes that the user's code starts."""

from __future__ import annotations

import functools
import json
import sys

from .drivers import HOOKS, guard_sqlalchemy, with_guard
from .guard import Guard
from .imports import ImportHook
from .surroundings import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class RefusalLog:
    """Takes a guard's events where there is no channel: one JSON line each, in a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def send(self, event: str, **facts: Any) -> None:
        """Append one event."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(dict(facts, event=event), default=str) + "\n")


def guard_process(path: str) -> None:
    """Put the guard into this process; the file *path* says which database it may reach."""
    facts = json.loads(read_text(path))
    guard = Guard(RefusalLog(facts["refusals"]))
    guard.point(facts["address"], facts["witness"], facts["env"])
    actions: dict[str, Callable[[Any], None]] = {
        name: functools.partial(with_guard, hook, guard) for name, hook in HOOKS.items()
    }
    actions["sqlalchemy"] = functools.partial(with_guard, ignore_module, guard)
    sys.meta_path.insert(0, ImportHook(actions))


def ignore_module(_: Any, guard: Guard) -> None:
    """Hook into SQLAlchemy, whose module is found by its name."""
    guard_sqlalchemy(guard)
