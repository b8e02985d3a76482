# SPDX-License-Identifier: Apache-2.0
"""Domains whose values are within others: in arrays, rows and ranges, where nothing is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.errors import NotPlannable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side


def check_containers(work: Differences, a: Side, b: Side) -> None:
    """Refuse a new condition of a domain whose values are within those of a column.

    Raises:
        NotPlannable: PostgreSQL does not look into arrays, rows and ranges for them.
    """
    for domain, condition in sorted(_conditions(work, b)):
        if domain not in a:
            continue
        for column in sorted(_users_within(domain, a)):
            if column.kind == "column" and column in b and column not in work.renewed:
                raise NotPlannable(
                    f"{domain} gets {condition}, and {column} holds its values within others",
                    detail="PostgreSQL does not look for them in arrays, rows and ranges.",
                    hint="Make a domain of another name with it, and move the column over by hand.",
                )


def checked_first(made: Collection[Key], b: Side) -> Iterator[tuple[Key, Key]]:
    """Yield the new checks of domains, and what has values of them within others: it comes later.

    PostgreSQL gives a domain no check when a column holds such a value, though it has no rows.
    """
    for check in sorted(key for key in made if key.kind == "domain constraint"):
        domain = Key("domain", check.schema, check.parent or "")
        for user in sorted(set(_users_within(domain, b))):
            yield check, user


def _conditions(work: Differences, b: Side) -> Iterator[tuple[Key, str]]:
    """Yield the domains that refuse more, and what is new; a check may be said to be not valid."""
    for key in sorted(work.added | work.renewed | work.changed.keys()):
        if key.kind == "domain constraint" and b[key].attributes["validated"]:
            if key not in work.changed or "validated" in work.changed[key]:
                yield Key("domain", key.schema, key.parent or ""), key.name
        elif key.kind == "domain" and "not_null" in work.changed.get(key, ()):
            yield from [(key, "NOT NULL")] if b[key].attributes["not_null"] else []


def _users_within(type_: Key, side: Side, *, within: bool = False) -> Iterator[Key]:
    """Yield the columns of tables in whose values there are values of a type, and what leads there.

    What leads there is types and their attributes.
    """
    for user in side.dependants.get(type_, ()):
        array = str(side[user].attributes.get("type", "")).endswith("]")
        if user.kind == "column" and (within or array):
            yield user
        elif user.kind == "domain":
            yield user
            yield from _users_within(user, side, within=within or array)
        elif user.kind in {"attribute", "range"}:
            yield user
            yield from _users_within(side.wholes.get(user, user), side, within=True)
