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

    *grips* are all the strong locks it takes, or finds held on the table it works on.
    """

    effect: Effect
    work: Work
    grips: tuple[Grip, ...]


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


def read_holding(effects: Sequence[Effect]) -> Holding:
    """Sort every strong lock: held during work of its own, during other work, or briefly."""
    long = tuple(item for unit in units_of(effects) for item in _long(unit))
    working = {item.effect.statement.number for item in long}
    covered = {(i.effect.unit, grip.table.oid) for i in long for grip in i.grips}
    waiting = tuple(
        item
        for unit in units_of(effects)
        for item in _waiting(unit)
        if item.holder.statement.number not in working
        and (item.holder.unit, item.grip.table.oid) not in covered
    )
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


def _long(unit: tuple[Effect, ...]) -> Iterator[Long]:
    held: dict[int, Grip] = {}
    for effect in unit:
        for grip in effect.grips:
            known = held.get(grip.table.oid)
            if known is None or known.mode < grip.mode:
                held[grip.table.oid] = grip
        if not effect.works or not effect.is_strong:
            continue
        own = {grip.table.oid for grip in effect.grips}
        own |= {work.table.oid for work in effect.works}
        grips = tuple(grip for oid, grip in held.items() if oid in own)
        if grips:
            yield Long(effect, _weightiest(effect, grips), grips)


def _weightiest(effect: Effect, grips: tuple[Grip, ...]) -> Work:
    """Return the work on a table that is locked; that on another one only where there is none."""
    locked = {grip.table.oid for grip in grips}
    return next((w for w in effect.works if w.table.oid in locked), effect.works[0])


def _waiting(unit: tuple[Effect, ...]) -> Iterator[Waiting]:
    """Yield each table's strongest lock with the first work that comes after it."""
    taken: dict[int, tuple[Effect, Grip]] = {}
    told: set[int] = set()
    for effect in unit:
        for oid, (holder, grip) in taken.items():
            if oid not in told and effect.works:
                told.add(oid)
                yield Waiting(holder, grip, effect, effect.works[0])
        for grip in effect.grips:
            known = taken.get(grip.table.oid)
            if known is None or known[1].mode < grip.mode:
                taken[grip.table.oid] = (effect, grip)


def tables_of(grips: Iterable[Grip]) -> tuple[Seat, ...]:
    """Return the tables of some locks, each once."""
    return tuple({grip.table.oid: grip.table for grip in grips}.values())
