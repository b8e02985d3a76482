# SPDX-License-Identifier: Apache-2.0
"""``bedstone status``."""

from __future__ import annotations

import json as json_module
import sys

from bedstone.cli.migration import open_migration
from bedstone.cli.options import Database, Json, ProjectOptions, Target

EXAMPLES = "Examples:  bedstone status . --database postgresql://app@db/shop"


def run(
    target: Target = ".",
    *,
    database: Database = None,
    given: ProjectOptions,
    json: Json = False,
) -> None:
    """Say where a database stands in the project's history. Changes nothing.

    Exit status 1 where revisions are pending, or the database has some that the history has not,
    or has in another form.
    """
    from bedstone.errors import ExitStatus
    from bedstone.run import read_position

    with open_migration(target, database, given) as migration:
        position = read_position(migration.history, migration.database)
        where = migration.database.dsn.redacted
    behind = bool(position.pending or position.unknown or position.amiss)
    if json:
        data = {
            "database": where,
            "current": list(position.current),
            "applied": len(position.applied),
            "pending": [revision.id for revision in position.pending],
            "unknown": list(position.unknown),
            "amiss": [f"{error.code}: {error.message}" for error in position.amiss],
            "notes": list(position.notes),
        }
        sys.stdout.write(json_module.dumps(data, indent=2) + "\n")
    else:
        current = ", ".join(position.current) or "nothing"
        sys.stdout.write(f"{where} has {current}: {len(position.applied)} applied\n")
        for revision in position.pending:
            sys.stdout.write(f"  pending  {revision.id}  {revision.message}\n")
        for name in position.unknown:
            sys.stdout.write(f"  unknown  {name}  is in the database and not in the history\n")
        for error in position.amiss:
            sys.stdout.write(f"  amiss    {error.code}: {error.message}\n")
        for note in position.notes:
            sys.stdout.write(f"  note     {note}\n")
        if position.pending:
            sys.stdout.write(f"next: bedstone upgrade {target} --dry-run\n")
    sys.exit(ExitStatus.FINDINGS if behind else ExitStatus.DONE)
