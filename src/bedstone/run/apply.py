# SPDX-License-Identifier: Apache-2.0
"""One history, one database: where it is, and the way up or down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bedstone.errors import RevisionUnknown
from bedstone.run.lock import runner_lock

if TYPE_CHECKING:
    from bedstone.errors import BedstoneError
    from bedstone.history import History, Revision, Run
    from bedstone.server import Database


@dataclass(frozen=True, slots=True)
class Position:
    """Where a database stands in a history.

    *unknown* are applied and not in the history. *amiss* is what keeps an upgrade from going on,
    *notes* what is worth knowing.
    """

    current: tuple[str, ...]
    applied: tuple[Revision, ...]
    pending: tuple[Revision, ...]
    unknown: tuple[str, ...]
    amiss: tuple[BedstoneError, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """The revisions that were run, and how that went; no run where there were none.

    Where one failed, they are those that were to be run.
    """

    revisions: tuple[Revision, ...]
    run: Run | None


def read_position(history: History, database: Database) -> Position:
    """Read which revisions *database* has. Changes nothing."""
    standing = history.standing(database)
    applied = standing.applied or frozenset()
    return Position(
        current=standing.current,
        applied=tuple(r for r in history.revisions if r.id in applied),
        pending=tuple(r for r in history.revisions if r.id not in applied),
        unknown=standing.unknown,
        amiss=standing.amiss,
        notes=standing.notes,
    )


def plan_steps(
    history: History, position: Position, to: str | None, direction: Literal["up", "down"]
) -> tuple[Revision, ...]:
    """Return the revisions to run, in order, to come from *position* to *to*.

    Up, *to* defaults to all heads; down, to the state before the newest revision, and ``base``
    means all the way. A repeatable revision has no way down and is left out there.

    Raises:
        RevisionUnknown: the history has no *to*.
    """
    by_id = {revision.id: revision for revision in history.revisions}
    if direction == "up":
        wanted = (
            set(by_id) if to in {None, "head", "heads"} else _closure(by_id, [_find(by_id, to)])
        )
        return tuple(r for r in position.pending if r.id in wanted)
    applied = tuple(r for r in position.applied if not r.is_repeatable)
    if to == "base":
        return tuple(reversed(applied))
    if to is None:
        return applied[-1:]
    kept = _closure(by_id, [_find(by_id, to)])
    above = {r.id for r in history.revisions if _stands_on(by_id, r.id, _find(by_id, to))}
    return tuple(r for r in reversed(applied) if r.id in above and r.id not in kept)


def _stands_on(by_id: dict[str, Revision], revision: str, below: str) -> bool:
    """Whether *revision* stands on *below*."""
    return revision != below and below in _closure(by_id, [revision])


def apply_history(
    history: History,
    database: Database,
    *,
    to: str | None,
    direction: Literal["up", "down"],
    wait: float = 60,
) -> Applied:
    """Run what is missing, holding the runner's lock. Writes to *database*.

    A failed revision leaves the database as the project's own transaction mode has it: mostly as
    it was before the run, else after the last whole revision.

    Raises:
        RunnerBusy: another runner was at it for *wait* seconds.
        RevisionUnknown: the history has no *to*.
        BedstoneError: what the database has applied is not what the history has.
    """
    with database.connect(autocommit=True) as connection, runner_lock(connection, wait=wait):
        position = read_position(history, database)
        for error in position.amiss if direction == "up" else ():
            raise error
        revisions = plan_steps(history, position, to, direction)
        if not revisions:
            return Applied((), None)
        ids = [revision.id for revision in revisions]
        move = history.upgrade if direction == "up" else history.downgrade
        run = move(database, ids)
        if run.ok:
            done = {step.revision for step in run.steps}
            revisions = tuple(r for r in revisions if r.id in done)
        return Applied(revisions, run)


def _closure(by_id: dict[str, Revision], ids: list[str]) -> set[str]:
    """Return *ids* and everything they stand on."""
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_id:
            found.add(name)
            waiting += [*by_id[name].down, *by_id[name].depends_on]
    return found


def _find(by_id: dict[str, Revision], name: str | None) -> str:
    """Return the id that *name* is, or begins, or labels."""
    for key, revision in by_id.items():
        if name == key or name in revision.labels:
            return key
    near = [key for key in by_id if name and key.startswith(name)]
    if len(near) == 1:
        return near[0]
    if near:
        raise RevisionUnknown(
            f'"{name}" begins {len(near)} revisions: {", ".join(sorted(near)[:5])}',
            hint="Write more of its id.",
        )
    raise RevisionUnknown(f'the history has no revision "{name}"', hint="bedstone history")
