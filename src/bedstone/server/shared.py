# SPDX-License-Identifier: Apache-2.0
"""What a migration leaves outside its database: roles, their grants, settings, subscriptions.

Copying a database copies none of that, and a role belongs to the whole server. So on the
embedded server, which holds nothing of worth, the rows of the shared catalogues that belong to
one scratch database are read, taken away and put back as rows. A role comes back under its old
OID, by which the copied database still knows it; and a saved database that nobody works in keeps
no role from being dropped. On a server that is not ours nothing of this is done (``roles``).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from bedstone.errors import RoleConflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.rows import TupleRow

#: Objects that initdb makes have smaller OIDs.
FIRST_USER_OID = 16384

_READ = """
    select pg_catalog.jsonb_build_object(
      'database', d.oid,
      'datacl', d.datacl::text,
      'datdba', d.datdba,
      'authid', array(
        select pg_catalog.to_jsonb(x) from pg_catalog.pg_authid x where x.oid = any(%(roles)s)),
      'auth_members', array(
        select pg_catalog.to_jsonb(x) from pg_catalog.pg_auth_members x
        where x.roleid = any(%(roles)s) or x.member = any(%(roles)s)),
      'db_role_setting', array(
        select pg_catalog.to_jsonb(x) from pg_catalog.pg_db_role_setting x
        where x.setdatabase = d.oid or (x.setdatabase = 0 and x.setrole = any(%(roles)s))),
      'shdescription', array(
        select pg_catalog.to_jsonb(x) from pg_catalog.pg_shdescription x
        where x.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
          and x.objoid = any(%(roles)s)),
      'subscription', array(
        select pg_catalog.to_jsonb(x) from pg_catalog.pg_subscription x where x.subdbid = d.oid),
      'shdepend', array(
        select pg_catalog.to_jsonb(x) from pg_catalog.pg_shdepend x
        where x.dbid = d.oid
           or (x.dbid = 0 and x.classid = 'pg_catalog.pg_database'::pg_catalog.regclass
               and x.objid = d.oid)
           or (x.dbid = 0 and x.classid = 'pg_catalog.pg_subscription'::pg_catalog.regclass
               and x.objid in (select oid from pg_catalog.pg_subscription where subdbid = d.oid))
           or (x.dbid = 0 and x.classid = 'pg_catalog.pg_auth_members'::pg_catalog.regclass
               and x.refobjid = any(%(roles)s)))
    )
    from pg_catalog.pg_database d
    where d.datname = %(name)s
