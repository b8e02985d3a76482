# SPDX-License-Identifier: Apache-2.0
"""A plan between two sides of which one calls some things by another name."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import psycopg

from bedstone.catalog import Attributes, Catalog, Key, Object, read_addressed
from bedstone.errors import RenameUnfounded, RenameUntried
from bedstone.plan.candidates import Candidate, equal_but_for_name, find_candidates
from bedstone.plan.excerpt import build, excerpt
from bedstone.plan.hints import Rename, enum_of, find, is_there
from bedstone.plan.inverse import read_inverses
from bedstone.plan.naming import Names, rename_statements, space
from bedstone.plan.planner import Plan, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from bedstone.plan.change import Options
    from bedstone.plan.inverse import Inverses
    from bedstone.plan.statement import Statement
    from bedstone.server import Scratch, Server


def _all(catalog: Catalog) -> Catalog:
    return catalog


@dataclass(frozen=True)
class Renaming:
    """Two sides, the first with the names of the second.

    *there* turns the first side, as it was given, into *a*; *back* does the reverse, statement by
    statement, the last one first. *former* has the keys that the first side had before, where they
    were others: a live database still has those. *untried* says why renames that would spare work
    were left out.
    """

    a: Catalog
    b: Catalog
    there: tuple[Statement, ...] = ()
    back: tuple[Statement, ...] = ()
    former: Mapping[Key, Key] = field(default_factory=dict)
    untried: str | None = None

    def plan(self, options: Options | None = None) -> Plan:
        """Return the renames, then what is left to do."""
        return Plan((*self.there, *plan(self.a, self.b, options).statements))

    def plan_back(self, options: Options | None = None) -> Plan:
        """Return the way from the second side to the first: the old names come last."""
        return Plan((*plan(self.b, self.a, options).statements, *self.back))

    def undone(self, renames: Iterable[Rename]) -> Iterator[Rename]:
        """Yield what takes *renames* back: named as the first side is after them."""
        now = {old: new for new, old in self.former.items()}
        for item in renames:
            key, whole = item.key, item.key
            if key.kind == "value":
                whole = now.get(enum_of(key), enum_of(key))
                key = key._replace(schema=whole.schema, parent=whole.name, name=item.to)
            else:
                key = now.get(key, key)
            if key != item.key:
                yield Rename(key, item.key.name)

    def inverses(self, options: Options, *, back: bool = False) -> Inverses:
        """Return what undoes each statement of :meth:`plan`, or of :meth:`plan_back`."""
        ends = (self.b, self.a) if back else (self.a, self.b)
        found = read_inverses(plan(*ends, options), *ends, options)
        done, undone = (self.back, self.there) if back else (self.there, self.back)
        for statement, inverse in zip(done, reversed(undone), strict=True):
            found[statement.subject] = (inverse.sql, *found.get(statement.subject, ()))
        return found

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What may be a rename that nobody gave, named as the first side was given."""
        found = find_candidates(self.a, self.b)
        return tuple(replace(item, key=self._former(item.key)) for item in found)

    def _former(self, key: Key) -> Key:
        if key.kind != "value":
            return self.former.get(key, key)
        before = self.former.get(enum_of(key), enum_of(key))
        return key._replace(schema=before.schema, parent=before.name)


def rename(
    a: Catalog,
    b: Catalog | Callable[[Catalog], Catalog],
    renames: Iterable[Rename],
    server: Server,
    *,
    view: Callable[[Catalog], Catalog] = _all,
) -> Renaming:
    """Give *a* the names of *b*: those of *renames*, and those that are certain.

    What a rename brings along is PostgreSQL's own word: what it can reach is built in a scratch
    database of *server*, renamed there and read again. Certain are an index or constraint that is
    the same but for its name, and the sequence of a column. *b* may be what gives the second side
    for a first one under its new names. *view* says what of both sides counts; it is asked after
    the renames.

    Raises:
        RenameUnfounded: a rename does not fit both sides, or PostgreSQL refuses it.
        RenameUntried: what it reaches cannot be built on *server*.
    """
    wanted = b if callable(b) else lambda _: b
    given = _checked(renames, a)
    with _Trial(server) as trial:
        found = Renaming(a, a)
        if given:
            found = trial.apply(found, given)
        found = replace(found, b=wanted(found.a))
        _check_new_names(given, found)
        try:
            while certain := equal_but_for_name(view(found.a), view(found.b)):
                found = trial.apply(found, certain)
        except (RenameUnfounded, RenameUntried) as reason:
            found = replace(found, untried=reason.message)
    return replace(found, a=view(found.a), b=view(found.b))


