# SPDX-License-Identifier: Apache-2.0
"""A small Alembic project, written file by file, and opened on a scratch database."""

from __future__ import annotations

from contextlib import contextmanager
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import pytest

from bedstone.history import open_history
from bedstone.project import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedstone.history import History
    from bedstone.server import Database

INI = """\
[alembic]
script_location = migrations
prepend_sys_path = .
path_separator = os
"""

ENV = """\
from sqlalchemy import engine_from_config, pool
from alembic import context
{imports}
config = context.config
engine = engine_from_config(config.get_section("alembic"), "sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, {options})
    with context.begin_transaction():
        context.run_migrations()
"""


class Sample:
    """An Alembic project in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("alembic.ini", INI)
        self.env()
        (root / "migrations" / "versions").mkdir()

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def env(self, *, imports: str = "", options: str = "target_metadata=None") -> None:
        self.write("migrations/env.py", ENV.format(imports=imports, options=options))

    def revision(
        self,
        name: str,
        down: str | tuple[str, ...] | None = None,
        *,
        upgrade: str = "pass",
        downgrade: str = "pass",
        head: str = "",
        folder: str = "migrations/versions",
        **variables: Any,
    ) -> Path:
        names = "".join(f"{key} = {value!r}\n" for key, value in variables.items())
        text = (
            f'"""Make {name}."""\nfrom alembic import op\nimport sqlalchemy as sa\n{dedent(head)}\n'
            f"revision = {name!r}\ndown_revision = {down!r}\n{names}\n"
            f"def upgrade():\n{indent(dedent(upgrade), '    ')}\n\n"
            f"def downgrade():\n{indent(dedent(downgrade), '    ')}\n"
        )
        return self.write(f"{folder}/{name}.py", text)

    def table(self, name: str, down: str | tuple[str, ...] | None = None, **more: Any) -> Path:
        """Write a revision that makes a table of its own name, and drops it."""
        return self.revision(
            name,
            down,
            upgrade=f'op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))',
            downgrade=f'op.drop_table("{name}")',
            **more,
        )

    @contextmanager
    def open(self, database: Database, progress: Any = None, **settings: Any) -> Iterator[History]:
        project = resolve(str(self.root), overrides=settings, cwd=self.root)
        with open_history(project, database, progress=progress) as history:
            yield history

    @staticmethod
    def tables(database: Database) -> set[str]:
        """Return the tables in schema public but Alembic's own."""
        with database.connect() as connection:
            rows = connection.execute(
                "select tablename from pg_tables where schemaname = 'public'"
                " and tablename <> 'alembic_version'"
            ).fetchall()
        return {row[0] for row in rows}


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return Sample(tmp_path)
