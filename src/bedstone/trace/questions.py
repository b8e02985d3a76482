# SPDX-License-Identifier: Apache-2.0
"""What a session is asked about itself while its transaction is held open.

The question runs in the user's session, so it must not depend on anything that is set there:
every name is qualified, operators too, and the answer is one hexadecimal text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedstone.sql import quote_literal
from bedstone.trace.catalogs import read_objects, write_objects
from bedstone.trace.facts import Relation
from bedstone.trace.locks import LOCK_MODES, LockMode
from bedstone.trace.objects import NO_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.trace.objects import Asked, Objects

#: The name of our statement, portal and savepoint; it exists only while we ask.
NAME = "bedstone_observer"

SAVEPOINT = f"savepoint {NAME}"
BACK = f"rollback to savepoint {NAME}"
RELEASE = f"release savepoint {NAME}"

#: Undone by going back to the savepoint.
NO_LIMITS = """
    select pg_catalog.set_config('statement_timeout', '0', true),
           pg_catalog.set_config('lock_timeout', '0', true)
"""

#: So that the next transaction's numbers begin at zero, not at what is not reported yet.
FLUSH = "select pg_catalog.pg_stat_force_next_flush()"

#: Catalogs have lower numbers: they are what we lock ourselves.
FIRST_OWN_OID = 16384

#: The relation locks of this session; the relations they are on, as this transaction sees them,
#: with their files and what the session did to their rows since its last report; the position
#: in the WAL. One row, one column: JSON, in hexadecimal. Of what the transaction has made itself
#: and told before, only new counts are told again, or a long transaction would tell the same
#: thousand relations after each statement. Nothing is joined: planning that takes longer than
#: looking up what each relation is called.
_QUESTION = """
    select pg_catalog.encode(pg_catalog.convert_to(pg_catalog.json_build_array(
        pg_catalog.pg_stat_force_next_flush() is null,
        pg_catalog.current_setting('track_counts'),
        %(written)s,
        pg_catalog.pg_wal_lsn_diff(
            pg_catalog.pg_current_wal_insert_lsn(), '0/0'::pg_catalog.pg_lsn),
        pg_catalog.json_agg(pg_catalog.json_build_array(
            l.mode, l.relation::pg_catalog.int8,
            pg_catalog.pg_identify_object(1259, l.relation, 0),
            pg_catalog.pg_relation_filenode(l.relation)::pg_catalog.int8,
            pg_catalog.pg_stat_get_xact_numscans(l.relation),
            pg_catalog.pg_stat_get_xact_tuples_returned(l.relation),
            pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation),
            pg_catalog.pg_stat_get_xact_tuples_updated(l.relation),
            pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation))),
        %(counts)s,
        %(objects)s
    )::pg_catalog.text, pg_catalog.getdatabaseencoding()), 'hex')
    from pg_catalog.pg_lock_status() as l
    where l.pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
      and l.locktype operator(pg_catalog.=) 'relation'::pg_catalog.text
      and l.granted
      and l.relation operator(pg_catalog.>=) 16384::pg_catalog.oid
      and l.relation operator(pg_catalog.<>) all (%(made)s::pg_catalog.oid[])
"""
#: How many rows of pg_type, pg_proc, pg_constraint, pg_trigger, pg_policy, pg_namespace and
#: pg_extension the transaction has written.
_WRITTEN = " operator(pg_catalog.+) ".join(
    f"pg_catalog.pg_stat_get_xact_tuples_{done}({oid})"
    for oid in (1247, 1255, 2606, 2620, 3256, 2615, 3079)
    for done in ("inserted", "updated", "deleted")
)
#: Of these tables, those whose counts are others than these in all.
_COUNTS = """(
        select pg_catalog.json_agg(pg_catalog.json_build_array(
            t.oid::pg_catalog.int8, t.scans, t.read, t.inserted, t.updated, t.deleted))
        from (
            select m.oid, m.total,
                   pg_catalog.pg_stat_get_xact_numscans(m.oid) as scans,
                   pg_catalog.pg_stat_get_xact_tuples_returned(m.oid) as read,
                   pg_catalog.pg_stat_get_xact_tuples_inserted(m.oid) as inserted,
                   pg_catalog.pg_stat_get_xact_tuples_updated(m.oid) as updated,
                   pg_catalog.pg_stat_get_xact_tuples_deleted(m.oid) as deleted
            from rows from (
                pg_catalog.unnest(%(tables)s::pg_catalog.oid[]),
                pg_catalog.unnest(%(totals)s::pg_catalog.int8[])
            ) as m (oid, total)
            offset 0
        ) as t
        where (t.scans operator(pg_catalog.+) t.read operator(pg_catalog.+) t.inserted
               operator(pg_catalog.+) t.updated operator(pg_catalog.+) t.deleted)
              operator(pg_catalog.<>) t.total)
