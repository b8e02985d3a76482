# SPDX-License-Identifier: Apache-2.0
"""From two catalogs to the statements that turn the one into the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.plan.annotations import annotate, change_annotations, own_names
from bedstone.plan.change import Change, Options, Scene
from bedstone.plan.copying import load, save
from bedstone.plan.differences import find_differences
from bedstone.plan.graph import Graph, Step, Verb
from bedstone.plan.kinds import WRITERS
from bedstone.plan.kinds.columns import set_default, unset_default
from bedstone.plan.kinds.sequences import own
from bedstone.plan.kinds.tables import attach, detach, late
from bedstone.plan.side import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Catalog, Key
    from bedstone.plan.statement import Statement


@dataclass(frozen=True, slots=True)
class Plan:
    """The statements that turn one catalog into another, in order; none where they are equal."""

    statements: tuple[Statement, ...]


def plan(a: Catalog, b: Catalog, options: Options | None = None) -> Plan:
    """Return the statements that turn *a* into *b*.

    Nothing that only *a* has stays, and nothing is dropped by CASCADE.

    Raises:
        NotPlannable: PostgreSQL cannot, or an object is of a kind that plans do not write.
    """
    chosen = options or Options()
    before, after = Side(a), Side(b)
    work = find_differences(before, after, chosen)
    graph = Graph(work, before, after)
    scene = Scene(before, after, chosen, frozenset(work.renewed), frozenset(work.unset))
    statements = []
    for step in graph.sorted():
        names = work.changed.get(step.key, frozenset())
        statements += list(_write(step, names, scene))
    return Plan(tuple(statements))


def _write(step: Step, names: frozenset[str], scene: Scene) -> Iterator[Statement]:
    key = step.key
    writer = WRITERS.get(key.kind)
    if step.verb is Verb.DROP:
        if writer is not None:
            yield from writer.drop(scene.a[key], scene)
    elif step.verb is Verb.CREATE:
        yield from _create(step, scene)
    elif step.verb is Verb.ALTER:
        change = Change(scene.a[key], scene.b[key], names, scene)
        own_change = replace(change, names=own_names(key, names))
        if own_change.names and writer is not None:
            yield from writer.alter(own_change)
            if writer.makes_anew(own_change):
                yield from _annotate(key, scene)
                return
        yield from change_annotations(change)
    elif step.verb is Verb.UNSET and key.kind != "column":
        yield detach(scene.a[key])
    elif step.verb is Verb.UNSET:
        yield from unset_default(scene.a[key])
    elif step.verb is Verb.SAVE:
        yield from save(scene.a[key], scene)
    elif step.verb is Verb.LOAD:
        yield from load(scene.b[key], scene)
    elif step.verb is Verb.SET:
        yield from set_default(scene.b[key])
    elif key.kind == "sequence":
        yield own(scene.b[key])
    else:
        item = scene.b[key]
        new = key not in scene.a or key in scene.renewed or scene.is_moved(key)
        if item.attributes.get("partition_of") and (new or not names):
            yield from attach(item, scene)
        old = scene.a.get(key) if key not in scene.renewed else None
        yield from late(item, old.attributes if old is not None else None)


def _create(step: Step, scene: Scene) -> Iterator[Statement]:
    key = step.key
    item = scene.b[key]
    writer = WRITERS.get(key.kind)
    if writer is not None:
        yield from writer.create(item, scene)
    yield from annotate(item, scene.a)
    yield from _annotate_inborn(key, scene)


def _annotate(key: Key, scene: Scene) -> Iterator[Statement]:
    """Annotate what was made anew in place of another, and the checks of a domain."""
    yield from annotate(scene.b[key], scene.a)
    for part in scene.b.parts.get(key, ()):
        yield from annotate(scene.b[part], scene.a)


def _annotate_inborn(key: Key, scene: Scene) -> Iterator[Statement]:
    for part in scene.b.inborn(key):
        if part.kind != "view column":
            yield from annotate(scene.b[part], scene.a)
