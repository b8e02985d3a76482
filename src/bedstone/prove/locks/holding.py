# SPDX-License-Identifier: Apache-2.0
"""Locks that are held while work goes on: by the statement that works, or by one before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bedstone.prove.locks.effects import Effect, Grip, Work
    from bedstone.prove.locks.ground import Seat


@dataclass(frozen=True, slots=True)
class Long:
    """A statement that holds a strong lock and works meanwhile.

    *grips* are all the strong locks it takes, or finds held on the table it works on; *holders*
    are the statements that took them, one for each.
    """

    effect: Effect
    work: Work
    grips: tuple[Grip, ...]
    holders: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lock of one statement that is still held while a later one of its transaction works."""

    holder: Effect
    grip: Grip
    worker: Effect
    work: Work


@dataclass(frozen=True, slots=True)
class Brief:
    """A strong lock with no work behind it."""

    effect: Effect
    grip: Grip


@dataclass(frozen=True, slots=True)
class Holding:
    """How the strong locks of some statements were held."""

    long: tuple[Long, ...]
    waiting: tuple[Waiting, ...]
    brief: tuple[Brief, ...]


class Held:
    """The strong locks that a transaction holds, statement by statement.

    What was locked after a savepoint is let go by going back to it.
    """

    def __init__(self) -> None:
        self._taken: list[tuple[Effect, Grip]] = []
        self._savepoints: list[tuple[str, int]] = []

    def take(self, effect: Effect) -> None:
        """Note what a statement locked, or let go."""
        for sentence in effect.sentences:
            if sentence.savepoint is not None:
                self._mark(*sentence.savepoint)
        self._taken += [(effect, grip) for grip in effect.grips]

    def _mark(self, name: str, back: bool) -> None:
        if not back:
            self._savepoints.append((name, len(self._taken)))
            return
        while self._savepoints and self._savepoints[-1][0] != name:
            self._savepoints.pop()
        if self._savepoints:
            del self._taken[self._savepoints[-1][1] :]

    def strongest(self) -> dict[int, tuple[Effect, Grip]]:
        """Return each table's strongest lock, of equal ones the first, and who took it."""
        found: dict[int, tuple[Effect, Grip]] = {}
        for effect, grip in self._taken:
            known = found.get(grip.table.oid)
            if known is None or known[1].mode < grip.mode:
                found[grip.table.oid] = (effect, grip)
        return found

    def all(self) -> tuple[tuple[Effect, Grip], ...]:
        """Return all that is held, in the order in which it was taken."""
        return tuple(self._taken)


def read_holding(effects: Sequence[Effect]) -> Holding:
    """Sort every strong lock: held during work of its own, during other work, or briefly."""
    long = tuple(item for unit in units_of(effects) for item in _long(unit))
    own = {(i.effect.statement.number, grip.table.oid) for i in long for grip in i.grips}
    waiting = tuple(item for unit in units_of(effects) for item in _waiting(unit, own))
    covered = {(i.effect.unit, grip.table.oid) for i in long for grip in i.grips}
    covered |= {(item.holder.unit, item.grip.table.oid) for item in waiting}
    brief = tuple(
        Brief(effect, grip)
        for effect in effects
        for grip in effect.grips
        if (effect.unit, grip.table.oid) not in covered
    )
    return Holding(long, waiting, brief)


def units_of(effects: Iterable[Effect]) -> Iterator[tuple[Effect, ...]]:
    """Yield the statements of each transaction together."""
    found: dict[tuple[int, int], list[Effect]] = {}
    for effect in effects:
        found.setdefault(effect.unit, []).append(effect)
    yield from map(tuple, found.values())


def held_at_end(unit: Iterable[Effect]) -> tuple[tuple[Effect, Grip], ...]:
    """Return the locks of a transaction, less those that it let go before its end."""
    held = Held()
    for effect in unit:
        held.take(effect)
    return held.all()


def _long(unit: tuple[Effect, ...]) -> Iterator[Long]:
    held = Held()
    for effect in unit:
        held.take(effect)
        if not effect.works or not effect.is_strong:
            continue
        own = {grip.table.oid for grip in effect.grips}
        own |= {work.table.oid for work in effect.works}
        taken = [item for oid, item in held.strongest().items() if oid in own]
        if taken:
            grips = tuple(grip for _, grip in taken)
            holders = tuple(holder for holder, _ in taken)
            yield Long(effect, _weightiest(effect, grips), grips, holders)


def _weightiest(effect: Effect, grips: tuple[Grip, ...]) -> Work:
    """Return the work on a table that is locked; that on another one only where there is none."""
    locked = {grip.table.oid for grip in grips}
    return next((w for w in effect.works if w.table.oid in locked), effect.works[0])


def _waiting(unit: tuple[Effect, ...], own: set[tuple[int, int]]) -> Iterator[Waiting]:
    """Yield each table's strongest lock with the first work that comes after it.

    *own* are statements and tables whose lock is told with the statement's own work.
    """
    held = Held()
    told: set[int] = set()
    for effect in unit:
        for oid, (holder, grip) in held.strongest().items():
            if oid in told or not effect.works or (effect.statement.number, oid) in own:
                continue
            told.add(oid)
            yield Waiting(holder, grip, effect, effect.works[0])
        held.take(effect)


def tables_of(grips: Iterable[Grip]) -> tuple[Seat, ...]:
    """Return the tables of some locks, each once, by the names to show."""
    return tuple({grip.table.oid: grip.place for grip in grips}.values())