"""

KINDS = {
    "r": "table",
    "i": "index",
    "S": "sequence",
    "v": "view",
    "m": "materialized view",
    "p": "partitioned table",
    "I": "partitioned index",
    "f": "foreign table",
    "t": "toast table",
    "c": "composite type",
}
#: Those of which a sequential scan is one.
SCANNED = frozenset({"table", "materialized view"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A relation at one moment: its name, its file, rows touched so far in its transaction."""

    relation: Relation
    file: int | None
    scans: int = 0
    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        """All counts together; it grows with each of them."""
        return self.scans + self.read + self.inserted + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class Answer:
    """What a session said about itself. *counting* is off where the user switched it off.

    *counts* are those of relations that the transaction made and told before. *written* counts
    rows of catalogs, *objects* are there where they were asked for.
    """

    wal: int
    locks: frozenset[tuple[int, LockMode]]
    relations: dict[int, Seen]
    counting: bool
    counts: dict[int, tuple[int, ...]]
    objects: Objects | None = None
    written: int = 0


def write_question(made: Mapping[int, Seen], asked: Asked = NO_OBJECTS) -> str:
    """Return the question, also for the objects that are asked for.

    *made* are the relations that the transaction made and told before.
    """
    tables = {oid: seen for oid, seen in made.items() if seen.relation.kind in SCANNED}
    totals = _array(seen.total for seen in tables.values())
    counts = _COUNTS % {"tables": _array(tables), "totals": totals} if tables else "null"
    return _QUESTION % {
        "made": _array(made),
        "counts": counts,
        "written": _WRITTEN,
        "objects": write_objects(asked),
    }


def _array(numbers: Iterable[int]) -> str:
    return quote_literal("{" + ",".join(map(str, numbers)) + "}")


def read_answer(column: bytes) -> Answer:
    """Read the one column of QUESTION's answer."""
    text = bytes.fromhex(column.decode("ascii")).decode("utf-8", "backslashreplace")
    _, counting, written, wal, rows, counts, objects = json.loads(text)
    rows = rows or ()
    return Answer(
        wal=int(wal),
        locks=read_locks((oid, mode) for mode, oid, *_ in rows),
        relations={row[1]: _read_own(row) for row in rows if row[2]["name"] is not None},
        counting=counting == "on",
        counts={oid: tuple(numbers) for oid, *numbers in counts or ()},
        objects=read_objects(objects),
        written=written,
    )


def _read_own(row: Any) -> Seen:
    """Return a relation from a row of the question; what is partitioned has no file."""
    _, oid, named, file, *counters = row
    kind = named["type"]
    if file is None and kind in {"table", "index"}:
        kind = f"partitioned {kind}"
    relation = Relation(oid, _unquoted(named["schema"]), _unquoted(named["name"]), kind)
    return Seen(relation, file, *counters)


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def read_locks(rows: Any) -> frozenset[tuple[int, LockMode]]:
    """Return relation and mode of each lock; predicate locks (SIReadLock) hold nobody up."""
    return frozenset((int(oid), LOCK_MODES[mode]) for oid, mode in rows if mode in LOCK_MODES)


def read_seen(row: Any) -> Seen:
    """Return a relation from its columns: oid, schema, name, kind, file, counters."""
    oid, schema, name, kind, file, *counters = row
    relation = Relation(int(oid), schema, name, KINDS.get(kind, kind))
    return Seen(relation, int(file) if file else None, *(int(c or 0) for c in counters))
