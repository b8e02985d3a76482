# SPDX-License-Identifier: Apache-2.0
"""Templates that outlive the run that saved them, on the embedded server only.

A cached template is a database ``bedstone_t_<hash of the key>``. Its tag holds the key, when it
was last used, its size, and the rows that belong to it outside of itself. A run that uses one
holds a shared advisory lock on it; only one that nobody holds is ever dropped, the longest
unused first, when there are more than ``MOST`` or they take more than ``MOST_BYTES``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from bedstone.server.databases import drop_database
from bedstone.server.names import cached_name, is_ours, mark_of, read_tag, template_lock_key
from bedstone.server.shared import SharedRows

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from bedstone.server.server import Server

MOST = 24
MOST_BYTES = 1 << 30

_CACHED = """
    select d.datname, d.datconnlimit, pg_catalog.shobj_description(d.oid, 'pg_database')
    from pg_catalog.pg_database d
    where d.datname ~ '^bedstone_t_[0-9a-f]{32}$'
    order by d.datname
"""


def find_cached(control: psycopg.Connection[TupleRow], key: str) -> tuple[str, SharedRows] | None:
    """Return the name and the shared rows of the template saved under *key*, held from now on."""
    name = cached_name(key)
    control.execute("select pg_catalog.pg_advisory_lock_shared(%s)", [template_lock_key(name)])
    for found, limit, comment in control.execute(_CACHED):
        tag = read_tag(comment)
        if found == name and is_ours(found, limit, comment) and tag and tag.get("key") == key:
            _write_tag(control, name, {**tag, "used": _now()})
            return name, SharedRows(tag["shared"])
    control.execute("select pg_catalog.pg_advisory_unlock_shared(%s)", [template_lock_key(name)])
    return None


def keep_as_cached(
    control: psycopg.Connection[TupleRow], database: str, key: str, rows: SharedRows
) -> str | None:
    """Rename a saved database to the cached one of *key*; ``None`` where there is one already."""
    name = cached_name(key)
    control.execute("select pg_catalog.pg_advisory_lock_shared(%s)", [template_lock_key(name)])
    size = control.execute("select pg_catalog.pg_database_size(%s::name)", [database]).fetchone()
    tag = {
        "bedstone": 1,
        "key": key,
        "created": _now(),
        "used": _now(),
        "bytes": int(size[0]) if size else 0,
        "shared": rows.rows,
    }
    try:
        with control.transaction():
            control.execute(
                sql.SQL("alter database {} rename to {}").format(
                    sql.Identifier(database), sql.Identifier(name)
                )
            )
            control.execute(
                sql.SQL("alter database {} with connection limit {}").format(
                    sql.Identifier(name), sql.Literal(mark_of(name))
                )
            )
            _write_tag(control, name, tag)
    except psycopg.errors.DuplicateDatabase:
        return None
    return name


def evict(
    server: Server,
    control: psycopg.Connection[TupleRow],
    *,
    most: int = MOST,
    most_bytes: int = MOST_BYTES,
) -> tuple[str, ...]:
    """Drop the longest unused templates above the limits and return their names."""
    tags = []
    for name, limit, comment in control.execute(_CACHED).fetchall():
        tag = read_tag(comment)
        if is_ours(name, limit, comment):
            tags.append((str(tag.get("used", "")) if tag else "", name, _bytes(tag)))
    dropped = []
    count, total = len(tags), sum(size for _, _, size in tags)
    for _, name, size in sorted(tags):
        if count <= most and total <= most_bytes:
            break
        if _drop_unheld(server, control, name):
            dropped.append(name)
            count, total = count - 1, total - size
    return tuple(dropped)


def _drop_unheld(server: Server, control: psycopg.Connection[TupleRow], name: str) -> bool:
    """Drop a template unless a run holds it; this session may hold it itself."""
    with server.connect() as other:
        held = other.execute(
            "select pg_catalog.pg_try_advisory_lock(%s)", [template_lock_key(name)]
        ).fetchone()
        if not held or not held[0]:
            return False
        drop_database(server, control, name)
        return True


def _bytes(tag: dict[str, Any] | None) -> int:
    return int(tag.get("bytes", 0)) if tag else 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _write_tag(control: psycopg.Connection[TupleRow], name: str, tag: dict[str, Any]) -> None:
    control.execute(
        sql.SQL("comment on database {} is {}").format(
            sql.Identifier(name), sql.Literal(json.dumps(tag))
        )
    )
