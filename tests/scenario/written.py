# SPDX-License-Identifier: Apache-2.0
"""Projects made by Alembic's own templates, for revisions to be written into."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

from bedstone.evolve import Order, Written, write_revision
from bedstone.project import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.server import Scratch

HEAD = """\
from sqlalchemy import *
from sqlalchemy import event
metadata = MetaData(naming_convention={"ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})
"""
#: Two tables, and what they become: of every kind of statement that needs a place of its own.
BEFORE = """
Table("customer", metadata, Column("id", BigInteger, primary_key=True), Column("email", Text))
Table("orders", metadata, Column("id", BigInteger, primary_key=True), Column("amount", Integer),
      Column("customer_id", BigInteger))
"""
AFTER = """
Table("customer", metadata, Column("id", BigInteger, primary_key=True),
      Column("email", Text, nullable=False, unique=True))
Table("orders", metadata, Column("id", BigInteger, primary_key=True),
      Column("amount", Integer, index=True), Column("customer_id", ForeignKey("customer.id")),
      Column("Größe", Text, server_default="100% :note: 'q' \\\\: a\\\\b \\"x\\""),
      CheckConstraint("amount::text not like '5%' and amount::text <> ':x'", name="odd"),
      comment="it's :all 100%\\n  two lines\\t\\n")
event.listen(metadata, "after_create", DDL('''
create function said() returns text language plpgsql as $$
begin
   -- of :whom
   return 'a %% b " \\\\: c :d';
end $$'''))
"""


def alembic(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Alembic's own command."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *words],
        cwd=folder,
        env=os.environ | env,
        check=False,
        capture_output=True,
        text=True,
    )
    print(done.stdout[-2000:], done.stderr[-4000:], file=sys.stderr)
    return done


@dataclass
class Made:
    """A project in a folder."""

    root: Path
    driver: str = "psycopg"

    @classmethod
    def by_template(cls, root: Path, template: str = "generic", driver: str = "psycopg") -> Made:
        """Make one as ``alembic init`` does, with its env.py led to the models and the address."""
        alembic(root, "init", "-t", template, "migrations")
        made = cls(root, driver)
        env = root / "migrations/env.py"
        text = env.read_text(encoding="utf-8")
        text = text.replace("target_metadata = None", "target_metadata = models.metadata")
        address = 'config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"])'
        text = text.replace("config = context.config\n", f"config = context.config\n{address}\n")
        env.write_text("import os\nimport models\n" + text, encoding="utf-8")
        return made

    def models(self, text: str) -> None:
        """Write the models."""
        (self.root / "models.py").write_text(HEAD + dedent(text), encoding="utf-8")

    def revision(self, name: str, down: str | None, upgrade: str = "pass", **more: str) -> None:
        """Write a revision by hand."""
        path = self.root / "migrations/versions" / f"{name}.py"
        path.write_text(
            f'"""{name}."""\nfrom alembic import op\nrevision = {name!r}\n'
            f"down_revision = {down!r}\n{more.get('head', '')}\n"
            f"def upgrade():\n    {upgrade}\n\ndef downgrade():\n    pass\n",
            encoding="utf-8",
        )

    def ini(self, old: str, new: str) -> None:
        """Change the ini file."""
        path = self.root / "alembic.ini"
        text = path.read_text(encoding="utf-8")
        assert re.search(old, text, re.MULTILINE)
        path.write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE), encoding="utf-8")

    def write(self, message: str, *, consent: bool = True, **order: object) -> Written:
        """Write the revision that is missing."""
        project = resolve(str(self.root), cwd=self.root)
        asked = Order(message, **order)  # type: ignore[arg-type]
        return write_revision(project, asked, consent=lambda _: consent)

    def alembic(self, scratch: Scratch, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Alembic's own command on a database."""
        url = scratch.dsn.url(self.driver)
        return alembic(self.root, *words, DATABASE_URL=url, PYTHONDONTWRITEBYTECODE="1")

    def files(self) -> frozenset[str]:
        """Return all that is in the project but what Python compiled."""
        paths = (path.relative_to(self.root) for path in self.root.rglob("*"))
        return frozenset(str(path) for path in paths if "__pycache__" not in path.parts)
