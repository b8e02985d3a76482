# SPDX-License-Identifier: Apache-2.0
"""What is written into a revision reaches the server as it was planned."""

from __future__ import annotations

import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from textwrap import indent
from types import SimpleNamespace

import postgast
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import asyncpg, psycopg, psycopg2

from bedstone.evolve.python import literal, render_body, render_plain
from bedstone.evolve.sql import render_file
from bedstone.evolve.step import Step
from bedstone.plan import Transaction
from bedstone.sql import quote_identifier, quote_literal

RUFF = Path(sys.executable).with_name("ruff")
DIALECTS = (psycopg.dialect(), psycopg2.dialect(), asyncpg.dialect())

texts = st.text(
    st.sampled_from("a :%\\'\"\n\t\r;$ü\u2028\x07x{}") | st.characters(codec="utf-8"), max_size=40
).filter(lambda text: "\0" not in text)
names = texts.filter(bool).map(quote_identifier)
literals = texts.map(quote_literal)
statements = st.builds(
    lambda name, text, tail: f"comment on table public.{name} is {text}{tail}",
    names, literals, st.sampled_from(["", "\n", " -- :end\n", " /* :x % */"]),
) | st.builds(
    lambda text, name: f"create function f()\nreturns text\nas $b${text}$b$\nlanguage {name}",
    texts.filter(lambda text: "$" not in text), names,
) | st.builds(
    lambda columns: f"create table t ({', '.join(columns)})",
    st.lists(names.map(lambda name: f"{name} text"), min_size=1, max_size=12),
)  # fmt: skip


def sent(body: str) -> list[str]:
    """Return what a body hands to each driver, as the server then reads it."""
    found: list[str] = []

    def execute(given: object) -> None:
        clause = sa.text(given) if isinstance(given, str) else given
        for dialect in DIALECTS:
            said = str(clause.compile(dialect=dialect))  # type: ignore[attr-defined]
            doubled = dialect.paramstyle in {"pyformat", "format"}
            found.append(said.replace("%%", "%") if doubled else said)

    code = f"def upgrade():\n    {body}\n"
    namespace: dict[str, object] = {"op": SimpleNamespace(execute=execute), "DDL": sa.DDL}
    exec(compile(code, "revision.py", "exec"), namespace)  # noqa: S102  it is what Alembic does
    namespace["upgrade"]()  # type: ignore[operator]
    return found


def words(sql: str) -> list[str]:
    data = sql.encode()
    return [data[t.start : t.end].decode() for t in postgast.scan(sql).tokens]


@given(statements)
def test_every_driver_is_sent_what_was_planned(sql: str) -> None:
    for said in sent(render_body([Step(sql)])):
        assert words(said) == words(sql)


@given(statements)
def test_a_body_that_is_moved_sideways_sends_the_same(sql: str) -> None:
    """As Alembic moves what its autogenerate renders, blanks at the end of lines cut off."""
    moved = "\n".join(
        line.rstrip(" ") for line in indent(render_plain([Step(sql)]), "    ").split("\n")
    )
    for said in sent(moved.strip()):
        assert words(said) == words(sql)


@given(texts)
def test_a_literal_of_python_is_its_text(text: str) -> None:
    assert literal_eval(literal(text)) == text


@given(st.lists(st.tuples(statements, texts), min_size=1, max_size=3))
def test_a_file_holds_its_statements(parts: list[tuple[str, str]]) -> None:
    text = render_file([Step(sql, (comment,)) for sql, comment in parts])
    statements = [s for s in postgast.split(text) if words(s.strip(" \n;"))]
    assert [words(s) for s in statements] == [words(sql) for sql, _ in parts] or any(
        ";" in sql or "\r" in sql for sql, _ in parts
    )


LONG = "alter table public.orders add constraint " + "long_" * 11 + "name check (amount > 0 and "
STEPS = [
    Step("alter table t drop column a", ("ACCESS EXCLUSIVE on public.t; " + "why " * 30,)),
    Step(LONG + "note <> ':x')"),
    Step(LONG + "note <> 'a\\b')"),
    Step("comment on table t is 'it''s \"x\"'"),
    Step('create index "x" on t (a)', transaction=Transaction.NONE),
    Step("create function f() returns int as $$\nbegin\n  return 'x:y %';\nend $$ language sql"),
    Step("comment on table t is 'tab\t'"),
    *(Step(f"comment on table t is '{'x' * n}:y\t'") for n in range(25, 60)),
    *(Step(f"comment on table t is '{'x' * n}\t'") for n in range(35, 60)),
    Step("comment on table t is '" + "long\t" * 30 + "\n:two'"),
]


def test_formatters_have_nothing_to_change() -> None:
    body = render_body(STEPS)
    code = f'def upgrade() -> None:\n    """Upgrade."""\n    {body}\n'
    done = subprocess.run(
        [RUFF, "format", "--isolated", "--diff", "-"],
        input=code, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""


@pytest.mark.parametrize("steps", [STEPS[:1], STEPS[4:5], STEPS])
def test_files_say_in_what_transaction_they_run(steps: list[Step]) -> None:
    is_alone = any(step.alone for step in steps)
    assert render_file(steps).startswith("-- bedstone: no-transaction\n") is is_alone
