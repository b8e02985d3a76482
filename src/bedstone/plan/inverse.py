# SPDX-License-Identifier: Apache-2.0
"""What undoes each statement of a plan: what the plan back says about the same object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.plan.planner import plan
from bedstone.plan.side import Side

if TYPE_CHECKING:
    from bedstone.catalog import Catalog, Key
    from bedstone.plan.change import Options
    from bedstone.plan.planner import Plan

#: By object; an object that nothing brings back is not among them.
Inverses = dict["Key", tuple[str, ...]]


def read_inverses(made: Plan, a: Catalog, b: Catalog, options: Options) -> Inverses:
    """Return, for each object of the plan *made* from *a* to *b*, the statements that undo it.

    With an object that comes or goes as a whole comes or goes all that is a part of it. Rows and
    values that are destroyed do not come back. There are none where PostgreSQL knows no way back.
    """
    try:
        back = plan(b, a, options).statements
    except NotPlannable:
        return {}
    before, after = Side(a), Side(b)
    found: Inverses = {}
    for key in dict.fromkeys(statement.subject for statement in made.statements):
        both = key in before and key in after
        side = before if key in before else after
        meant = {key} if both else {key, *side.parts.get(key, ())}
        if sqls := tuple(statement.sql for statement in back if statement.subject in meant):
            found[key] = sqls
    return found
