# SPDX-License-Identifier: Apache-2.0
"""A project with planted faults, and its mended twin that has none."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool

from models import Base

config = context.config
engine = engine_from_config(
    config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool
)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

INI = """\
[alembic]
script_location = migrations
prepend_sys_path = .
sqlalchemy.url = postgresql+psycopg://nobody:wrong@db.production.invalid/shop
"""


@dataclass(frozen=True)
class Planted:
    """One revision: its upgrade, its right downgrade, and the wrong one with what it is found as.

    A fault in the upgrade itself has its mended form in *mended*.
    """

    name: str
    upgrade: str
    downgrade: str
    wrong: str | None = None
    found: tuple[tuple[str, str], ...] = ()
    mended: str | None = None


def sql(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


NAMES = 'schema "Größe"'
REVISIONS = (
    Planted(
        "0001",
        sql(
            "create type level as enum ('low', 'high')",
            "create table customer (id bigint generated always as identity primary key, "
            "email text not null, tag text, constraint customer_email_key unique (email))",
            "create table orders (id bigint generated always as identity primary key, "
            "customer_id bigint not null constraint orders_customer_fk references customer (id), "
            "amount integer not null default 5, state text, lvl level, "
            "constraint orders_amount_check check (amount > 0))",
            "create index orders_state_idx on orders (state) include (amount) where amount > 1",
            "comment on table orders is 'what was bought'",
            "create function touched() returns integer language sql immutable as 'select 1'",
        ),
        sql(
            "drop function touched()",
            "drop table orders",
            "drop table customer",
            "drop type level",
        ),
    ),
    Planted(
        "0002",
        sql("alter table orders add column note text not null"),
        sql("alter table orders drop column note"),
        found=(("BED306", "column public.orders.note"),),
        mended=sql("alter table orders add column note text not null default ''"),
    ),
    Planted(
        "0003",
        sql(
            "create type order_state as enum ('new', 'paid', 'it''s')",
            "alter table orders add column stage order_state",
        ),
        sql("alter table orders drop column stage", "drop type order_state"),
        sql("alter table orders drop column stage"),
        (("BED310", "type public.order_state"),),
    ),
    Planted(
        "0004",
        sql(
            "create function stamp() returns trigger language plpgsql as 'begin return new; end'",
            "create trigger orders_stamp before update on orders for each row "
            "execute function stamp()",
        ),
        sql("drop trigger orders_stamp on orders", "drop function stamp()"),
        "pass",
        (
            ("BED310", "function public.stamp()"),
            ("BED310", "trigger orders_stamp on public.orders"),
        ),
    ),
    Planted(
        "0005",
        sql(
            "alter table orders enable row level security",
            "create policy orders_owner on orders using (amount > 0)",
        ),
        sql("drop policy orders_owner on orders", "alter table orders disable row level security"),
        "pass",
        (("BED310", "policy orders_owner on public.orders"), ("BED312", "table public.orders")),
    ),
    Planted(
        "0006",
        sql("grant select on customer to public"),
        sql("revoke select on customer from public"),
        "pass",
        (("BED312", "table public.customer"),),
    ),
    Planted(
        "0007",
        sql("alter table customer replica identity full"),
        sql("alter table customer replica identity default"),
        "pass",
        (("BED312", "table public.customer"),),
    ),
    Planted(
        "0008",
        sql("create index orders_amount_idx on orders (amount)"),
        sql("drop index orders_amount_idx"),
        sql("drop index orders_amount_idx", "drop index orders_state_idx"),
        (("BED311", "index public.orders_state_idx"),),
    ),
    Planted(
        "0009",
        sql(
            "create or replace function touched() returns integer language sql immutable "
            "as 'select 2'"
        ),
        sql(
            "create or replace function touched() returns integer language sql immutable "
            "as 'select 1'"
        ),
        "pass",
        (("BED312", "function public.touched()"),),
    ),
    Planted(
        "0010",
        sql("comment on column orders.state is 'where it is'"),
        sql("comment on column orders.state is null"),
        "pass",
        (("BED312", "column public.orders.state"),),
    ),
    Planted(
        "0011",
        'with op.get_context().autocommit_block():\n    op.execute("alter type level add value '
        "'top'\")",
        sql(
            "alter type level rename to level_before",
            "create type level as enum ('low', 'high')",
            "alter table orders alter column lvl type level using lvl::text::level",
            "drop type level_before",
        ),
        "pass",
        (("BED312", "type public.level"),),
    ),
    Planted(
        "0012",
        sql(
            f"create {NAMES}",
            'create table "Größe"."select" (id integer primary key, "a ""b" text)',
            f'create view "Größe"."{"v" * 63}" as select id from "Größe"."select"',
        ),
        sql(
            f'drop view "Größe"."{"v" * 63}"',
            'drop table "Größe"."select"',
            'drop schema "Größe"',
        ),
        sql(f'drop view "Größe"."{"v" * 63}"', 'drop table "Größe"."select"'),
        (("BED310", 'schema "Größe"'),),
    ),
)

MODELS = """\
from sqlalchemy import (
    BigInteger, CheckConstraint, Column, Enum, ForeignKeyConstraint, Identity, Index, Integer,
    MetaData, Table, Text, UniqueConstraint, text,
)
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    metadata = MetaData()


