# SPDX-License-Identifier: Apache-2.0
"""A database with the blueprint's history in it, and rows to fill it with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, NullPool, RowMapping, create_engine
from sqlalchemy.orm import Session

import bedstone.blueprints.ads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

INI = Path(bedstone.blueprints.ads.__file__).parent / "alembic.ini"


class Rows:
    """Inserts rows by plain SQL, so that what is proven is the database and not the models."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def insert(self, table: str, **values: Any) -> RowMapping:
        """Insert one row and return it as the database completed it."""
        columns = ", ".join(values)
        places = ", ".join(f"%({name})s" for name in values)
        adapted = {
            name: Jsonb(value) if isinstance(value, (dict, list)) else value
            for name, value in values.items()
        }
        result = self.connection.exec_driver_sql(
            f"insert into {table} ({columns}) values ({places}) returning *", adapted
        )
        return result.mappings().one()

    def key(self, table: str, **values: Any) -> UUID:
        """Insert one row and return its key."""
        key: UUID = self.insert(table, **values)["id"]
        return key

    def user(self, email: str = "ada@example.com", **more: Any) -> UUID:
        return self.key("users", **{"email": email, "name": "Ada", **more})

    def brand(self, user: UUID, **more: Any) -> UUID:
        values = {"user_id": user, "title": "Bolt", "description": "Shoes", **more}
        return self.key("brands", **values)

    def project(self, brand: UUID, user: UUID, **more: Any) -> UUID:
        return self.key("ad_projects", **{"brand_id": brand, "user_id": user, **more})

    def message(self, project: UUID, **more: Any) -> UUID:
        values = {"project_id": project, "role": "user", "content": "Hello", **more}
        return self.key("chat_messages", **values)

    def script(self, project: UUID, **more: Any) -> UUID:
        values = {"project_id": project, "storyline": "A run", "scenes": [], **more}
        return self.key("scripts", **values)

    def job(self, project: UUID, script: UUID, **more: Any) -> UUID:
        values = {"project_id": project, "script_id": script, "job_type": "final_export", **more}
        return self.key("generation_jobs", **values)

    def lora_model(self, brand: UUID, **more: Any) -> UUID:
        return self.key("lora_models", **{"brand_id": brand, "model_name": "bolt-1", **more})

    def one_of_each(self, email: str = "ada@example.com") -> dict[str, UUID]:
        """Insert a row into every table, all hanging together; return the keys by table."""
        keys = {"users": self.user(email)}
        keys["brands"] = self.brand(keys["users"])
        keys["ad_projects"] = self.project(keys["brands"], keys["users"])
        keys["chat_messages"] = self.message(keys["ad_projects"])
        keys["scripts"] = self.script(keys["ad_projects"])
        keys["generation_jobs"] = self.job(keys["ad_projects"], keys["scripts"])
        keys["lora_models"] = self.lora_model(keys["brands"])
        return keys

    def there(self, keys: dict[str, UUID]) -> set[str]:
        """Return the tables in which the row of *keys* still is."""
        return {
            table
            for table, key in keys.items()
            if self.connection.exec_driver_sql(
                f"select from {table} where id = %(key)s", {"key": key}
            ).rowcount
        }

    def delete(self, table: str, key: UUID) -> None:
        """Delete one row, in a savepoint, so that a refusal leaves the transaction usable."""
        with self.connection.begin_nested():
            self.connection.exec_driver_sql(f"delete from {table} where id = %(key)s", {"key": key})


@pytest.fixture(scope="module")
def ads_engine(server: Any) -> Iterator[Engine]:
    with server.workspace("ads") as workspace:
        scratch = workspace.scratch("ads")
        engine = create_engine(scratch.dsn.url("psycopg"), poolclass=NullPool)
        with engine.connect() as connection:
            config = Config(INI)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        yield engine
        engine.dispose()


@pytest.fixture
def connection(ads_engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back after the test."""
    with ads_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def rows(connection: Connection) -> Rows:
    return Rows(connection)


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """The ORM on the same transaction: its commit ends a savepoint only."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session
