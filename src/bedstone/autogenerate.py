# SPDX-License-Identifier: Apache-2.0
"""Lets ``alembic revision --autogenerate`` and ``alembic check`` answer as ``bedstone revision``.

One line in ``env.py`` does it: ``import bedstone.autogenerate``. Alembic's own comparison is not
made any more: the models are built on a scratch database and compared with what the history makes
there. The database of ``env.py`` is asked for its version only, as ever.

Loads nothing but Alembic, 1.8 or newer: the work is done by the command ``bedstone``, started in a
process of its own. No address is handed to it.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import api, compare, renderers
from alembic.operations import ops
from alembic.util import CommandError, rev_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic.autogenerate.api import AutogenContext, RevisionContext
    from alembic.runtime.migration import MigrationContext

_log = logging.getLogger("alembic.autogenerate.bedstone")
_original = api.RevisionContext.run_autogenerate


class PlannedOp(ops.MigrateOperation):
    """The statements of one way of a revision, as its body has them."""

    def __init__(self, body: str, imports: Sequence[str], statements: Sequence[str]) -> None:
        self.body = body
        self.imports = tuple(imports)
        self.statements = tuple(statements)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` shows."""
        return ("bedstone", *self.statements)

    def reverse(self) -> PlannedOp:
        """Return nothing to do: the way back is planned by itself."""
        return PlannedOp("pass", (), ())


@renderers.dispatch_for(PlannedOp)
def _render(context: AutogenContext, op: PlannedOp) -> str:
    context.imports.update(op.imports)
    return op.body


def _run_autogenerate(self: RevisionContext, rev: Any, migration_context: MigrationContext) -> None:
    """Do as Alembic does, with our plan in the place of its comparison."""
    options = migration_context.opts
    hook = options.get("process_revision_directives")

    def process(context: Any, revision: Any, directives: list[Any]) -> None:
        parts = _plan(migration_context.config)
        script = directives[-1]
        given = script.rev_id
        for part in parts[-1:]:  # the one that alembic check shows
            part["upgrade"]["statements"] = [s for p in parts for s in p["upgrade"]["statements"]]
        _fill(script, parts[0] if parts else None)
        if hook:
            hook(context, revision, directives)
        if script in directives and len(parts) > 1:
            is_named = bool(self.command_args.get("rev_id")) or script.rev_id != given
            directives += _following(script, parts, is_named=is_named)

    options["process_revision_directives"] = process
    try:
        with _no_comparison():
            _original(self, rev, migration_context)
    finally:
        options["process_revision_directives"] = hook


@contextmanager
def _no_comparison() -> Iterator[None]:
    """Leave out what Alembic would find by reflection."""
    name = "_populate_migration_script"
    kept: Callable[..., None] = getattr(compare, name)
    setattr(compare, name, lambda *_: None)
    try:
        yield
    finally:
        setattr(compare, name, kept)


def _fill(script: Any, part: dict[str, Any] | None) -> None:
    """Give *script* the two ways of *part*; nothing to do where there is none."""
    up, down = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    up.ops[:] = _ops(part, "upgrade")
    down.ops[:] = _ops(part, "downgrade")


def _ops(part: dict[str, Any] | None, way: str) -> list[PlannedOp]:
    if part is None:
        return []
    return [PlannedOp(part[way]["python"], part["imports"], part[way]["statements"])]


def _following(script: Any, parts: list[dict[str, Any]], *, is_named: bool) -> list[Any]:
    """Return a script for each part but the first, each on the one before."""
    total, message = len(parts), script.message or "part"
    script.message = f"{message} (1 of {total})"
    found, before = [], script.rev_id
    for number, part in enumerate(parts[1:], 2):
        name = f"{script.rev_id}_{number}" if is_named else rev_id()
        found.append(
            ops.MigrationScript(
                rev_id=name,
                message=f"{message} ({number} of {total})",
                upgrade_ops=ops.UpgradeOps(
                    _ops(part, "upgrade"), upgrade_token=script.upgrade_ops.upgrade_token
                ),
                downgrade_ops=ops.DowngradeOps(
                    _ops(part, "downgrade"), downgrade_token=script.downgrade_ops.downgrade_token
                ),
                head=before,
                version_path=script.version_path,
            )
        )
        before = name
    return found


def _plan(config: Any) -> list[dict[str, Any]]:
    """Ask the command for the revisions that are missing."""
    words = [*_target(config), "--message", "autogenerate", "--dry-run", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "bedstone", "revision", *words, "--python", sys.executable],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise CommandError(done.stderr.strip() or f"bedstone ended with {done.returncode}")
    told = json.loads(done.stdout)
    for note in told["notes"]:
        _log.info("%s", note)
    for loss in told["losses"]:
        _log.warning("the upgrade loses %s", loss)
    return list(told["parts"])


def _target(config: Any) -> list[str]:
    """Return the project as the command is to be told of it."""
    file = config.config_file_name if config is not None else None
    section = config.config_ini_section if config is not None else "alembic"
    words = ["."]
    path = Path(file).absolute() if file else None
    if path is not None and path.is_file():
        is_usual = path.parent == Path.cwd() or (path.parent / "env.py").is_file()
        if path.name != "alembic.ini" or not is_usual:
            words = [str(path)]
    return words if section == "alembic" else [*words, "--section", section]


if api.RevisionContext.run_autogenerate is not _run_autogenerate:
    api.RevisionContext.run_autogenerate = _run_autogenerate  # type: ignore[method-assign]