"""

_DELETE_ROLES = (
    """delete from pg_catalog.pg_auth_members
       where roleid = any(%(roles)s) or member = any(%(roles)s)""",
    """delete from pg_catalog.pg_db_role_setting
       where setrole = any(%(roles)s) and setdatabase = 0""",
    """delete from pg_catalog.pg_shdescription
       where classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass and objoid = any(%(roles)s)""",
    """delete from pg_catalog.pg_shdepend
       where dbid = 0 and refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
         and refobjid = any(%(roles)s)
         and classid = 'pg_catalog.pg_auth_members'::pg_catalog.regclass""",
    "delete from pg_catalog.pg_authid where oid = any(%(roles)s)",
)

#: The rows of one database, which its roles leave behind when they are taken away.
_DELETE_DATABASE_ROWS = (
    "delete from pg_catalog.pg_shdepend where dbid = %(database)s",
    "delete from pg_catalog.pg_db_role_setting where setdatabase = %(database)s",
    """delete from pg_catalog.pg_shdepend
       where dbid = 0 and classid = 'pg_catalog.pg_database'::pg_catalog.regclass
         and objid = %(database)s""",
)

#: Each catalogue, and the columns in which the database's own OID may stand.
_TABLES = {
    "authid": (),
    "auth_members": (),
    "db_role_setting": ("setdatabase",),
    "shdescription": (),
    "subscription": ("subdbid",),
    "shdepend": ("dbid",),
}


@dataclass(frozen=True, slots=True)
class SharedRows:
    """The rows of the shared catalogues that belong to one database, as JSON can hold them."""

    rows: dict[str, Any]

    @property
    def roles(self) -> list[int]:
        """The OIDs of the roles."""
        return [int(row["oid"]) for row in self.rows["authid"]]

    @property
    def empty(self) -> bool:
        """Whether nothing but the database itself is in them."""
        own = self.rows["datacl"] is not None or int(self.rows["datdba"]) >= FIRST_USER_OID
        return not own and not any(self.rows[table] for table in _TABLES)


def read_rows(
    control: psycopg.Connection[TupleRow], database: str, roles: frozenset[int]
) -> SharedRows:
    """Return what belongs to *database* and *roles* outside of the database."""
    row = control.execute(_READ, {"name": database, "roles": list(roles)}).fetchone()
    assert row is not None  # noqa: S101  the database is ours and there
    return SharedRows(row[0])


def remove_roles(control: psycopg.Connection[TupleRow], roles: frozenset[int]) -> None:
    """Take roles away as rows, whoever refers to them."""
    if not roles:
        return
    with _catalogue_writes(control):
        for statement in _DELETE_ROLES:
            control.execute(statement, {"roles": list(roles)})


def remove_rows(control: psycopg.Connection[TupleRow], rows: SharedRows) -> None:
    """Take away what ``read_rows`` read, but for the database and its subscriptions."""
    if rows.empty:
        return
    database = int(rows.rows["database"])
    with _catalogue_writes(control):
        for statement in _DELETE_DATABASE_ROWS:
            control.execute(statement, {"database": database})
        for statement in _DELETE_ROLES:
            control.execute(statement, {"roles": rows.roles})


def forget_dependencies(control: psycopg.Connection[TupleRow], database: str) -> None:
    """Make a saved database hold no role: the rows come back with the copies made of it."""
    with _catalogue_writes(control):
        control.execute(
            "delete from pg_catalog.pg_shdepend where dbid ="
            " (select oid from pg_catalog.pg_database where datname = %s)",
            [database],
        )


def restore_rows(control: psycopg.Connection[TupleRow], database: str, rows: SharedRows) -> None:
    """Give *database*, a copy of the one that was read, what belonged to that one.

    Raises:
        RoleConflict: a role of the same name is there, made by another run.
    """
    if rows.empty:
        return
    found = control.execute(
        "select oid from pg_catalog.pg_database where datname = %s", [database]
    ).fetchone()
    assert found is not None  # noqa: S101  the database is ours and there
    new = int(found[0])
    try:
        with _catalogue_writes(control):
            for statement in _DELETE_DATABASE_ROWS:
                control.execute(statement, {"database": new})
            for statement in _DELETE_ROLES:
                control.execute(statement, {"roles": rows.roles})
            _insert(control, rows, new)
    except psycopg.errors.UniqueViolation as error:
        raise RoleConflict(
            "a role that this run needs has been made by another run on the same server",
            detail=error.diag.message_detail,
            hint="Let the other run end first",
        ) from error


def _insert(control: psycopg.Connection[TupleRow], rows: SharedRows, database: int) -> None:
    old = int(rows.rows["database"])
    for table, columns in _TABLES.items():
        content = [dict(row) for row in rows.rows[table]]
        for row in content:
            for column in columns:
                row[column] = database if int(row[column]) == old else row[column]
            if table == "shdepend" and int(row["dbid"]) == 0 and int(row["objid"]) == old:
                row["objid"] = database
        if content:
            control.execute(_INSERT[table], [json.dumps(content)])
    control.execute(
        "update pg_catalog.pg_database set datacl = %s::pg_catalog.aclitem[], datdba = %s"
        " where oid = %s",
        [rows.rows["datacl"], int(rows.rows["datdba"]), database],
    )


_INSERT = {
    table: f"insert into pg_catalog.pg_{table} select * from"  # noqa: S608  names of our own
    f" pg_catalog.jsonb_populate_recordset(null::pg_catalog.pg_{table}, %s::pg_catalog.jsonb)"
    for table in _TABLES
}


@contextmanager
def _catalogue_writes(control: psycopg.Connection[TupleRow]) -> Iterator[None]:
    """One transaction in which the catalogues may be written; of the embedded server only."""
    with control.transaction():
        control.execute("set local allow_system_table_mods = on")
        yield
