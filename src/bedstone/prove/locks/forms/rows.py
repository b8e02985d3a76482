# SPDX-License-Identifier: Apache-2.0
"""Rows in batches: each a transaction of its own, along the primary key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.prove.locks.forms.form import Form, Step, long
from bedstone.prove.locks.forms.scene import copy_of, name_of, write
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from typing import Any

    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.ground import Seat

SIZE = 10_000
_LOOP = """\
do $$
declare
    done {table}.{key}%type;
    upto {table}.{key}%type;
begin
    loop
        select {key} into upto from (
            select {key} from {table} where done is null or {key} > done
            order by {key} limit {size}
        ) as batch order by {key} desc limit 1;
        exit when upto is null;
        {statement};
        commit;
        done := upto;
    end loop;
end $$"""
_UPDATE = "update {table} set {column} = {value} where {left}"


def batches(scene: Scene, table: Seat, name: str, statement: str) -> Step | None:
    """Return a loop over *table*; *statement* has ``{range}`` where the batch's condition goes.

    ``None`` where there is no primary key of one column to go along.
    """
    keys = scene.traced.details.primary_key(table.oid)
    if len(keys) != 1:
        return None
    key = quote_identifier(keys[0])
    condition = f"(done is null or {name}.{key} > done) and {name}.{key} <= upto"
    body = statement.replace("{range}", condition)
    return long(_LOOP.format(table=name, key=key, size=SIZE, statement=body))


def backfill(
    scene: Scene, table: Seat, name: str, column: str, *, value: str, left: str | None = None
) -> Step:
    """Return the step that gives *value* to the rows that are *left*: those that have none."""
    column = quote_identifier(column)
    left = left or f"{column} is null"
    update = _UPDATE.format(table=name, column=column, value=value, left=left)
    step = batches(scene, table, name, f"{update} and {{range}}")
    return step or long(f"{update} -- in batches of your own: there is no key to go along")


def rows_form(scene: Scene, kind: str, stmt: Any) -> Form | None:
    """Return an UPDATE or DELETE in batches, ``None`` for any other statement."""
    if kind not in {"update", "delete"}:
        return None
    table = scene.seat(stmt.relation)
    joined = stmt.from_clause if kind == "update" else stmt.using_clause
    words = "do it in batches, each committed by itself"
    if table is None or joined or stmt.HasField("with_clause") or stmt.relation.HasField("alias"):
        return Form(words)
    text = write(f"{kind}_stmt", _without_returning(stmt))
    glue = "AND" if stmt.HasField("where_clause") else "WHERE"
    if stmt.HasField("where_clause"):
        before, _, condition = text.partition(" WHERE ")
        text = f"{before} WHERE ({condition})"
    step = batches(scene, table, name_of(stmt.relation), f"{text} {glue} {{range}}")
    return Form(words, (step,) if step else ())


def _without_returning(stmt: Any) -> Any:
    copy = copy_of(stmt)
    copy.ClearField("returning_clause")
    return copy
