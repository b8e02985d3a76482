# SPDX-License-Identifier: Apache-2.0
"""What is done with a loaded project, each in a fork of its process."""

from __future__ import annotations

import functools
import importlib
import importlib.util

from .exceptions import describe
from .filters import ask_filters
from .models import create_all, describe_metadata
from .project import Project
from .steps import record_statements
from .surroundings import join_threads, renew_pools
from .trouble import ProjectError
from .writing import RevisionWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Runs(Project):
    """The requests that a loaded project answers."""

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do one request; called in a fork of the warm process."""
        self.deliver(request["delivery"])
        renew_pools(self.engines, close=False)
        self.guard.refusals = []
        self.steps.quiet = False
        action = {
            "upgrade": self._upgrade,
            "downgrade": self._downgrade,
            "steps": self._steps,
            "stamp": self._stamp,
            "current": self._current,
            "create_models": self._create_models,
            "filtered": self._filtered,
            "models": self._describe_models,
            "write": self._write,
        }[request["op"]]
        error: BaseException | None = None
        result: Any = None
        try:
            result = action(request)
        except BaseException as caught:
            error = caught
        join_threads()
        return self._outcome(error, result)

    def _outcome(self, error: BaseException | None, result: Any) -> dict[str, Any]:
        failure = self.steps.failure
        if isinstance(error, SystemExit) and error.code in (None, 0) and failure is None:
            error = None  # Alembic's command would have succeeded as well
        facts: dict[str, Any] = {"result": result, "error": None, "steps": self.steps.count}
        told = error or (failure[1] if failure else None)
        if told is not None:
            name = failure[0] if failure else self.steps.current
            facts["error"] = describe(told, revision_path=name[2] if name else None)
            facts["error"].update(
                revision=name[0] if name else None,
                direction=name[1] if name else None,
                is_swallowed=error is None,
                is_after_step=failure is None and name is not None,
                phase=self.phase,
            )
        facts["refusals"] = self.guard.refusals
        return facts

    def _upgrade(self, request: dict[str, Any]) -> None:
        for target in request["revisions"]:
            self.run_env(
                ["upgrade", target],
                functools.partial(self._way, "_upgrade_revs", target),
                destination=target,
            )
            self._must_have_run()

    def _downgrade(self, request: dict[str, Any]) -> None:
        for target in request["revisions"]:
            self.run_env(
                ["downgrade", target],
                functools.partial(self._way, "_downgrade_revs", target),
                destination=target,
            )
            self._must_have_run()

    def _way(self, method: str, target: Any, revision: Any, context: Any) -> Any:
        """Return the steps from *revision* to *target*, as Alembic itself finds them."""
        return getattr(self._script(context), method)(target, revision)

    def _steps(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Run exactly the revisions asked for, in that order, in one run.

        Returns the statements that were sent, where the request wants them recorded.
        """
        sent = record_statements() if request.get("record") else []
        is_up = request["direction"] == "up"
        step_class = importlib.import_module("alembic.runtime.migration").MigrationStep
        make = step_class.upgrade_from_script if is_up else step_class.downgrade_from_script

        def chosen(_: Any, context: Any) -> Any:
            script = self._script(context)
            for revision in request["revisions"]:
                yield make(script.revision_map, script.get_revision(revision))

        destination = request["destination"]
        command = "upgrade" if is_up else "downgrade"
        self.run_env([command, destination], chosen, destination=destination)
        self._must_have_run()
        return sent

    def _stamp(self, request: dict[str, Any]) -> None:
        self.run_env(
            ["stamp", *request["revisions"]],
            lambda revision, context: self._script(context)._stamp_revs(
                tuple(request["revisions"]), revision
            ),
            destination=request["revisions"][0],
        )
        self._must_have_run()

    def _current(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        def read(revision: Any, context: Any) -> Any:
            found.append(
                {
                    "table": context.version_table,
                    "schema": context.version_table_schema,
                    "heads": list(revision) if isinstance(revision, tuple) else [revision],
                }
            )
            return []

        self.run_env(["current"], read, dont_mutate=True)
        self._must_have_run()
        return found

    def _script(self, context: Any) -> Any:
        return getattr(context, "script", None) or self.script

    def _must_have_run(self) -> None:
        if not self.calls:
            raise ProjectError("no-run", "env.py ended without calling context.run_migrations()")

    def _create_models(self, _: dict[str, Any]) -> dict[str, Any]:
        self.phase = "models"
        if self.spec.get("models_only"):
            sqlalchemy = importlib.import_module("sqlalchemy")
            pool = importlib.import_module("sqlalchemy.pool").NullPool
            engine = sqlalchemy.create_engine(self.url(self.sync_driver()), poolclass=pool)
            with engine.connect() as connection:
                create_all(self.metadata, connection)
            return {"metadata": [describe_metadata(m) for m in self.metadata]}
        made: list[Any] = []

        def create(_: Any, context: Any) -> Any:
            self.phase = "models"
            found = self.metadata if self.spec.get("models") else self.metadata_of(context)
            todo = [m for m in found if all(m is not done for done in made)]
            create_all(todo, context.connection)
            made.extend(todo)
            return []

        target = self.target
        self.run_env(["upgrade", target], create, destination=target, dont_mutate=True)
        self._must_have_run()
        return {"metadata": [describe_metadata(m) for m in made]}

    def _describe_models(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"metadata": [describe_metadata(m) for m in self.metadata]}

    def _write(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Write the revisions asked for into the project."""
        self.phase = "config"
        written: list[dict[str, Any]] = []

        def write(heads: Any, context: Any) -> Any:
            if not written:
                self.phase = "write"
                writer = RevisionWriter(request["journal"], self.config, self._script(context))
                writer.write(context, heads, request["asked"])
                written.extend(writer.written)
                self.phase = "env"
            return []

        words = ["revision", "--autogenerate", "-m", request["asked"][0]["message"]]
        self.run_env(words, write, dont_mutate=True, template_args={"config": self.config})
        self._must_have_run()
        return written

    def _filtered(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask the project's filters about names; a name is left out if every context does so."""
        votes: list[list[str | None]] = []

        def ask(_: Any, context: Any) -> Any:
            votes.append(ask_filters(context, request["names"], self.metadata))
            return []

        self.run_env(["current"], ask, dont_mutate=True)
        self._must_have_run()
        left_out = []
        for number, name in enumerate(request["names"]):
            reasons = [vote[number] for vote in votes]
            if all(reasons):
                left_out.append(dict(name, by=reasons[0]))
        return left_out
