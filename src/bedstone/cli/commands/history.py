# SPDX-License-Identifier: Apache-2.0
"""``bedstone history``."""

from __future__ import annotations

import json as json_module
import sys
from typing import TYPE_CHECKING, Any

from bedstone.cli.options import Json, ServerOptions, Target
from bedstone.cli.progress import show_progress

if TYPE_CHECKING:
    from bedstone.history import History, Revision

EXAMPLES = "Examples:  bedstone history .    bedstone history ads --json"


def run(
    target: Target = ".",
    *,
    given: ServerOptions,
    json: Json = False,
) -> None:
    """List the revisions of a project in the order they are applied, with heads and merges."""
    from bedstone.history import open_history
    from bedstone.prove import server_for

    project = given.open(target)
    with show_progress() as progress, server_for(project.settings) as scratch_server:
        progress("the project's imports", 0, 0)
        with (
            scratch_server.workspace(project.name) as workspace,
            open_history(project, workspace.scratch("history")) as history,
        ):
            found = history
    if json:
        sys.stdout.write(json_module.dumps(_data(found), indent=2) + "\n")
        return
    heads = {revision.id for revision in found.heads}
    for revision in found.revisions:
        sys.stdout.write(_line(revision, is_head=revision.id in heads) + "\n")


def _data(history: History) -> list[dict[str, Any]]:
    heads = {revision.id for revision in history.heads}
    return [
        {
            "revision": r.id,
            "down": list(r.down),
            "depends_on": list(r.depends_on),
            "labels": list(r.labels),
            "message": r.message,
            "path": str(r.path) if r.path else None,
            "head": r.id in heads,
            "merge": r.is_merge,
        }
        for r in history.revisions
    ]


def _line(revision: Revision, *, is_head: bool) -> str:
    words = [revision.id, "<-", ", ".join(revision.down) or "base"]
    if revision.depends_on:
        words.append(f"(needs {', '.join(revision.depends_on)})")
    words += [f"[{label}]" for label in revision.labels]
    words += ["(head)"] if is_head else []
    words += ["(merge)"] if revision.is_merge else []
    return " ".join(
        [*words, " ", (revision.message or "").splitlines()[0] if revision.message else ""]
    ).rstrip()
