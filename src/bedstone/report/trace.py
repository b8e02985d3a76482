# SPDX-License-Identifier: Apache-2.0
"""A trace for a terminal, as JSON, as Markdown."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from bedstone import __version__
from bedstone.findings import Method
from bedstone.report.tables import render_tables_markdown, table_lines
from bedstone.report.words import count, duration, markdown, markdown_code, visible
from bedstone.trace import LockMode, by_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from bedstone.trace import LockFact, Place, Relation, RewriteFact, StatementFacts, Trace

#: Raised when a field changes its meaning or goes; new fields do not raise it.
FORMAT = 1
_LONGEST = 100


def render_trace_text(trace: Trace, stream: TextIO, *, verbose: bool = False) -> None:
    """Write *trace* to *stream*: a line for each statement, and below it what it did.

    Statements that only control a transaction or the session, and locks of ACCESS SHARE, are
    shown where *verbose*.
    """
    console = Console(file=stream, highlight=False, soft_wrap=True)
    shown = [s for s in trace.statements if verbose or not _is_control(s)]
    width = len(str(len(trace.statements)))
    label: str | None = None
    place: Place | None = None
    for statement in shown:
        if statement.label != label:
            label = statement.label
            console.print(Text(visible(_heading(label)), style="bold cyan"))
        if statement.place not in {None, place}:
            place = statement.place
            console.print(Text(f"{'':>{width + 9}}  {visible(_shown(place))}", style="dim"))
        took = f"{duration(statement.seconds):>8}"
        line = Text(f"{statement.number:>{width}} {took}  ")
        line.append(visible(_sql(statement, None if verbose else _LONGEST)), style="bold")
        console.print(line)
        for text in _facts(statement, verbose=verbose):
            style = "red" if text.startswith(("ACCESS EXCLUSIVE", "error")) else None
            console.print(Text(f"{'':>{width + 9}}  {visible(text)}", style=style or ""))
    for text in table_lines(trace):
        console.print(Text(text))
    console.print(Text(_conclusion(trace, len(trace.statements) - len(shown))))


def render_trace_markdown(trace: Trace) -> str:
    """Return *trace* in Markdown, a table for each revision, or one where there is none.

    What only controls a transaction is left out.
    """
    lines: list[str] = []
    shown = [s for s in trace.statements if not _is_control(s)]
    label: str | None = None
    place: Place | None = None
    for number, statement in enumerate(shown):
        if statement.label != label or not number:
            heading = (
                []
                if statement.label == label
                else [f"### {markdown(_heading(statement.label))}", ""]
            )
            lines += ["", *heading] if lines else heading
            lines += ["| # | statement | time | what it did |", "| ---: | --- | ---: | --- |"]
            label = statement.label
        sql = markdown_code(_sql(statement, _LONGEST))
        facts = "<br>".join(map(markdown, _facts(statement, verbose=False)))
        took = duration(statement.seconds)
        where = ""
        if statement.place not in {None, place}:
            place = statement.place
            where = f"{markdown(_shown(place))}<br>"
        lines.append(f"| {statement.number} | {where}{sql} | {took} | {facts} |")
    if tables := render_tables_markdown(trace):
        lines += ["", "By table:", "", tables.rstrip()]
    lines += ["", _conclusion(trace, len(trace.statements) - len(shown))]
    return "\n".join(lines) + "\n"


def render_trace_json(trace: Trace, *, server: str, status: int, cut: int = 0) -> str:
    """Return everything in *trace* as a JSON object.

    *status* is that of the traced command, *cut* how many connections were open when it ended.
    """
    data = {
        "format": FORMAT,
        "bedstone": __version__,
        "server": server,
        "exit": status,
        "cut": cut,
        "statements": [_plain(asdict(s)) for s in trace.statements],
        "transactions": [_plain(asdict(t)) for t in trace.transactions],
        "tables": [_plain(asdict(t)) for t in by_table(trace)],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """Return plain JSON values: a lock mode by its name, times to the microsecond."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, LockMode):
        return str(value)
    return round(value, 6) if isinstance(value, float) else value


def _heading(label: str | None) -> str:
    return "of no revision" if label is None else f"revision {label}"


