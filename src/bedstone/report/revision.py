# SPDX-License-Identifier: Apache-2.0
"""What came of writing revisions, for a terminal and as JSON, and what would be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.evolve.python import render_plain
from bedstone.plan import render_script, statement_data
from bedstone.report.json import as_data
from bedstone.report.text import render_text
from bedstone.report.words import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from bedstone.evolve import Written
    from bedstone.evolve.step import Step
    from bedstone.history.writing import Language

AGREED = "models and history agree"
THERE = "the history leads there already"


def render_written_text(written: Written, stream: TextIO, *, verbose: bool = False) -> None:
    """Write to *stream* which files there are now, the proofs of them and what was accepted."""
    stream.writelines(f"note: {visible(note)}\n" for note in written.notes)
    if written.verdict is None:
        stream.write(f"{AGREED if written.by_models else THERE}: nothing was written\n")
        return
    word = "wrote" if written.is_kept else "taken away again"
    stream.writelines(f"{word}: {visible(_near(path))}\n" for path in written.paths)
    render_text(written.verdict, stream, verbose=verbose, closing=_closing(written))
    stream.writelines(
        f"accepted in bedstone.lock: {visible(entry.message)}\n" for entry in written.accepted
    )


def _closing(written: Written) -> str | None:
    verdict = written.verdict
    if verdict is None or (written.is_kept and not verdict.failed):
        return None
    said = f"{len(verdict.failed)} of {len(verdict.proofs)} claims fail"
    if not verdict.failed:
        said = "not all could be checked here"
    if written.is_kept:
        return f"{said}; the files stay all the same      next: git status"
    return f"{said}, so nothing was kept      next: the same with -v, or with --keep"


def render_written_json(written: Written) -> str:
    """Return the same as a JSON object."""
    data: dict[str, Any] = {
        "kept": written.is_kept,
        "revisions": list(written.ids),
        "paths": [str(path) for path in written.paths],
        "statements": [statement_data(s) for s in written.draft.plan.statements],
        "parts": [
            {
                "message": revision.message,
                "imports": list(revision.imports),
                "upgrade": _way(part.up, written.language),
                "downgrade": _way(part.down, written.language),
            }
            for part, revision in zip(written.draft.parts, written.revisions, strict=True)
        ],
        "losses": [str(statement.subject) for statement in written.draft.losses],
        "accepted": [entry.message for entry in written.accepted],
        "notes": list(written.notes),
        "verdict": as_data(written.verdict) if written.verdict is not None else None,
    }
    return json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"


def _way(steps: Sequence[Step], language: Language) -> dict[str, Any]:
    """Return the statements of one way; of Alembic also as lines that may be moved sideways."""
    return {
        "statements": [step.sql for step in steps],
        "python": render_plain(steps) if language == "python" else None,
    }


def render_draft(written: Written, *, as_script: bool = False) -> str:
    """Return what would be written: a script for psql, or the texts of the revisions."""
    if as_script:
        return render_script(written.draft.plan)
    return "\n".join(_drafts(written))


def _drafts(written: Written) -> list[str]:
    texts = []
    for revision in written.revisions:
        if written.language == "sql":
            parts = (("--", "", revision.upgrade), ("-- undo:", "", revision.downgrade))
            texts += [f"{mark} {visible(revision.message)}\n{text}" for mark, _, text in parts]
            continue
        imports = "".join(f"{line}\n" for line in revision.imports)
        texts.append(
            f"# {visible(revision.message)}\n{imports}\n\ndef upgrade() -> None:\n"
            f"    {revision.upgrade}\n\n\ndef downgrade() -> None:\n    {revision.downgrade}\n\n"
        )
    return texts


def _near(path: Path) -> str:
    """Return *path* as seen from here, where it is below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
