# SPDX-License-Identifier: Apache-2.0
"""A developer takes the blueprint ``ads`` through its life with plain Alembic."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

import bedstone.blueprints.ads
from bedstone.blueprints.ads.models import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(bedstone.blueprints.ads.__file__).parent
INI = FOLDER / "alembic.ini"
NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"

REVISIONS = [
    "001_create_enum_types",
    "002_create_users_table",
    "003_create_brands_table",
    "004_create_ad_projects_table",
    "005_create_chat_messages_table",
    "006_create_scripts_table",
    "007_create_generation_jobs_table",
    "008_create_lora_models_table",
]


def alembic(
    *arguments: str, ini: Path = INI, database_url: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Alembic's own command, from a folder that has nothing to do with the project."""
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if database_url is not None:
        env["DATABASE_URL"] = database_url
    return subprocess.run(
        [sys.executable, "-m", "alembic", "-c", str(ini), *arguments],
        capture_output=True,
        text=True,
        env=env,
        cwd=ini.parent.parent,
        check=False,
    )


def succeed(*arguments: str, **more: Any) -> str:
    done = alembic(*arguments, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tables(scratch: Any) -> set[str]:
    with psycopg.connect(scratch.dsn.url()) as connection:
        found = connection.execute(
            "select relname from pg_catalog.pg_class "
            "where relnamespace = 'public'::regnamespace and relkind = 'r'"
        ).fetchall()
    return {name for (name,) in found}


def execute(scratch: Any, *statements: str) -> None:
    with psycopg.connect(scratch.dsn.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def dump(server: Any, scratch: Any) -> str:
    assert server.pg_dump is not None, "these tests compare what pg_dump writes"
    text: str = server.pg_dump.run(scratch.dsn)
    return text


def create_models(scratch: Any) -> None:
    engine = create_engine(scratch.dsn.url("psycopg"), poolclass=NullPool)
    metadata.create_all(engine)
    metadata.create_all(engine)  # a second time finds everything in place
    engine.dispose()


@pytest.fixture
def two(server: Any) -> Iterator[tuple[Any, Any]]:
    """Two empty databases."""
    with server.workspace("ads-two") as workspace:
        yield workspace.scratch("one"), workspace.scratch("other")


# --- the history -------------------------------------------------------------------------------


def test_the_history_is_the_eight_revisions_in_order() -> None:
    """Each in a file of its own name, and each says what it does."""
    script = ScriptDirectory.from_config(Config(INI))
    revisions = list(script.walk_revisions("base", "heads"))[::-1]
    assert [revision.revision for revision in revisions][: len(REVISIONS)] == REVISIONS
    assert len(script.get_heads()) == 1
    for revision in revisions:
        assert Path(revision.path).stem == revision.revision
        assert len(revision.revision) <= 32, "alembic_version.version_num is varchar(32)"
        assert len(revision.longdoc.splitlines()) > 4, revision.revision


def test_a_newcomer_has_the_schema_in_under_ten_seconds(scratch: Any) -> None:
    """By one command, and a second run changes nothing."""
    address = f"url={scratch.dsn.url()}"
    began = time.perf_counter()
    succeed("-x", address, "upgrade", "head")
    assert time.perf_counter() - began < 10
    assert tables(scratch) == {*metadata.tables, "alembic_version"}
    again = alembic("-x", address, "upgrade", "head")
    assert again.returncode == 0
    assert "Running upgrade" not in again.stderr


def test_up_down_and_up_again_leaves_the_same_database(server: Any, scratch: Any) -> None:
    address = f"url={scratch.dsn.url()}"
    succeed("-x", address, "upgrade", "head")
    first = dump(server, scratch)
    succeed("-x", address, "downgrade", "base")
    assert tables(scratch) == {"alembic_version"}
    assert "CREATE TYPE" not in dump(server, scratch)
    succeed("-x", address, "upgrade", "head")
    assert dump(server, scratch) == first


def test_each_downgrade_undoes_exactly_its_upgrade(server: Any, scratch: Any) -> None:
    engine = create_engine(scratch.dsn.url("psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        config = Config(INI)
        config.attributes["connection"] = connection

        def dump_after(step: Callable[..., None], *to: str) -> str:
            step(config, *to)
            connection.commit()
            return dump(server, scratch)

        before = dump_after(command.ensure_version)
        for revision in REVISIONS:
            after = dump_after(command.upgrade, revision)
            assert after != before, revision
            assert dump_after(command.downgrade, "-1") == before, revision
            assert dump_after(command.upgrade, revision) == after, revision
            before = after
    engine.dispose()


def test_the_sql_of_offline_mode_builds_the_same_database(
    server: Any, two: tuple[Any, Any]
) -> None:
    online, offline = two
    succeed("-x", f"url={online.dsn.url()}", "upgrade", "head")
    execute(offline, succeed("upgrade", "head", "--sql"))
    assert dump(server, offline) == dump(server, online)
    execute(offline, succeed("downgrade", "008_create_lora_models_table:base", "--sql"))
    assert tables(offline) <= {"alembic_version"}
    assert "CREATE TYPE" not in dump(server, offline)


def test_rows_are_in_the_way_of_no_downgrade(server: Any, scratch: Any) -> None:
    address = f"url={scratch.dsn.url()}"
    succeed("-x", address, "upgrade", "head")
    execute(scratch, "insert into users (email, name) values ('ada@example.com', 'Ada')")
    succeed("-x", address, "downgrade", "base")
    assert tables(scratch) == {"alembic_version"}


# --- models and history ------------------------------------------------------------------------


def test_models_and_history_build_the_same_database(server: Any, two: tuple[Any, Any]) -> None:
    """To the last line of pg_dump, index comments and order of the columns included."""
    history, models = two
    succeed("-x", f"url={history.dsn.url()}", "upgrade", "head")
    execute(history, "drop table alembic_version")
    create_models(models)
    assert dump(server, models) == dump(server, history)


def test_a_comment_missing_on_an_index_is_seen(server: Any, two: tuple[Any, Any]) -> None:
    """The comparison above would notice it, and Alembic's check does not."""
    history, models = two
    address = f"url={history.dsn.url()}"
    succeed("-x", address, "upgrade", "head")
    execute(history, "comment on index ix_users_email is null")
    assert "No new upgrade operations" in succeed("-x", address, "check")
    execute(history, "drop table alembic_version")
    create_models(models)
    assert dump(server, models) != dump(server, history)


def test_alembic_check_finds_models_and_history_in_step(scratch: Any) -> None:
    address = f"url={scratch.dsn.url()}"
    succeed("-x", address, "upgrade", "head")
    assert "No new upgrade operations" in succeed("-x", address, "check")
    execute(scratch, "alter table users alter name drop not null")
    assert alembic("-x", address, "check").returncode != 0


def test_dropping_the_models_leaves_nothing(server: Any, scratch: Any) -> None:
    empty = dump(server, scratch)
    create_models(scratch)
    engine = create_engine(scratch.dsn.url("psycopg"), poolclass=NullPool)
    metadata.drop_all(engine)
    engine.dispose()
    assert dump(server, scratch) == empty


# --- the address -------------------------------------------------------------------------------


def copied(folder: Path, url: str = "") -> Path:
    """Copy the project, as its new owner would, and write *url* into its ini file."""
    copy = shutil.copytree(FOLDER, folder / "ads", ignore=shutil.ignore_patterns("__pycache__"))
    ini = copy / "alembic.ini"
    text = ini.read_text(encoding="utf-8")
    assert "\nsqlalchemy.url =\n" in text
    escaped = url.replace("%", "%%")
    ini.write_text(text.replace("\nsqlalchemy.url =\n", f"\nsqlalchemy.url = {escaped}\n"))
    return ini


def test_the_address_of_the_command_line_goes_first(scratch: Any, tmp_path: Path) -> None:
    ini = copied(tmp_path, NOWHERE)
    succeed("-x", f"url={scratch.dsn.url()}", "upgrade", "head", ini=ini, database_url=NOWHERE)
    assert "users" in tables(scratch)


def test_the_address_of_the_ini_file_goes_before_the_environment(
    scratch: Any, tmp_path: Path
) -> None:
    ini = copied(tmp_path, scratch.dsn.url())
    succeed("upgrade", "head", ini=ini, database_url=NOWHERE)
    assert "users" in tables(scratch)


def test_the_address_of_the_environment_is_taken_last(scratch: Any) -> None:
    succeed("upgrade", "head", database_url=scratch.dsn.url())
    assert "users" in tables(scratch)


@pytest.mark.parametrize("driver", [None, "psycopg", "psycopg2"])
def test_an_address_may_name_its_driver(scratch: Any, driver: str | None) -> None:
    succeed("-x", f"url={scratch.dsn.url(driver)}", "upgrade", "head")
    assert "users" in tables(scratch)


def test_without_an_address_the_three_ways_are_named() -> None:
    done = alembic("upgrade", "head")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "no database address" in last
    assert all(way in last for way in ("-x url=", "sqlalchemy.url", "DATABASE_URL"))


# --- the project -------------------------------------------------------------------------------


def test_the_blueprint_is_found_by_its_entry_point_without_loading_its_models() -> None:
    (found,) = (e for e in entry_points(group="bedstone.blueprints") if e.name == "ads")
    assert found.value == "bedstone.blueprints.ads"
    probe = (
        f"import sys, {found.value} as ads; "
        "print(ads.__path__[0], {'sqlalchemy', 'alembic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{FOLDER} set()"


def test_the_models_load_nothing_of_the_workshop() -> None:
    probe = (
        "import sys, bedstone.blueprints.ads.models; "
        "print(sorted(m for m in sys.modules if m.startswith('bedstone.') "
        "and not m.startswith('bedstone.blueprints')))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_ninth_revision_is_written_by_alembic_and_runs(scratch: Any, tmp_path: Path) -> None:
    """From the template: under its own name, and nothing in it to do."""
    ini = copied(tmp_path, scratch.dsn.url())
    succeed("upgrade", "head", ini=ini)
    succeed("revision", "--autogenerate", "--rev-id", "009_try", "-m", "Try", ini=ini)
    text = (ini.parent / "migrations" / "versions" / "009_try.py").read_text(encoding="utf-8")
    assert text.startswith("# SPDX-License-Identifier: Apache-2.0\n")
    assert text.count("    pass\n") == 2
    succeed("upgrade", "head", ini=ini)
    assert "009_try (head)" in succeed("current", ini=ini)
    succeed("downgrade", "-1", ini=ini)
