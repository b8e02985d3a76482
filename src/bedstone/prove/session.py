# SPDX-License-Identifier: Apache-2.0
"""Proves a project from end to end: server, scratch database, history, proofs, verdict."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bedstone.claims import read_lock
from bedstone.history import open_history
from bedstone.project.changes import read_changes
from bedstone.prove.evidence import Evidence, silent
from bedstone.prove.prover import Verdict, check_names, prove
from bedstone.server import open_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedstone.history import History
    from bedstone.project import Project
    from bedstone.project.changes import Changes
    from bedstone.prove.evidence import Progress
    from bedstone.server import Server, Workspace
    from bedstone.settings import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """A verdict and the history it is about."""

    verdict: Verdict
    history: History


@contextmanager
def server_for(settings: Settings, *, alone: bool = False) -> Iterator[Server]:
    """Open the server that *settings* name for scratch databases: by URL, or the embedded one.

    With *alone*, an embedded one that no other run is on.
    """
    with open_server(
        url=settings.server,
        bin_dir=settings.bin_dir,
        cache=settings.cache_dir,
        idle=timedelta(seconds=settings.idle),
        alone=alone,
    ) as server:
        yield server


def prove_project(
    project: Project,
    *,
    since: str | None = None,
    only: Sequence[str] = (),
    progress: Progress = silent,
) -> Session:
    """Prove the history of *project*, or what it has that branch *since* has not.

    Makes and drops scratch databases on the server that the project's settings name; nothing of
    the project is changed. Where roles come in that another run on the same embedded server may
    have made, all is proven again on one where nobody else is: roles belong to a whole server.
    """
    start = time.monotonic()
    check_names(only)
    changes = read_changes(project.root, since) if since and project.root else None
    progress("server", 0, 0)
    for alone in (False, True):
        with (
            server_for(project.settings, alone=alone) as server,
            server.workspace(project.name) as workspace,
        ):
            session = _prove(project, workspace, changes, only, progress)
            if not workspace.mixed_roles:
                break
    verdict = replace(session.verdict, since=since, seconds=time.monotonic() - start)
    return replace(session, verdict=verdict)


def _prove(
    project: Project,
    workspace: Workspace,
    changes: Changes | None,
    only: Sequence[str],
    progress: Progress,
) -> Session:
    start = time.monotonic()
    progress("the project's imports", 0, 0)
    scratch = workspace.scratch("history")
    with open_history(project, scratch, progress=_of_many(progress)) as history:
        new = _new_revisions(history, changes) if changes else None
        evidence = Evidence(
            history,
            workspace,
            scratch,
            new=new,
            models_changed=changes is None or _touches_models(history, changes),
            exclude=project.settings.exclude,
            small_tables=project.settings.small_tables,
            progress=progress,
        )
        lock = read_lock(project.root) if project.root else None
        proofs = prove(evidence, only=only, known=lock.keys if lock else frozenset())
        verdict = Verdict(
            project=project.name,
            server=describe(workspace.server),
            revisions=len(history.revisions),
            new=None if new is None else len(new),
            since=None,
            proofs=proofs,
            startup_seconds=history.startup_seconds,
            seconds=time.monotonic() - start,
            only=tuple(only),
            notes=tuple(_notes(workspace.server, changes, evidence)),
        )
        return Session(verdict, history)


def _of_many(progress: Progress) -> Progress:
    """Pass on the steps of runs that have several; a run of one is told by who asked for it."""

    def tell(what: str, done: int, total: int) -> None:
        if total > 1:
            progress(what, done, total)

    return tell


def describe(server: Server) -> str:
    """Say which server it is, in a few words."""
    kind = "embedded" if server.embedded else "by URL"
    return f"PostgreSQL {server.version} ({kind}, scratch only)"


def _new_revisions(history: History, changes: Changes) -> frozenset[str]:
    return frozenset(
        revision.id
        for revision in history.revisions
        if any(path.resolve() in changes.touched for path in revision.files)
    )


def _touches_models(history: History, changes: Changes) -> bool:
    """Whether the branch changed any Python file that is not a revision."""
    revisions = {path.resolve() for r in history.revisions for path in r.files}
    python = {path for path in changes.touched | changes.deleted if path.suffix == ".py"}
    return bool(python - revisions)


def _notes(server: Server, changes: Changes | None, evidence: Evidence) -> Iterator[str]:
    for lack in server.lacks:
        yield f"{lack.what}: {lack.consequence}"
    yield from evidence.history.notes
    for what in sorted(evidence.unmodelled):
        yield f"not compared, {what}"
    if changes is not None:
        folders = {p.resolve().parent for r in evidence.history.revisions for p in r.files}
        for path in sorted(changes.deleted):
            if path.parent in folders:
                yield (
                    f"{path.name} was deleted since {changes.base[:12]}: a database that has "
                    "applied it cannot go on"
                )
