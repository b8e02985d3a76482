# SPDX-License-Identifier: Apache-2.0
"""Statements change places only where nothing can depend on it."""

from __future__ import annotations

from bedstone.catalog import Attributes, Catalog, Key, Object
from bedstone.evolve.order import brought_together
from bedstone.plan import Hazard, Statement, Transaction

TABLES = ("orders", "customer")
CATALOG = Catalog(
    {
        key: Object(key, Attributes.of(key.kind, {}))
        for key in (*(Key("table", "public", t) for t in TABLES), Key("schema", None, "public"))
    },
    180000,
)


def statements(*texts: str) -> list[Statement]:
    """Read statements: one with a star stands alone."""
    return [
        Statement(
            text.lstrip("*"),
            Key("column", "public", f"c{number}", "orders"),
            transaction=Transaction.NONE if text[0] == "*" else Transaction.SHARED,
        )
        for number, text in enumerate(texts)
    ]


def order(*texts: str) -> list[str]:
    found = brought_together(statements(*texts), CATALOG)
    shown = found if found is not None else statements(*texts)
    return [("*" if s.transaction is Transaction.NONE else "") + s.sql for s in shown]


ADD = "alter table public.customer add constraint k check (a > 0) not valid"
VALIDATE = "*alter table public.customer validate constraint k"
NULL = "alter table public.orders alter column z set not null"
INDEX = "*create index concurrently i on public.orders (y)"


def test_what_stands_alone_goes_together() -> None:
    """Two revisions in place of three."""
    assert order(ADD, VALIDATE, NULL, INDEX) == [INDEX, ADD, NULL, VALIDATE]


def test_what_names_the_same_stays_in_order() -> None:
    for texts in (
        (ADD, VALIDATE, "alter table public.customer drop constraint k"),
        ("alter table public.orders add column y text", INDEX),
        ("create function f() returns int as $$ select y from orders $$", INDEX),
        ('alter table public.orders rename column "Y" to y', INDEX),
    ):
        assert order(*texts) == list(texts)


def test_a_way_that_goes_on_while_rows_are_written_stays_as_it_is() -> None:
    """Values are filled beside and swapped: each part leans on those before, whatever it names."""
    texts = (
        "alter table public.orders add column beside bigint",
        'create trigger "~kept" before insert on public.orders execute function public.kept()',
        "*do $$ begin update public.orders set beside = a; end $$",
        'drop trigger "~kept" on public.orders',
        "alter table public.orders drop column a",
    )
    assert order(*texts) == list(texts)


def test_nothing_moves_where_a_statement_blocks() -> None:
    found = statements(ADD, VALIDATE, NULL, INDEX)
    blocking = Statement("cluster x", Key("table", "public", "x"), hazards=(Hazard.BLOCKS,))
    assert brought_together([*found, blocking], CATALOG) is None
