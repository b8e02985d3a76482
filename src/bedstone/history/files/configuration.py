# SPDX-License-Identifier: Apache-2.0
"""How a folder of SQL files is to be run: Flyway's configuration, and the settings above it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedstone.errors import DirectiveUnknown, FlywayUnsupported
from bedstone.history.files.naming import Naming
from bedstone.project.flyway import read_flyway, read_properties

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedstone.settings import HistorySettings

#: What would change a run and is not done, with the values that ask for nothing.
_REFUSED: Mapping[str, tuple[Any, ...]] = {
    "initSql": ("",),
    "cherryPick": ("", [], ()),
    "target": ("", "latest"),
    "resolvers": ("", [], ()),
    "callbacks": ("", [], ()),
    "skipDefaultResolvers": ("false", False),
    "skipDefaultCallbacks": ("false", False),
    "skipExecutingMigrations": ("false", False),
    "detectEncoding": ("false", False),
    "callbackLocations": ("", [], ()),
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Names, placeholders, schemas and transactions of one history of SQL files.

    *schemas* are made where they are missing, as Flyway does; the first of them, or
    *default_schema*, is where unqualified names and the version table go.
    """

    naming: Naming
    placeholders: Mapping[str, str]
    placeholder_prefix: str
    placeholder_suffix: str
    placeholder_separator: str
    placeholder_replacement: bool
    table: str
    schemas: tuple[str, ...]
    default_schema: str | None
    mixed: bool
    out_of_order: bool
    in_transaction: bool
    encoding: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class FileConfiguration:
    """What ``V1__x.sql.conf`` says; ``None`` says nothing."""

    in_transaction: bool | None = None
    placeholder_replacement: bool | None = None
    encoding: str | None = None


def read_configuration(root: Path, settings: HistorySettings) -> Configuration:
    """Read ``flyway.toml`` or ``flyway.conf`` in *root*; what *settings* say goes before it.

    Raises:
        FlywayUnsupported: it asks for something that would change a run.
    """
    found, files = read_flyway(root)
    for name, harmless in _REFUSED.items():
        if name in found and found[name] not in harmless:
            raise FlywayUnsupported(
                f"{files[-1].name} sets {name}, which bedstone does not do",
                detail="Without it the files would be run otherwise than Flyway does.",
                hint="Take it out, or run this history by Flyway: bedstone trace -- flyway migrate",
            )
    naming = Naming(
        version=str(found.get("sqlMigrationPrefix", "V")),
        undo=str(found.get("undoSqlMigrationPrefix", "U")),
        repeatable=str(found.get("repeatableSqlMigrationPrefix", "R")),
        baseline=str(found.get("baselineMigrationPrefix", "B")),
        separator=str(found.get("sqlMigrationSeparator", "__")),
        suffixes=_list(found.get("sqlMigrationSuffixes")) or (".sql",),
    )
    schemas = _list(found.get("schemas"))
    if settings.default_schema is not None and settings.default_schema not in schemas:
        schemas = (settings.default_schema, *schemas)
    return Configuration(
        naming,
        placeholders={**found.get("placeholders", {}), **settings.placeholders},
        placeholder_prefix=str(found.get("placeholderPrefix", "${")),
        placeholder_suffix=str(found.get("placeholderSuffix", "}")),
        placeholder_separator=str(found.get("placeholderSeparator", ":")),
        placeholder_replacement=_first(
            settings.placeholder_replacement, found.get("placeholderReplacement"), default=True
        ),
        table=settings.version_table or str(found.get("table", "flyway_schema_history")),
        schemas=schemas,
        default_schema=settings.default_schema
        or found.get("defaultSchema")
        or (schemas[0] if schemas else None),
        mixed=_first(settings.mixed, found.get("mixed"), default=False),
        out_of_order=_first(settings.out_of_order, found.get("outOfOrder"), default=False),
        in_transaction=_first(found.get("executeInTransaction"), default=True),
        encoding=_encoding(found.get("encoding", "utf-8"), files[-1] if files else root),
        files=files,
    )


def read_file_configuration(path: Path) -> FileConfiguration:
    """Read the script configuration *path*.

    Raises:
        DirectiveUnknown: it sets something that is not known, or to what it cannot be.
    """
    found = read_properties(path)
    known = {"executeInTransaction", "placeholderReplacement", "encoding", "shouldExecute"}
    for name, value in found.items():
        if name not in known:
            raise _unknown(path, f"sets {name}, which is no setting of a file")
        if name == "shouldExecute" and value != "true":
            raise _unknown(path, f'sets shouldExecute to "{value}", and only true is understood')
        if name != "encoding" and value.lower() not in {"true", "false"}:
            raise _unknown(path, f'sets {name} to "{value}", which is neither true nor false')
    return FileConfiguration(
        _boolean(found.get("executeInTransaction")),
        _boolean(found.get("placeholderReplacement")),
        _encoding(found["encoding"], path) if "encoding" in found else None,
    )


#: ``-- bedstone: no-transaction``
DIRECTIVE = re.compile(r"\s*--\s*bedstone:\s*(.*?)\s*$")
_DIRECTIVES = ("no-transaction",)


def read_directive(line: str, *, path: Path, number: int) -> str | None:
    """Return what a comment asks bedstone for, ``None`` where it asks for nothing.

    Raises:
        DirectiveUnknown: it asks for what is not there.
    """
    match = DIRECTIVE.match(line)
    if match is None:
        return None
    if match.group(1) not in _DIRECTIVES:
        raise _unknown(f"{path}, line {number}", f'asks for "{match.group(1)}"')
    return match.group(1)


def _unknown(place: Path | str, why: str) -> DirectiveUnknown:
    return DirectiveUnknown(
        f"{place} {why}",
        detail="What is misspelt would silently do nothing.",
        hint="A comment may say -- bedstone: no-transaction; a .sql.conf may set "
        "executeInTransaction, placeholderReplacement and encoding.",
    )


def _encoding(name: object, path: Path) -> str:
    try:
        found = codecs.lookup(str(name)).name
    except LookupError as error:
        raise _unknown(path, f'names the encoding "{name}", which nobody knows') from error
    if found.startswith(("utf-16", "utf-32")):
        raise _unknown(path, f"names the encoding {name}, whose lines cannot be read one by one")
    return found


def _first(*values: object, default: bool) -> bool:
    """Return the first that says something."""
    for value in values:
        found = _boolean(value)
        if found is not None:
            return found
    return default


def _boolean(value: object) -> bool | None:
    return None if value is None else str(value).lower() == "true"


def _list(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