def _checked(renames: Iterable[Rename], a: Catalog) -> tuple[Rename, ...]:
    """Return *renames* with the keys of *a*, each object once, each new name free."""
    found: dict[Key, str] = {}
    for item in renames:
        key = find(item.key, a)
        if found.setdefault(key, item.to) != item.to:
            raise RenameUnfounded(
                f"{key} has two new names: {found[key]} and {item.to}", hint="Give one of them."
            )
    given = tuple(Rename(key, to) for key, to in found.items() if key.name != to)
    names = Names(a)
    leaving = {(space(item.key), item.key.name) for item in given}
    taken: dict[tuple[object, str], Key] = {}
    for item in given:
        place = (space(item.key), item.to)
        if other := taken.get(place):
            raise RenameUnfounded(
                f"{other} and {item.key} have one new name: {item.to}", hint="Give each its own."
            )
        taken[place] = item.key
        if place not in leaving and names.holds(item.key, item.to):
            raise RenameUnfounded(
                f"{item.key} cannot become {item.to}: FROM has that already",
                detail="What is there under the new name would stand in the way.",
                hint="Rename that as well, or drop it first.",
            )
    return given


def _check_new_names(given: Sequence[Rename], found: Renaming) -> None:
    now = {old: new for new, old in found.former.items()}
    for item in given:
        new = now.get(item.key)
        if new is None:  # a value, or a view's column: parts that are no objects
            whole = _whole_of(item.key, now)
            new = Key(item.key.kind, whole.schema, item.to, whole.name)
        if not is_there(new, found.b):
            raise RenameUnfounded(
                f"TO has no {new}, which {item.key} is to become",
                hint="Give the name that TO has, or leave the rename out.",
            )


def _whole_of(part: Key, now: Mapping[Key, Key]) -> Key:
    kinds = ("enum",) if part.kind == "value" else ("view", "materialized view")
    keys = [Key(kind, part.schema, part.parent or "") for kind in kinds]
    return next((now[key] for key in keys if key in now), keys[0])


# --- in the scratch database -----------------------------------------------------------------


class _Trial(ExitStack):
    """Where renames are tried: a scratch database, made when it is first needed."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    @cached_property
    def _scratch(self) -> Scratch:
        return self.enter_context(self._server.workspace("renames")).scratch("renames")

    def apply(self, before: Renaming, renames: Sequence[Rename]) -> Renaming:
        """Return *before* with more renames of its first side."""
        return _applied(before, renames, self._scratch)


def _applied(before: Renaming, renames: Sequence[Rename], scratch: Scratch) -> Renaming:
    a = before.a
    part = excerpt(a, (_object_of(item.key, a) for item in renames))
    statements = rename_statements(renames, a)
    scratch.reset()
    with scratch.connect(autocommit=True) as session:
        build(part, session)
        old, addresses = read_addressed(session)
        for statement in statements.there:
            _run(statement, session)
        new, addresses_now = read_addressed(session)
    tried = {key: addresses_now[at] for at, key in addresses.items() if at in addresses_now}
    keys = {key: tried.get(key) or _carried(key, renames) for key in a.objects}
    keys = {key: now for key, now in keys.items() if key != now}
    objects = sorted(
        (_renamed(item, keys, old, new) for item in a), key=lambda item: item.key.sort_key
    )
    former = {keys.get(key, key): before.former.get(key, key) for key in a.objects}
    return replace(
        before,
        a=replace(a, objects={item.key: item for item in objects}),
        there=(*before.there, *statements.there),
        back=(*statements.back, *before.back),
        former={now: then for now, then in former.items() if now != then},
    )


def _object_of(key: Key, catalog: Catalog) -> Key:
    if key.kind == "value":
        return enum_of(key)
    if key.kind == "view column":
        view = Key("view", key.schema, key.parent or "")
        return view if view in catalog else view._replace(kind="materialized view")
    return key


def _run(statement: Statement, session: psycopg.Connection) -> None:
    try:
        session.execute(statement.sql.encode())
    except psycopg.Error as error:
        raise RenameUnfounded(
            f"{statement.subject} cannot be renamed: {str(error).splitlines()[0]}",
            detail=f"PostgreSQL refuses it: {statement.sql}",
            hint="Leave the rename out, or clear the way by a plan before this one.",
        ) from error


def _carried(key: Key, renames: Sequence[Rename]) -> Key:
    """Return the new key of what was not built: of accounts and privileges."""
    for item in renames:
        if item.key.kind == "schema" and key.schema == item.key.name:
            if key.kind == "privileges":
                raise RenameUntried(
                    f"{item.key} holds {key}, which are told by its name",
                    hint="Rename it by hand first, on its own.",
                )
            return key._replace(schema=item.to)
        if item.key.kind == "server" and key.kind == "user mapping" and key.parent == item.key.name:
            return key._replace(parent=item.to)
    return key


def _renamed(item: Object, keys: Mapping[Key, Key], old: Catalog, new: Catalog) -> Object:
    """Return an object of the first side with what the renames changed in it, and no more."""
    key = keys.get(item.key, item.key)
    if item.key not in old and key == item.key and keys.keys().isdisjoint(item.depends):
        return item
    attributes = item.attributes
    if item.key in old and key in new:
        before, after = old[item.key].attributes, new[key].attributes
        if before != after:
            row = tuple(
                after.get(name) if before.get(name) != after.get(name) else value
                for name, value in attributes.items()
            )
            attributes = Attributes(attributes.shape, row)
    depends = frozenset(keys.get(k, k) for k in item.depends)
    return replace(item, key=key, attributes=attributes, depends=depends)
