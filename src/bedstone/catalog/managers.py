# SPDX-License-Identifier: Apache-2.0
"""Partition managers: extensions that make and drop partitions by a schedule of their own.

Which partitions there are today is then data and not schema: no model, file or history names
them. They are passed over as members of extensions are, and so are the templates of their
indexes; the partitioned table says who looks after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.catalog.model import Attributes, Shape, Unmodelled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedstone.catalog.assembly import Assembly
    from bedstone.catalog.model import Catalog, Key
    from bedstone.catalog.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Manager:
    """How to ask one of them: *query* gives the OIDs of a table and of the root above it.

    A root is given with itself. ``{schema}`` stands for the schema of the extension.
    """

    extension: str
    query: str


_PG_PARTMAN = """
with recursive tree as (
  select pg_catalog.to_regclass(c.parent_table)::oid as table_oid,
    pg_catalog.to_regclass(c.parent_table)::oid as root
  from {schema}.part_config as c
  union
  select i.inhrelid, t.root
  from pg_catalog.pg_inherits as i
  join tree as t on t.table_oid = i.inhparent
)
select t.table_oid, t.root from tree as t where t.table_oid is not null
union all
select pg_catalog.to_regclass(c.template_table)::oid, pg_catalog.to_regclass(c.parent_table)::oid
from {schema}.part_config as c
where pg_catalog.to_regclass(c.template_table) is not null
"""

MANAGERS = {"pg_partman": Manager("pg_partman", _PG_PARTMAN)}


def find_managed(
    assembly: Assembly, snapshot: Snapshot, extensions: Iterable[tuple[str, str]]
) -> dict[int, str]:
    """Pass over the managed partitions; return who looks after each root, by its OID.

    *extensions* are the names of those that are installed, each with its schema.
    """
    roots: dict[int, str] = {}
    catalogue = assembly.catalogues["pg_class"]
    for name, schema in extensions:
        if name not in MANAGERS:
            continue
        found = snapshot.managed_partitions(MANAGERS[name], schema)
        if found is None:
            reason = "its configuration may not be read: its partitions are shown as anybody's"
            assembly.unmodelled.append(Unmodelled(f"extension {name}", reason))
            continue
        below = {table for table, root in found if table != root}
        for table, _ in found:
            if table in below:
                assembly.members[catalogue, table] = None
            else:
                roots[table] = name
    return roots


def mark_roots(assembly: Assembly, roots: dict[int, str]) -> None:
    """Say of each root in ``managed_by`` who looks after it."""
    catalogue = assembly.catalogues["pg_class"]
    for oid, name in roots.items():
        key = assembly.addresses.get((catalogue, oid, 0))
        if key is None:
            continue
        before = assembly.found[key]
        shape = Shape(key.kind, (*before.shape.names, "managed_by"))
        assembly.found[key] = Attributes(shape, (*before.row, name))


def without_managed(catalog: Catalog, other: Catalog) -> Catalog:
    """Return *catalog* less the partitions of tables that a manager looks after in *other*.

    A script may make the first partitions of a table that a manager in a database has gone on
    with; the parts of a partition go with it.
    """
    roots = {key.path for key, item in other.objects.items() if item.attributes.get("managed_by")}
    if not roots:
        return catalog
    above = {
        item.key.path: str(item.attributes["partition_of"])
        for item in catalog.of_kind("table", "foreign table")
        if item.attributes["partition_of"]
    }

    def is_managed(table: Key) -> bool:
        path = table.path
        while path in above:
            path = above[path]
            if path in roots:
                return True
        return False

    gone = {item.key for item in catalog.of_kind("table", "foreign table") if is_managed(item.key)}
    return catalog.without(gone)
