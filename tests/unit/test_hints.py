# SPDX-License-Identifier: Apache-2.0
"""Renames as users write them: as in SQL, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedstone.catalog import Key
from bedstone.errors import RenameUnreadable
from bedstone.plan import Rename, parse_rename

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=15).filter(
    lambda name: len(name.encode()) <= 63
)
KINDS = ("table", "materialized view", "foreign table", "index", "type", "text search parser")


@given(st.sampled_from(KINDS), NAMES, NAMES, NAMES)
def test_what_is_printed_is_read_again(kind: str, schema: str, name: str, to: str) -> None:
    rename = Rename(Key(kind, schema, name), to)
    assert parse_rename(str(rename)) == rename


@given(st.sampled_from(("column", "value", "constraint", "policy")), NAMES, NAMES, NAMES, NAMES)
def test_parts_are_read_again(kind: str, schema: str, whole: str, name: str, to: str) -> None:
    rename = Rename(Key(kind, schema, name, whole), to)
    assert parse_rename(str(rename)) == rename


@pytest.mark.parametrize(
    ("text", "key", "to"),
    [
        ("table public.People=Persons", Key("table", "public", "people"), "persons"),
        ("TABLE  public . t = n ", Key("table", "public", "t"), "n"),
        ('column public.t."odd.name"=n', Key("column", "public", "odd.name", "t"), "n"),
        ('column public.t."a=b"="c=d"', Key("column", "public", "a=b", "t"), "c=d"),
        ("column s.ÄB.x=Ä", Key("column", "s", "x", "Äb"), "Ä"),
        ("value public.mood.Very sad=So So", Key("value", "public", "Very sad", "mood"), "So So"),
        ('value public.mood."a.b"="c"', Key("value", "public", "a.b", "mood"), "c"),
        ('constraint "x on y" on s.t=z', Key("constraint", "s", "x on y", "t"), "z"),
        ("schema a=b", Key("schema", None, "a"), "b"),
        (
            "function s.f(integer,character varying)=g",
            Key("function", "s", "f", "integer, character varying"), "g",
        ),
        ("procedure s.p()=q", Key("procedure", "s", "p", ""), "q"),
        ("operator family s.o using btree=p", Key("operator family", "s", "o", "btree"), "p"),
    ],
)  # fmt: skip
def test_names_are_read_as_sql_reads_them(text: str, key: Key, to: str) -> None:
    assert parse_rename(text) == Rename(key, to)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("people=persons", "begins with no kind of object"),
        ("role a=b", "begins with no kind of object"),
        ("table people=persons", "its schema is missing, and none is guessed"),
        ("column people.nm=name", "its schema is missing, and none is guessed"),
        ("table a.b.c=d", "a.b.c has 3 names instead of 2"),
        ("table public.people", "it has no new name: a = is missing"),
        ("table public.people=", "a name is missing"),
        ("table public.people=public.persons", "public.persons is no single name"),
        ("table public.my people=x", "my people is no single name"),
        ("constraint public.t.c=x", "what it is on is missing"),
        ("function public.f=g", "the types of its arguments are missing"),
        ("operator class public.f=g", "its access method is missing"),
        ('table public.a=""', "is no single name"),
        (f"table public.a={'ü' * 32}", "the new name has 64 bytes, PostgreSQL keeps 63"),
    ],
)
def test_what_names_nothing_is_refused_with_an_example(text: str, said: str) -> None:
    with pytest.raises(RenameUnreadable) as refused:
        parse_rename(text)
    assert said in str(refused.value)
    hint = refused.value.hint or ""
    assert parse_rename(hint.split("'")[1])


def test_the_refusal_is_told_in_full() -> None:
    with pytest.raises(RenameUnreadable) as refused:
        parse_rename("column people.nm=name")
    assert str(refused.value) == (
        'BED210: rename "column people.nm=name" cannot be read: its schema is missing, and none '
        "is guessed\n  hint: Write it so: --rename 'column public.person.nm=name'"
    )
