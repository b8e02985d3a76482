# SPDX-License-Identifier: Apache-2.0
"""Read everything a database contains."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bedstone.catalog.assembly import Assembly, is_system_schema
from bedstone.catalog.census import take_census
from bedstone.catalog.dependencies import Edges
from bedstone.catalog.managers import find_managed, mark_roots
from bedstone.catalog.model import Attributes, Catalog, Key, Object
from bedstone.catalog.privileges import parse_acl
from bedstone.catalog.refinements import REFINEMENTS
from bedstone.catalog.snapshot import Limits, Result, Snapshot, in_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg

_GROUNDWORK = ("catalogues", "schemas", "extensions", "members", "temporary", "comments", "labels")
#: What nearly every database has.
_COMMON = ("tables", "columns", "constraints", "indexes")
#: What many databases have none of: asked for only where the census found some.
_RARE = (
    "views",
    "view_columns",
    "composites",
    "attributes",
    "sequences",
    "enums",
    "domains",
    "domain_constraints",
    "ranges",
    "base_types",
    "functions",
    "aggregates",
    "triggers",
    "event_triggers",
    "rules",
    "policies",
    "statistics",
    "operators",
    "operator_classes",
    "operator_families",
    "access_methods",
    "casts",
    "collations",
    "conversions",
    "languages",
    "transforms",
    "search_parsers",
    "search_templates",
    "search_dictionaries",
    "search_configurations",
    "foreign_data_wrappers",
    "servers",
    "user_mappings",
    "default_privileges",
    "publications",
    "publication_tables",
    "publication_schemas",
    "subscriptions",
    "settings",
)
_LAST = ("privileges", "dependencies", "role_dependencies", "unknown")


def read_catalog(
    conn: psycopg.Connection[Any],
    *,
    known_roles: frozenset[str] | None = None,
    limits: Limits | None = None,
) -> Catalog:
    """Read all that the database of *conn* contains, in one snapshot.

    Opens a repeatable read, read-only transaction and ends it; *conn* must be idle. Waits for what
    others do as long as *limits* say, or the settings of the session. Reads only
    catalogues that everybody may read; what the role may not see is in ``Catalog.unmodelled``.

    *known_roles* are the roles that were there before: every other one is read as an object. By
    default no role is, since roles belong to the server and not to the database.

    Raises:
        CatalogUnreadable: *conn* is in a transaction, or the server refused a query.
    """
    return in_snapshot(
        conn, lambda snapshot: read_snapshot(snapshot, known_roles=known_roles), limits
    )


def read_snapshot(snapshot: Snapshot, *, known_roles: frozenset[str] | None = None) -> Catalog:
    """Read all that is in *snapshot*, as :func:`read_catalog` does."""
    with _collector_paused():
        roles = ("roles",) if known_roles is not None else ()
        results = snapshot.ask("census", *_GROUNDWORK, *roles, *_COMMON, *_LAST)
        rare = snapshot.ask(*_needed(next(results)))
        assembly, extensions = _groundwork(results)
        roots = find_managed(assembly, snapshot, extensions)
        if known_roles is not None:
            _add_roles(assembly, next(results), known_roles)
        common = [next(results) for _ in _COMMON]
        for result in sorted((*common, *rare), key=_relations_first):
            assembly.add(result, REFINEMENTS.get(result.query.name))
        mark_roots(assembly, roots)
        needs = _finish(assembly, snapshot, results)
        objects = _objects(assembly, needs)
    unmodelled = tuple(sorted(set(assembly.unmodelled)))
    return Catalog(objects, snapshot.server_version, unmodelled)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from walking a million new tuples again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _objects(assembly: Assembly, needs: Mapping[Key, set[Key]]) -> dict[Key, Object]:
    nothing: frozenset[Key] = frozenset()
    objects = {}
    for key, attributes in sorted(assembly.found.items(), key=_order):
        needed = needs.get(key)
        depends = frozenset(needed) if needed else nothing
        objects[key] = Object(key, attributes, depends, assembly.extensions.get(key))
    return objects


def _order(pair: tuple[Key, Attributes]) -> tuple[str, str, str, str]:
    kind, schema, name, parent = pair[0]
    return (kind, schema or "", parent or "", name)


def _relations_first(result: Result) -> int:
    """Put first what other objects are parts of, so that each finds what it refers to."""
    first = ("tables", "views", "composites", "columns")
    name = result.query.name
    return first.index(name) if name in first else len(first)


def _needed(census: Result) -> tuple[str, ...]:
    found = dict(zip(census.names, census.rows[0], strict=True))
    return tuple(name for name in _RARE if found[name])


def _groundwork(results: Iterator[Result]) -> tuple[Assembly, list[tuple[str, str]]]:
    """Take in what all else refers to; return the extensions too, each with its schema."""
    assembly = Assembly({name: oid for oid, name in next(results).rows})
    schemas = next(results)
    for oid, name, *_ in schemas.rows:
        (assembly.system_schemas if is_system_schema(name) else assembly.schemas)[oid] = name
    extensions = next(results)
    names = {row[0]: row[1] for row in extensions.rows}
    for catalogue, oid, extension, kind in next(results).rows:
        if kind == "e":
            assembly.members[catalogue, oid] = names[extension]
        else:
            bound = assembly.bound.get((catalogue, oid), ())
            assembly.bound[catalogue, oid] = tuple(sorted({*bound, names[extension]}))
    temporary = {(assembly.catalogues["pg_class"], oid, 0) for (oid,) in next(results).rows}
    assembly.passed_over |= temporary
    for catalogue, oid, subid, text in next(results).rows:
        assembly.comments[catalogue, oid, subid] = text
    for catalogue, oid, subid, provider, label in next(results).rows:
        address = (catalogue, oid, subid)
        assembly.labels[address] = (*assembly.labels.get(address, ()), (provider, label))
    schemas.rows[:] = [row for row in schemas.rows if row[0] in assembly.schemas]
    assembly.add(schemas)
    assembly.add(extensions)
    place, name = extensions.names.index("schema"), extensions.names.index("name")
    return assembly, [(row[name], row[place]) for row in extensions.rows]


def _add_roles(assembly: Assembly, result: Result, known: frozenset[str]) -> None:
    result.rows[:] = [row for row in result.rows if row[1] not in known]
    assembly.add(result)


def _finish(
    assembly: Assembly, snapshot: Snapshot, results: Iterator[Result]
) -> Mapping[Key, set[Key]]:
    _add_privileges(assembly, next(results))
    for index, constraint in assembly.index_owners.items():
        key = assembly.addresses.get((assembly.catalogues["pg_constraint"], constraint, 0))
        if key is not None:
            assembly.addresses[assembly.catalogues["pg_class"], index, 0] = key
    edges = Edges(assembly, next(results).rows)
    needs = edges.by_source(next(results).rows)
    take_census(assembly, snapshot, edges, next(results))
    return needs


def _add_privileges(assembly: Assembly, result: Result) -> None:
    for values in result.rows:
        row = dict(zip(result.names, values, strict=True))
        extension = assembly.members.get((row["classid"], row["oid"]))
        key = Key("privileges", row["schema"], row["identity"], row["what"])
        acl = parse_acl(row["acl"], row["owner"])
        assembly.put_privileges(key, acl, extension)
