# SPDX-License-Identifier: Apache-2.0
"""Resolves what a user names into a project."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bedstone.dsn import is_url, parse_dsn
from bedstone.errors import TargetAmbiguous, TargetUnknown
from bedstone.project.interpreter import find_interpreter
from bedstone.project.layout import (
    find_configurations,
    project_name,
    script_location,
    work_folder,
)
from bedstone.project.project import HistorySource, Project
from bedstone.project.sqlfiles import find_sql_folders, refuse_other_files
from bedstone.settings import NamedHistory, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedstone.settings import HistorySettings, Settings

#: What lets a blueprint run in bedstone's own interpreter.
_INSTALL = "pip install 'bedstone[blueprints]'"
_MODELS = re.compile(r"^[A-Za-z_]\w*(?:\.\w+)*:[A-Za-z_][\w.]*$")
_PACKAGE_PATH = re.compile(r"^[A-Za-z_][\w.]*:[\w./-]+$")
_GROUP = "bedstone.blueprints"


def resolve(
    target: str, *, overrides: Mapping[str, Any] | None = None, cwd: Path | None = None
) -> Project:
    """Return the project that *target* names, as seen from folder *cwd*.

    A target is a folder (with an Alembic configuration, or with SQL files), an ini file or a
    ``pyproject.toml``, ``package.module:metadata``, ``package:path/of/migrations``, a PostgreSQL
    URL, or the name of a blueprint. Reads files only; nothing of the project is imported.

    Raises:
        TargetUnknown: nothing here is called that, or what is has no history and no models.
        TargetAmbiguous: more than one thing is meant.
        TargetUnsupported: SQL files of another tool, which bedstone cannot run.
        InterpreterNotFound: no interpreter can import what the project needs.
        SettingsInvalid: the settings cannot be used.
    """
    folder = Path.cwd() if cwd is None else cwd
    given = dict(overrides or {})
    if is_url(target):
        settings = read_settings(folder, overrides=given)
        url = parse_dsn(target)
        return Project(url.dbname or "database", "url", None, settings, url=url)
    path = (folder / Path(target).expanduser()).absolute()
    path = Path(path.parent, path.name) if path.name != ".." else path.resolve()
    blueprint = _blueprint(target)
    if path.exists():
        if blueprint is not None and path.is_dir() and _is_project(path):
            raise TargetAmbiguous(
                f'"{target}" is a folder here and a blueprint',
                detail=f"The folder is {path}, the blueprint {blueprint}.",
                hint=f"Write ./{target} for the folder, blueprint:{target} for the blueprint.",
            )
        if blueprint is None or (path.is_dir() and _is_project(path)):
            return _at_path(path, given, folder)
    if blueprint is not None:
        return _of_blueprint(target.removeprefix("blueprint:"), blueprint, given)
    if "://" in target:
        raise TargetUnknown(
            f"the URL begins with {target.partition(':')[0]}:// and is none of PostgreSQL",
            hint="Write postgresql://user@host/database.",
        )
    if _MODELS.match(target):
        return _of_models(target, given, folder)
    if _PACKAGE_PATH.match(target):
        return _of_folder(folder, given | {"script_location": target})
    raise _unknown(target, folder)


def _at_path(path: Path, given: dict[str, Any], folder: Path) -> Project:
    if path.is_dir():
        return _of_folder(path.resolve(), given)
    if path.name == "pyproject.toml":
        return _of_folder(path.resolve().parent, given | {"config": str(path.resolve())})
    if path.suffix in {".ini", ".cfg"}:
        root = work_folder(path.resolve(), given.get("section") or "alembic", folder.resolve())
        return _of_folder(root, given | {"config": str(path.resolve())})
    raise TargetUnknown(
        f"{path} is neither a folder nor an ini file",
        detail="A history is found through its alembic.ini, its [tool.alembic] or its folder.",
        hint="Name the folder that holds alembic.ini, or V1__start.sql.",
    )


def _of_folder(root: Path, given: dict[str, Any]) -> Project:
    settings = read_settings(root, overrides=given)
    sources = tuple(_sources(root, settings))
    if not sources and settings.models is None:
        raise _nothing_in(root)
    is_sql = bool(sources) and all(source.folders for source in sources)
    kind: Literal["alembic", "sql", "models"] = "alembic" if sources else "models"
    needs = ("alembic", "sqlalchemy") if sources and not is_sql else ("sqlalchemy",)
    python = None
    if not is_sql or settings.models is not None:
        python = find_interpreter(root, given=settings.python, needs=needs)
    return Project(
        name=settings.name or project_name(root),
        kind="sql" if is_sql else kind,
        root=root,
        settings=settings,
        python=python,
        sources=sources,
        models=settings.models,
    )


def _sources(root: Path, settings: Settings) -> list[HistorySource]:
    found = []
    for one in settings.sources():
        source = _source(root, one)
        if source is not None:
            found.append(source)
    return found


def _source(root: Path, settings: HistorySettings) -> HistorySource | None:
    name = settings.name if isinstance(settings, NamedHistory) else "main"
    if settings.sql_files:
        return HistorySource(
            name, settings, root, folders=find_sql_folders(root, settings.sql_files)
        )
    if settings.config is not None:
        return _named_source(name, root, settings)
    if settings.script_location is not None and not (root / "alembic.ini").is_file():
        return HistorySource(name, settings, root, script_location=settings.script_location)
    found = find_configurations(root)
    if len(found) > 1:
        places = ", ".join(str(path.relative_to(root)) for path in found)
        raise TargetAmbiguous(
            f"{root} holds {len(found)} Alembic configurations",
            detail=f"They are {places}.",
            hint=f"Name one: bedstone prove {found[0].relative_to(root)}",
        )
    if found:
        return _found_source(name, root, settings, found[0])
    folders = find_sql_folders(root, settings.sql_files)
    return HistorySource(name, settings, root, folders=folders) if folders else None


def _named_source(name: str, root: Path, settings: HistorySettings) -> HistorySource:
    """Return the source whose configuration the settings name."""
    config = (root / str(settings.config)).resolve()
    if not config.is_file():
        raise TargetUnknown(
            f"the configuration {settings.config} is not there",
            detail=f"It was looked for as {config}.",
            hint="Name it relative to the project's folder: --config path/to/alembic.ini",
        )
    if config.suffix == ".toml":
        return HistorySource(name, settings, config.parent, toml=config)
    return HistorySource(name, settings, work_folder(config, settings.section, root), ini=config)


def _found_source(name: str, root: Path, settings: HistorySettings, config: Path) -> HistorySource:
    """Return the source of a configuration that was found in the project's folder."""
    if config.suffix == ".toml":
        return HistorySource(name, settings, root, toml=config)
    toml = root / "pyproject.toml"
    own_toml = toml if toml.is_file() else None
    if script_location(config, settings.section) is None and (config.parent / "env.py").is_file():
        # Flask-Migrate keeps its ini file among the scripts and says where they are itself.
        location = str(config.parent)
        return HistorySource(name, settings, root, config, own_toml, script_location=location)
    folder = work_folder(config, settings.section, root)
    return HistorySource(name, settings, folder, ini=config, toml=own_toml)


