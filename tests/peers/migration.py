# SPDX-License-Identifier: Apache-2.0
"""One migration, as statements, and the files in which each tool has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = """
create type state as enum ('new', 'paid');
create table customer (id int primary key, email varchar(80), age int);
create table purchase (id int primary key, customer int, total int, state state, gone text);
create index purchase_total on purchase (total);
insert into customer select g, 'c' || g, 20 from generate_series(1, 40) g;
insert into purchase select g, g, g, 'new', 'x' from generate_series(1, 40) g;
alter table customer set (autovacuum_enabled = off);
alter table purchase set (autovacuum_enabled = off);
analyze customer, purchase;
"""
STATEMENTS = (
    (
        "create table address (id bigint generated always as identity primary key,\n"
        "    customer int not null references customer (id), street text)"
    ),
    "create index address_customer on address (customer)",
    "create unique index customer_email on customer (email)",
    "alter table purchase alter column total type bigint",
    "alter table purchase add column token uuid default gen_random_uuid()",
    "alter table purchase alter column customer set not null",
    "alter table purchase add constraint purchase_positive check (total > 0)",
    (
        "alter table purchase add constraint purchase_customer foreign key (customer) "
        "references customer (id)"
    ),
    "alter type state add value 'sent'",
    "insert into address (customer, street) select id, 'unknown' from customer where id <= 30",
    "update purchase set total = total * 100 where id > 10",
    "alter table purchase drop column gone",
    "create view open_purchase as select id, total from purchase where state = 'new'",
    (
        "create function total_of(who int) returns bigint language sql stable\n"
        "    as $$ select sum(total) from purchase where customer = who $$"
    ),
    (
        "do $$ begin update customer set age = age + 1 where id <= 5; "
        "execute 'create index customer_age on customer (age)'; end $$"
    ),
    "truncate address",
)
#: The tables in which the tools keep their own books.
BOOKS = ("alembic_version", "knex_migrations", "flyway_schema_history")

_ENV_PY = """
import os
import sqlalchemy as sa
from alembic import context

engine = sa.create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def write_sql(path: Path, *, transaction: bool) -> Path:
    """Write the statements as one file."""
    words = ("begin", *STATEMENTS, "commit") if transaction else STATEMENTS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{sql};\n\n" for sql in words))
    return path


def write_alembic(folder: Path) -> Path:
    """Write an Alembic project of one revision and return its ini file."""
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(_ENV_PY)
    calls = "".join(f"    op.execute({sql!r})\n" for sql in STATEMENTS)
    (folder / "versions" / "a1_shop.py").write_text(
        "from alembic import op\nrevision = 'a1'\ndown_revision = None\n\n\n"
        f"def upgrade():\n{calls}\n\ndef downgrade():\n    pass\n"
    )
    ini = folder / "alembic.ini"
    ini.write_text(f"[alembic]\nscript_location = {folder}\n")
    return ini
