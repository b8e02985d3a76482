# SPDX-License-Identifier: Apache-2.0
"""What a script that is printed destroys: counted where its rows are, and said in sum."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedstone.catalog import Catalog, Key
    from bedstone.plan import Plan
    from bedstone.plan.stakes import Stakes


def find_stakes(
    made: Plan, a: Catalog, b: Catalog, address: str | None, former: Mapping[Key, Key] | None = None
) -> Stakes:
    """Return what the plan *made* from *a* to *b* destroys, and say it on standard error.

    *address* is the database that *a* was read from, where there is one. *former* has the names
    in *a* of what is renamed by then.

    Raises:
        RoleMissing: the plan gives something to a role that the database does not know.
    """
    from bedstone.dsn import parse_dsn
    from bedstone.plan import check_roles, read_stakes, unknown_stakes
    from bedstone.server import database_at

    stakes = unknown_stakes(made)
    if made.statements and address is not None:
        with database_at(parse_dsn(address)).connect(autocommit=True) as connection:
            check_roles(made, b, connection)
            stakes = read_stakes(made, a, connection, former=former)
    for stake in stakes.values():
        sys.stderr.write(f"destroys {stake}\n")
    return stakes
