# SPDX-License-Identifier: Apache-2.0
"""A project, as a target resolved to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.dsn import ConnectionString
    from bedstone.project.interpreter import Interpreter
    from bedstone.settings import HistorySettings, Settings


@dataclass(frozen=True, slots=True)
class HistorySource:
    """Where one history comes from.

    *ini* or *toml* or both are the project's own configuration of Alembic, used as it is; where
    there is neither, one is written for *script_location*. *cwd* is the folder that Alembic would
    be called in. *folders* hold SQL files; with them it is no history of Alembic.
    """

    name: str
    settings: HistorySettings
    cwd: Path
    ini: Path | None = None
    toml: Path | None = None
    script_location: str | None = None
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """Histories, models or an address, each optional, and the interpreter they run in.

    SQL files need no interpreter: without models there is none.
    """

    name: str
    kind: Literal["alembic", "sql", "models", "url", "blueprint"]
    root: Path | None
    settings: Settings
    python: Interpreter | None = None
    sources: tuple[HistorySource, ...] = ()
    models: str | None = None
    url: ConnectionString | None = None
