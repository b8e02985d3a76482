# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what a user gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import bedstone, timeless
from planted import ENV, INI, sql, write_revision
from test_since import commit, git

README = Path(__file__).parents[2] / "README.md"

MODELS = """\
from sqlalchemy import BigInteger, Enum, Identity, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


{model}
    amount: Mapped[int] = mapped_column(server_default=text("0"))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The README's model, and a branch with two new revisions that do not suit it."""
    model = re.search(r"```python\n(class Order.*?)\n```", README.read_text(), re.DOTALL)
    assert model
    folder = tmp_path / "shop"
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "models.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
    )
    write_revision(
        versions,
        "0001",
        None,
        sql(
            "create table orders (id bigint generated always as identity primary key, "
            "amount integer not null default 5)"
        ),
        sql("drop table orders"),
    )
    git(folder, "init", "-qb", "main")
    commit(folder)
    git(folder, "update-ref", "refs/remotes/origin/main", "main")
    (folder / "models.py").write_text(MODELS.format(model=model[1]))
    write_revision(
        versions,
        "0002",
        "0001",
        sql(
            "create type order_state as enum ('new', 'paid')",
            "alter table orders add column state order_state not null default 'new'",
            "alter table orders alter column state drop default",
        ),
        sql("alter table orders drop column state"),
    )
    write_revision(
        versions,
        "0003",
        "0002",
        sql("alter table orders add column note varchar not null"),
        sql("alter table orders drop column note"),
    )
    for name, word in (("0002", "state"), ("0003", "note")):
        (versions / f"{name}_planted.py").rename(versions / f"{name}_{word}.py")
    return folder


def test_the_first_screen_is_real(shop: Path) -> None:
    shown = re.search(r"\$ uvx (bedstone .*?)\n(.*?)\n```", README.read_text(), re.DOTALL)
    assert shown
    done = bedstone(shop, *shown[1].split()[1:])
    assert timeless(done.stdout) == timeless(shown[2] + "\n")
    assert (done.returncode, done.stderr) == (1, "")


def test_every_file_that_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text()):
        assert target.startswith("https://") or (README.parent / target).exists(), target
