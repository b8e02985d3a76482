# SPDX-License-Identifier: Apache-2.0
"""The roles that a plan names: none makes them, so that the server has to have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.errors import RoleMissing
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from bedstone.catalog import Catalog, Object
    from bedstone.plan.planner import Plan

_ROLES = "select r.rolname from pg_catalog.pg_roles as r where r.rolname = any(%s)"
_EVERYBODY = "public"


def check_roles(plan: Plan, b: Catalog, conn: psycopg.Connection[Any]) -> None:
    """Refuse a plan to *b* that names roles which the server of *conn* does not have.

    Raises:
        RoleMissing: the script would stop there, half done.
    """
    named = sorted({role for item in _written(plan, b) for role in _roles_of(item)})
    there = {row[0] for row in conn.execute(_ROLES.encode(), [named])}
    if missing := [role for role in named if role not in there]:
        first = quote_identifier(missing[0])
        more = f", nor {len(missing) - 1} others" if len(missing) > 1 else ""
        raise RoleMissing(
            f"TO names the role {first}, which the server of FROM does not have{more}",
            detail=f"Missing: {', '.join(missing)}." if more else None,
            hint=f"Roles are the server's, and no plan makes them: create role {first}",
        )


def _written(plan: Plan, b: Catalog) -> Iterator[Object]:
    for key in dict.fromkeys(statement.subject for statement in plan.statements):
        if key in b:
            yield b[key]


def _roles_of(item: Object) -> Iterator[str]:
    attributes = item.attributes
    if isinstance(attributes.get("owner"), str):
        yield str(attributes["owner"])
    if item.key.kind in {"default privileges", "user mapping"}:
        yield item.key.name
    acl, roles = attributes.get("acl"), attributes.get("roles")
    for grant in acl if isinstance(acl, tuple) else ():
        if isinstance(grant, tuple) and grant[0] not in {None, _EVERYBODY}:
            yield str(grant[0])
    if item.key.kind == "policy" and isinstance(roles, tuple):
        yield from (str(role) for role in roles if role != _EVERYBODY)
