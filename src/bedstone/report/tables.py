# SPDX-License-Identifier: Apache-2.0
"""A trace by table: as lines for a terminal, as a table in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.report.words import count, duration, markdown, visible
from bedstone.trace import by_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.trace import TableFacts, Trace

#: More revisions than this are counted.
_NAMED = 6


def table_lines(trace: Trace) -> Iterator[str]:
    """Give a line for each table that was there before its transaction, nothing where none was."""
    facts = by_table(trace)
    if facts:
        yield "by table:"
    names = [visible(str(fact.table)) for fact in facts]
    width = max(map(len, names), default=0)
    for name, fact in zip(names, facts, strict=True):
        parts = [f"{fact.mode} in {_steps(fact)}"]
        if fact.seconds is not None:
            parts.append(f"at most {duration(fact.seconds)}")
        if fact.rewrites:
            parts.append(count(fact.rewrites, "new file"))
        if fact.scans:
            parts.append(f"{count(fact.scans, 'scan')} of {count(fact.rows, 'row')}")
        yield f"  {name:<{width}}  {', '.join(parts)}"


def render_tables_markdown(trace: Trace, *, times: bool = True) -> str:
    """Return the same as a table in Markdown, with the revisions; empty where there is nothing."""
    facts = by_table(trace)
    if not facts:
        return ""
    heads = ["table", "strongest lock", "in", "new files", "scans (rows)", "revisions"]
    rules = ["---", "---", "---:", "---:", "---:", "---"]
    rows = [
        [
            markdown(str(fact.table)),
            str(fact.mode),
            _steps(fact),
            str(fact.rewrites or ""),
            f"{fact.scans:,} ({fact.rows:,})" if fact.scans else "",
            markdown(_revisions(fact)),
        ]
        for fact in facts
    ]
    if times:
        held = ["" if f.seconds is None else duration(f.seconds) for f in facts]
        for row, cell in zip((heads, rules, *rows), ("held at most", "---:", *held), strict=True):
            row.insert(3, cell)
    return "".join("| " + " | ".join(row) + " |\n" for row in (heads, rules, *rows))


def _steps(fact: TableFacts) -> str:
    return count(fact.steps, "revision" if fact.revisions else "transaction")


def _revisions(fact: TableFacts) -> str:
    named, more = fact.revisions[:_NAMED], len(fact.revisions) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
