# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedstone.catalog import read_catalog
from bedstone.errors import DependencyMissing, ModelsUnusable
from bedstone.history import open_history
from bedstone.plan import model_renames, rename
from bedstone.project import resolve

if TYPE_CHECKING:
    from bedstone.server import Scratch, Workspace
    from conftest import Sample

MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase):
    pass
class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.Integer, primary_key=True)
    state = sa.Column(sa.Enum("new", "paid", name="order_state"), index=True)
other = sa.MetaData()
sa.Table("far", other, sa.Column("id", sa.Integer), schema="away")
both = [Base.metadata, other]
nothing = 3
"""


@pytest.mark.parametrize(
    "options",
    ["target_metadata=models.both", "transaction_per_migration=True, target_metadata=models.both"],
)
def test_models_are_created_and_committed_whatever_the_transaction_mode(
    sample: Sample, scratch: Scratch, options: str
) -> None:
    sample.write("models.py", MODELS)
    sample.env(imports="import models", options=options)
    sample.table("a")
    with sample.open(scratch) as history:
        assert history.has_models
        run = history.create_models(scratch)
    assert run.error is None
    assert sample.tables(scratch) == {"orders"}
    with scratch.connect() as connection:
        row = connection.execute(
            "select to_regclass('away.far') is not null, to_regtype('order_state') is not null,"
            " to_regclass('alembic_version') is null"
        ).fetchone()
    assert row == (True, True, True)
    tables = {table["name"]: table for metadata in run.result for table in metadata["tables"]}
    assert tables["orders"]["columns"] == ["id", "state"]
    assert tables["orders"]["indexes"] == ["ix_orders_state"]
    assert tables["far"]["schema"] == "away"
    enums = [enum for metadata in run.result for enum in metadata["enums"]]
    assert enums == [{"schema": None, "name": "order_state", "values": ["new", "paid"]}]


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_models_are_created_through_async_drivers(
    sample: Sample, scratch: Scratch, driver: str
) -> None:
    sample.write("models.py", MODELS)
    sample.write(
        "migrations/env.py",
        "import asyncio, models\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        "from alembic import context\n"
        "def run(connection):\n"
        "    context.configure(connection=connection, target_metadata=models.both)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
        "async def main():\n"
        "    engine = create_async_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "    async with engine.connect() as connection:\n"
        "        await connection.run_sync(run)\n"
        "    await engine.dispose()\n"
        "asyncio.run(main())\n",
    )
    sample.table("a")
    with sample.open(scratch, driver=driver) as history:
        run = history.create_models(scratch)
    assert run.error is None, run.error
    assert sample.tables(scratch) == {"orders"}


def test_models_that_cannot_be_created(sample: Sample, scratch: Scratch) -> None:
    sample.write("models.py", MODELS.replace("sa.Integer,", "sa.Integer, server_default='nope(',"))
    sample.env(imports="import models", options="target_metadata=models.Base.metadata")
    sample.write(
        "models.py", MODELS + "sa.Index('bad', sa.text('nope(id)'), _table=Order.__table__)"
    )
    sample.table("a")
    with sample.open(scratch) as history:
        error = history.create_models(scratch).error
    assert error is not None
    assert error.sqlstate == "42883"
    assert error.statement is not None
    assert error.statement.startswith("CREATE INDEX")


def test_a_project_without_target_metadata_has_no_models(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    with sample.open(scratch) as history:
        assert not history.has_models


def test_what_is_no_metadata_is_told_and_left_out(sample: Sample, scratch: Scratch) -> None:
    sample.write("models.py", MODELS)
    sample.env(imports="import models", options="target_metadata=[models.other, models.Base, int]")
    sample.table("a")
    with sample.open(scratch) as history:
        assert any("<class 'int'>" in note for note in history.notes)
        assert history.create_models(scratch).ok
    assert sample.tables(scratch) == {"orders"}


def test_models_that_the_settings_name_go_before_env_pys(sample: Sample, scratch: Scratch) -> None:
    sample.write("models.py", MODELS)
    sample.table("a")
    with sample.open(scratch, models="models:Base") as history:
        assert history.has_models
        assert history.create_models(scratch).ok
    assert sample.tables(scratch) == {"orders"}


@pytest.mark.parametrize("name", ["models:Base", "models:Base.metadata", "models:both"])
def test_models_alone(sample: Sample, scratch: Scratch, name: str) -> None:
    sample.write("models.py", MODELS)
    project = resolve(name, cwd=sample.root)
    assert project.kind == "models"
    with open_history(project, scratch) as history:
        assert history.revisions == ()
        assert history.has_models
        assert history.create_models(scratch).ok
    assert sample.tables(scratch) == {"orders"}


@pytest.mark.parametrize(
    ("name", "cls", "says"),
    [
        ("models:Bass", ModelsUnusable, "Did you mean Base"),
        ("models:nothing", ModelsUnusable, "models:nothing is a int"),
        ("modells:Base", DependencyMissing, "modells"),
    ],
)
def test_models_that_are_none(
    sample: Sample, scratch: Scratch, name: str, cls: type[Exception], says: str
) -> None:
    sample.write("models.py", MODELS)
    with pytest.raises(cls, match=says), open_history(resolve(name, cwd=sample.root), scratch):
        pass


def test_the_projects_filters_are_asked(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "filters.py",
        "def names(name, kind, parents):\n    return name != 'skipped'\n"
        "def objects(thing, name, kind, reflected, other):\n"
        "    return not (kind == 'table' and reflected and 'legacy' in thing.c)\n",
    )
    sample.env(
        imports="import filters",
        options="include_name=filters.names, include_object=filters.objects",
    )
    sample.table("a")
    with scratch.connect() as connection:
        connection.execute("create table skipped (id int)")
        connection.execute("create table old (id int, legacy int)")
        connection.execute("create table kept (id int)")
    names = [("public", name) for name in ("skipped", "old", "kept")]
    with sample.open(scratch) as history:
        assert history.filtered(scratch, [*names, ("other", "t")]) == {
            ("public", "skipped"),
            ("public", "old"),
            ("other", "t"),
        }


def test_tables_of_the_models_are_asked_about_in_every_schema(
    sample: Sample, scratch: Scratch
) -> None:
    """Without include_schemas Alembic looks at one schema of the database, and at all models."""
    sample.table("a")
    sample.write(
        "models.py",
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('ours', metadata, sa.Column('id', sa.Integer), schema='other')\n",
    )
    sample.env(imports="from models import metadata", options="target_metadata=metadata")
    with sample.open(scratch) as history:
        asked = [("other", "ours"), ("other", "theirs")]
        assert history.filtered(scratch, asked) == {("other", "theirs")}


RENAMED = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column
class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={"pk": "pk_%(table_name)s"},
        info={"renames": ["type public.mood=feeling", "sequence public.a=b", "type public.x=y"]},
    )
class Person(Base):
    __tablename__ = "persons"
    id = mapped_column(sa.Integer, primary_key=True)
    name = mapped_column(sa.Text, info={"renamed_from": "nm"})
    feeling = mapped_column(
        sa.Enum("blue", "ok", name="feeling"), info={"renamed_values": {"sad": "blue"}}
    )
    __table_args__ = (
        sa.CheckConstraint("name <> ''", name="named", info={"renamed_from": "has_name"}),
        sa.UniqueConstraint("name", info={"renamed_from": "once"}),
        sa.Index("Persons name", "name", info={"renamed_from": "by_name"}),
        {"info": {"renamed_from": "people"}},
    )
"""
OLD = """create type mood as enum ('sad', 'ok'); create sequence a;
create table people (id serial constraint pk_persons primary key, nm text, feeling mood,
  constraint has_name check (nm <> ''), constraint once unique (nm));
create index by_name on people (nm); insert into people values (1, 'Ann', 'sad')"""


