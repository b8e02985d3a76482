# SPDX-License-Identifier: Apache-2.0
"""Where projects keep SQL files, and whose they are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.errors import TargetAmbiguous, TargetUnknown, TargetUnsupported
from bedstone.project.flyway import flyway_folders
from bedstone.project.layout import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Where Flyway, its plugins and Spring look by themselves, and where teams put the files else.
_USUAL = (
    "src/main/resources/db/migration",
    "db/migration",
    "db/migrations",
    "migrations",
    "sql",
    "flyway/sql",
    "",
)
_JAVA = Path("src/main/resources/db/migration")
_DEPTH = 3
#: A file that is Flyway's by its name: a version, or a repeatable one.
_FLYWAY = re.compile(r"(?:[VB]\d[\d._]*(?:__.*)?|R__.+)\.sql", re.IGNORECASE)
_UNKNOWN = "no tool that bedstone knows"
#: Histories of others, by a file's name or by a line that it holds.
_OTHERS = (
    ("dbmate", re.compile(r"\d+_.+\.sql"), re.compile(r"^-- migrate:up\b", re.MULTILINE)),
    ("goose", re.compile(r"\d+_.+\.sql"), re.compile(r"^-- \+goose Up\b", re.MULTILINE)),
    ("golang-migrate or sqlx", re.compile(r"\d+_.+\.(?:up|down)\.sql"), None),
    ("sqitch", re.compile(r"sqitch\.plan"), None),
    (_UNKNOWN, re.compile(r"\d{3,}_.+\.sql"), None),
)
_HEAD = 4000


def find_sql_folders(root: Path, given: Sequence[str]) -> tuple[Path, ...]:
    """Return the folders of SQL files of the project in *root*; none where there are none.

    Those *given*, by the settings, go before Flyway's configuration, that before the usual places.

    Raises:
        TargetUnknown: a folder that is named is not there.
        TargetAmbiguous: files are in several of the usual places.
    """
    named = tuple(root / name for name in given) or flyway_folders(root)
    for folder in named:
        if not folder.is_dir():
            raise TargetUnknown(
                f"the folder of SQL files {folder} is not there",
                hint='Name the one that is: sql_files = ["db/migration"] in bedstone.toml',
            )
    if named:
        return named
    found = [root / name for name in _USUAL if _holds_history(root / name, deep=bool(name))]
    found = [root] if root in found else found
    found = found or list(_modules(root)) or [root][: _holds_history_below(root)]
    if len(found) > 1:
        places = ", ".join(str(folder.relative_to(root)) for folder in found)
        raise TargetAmbiguous(
            f"{root} holds {len(found)} folders of SQL files",
            detail=f"They are {places}.",
            hint=f'Name one: sql_files = ["{found[0].relative_to(root)}"] in bedstone.toml',
        )
    return tuple(found)


def refuse_other_files(root: Path) -> None:
    """Raise where SQL files are there that another tool runs.

    Raises:
        TargetUnsupported: they were recognised, and bedstone does not run them.
    """
    for name in _USUAL:
        for path in sorted((root / name).glob("*")) if (root / name).is_dir() else ():
            tool = _tool_of(path)
            if tool is not None:
                raise TargetUnsupported(
                    f"{path} belongs to a history of {tool}, which bedstone cannot run",
                    detail="SQL files are run that are named as Flyway's are: V1__start.sql.",
                    hint="Rename the files, or watch its own command: bedstone trace -- COMMAND",
                )


def plain_sql_files(folder: Path) -> tuple[Path, ...]:
    """Return the ``.sql`` files of a folder that is the history of no known tool, by their paths.

    Those below it are among them. They are a schema where they are run one after the other.
    """
    found = sorted(path for path in folder.rglob("*.sql") if path.is_file())
    tools = {_tool_of(path) for path in found}
    history = any(_FLYWAY.fullmatch(path.name) for path in found)
    return () if history or not tools <= {None, _UNKNOWN} else tuple(found)


def _tool_of(path: Path) -> str | None:
    for tool, name, line in _OTHERS:
        if name.fullmatch(path.name) and (line is None or line.search(_beginning(path))):
            return tool
    return None


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_HEAD).decode("utf-8", "replace")


def _holds_history(folder: Path, *, deep: bool) -> bool:
    """Whether a file of a history is in *folder*, or below it where it is *deep*."""
    if not folder.is_dir():
        return False
    found = folder.rglob("*.sql") if deep else folder.glob("*.sql")
    return any(_FLYWAY.fullmatch(path.name) for path in found)


def _holds_history_below(root: Path) -> bool:
    """Whether files of a history are in folders below *root*, of whatever names."""
    return any(_FLYWAY.fullmatch(file) for _, files in _walk(root) for file in files)


def _modules(root: Path) -> Iterator[Path]:
    """Yield the folders of Java modules a few levels below *root*."""
    for here, _ in _walk(root):
        if here != root and _holds_history(here / _JAVA, deep=True):
            yield here / _JAVA


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield the folders a few levels below *root*, each with its files' names."""
    for here, names, files in os.walk(root):
        depth = len(Path(here).relative_to(root).parts)
        names[:] = sorted(
            n for n in names if depth < _DEPTH and n not in SKIPPED and not n.startswith(".")
        )
        yield Path(here), files
