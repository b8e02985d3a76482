# SPDX-License-Identifier: Apache-2.0
"""The user's project, loaded once."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import importlib.util
import os
import re
import sys
import threading

from .address import Address
from .drivers import HOOKS, guard_sqlalchemy, with_guard
from .graph import RevisionFiles, read_graph
from .imports import ImportHook
from .models import load_metadata
from .notes import Notes
from .originals import clock
from .steps import Steps
from .surroundings import load_object, loaded_files, read_text, renew_pools, without_commands
from .trouble import ProjectError
from .variables import RecordedEnvironment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from .channel import Channel

OLDEST_ALEMBIC = (1, 8)
OLDEST_SQLALCHEMY = (1, 3)


class Project(Address):
    """Alembic's environment of the project, as its own command line would have made it."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        super().__init__(channel, spec)
        self.steps = Steps(channel)
        self.imports = ImportHook({})
        self.sent = Notes(self.steps, self.imports, str(spec.get("root") or ""))
        self.files = RevisionFiles()
        self.phase = "start"
        self.script: Any = None
        self.parser: Any = None
        self.config: Any = None
        self.contexts: list[dict[str, Any]] = []
        self.metadata: list[Any] = []
        self.engines: list[Any] = []
        self.notes: list[str] = []
        self.needs_anyio = False
        self.target = "heads"

    def deliver(self, delivery: dict[str, Any]) -> None:
        """Point everything at the database that *delivery* names."""
        super().deliver(delivery)
        self.sent.write_to(delivery.get("notes"))

    def prepare(self) -> None:
        """Put the hooks in place, before any of the user's code is imported."""
        os.environ.__class__ = RecordedEnvironment
        sys.path.extend(p for p in self.spec.get("extra_path", ()) if p not in sys.path)
        actions: dict[str, Callable[[Any], None]] = {
            name: functools.partial(with_guard, hook, self.guard) for name, hook in HOOKS.items()
        }
        actions["flask_sqlalchemy"] = self._override_flask
        actions["flask_sqlalchemy_lite"] = self._override_flask
        self.imports.actions.update(actions)
        sys.meta_path.insert(0, self.imports)
        sqlalchemy = self._require("sqlalchemy", OLDEST_SQLALCHEMY)
        guard_sqlalchemy(self.guard)
        facts = {"sqlalchemy": sqlalchemy.__version__}
        if not self.spec.get("models_only"):
            facts["alembic"] = self._require("alembic", OLDEST_ALEMBIC).__version__
            self.steps.install()
            self.files.install()
        self.channel.send("versions", python=sys.version.split()[0], **facts)

    @staticmethod
    def _require(name: str, oldest: tuple[int, int]) -> Any:
        module = importlib.import_module(name)
        numbers = tuple(int(n) for n in re.findall(r"\d+", module.__version__)[:2])
        if numbers < oldest:
            wanted = "%d.%d" % oldest
            raise ProjectError(
                "too-old",
                "%s %s is older than %s" % (name, module.__version__, wanted),
                package=name,
                version=module.__version__,
                oldest=wanted,
            )
        return module

    def _override_flask(self, module: Any) -> None:
        """Give a Flask extension our address before it makes its engines."""
        cls = module.SQLAlchemy
        original = cls.init_app
        probe = self

        @functools.wraps(original)
        def init_app(extension: Any, app: Any, *args: Any, **kwargs: Any) -> Any:
            url = probe.url(probe.driver(probe.spec.get("driver")))
            if "lite" in module.__name__:
                engines = dict(app.config.get("SQLALCHEMY_ENGINES") or {})
                first = next(iter(engines), "default")
                app.config["SQLALCHEMY_ENGINES"] = dict(engines, **{first: url})
            else:
                app.config["SQLALCHEMY_DATABASE_URI"] = url
            return original(extension, app, *args, **kwargs)

        cls.init_app = init_app

    def push_app(self) -> None:
        """Push the context of the Flask application that the settings name."""
        name = self.spec.get("app")
        if not name:
            self._push_found_app()
            return
        self.phase = "app"
        with without_commands():
            app = load_object(name)
            if not hasattr(app, "app_context") and callable(app):
                app = app()
        app.app_context().push()

    def _push_found_app(self) -> None:
        """Push the application that ``flask`` itself would find, where env.py looks for one."""
        if "current_app" not in read_text(self.env_script or ""):
            return
        with contextlib.suppress(Exception, SystemExit), without_commands():
            app = importlib.import_module("flask.cli").ScriptInfo().load_app()
            app.app_context().push()

    def make_config(self, command: Sequence[str]) -> Any:
        """Return Alembic's Config as its own command line would have made it."""
        module = importlib.import_module("alembic.config")
        arguments = []
        if self.spec.get("config_argument"):
            arguments += ["-c", self.spec["config_argument"]]
        section = self.spec.get("section") or "alembic"
        if section != "alembic":
            arguments += ["-n", section]
        for text in self.delivery.get("x", ()):
            arguments += ["-x", text]
        arguments += list(command)
        self.parser = self.parser or module.CommandLine(prog="alembic").parser
        options = self.parser.parse_args(arguments)
        sys.argv[:] = [os.path.join(os.path.dirname(sys.executable), "alembic"), *arguments]
        config = self.read_config(options)
        self.set_address(config, section)
        return config

    def make_script(self, config: Any) -> Any:
        """Return the script directory that *config* leads to."""
        return importlib.import_module("alembic.script").ScriptDirectory.from_config(config)

    def run_env(
        self,
        command: Sequence[str],
        function: Callable[[Any, Any], Any],
        *,
        destination: Any = None,
        **options: Any,
    ) -> None:
        """Run env.py once, with *function* in the place of what an Alembic command does."""
        cls = importlib.import_module("alembic.runtime.environment").EnvironmentContext
        config = self.make_config(command)
        script = self.script or self.make_script(config)
        self.config = config
        self.calls = 0

        def called(revision: Any, context: Any) -> Any:
            self.calls += 1
            if context.dialect.name != "postgresql":
                raise ProjectError(
                    "dialect",
                    "env.py migrates a %s database" % context.dialect.name,
                    dialect=context.dialect.name,
                )
            if not self.guard.confirmed:
                raise ProjectError(
                    "unguarded",
                    "no session was seen to be on bedstone's database",
                    driver=context.dialect.driver,
                )
            self.steps.enter()
            return function(revision, context)

        environment = cls(
            config,
            script,
            fn=called,
            as_sql=False,
            starting_rev=None,
            destination_rev=destination,
            tag=None,
            **options,
        )
        with environment, self._connection(config):
            self.phase = "env"
            self._run_script(script)
        self.script = environment.script

    def _run_script(self, script: Any) -> None:
        """Run env.py; in a worker thread of AnyIO where it turns out to expect that."""
        if not self.needs_anyio:
            try:
                script.run_env()
            except RuntimeError as error:
                if "AnyIO worker thread" not in str(error) or self.calls:
                    raise
                self.needs_anyio = True
                self.notes.append("env.py expects a worker thread of AnyIO, and was run in one")
            else:
                return
        anyio = importlib.import_module("anyio")
        to_thread = importlib.import_module("anyio.to_thread")

        async def main() -> None:
            await to_thread.run_sync(script.run_env)

        anyio.run(main)

    @contextlib.contextmanager
    def _connection(self, config: Any) -> Iterator[None]:
        """Hand over a live connection where the settings ask for one."""
        if not self.spec.get("connection"):
            yield
            return
        sqlalchemy = importlib.import_module("sqlalchemy")
        pool = importlib.import_module("sqlalchemy.pool").NullPool
        options = {"poolclass": pool}
        if self.spec["connection"] == "autocommit":
            options["isolation_level"] = "AUTOCOMMIT"
        engine = sqlalchemy.create_engine(self.url(self.sync_driver()), **options)
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            yield
            if connection.in_transaction():
                commit = getattr(connection, "commit", None)
                (commit or connection.connection.commit)()

    def warm(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load the project: run env.py once without a step, and read the graph."""
        started = clock()
        if not self.spec.get("models_only"):
            self.phase = "config"
            self.find_env_script()
        self.deliver(request["delivery"])
        self.push_app()
        if self.spec.get("models_only"):
            self.phase = "models"
            self.metadata = load_metadata(self.spec["models"])
            facts: dict[str, Any] = {"revisions": [], "contexts": []}
        else:
            facts = self._warm_alembic(request)
        facts["has_models"] = any(getattr(m, "tables", None) for m in self.metadata)
        facts["files"] = loaded_files(str(self.spec.get("root") or ""), self.script)
        facts["left_open"] = 0 if request.get("keep") else self.release()
        facts["seconds"] = clock() - started
        facts["threads"] = threading.active_count() - 1
        facts["notes"] = self.notes
        facts["refusals"] = self.guard.refusals
        return facts

    def _warm_alembic(self, request: dict[str, Any]) -> dict[str, Any]:
        self.phase = "config"
        target = (request.get("targets") or ["heads"])[0]
        config = self.make_config(["upgrade", target])
        self.phase = "script"
        self.script = self.make_script(config)
        self.target = target
        self.run_env(["upgrade", target], self._capture, destination=target, dont_mutate=True)
        if not self.calls:
            raise ProjectError("no-run", "env.py ended without calling context.run_migrations()")
        if self.spec.get("models"):
            self.phase = "models"
            self.metadata = load_metadata(self.spec["models"])
        self.phase = "graph"
        return {
            "contexts": self.contexts,
            "revisions": read_graph(self.script, request.get("targets") or ["heads"], self.files),
            "env_py": self.script.env_py_location,
            "script_location": str(self.script.dir),
        }

    def _capture(self, revision: Any, context: Any) -> Any:
        options = context.opts
        found = self.metadata_of(context)
        self.metadata += [m for m in found if all(m is not known for known in self.metadata)]
        self.contexts.append(
            {
                "version_table": context.version_table,
                "version_table_schema": context.version_table_schema,
                "driver": context.dialect.driver,
                "transaction_per_migration": bool(options.get("transaction_per_migration")),
                "transactional_ddl": bool(context.impl.transactional_ddl),
                "include_schemas": bool(options.get("include_schemas")),
                "filters": [
                    n
                    for n in ("include_name", "include_object", "process_revision_directives")
                    if options.get(n)
                ],
                "tables": sum(len(m.tables) for m in found),
                "heads": list(revision) if isinstance(revision, tuple) else [revision],
            }
        )
        return []

    def metadata_of(self, context: Any) -> list[Any]:
        """Return what env.py gave as target_metadata, as far as it is metadata."""
        cls = importlib.import_module("sqlalchemy").MetaData
        given = context.opts.get("target_metadata")
        found = []
        for item in given if isinstance(given, (list, tuple)) else [given]:
            metadata = item if isinstance(item, cls) else getattr(item, "metadata", None)
            if isinstance(metadata, cls):
                found.append(metadata)
            elif item is not None:
                note = "target_metadata of env.py has %r in it, which is no MetaData" % (item,)
                self.notes += [note] if note not in self.notes else []
        return found

    def release(self) -> int:
        """Let go of every connection, so that no fork shares one; return how many were left."""
        gc.collect()
        engine_class = importlib.import_module("sqlalchemy.engine").Engine
        self.engines = [o for o in gc.get_objects() if issubclass(type(o), engine_class)]
        renew_pools(self.engines, close=True)
        left = self.guard.close_all()
        if left:
            self.notes.append(
                "env.py left %d connection%s open; closed" % (left, "" if left == 1 else "s")
            )
        return left