def test_models_tell_what_was_called_otherwise(
    sample: Sample, scratch: Scratch, workspace: Workspace
) -> None:
    """As long as the old name is there; then the hint may stay in the models and says nothing."""
    sample.write("models.py", RENAMED)
    sample.env(imports="import models", options="target_metadata=models.Base.metadata")
    sample.table("z")
    with sample.open(scratch) as history:
        described = history.create_models(scratch).result
    with scratch.connect(autocommit=True) as session:
        session.execute("create sequence b")
        b = read_catalog(session)
    live = workspace.scratch("live")
    with live.connect(autocommit=True) as session:
        session.execute(OLD.encode())
        told = model_renames(described, read_catalog(session))
        assert sorted(map(str, told.renames)) == [
            "column public.people.nm=name",
            "constraint has_name on public.people=named",
            'index public.by_name="Persons name"',
            "sequence public.a=b",
            "table public.people=persons",
            "type public.mood=feeling",
            "value public.mood.sad=blue",
        ]
        assert told.notes == (
            "the models say type public.x=y: FROM has neither",
            "constraint once of persons: the models do not say its new name",
        )
        found = rename(read_catalog(session), b, told.renames, workspace.server)
        for statement in found.there:
            session.execute(statement.sql.encode())
        # the name that PostgreSQL gave to the constraint without one follows without a word
        assert [s.sql for s in found.there if " once " in s.sql] == [
            "alter table public.persons rename constraint once to persons_name_key"
        ]
        assert found.plan().statements == found.there
        assert session.execute("select name, feeling from persons").fetchall() == [("Ann", "blue")]
        later = model_renames(described, read_catalog(session))
        assert later.renames == ()
        session.execute("create sequence a; alter table persons add nm text")
        both = model_renames(described, read_catalog(session))
        assert both.renames == ()
        assert (
            both.notes[0]
            == "sequence public.a is not renamed as the models say: b is there as well"
        )
        assert both.notes[2].startswith("column public.persons.nm is not renamed")
