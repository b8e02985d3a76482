# SPDX-License-Identifier: Apache-2.0
"""From two catalogs to the statements that turn the one into the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.catalog import Attributes, level
from bedstone.errors import NotPlannable
from bedstone.plan.annotations import annotate, change_annotations, own_names
from bedstone.plan.aside import give_back, set_aside
from bedstone.plan.change import Change, Options, Scene
from bedstone.plan.completeness import check_complete
from bedstone.plan.copying import load, save
from bedstone.plan.differences import find_differences
from bedstone.plan.graph import Graph
from bedstone.plan.kinds import WRITERS
from bedstone.plan.kinds.attaching import attach, prove
from bedstone.plan.kinds.columns import as_brought
from bedstone.plan.kinds.constraints import validate
from bedstone.plan.kinds.sequences import own
from bedstone.plan.kinds.swapping import Swap
from bedstone.plan.kinds.tables import inherit, late, of_type
from bedstone.plan.kinds.types import Replaced
from bedstone.plan.preparing import Replacement, prepared
from bedstone.plan.resuming import go_on
from bedstone.plan.sequence import Stuck
from bedstone.plan.side import Side
from bedstone.plan.spelling import path
from bedstone.plan.statement import Statement, Transaction
from bedstone.plan.step import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedstone.catalog import Catalog, Key, Object
    from bedstone.plan.differences import Differences


#: Kinds of which a new one may be filled or built outside of a transaction.
_BUILT = frozenset({"column", "constraint", "index", "materialized view"})


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
    bare, left = go_on(before, after, chosen)
    try:
        found = _untied(bare, after, chosen, left)
    except NotPlannable:
        found = None
    return found or _untied(before, after, chosen, None) or Plan(())


def _untied(a: Side, b: Side, options: Options, left: Mapping[Key, Object] | None) -> Plan | None:
    """Return the plan; views that could be replaced and tie a knot are dropped and made."""
    anew: frozenset[Key] = frozenset()
    while True:
        try:
            return _plan(a, b, options, left, anew)
        except Stuck as knot:
            views = {k for k in knot.keys if k.kind == "view" and k in a and k in b} - anew
            if not views:
                raise
            anew |= views


def _plan(
    a: Side, b: Side, options: Options, left: Mapping[Key, Object] | None, anew: frozenset[Key]
) -> Plan | None:
    """Return the plan; ``None`` where something would be made beside while rows are copied.

    *left* is what is beside already; ``None`` says that nothing may be.
    """
    beside = left is not None
    work = find_differences(a, b, options, beside=beside, anew=anew)
    scene = replace(prepared(work, a, b, options, beside=beside), left=left or {})
    graph = Graph(work, scene)
    graph.bring_forward(s for s in graph.steps if _ends_transaction(s, work, scene))
    at_once = replace(scene, options=replace(options, online=False))
    statements: list[Statement] = []
    first, copies, last = graph.around_copies()
    if any(step.verb is Verb.PREPARE for step in copies):
        return None
    for steps, where in ((first, scene), (copies, at_once), (last, scene)):
        for step in steps:
            names = work.changed.get(step.key, frozenset())
            found = _explained(_write(step, names, where), step, names, where)
            statements += map(_in_shared, found) if where is at_once else found
    return Plan(tuple(_validated_late(statements)))


def _ends_transaction(step: Step, work: Differences, scene: Scene) -> bool:
    """Whether something cannot be done in the transaction in which other things stand aside."""
    new = step.verb is Verb.CREATE and step.key.kind in _BUILT
    gone = step.verb is Verb.DROP and step.key.kind == "index" and step.key in work.removed
    if not new and not gone and step.verb is not Verb.ALTER:
        return False
    names = work.changed.get(step.key, frozenset())
    return any(
        s.transaction is not Transaction.SHARED and not _is_put_off(s)
        for s in _write(step, names, scene)
    )


def _is_put_off(statement: Statement) -> bool:
    key = statement.subject
    return key.kind == "constraint" and statement.sql == validate(key).sql


def _validated_late(statements: list[Statement]) -> Iterator[Statement]:
    """Put off what only reads rows, so that all that stood aside is back before.

    A table is attached to another one with its constraints validated.
    """
    waiting: list[Statement] = []
    for statement in statements:
        if _is_put_off(statement):
            waiting.append(statement)
            continue
        if statement.subject.kind == "table":
            yield from waiting
            waiting = []
        yield statement
    yield from waiting


def _explained(
    statements: Iterator[Statement], step: Step, names: frozenset[str], scene: Scene
) -> Iterator[Statement]:
    """Give a reason to those that say none of their own: the difference that they are for."""
    for statement in statements:
        reason = statement.reason or _reason(step, names, scene)
        yield replace(statement, reason=reason)


#: Why there is a step: what only one side has, what both have, which is then made anew.
_REASONS = {
    Verb.DROP: ("only the first side has it", "made again later"),
    Verb.CREATE: ("only the second side has it", "made again"),
    Verb.UNSET: ("given back later",) * 2,
    Verb.SET: ("given back",) * 2,
    Verb.TIE: ("all that it names is there",) * 2,
}


def _reason(step: Step, names: frozenset[str], scene: Scene) -> str:
    if step.verb is Verb.ALTER:
        return f"another {', '.join(sorted(names)).replace('_', ' ')}"
    both = step.key in scene.a and step.key in scene.b
    return _REASONS.get(step.verb, ("made beside what is there",) * 2)[both]


def _in_shared(statement: Statement) -> Statement:
    """Return a statement for the transaction of those around it; a new label cannot be there."""
    if statement.transaction is not Transaction.OWN or statement.subject.kind == "enum":
        return statement
    return replace(statement, transaction=Transaction.SHARED)


def _write(  # noqa: C901  one case for each verb
    step: Step, names: frozenset[str], scene: Scene
) -> Iterator[Statement]:
    key, writer = step.key, WRITERS[step.key.kind]
    match step.verb:
        case Verb.PREPARE:
            yield from _prepare(key, scene)
        case Verb.DROP:
            yield from writer.drop(scene.a[key], scene)
        case Verb.DECLARE:
            yield Statement(f"create type {path(key)}", key, "its functions name it")
        case Verb.CREATE:
            yield from _create(step, scene)
        case Verb.ALTER:
            yield from _change(key, names, scene)
        case Verb.CLEAR:
            assert isinstance(writer, Replaced)  # noqa: S101  else nothing is made anew
            yield from writer.clear(key, scene)
        case Verb.UNSET:
            yield from set_aside(scene.a[key], scene)
        case Verb.SET:
            yield from give_back(scene.b[key])
        case Verb.SAVE:
            yield from save(scene.a[key], scene)
        case Verb.LOAD:
            yield from load(scene.b[key], scene)
        case Verb.TIE:
            yield from _tie(key, names, scene)


def _prepare(key: Key, scene: Scene) -> Iterator[Statement]:
    writer = WRITERS[key.kind]
    if key in scene.proven:
        yield from prove(scene.b[key], scene)
    elif key in scene.swaps:
        yield from _as_one(key, Swap(scene.swaps[key], scene).prepare())
    elif isinstance(writer, Replaced):
        yield from writer.prepare(scene.b[key], scene)
    else:
        yield from Replacement(key, scene).prepare()


def _as_one(key: Key, statements: Iterator[Statement]) -> Iterator[Statement]:
    """Put statements that make sense together only under one subject."""
    for statement in statements:
        yield replace(statement, subject=key)


def _change(key: Key, names: frozenset[str], scene: Scene) -> Iterator[Statement]:
    if key in scene.swaps:
        yield from _as_one(key, Swap(scene.swaps[key], scene).swap())
    else:
        yield from _alter(Change(scene.a[key], scene.b[key], names, scene))


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
    if old is not None and (key in scene.untyped or "of_type" in names):
        yield from of_type(item)
    if old is not None:
        yield from inherit(item, old.attributes)
    before = old.attributes if old is not None else None
    if before is not None and scene.loses_named_index(key):
        before = Attributes.of(key.kind, {**before, "replica_identity": None, "clustered_on": None})
    yield from late(item, before)


def _create(step: Step, scene: Scene) -> Iterator[Statement]:
    key = step.key
    item = scene.b[key]
    if key in scene.replaced:
        yield from Replacement(key, scene).take_over()
    elif scene.is_brought(key):
        yield from _alter(as_brought(key, scene))
        return
    else:
        yield from WRITERS[key.kind].create(item, scene)
    yield from annotate(item, scene)
    yield from _annotate_inborn(key, scene)


def _annotate(key: Key, scene: Scene) -> Iterator[Statement]:
    """Annotate what was made anew in place of another, and the checks of a domain."""
    yield from annotate(scene.b[key], scene)
    for part in scene.b.parts.get(key, ()):
        yield from annotate(scene.b[part], scene)


def _annotate_inborn(key: Key, scene: Scene) -> Iterator[Statement]:
    for part in scene.b.parts.get(key, ()):
        inborn = part.kind != "view column" and scene.b.is_inborn(part)
        if inborn or scene.b.is_inborn_check(part):
            yield from annotate(scene.b[part], scene)
