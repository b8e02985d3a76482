# SPDX-License-Identifier: Apache-2.0
"""Loads a project, with all of its histories."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from bedstone.history.alembic import AlembicStrand
from bedstone.history.files import FilesStrand
from bedstone.history.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.history.form import Strand
    from bedstone.history.history import Progress
    from bedstone.project import HistorySource, Project
    from bedstone.server import Database


@contextmanager
def open_history(
    project: Project,
    database: Database,
    *,
    progress: Progress | None = None,
    may_be_empty: bool = False,
) -> Iterator[History]:
    """Load *project* and keep it loaded for the block: Alembic and models in its own interpreter.

    ``env.py`` is run once, without a step, on *database*, which it may leave something in: reset
    a scratch database afterwards. *database* should be the one that most runs are for: the
    project's code may remember its address. Runs on other databases are led there all the same.
    SQL files are read, and nothing is run.

    The revisions, and all else that was read, stay readable after the block. A history without
    any is refused unless it *may_be_empty*, as before its first revision is written.

    Raises:
        BedstoneError: the project cannot be loaded; one class for each reason, BED103 to BED169.
    """
    with ExitStack() as stack:
        strands = []
        for source in _sources(project):
            strand = _open_strand(project, source, database)
            stack.callback(strand.close)
            strands.append(strand)
        yield History(project, strands, progress, may_be_empty=may_be_empty)


def _sources(project: Project) -> tuple[HistorySource | None, ...]:
    """Return the sources of all strands; ``None`` for models that no ``env.py`` knows."""
    has_alembic = any(not source.folders for source in project.sources)
    if project.sources and (has_alembic or project.models is None):
        return project.sources
    return (*project.sources, None)


def _open_strand(project: Project, source: HistorySource | None, database: Database) -> Strand:
    if source is not None and source.folders:
        return FilesStrand(project, source)
    return AlembicStrand(project, source, database)
