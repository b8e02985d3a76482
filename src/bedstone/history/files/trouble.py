# SPDX-License-Identifier: Apache-2.0
"""What a failed statement of a SQL file says: file, line, and the statement without values."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from bedstone.history.run import Failure, StepError
from bedstone.trace.statements import read_statements

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.history.files.session import Interrupted
    from bedstone.history.form import Direction

#: The line of the data in the context of a COPY's error.
_DATA_LINE = re.compile(r"^COPY .*?, line (\d+)", re.MULTILINE)
_QUOTED = re.compile(r"'[^']+'")
_LONGEST_LINE = 200
#: Classes of errors whose DETAIL quotes rows.
_ABOUT_ROWS = ("22", "23")


def describe(
    trouble: Interrupted,
    *,
    revision: str | None,
    direction: Direction | None,
    timeout: float | None,
) -> StepError:
    """Return the error of a step; *timeout* is given where that is what ended it."""
    error, statement = trouble.error, trouble.statement
    line, column = _place(trouble)
    file = trouble.script.path
    if timeout is not None:
        return StepError(
            f"it did not end within {timeout:g} s and was stopped",
            revision=revision,
            direction=direction,
            statement=_shown(statement.text) if statement else None,
            file=str(file),
            line=line,
            hint="Allow more with timeout = SECONDS in bedstone.toml, if it is meant to be slow.",
            failure=Failure.HUNG,
        )
    state = error.sqlstate or ""
    return StepError(
        (error.diag.message_primary or str(error)).strip().partition("\n")[0],
        exception=f"psycopg.errors.{type(error).__name__}",
        revision=revision,
        direction=direction,
        sqlstate=error.sqlstate,
        statement=_shown(statement.text) if statement else None,
        file=str(file),
        line=line,
        traceback=_excerpt(file, line, column),
        detail=error.diag.message_detail if not state.startswith(_ABOUT_ROWS) else None,
        server_hint=error.diag.message_hint,
    )


def _place(trouble: Interrupted) -> tuple[int | None, int | None]:
    """Return line and column of what failed; no column where only the statement is known."""
    statement, diagnostic = trouble.statement, trouble.error.diag
    if statement is None:
        return None, None
    row = _DATA_LINE.search(diagnostic.context or "")
    if statement.data is not None and row is not None:
        return statement.data.line + int(row.group(1)) - 1, None
    if diagnostic.statement_position is not None:
        return statement.place(int(diagnostic.statement_position) - 1)
    return statement.line, None


def _shown(text: str) -> str:
    return "; ".join(statement.text for statement in read_statements(text.encode()))


def _excerpt(file: Path, line: int | None, column: int | None) -> str:
    """Name the place, and show its line, with a caret where the server points at a character.

    What is in quotes is not shown: it may be a value.
    """
    if line is None:
        return f"{file}\n"
    text = _line(file, line)
    if text is None:
        return f"{file}, line {line}\n"
    caret = f"  {' ' * column}^\n" if column is not None and column <= len(text) else ""
    return f"{file}, line {line}\n  {_QUOTED.sub(_hide, text)}\n{caret}"


def _line(file: Path, number: int) -> str | None:
    """Return one line of *file* as it is, placeholders not filled in."""
    with suppress(OSError), file.open("rb") as lines:
        raw = next(islice(lines, number - 1, None), b"")
        return raw.decode("utf-8-sig", "replace").rstrip("\r\n").replace("\t", " ")[:_LONGEST_LINE]
    return None


def _hide(match: re.Match[str]) -> str:
    return "'" + "…" * (len(match.group()) - 2) + "'"
