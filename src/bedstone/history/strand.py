# SPDX-License-Identifier: Apache-2.0
"""One history of a project and the process that runs it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.history.failure import failure_of
from bedstone.history.run import Run, read_run
from bedstone.probe import Delivery, Places, ProbeClient, Reply, render
from bedstone.probe.delivery import libpq_environment, without_libpq

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bedstone.dsn import ConnectionString
    from bedstone.project import HistorySource, Project
    from bedstone.server import Database
    from bedstone.settings import HistorySettings

#: Imports of up to 90 s were seen in published projects.
SHORTEST_LOADING_TIMEOUT = 300.0

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


class Strand:
    """One history (or the models alone), loaded once in a process of the project's interpreter."""

    def __init__(self, project: Project, source: HistorySource | None, database: Database) -> None:
        self.project = project
        self.source = source
        self.settings: HistorySettings = source.settings if source else project.settings
        self.cwd = source.cwd if source else project.root or Path.cwd()
        self.timeout = project.settings.timeout
        self.facts: Mapping[str, Any] = {}
        self.versions: Mapping[str, Any] = {}
        self.listen: Callable[[Mapping[str, Any]], None] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="bedstone-"))
        self._places = Places(
            project.root or self.cwd, self._folder / "tmp", self._folder / "files"
        )
        self._places.tmp.mkdir()
        self._places.files.mkdir()
        self._client: ProbeClient | None = None
        try:
            self._load(database)
        except BaseException:
            self.close()
            raise

    @property
    def loading_timeout(self) -> float:
        """Seconds that loading the project may take: imports are slower than revisions."""
        return max(self.timeout, SHORTEST_LOADING_TIMEOUT)

    @property
    def name(self) -> str:
        """What reports call the history."""
        return self.source.name if self.source else self.project.name

    @property
    def python(self) -> Path:
        """The interpreter."""
        assert self.project.python is not None  # noqa: S101  resolve() found one
        return self.project.python.path

    def run(self, database: Database, op: str, **request: Any) -> Run:
        """Run *op* in a process of its own, with everything pointed at *database*."""
        return read_run(self.ask(database, op, **request), timeout=self.timeout)

    def ask(self, database: Database, op: str, **request: Any) -> Reply:
        """Send one request; the witness is held in *database* until it has ended."""
        if self._client is None:
            raise RuntimeError("the history is closed")
        with database.witness() as witness:
            delivery = self.delivery(database.dsn).message(witness)
            return self._client.request(
                {"op": op, "delivery": delivery, **request},
                timeout=self.loading_timeout if op == "warm" else self.timeout,
                on_event=self.listen,
            )

    def close(self) -> None:
        """End the process and remove what was written for it."""
        if self._client is not None:
            self._client.close()
            self._client = None
        shutil.rmtree(self._folder, ignore_errors=True)

    # -- starting -----------------------------------------------------------------------------

    def _load(self, database: Database) -> None:
        reply = self._start(database, ())
        lacks = _local_module(reply, self._search_places())
        if lacks:
            reply = self._start(database, [str(place) for place in self._search_places()])
        if reply.failed or reply.facts is None:
            raise failure_of(reply, python=self.python, timeout=self.loading_timeout)
        self.facts = reply.facts
        self.versions = next((e for e in reply.events if e["event"] == "versions"), {})
        if lacks:
            note = f"{lacks} was found only with {self._places.root} on the module path"
            self.facts = {**self.facts, "notes": [*self.facts["notes"], note]}

    def _search_places(self) -> list[Path]:
        root = self._places.root
        return [place for place in dict.fromkeys((self.cwd, root, root / "src")) if place.is_dir()]

    def _start(self, database: Database, extra_path: Sequence[str]) -> Reply:
        if self._client is not None:
            self._client.kill()
        password = database.dsn.password.reveal() if database.dsn.password else ""
        self._client = ProbeClient(
            python=self.python,
            cwd=self.cwd,
            environ=self.environ(database.dsn),
            spec=self._spec() | {"extra_path": list(extra_path)},
            secrets=(password,),
        )
        return self.ask(database, "warm", targets=list(self.settings.heads))

    def environ(self, dsn: ConnectionString) -> dict[str, str]:
        """Return the environment of the project's processes, all of it pointed at *dsn*."""
        own = self.project.python.environ if self.project.python else {}
        kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "BEDSTONE_SERVER"}}
        return without_libpq(kept) | own | dict(self.delivery(dsn).env)

    def rendered(self, text: str, dsn: ConnectionString) -> str:
        """Return *text* with its placeholders filled in."""
        return render(text, dsn, self._places)

    def delivery(self, dsn: ConnectionString) -> Delivery:
        """Return the address *dsn* in the forms that the settings ask for, files written."""
        for name, text in self.settings.files.items():
            path = self._places.files / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(text, dsn, self._places), encoding="utf-8")
            path.chmod(0o600)
        given = {k: render(v, dsn, self._places) for k, v in self.settings.env.items()}
        return Delivery(
            dsn,
            env=libpq_environment(dsn, self._places) | given,
            x=tuple(render(text, dsn, self._places) for text in self.settings.x),
            database_url=None if "DATABASE_URL" in given else self._form_of_database_url(),
        )

    def _form_of_database_url(self) -> str:
        """Return the driver that the user's own DATABASE_URL has, ``any`` where there is none."""
        text = os.environ.get("DATABASE_URL") or _dotenv(self._places.root).get("DATABASE_URL", "")
        match = re.match(r"postgres(?:ql)?(?:\+(\w+))?://", text)
        if match is None:
            return "any"
        return match.group(1) or "bare"

    def _spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "driver": self.settings.driver,
            "models": self.settings.models or self.project.models,
            "connection": self.settings.connection,
            "app": self.settings.app or (os.environ.get("FLASK_APP") and "flask"),
            "section": self.settings.section,
            "root": str(self._places.root),
        }
        if self.source is None:
            return spec | {"models_only": True}
        return spec | self._config_spec(self.source)

    def _config_spec(self, source: HistorySource) -> dict[str, Any]:
        options: dict[str, str] = {}
        if self.settings.script_location:
            options["script_location"] = self.settings.script_location
        if self.settings.version_locations:
            options["version_locations"] = " ".join(self.settings.version_locations)
            options["version_path_separator"] = options["path_separator"] = "space"
        ini, toml, argument = source.ini, source.toml, None
        if source.script_location is not None:
            ini = self._folder / "alembic.ini"
            ini.write_text(_INI.replace("{section}", self.settings.section), encoding="utf-8")
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


def _local_module(reply: Reply, places: Sequence[Path]) -> str | None:
    """Return the module that could not be found although it is in one of *places*."""
    missing = str((reply.error or {}).get("missing_module") or "").partition(".")[0]
    for place in places if missing else ():
        if (place / missing).is_dir() or (place / f"{missing}.py").is_file():
            return missing
    return None


def _dotenv(root: Path) -> dict[str, str]:
    """Return the plain assignments of the project's ``.env``."""
    try:
        lines = (root / ".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
