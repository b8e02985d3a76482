# SPDX-License-Identifier: Apache-2.0
"""Types that need functions which need the type: declared, then made; never dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_observed import normal_dump
from plan_applied import bring, observe

from bedstone.errors import NotPlannable
from bedstone.plan import plan

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server

SCHEMA = """
create schema "S s";
create type "S s"."B b";
create function "S s".b_in(cstring) returns "S s"."B b" language internal immutable strict
    as 'textin';
create function "S s".b_out("S s"."B b") returns cstring language internal immutable strict
    as 'textout';
create type "S s"."B b" (input = "S s".b_in, output = "S s".b_out, internallength = variable,
    storage = main, category = 'S', preferred = true, default = 'it''s', delimiter = ';',
    alignment = double);
comment on type "S s"."B b" is 'x';
create type r;
create function canon(r) returns r language internal immutable strict as 'int4range_canonical';
create type r as range (subtype = integer, canonical = canon, multirange_type_name = many);
create table t (b "S s"."B b" default 'y', r r default '[1,3]');
"""


def test_what_is_not_there_is_made(any_server: Server, scratch: Scratch) -> None:
    """A base type with its functions, and a range with a canonical function, used by a table."""
    scratch.reset()
    start = observe(scratch)
    with scratch.connect(autocommit=True) as session:
        session.execute(SCHEMA.encode())
    target, wanted = observe(scratch), normal_dump(scratch.dump() or "")
    scratch.reset()
    bring(scratch, start, target)
    assert normal_dump(scratch.dump() or "") == wanted
    with scratch.connect(autocommit=True) as session:
        row = session.execute("insert into t default values returning b::text, r::text").fetchone()
    assert row == ("y", "[1,4)")
    with pytest.raises(NotPlannable, match=r'type "S s"."B b" is a base type\n.*only CASCADE'):
        plan(target, start)
