# SPDX-License-Identifier: Apache-2.0
"""``bedstone prove``."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bedstone.cli.options import Json, ServerOptions, Since, Target, Verbose
from bedstone.cli.progress import show_progress

if TYPE_CHECKING:
    from bedstone.project import Project
    from bedstone.prove import Session

EXAMPLES = (
    "Examples:  bedstone prove .    bedstone prove . --since origin/main --format markdown    "
    "bedstone prove ads    bedstone prove . --env DATABASE_URL={url:asyncpg} --only drift -v"
)


class Format(StrEnum):
    """How a verdict is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


Only = Annotated[
    list[str] | None,
    typer.Option(help="Only this proof. Repeatable.", metavar="PROOF"),
]


def run(
    target: Target = ".",
    *,
    since: Since = None,
    only: Only = None,
    given: ServerOptions,
    format: Annotated[Format, typer.Option(help="How to print the verdict.")] = Format.TEXT,  # noqa: A002
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Prove on a real PostgreSQL that a project's migrations do what they claim.

    Runs them on scratch databases only: up, down and up again, in one run and one by one, and
    compares what the models say with what the history makes. With --since, says who has to wait
    for the locks of the new upgrades. Exit status 1 where something new is wrong.
    """
    from bedstone.prove import prove_project

    project = given.open(target)
    with show_progress() as progress:
        session = prove_project(project, since=since, only=only or (), progress=progress)
    words = ["bedstone", "prove", target, *(["--since", since] if since else [])]
    session = replace(session, verdict=replace(session.verdict, command=shlex.join(words)))
    _print(session, project, Format.JSON if json else format, verbose=verbose)
    raise typer.Exit(int(session.verdict.exit_status))


def _print(session: Session, project: Project, form: Format, *, verbose: bool) -> None:
    from bedstone.report import render_json, render_markdown, render_sarif, render_text

    verdict = session.verdict
    if form is Format.TEXT:
        render_text(verdict, sys.stdout, verbose=verbose)
    elif form is Format.JSON:
        sys.stdout.write(render_json(verdict))
    elif form is Format.MARKDOWN:
        sys.stdout.write(render_markdown(verdict))
    else:
        paths = {r.id: r.path for r in session.history.revisions if r.path is not None}
        root = project.root or Path.cwd()
        sys.stdout.write(render_sarif(verdict, root=root, paths=paths))