def _is_project(path: Path) -> bool:
    if find_configurations(path) or (path / "bedstone.toml").is_file():
        return True
    return bool(find_sql_folders(path, ()))


def _of_models(target: str, given: dict[str, Any], folder: Path) -> Project:
    settings = read_settings(folder, overrides=given | {"models": target})
    return Project(
        name=settings.name or target.partition(":")[0],
        kind="models",
        root=folder,
        settings=settings,
        python=find_interpreter(folder, given=settings.python, needs=("sqlalchemy",)),
        models=target,
    )


def _of_blueprint(name: str, package: str, given: dict[str, Any]) -> Project:
    root = _package_folder(package)
    if root is None:
        raise TargetUnknown(
            f'the blueprint "{name}" names the package {package}, which is not installed',
            hint=_INSTALL,
        )
    settings = read_settings(root, overrides=given)
    python = find_interpreter(root, given=settings.python or sys.executable, hint=_INSTALL)
    sources = tuple(_sources(root, settings))
    return Project(name, "blueprint", root, settings, python, sources, settings.models)


def _blueprint(target: str) -> str | None:
    name = target.removeprefix("blueprint:")
    return next((e.value for e in entry_points(group=_GROUP) if e.name == name), None)


def _package_folder(package: str) -> Path | None:
    """Return the folder of *package* without importing it or its parents."""
    top, *rest = package.split(".")
    spec = find_spec(top)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location).joinpath(*rest)
        if folder.is_dir():
            return folder
    return None


def _nothing_in(root: Path) -> TargetUnknown:
    refuse_other_files(root)
    return TargetUnknown(
        f"{root} holds no alembic.ini, no [tool.alembic], no SQL files and no settings that name a "
        "history",
        hint='Name a history: script_location = "package:migrations" in bedstone.toml, or name '
        "models as package.module:metadata",
    )


def _unknown(target: str, folder: Path) -> TargetUnknown:
    names = [e.name for e in entry_points(group=_GROUP)]
    near: Sequence[str] = get_close_matches(
        target, [*names, *(p.name for p in folder.iterdir() if p.is_dir())], n=3
    )
    return TargetUnknown(
        f'"{target}" is no folder here, no blueprint, no module:metadata and no URL',
        detail=f"Blueprints: {', '.join(sorted(names)) or 'none'}.",
        hint=f"Did you mean {' or '.join(near)}?" if near else "Name a folder with alembic.ini.",
    )
