# SPDX-License-Identifier: Apache-2.0
"""What a target resolves to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bedstone.errors import (
    InterpreterNotFound,
    SettingsInvalid,
    TargetAmbiguous,
    TargetUnknown,
    TargetUnsupported,
)
from bedstone.project import resolve

if TYPE_CHECKING:
    from pathlib import Path

INI = "[alembic]\nscript_location = migrations\n"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_with_an_ini_file(tmp_path: Path) -> None:
    ini = write(tmp_path / "alembic.ini", INI)
    project = resolve(".", cwd=tmp_path)
    assert project.kind == "alembic"
    assert project.root == tmp_path
    assert project.name == tmp_path.name
    (source,) = project.sources
    assert (source.ini, source.cwd) == (ini, tmp_path)
    assert project.python is not None
    assert str(project.python.path) == sys.executable


def test_the_name_of_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "alembic.ini", INI)
    toml = write(tmp_path / "pyproject.toml", '[project]\nname = "shop"\n')
    project = resolve(str(tmp_path))
    assert project.name == "shop"
    assert project.sources[0].toml == toml


def test_tool_alembic_of_pyproject(tmp_path: Path) -> None:
    toml = write(tmp_path / "pyproject.toml", '[tool.alembic]\nscript_location = "x"\n')
    for target in (".", "pyproject.toml"):
        (source,) = resolve(target, cwd=tmp_path).sources
        assert (source.ini, source.toml) == (None, toml)


def test_an_ini_file(tmp_path: Path) -> None:
    """Alembic is called where its relative script location exists."""
    ini = write(tmp_path / "deploy/db.ini", INI)
    (tmp_path / "migrations").mkdir()
    (source,) = resolve("deploy/db.ini", cwd=tmp_path).sources
    assert (source.ini, source.cwd) == (ini, tmp_path)


def test_an_ini_file_deeper_inside(tmp_path: Path) -> None:
    ini = write(tmp_path / "backend/alembic.ini", INI)
    (tmp_path / "backend/migrations").mkdir()
    write(tmp_path / ".venv/lib/alembic.ini", INI)
    write(tmp_path / "node_modules/x/alembic.ini", INI)
    (source,) = resolve(".", cwd=tmp_path).sources
    assert (source.ini, source.cwd) == (ini, tmp_path / "backend")


def test_two_ini_files_are_both_named(tmp_path: Path) -> None:
    write(tmp_path / "one/alembic.ini", INI)
    write(tmp_path / "two/alembic.ini", INI)
    with pytest.raises(TargetAmbiguous) as caught:
        resolve(".", cwd=tmp_path)
    assert "one/alembic.ini, two/alembic.ini" in str(caught.value)
    assert "bedstone prove one/alembic.ini" in str(caught.value)


def test_the_layout_of_flask_migrate(tmp_path: Path) -> None:
    write(tmp_path / "migrations/alembic.ini", "[alembic]\n")
    write(tmp_path / "migrations/env.py")
    (source,) = resolve(".", cwd=tmp_path).sources
    assert source.cwd == tmp_path
    assert source.script_location == str(tmp_path / "migrations")


def test_a_script_location_in_the_settings(tmp_path: Path) -> None:
    write(tmp_path / "bedstone.toml", 'script_location = "shop:migrations"\n')
    (source,) = resolve(".", cwd=tmp_path).sources
    assert (source.ini, source.toml) == (None, None)
    assert source.script_location == "shop:migrations"


def test_a_script_location_as_a_target(tmp_path: Path) -> None:
    (source,) = resolve("shop:storage/migrations", cwd=tmp_path).sources
    assert source.script_location == "shop:storage/migrations"


def test_several_histories(tmp_path: Path) -> None:
    write(
        tmp_path / "bedstone.toml",
        'env = {A = "1"}\n[[histories]]\nname = "shop"\nscript_location = "shop"\n'
        '[[histories]]\nname = "bank"\nscript_location = "bank"\n',
    )
    project = resolve(".", cwd=tmp_path)
    assert [s.name for s in project.sources] == ["shop", "bank"]
    assert all(s.settings.env == {"A": "1"} for s in project.sources)


def test_models(tmp_path: Path) -> None:
    project = resolve("shop.models:Base.metadata", cwd=tmp_path)
    assert (project.kind, project.models) == ("models", "shop.models:Base.metadata")


def test_a_url() -> None:
    project = resolve("postgresql://u:secret@h/shop")
    assert (project.kind, project.name) == ("url", "shop")
    assert "secret" not in repr(project)


def test_a_blueprint_is_found_without_being_imported() -> None:
    before = set(sys.modules)
    project = resolve("ads", cwd=None)
    assert project.kind == "blueprint"
    assert project.root is not None
    assert project.root.name == "ads"
    assert not any(name.startswith("bedstone.blueprints") for name in set(sys.modules) - before)


def test_a_name_of_a_folder_and_a_blueprint(tmp_path: Path) -> None:
    write(tmp_path / "ads/alembic.ini", INI)
    with pytest.raises(TargetAmbiguous) as caught:
        resolve("ads", cwd=tmp_path)
    assert str(tmp_path / "ads") in str(caught.value)
    assert "bedstone.blueprints.ads" in str(caught.value)
    assert resolve("./ads", cwd=tmp_path).kind == "alembic"
    assert resolve("blueprint:ads", cwd=tmp_path).kind == "blueprint"


def test_a_folder_that_is_no_project_does_not_hide_a_blueprint(tmp_path: Path) -> None:
    (tmp_path / "ads").mkdir()
    assert resolve("ads", cwd=tmp_path).kind == "blueprint"


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "backend").mkdir()
    with pytest.raises(TargetUnknown) as caught:
        resolve("backnd", cwd=tmp_path)
    assert "Did you mean backend" in str(caught.value)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(TargetUnknown, match=r"holds no alembic\.ini"):
        resolve(".", cwd=tmp_path)


@pytest.mark.parametrize(
    "folder",
    [
        "",
        "sql",
        "migrations",
        "db/migration",
        "src/main/resources/db/migration",
        "services/shop/src/main/resources/db/migration",
    ],
)
def test_sql_files_are_found(tmp_path: Path, folder: str) -> None:
    """Java's place below a few folders of modules, too; no interpreter is looked for."""
    write(tmp_path / folder / "V1__start.sql", "select 1;")
    project = resolve(".", cwd=tmp_path)
    assert (project.kind, project.python) == ("sql", None)
    assert [source.folders for source in project.sources] == [(tmp_path / folder,)]


