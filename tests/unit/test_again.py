# SPDX-License-Identifier: Apache-2.0
"""Revisions are cut so that each can be run again wherever it was cut off."""

from __future__ import annotations

import pytest

from bedstone.evolve.again import cut, repeatable
from bedstone.evolve.step import Step
from bedstone.plan import Transaction

T = 'public."Odd Name"'


def steps(*texts: str) -> list[Step]:
    """Read steps: one with a star stands alone."""
    kinds = {True: Transaction.NONE, False: Transaction.SHARED}
    return [Step(text.lstrip("*"), transaction=kinds[text[0] == "*"]) for text in texts]


def parts(*texts: str, **given: bool) -> list[list[str]]:
    return [["*" * step.alone + step.sql for step in part] for part in cut(steps(*texts), **given)]


@pytest.mark.parametrize(
    ("sql", "again"),
    [
        (
            f"alter table {T} add column a text",
            [f"alter table {T} add column if not exists a text"],
        ),
        (f"alter table {T} alter column a set not null", ["="]),
        (f"alter table only {T} alter column a drop default", ["="]),
        (f"alter table {T} enable row level security", ["="]),
        (f"comment on table {T} is 'x'", ["="]),
        (
            f'alter table {T} add constraint "c d" check (a > 0) not valid',
            [f'alter table {T} drop constraint if exists "c d"', "="],
        ),
        (
            "create function f() returns int as $$ select 1 $$",
            ["create or replace function f() returns int as $$ select 1 $$"],
        ),
        (f"alter table {T} drop constraint k", [f"alter table {T} drop constraint if exists k"]),
        (f'drop trigger "~k" on {T}', [f'drop trigger if exists "~k" on {T}']),
        ("drop function public.f(integer)", ["drop function if exists public.f(integer)"]),
        (
            "create type public.e as enum ('$$')",
            [
                (
                    "do $body$\nbegin\n    create type public.e as enum ('$$');\n"
                    "exception when duplicate_object then null;\nend\n$body$"
                )
            ],
        ),
        (f"alter table {T} add constraint c unique using index c", None),
        (f"alter table {T} add constraint c foreign key (a) references p (id) not valid", None),
        (f"alter table {T} rename column a to b", None),
        (f"alter table {T} alter column a set data type bigint", None),
        ("create table t (a int)", None),
        ("create constraint trigger k after insert on t execute function f()", None),
    ],
)
def test_what_can_be_repeated(sql: str, again: list[str] | None) -> None:
    found = repeatable(Step(sql), (), with_foreign_keys=False)
    expected = again and [sql if text == "=" else text for text in again]
    assert (found and [step.sql for step in found]) == expected


def test_not_null_and_a_change_of_type_are_one_revision() -> None:
    add = "alter table t add constraint k check (a is not null) not valid"
    assert parts(
        add, "*alter table t validate constraint k",
        "alter table t alter column a set not null", "alter table t drop constraint k",
        "*create index concurrently i on t (a)",
    ) == [[
        "alter table t drop constraint if exists k", add, "*alter table t validate constraint k",
        "alter table t alter column a set not null", "alter table t drop constraint if exists k",
        "*create index concurrently i on t (a)",
    ]]  # fmt: skip


def test_what_cannot_be_repeated_ends_its_revision() -> None:
    rename, index = "alter table t rename column a to b", "*create index concurrently i on t (b)"
    assert parts("comment on table t is 'x'", rename, index, rename) == [
        ["comment on table t is 'x'", rename],
        [index, rename],
    ]


def test_what_others_before_need_is_not_dropped_where_they_may_be_repeated() -> None:
    """The second run would want it."""
    texts = ("alter table t alter column c set default f()", "drop function f()", "*analyze t")
    assert parts(*texts) == [list(texts[:2]), ["*analyze t"]]


def test_a_foreign_key_is_added_again_only_where_that_is_wanted() -> None:
    texts = ("alter table t add constraint k foreign key (a) references p (id) not valid",
             "*alter table t validate constraint k")  # fmt: skip
    assert len(parts(*texts)) == 2
    assert len(parts(*texts, with_foreign_keys=True)) == 1
