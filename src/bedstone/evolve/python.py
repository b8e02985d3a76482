# SPDX-License-Identifier: Apache-2.0
"""Statements as the body of an Alembic revision's ``upgrade()`` or ``downgrade()``."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from bedstone.evolve.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedstone.evolve.step import Step

#: The columns of formatters that say nothing else.
_WIDTH = 88
_INDENT = "    "
#: What SQLAlchemy's text() takes for a parameter, or unescapes.
_PARAMETER = re.compile(r"(?<![:\w]):\w")
#: The import that such a statement needs.
DDL_IMPORT = "from sqlalchemy import DDL"


def needs_ddl(sql: str) -> bool:
    """Whether a plain text would not reach the server as it is."""
    return _PARAMETER.search(sql) is not None


def render_body(steps: Iterable[Step], *, verbatim: bool = True) -> str:
    """Return the lines of a function's body, indented but for the first, as templates want it.

    With *verbatim* the lines inside of a literal stand as they are; without, each is a string of
    its own, for who moves lines sideways.
    """
    lines: list[str] = []
    is_outside = False
    for number, step in enumerate(steps):
        if number:
            lines.append("")
        if step.alone and not is_outside:
            lines.append(f"{_INDENT}with op.get_context().autocommit_block():")
        is_outside = step.alone
        lines += _statement(step, _INDENT * (2 if step.alone else 1), verbatim=verbatim)
    return "\n".join(lines).removeprefix(_INDENT) or "pass"


def render_plain(steps: Iterable[Step]) -> str:
    """Return the lines of a body with no indent of their own, for who moves them sideways."""
    lines = render_body(steps, verbatim=False).splitlines()
    return "\n".join(line.removeprefix(_INDENT) if n else line for n, line in enumerate(lines))


def _statement(step: Step, indent: str, *, verbatim: bool) -> Iterator[str]:
    for comment in step.comments:
        for line in wrap(_printable(comment), _WIDTH - len(indent) - 2, break_on_hyphens=False):
            yield f"{indent}# {line}"
    yield from render_execute(step.sql, indent, verbatim=verbatim)


def render_execute(sql: str, indent: str, *, verbatim: bool = True) -> Iterator[str]:
    """Yield the lines of ``op.execute(…)`` for one statement."""
    opening, closing = "op.execute(", ")"
    if needs_ddl(sql):
        sql = sql.replace("%", "%%")  # DDL fills in what % names
        opening, closing = "op.execute(DDL(", "))"
    whole = f"{indent}{opening}{literal(sql)}{closing}"
    layout = Layout(sql)
    is_block = _is_block(layout, verbatim=verbatim)
    if len(whole) <= _WIDTH and not (is_block and "\\" in literal(sql)):
        yield whole
        return
    yield f"{indent}op.execute("
    deeper = indent + _INDENT
    if opening == "op.execute(":
        yield from _text(layout, deeper, is_block=is_block)
    elif not is_block and len(f"{deeper}DDL({literal(sql)})") <= _WIDTH:
        yield f"{deeper}DDL({literal(sql)})"
    else:
        yield f"{deeper}DDL("
        yield from _text(layout, deeper + _INDENT, is_block=is_block)
        yield f"{deeper})"
    yield f"{indent})"


def _is_block(layout: Layout, *, verbatim: bool) -> bool:
    """Whether the text can stand between three quotes."""
    is_plain = '"""' not in layout.sql and all(c.isprintable() or c == "\n" for c in layout.sql)
    return is_plain and (verbatim or layout.is_free)


def _text(layout: Layout, indent: str, *, is_block: bool) -> Iterator[str]:
    if not is_block:
        whole = indent + literal(layout.sql)
        lines = layout.sql.splitlines(keepends=True)
        yield from [whole] if len(whole) <= _WIDTH else (indent + literal(line) for line in lines)
        return
    mark = 'r"""' if "\\" in layout.sql else '"""'
    yield indent + mark
    for line, is_movable in layout.lines(_WIDTH - len(indent)):
        yield indent + line if is_movable and line else line
    yield f'{indent}"""'


def literal(text: str) -> str:
    """Return *text* as a string of Python, quoted as formatters want it."""
    said = repr(text)
    if said.startswith('"') or ('"' in text and "'" not in text):
        return said
    if '"' not in text:
        return '"' + said[1:-1] + '"'
    doubled = '"' + said[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    return doubled if text.count('"') <= text.count("'") else said


def _printable(text: str) -> str:
    """Return *text* as one line in which nothing but letters and blanks can be."""
    return "".join(c if c.isprintable() else " " for c in text)
