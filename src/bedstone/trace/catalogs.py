# SPDX-License-Identifier: Apache-2.0
"""What is asked of the catalogs about objects that are no relations.

As in ``questions``, what is asked in the user's session qualifies every name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.trace.objects import Named, Objects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedstone.trace.objects import Asked

_ROWS = """
    select c.tableoid, c.oid, c.xmin, c.ctid from pg_catalog.%s as c
    where c.oid operator(pg_catalog.>=) 16384::pg_catalog.oid
"""
_CLASS = "'pg_catalog.%s'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8"

_TOP = "pg_catalog.pg_current_xact_id_if_assigned()"
#: Found out once, not for each row.
_AGE = f"(select pg_catalog.age({_TOP}::pg_catalog.text::pg_catalog.xid8::pg_catalog.xid))"
#: Whether this transaction, or a part of it, wrote the row.
_OWN = f"""
    pg_catalog.age(%(row)s.xmin) operator(pg_catalog.<=) {_AGE}
    and pg_catalog.pg_xact_status((
        {_TOP}::pg_catalog.text::pg_catalog.int8
        operator(pg_catalog.+) {_AGE} operator(pg_catalog.-) pg_catalog.age(%(row)s.xmin)
    )::pg_catalog.text::pg_catalog.xid8) operator(pg_catalog.=) 'in progress'::pg_catalog.text
"""
#: Whether it comes with another object.
_PART = """
    exists (select from pg_catalog.pg_depend as d
            where d.classid operator(pg_catalog.=) o.tableoid
              and d.objid operator(pg_catalog.=) o.oid
              and d.objsubid operator(pg_catalog.=) 0
              and d.deptype operator(pg_catalog.=) any ('{i,e,P,S}'::pg_catalog."char"[]))
"""
_QUESTION = f"""(
    select pg_catalog.json_build_array(
        pg_catalog.json_agg(pg_catalog.json_build_array(
            o.tableoid::pg_catalog.int8, o.oid::pg_catalog.int8, o.ctid::pg_catalog.text,
            pg_catalog.pg_identify_object(o.tableoid, o.oid, 0)
        )) filter (where {_OWN % {"row": "o"}} and not {_PART}),
        %(left)s, %(labels)s, pg_catalog.json_build_array(%(classes)s))
    from (%(rows)s) as o
)"""  # noqa: S608  constants of ours
_LEFT = """coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(
    o.tableoid::pg_catalog.int8, o.oid::pg_catalog.int8)), '[]'::pg_catalog.json)"""
_LABELS = f"""(
    select pg_catalog.json_agg(pg_catalog.json_build_array(
        e.tableoid::pg_catalog.int8, e.oid::pg_catalog.int8, e.ctid::pg_catalog.text,
        e.enumtypid::pg_catalog.int8, e.enumlabel,
        pg_catalog.pg_identify_object(1247, e.enumtypid, 0)))
    from pg_catalog.pg_enum as e
    where e.oid operator(pg_catalog.>=) 16384::pg_catalog.oid and {_OWN % {"row": "e"}}
)"""  # noqa: S608  constants of ours

#: For the session beside: which of these are there for everybody.
EXISTING = """
    select k.classid::bigint, k.oid::bigint, i.type, i.identity
    from rows from (unnest($1::oid[]), unnest($2::oid[])) as k (classid, oid),
         pg_catalog.pg_identify_object(k.classid, k.oid, 0) as i
    where k.classid <> 'pg_catalog.pg_enum'::regclass and i.identity is not null
    union all
    select e.tableoid::bigint, e.oid::bigint, 'enum value', e.enumlabel
    from pg_catalog.pg_enum as e
    where e.oid = any($2::oid[])
"""
#: For the session beside: which others than these are there for everybody.
_MISSING = f"""
    select o.tableoid::bigint, o.oid::bigint, i.type, i.identity
    from (%(rows)s) as o, pg_catalog.pg_identify_object(o.tableoid, o.oid, 0) as i
    where not {_PART} and i.identity is not null
      and not exists (
          select from rows from (unnest($1::oid[]), unnest($2::oid[])) as k (classid, oid)
          where (k.classid, k.oid) = (o.tableoid, o.oid))
"""  # noqa: S608  constants of ours


def write_missing(catalogs: Iterable[str]) -> str:
    """Return the query for all objects that everybody sees, apart from those given."""
    return _MISSING % {"rows": _rows(catalogs)}


def _rows(catalogs: Iterable[str]) -> str:
    return " union all ".join(_ROWS % name for name in sorted(catalogs))


def write_objects(asked: Asked) -> str:
    """Return the part of the question to the user's session that is about objects."""
    if not asked.catalogs:
        return "null"
    return _QUESTION % {
        "rows": _rows(asked.catalogs),
        "left": _LEFT if asked.left else "null",
        "classes": ", ".join(_CLASS % name for name in sorted(asked.catalogs)),
        "labels": _LABELS if "pg_type" in asked.catalogs else "null",
    }


def read_objects(data: Any) -> Objects | None:
    """Read the answer; ``None`` where it was not asked."""
    if data is None:
        return None
    rows, left, labels, classes = data
    written = {(c, o): Named(i["type"], i["identity"], row) for c, o, row, i in rows or ()}
    for classid, oid, row, type_oid, label, identity in labels or ():
        name = f"{label} of {identity['identity']}"
        written[classid, oid] = Named("enum value", name, row, whole=(1247, type_oid))
    keys = None if left is None else frozenset((c, o) for c, o in left)
    return Objects(written, keys, frozenset(classes))
