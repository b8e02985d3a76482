# SPDX-License-Identifier: Apache-2.0
"""How the address reaches the project, and through which driver."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import os
import re

from .guard import Guard
from .imports import package_folder
from .surroundings import read_text
from .trouble import ProjectError
from .variables import RecordedEnvironment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .channel import Channel


class Address:
    """The address of the present database, in every form in which the project may ask for it."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        self.channel = channel
        self.spec = spec
        self.guard = Guard(channel)
        self.delivery: dict[str, Any] = {}
        self.env_script: str | None = None
        self.is_default_given = False

    def deliver(self, delivery: dict[str, Any]) -> None:
        """Point everything at the database that *delivery* names."""
        self.delivery = delivery
        self.guard.point(delivery["address"], delivery["witness"], delivery["env"])
        os.environ.update(delivery["env"])
        os.environ["BEDSTONE_GUARD"] = delivery["guard_file"]
        paths = [delivery["guard_folder"], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(p for p in paths if p))
        if delivery.get("database_url"):
            form = delivery["database_url"]
            driver = self.driver(None) if form == "any" else form
            os.environ["DATABASE_URL"] = self.url("" if driver == "bare" else driver)
            self.guard.given_names.append("DATABASE_URL")
            self.is_default_given = True
        RecordedEnvironment.names.clear()

    def url(self, driver: str) -> str:
        """Return the address; *driver* is SQLAlchemy's part of the scheme, or empty."""
        url = str(self.delivery["url"])
        return url.replace("postgresql://", "postgresql+%s://" % driver, 1) if driver else url

    def driver(self, existing: str | None) -> str:
        """Return the driver for an address: the project's own, else one that can be imported."""
        wanted = self.spec.get("driver") or existing
        if wanted and wanted in self.importable(wanted):
            return str(wanted)
        if wanted:
            raise ProjectError("driver", "the driver %s is not installed" % wanted, driver=wanted)
        version = importlib.import_module("sqlalchemy").__version__
        is_new = tuple(int(n) for n in re.findall(r"\d+", version)[:2]) >= (2, 1)
        order = ["psycopg", "psycopg2"] if is_new else ["psycopg2", "psycopg"]
        order = ["asyncpg", *order] if self.is_async() else [*order, "asyncpg"]
        found = self.importable(*order, "pg8000")
        if not found:
            raise ProjectError("driver", "no driver for PostgreSQL is installed", driver=None)
        if found[0] == order[0] and not self.is_async():
            return ""  # SQLAlchemy's own default: the address stays as everyone writes it
        return found[0]

    @staticmethod
    def importable(*names: str) -> list[str]:
        """Return those of the drivers *names* that are installed."""
        found = []
        for name in names:
            package = {"psycopg_async": "psycopg"}.get(name, name)
            with contextlib.suppress(Exception):
                if importlib.util.find_spec(package) is not None:
                    found.append(name)
        return found

    def is_async(self) -> bool:
        """Whether env.py makes its engine the asynchronous way."""
        text = read_text(self.env_script) if self.env_script else ""
        return (
            re.search(r"async_engine_from_config|create_async_engine|\bAsyncEngine\b", text)
            is not None
        )

    def find_env_script(self) -> None:
        """Find env.py without loading it, as Alembic will."""
        config = self.read_config(None)
        with contextlib.suppress(Exception):
            getter = getattr(config, "get_alembic_option", None) or config.get_main_option
            location = str(getter("script_location"))
            package, colon, path = location.partition(":")
            if colon and not os.path.isabs(location):
                location = os.path.join(package_folder(package), *path.split(":"))
            self.env_script = os.path.join(location, "env.py")

    def read_config(self, options: Any) -> Any:
        """Return Alembic's Config for the project's own file, or for the one written for it."""
        cls = importlib.import_module("alembic.config").Config
        section = self.spec.get("section") or "alembic"
        keywords: dict[str, Any] = {}
        if "toml_file" in inspect.signature(cls.__init__).parameters:
            keywords["toml_file"] = self.spec.get("toml")
        config = cls(file_=self.spec.get("ini"), ini_section=section, cmd_opts=options, **keywords)
        for key, value in (self.spec.get("options") or {}).items():
            config.set_main_option(key, value.replace("%", "%%"))
        return config

    def set_address(self, config: Any, section: str) -> None:
        """Put the address where the ini file has it, with the driver it had."""
        parser = config.file_config
        sections = [s for s in parser.sections() if parser.has_option(s, "sqlalchemy.url")]
        for name in sections or [section]:
            old = ""
            if parser.has_section(name) and parser.has_option(name, "sqlalchemy.url"):
                old = parser.get(name, "sqlalchemy.url", raw=True)
            match = re.match(r"postgres(?:ql)?\+(\w+)://", old)
            existing = match.group(1) if match else None
            if existing is not None and existing not in self.importable(existing):
                existing = None
            url = self.url(self.driver(existing))
            config.set_section_option(name, "sqlalchemy.url", url.replace("%", "%%"))

    def sync_driver(self) -> str:
        """Return a driver that needs no event loop."""
        driver = self.spec.get("driver")
        found = self.importable(*([driver] if driver else []), "psycopg2", "psycopg", "pg8000")
        if not found:
            raise ProjectError("driver", "no synchronous driver is installed", driver=None)
        return found[0]
