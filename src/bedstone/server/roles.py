# SPDX-License-Identifier: Apache-2.0
"""Whose a role is. A role belongs to the whole server, and nothing in it says who made it.

A role is taken for a scratch database's when it was not there before the run, and nothing in any
other database refers to it. One to which nothing refers at all is this run's on the embedded
server as long as no other run is on it; beside others it is left until the last of them ends. On
a server that is not ours, it is only ever this run's where something in our databases refers
to it, or where the server remembers that our role made it (16 and newer, no superuser).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from bedstone.server.shared import FIRST_USER_OID, remove_roles
from bedstone.server.sweep import live_runs

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from bedstone.server.names import RunName
    from bedstone.server.workspace import Workspace

#: One row a role that was made after the server was: its name, the databases that refer to it,
#: and whether the server remembers that the current role made it.
_ROLES = """
    select r.oid::bigint, r.rolname::text,
           array(select distinct d.datname::text
                 from pg_catalog.pg_shdepend s
                 join pg_catalog.pg_database d
                   on d.oid = case when s.dbid = 0 then s.objid else s.dbid end
                  and (s.dbid <> 0 or s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass)
                 where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
                   and s.refobjid = r.oid),
           exists (select from pg_catalog.pg_auth_members m
                   join pg_catalog.pg_roles me on me.oid = m.member
                   where m.roleid = r.oid and me.rolname = current_user
                     and m.admin_option and m.grantor = 10)
    from pg_catalog.pg_roles r
    where r.oid >= %s
    order by r.oid
"""


def any_made(control: psycopg.Connection[TupleRow]) -> bool:
    """Whether the server has any role that was made after the server was."""
    row = control.execute(
        "select exists (select from pg_catalog.pg_roles where oid >= %s)", [FIRST_USER_OID]
    ).fetchone()
    return row is not None and bool(row[0])


def roles_of(workspace: Workspace, database: str) -> frozenset[int]:
    """Return the OIDs of the roles that belong to scratch *database* and to nothing else."""
    control, server = workspace.control, workspace.server
    rows = control.execute(_ROLES, [FIRST_USER_OID]).fetchall()
    rows = [row for row in rows if row[1] not in workspace.known_roles]
    if not rows:
        return frozenset()
    unshared = server.embedded and not other_runs(workspace)
    workspace.mixed_roles |= server.embedded and not unshared
    found = set()
    for oid, _, databases, made_by_us in rows:
        if databases:
            if set(databases) == {database}:
                found.add(oid)
        elif unshared or (made_by_us and not server.embedded):
            found.add(oid)
    return frozenset(found)


def other_runs(workspace: Workspace) -> frozenset[RunName]:
    """Return the other runs that are alive on this server."""
    return live_runs(workspace.control) - {workspace.run}


def drop_roles(workspace: Workspace, roles: frozenset[int]) -> None:
    """Drop roles of this run, to which no database refers any more."""
    if not roles:
        return
    if workspace.server.embedded:
        remove_roles(workspace.control, roles)
        return
    names = workspace.control.execute(
        "select rolname::text from pg_catalog.pg_roles where oid = any(%s)", [list(roles)]
    ).fetchall()
    for (name,) in names:
        try:
            workspace.control.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
        except psycopg.Error:
            workspace.left_roles.append(name)


def reset_cluster(control: psycopg.Connection[TupleRow]) -> None:
    """Take away all that migrations left on the embedded server as a whole.

    Only for a server that no run is on, or this one alone when its databases are gone: roles,
    tablespaces, physical replication slots, ALTER SYSTEM.
    """
    rows = control.execute(
        "select oid::bigint from pg_catalog.pg_roles where oid >= %s", [FIRST_USER_OID]
    ).fetchall()
    remove_roles(control, frozenset(oid for (oid,) in rows))
    control.execute(
        "select pg_catalog.pg_drop_replication_slot(slot_name)"
        " from pg_catalog.pg_replication_slots where database is null and not active"
    )
    spaces = control.execute(
        "select spcname::text from pg_catalog.pg_tablespace where oid >= %s", [FIRST_USER_OID]
    ).fetchall()
    for (name,) in spaces:
        control.execute(sql.SQL("drop tablespace {}").format(sql.Identifier(name)))
    altered = control.execute(
        "select exists (select from pg_catalog.pg_file_settings"
        " where sourcefile like '%%postgresql.auto.conf')"
    ).fetchone()
    if altered and altered[0]:
        control.execute("alter system reset all")
        control.execute("select pg_catalog.pg_reload_conf()")
