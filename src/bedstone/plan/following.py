# SPDX-License-Identifier: Apache-2.0
"""What has to follow a type that is made anew: columns, other types, defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.plan.annotations import own_names
from bedstone.plan.change import Change, Scene
from bedstone.plan.kinds import WRITERS
from bedstone.plan.kinds.recasting import is_of
from bedstone.plan.order import misplaced_types, retyped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key
    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side


def follow(work: Differences, scene: Scene) -> frozenset[Key]:
    """Return the types that are made anew; what is of them is changed, too.

    Raises:
        NotPlannable: nothing leads from the old form of a value to the new one.
    """
    a, b = scene.a, scene.b
    for key in (*retyped(work, a), *(misplaced_types(a, b) if scene.strict else ())):
        _note(key, "attribute_order", work)
    waiting = [key for key in sorted(work.changed) if _is_made_anew(key, work, scene)]
    found: set[Key] = set()
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            for user in sorted(a.dependants.get(key, ())):
                if user in b:
                    waiting += _follow(user, key, work, scene)
    return frozenset(found)


def _note(key: Key, name: str, work: Differences) -> None:
    work.changed[key] = work.changed.get(key, frozenset()) | {name}


def _is_made_anew(key: Key, work: Differences, scene: Scene) -> bool:
    names = own_names(key, work.changed[key])
    change = Change(scene.a[key], scene.b[key], names, scene)
    return bool(names) and WRITERS[key.kind].makes_anew(change)


def _follow(user: Key, key: Key, work: Differences, scene: Scene) -> Iterator[Key]:
    """Note what *user* has to do after *key*; yield the types that are made anew because of it."""
    attributes = scene.a[user].attributes
    if user.kind != "column":
        _check_elements(user, key, scene.a)
    match user.kind:
        case "column":
            _follow_in_column(user, key, work, scene)
        case "domain" if is_of(str(attributes["type"]), key):
            _note(user, "type", work)
            yield user
        case "domain":
            _note(user, "default", work)
        case "range":
            _note(user, "subtype", work)
            yield user
        case "attribute":
            _note(user, "type", work)
            whole = scene.a.wholes[user]
            if scene.a.is_stored(whole):
                _note(whole, "attribute_order", work)
                yield whole


def _follow_in_column(column: Key, key: Key, work: Differences, scene: Scene) -> None:
    attributes = scene.a[column].attributes
    type_ = str(attributes["type"])
    if attributes["generated"]:
        return
    if not is_of(type_, key):
        if attributes["default"] is not None:  # of another type, and it names this one
            _note(column, "default", work)
        return
    _check_elements(column, key, scene.a)
    if column in scene.a.brought or not any(scene.a.parents_of(column)):
        _note(column, "type", work)


def _check_elements(user: Key, key: Key, a: Side) -> None:
    """Refuse what holds several values of a type that are to be taken apart."""
    attributes = a[user].attributes
    type_ = str(attributes.get("subtype") or attributes.get("type"))
    many = type_.endswith("]") or user.kind == "range"
    if many and is_of(type_, key) and _has_attributes(key, a):
        what = "ranges" if user.kind == "range" else "arrays"
        raise NotPlannable(
            f"{user} holds {what} of a type that has to be made anew",
            detail=f"No expression without a query can take the elements of {what} apart.",
            hint="Add a column of the new type, and fill it by hand.",
        )


def _has_attributes(key: Key, a: Side) -> bool:
    """Whether a type is composite, or a domain over one that is."""
    if key.kind != "domain":
        return key.kind == "composite"
    type_ = str(a[key].attributes["type"])
    return any(is_of(type_, other) and _has_attributes(other, a) for other in a[key].depends)
