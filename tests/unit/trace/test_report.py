# SPDX-License-Identifier: Apache-2.0
"""A trace, told by revision and line."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bedstone.findings import Method
from bedstone.report import render_trace_json, render_trace_markdown, render_trace_text
from bedstone.trace import (
    LockFact,
    LockMode,
    ObjectFact,
    Place,
    Relation,
    RewriteFact,
    StatementFacts,
    Trace,
)

TABLE = Relation(20000, "public", "t", "table")


def _statement(number: int, label: str | None, line: int | None, **more: object) -> StatementFacts:
    place = Place(str(Path.cwd() / "versions" / f"{label}.py"), line) if line else None
    return StatementFacts(
        number=number,
        session=1,
        transaction=1,
        label=label,
        place=place,
        sql=(f"select {number}",),
        kinds=("select",),
        executions=1,
        seconds=0.001,
        method=Method.MEASURED,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def trace() -> Trace:
    rewrite = RewriteFact(TABLE, Method.MEASURED, "type of column a changes")
    made = ObjectFact("type", "public.mood", "created", Method.MEASURED)
    value = ObjectFact("enum value", "ok of public.mood", "changed", Method.MEASURED)
    return Trace(
        (
            _statement(1, None, None),
            _statement(2, "a", 10, rewrites=(rewrite,)),
            _statement(3, "a", 10, objects=(made, value)),
            _statement(4, "a", 11),
            _statement(5, "b|c", 7),
            _statement(6, None, None),
        )
    )


def test_text(trace: Trace) -> None:
    stream = io.StringIO()
    render_trace_text(trace, stream)
    assert stream.getvalue() == (
        "1   1.0 ms  select 1\n"
        "revision a\n"
        "            versions/a.py:10\n"
        "2   1.0 ms  select 2\n"
        "            new file: table public.t (type of column a changes)\n"
        "3   1.0 ms  select 3\n"
        "            creates type public.mood\n"
        "            changes enum value ok of public.mood\n"
        "            versions/a.py:11\n"
        "4   1.0 ms  select 4\n"
        "revision b|c\n"
        "            versions/b|c.py:7\n"
        "5   1.0 ms  select 5\n"
        "of no revision\n"
        "6   1.0 ms  select 6\n"
        "6 statements, 0 transactions of the command's own\n"
    )


def test_markdown(trace: Trace) -> None:
    text = render_trace_markdown(trace)
    assert [line for line in text.splitlines() if line.startswith("###")] == [
        "### revision a",
        "### revision b\\|c",
        "### of no revision",
    ]
    assert text.startswith("| # | statement | time | what it did |\n")
    assert "| 2 | versions/a.py:10<br>`select 2` |" in text
    assert "| 3 | `select 3` |" in text
    assert "| 5 | versions/b\\|c.py:7<br>`select 5` |" in text


def test_markdown_of_nothing_is_a_conclusion() -> None:
    assert (
        render_trace_markdown(Trace()).strip()
        == "0 statements, 0 transactions of the command's own"
    )


@pytest.fixture
def hostile() -> Trace:
    table = Relation(20000, "public", "a|b`c\x1b[31m\r\n## x", "table")
    lock = LockFact(table, LockMode.ACCESS_EXCLUSIVE, Method.MEASURED, 0.1)
    made = ObjectFact("type", "<b>k\x9b|\u202e", "created", Method.MEASURED)
    statement = _statement(1, "r|1\n## boo\x1b[31m", None, objects=(made,), locks=(lock,))
    return Trace((replace(statement, sql=("alter table `a|b\x1b\n\\|",)),))


def test_no_name_writes_to_the_terminal(hostile: Trace) -> None:
    stream = io.StringIO()
    render_trace_text(hostile, stream, verbose=True)
    assert all(line.isprintable() for line in stream.getvalue().split("\n"))
    assert "\nrevision r|1\\n## boo\\x1b[31m\n" in "\n" + stream.getvalue()
    assert len(stream.getvalue().split("\n")) == 1 + 1 + 2 + 2 + 1 + 1


def test_no_name_breaks_a_table(hostile: Trace) -> None:
    text = render_trace_markdown(hostile)
    lines = text.split("\n")
    assert all(line.isprintable() for line in lines)
    assert [line for line in lines if line.startswith("#")] == [lines[0]]
    borders = [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")]
    assert borders == [5] * 3 + [8] * 3
    assert "<b>" not in text


def test_json(trace: Trace) -> None:
    data = json.loads(render_trace_json(trace, server="PostgreSQL 18", status=0))
    second, third = data["statements"][1:3]
    assert second["label"] == "a"
    assert second["place"]["line"] == 10
    assert second["place"]["file"].endswith("versions/a.py")
    assert second["rewrites"][0]["reason"] == "type of column a changes"
    assert third["objects"][0] == {
        "kind": "type",
        "name": "public.mood",
        "change": "created",
        "method": "measured",
    }
    assert data["statements"][0]["place"] is None
