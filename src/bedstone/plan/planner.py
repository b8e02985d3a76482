# SPDX-License-Identifier: Apache-2.0
"""From two catalogs to the statements that turn the one into the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.catalog import level
from bedstone.plan.annotations import annotate, change_annotations, own_names
from bedstone.plan.change import Change, Options, Scene
from bedstone.plan.completeness import check_complete
from bedstone.plan.copying import load, save
from bedstone.plan.differences import find_differences
from bedstone.plan.graph import Graph
from bedstone.plan.kinds import WRITERS
from bedstone.plan.kinds.columns import set_default, unset_default
from bedstone.plan.kinds.sequences import own
from bedstone.plan.kinds.tables import attach, detach, inherit, late
from bedstone.plan.side import Side
from bedstone.plan.spelling import path
from bedstone.plan.statement import Statement, Transaction
from bedstone.plan.step import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Catalog, Key


@dataclass(frozen=True, slots=True)
class Plan:
    """The statements that turn one catalog into another, in order; none where they are equal."""

    statements: tuple[Statement, ...]


def plan(a: Catalog, b: Catalog, options: Options | None = None) -> Plan:
    """Return the statements that turn *a* into *b*.

    Nothing that only *a* has stays, and nothing is dropped by CASCADE.

    Raises:
        NotPlannable: PostgreSQL cannot, or an object is of a kind that plans do not write.
        CatalogIncomplete: one side holds what its catalog does not.
    """
    check_complete(a, "FROM")
    check_complete(b, "TO")
    chosen = options or Options()
    before, after = map(Side, level(a, b))
    work = find_differences(before, after, chosen)
    scene = Scene(before, after, chosen, frozenset(work.renewed), frozenset(work.unset))
    graph = Graph(work, scene)
    at_once = replace(scene, options=replace(chosen, online=False))
    statements: list[Statement] = []
    first, copies, last = graph.around_copies()
    for steps, where in ((first, scene), (copies, at_once), (last, scene)):
        for step in steps:
            names = work.changed.get(step.key, frozenset())
            found = _write(step, names, where)
            statements += map(_in_shared, found) if where is at_once else found
    return Plan(tuple(statements))


def _in_shared(statement: Statement) -> Statement:
    """Return a statement for the transaction of those around it; a new label cannot be there."""
    if statement.transaction is not Transaction.OWN or statement.subject.kind == "enum":
        return statement
    return replace(statement, transaction=Transaction.SHARED)


def _write(step: Step, names: frozenset[str], scene: Scene) -> Iterator[Statement]:
    key, writer = step.key, WRITERS[step.key.kind]
    match step.verb:
        case Verb.DROP:
            yield from writer.drop(scene.a[key], scene)
        case Verb.DECLARE:
            yield Statement(f"create type {path(key)}", key, "its functions name it")
        case Verb.CREATE:
            yield from _create(step, scene)
        case Verb.ALTER:
            yield from _alter(Change(scene.a[key], scene.b[key], names, scene))
        case Verb.UNSET:
            yield from unset_default(scene.a[key]) if key.kind == "column" else detach(scene.a[key])
        case Verb.SET:
            yield from set_default(scene.b[key])
        case Verb.SAVE:
            yield from save(scene.a[key], scene)
        case Verb.LOAD:
            yield from load(scene.b[key], scene)
        case Verb.TIE:
            yield from _tie(key, names, scene)


def _alter(change: Change) -> Iterator[Statement]:
    writer = WRITERS[change.key.kind]
    own_change = replace(change, names=own_names(change.key, change.names))
    if own_change.names:
        yield from writer.alter(own_change)
    if own_change.names and writer.makes_anew(own_change):
        yield from _annotate(change.key, change.scene)
    else:
        yield from change_annotations(change)


def _tie(key: Key, names: frozenset[str], scene: Scene) -> Iterator[Statement]:
    item = scene.b[key]
    if key.kind == "sequence":
        yield from own(item, scene)
        return
    new = key not in scene.a or key in scene.renewed or scene.is_moved(key)
    if item.attributes.get("partition_of") and (new or not names):
        yield from attach(item, scene)
    old = scene.a.get(key) if key not in scene.renewed else None
    if old is not None:
        yield from inherit(item, old.attributes)
    yield from late(item, old.attributes if old is not None else None)


def _create(step: Step, scene: Scene) -> Iterator[Statement]:
    key = step.key
    item = scene.b[key]
    yield from WRITERS[key.kind].create(item, scene)
    yield from annotate(item, scene)
    yield from _annotate_inborn(key, scene)


def _annotate(key: Key, scene: Scene) -> Iterator[Statement]:
    """Annotate what was made anew in place of another, and the checks of a domain."""
    yield from annotate(scene.b[key], scene)
    for part in scene.b.parts.get(key, ()):
        yield from annotate(scene.b[part], scene)


def _annotate_inborn(key: Key, scene: Scene) -> Iterator[Statement]:
    for part in scene.b.inborn(key):
        if part.kind != "view column":
            yield from annotate(scene.b[part], scene)