def test_sql_files_are_found_where_they_are_nested(tmp_path: Path) -> None:
    write(tmp_path / "db/migration/2026/11/R__views.sql", "select 1;")
    assert resolve(".", cwd=tmp_path).sources[0].folders == (tmp_path / "db/migration",)


def test_alembic_goes_before_sql_files_unless_they_are_named(tmp_path: Path) -> None:
    write(tmp_path / "alembic.ini", INI)
    write(tmp_path / "sql/V1__start.sql", "select 1;")
    assert resolve(".", cwd=tmp_path).kind == "alembic"
    write(tmp_path / "bedstone.toml", 'sql_files = ["sql"]\n')
    assert resolve(".", cwd=tmp_path).kind == "sql"


def test_sql_files_in_several_places(tmp_path: Path) -> None:
    write(tmp_path / "db/migration/V1__start.sql", "select 1;")
    write(tmp_path / "sql/V1__start.sql", "select 1;")
    with pytest.raises(TargetAmbiguous, match="holds 2 folders of SQL files"):
        resolve(".", cwd=tmp_path)


def test_a_folder_of_sql_files_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetUnknown, match=r"the folder of SQL files .*/nowhere is not there"):
        resolve(".", overrides={"sql_files": ("nowhere",)}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("flyway.toml", '[flyway]\nlocations = ["filesystem:made/here"]\n'),
        ("flyway.conf", "flyway.locations=filesystem:made/here\n"),
        ("conf/flyway.conf", "# x\nflyway.locations = made/here\n"),
    ],
)
def test_flyway_says_where_its_files_are(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path / name, text)
    write(tmp_path / "made/here/V1__start.sql", "select 1;")
    assert resolve(".", cwd=tmp_path).sources[0].folders == (tmp_path / "made/here",)


@pytest.mark.parametrize(
    ("name", "text", "tool"),
    [
        ("db/migrations/20260101_x.sql", "-- migrate:up\nselect 1;", "dbmate"),
        ("migrations/001_x.sql", "-- +goose Up\nselect 1;", "goose"),
        ("migrations/001_x.up.sql", "select 1;", "golang-migrate or sqlx"),
        ("sql/001_x.sql", "select 1;", "no tool that bedstone knows"),
    ],
)
def test_sql_files_of_other_tools_are_named(
    tmp_path: Path, name: str, text: str, tool: str
) -> None:
    write(tmp_path / name, text)
    with pytest.raises(TargetUnsupported, match=f"belongs to a history of {tool}"):
        resolve(".", cwd=tmp_path)


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetUnknown, match=r"nowhere\.ini is not there"):
        resolve(".", overrides={"config": "nowhere.ini"}, cwd=tmp_path)


def test_a_setting_that_there_is_not(tmp_path: Path) -> None:
    write(tmp_path / "bedstone.toml", 'script_locatoin = "x"\n')
    with pytest.raises(SettingsInvalid, match="script_location"):
        resolve(".", cwd=tmp_path)


def test_an_interpreter_that_will_not_do_is_named_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path / "alembic.ini", INI)
    fake = write(tmp_path / "fake", "#!/bin/sh\nexit 1\n")
    for python, reason in (
        ("nowhere/python", "it is not there"),
        ("fake", "it is not executable"),
        ("/bin/true", "it did not answer as a Python interpreter does"),
    ):
        with pytest.raises(InterpreterNotFound) as caught:
            resolve(".", overrides={"python": python}, cwd=tmp_path)
        assert reason in str(caught.value)
        assert "--python" in str(caught.value)
    assert fake.exists()


def test_a_blueprint_says_what_to_install_where_alembic_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InterpreterNotFound) as caught:
        resolve("blueprint:ads", cwd=tmp_path)
    assert caught.value.hint == "pip install 'bedstone[blueprints]'"