Table(
    "customer", Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("email", Text, nullable=False),
    Column("tag", Text{tag_comment}),
    UniqueConstraint("email", name="customer_email_key"{nulls}),
)
Table(
    "orders", Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", BigInteger, nullable=False),
    Column("amount", {amount}, nullable=False, server_default=text("{default}")),
    Column("state", Text, comment="where it is"{state_nullable}),
    Column("lvl", Enum({labels}, name="level")),
    Column("note", Text, nullable=False{note}),
    Column("stage", Enum("new", "paid", "it's", name="order_state")),
    CheckConstraint("amount > {check}", name="orders_amount_check"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"], name="orders_customer_fk"{action}),
    comment="what was bought",
)
orders = Base.metadata.tables["orders"]
Index("orders_state_idx", orders.c.state, postgresql_include=["{include}"],
      postgresql_where=text("amount > {where}"))
Index("orders_amount_idx", orders.c.amount)
Table(
    "select", Base.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column('a "b', Text),
    schema="Größe",
)
"""

AGREEING = {
    "note": ', server_default=""',
    "tag_comment": "",
    "nulls": "",
    "amount": "Integer",
    "default": "5",
    "state_nullable": "",
    "labels": '"low", "high", "top"',
    "check": "0",
    "action": "",
    "include": "amount",
    "where": "1",
}

#: One change of the models each, with the object that it is found at.
DRIFTS = {
    "tag_comment": (', comment="a tag"', "column public.customer.tag"),
    "nulls": (
        ", postgresql_nulls_not_distinct=True",
        "constraint customer_email_key on public.customer",
    ),
    "amount": ("BigInteger", "column public.orders.amount"),
    "default": ("6", "column public.orders.amount"),
    "state_nullable": (", nullable=False", "column public.orders.state"),
    "labels": ('"high", "low", "top"', "type public.level"),
    "check": ("1", "constraint orders_amount_check on public.orders"),
    "action": (', ondelete="CASCADE"', "constraint orders_customer_fk on public.orders"),
    "include": ("customer_id", "index public.orders_state_idx"),
    "where": ("2", "index public.orders_state_idx"),
}


def write_project(
    folder: Path, *, faulty: bool = False, models: dict[str, str] | None = None, upto: int = 99
) -> Path:
    """Write the project below *folder*, with its faults or mended, and return *folder*."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (folder / "alembic.ini").write_text(INI)
    agreeing = AGREEING | ({"note": ""} if faulty else {})
    (folder / "models.py").write_text(MODELS.format(**agreeing | (models or {})))
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "migrations" / "script.py.mako").write_text("")
    before = None
    for planted in REVISIONS[:upto]:
        upgrade = planted.upgrade if faulty else planted.mended or planted.upgrade
        downgrade = planted.wrong if faulty and planted.wrong else planted.downgrade
        write_revision(versions, planted.name, before, upgrade, downgrade)
        before = planted.name
    return folder


def write_revision(
    versions: Path, name: str, before: str | None, upgrade: str, downgrade: str
) -> None:
    """Write one revision file."""
    body = f"""\
        from alembic import op

        revision = {name!r}
        down_revision = {before!r}


        def upgrade():
        {{upgrade}}


        def downgrade():
        {{downgrade}}
        """
    text = dedent(body).format(upgrade=indent(upgrade, "    "), downgrade=indent(downgrade, "    "))
    (versions / f"{name}_planted.py").write_text(text)
