# SPDX-License-Identifier: Apache-2.0
"""What the probe is told of a project: its models, its configuration, how to find them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.history.surroundings import Surroundings
    from bedstone.project import HistorySource, Project

_INI = """\
[{section}]
prepend_sys_path = .
version_path_separator = space
path_separator = space

[loggers]
keys = root,sqlalchemy,alembic
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARNING
handlers = console
[logger_sqlalchemy]
level = WARNING
handlers =
qualname = sqlalchemy.engine
[logger_alembic]
level = INFO
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic
[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
datefmt = %H:%M:%S
"""


def spec_of(
    project: Project, source: HistorySource | None, surroundings: Surroundings
) -> dict[str, Any]:
    """Return what the probe needs to load *project*, or its models alone where *source* is none.

    An ini file is written where the project has no configuration.
    """
    settings = source.settings if source else project.settings
    spec: dict[str, Any] = {
        "models": settings.models or project.models,
        "connection": settings.connection,
        "app": settings.app,
        "section": settings.section,
        "root": str(surroundings.root),
    }
    if source is None:
        return spec | {"models_only": True}
    return spec | _configuration(source, surroundings.folder)


def _configuration(source: HistorySource, folder: Path) -> dict[str, Any]:
    settings = source.settings
    options: dict[str, str] = {}
    if settings.script_location:
        options["script_location"] = settings.script_location
    if settings.version_locations:
        options["version_locations"] = " ".join(settings.version_locations)
        options["version_path_separator"] = options["path_separator"] = "space"
    ini, toml, argument = source.ini, source.toml, None
    if source.script_location is not None:
        options["script_location"] = source.script_location
    if ini is None and toml is None:
        ini = folder / "alembic.ini"
        ini.write_text(_INI.replace("{section}", settings.section), encoding="utf-8")
    elif ini is not None and ini != source.cwd / "alembic.ini":
        argument = str(ini)
    return {
        "ini": _shown(ini, source.cwd) if ini else "alembic.ini",
        "toml": str(toml) if toml else None,
        "config_argument": argument,
        "options": options,
    }


def _shown(path: Path, cwd: Path) -> str:
    """Return *path* as the user would have written it."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)
