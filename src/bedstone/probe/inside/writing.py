# SPDX-License-Identifier: Apache-2.0
"""Writes revisions into the project, by the project's own Alembic: its template, its names."""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings

from .trouble import ProjectError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class RevisionWriter:
    """Writes a chain of revisions, each on the one before.

    What is about to be made goes into the file *journal*, a line each, before it is made.
    The project's ``process_revision_directives`` is asked as ``alembic revision --autogenerate``
    asks it, so that ids and messages are those of the project.
    """

    def __init__(self, journal: str, config: Any, script: Any) -> None:
        self.journal = journal
        self.config = config
        self.script = script
        self.written: list[dict[str, Any]] = []
        self._watch(script)

    def _watch(self, script: Any) -> None:
        """Say what is about to be made before it is, and write over nothing."""
        ensure, generate = script._ensure_directory, script._generate_template

        def ensure_watched(path: Any) -> Any:
            for folder in missing_folders(os.path.abspath(str(path))):
                self._note(folder)
            return ensure(path)

        def generate_watched(src: Any, dest: Any, **keywords: Any) -> Any:
            path = os.path.abspath(str(dest))
            if os.path.lexists(path):
                raise ProjectError(
                    "file-exists",
                    "the file %s is there already" % path,
                    hint="Move it away, or let file_template tell revisions apart.",
                )
            self._note(path)
            return generate(src, dest, **keywords)

        script._ensure_directory = ensure_watched
        script._generate_template = generate_watched

    def _note(self, path: str) -> None:
        with open(self.journal, "a", encoding="utf-8") as file:
            file.write(json.dumps(path) + "\n")

    def write(self, context: Any, heads: Any, asked: Sequence[dict[str, Any]]) -> None:
        """Write the revisions *asked* for; *heads* are those of the database."""
        sys.dont_write_bytecode = True
        head: Any = None
        for number, one in enumerate(asked):
            chosen = self._directive(context, heads, dict(one, head=head or one["head"]))
            if chosen.rev_id in self.script.revision_map._revision_map:
                raise ProjectError(
                    "revision-exists",
                    "there is a revision %s already" % chosen.rev_id,
                    hint="Give another --rev-id, or leave it out."
                    if one["rev_id"]
                    else "Give it one: --rev-id ID, or look what process_revision_directives does.",
                )
            script = self._generate(context, chosen, one, is_first=not number)
            if script is None:
                raise ProjectError("no-script", "Alembic does not see the file that it wrote")
            head = script.revision
            path = os.path.abspath(str(script.path))
            self.written.append({"id": script.revision, "path": path})

    def _directive(self, context: Any, heads: Any, asked: dict[str, Any]) -> Any:
        """Return the revision as the project's own hook wants it to be."""
        ops = importlib.import_module("alembic.operations.ops")
        util = importlib.import_module("alembic.util")
        directive = ops.MigrationScript(
            rev_id=asked["rev_id"] or util.rev_id(),
            message=asked["message"],
            upgrade_ops=ops.UpgradeOps([ops.ExecuteSQLOp("select 1")]),
            downgrade_ops=ops.DowngradeOps([ops.ExecuteSQLOp("select 1")]),
            head=asked["head"] or "head",
            splice=bool(asked["splice"]),
            branch_label=asked["branch_label"],
            version_path=asked["version_path"],
            depends_on=asked["depends_on"] or None,
        )
        directives = [directive]
        hook = context.opts.get("process_revision_directives")
        if hook:
            hook(context, heads, directives)
        if len(directives) != 1:
            raise ProjectError(
                "directives",
                "process_revision_directives of env.py makes %d revisions of one" % len(directives),
                hint="Let it add none: it is asked about each by itself.",
            )
        if asked["rev_id"]:
            directives[0].rev_id = asked["rev_id"]
        return directives[0]

    def _generate(self, context: Any, chosen: Any, asked: dict[str, Any], is_first: bool) -> Any:
        texts = {
            "config": self.config,
            "imports": "\n".join(sorted({*chosen.imports, *asked["imports"]})),
            context.opts.get("upgrade_token") or "upgrades": asked["upgrade"],
            context.opts.get("downgrade_token") or "downgrades": asked["downgrade"],
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.script.generate_revision(
                chosen.rev_id,
                in_docstring(chosen.message),
                refresh=True,
                head=chosen.head,
                splice=chosen.splice and is_first,
                branch_labels=chosen.branch_label if is_first else None,
                version_path=chosen.version_path,
                depends_on=chosen.depends_on if is_first else None,
                **texts,
            )


def in_docstring(message: str) -> str:
    """Return *message* as templates can put it between three quotes."""
    text = message.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return text + " " if text.endswith('"') else text


def missing_folders(path: str) -> list[str]:
    """Return those of *path* and the folders above it that are not there, the outermost first."""
    found: list[str] = []
    while not os.path.lexists(path) and os.path.dirname(path) != path:
        found.insert(0, path)
        path = os.path.dirname(path)
    return found