def _shown(place: Place | None) -> str:
    """Return a place as the user would write it from here."""
    if place is None:
        return ""
    path, here = Path(place.file), Path.cwd()
    if path.is_relative_to(here):
        place = replace(place, file=str(path.relative_to(here)))
    return str(place)


def _is_control(statement: StatementFacts) -> bool:
    return statement.method is Method.DERIVED and statement.error is None


def _sql(statement: StatementFacts, longest: int | None) -> str:
    text = "; ".join(statement.sql)
    if longest is not None and len(text) > longest:
        text = text[: longest - 1] + "…"
    many = statement.executions > len(statement.sql)
    return f"{text} ({statement.executions:,} times)" if many else text


def _facts(statement: StatementFacts, *, verbose: bool) -> Iterator[str]:
    """Give a line for each thing that a statement did, the strongest lock first."""
    if statement.error is not None:
        error = statement.error
        why = error.message or error.condition
        yield f"error {error.sqlstate}" + (f": {why}" if why else "")
    yield from _locks(statement, verbose=verbose)
    if statement.rewrites:
        yield f"new file: {', '.join(map(_rewrite, statement.rewrites))}"
    yield from _rows(statement, verbose=verbose)
    if statement.created:
        yield f"creates {_names(statement.created)}"
    if statement.dropped:
        yield f"drops {_names(statement.dropped)}"
    yield from _objects(statement, verbose=verbose)
    if statement.error is None:
        yield from _remarks(statement)


def _rows(statement: StatementFacts, *, verbose: bool) -> Iterator[str]:
    for scan in statement.scans:
        if verbose or not scan.relation.created:
            times = count(scan.scans, "scan")
            yield f"reads {count(scan.rows, 'row')} of {scan.relation} in {times}"
    for write in statement.writes:
        counts = {
            "inserts": write.inserted, "updates": write.updated, "deletes": write.deleted
        }  # fmt: skip
        words = ", ".join(f"{word} {count(n, 'row')}" for word, n in counts.items() if n)
        yield f"{words}: {write.relation}"
    if statement.wal_bytes and verbose:
        yield f"WAL {statement.wal_bytes:,} bytes on the whole server meanwhile"


def _remarks(statement: StatementFacts) -> Iterator[str]:
    if statement.method is Method.SAMPLED:
        yield "watched from outside: it ran in no transaction of ours"
    if statement.unknown:
        yield f"not known: {', '.join(statement.unknown)}"


def _locks(statement: StatementFacts, *, verbose: bool) -> Iterator[str]:
    """Give the strongest new lock on each relation that was there before."""
    strongest: dict[Relation, LockFact] = {}
    for lock in statement.locks:
        if verbose or (not lock.relation.created and lock.mode > LockMode.ACCESS_SHARE):
            strongest.setdefault(lock.relation, lock)
    for lock in strongest.values():
        held = f", held {duration(lock.seconds)}" if lock.seconds is not None else ""
        how = "" if lock.method is Method.MEASURED else f" ({lock.method.value})"
        yield f"{lock.mode} on {lock.relation}{held}{how}"


def _names(relations: list[Relation] | tuple[Relation, ...]) -> str:
    return ", ".join(f"{r.kind} {r}" for r in relations)


def _objects(statement: StatementFacts, *, verbose: bool) -> Iterator[str]:
    """Give a line for each kind of change; a new table's constraints go without saying."""
    with_table = bool(statement.created) and not verbose
    for change, word in {"created": "creates", "changed": "changes", "dropped": "drops"}.items():
        objects = [
            f"{fact.kind} {fact.name}"
            for fact in statement.objects
            if fact.change == change and not (with_table and fact.kind == "table constraint")
        ]
        if objects:
            yield f"{word} {', '.join(objects)}"


def _rewrite(fact: RewriteFact) -> str:
    why = f" ({fact.reason})" if fact.reason is not None else ""
    return f"{fact.relation.kind} {fact.relation}{why}"


def _conclusion(trace: Trace, hidden: int) -> str:
    parts = [count(len(trace.statements), "statement")]
    if hidden:
        parts[0] += f" ({hidden} that only control a transaction or the session not shown)"
    own = sum(not t.given for t in trace.transactions)
    parts.append(f"{count(own, 'transaction')} of the command's own")
    failed = sum(s.error is not None for s in trace.statements)
    return ", ".join(parts + ([f"{failed} failed"] if failed else []))
