# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedstone.errors import DependencyMissing, ModelsUnusable
from bedstone.history import open_history
from bedstone.project import resolve

if TYPE_CHECKING:
    from bedstone.server import Scratch
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
